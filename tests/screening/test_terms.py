"""Within which limits a clinician allows a treatment: read, named, judged. Pure."""

from __future__ import annotations

import pytest

from screening.regions import KINDS, REGIONS
from screening.terms import LONGEST_LICENCE, LONGEST_ROLE, NO_TERMS, Terms

WHOLE = {
    "issuer_role": "  Haematology ",
    "issuer_licence": " 12-345 ",
    "allowed_regions": ["HAND", "HAND", "CHEST"],
    "forbidden_regions": ["ABDOMEN"],
    "forbidden_kinds": ["percussive", "percussive"],
    "max_pressure": 2,
}
KEPT = {
    "issuer_role": "Haematology",
    "issuer_licence": "12-345",
    "allowed_regions": ("HAND", "CHEST"),
    "forbidden_regions": ("ABDOMEN",),
    "forbidden_kinds": ("percussive",),
    "max_pressure": 2,
}


def test_terms_are_read_from_entries_without_spaces_and_repeats():
    assert Terms.of(WHOLE) == Terms(**KEPT)


@pytest.mark.parametrize("entries", [{}, dict.fromkeys(WHOLE), dict.fromkeys(WHOLE, "") | {"max_pressure": None}])
def test_nothing_entered_is_no_terms(entries):
    terms = Terms.of(entries)
    assert terms == NO_TERMS == Terms()
    assert (terms.issuer_role, terms.issuer_licence, terms.max_pressure) == ("", "", None)
    assert (terms.allowed_regions, terms.forbidden_regions, terms.forbidden_kinds) == ((), (), ())


def test_a_row_keeps_them_as_lists():
    columns = Terms(**KEPT).columns
    assert columns == {name: list(value) if isinstance(value, tuple) else value for name, value in KEPT.items()}
    assert all(isinstance(columns[name], list) for name in ("allowed_regions", "forbidden_regions", "forbidden_kinds"))


@pytest.mark.parametrize(
    ("limits", "decision"),
    [
        ({}, "cleared"),
        ({"issuer_role": "Haematology", "issuer_licence": "1"}, "cleared"),
        ({"allowed_regions": ("HAND",)}, "with_limits"),
        ({"forbidden_regions": ("HAND",)}, "with_limits"),
        ({"forbidden_kinds": ("percussive",)}, "with_limits"),
        ({"max_pressure": 5}, "with_limits"),
    ],
)
def test_what_a_granting_answer_is_called(limits, decision):
    assert Terms(**limits).decision == decision


@pytest.mark.parametrize(
    "terms",
    [
        {},
        KEPT,
        {"issuer_role": "x" * LONGEST_ROLE, "issuer_licence": "x" * LONGEST_LICENCE},
        *({"max_pressure": pressure} for pressure in range(1, 6)),
        {"allowed_regions": tuple(REGIONS), "forbidden_kinds": tuple(KINDS)},
        {"forbidden_regions": tuple(REGIONS)},
    ],
)
def test_terms_that_mean_something_have_no_problems(terms):
    assert Terms(**terms).problems() == {}


@pytest.mark.parametrize(
    ("terms", "wrong"),
    [
        ({"issuer_role": "x" * 121}, {"issuer_role": "At most 120 characters of text."}),
        ({"issuer_licence": "x" * 61}, {"issuer_licence": "At most 60 characters of text."}),
        ({"issuer_role": "a\x00b"}, {"issuer_role": "At most 120 characters of text."}),
        ({"issuer_licence": "\x00"}, {"issuer_licence": "At most 60 characters of text."}),
        ({"allowed_regions": ("HAND", "MOON")}, {"allowed_regions": "Choose regions of the list."}),
        ({"forbidden_regions": ("MOON",)}, {"forbidden_regions": "Choose regions of the list."}),
        ({"forbidden_kinds": ("percussive", "magic")}, {"forbidden_kinds": "Choose from the list."}),
        (
            {"allowed_regions": ("HAND", "CHEST"), "forbidden_regions": ("CHEST",)},
            {"forbidden_regions": "A region is either allowed or forbidden."},
        ),
        *(({"max_pressure": pressure}, {"max_pressure": "1 to 5."}) for pressure in (0, 6, -1, True, False)),
    ],
)
def test_terms_that_mean_nothing_say_where(terms, wrong):
    assert Terms(**terms).problems() == wrong


def test_every_problem_is_told_at_once():
    terms = Terms(
        issuer_role="\x00", issuer_licence="\x00", allowed_regions=("MOON",), forbidden_regions=("SUN",),
        forbidden_kinds=("magic",), max_pressure=9,
    )  # fmt: skip
    assert set(terms.problems()) == {
        "issuer_role", "issuer_licence", "allowed_regions", "forbidden_regions", "forbidden_kinds", "max_pressure",
    }  # fmt: skip
