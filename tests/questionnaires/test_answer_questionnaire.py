"""Starting, saving and sending answers; who may, and that a refusal keeps everything as it was."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from messaging.services import issue_link
from patients.models import Patient
from questionnaires.errors import AlreadySubmitted, BadDefinition, NoSuchForm, QuestionnaireRetired
from questionnaires.models import Questionnaire, QuestionnaireResponse
from questionnaires.services import save_answers, start_response, submit_response
from questionnaires.services.publishing import publish_questionnaire
from tests.factories import PatientFactory, UserFactory
from tests.questionnaires.test_form import question, when
from tests.questionnaires.test_publish_questionnaire import definition

pytestmark = pytest.mark.django_db


@pytest.fixture
def form():
    items = (
        question("a", required=True),
        question("b", required=True, enableWhen=[when("a")]),
        question("c", "open-choice", answerOption=[{"valueCoding": {"code": "x", "display": "X"}}]),
        question("d", "date"),
        question("e", "decimal"),
        question("f", "string", repeats=True),
        question("g", "boolean"),
    )
    return publish_questionnaire(definition=definition(*items), by=SYSTEM)


@pytest.fixture
def patient(form, location, therapist):
    return PatientFactory(locations=[location], care_team=[therapist])


@pytest.fixture
def response(patient):
    return start_response(patient=patient, key="check", by=SYSTEM)


def now(response):
    return QuestionnaireResponse.objects.get(pk=response.pk)


def refused(response, error, act):
    before, events = QuestionnaireResponse.objects.values().get(pk=response.pk), AuditEvent.objects.count()
    with pytest.raises(error) as refusal:
        act()
    assert QuestionnaireResponse.objects.values().get(pk=response.pk) == before
    assert AuditEvent.objects.count() == events
    return refusal.value


def test_starting_again_resumes(patient, response):
    save_answers(response=response, answers={"a": "no"}, by=SYSTEM)
    again = start_response(patient=patient, key="check", by=SYSTEM)
    assert again == response
    assert again.answers == {"a": "no"}
    assert AuditEvent.objects.filter(action="questionnaire_response.started").count() == 1


def test_after_sending_a_new_one_starts_empty(patient, response):
    save_answers(response=response, answers={"a": "no"}, by=SYSTEM)
    submit_response(response=response, by=SYSTEM)
    again = start_response(patient=patient, key="check", by=SYSTEM)
    assert again != response
    assert again.answers == {}


def test_a_newer_version_takes_over_the_answers_that_still_fit(patient, response):
    save_answers(response=response, answers={"a": "no", "f": ["one"]}, by=SYSTEM)
    publish_questionnaire(definition=definition(question("a"), question("f", "integer")), by=SYSTEM)
    again = start_response(patient=patient, key="check", by=SYSTEM)
    assert again.questionnaire.number == 2
    assert again.answers == {"a": "no"}
    assert now(response).answers == {"a": "no", "f": ["one"]}


def test_a_form_nobody_published_cannot_be_started(patient):
    with pytest.raises(NoSuchForm):
        start_response(patient=patient, key="unknown", by=SYSTEM)
    assert not QuestionnaireResponse.objects.exists()


def test_the_language_is_the_patients_unless_told(location):
    publish_questionnaire(definition=definition(), by=SYSTEM)
    patient = PatientFactory(language="es")
    assert start_response(patient=patient, key="check", by=SYSTEM).language == "es"
    other = PatientFactory(language="es")
    assert start_response(patient=other, key="check", language="en", by=SYSTEM).language == "en"
    with pytest.raises(Invalid):
        start_response(patient=PatientFactory(), key="check", language="xx", by=SYSTEM)


@pytest.mark.parametrize(
    "answers",
    [
        {"c": "x"},
        {"c": {"other": "something"}},
        {"d": "2026-11-23"},
        {"e": 1.5},
        {"e": 2},
        {"f": ["one", "two"]},
        {"g": True},
        {"g": False},
    ],
)
def test_every_type_of_answer_is_kept(response, answers):
    save_answers(response=response, answers=answers, by=SYSTEM)
    assert now(response).answers == answers


@pytest.mark.parametrize(
    "answers",
    [
        {"c": "y"},
        {"c": {"other": "a", "more": 1}},
        {"c": {"other": 5}},
        {"d": "23.11.2026"},
        {"d": "2026-13-01"},
        {"d": "0001-01-01"},
        {"d": 5},
        {"e": "1.5"},
        {"e": float("nan")},
        {"e": float("inf")},
        {"e": 10_000_000},
        {"f": "one"},
        {"f": ["one", 2]},
        {"f": ["x"] * 61},
        {"f": ["a\nb"]},
        {"g": "true"},
        {"a": 1},
        {"a": {"x": 1}},
        {"a": ["yes"]},
        {"page": "yes"},
        {"zzz": "yes"},
    ],
)
def test_an_answer_that_does_not_fit_is_refused_by_its_link_id(response, answers):
    save_answers(response=response, answers={"a": "no"}, by=SYSTEM)
    act = lambda: save_answers(response=response, answers={"a": "yes", **answers}, by=SYSTEM)  # noqa: E731
    assert list(refused(response, Invalid, act).fields) == list(answers)


def test_none_and_empty_take_an_answer_back(response):
    save_answers(response=response, answers={"a": "no", "f": ["one"]}, by=SYSTEM)
    save_answers(response=response, answers={"a": None, "f": []}, by=SYSTEM)
    assert now(response).answers == {}


def test_saving_is_audited_by_link_id_and_not_by_answer(response):
    save_answers(response=response, answers={"f": ["my secret"]}, by=SYSTEM)
    event = AuditEvent.objects.get(action="questionnaire_response.answered")
    assert event.facts == {"link_ids": ["f"]}
    save_answers(response=response, answers={"f": ["my secret"]}, by=SYSTEM)
    assert AuditEvent.objects.filter(action="questionnaire_response.answered").count() == 1


def test_sending_needs_every_question_that_is_asked(response):
    save_answers(response=response, answers={"a": "yes"}, by=SYSTEM)
    problem = refused(response, Invalid, lambda: submit_response(response=response, by=SYSTEM))
    assert problem.fields == {"b": "Please answer this question."}


def test_sending_leaves_out_answers_to_questions_not_asked(response):
    save_answers(response=response, answers={"a": "yes", "b": "yes"}, by=SYSTEM)
    save_answers(response=response, answers={"a": "no"}, by=SYSTEM)
    assert now(response).answers == {"a": "no", "b": "yes"}
    sent = submit_response(response=response, by=SYSTEM)
    assert sent.answers == {"a": "no"}
    assert sent.submitted_at is not None


def test_what_was_sent_is_frozen(response):
    save_answers(response=response, answers={"a": "no"}, by=SYSTEM)
    submit_response(response=response, by=SYSTEM)
    refused(response, AlreadySubmitted, lambda: submit_response(response=response, by=SYSTEM))
    refused(response, AlreadySubmitted, lambda: save_answers(response=response, answers={"a": "yes"}, by=SYSTEM))


def test_a_retired_version_takes_no_answers_and_loses_none(response):
    save_answers(response=response, answers={"a": "no"}, by=SYSTEM)
    Questionnaire.objects.update(status="retired")
    refused(response, QuestionnaireRetired, lambda: save_answers(response=response, answers={"a": "yes"}, by=SYSTEM))
    refused(response, QuestionnaireRetired, lambda: submit_response(response=response, by=SYSTEM))
    assert now(response).answers == {"a": "no"}


def test_the_patients_link_answers_its_own_response_only(response, patient):
    def link_to(who, target, purpose="intake"):
        expires_at = response.created_at.replace(year=response.created_at.year + 1)
        return issue_link(patient=who, purpose=purpose, target_id=target, expires_at=expires_at, by=SYSTEM)

    save_answers(response=response, answers={"a": "no"}, by=link_to(patient, response.public_id))
    other = PatientFactory()
    for stranger in (
        link_to(patient, patient.public_id),
        link_to(patient, response.public_id, purpose="visit"),
        link_to(other, response.public_id),
    ):
        act = lambda by=stranger: save_answers(response=response, answers={"a": "yes"}, by=by)  # noqa: E731
        refused(response, NotFound, act)


@pytest.mark.parametrize("role", ["front_desk", "admin", "auditor"])
def test_staff_who_write_nothing_clinical_answer_nothing(response, location, role):
    user = UserFactory(roles=[role], locations=[location])
    refused(response, NotAllowed, lambda: save_answers(response=response, answers={"a": "yes"}, by=user))
    refused(response, NotAllowed, lambda: submit_response(response=response, by=user))


def test_a_therapist_answers_for_patients_in_care_only(response, therapist, stranger):
    save_answers(response=response, answers={"a": "no"}, by=therapist)
    refused(response, NotFound, lambda: save_answers(response=response, answers={"a": "yes"}, by=stranger))
    refused(response, NotFound, lambda: start_response(patient=response.patient, key="check", by=stranger))


def test_the_desk_starts_and_an_auditor_does_not(patient, front_desk, auditor):
    with pytest.raises(NotAllowed):
        start_response(patient=patient, key="check", by=auditor)
    assert start_response(patient=patient, key="check", by=front_desk).status == "in_progress"


def race(acts):
    start, outcomes = threading.Barrier(len(acts)), []

    def run(act):
        try:
            start.wait()
            act()
            outcomes.append("done")
        except AlreadySubmitted:
            outcomes.append("too late")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_two_pages_saved_at_once_are_both_kept():
    publish_questionnaire(definition=definition(question("a"), question("b")), by=SYSTEM)
    response = start_response(patient=PatientFactory(), key="check", by=SYSTEM)
    pages = [{"a": "yes"}, {"b": "no"}]
    acts = [lambda page=page: save_answers(response=response, answers=page, by=SYSTEM) for page in pages]
    assert race(acts) == ["done", "done"]
    assert now(response).answers == {"a": "yes", "b": "no"}


@pytest.mark.django_db(transaction=True)
def test_sending_twice_at_once_is_one_sending():
    publish_questionnaire(definition=definition(question("a")), by=SYSTEM)
    response = start_response(patient=PatientFactory(), key="check", by=SYSTEM)
    assert race([lambda: submit_response(response=response, by=SYSTEM)] * 2) == ["done", "too late"]


@pytest.mark.django_db(transaction=True)
def test_starting_twice_at_once_is_one_response():
    publish_questionnaire(definition=definition(question("a")), by=SYSTEM)
    patient = PatientFactory()
    assert race([lambda: start_response(patient=patient, key="check", by=SYSTEM)] * 2) == ["done", "done"]
    assert QuestionnaireResponse.objects.count() == 1


def test_a_form_brings_answers_along_that_the_patient_may_take_back(location):
    options = [{"valueCoding": {"code": code, "display": code}, "initialSelected": code != "c"} for code in "abc"]
    items = (
        question("q", initial=[{"valueCoding": {"code": "yes"}}]),
        question("n", "integer", initial=[{"valueInteger": 3}]),
        question("l", repeats=True, answerOption=options),
        question("none"),
    )
    publish_questionnaire(definition=definition(*items), by=SYSTEM)
    patient = PatientFactory()
    response = start_response(patient=patient, key="check", by=SYSTEM)
    assert response.answers == {"q": "yes", "n": 3, "l": ["a", "b"]}
    save_answers(response=response, answers={"q": None, "n": 4}, by=SYSTEM)
    assert start_response(patient=patient, key="check", by=SYSTEM).answers == {"n": 4, "l": ["a", "b"]}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (question("q", initial=[{"valueCoding": {"code": "maybe"}}]), "Choose one of the answers offered."),
        (question("q", "integer", initial=[{"valueString": "3"}]), "Enter a whole number."),
        (question("q", "integer", initial=[{"valueInteger": 3}, {"valueInteger": 4}]), "Give one answer only."),
        (question("q", "date", initial=[{"valueDate": "2026-11"}]), "Enter a date"),
        ({"linkId": "q", "text": "Q", "type": "display", "initial": [{"valueString": "x"}]}, "Only a question"),
    ],
)
def test_an_answer_brought_along_has_to_fit(item, words):
    with pytest.raises(BadDefinition) as refusal:
        publish_questionnaire(definition=definition(item), by=SYSTEM)
    assert words in refusal.value.fields["q.initial"]
    assert not Questionnaire.objects.exists()


def test_a_birth_date_put_right_meanwhile_changes_what_must_be_answered_before_sending():
    age = {"linkId": "age", "type": "integer", "code": [{"system": "urn:clinic:prefill", "code": "age-in-years"}]}
    hidden = {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden", "valueBoolean": True}
    old = question("old", required=True, enableWhen=[when("age", ">=", answerInteger=65)])
    publish_questionnaire(definition=definition({**age, "extension": [hidden]}, question("a"), old), by=SYSTEM)
    patient = PatientFactory(birth_on=date(1990, 1, 1))
    response = start_response(patient=patient, key="check", by=SYSTEM)
    save_answers(response=response, answers={"a": "no"}, by=SYSTEM)
    Patient.objects.filter(pk=patient.pk).update(birth_on=date(1940, 1, 1))
    problem = refused(response, Invalid, lambda: submit_response(response=response, by=SYSTEM))
    assert list(problem.fields) == ["old"]
    save_answers(response=response, answers={"old": "yes"}, by=SYSTEM)
    assert submit_response(response=response, by=SYSTEM).answers["old"] == "yes"
