"""What became of a point and of a motion: every case of the table, and what is only measurement error."""

from decimal import Decimal
from itertools import product

import pytest

from sessions.models import RangeOfMotion, TreatmentSession, TriggerPointObservation
from sessions.progress import change_of_point, effect_on_point, reading_of

# Rows are never saved: what is compared is pure.
VISIT = TreatmentSession(therapist_id=1)
GAUGE = {"threshold_device": "Gauge 7", "probe_area_cm2": Decimal(1), "threshold_unit": "kPa", "rater_id": 1}


def found(status, *, kpa=None, **signs):
    trials = [] if kpa is None else [Decimal(kpa)]
    return TriggerPointObservation(session=VISIT, status=status, threshold_trials=trials, **{**GAUGE, **signs})


# What became of it, by the finding before (rows) and now; "?" is decided by the signs.
BY_FINDING = {
    "": {"active": "new", "latent": "new", "not_found": "", "resolved": ""},
    "active": {"active": "?", "latent": "better", "not_found": "better", "resolved": "resolved"},
    "latent": {"active": "worse", "latent": "?", "not_found": "better", "resolved": "resolved"},
    "not_found": {"active": "worse", "latent": "worse", "not_found": "same", "resolved": "resolved"},
    "resolved": {"active": "worse", "latent": "worse", "not_found": "same", "resolved": "same"},
}
# How a sign may have gone: its pair of values, and its voice.
TENDERNESS = {"unknown": (None, 2), "same": (2, 2), "better": (3, 1), "worse": (1, 2)}
PRESSED = {"unknown": (5, None), "same": (5, 5), "better": (5, 4), "worse": (0, 9)}
PRESSURE = {
    "unknown": ((300, {}), (None, {})),
    "inside_error": ((300, {}), (361, {})),
    "better": ((300, {}), ("361.1", {})),
    "worse": ((300, {}), ("238.9", {})),
    "not_comparable": ((300, {}), (600, {"threshold_device": "Gauge 8"})),
}


@pytest.mark.parametrize(("before", "now"), product(BY_FINDING, BY_FINDING["active"]))
def test_every_case_of_the_table(before, now):
    for tenderness, pressed, pressure in product(TENDERNESS, PRESSED, PRESSURE):
        spoken = {"tenderness": tenderness, "palpation_pain": pressed, "threshold": pressure}
        rows = [
            found(
                status,
                kpa=PRESSURE[pressure][turn][0],
                tenderness=TENDERNESS[tenderness][turn],
                palpation_pain=PRESSED[pressed][turn],
                **PRESSURE[pressure][turn][1],
            )
            for turn, status in enumerate((before, now))
        ]
        change = change_of_point(rows[0] if before else None, rows[1])
        expected = BY_FINDING[before][now]
        assert change.kind == (by_signs(spoken.values()) if expected == "?" else expected), spoken
        said = {sign.name: sign.verdict for sign in change.signs}
        assert said == ({name: voice for name, voice in spoken.items() if voice != "unknown"} if before else {})


def by_signs(voices):
    """Better or worse only where no sign says the opposite; not comparable and inside error say nothing."""
    heard = {"better", "worse"} & set(voices)
    return heard.pop() if len(heard) == 1 else "same"


@pytest.mark.parametrize(
    "how",
    [
        {"threshold_device": "Gauge 8"},
        {"probe_area_cm2": Decimal("0.5")},
        {"rater_id": 2},
        {"rater_id": 2, "threshold_device": "GAUGE 7"},
    ],
)
def test_another_gauge_probe_or_hand_is_not_comparable(how):
    change = change_of_point(found("active", kpa=100), found("active", kpa=900, **how))
    assert change.kind == "same"
    assert [(sign.name, sign.verdict) for sign in change.signs] == [("threshold", "not_comparable")]


@pytest.mark.parametrize("how", [{"threshold_device": "GAUGE 7"}, {"rater_id": None}])
def test_the_same_gauge_in_other_letters_and_the_unnamed_author_are_comparable(how):
    change = change_of_point(found("active", kpa=100), found("active", kpa=200, **how))
    assert (change.kind, change.signs[0].verdict) == ("better", "better")


def test_what_the_treatment_did_is_told_apart_from_what_time_did():
    row = found(
        "active",
        kpa=300,
        tenderness=3,
        tenderness_after=1,
        palpation_pain=4,
        palpation_pain_after=4,
        threshold_trials_after=[Decimal(328)],
    )
    assert [(sign.name, sign.before, sign.now, sign.verdict) for sign in effect_on_point(row)] == [
        ("tenderness", 3, 1, "better"),
        ("palpation_pain", 4, 4, "same"),
        ("threshold", Decimal("300.0"), Decimal("328.0"), "inside_error"),
    ]
    assert effect_on_point(found("active", kpa=300, tenderness=3)) == ()


def measured(end, *, motion="knee.flexion", side="left", **how):
    joint, _, name = motion.partition(".")
    known = {"start": 0, "unit": "deg", "device": "goniometer", "rater_id": 1, "mode": "active"}
    return RangeOfMotion(session=VISIT, joint=joint, motion=name, side=side, end=end, **{**known, **how})


def read(row, *, other=None, before=None):
    return reading_of(row, other_side=other, before=before)


@pytest.mark.parametrize(("end", "other", "percent"), [(60, 80, 75), (80, 60, 133), (80, 80, 100), (-5, 60, 0)])
def test_the_other_side_is_the_first_measure(end, other, percent):
    assert read(measured(end), other=measured(other, side="right")).percent_of_other_side == percent


@pytest.mark.parametrize(
    ("row", "other"),
    [
        (measured(60), None),
        (measured(60), measured(0, side="right")),
        (measured(60), measured(-10, side="right")),
        (
            measured(12, motion="shoulder.hand_behind_back", unit="level"),
            measured(9, motion="shoulder.hand_behind_back", unit="level", side="right"),
        ),
        (
            measured(8, motion="jaw.lateral_movement", unit="mm"),
            measured(1, motion="jaw.lateral_movement", unit="cm", side="right"),
        ),
    ],
)
def test_no_share_is_told_where_there_is_none(row, other):
    assert read(row, other=other).percent_of_other_side is None


@pytest.mark.parametrize(("end", "away"), [(120, -10), (130, 0), (150, 0), (155, 5)])
def test_the_norm_is_the_second(end, away):
    assert read(measured(end)).from_norm == away


def test_some_motions_have_no_norm():
    assert read(measured(12, motion="shoulder.hand_behind_back", unit="level")).from_norm is None
    assert read(measured(4, motion="jaw.opening", unit="cm", side="midline")).from_norm is None


@pytest.mark.parametrize(
    ("before", "now", "error", "is_beyond"),
    [
        (measured(110), measured(115), 5, False),
        (measured(110), measured(116), 5, True),
        (measured(116), measured(110), 5, True),
        (measured(110, rater_id=2), measured(116), 10, False),
        (measured(110, device="visual"), measured(121), 10, True),
        (measured(110, rater_id=None), measured(116, rater_id=None), 5, True),
        (measured(110, device=""), measured(116), 10, False),
    ],
)
def test_a_change_is_told_with_its_error(before, now, error, is_beyond):
    change = read(now, before=before).change
    assert (change.end, change.start, change.error, change.is_beyond_error) == (
        now.end - before.end,
        0,
        error,
        is_beyond,
    )


def test_an_extension_regained_counts_though_the_end_is_the_same():
    change = read(measured(130, start=2), before=measured(130, start=12)).change
    assert (change.end, change.start, change.is_beyond_error) == (0, 10, True)


def test_a_lag_that_shrinks_is_one_change_not_two():
    lag = read(
        measured(-5, start=-5, motion="knee.extension"), before=measured(-15, start=-15, motion="knee.extension")
    )
    assert (lag.change.end, lag.change.start, lag.change.error) == (10, 0, 3.5)


def test_centimetres_and_millimetres_are_compared_in_millimetres():
    change = read(
        measured(45, motion="jaw.opening", unit="mm", side="midline"),
        before=measured(4, motion="jaw.opening", unit="cm", side="midline"),
    ).change
    assert (change.end, change.unit, change.error, change.is_beyond_error) == (5, "mm", None, None)
