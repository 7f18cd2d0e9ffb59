"""Printed documents: text stays text, the same facts give the same bytes, nothing personal leaks from a failure."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from clinic.core.documents import DocumentFailed, pdf

AT = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
TEMPLATE = """#import "/clinic/documents/paper.typ": blank, paper, tick
#let facts = json(bytes(sys.inputs.facts))
#show: paper.with(title: "A title", written-at: auto, sender: (name: "Clinic", lines: ("Street",)), footer: "Ref")
= Heading
#facts.name
#tick("Yes")
#blank[Name:]
"""


@pytest.fixture
def template(tmp_path, settings):
    """A template of its own on the clinic's paper."""
    (tmp_path / "clinic").symlink_to(settings.BASE_DIR / "clinic")
    (tmp_path / "letter.typ").write_text(TEMPLATE)
    settings.BASE_DIR = tmp_path
    return "letter.typ"


def printed(template, **facts):
    return pdf(template=template, facts=facts, written_at=AT)


def test_the_same_facts_give_the_same_bytes(template):
    first = printed(template, name="Ana", other=["x"])
    assert printed(template, other=("x",), name="Ana") == first
    assert printed(template, name="Eva", other=["x"]) != first


def test_it_says_what_it_is_and_is_tagged_for_screen_readers(template):
    reader = PdfReader(io.BytesIO(printed(template, name="Ana")))
    assert reader.metadata.title == "A title"
    assert reader.metadata.creation_date == AT
    catalogue = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"] == "en"
    assert "Page 1 of 1" in reader.pages[0].extract_text()


def test_only_fonts_of_our_own_are_used(template):
    page = PdfReader(io.BytesIO(printed(template, name="Ana Ž Ω Ж"))).pages[0]
    names = {font.get_object()["/BaseFont"].split("+")[-1] for font in page["/Resources"]["/Font"].values()}
    assert all(name.startswith("Libertinus") for name in names)


@pytest.mark.parametrize("typed", ["#strong[x]", '"] #read("/manage.py")', "= x", "\\u{41}", "$x$", "*b* _i_ `c`"])
def test_what_was_typed_is_never_markup(template, typed):
    assert typed in PdfReader(io.BytesIO(printed(template, name=typed))).pages[0].extract_text()


@pytest.mark.parametrize("typed", ["a\x00b", "a\x1bb", "a\ud800b"])
def test_what_has_no_shape_is_left_out(template, typed):
    assert "ab" in PdfReader(io.BytesIO(printed(template, name=typed))).pages[0].extract_text()


def test_a_sign_no_font_has_is_a_box_and_the_rest_is_printed(template):
    assert "Heading" in PdfReader(io.BytesIO(printed(template, name="漢"))).pages[0].extract_text()


def test_a_broken_template_names_itself_and_nothing_of_the_facts(template, settings):
    (settings.BASE_DIR / template).write_text("#let facts = json(bytes(sys.inputs.facts))\n#panic(facts.name)")
    with pytest.raises(DocumentFailed) as failure:
        printed(template, name="Ana Lopez")
    assert str(failure.value) == "letter.typ"
    assert failure.value.__cause__ is failure.value.__context__ is None
