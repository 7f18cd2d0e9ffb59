"""The faults that are made: each kind once, named without lines, and none where nothing runs."""

from __future__ import annotations

import csv
import importlib
from pathlib import Path

import pytest

from tests.mutants.__main__ import NOTICED_BY, ROOT, equivalents, path_of
from tests.mutants.making import mutants_of
from tests.mutants.trying import _swap_of

MODULE = '''"""A docstring."""
LIMIT = 3


def judged(value: int, *, names: list[str] = []) -> bool:
    """Another one."""
    if value < LIMIT and not names:
        names.append("said")
        return True
    return value in {1, 2} or value == 7 + 1
'''


def made(tmp_path, text=MODULE):
    path = tmp_path / "judging.py"
    path.write_text(text)
    return {one.key: one for one in mutants_of(path, "judging")}


def outcome(mutant, value, names):
    space: dict = {}
    exec(compile(mutant.tree, "judging", "exec"), space)
    said = space["judged"](value, names=names)
    return said, names


def test_every_kind_of_fault_is_made_once(tmp_path):
    assert sorted(made(tmp_path)) == sorted(
        [
            "module: 3: becomes 4",
            "judged: if value < LIMIT and (not names): always",
            "judged: if value < LIMIT and (not names): never",
            "judged: value < LIMIT and (not names): becomes or",
            "judged: value < LIMIT: Lt becomes LtE",
            "judged: not names: without the not",
            "judged: names.append('said'): left out",
            "judged: 'said': becomes 'said-else'",
            "judged: return True: returns None",
            "judged: True: becomes False",
            "judged: return value in {1, 2} or value == 7 + 1: returns None",
            "judged: value in {1, 2} or value == 7 + 1: becomes and",
            "judged: value in {1, 2}: In becomes NotIn",
            "judged: {1, 2}: without 1",
            "judged: {1, 2}: without 2",
            "judged: 1: becomes 2",
            "judged: 2: becomes 3",
            "judged: value == 7 + 1: Eq becomes NotEq",
            "judged: 7 + 1: becomes Sub",
            "judged: 7: becomes 8",
            "judged: 1: becomes 2 #2",
        ]
    )


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("judged: value < LIMIT: Lt becomes LtE", 3, (True, ["said"])),
        ("judged: names.append('said'): left out", 0, (True, [])),
        ("judged: return True: returns None", 0, (None, ["said"])),
        ("judged: {1, 2}: without 2", 2, (True, ["said"])),
        ("module: 3: becomes 4", 3, (True, ["said"])),
        ("judged: 7 + 1: becomes Sub", 8, (False, [])),
    ],
)
def test_a_fault_does_what_it_says(tmp_path, key, value, expected):
    assert outcome(made(tmp_path)[key], value, []) == expected


def test_a_fault_is_named_the_same_when_lines_are_added_above(tmp_path):
    assert made(tmp_path).keys() == made(tmp_path, '"""Longer.\n\nIndeed."""\n' + MODULE.split("\n", 1)[1]).keys()


def test_a_set_can_lose_its_last_member(tmp_path):
    lost = made(tmp_path, "def judged(value, *, names):\n    return value in {1}\n")["judged: {1}: without 1"]
    assert outcome(lost, 1, []) == (False, [])


@pytest.mark.parametrize("name", ["treatment", "changes"])
def test_faults_in_functions_are_put_in_place_without_loading_the_module_anew(name):
    """Most of them: the others cost a process each."""
    module = f"screening.{name}"
    importlib.import_module(module)
    every = list(mutants_of(ROOT / path_of(name), module))
    swaps = [_swap_of(mutant) for mutant in every]
    assert sum(swap is not None for swap in swaps) > len(every) / 2
    assert all(function.__code__ != code for swap in swaps if swap for function, code in swap)


def test_what_is_listed_as_equivalent_has_a_reason_and_is_still_made():
    made_now = {
        (name, mutant.key) for name in NOTICED_BY for mutant in mutants_of(ROOT / path_of(name), f"screening.{name}")
    }
    assert set(equivalents()) <= made_now
    assert all(len(reason) > 20 for reason in equivalents().values())
    rows = list(csv.reader((Path(__file__).parent / "equivalent.csv").read_text().splitlines()))
    assert len(rows) == len(equivalents()) + 1


def test_every_file_that_notices_is_there():
    assert all((ROOT / file).exists() for files in NOTICED_BY.values() for file in files)
