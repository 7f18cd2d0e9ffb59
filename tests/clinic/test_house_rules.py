"""The rules of the house, held by machine instead of by reviewers."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
APPS = [
    "audit", "clinic", "staff", "patients", "messaging", "questionnaires", "screening",
    "scheduling", "outcomes", "sessions", "reports", "demo",
]  # fmt: skip
SOURCES = sorted(path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


def is_door(path):
    """A views or api module, or a module in a folder of that name."""
    return (
        path.stem in {"views", "api"}
        or path.stem.endswith(("_views", "_api"))
        or {"views", "api"} & set(path.relative_to(ROOT).parts[1:-1])
    )


DOORS = [path for path in SOURCES if is_door(path) and path.name != "core/api.py" and "core" not in path.parts]


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOORS, ids=named)
def test_doors_only_read_rows_the_user_may_see(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "objects":
            # .none() is the empty queryset the schema generator asks viewsets for
            assert node.attr in {"visible_to", "none"}, f"line {node.lineno} starts from .{node.attr}()"


def test_there_are_doors_to_check():
    assert len(DOORS) >= 10


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_import_hides_inside_a_function(path):
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                assert not isinstance(node, ast.Import | ast.ImportFrom), f"line {node.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_modules_stay_readable(path):
    assert len(path.read_text().splitlines()) <= 400
    assert path.stem not in {"utils", "helpers", "common", "misc", "manager"}


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_nothing_is_swallowed_and_nothing_is_left_for_later(path):
    text = path.read_text()
    assert not re.search(r"except( Exception)?:\s*\n?\s*pass", text)
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text)


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if p.stem == "services" or "services" in p.relative_to(ROOT).parts], ids=named
)
def test_services_say_who_acts_and_know_no_http(path):
    tree = ast.parse(path.read_text())
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
            assert ast.get_docstring(function), f"{function.name} promises nothing"
            assert not function.args.args, f"{function.name} takes positional arguments"
    assert "HttpRequest" not in path.read_text()


@pytest.mark.parametrize("path", [p for p in SOURCES if p.stem == "tasks"], ids=named)
def test_tasks_never_import_services_and_carry_ids_only(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert "services" not in (node.module or "").split(".")
            assert "services" not in [alias.name for alias in node.names]


def our_models():
    return [model for app in APPS for model in apps.get_app_config(label(app)).get_models()]


def label(app):
    return "treatment_sessions" if app == "sessions" else app


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_every_row_says_what_it_is_and_names_its_rules(model):
    assert model.__doc__
    assert not model.__doc__.startswith(f"{model.__name__}("), "a docstring of its own"
    for constraint in model._meta.constraints:
        assert "_" in constraint.name
        assert len(constraint.name) <= 63


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_nothing_is_deleted_along_with_something_else(model):
    for field in model._meta.get_fields():
        on_delete = getattr(getattr(field, "remote_field", None), "on_delete", None)
        if on_delete is not None and not field.auto_created and field.model is model:
            assert on_delete.__name__ == "PROTECT", field.name


@pytest.mark.django_db
def test_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_vendored_front_end_keeps_its_licences():
    vendored = [folder for folder in (ROOT / "clinic/static/vendor").iterdir() if folder.is_dir()]
    assert vendored
    for folder in vendored:
        assert any(file.name.upper().startswith(("LICENSE", "LICENCE")) for file in folder.iterdir()), folder.name
