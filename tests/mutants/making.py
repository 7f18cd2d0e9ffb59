"""Small faults made on purpose in a module: every one of them has to make a test fail."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Mult: ast.Add,
}  # fmt: skip
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Change = Callable[[ast.AST], None]


@dataclass(frozen=True)
class Mutant:
    """A module with one fault. `key` names the fault without line numbers, so that it outlives other edits."""

    module: str
    key: str
    line: int
    make: Callable[[], ast.Module] = field(compare=False, repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        return self.make()


def mutants_of(path: Path, module: str) -> Iterator[Mutant]:
    """Every fault we know how to make in a module, in the order of its lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    for place, (node, where) in enumerate(_judged(tree)):
        for words, change in _faults(node):

            def make(place: int = place, change: Change = change) -> ast.Module:
                mutated = copy.deepcopy(tree)
                change(list(_judged(mutated))[place][0])
                return ast.fix_missing_locations(mutated)

            key = f"{where}: {words}"
            seen[key] += 1
            numbered = key if seen[key] == 1 else f"{key} #{seen[key]}"
            yield Mutant(module, numbered, getattr(node, "lineno", 0), make)


def _judged(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """The nodes that say something when the program runs, each with the function or class it is in."""
    yield from _walk(tree, "module")


def _walk(node: ast.AST, where: str) -> Iterator[tuple[ast.AST, str]]:
    yield node, where
    inside = where
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        inside = node.name if where == "module" else f"{where}.{node.name}"
    for name, held in ast.iter_fields(node):
        # Annotations are never evaluated, decorators say how a class is written, imports change nothing by themselves.
        if name in {"annotation", "returns", "decorator_list", "names", "bases", "type_comment"}:
            continue
        for child in held if isinstance(held, list) else [held]:
            if isinstance(child, ast.AST) and not _is_docstring(child, node):
                yield from _walk(child, inside)


def _is_docstring(child: ast.AST, parent: ast.AST) -> bool:
    is_text = (
        isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant) and isinstance(child.value.value, str)
    )
    return is_text and isinstance(parent, (ast.Module, ast.ClassDef, *_FUNCTIONS))


def _faults(node: ast.AST) -> Iterator[tuple[str, Change]]:
    for make in _MAKERS:
        yield from make(node)


def _told(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def _comparisons(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if not isinstance(node, ast.Compare):
        return
    for place, operator in enumerate(node.ops):
        other = _COMPARISONS[type(operator)]

        def change(twin: ast.AST, place: int = place, other: type[ast.cmpop] = other) -> None:
            twin.ops[place] = other()  # type: ignore[attr-defined]

        yield f"{_told(node)}: {type(operator).__name__} becomes {other.__name__}", change


def _booleans(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And

        def swap(twin: ast.AST) -> None:
            twin.op = other()  # type: ignore[attr-defined]

        yield f"{_told(node)}: becomes {other.__name__.lower()}", swap
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):

        def double(twin: ast.AST) -> None:
            twin.operand = ast.UnaryOp(ast.Not(), twin.operand)  # type: ignore[attr-defined]

        yield f"{_told(node)}: without the not", double


def _conditions(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """A question asked is answered by always and by never."""
    if not isinstance(node, ast.If | ast.IfExp):
        return
    for value in (True, False):

        def change(twin: ast.AST, value: bool = value) -> None:
            twin.test = ast.Constant(value)  # type: ignore[attr-defined]

        yield f"if {_told(node.test)}: {'always' if value else 'never'}", change


def _filters(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if not isinstance(node, ast.comprehension):
        return
    for place, condition in enumerate(node.ifs):

        def change(twin: ast.AST, place: int = place) -> None:
            del twin.ifs[place]  # type: ignore[attr-defined]

        yield f"for … if {_told(condition)}: without the condition", change


def _constants(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        other: object = not value
    elif isinstance(value, int):
        other = value + 1
    elif isinstance(value, str) and not any(letter.isspace() for letter in value):
        # With a space in it, it is a sentence for people; whoever tests those copies them.
        other = f"{value}-else"
    else:
        return

    def change(twin: ast.AST) -> None:
        twin.value = other  # type: ignore[attr-defined]

    yield f"{value!r}: becomes {other!r}", change


def _arithmetic(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        other = _ARITHMETIC[type(node.op)]

        def change(twin: ast.AST) -> None:
            twin.op = other()  # type: ignore[attr-defined]

        yield f"{_told(node)}: becomes {other.__name__}", change


def _answers(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):

        def change(twin: ast.AST) -> None:
            twin.value = ast.Constant(None)  # type: ignore[attr-defined]

        yield f"{_told(node)}: returns None", change


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _statements(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """A call, a yield, an addition or a raise that does not happen."""
    for place, statement in enumerate(getattr(node, "body", []) if isinstance(getattr(node, "body", []), list) else []):
        is_act = isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant)
        if is_act or isinstance(statement, ast.Raise | ast.AugAssign):

            def change(twin: ast.AST, place: int = place) -> None:
                twin.body[place] = ast.Pass()  # type: ignore[attr-defined]

            yield f"{_told(statement)}: left out", change


def _members(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """One of the things named is not named."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        for place, member in enumerate(node.elts):

            def change(twin: ast.AST, place: int = place) -> None:
                del twin.elts[place]  # type: ignore[attr-defined]
                if isinstance(twin, ast.Set) and not twin.elts:
                    twin.elts = [ast.Starred(ast.Tuple([], ast.Load()), ast.Load())]

            yield f"{_told(node)}: without {_told(member)}", change
    if isinstance(node, ast.Dict):
        for place, key in enumerate(node.keys):

            def remove(twin: ast.AST, place: int = place) -> None:
                del twin.keys[place], twin.values[place]  # type: ignore[attr-defined]

            yield f"{_told(node)}: without {_told(key) if key else _told(node.values[place])}", remove


_MAKERS = (
    _comparisons,
    _booleans,
    _conditions,
    _filters,
    _constants,
    _arithmetic,
    _answers,
    _statements,
    _members,
)
