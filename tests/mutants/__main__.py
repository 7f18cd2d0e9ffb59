"""Try the faults of the safety code: `make mutants`. Prints every fault that no test noticed.

MUTANTS=terms,changes names modules; MUTANTS_SHARE=10 takes a tenth of the faults, MUTANTS_ONLY=text those named so.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path

from tests.mutants.making import Mutant, mutants_of
from tests.mutants.trying import Warm, in_a_process_of_its_own

ROOT = Path(__file__).resolve().parents[2]
SCREENING = "tests/screening"
# What may notice a fault, the quickest first: the first failure ends the trial.
_PURE = [f"{SCREENING}/test_{name}.py" for name in ("rulebook", "windows", "rules", "collisions", "decision_table")]
NOTICED_BY = {
    "engine": [f"{SCREENING}/test_engine.py", *_PURE],
    "facts": [f"{SCREENING}/test_facts.py", *_PURE],
    "treatment": [f"{SCREENING}/test_{name}.py" for name in ("treatment", "endangerment", "clearance")],
    "terms": [f"{SCREENING}/test_terms.py", f"{SCREENING}/test_clearance.py"],
    "changes": [f"{SCREENING}/test_changes.py"],
    "services.gates": [
        f"{SCREENING}/test_gate.py", "tests/scheduling/test_let_pass.py", f"{SCREENING}/test_clearance.py",
        f"{SCREENING}/test_changes.py",
    ],
}  # fmt: skip


def equivalents() -> dict[tuple[str, str], str]:
    """Faults that change nothing anybody could notice, each with the reason."""
    text = (Path(__file__).parent / "equivalent.csv").read_text(encoding="utf-8")
    return {(row["module"], row["fault"]): row["reason"] for row in csv.DictReader(text.splitlines())}


def chosen(name: str) -> list[Mutant]:
    share = int(os.environ.get("MUTANTS_SHARE") or 1)
    path = ROOT / "screening" / f"{name.replace('.', '/')}.py"
    only = os.environ.get("MUTANTS_ONLY", "")
    return [mutant for mutant in mutants_of(path, f"screening.{name}") if only in mutant.key][::share]


def tried(name: str, known: dict[tuple[str, str], str]) -> list[str]:
    """Try a module's faults; what is left to look at, one line each."""
    started, mutants = time.monotonic(), chosen(name)
    warm = Warm(NOTICED_BY[name])
    survived, excused, problems = 0, 0, []
    for number, mutant in enumerate(mutants, 1):
        verdict = warm.noticed(mutant)
        if verdict is None:
            verdict = in_a_process_of_its_own(mutant, NOTICED_BY[name])
        told = f"{path_of(name)}:{mutant.line} {mutant.key}"
        is_excused = (name, mutant.key) in known
        if not verdict and is_excused:
            excused += 1
        elif not verdict:
            survived += 1
            problems.append(f"survived: {told}")
            print(problems[-1], flush=True)
        elif is_excused:
            problems.append(f"killed, though listed as equivalent: {told}")
        if number % 50 == 0:
            print(f"  {name}: {number} of {len(mutants)} tried, {survived} survived", flush=True)
    keys = {mutant.key for mutant in mutants_of(ROOT / path_of(name), f"screening.{name}")}
    problems += [
        f"listed as equivalent, and gone: {name} {key}" for one, key in known if one == name and key not in keys
    ]
    killed = len(mutants) - survived - excused
    minutes = (time.monotonic() - started) / 60
    print(
        f"{name}: {len(mutants)} faults, {killed} noticed, {excused} equivalent, {survived} survived; {minutes:.1f} min"
    )
    return problems


def path_of(name: str) -> str:
    return f"screening/{name.replace('.', '/')}.py"


def main() -> int:
    names = [name for name in os.environ.get("MUTANTS", "").split(",") if name] or list(NOTICED_BY)
    known = equivalents()
    problems = [problem for name in names for problem in tried(name, known)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
