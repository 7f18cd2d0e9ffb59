"""Spanish for patients: complete, and compiled from what is written."""

import gettext
import re
from pathlib import Path

from clinic.core.clock import print_visit
from tests.factories import NINE

FOLDER = Path(__file__).resolve().parents[2] / "clinic/locale/es/LC_MESSAGES"
ENTRY = re.compile(r'^msgid ((?:"[^\n]*"\n)+)msgstr ((?:"[^\n]*"\n?)+)', re.M)


def entries():
    for source, target in ENTRY.findall((FOLDER / "django.po").read_text()):
        yield joined(source), joined(target)


def joined(lines):
    text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', lines))
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")


def test_every_text_is_translated_and_the_compiled_file_is_up_to_date():
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    found = [(source, target) for source, target in entries() if source]
    assert len(found) > 100
    for source, target in found:
        assert target, source
        assert compiled.gettext(source) == target


def test_placeholders_survive_translation():
    for source, target in entries():
        assert sorted(re.findall(r"%\(\w+\)[sd]", source)) == sorted(re.findall(r"%\(\w+\)[sd]", target)), source


def test_a_visit_is_told_in_the_patients_language_and_the_locations_zone():
    assert print_visit(NINE, "America/New_York", "en") == "Monday, January 11, 2027 at 9:00 AM (New York time)"
    told = print_visit(NINE, "America/New_York", "es")
    assert told.startswith("lunes")
    assert "9:00" in told
    assert "New York" in told
