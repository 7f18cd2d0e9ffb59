"""How well free text is recognised. `.venv/bin/python -m tests.screening.medicine_figures` writes the docs' tables."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from screening.medicines import dictionary, matches

LABELLED = Path(__file__).resolve().parent / "medicines_labelled.csv"
SYNTHEA = Path(__file__).resolve().parents[3] / "shared/data/synthea/medications.csv"

# The truth about the Synthea file: the ingredients its RxNorm names spell out, sorted by hand, without the dictionary.
# A name that holds none of these words is an error of the list, not a medicine without a class.
INGREDIENTS = {
    "enoxaparin": "anticoagulant",
    "clopidogrel": "antiplatelet",
    "ibuprofen": "near_neighbour",
    "naproxen": "near_neighbour",
    "hydrocodone": "opioid",
    "oxycodone": "opioid",
    **dict.fromkeys(
        [
            *("medroxyprogesterone", "fluticasone", "acetaminophen", "amlodipine", "amoxicillin", "clavulanate"),
            *("astemizole", "atorvastatin", "captopril", "fexofenadine", "hydrochlorothiazide", "jolivette"),
            *("loratadine", "albuterol", "epinephrine", "nitroglycerin", "nuvaring", "simvastatin", "terfenadine"),
            *("diphenhydramine", "ferrous", "lisinopril"),
        ],
        "",
    ),
}


@dataclass(frozen=True)
class Labelled:
    """One line somebody might write, and what has to be made of it."""

    kind: str
    entry: str
    expected: dict[str, str]
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """Right, wrong and missed findings of one class."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float | None:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        return self.right / (self.right + self.missed) if self.right + self.missed else None


@cache
def labelled() -> tuple[Labelled, ...]:
    """The hand-written list."""
    with LABELLED.open(encoding="utf-8", newline="") as file:
        return tuple(
            Labelled(
                row["kind"],
                row["entry"],
                dict(one.split(": ") for one in row["matches"].split("; ") if one),
                tuple(row["prompts"].split()),
            )
            for row in csv.DictReader(file)
        )


def synthea() -> list[str]:
    """The names of the medicines in the Synthea file, one for each row."""
    with SYNTHEA.open(encoding="utf-8", newline="") as file:
        return [row["DESCRIPTION"] for row in csv.DictReader(file)]


def classes_written(name: str) -> set[str]:
    """The classes of the ingredients spelled out in a name, by the list above."""
    words = [word for word in re.findall("[a-z]+", name.lower()) if word in INGREDIENTS]
    if not words:
        raise LookupError(f"{name}: no ingredient of the list")
    return {INGREDIENTS[word] for word in words} - {""}


def of_the_labelled_list() -> dict[str, Figure]:
    """Every substance of every entry, by class; the known limits count as missed."""
    class_of = {substance: name for known in dictionary().by_name.values() for substance, name in known}
    pairs = (
        ({(class_of[one], one) for one in row.expected}, {(m.medicine_class, m.substance) for m in matches(row.entry)})
        for row in labelled()
    )
    return _figures(pairs)


def of_synthea() -> dict[str, Figure]:
    """Every row of the file, by class."""
    names = Counter(synthea())
    return _figures(
        ({(one, name) for one in classes_written(name)}, {(m.medicine_class, name) for m in matches(name)})
        for name in names.elements()
    )


def _figures(pairs: Iterable[tuple[set[tuple[str, str]], set[tuple[str, str]]]]) -> dict[str, Figure]:
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for expected, found in pairs:
        right.update(name for name, _ in expected & found)
        wrong.update(name for name, _ in found - expected)
        missed.update(name for name, _ in expected - found)
    names = [name for name in dictionary().classes if right[name] + wrong[name] + missed[name]]
    return {name: Figure(right[name], wrong[name], missed[name]) for name in names}


def table(figures: dict[str, Figure]) -> Iterator[str]:
    """The lines of a table as they stand in the docs."""
    yield "| Class | Right | Wrong | Missed | Precision | Recall |"
    yield "|---|---|---|---|---|---|"
    for name, one in figures.items():
        shares = " | ".join("–" if share is None else f"{share:.3f}" for share in (one.precision, one.recall))
        yield f"| {name} | {one.right} | {one.wrong} | {one.missed} | {shares} |"


if __name__ == "__main__":
    tables = {"Labelled list": of_the_labelled_list()} | ({"Synthea": of_synthea()} if SYNTHEA.exists() else {})
    for title, measured in tables.items():
        sys.stdout.write("\n".join([title, "", *table(measured), "", ""]))
