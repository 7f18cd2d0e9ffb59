"""Every window of time and age in the rules, the day before it closes, on that day and the day after."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from patients.models import Patient
from screening.rulebook import rulebook
from tests.screening.facts import NOW, TODAY, facts_of, fired, said

ABSOLUTE, RELATIVE, LOCAL, CAUTION = (
    (severity, "routine") for severity in ("absolute", "relative", "local", "caution")
)
SAME_DAY = ("relative", "same_day")


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def condition(text="", **more):
    return lambda name, days: {"conditions": ({"text": text, **more, f"{name}_on": days_ago(days)},)}


def medicine(text):
    return lambda name, days: {"medicines": ({"name": text, f"{name}_on": days_ago(days)},)}


# Rule, the window's name in the rule, its length, the row and its date, what the rule says within and after it.
WINDOWS = [
    ("CI-01", "within_days", 90, condition("Open wound of hand"), "onset", LOCAL, None),
    ("CI-02", "within_days", 84, condition("Fracture of ankle"), "onset", RELATIVE, LOCAL),
    ("CI-02", "within_days", 365, condition("Fracture of ankle"), "onset", LOCAL, None),
    ("CI-02", "within_days", 365, condition("Vertebral fracture"), "onset", RELATIVE, None),
    ("CI-04", "ended_within_days", 183, condition("DVT"), "ended", ABSOLUTE, None),
    ("CI-06a", "ended_within_days", 30, medicine("Warfarin"), "ended", CAUTION, None),
    ("CI-06a", "ended_within_days", 30, medicine("Alteplase"), "ended", CAUTION, None),
    ("CI-06b", "ended_within_days", 30, medicine("Clopidogrel"), "ended", CAUTION, None),
    ("CI-10", "ended_within_days", 1826, condition("Lymphoma"), "ended", ABSOLUTE, CAUTION),
    ("CI-10", "ended_within_days", 1826, medicine("Letrozole"), "ended", CAUTION, None),
    ("CI-10", "ended_within_days", 1826, medicine("Capecitabine"), "ended", CAUTION, None),
    ("CI-11b", "ended_within_days", 30, medicine("Azathioprine"), "ended", CAUTION, None),
    ("CI-15", "within_days", 91, condition("Stroke"), "onset", ABSOLUTE, None),
    ("CI-15", "ended_within_days", 91, condition("Stroke"), "ended", ABSOLUTE, None),
    ("CI-18", "within_days", 183, condition(kind="post_surgical_rehabilitation"), "onset", LOCAL, None),
    ("CI-23", "within_days", 300, condition("High risk pregnancy"), "onset", RELATIVE, None),
    ("CI-23", "within_days", 300, condition("Normal pregnancy"), "onset", CAUTION, None),
    ("CI-30", "within_days", 183, condition("Rhabdomyolysis"), "onset", RELATIVE, None),
    ("CI-30", "ended_within_days", 183, condition("Rhabdomyolysis"), "ended", RELATIVE, None),
    ("CI-32", "started_within_days", 14, medicine("Botox"), "started", LOCAL, None),
]
# Rule, days its answers hold (the day on which they must be asked again), the answers, what it says before that day.
HOLDING = [
    ("CI-11", 7, {"fever": "yes"}, ABSOLUTE),
    ("CI-32", 14, {"injections": ["toxin"]}, LOCAL),
    ("CI-36", 3, {"onset": "injury", "injury-3-days": "yes"}, LOCAL),
]
# Rule, hours for which an answer of a visit holds, the answer, what it says meanwhile.
AT_VISITS = [
    ("CI-11", 168, {"change-infection": "yes"}, ABSOLUTE),
    ("CI-28", 12, {"seen-impaired": "yes"}, ABSOLUTE),
    ("CI-29", 12, {"seen-no-consent": "yes"}, ABSOLUTE),
]
# Rule, answers of a visit that hold until they are given anew, the intake, what it says.
UNTIL_ASKED_AGAIN = [
    ("CI-23", {"change-pregnant": "yes"}, {}, LOCAL),
    ("CI-29", {"contact-now": "no"}, {"vein-past": "yes"}, ABSOLUTE),
]
# Rule, bound, years from which ("at_least") or up to which ("below") it counts, the answers, what it says inside.
FRAIL = {"frail-tired": "yes"}
AGES = [
    ("CI-08", "at_least", 65, FRAIL, CAUTION, None),
    ("RF-02", "at_least", 65, {"small-bump": "yes"}, SAME_DAY, None),
    ("RF-11", "at_least", 50, {"headache-over-50": "yes"}, SAME_DAY, None),
    ("CI-35", "below", 18, {"clinician-examined": "no"}, RELATIVE, CAUTION),
    ("CI-42", "below", 18, {}, RELATIVE, None),
]


def leaves(expression):
    ((operator, body),) = expression.items()
    parts = {"any": body, "all": body, "not": [body], "at_least": body["of"] if operator == "at_least" else []}
    if operator not in parts:
        yield operator, body
    for part in parts.get(operator, []):
        yield from leaves(part)


def shipped():
    return [(rule, leaf) for rule in rulebook().rules for case in rule.cases for leaf in leaves(case.when)]


def test_every_window_of_the_rules_is_in_the_tables():
    names = ("within_days", "ended_within_days", "started_within_days")
    found = {
        (rule.id, name, body[name])
        for rule, (operator, body) in shipped()
        for name in names
        if operator in {"condition", "medicine", "date"} and name in body
    }
    assert found == {row[:3] for row in WINDOWS}
    assert {(rule.id, rule.answers_hold_days) for rule in rulebook().rules if rule.answers_hold_days} == {
        row[:2] for row in HOLDING
    }
    hours = {
        (rule.id, case.visit_answers_hold_hours)
        for rule in rulebook().rules
        for case in rule.cases
        if case.visit_answers_hold_hours
    }
    assert hours == {row[:2] for row in AT_VISITS}
    asked_at_visits = {rule.id for rule in rulebook().rules if rule.asks_at_visits}
    assert asked_at_visits == {row[0] for row in AT_VISITS + UNTIL_ASKED_AGAIN}
    ages = {
        (rule.id, name, years)
        for rule, (operator, body) in shipped()
        if operator == "age"
        for name, years in body.items()
    }
    assert ages == {row[:3] for row in AGES}
    assert {tuple(body.items()) for _, (operator, body) in shipped() if operator == "number"} == {
        (("of", "pregnant-weeks"), ("below", 14))
    }


@pytest.mark.parametrize("row", WINDOWS, ids=lambda row: f"{row[0]}-{row[4]}-{row[2]}-{row[5][0]}")
def test_a_window_holds_to_its_last_day(row):
    rule_id, _, days, record, dated, within, after = row
    assert said(rule_id, **record(dated, days - 1)) == within
    assert said(rule_id, **record(dated, days)) == within
    assert said(rule_id, **record(dated, days + 1)) == after


@pytest.mark.parametrize("row", HOLDING, ids=lambda row: row[0])
def test_an_answer_holds_to_the_day_on_which_it_must_be_asked_again(row):
    rule_id, days, answers, says = row
    for ago, expected in ((0, says), (days - 1, says), (days, None), (days + 1, None)):
        assert said(rule_id, answers, answered_days_ago=ago) == expected
    found = fired(facts_of(answers, answered_days_ago=days - 1))[rule_id]
    assert found.expires_on == TODAY + timedelta(days=1)


@pytest.mark.parametrize("row", AT_VISITS, ids=lambda row: row[0])
def test_what_was_seen_at_a_visit_holds_for_hours(row):
    rule_id, hours, seen, says = row
    minute = 1 / 60
    for ago, expected in ((0, says), (hours - minute, says), (hours, None), (hours + minute, None)):
        assert said(rule_id, at_visit=seen, said_hours_ago=ago) == expected
    found = fired(facts_of(at_visit=seen, said_hours_ago=1))[rule_id]
    assert found.expires_at == NOW + timedelta(hours=hours - 1)


@pytest.mark.parametrize("row", UNTIL_ASKED_AGAIN, ids=lambda row: row[0])
def test_what_was_told_at_a_visit_holds_until_it_is_asked_again(row):
    rule_id, told, answers, says = row
    assert said(rule_id, answers, at_visit=told, said_hours_ago=24 * 400) == says
    assert fired(facts_of(answers, at_visit=told))[rule_id].expires_at is None


def test_a_fever_at_a_visit_does_not_wait_for_a_new_intake():
    """The old answers have run out; what was told at the visit has its own time."""
    told = {"at_visit": {"change-infection": "yes"}, "said_hours_ago": 1}
    assert said("CI-11", {"fever": "no"}, answered_days_ago=100, **told) == ABSOLUTE


def test_what_the_record_says_does_not_run_out_with_the_answers():
    found = fired(facts_of(medicines=({"name": "Botox", "started_on": days_ago(1)},), answered_days_ago=400))["CI-32"]
    assert (found.severity, found.expires_on) == ("local", None)


@pytest.mark.parametrize("row", AGES, ids=lambda row: f"{row[0]}-{row[2]}")
def test_an_age_counts_from_the_birthday_on(row):
    """The day before the birthday, the birthday, the day after."""
    rule_id, bound, years, answers, inside, outside = row
    birthday = Patient(birth_on=TODAY.replace(year=TODAY.year - years))
    ages = [birthday.age_on(TODAY + timedelta(days=day)) for day in (-1, 0, 1)]
    assert ages == [years - 1, years, years]
    before, on, after = (said(rule_id, answers, age=age) for age in ages)
    expected = (outside, inside, inside) if bound == "at_least" else (inside, outside, outside)
    assert (before, on, after) == expected


@pytest.mark.parametrize(("weeks", "expected"), [(13, LOCAL), (14, CAUTION), (15, CAUTION), (0, LOCAL), (40, CAUTION)])
def test_the_first_trimester_ends_with_week_13(weeks, expected):
    assert said("CI-23", {"pregnant": "yes", "pregnant-weeks": weeks, "pregnant-problems": "no"}) == expected


# What a date means at its edge.


@pytest.mark.parametrize(
    ("ended_on", "expected"),
    [(days_ago(-1), ABSOLUTE), (days_ago(0), ABSOLUTE), (days_ago(1), None), (None, ABSOLUTE)],
)
def test_a_condition_that_ends_today_still_stands(ended_on, expected):
    assert said("CI-13", conditions=({"text": "Osteomyelitis", "ended_on": ended_on},)) == expected


@pytest.mark.parametrize(("ended_on", "expected"), [(days_ago(0), None), (days_ago(1), RELATIVE)])
def test_a_condition_is_over_from_the_day_after_its_end(ended_on, expected):
    """CI-05: a clot in the past. While it stands CI-04 speaks."""
    assert said("CI-05", conditions=({"text": "DVT", "ended_on": ended_on},)) == expected


@pytest.mark.parametrize(
    ("ended_on", "expected"), [(days_ago(-1), RELATIVE), (days_ago(0), RELATIVE), (days_ago(1), CAUTION)]
)
def test_a_medicine_counts_on_its_last_day(ended_on, expected):
    assert said("CI-06a", medicines=({"name": "Warfarin", "ended_on": ended_on},)) == expected


@pytest.mark.parametrize(("started_on", "expected"), [(days_ago(-1), None), (days_ago(0), LOCAL), (None, CAUTION)])
def test_an_injection_planned_is_not_recent_and_one_without_a_day_is_asked_about(started_on, expected):
    assert said("CI-32", medicines=({"name": "Botox", "started_on": started_on},)) == expected


def test_a_window_over_an_onset_needs_an_onset():
    assert said("CI-15", conditions=({"text": "Stroke"},)) is None
    assert said("CI-15", conditions=({"text": "Stroke", "onset_on": days_ago(-3)},)) == ABSOLUTE


def test_an_old_onset_does_not_end_what_has_ended_lately():
    long_ago = {"text": "Stroke", "onset_on": days_ago(900)}
    assert said("CI-15", conditions=({**long_ago, "ended_on": days_ago(91)},)) == ABSOLUTE
    assert said("CI-15", conditions=(long_ago,)) is None
