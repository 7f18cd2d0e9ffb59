"""No cell becomes a formula, numbers stay numbers, and everything can be read back."""

import csv
import io
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports.csv_cells import cell, defuse, restore

TRIGGERS = "=+-@\t\r\n\0＝＋－＠"
HIDERS = ["", " ", "  ", "\ufeff", "\u200b", "\u00a0", "\u2060", " \u200b\ufeff"]
CORPUS = [hider + trigger + "1+1" for hider in HIDERS for trigger in TRIGGERS]
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
TEXT = st.text(alphabet=st.one_of(st.sampled_from("=+-@\t\r\n\0＝＋－＠ '\",;|\ufeff\u200b\u00a0a1"), st.characters()))


def starts_a_formula(text: str) -> bool:
    """Judged apart from the code: strip every space, mark and format character, then look."""
    for character in text:
        is_skipped = unicodedata.category(character) in {"Zs", "Cf", "Zl", "Zp"}
        if not is_skipped:
            return character in TRIGGERS and not NUMBER.fullmatch(text)
    return False


def read_back(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def written(*values) -> str:
    target = io.StringIO(newline="")
    csv.writer(target).writerow([cell(value) for value in values])
    return target.getvalue()


@pytest.mark.parametrize("attack", CORPUS, ids=ascii)
def test_the_corpus_is_defused_and_read_back_unchanged(attack):
    [[found]] = read_back(written(attack))
    assert not starts_a_formula(found)
    assert restore(found) == attack


@given(TEXT)
@example("'=1")
@example("''=1")
@example('a;"=1')
@example("-1")
@example("+44 20 7946 0018")
def test_any_text_is_defused_and_read_back_unchanged(text):
    assert not starts_a_formula(defuse(text))
    [[found]] = read_back(written(text)) or [[""]]
    assert restore(found) == text


@given(TEXT)
def test_a_reader_that_splits_at_another_separator_meets_no_formula(text):
    for separator in ",;|\t\r\n":
        assert not any(starts_a_formula(part) for part in defuse(text).split(separator))


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_stay_numbers(number):
    [[found]] = read_back(written(number))
    assert float(found) == float(number)


def test_negative_numbers_truth_and_nothing_are_written_plainly():
    assert written(-3, -2.5, True, False, None, "ok").strip() == "-3,-2.5,1,0,,ok"
