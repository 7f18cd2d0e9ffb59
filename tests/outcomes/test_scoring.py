"""From answers to a score: the published vectors, and what holds for every instrument."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.instruments import INSTRUMENTS
from outcomes.instruments.definition import read_instrument
from outcomes.instruments.scoring import change, in_common, limits_of, problems_in, score

FOLDER = Path(__file__).resolve().parents[2] / "outcomes/instruments"
# clinical.md 5.2: what may ship with its words. Every other one is a shell.
WITH_WORDS = {
    "nrs-now", "nrs-average", "nrs-worst", "nrs-movement", "vas", "activities", "global-change", "sleep", "mood",
}  # fmt: skip


def sheet(*answers):
    return {str(number): answer for number, answer in enumerate(answers, 1) if answer is not None}


SIXTEEN = (2, 2, 2, 2, 2, 2, 2, 2, 0)


@pytest.mark.parametrize(
    ("key", "answers", "value"),
    [
        ("quickdash", [3] * 11, "50.00"),
        ("quickdash", [2, 3, 3, 2, 4, 3, 2, 3, 3, 1], "40.00"),
        ("quickdash", [3] * 9, None),
        ("odi", [*SIXTEEN, 0], "32.00"),
        ("ndi", [*SIXTEEN, 0], "32.00"),
        ("odi", SIXTEEN, "35.56"),
        ("ndi", SIXTEEN, "35.56"),
        ("ndi", [2] * 7, None),
        ("peg", [7, 6, 8], "7.00"),
        ("peg", [7, 6, 7], "6.67"),
        ("peg", [7, 6], None),
        ("lefs", [3] * 18, "60.00"),
        ("lefs", [3] * 17, None),
        ("hit-6", [0, 1, 2, 3, 4, 2], "58.00"),
        ("hit-6", [0, 1, 2, 3, 4], None),
        ("rmdq-24", [], "0.00"),
        ("rmdq-24", [1, 0, None, 1], "2.00"),
        ("activities", [2, 4, 6], "4.00"),
        ("activities", [2, 4], None),
        ("global-change", [-3], "-3.00"),
        ("nrs-now", [], None),
    ],
)
def test_published_vectors(key, answers, value):
    assert score(INSTRUMENTS[key], sheet(*answers)).value == (None if value is None else Decimal(value))


def test_a_prorated_score_says_that_it_is_an_estimate():
    assert score(INSTRUMENTS["lefs"], sheet(*[3] * 18)).is_estimate
    assert not score(INSTRUMENTS["lefs"], sheet(*[3] * 20)).is_estimate
    assert not score(INSTRUMENTS["rmdq-24"], sheet(1)).is_estimate
    assert not score(INSTRUMENTS["activities"], sheet(1, 2, 3)).is_estimate


def test_of_two_ticks_the_higher_counts_only_where_the_authors_say_so():
    twice = sheet([1, 4], *[0] * 9)
    assert not problems_in(INSTRUMENTS["odi"], twice)
    assert score(INSTRUMENTS["odi"], twice).value == 8
    assert problems_in(INSTRUMENTS["ndi"], twice) == {"1": "Give one answer."}


@pytest.mark.parametrize("wrong", [11, -1, True, "3", 3.5, [3], {}])
def test_what_is_not_offered_is_no_answer(wrong):
    assert list(problems_in(INSTRUMENTS["nrs-now"], {"1": wrong})) == ["1"]
    assert list(problems_in(INSTRUMENTS["nrs-now"], {"1": 3, "2": 4})) == ["2"]


def test_a_raw_sum_is_looked_up_only_when_all_is_answered():
    written = json.loads((FOLDER / "hit-6.json").read_text())
    written["score"] = {"kind": "lookup", "of": "sum", "table": {str(raw): 40 + raw for raw in range(25)}}
    written["missing"] = {"min_answered": 5}
    read = read_instrument(written)
    assert score(read, sheet(1, 1, 1, 1, 1, 1)).value == 46
    assert score(read, sheet(1, 1, 1, 1, 1)).value is None


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda one: one.key)
@given(drawn=st.data())
def test_a_score_stays_in_its_range_and_follows_every_answer(instrument, drawn):
    answer = st.one_of(st.none(), st.sampled_from(instrument.options))
    answers = sheet(*drawn.draw(st.lists(answer, min_size=instrument.items, max_size=instrument.items)))
    assert problems_in(instrument, answers) == {}
    found = score(instrument, answers)
    assert found.answered == len(answers)
    assert (found.value is None) == (len(answers) < instrument.missing.min_answered)
    if found.value is None:
        return
    lowest, highest = limits_of(instrument)
    assert lowest <= found.value <= highest
    for item, given_answer in answers.items():
        assert score(instrument, {**answers, item: max(instrument.options)}).value >= found.value, given_answer


def test_bands_are_read_up_to_their_end():
    bands = [INSTRUMENTS["odi"].band_of(Decimal(value)) for value in ("20", "20.01", "40", "100")]
    assert bands == ["minimal", "moderate", "moderate", "extreme"]
    assert [INSTRUMENTS["hit-6"].band_of(Decimal(value)) for value in (49, 50, 55, 56, 60)] == [
        "little or no impact", "some impact", "some impact", "substantial impact", "severe impact",
    ]  # fmt: skip
    assert INSTRUMENTS["peg"].band_of(Decimal(3)) == ""
    assert INSTRUMENTS["odi"].band_of(None) == ""


@pytest.mark.parametrize(
    ("key", "scores", "better", "judged"),
    [
        ("nrs-now", (6, 4), 2, (None, True)),
        ("nrs-now", (8, 6), 2, (None, False)),  # 25 %
        ("nrs-now", (3, 2), 1, (None, False)),  # 33 %, but one point
        ("nrs-now", (0, 0), 0, (None, False)),
        ("quickdash", (60, 46), 14, (True, False)),
        ("quickdash", (60, 72), -12, (False, False)),
        ("lefs", (40, 49), 9, (True, True)),
        ("sleep", (8, 2), 6, (None, None)),
    ],
)
def test_a_change_is_judged_by_the_instruments_own_limits(key, scores, better, judged):
    found = change(INSTRUMENTS[key], *map(Decimal, scores))
    assert (found.better, (found.is_beyond_error, found.matters)) == (better, judged)


def test_only_activities_named_both_times_are_compared():
    assert in_common({"1": "Climbing  stairs", "2": "Lifting"}, {"1": "Sleeping", "3": "climbing stairs"}) == {"1": "3"}


def test_what_ships_with_words_is_what_may():
    assert {key for key, instrument in INSTRUMENTS.items() if instrument.is_bundled} == WITH_WORDS
    assert len(INSTRUMENTS) == 16


BROKEN = [
    {"id": "Upper"}, {"version": 0}, {"items": 0}, {"title": {"en": "x"}}, {"direction": "up"}, {"options": [1]},
    {"score": {"kind": "guess"}}, {"score": {"kind": "percent_of_max"}}, {"score": {"kind": "lookup"}},
    {"score": {"kind": "lookup", "table": {"0": 1}}}, {"missing": {}}, {"missing": {"min_answered": 9}},
    {"bands": [{"up_to": 5, "name": "a"}, {"up_to": 5, "name": "b"}]}, {"text": {"status": "not_bundled"}},
    {"text": {"status": "bundled", "rights": "x", "items": [{"en": "only English"}]}}, {"mcid": 2},
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_a_mistyped_definition_is_refused(broken):
    written = json.loads((FOLDER / "nrs-now.json").read_text())
    read_instrument(written)
    with pytest.raises(ValueError, match=":"):
        read_instrument({**written, **broken})


def test_a_definition_without_a_rule_is_refused():
    written = json.loads((FOLDER / "nrs-now.json").read_text())
    del written["score"]
    with pytest.raises(ValueError, match="score"):
        read_instrument(written)
