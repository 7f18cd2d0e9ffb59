"""What is known of a patient: where each medicine was named, what is over, and what an evaluation keeps. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from screening.facts import AllergyFact, ConditionFact, Facts, MedicineFact, Mention, VisitAnswer
from screening.medicines import Match

TODAY = date(2027, 1, 11)
NOW = datetime(2027, 1, 11, 15, 0, tzinfo=UTC)
WARFARIN = {"substance": "warfarin", "class": "anticoagulant", "certainty": "named"}
ASKED = {**WARFARIN, "certainty": "ask"}


def known(**facts):
    return Facts(today=TODAY, age=40, **facts)


def told(**facts):
    return [mention.evidence for mention in known(**facts).mentions]


def test_a_row_says_nothing_it_was_not_told():
    assert MedicineFact("m", "Warfarin") == MedicineFact("m", "Warfarin", "", "", None, None)
    assert ConditionFact("c", "other") == ConditionFact("c", "other", "", "", None, None)
    facts = known()
    assert (facts.answers, facts.answered_on, facts.not_asked) == ({}, None, frozenset())
    assert (facts.medicines, facts.conditions, facts.allergies, facts.mentions) == ((), (), (), ())


def test_a_medicine_on_record_is_named_by_its_row_with_its_dates():
    row = MedicineFact("m", "Coumadin 5 mg", started_on=date(2026, 1, 1), ended_on=date(2027, 1, 1))
    (mention,) = known(medicines=(row,)).mentions
    assert mention.evidence == {"kind": "medicine", "id": "m", "text": "Coumadin 5 mg", **WARFARIN}
    assert (mention.started_on, mention.ended_on) == (date(2026, 1, 1), date(2027, 1, 1))


def test_a_medicine_is_known_by_its_code_alone():
    row = MedicineFact("m", "Blutverdünner", code_system="http://www.whocc.no/atc", code="B01AA03")
    assert told(medicines=(row,)) == [{"kind": "medicine", "id": "m", "text": "Blutverdünner", **WARFARIN}]


@pytest.mark.parametrize("question", ["blood-thinner-which", "medicines"])
def test_a_medicine_in_an_answer_is_named_by_the_question_and_as_it_was_written(question):
    said = told(answers={question: "Coumadin since May"})
    assert said == [{"kind": "answer", "link_id": question, "value": "coumadin", **WARFARIN}]


@pytest.mark.parametrize("question", ["touch-notes", "product-allergy-detail"])
def test_no_other_answer_names_medicines(question):
    assert told(answers={question: "Warfarin"}) == []


@pytest.mark.parametrize("question", ["blood-thinner-which", "medicines", "medicine-allergies"])
@pytest.mark.parametrize("silence", [None, ""])
def test_silence_names_nothing(question, silence):
    assert told(answers={question: silence}) == []


def test_a_medicine_among_the_conditions_is_asked_about():
    row = ConditionFact("c", "other", "Atrial fibrillation, on warfarin", ended_on=date(2027, 1, 1))
    (mention,) = known(conditions=(row,)).mentions
    assert mention.evidence == {"kind": "condition", "id": "c", "text": row.text, **ASKED}
    assert (mention.started_on, mention.ended_on) == (None, date(2027, 1, 1))
    assert mention.match.certainty == "ask"


def test_a_medicine_among_the_allergies_is_asked_about():
    rows = (AllergyFact("a", "medicine", "Warfarin"),)
    assert told(allergies=rows) == [{"kind": "allergy", "id": "a", "text": "Warfarin", **ASKED}]
    said = told(answers={"medicine-allergies": "Warfarin, penicillin"})
    assert said == [{"kind": "answer", "link_id": "medicine-allergies", "value": "Warfarin, penicillin", **ASKED}]


def test_a_doubtful_mention_keeps_what_was_recognised():
    sure = known(medicines=(MedicineFact("m", "Coumadin"),)).mentions[0].match
    doubtful = known(allergies=(AllergyFact("a", "medicine", "Coumadin"),)).mentions[0].match
    assert (sure.certainty, doubtful.certainty) == ("named", "ask")
    assert doubtful == replace(sure, when="unclear")


def test_a_mention_among_the_conditions_that_says_when_is_taken_at_its_word():
    said = known(conditions=(ConditionFact("c", "other", "Bleeding, stopped warfarin"),)).mentions[0].match
    assert (said.when, said.certainty) == ("earlier", "ask")


def test_places_are_read_in_this_order():
    facts = known(
        answers={"medicines": "Warfarin", "blood-thinner-which": "Warfarin", "medicine-allergies": "Warfarin"},
        medicines=(MedicineFact("m", "Warfarin"),),
        conditions=(ConditionFact("c", "other", "on warfarin"),),
        allergies=(AllergyFact("a", "medicine", "Warfarin"),),
    )
    order = [(one.evidence["kind"], one.evidence.get("link_id", "")) for one in facts.mentions]
    assert order == [
        ("medicine", ""),
        ("answer", "blood-thinner-which"),
        ("answer", "medicines"),
        ("condition", ""),
        ("allergy", ""),
        ("answer", "medicine-allergies"),
    ]


@pytest.mark.parametrize(("days", "is_past"), [(1, True), (0, False), (-1, False), (None, False)])
def test_a_mention_is_past_from_the_day_after_its_end(days, is_past):
    ended_on = None if days is None else TODAY - timedelta(days=days)
    match = Match("warfarin", "anticoagulant", "warfarin", "now", "exact")
    assert Mention(match, {}, ended_on=ended_on).is_past(TODAY) is is_past


def test_an_evaluation_keeps_all_it_saw_as_plain_values():
    facts = known(
        answers={"medicines": "Warfarin", "fever": "no"},
        answered_on=date(2027, 1, 10),
        not_asked=frozenset({"frail-tired", "dizzy-new"}),
        medicines=(MedicineFact("m", "Plavix", "rxnorm", "1", date(2026, 1, 1), date(2026, 6, 1)),),
        conditions=(ConditionFact("c", "other", "Frailty", "R54", date(2025, 1, 1), None),),
        allergies=(AllergyFact("a", "oil", "Almond oil"),),
        at_visit={"seen-impaired": VisitAnswer("no", NOW)},
    )
    snapshot = facts.snapshot()
    mentions = snapshot.pop("mentions")
    assert snapshot == {
        "today": "2027-01-11",
        "age": 40,
        "answers": {"medicines": "Warfarin", "fever": "no"},
        "answered_on": "2027-01-10",
        "not_asked": ["dizzy-new", "frail-tired"],
        "medicines": [
            {"id": "m", "name": "Plavix", "code_system": "rxnorm", "code": "1", "started_on": "2026-01-01",
             "ended_on": "2026-06-01"}
        ],
        "conditions": [
            {"id": "c", "kind": "other", "text": "Frailty", "code": "R54", "onset_on": "2025-01-01", "ended_on": None}
        ],
        "allergies": [{"id": "a", "category": "oil", "substance": "Almond oil"}],
        "at_visit": {"seen-impaired": {"value": "no", "said_at": "2027-01-11T15:00:00+00:00"}},
    }  # fmt: skip
    assert [(one["kind"], one["substance"], one["is_past"]) for one in mentions] == [
        ("medicine", "clopidogrel", True), ("answer", "warfarin", False),
    ]  # fmt: skip
    assert snapshot["answers"] is not facts.answers
    assert known().snapshot()["answered_on"] is None
