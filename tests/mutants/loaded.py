"""One trial from the very beginning: python -m tests.mutants.loaded FILES, with the fault on standard input."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import pickle
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any


class Faulty(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a changed tree, and leaves the others alone."""

    def __init__(self, module: str, tree: Any) -> None:
        self.module, self.tree = module, tree

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.module:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path)
        assert found is not None
        return importlib.machinery.ModuleSpec(fullname, self, origin=found.origin)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, str(module.__spec__ and module.__spec__.origin), "exec"), vars(module))


def main() -> int:
    module, tree = pickle.loads(sys.stdin.buffer.read())
    sys.meta_path.insert(0, Faulty(module, tree))
    from tests.mutants.trying import fails, use_the_test_database

    use_the_test_database()
    return int(fails(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
