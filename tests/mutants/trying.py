"""Running the tests against one fault: in a copy of a process that has everything loaded, or, for faults that take
effect while a module is loaded, in a process of its own."""

from __future__ import annotations

import ast
import gc
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cached_property
from types import CodeType, FunctionType, ModuleType
from typing import Any

import django.test.utils
import pytest
from django.db import connection, connections

from tests.mutants.making import Mutant

# The order is that of the files, and one test does not meet what another left in the database by threads.
OPTIONS = ["-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-n", "0", "-k", "not at_once"]
LONGEST_SECONDS = 300


class Warm:
    """A process in which the tests have passed once, so that each trial is a fork that only runs tests."""

    def __init__(self, files: list[str]) -> None:
        self.files = files
        code = pytest.main([*OPTIONS, "--reuse-db", "--no-header", *files])
        if code != pytest.ExitCode.OK:
            raise SystemExit("The tests have to pass before faults are tried.")
        connections.close_all()

    def noticed(self, mutant: Mutant) -> bool | None:
        """Whether a test failed; None if the fault is not inside a function and has to be loaded anew."""
        swap = _swap_of(mutant)
        if swap is None:
            return None
        gc.freeze()
        child = os.fork()
        if child == 0:
            _try_here(swap, self.files)
        return _ended(child) != 0


def in_a_process_of_its_own(mutant: Mutant, files: list[str]) -> bool:
    """Whether a test failed, with the fault there from the beginning."""
    command = [sys.executable, "-m", "tests.mutants.loaded", *files]
    told = pickle.dumps((mutant.module, mutant.tree))
    try:
        done = subprocess.run(
            command,
            input=told,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def fails(files: list[str]) -> bool:
    """Whether a test fails. File by file: most faults are noticed before the slower files are even read."""
    return any(pytest.main([*OPTIONS, "--reuse-db", file]) != pytest.ExitCode.OK for file in files)


def use_the_test_database() -> None:
    """The database the first run made is taken as it is: building it again would take longer than the tests."""

    def found(*args: Any, **kwargs: Any) -> list[Any]:
        name = str(connection.settings_dict["NAME"])
        connection.settings_dict["NAME"] = name if name.startswith("test_") else f"test_{name}"
        return []

    django.test.utils.setup_databases = found  # type: ignore[assignment]
    django.test.utils.teardown_databases = lambda *args, **kwargs: None  # type: ignore[assignment]


def _try_here(swap: list[tuple[FunctionType, CodeType]], files: list[str]) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    try:
        for function, code in swap:
            function.__code__ = code
        use_the_test_database()
        is_noticed = fails(files)
    except BaseException:  # a fault may break the runner itself: noticed
        os._exit(1)
    os._exit(int(is_noticed))


def _ended(child: int) -> int:
    """The child's exit code; one that hangs is ended, and was noticed."""
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1


def _swap_of(mutant: Mutant) -> list[tuple[FunctionType, CodeType]] | None:
    """The functions whose code the fault changes, with their changed code."""
    module = sys.modules[mutant.module]
    assert module.__file__ is not None
    with open(module.__file__, encoding="utf-8") as source:
        sound = compile(ast.parse(source.read()), module.__file__, "exec")
    faulty = compile(mutant.tree, module.__file__, "exec")
    before, after = dict(_functions(sound)), dict(_functions(faulty))
    changed = [name for name in before if name not in after or _told(before[name]) != _told(after[name])]
    if not changed or set(before) != set(after):
        return None
    swap = []
    for name in changed:
        function = _function(module, name)
        if function is None or len(function.__code__.co_freevars) != len(after[name].co_freevars):
            return None
        swap.append((function, after[name]))
    return swap


def _functions(code: CodeType, above: str = "") -> Iterator[tuple[str, CodeType]]:
    """The functions a module defines, and its classes', by their names; what is inside a function belongs to it."""
    for inner in (one for one in code.co_consts if isinstance(one, CodeType)):
        name = f"{above}{inner.co_name}"
        if inner.co_flags & 0x2:  # it has local variables: a function
            yield name, inner
        else:
            yield from _functions(inner, f"{name}.")


def _told(code: CodeType) -> tuple[Any, ...]:
    """All that tells one code from another, inner functions included."""
    constants = [_told(one) if isinstance(one, CodeType) else (type(one), one) for one in code.co_consts]
    return (code.co_code, tuple(map(repr, constants)), code.co_names, code.co_varnames, code.co_freevars)


def _function(module: ModuleType, name: str) -> FunctionType | None:
    held: Any = module
    for part in name.split("."):
        held = vars(held).get(part) if isinstance(held, type | ModuleType) else None
    if isinstance(held, property):
        held = held.fget
    elif isinstance(held, classmethod | staticmethod):
        held = held.__func__
    elif isinstance(held, cached_property):
        held = held.func
    return held if isinstance(held, FunctionType) else None
