"""Nonsense through the real doors, the patient's link and the API: a clear answer, and nothing already said is lost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.parsers import DEEPEST
from messaging.services import issue_link, link_url
from questionnaires.models import Questionnaire, QuestionnaireResponse
from questionnaires.services import save_answers, start_response, submit_response
from questionnaires.services.publishing import publish_questionnaire
from tests.factories import PatientFactory
from tests.questionnaires.test_form import question, when
from tests.questionnaires.test_publish_questionnaire import definition

pytestmark = pytest.mark.django_db
MIN, MAX = (f"http://hl7.org/fhir/StructureDefinition/{name}Value" for name in ("min", "max"))
ITEMS = (
    question("a", required=True),
    question("b", required=True, enableWhen=[when("a")]),
    question(
        "n", "integer", extension=[{"url": MIN, "valueInteger": 0}, {"url": MAX, "valueInteger": 10}], required=True
    ),
    question("t", "text"),
    question("l", repeats=True),
    question("d", "date"),
    question("x", "decimal"),
    question("line", "string", maxLength=20),
)
GIVEN = {"a": "no", "n": 3, "t": "said before", "l": ["yes"], "d": "2026-11-23", "x": 1.5, "line": "kept"}
PAGE = {"a": "no", "n": "3", "t": "said before", "l": ["yes"], "d": "2026-11-23", "x": "1.5", "line": "kept"}
DEEP = "[" * 5000 + "]" * 5000
JUST_TOO_DEEP = "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)


@pytest.fixture
def response(location, therapist):
    publish_questionnaire(definition=definition(*ITEMS), by=SYSTEM)
    patient = PatientFactory(locations=[location], care_team=[therapist])
    started = start_response(patient=patient, key="check", by=SYSTEM)
    return save_answers(response=started, answers=GIVEN, by=SYSTEM)


@pytest.fixture
def script(therapist, api, response):
    """`script(body)` posts answers as they stand, or to another act of the response."""
    address = f"/api/v1/questionnaire-responses/{response.public_id}"

    def post(body, act="answers", **headers):
        return api(therapist).post(f"{address}/{act}/", body, content_type="application/json", **headers)

    return post


@pytest.fixture
def phone(client, response):
    """A browser that came in by the patient's link."""
    expires_at = timezone.now() + timedelta(days=1)
    link = issue_link(
        patient=response.patient, purpose="intake", target_id=response.public_id, expires_at=expires_at, by=SYSTEM
    )
    address = link_url(link).split("localhost:8000")[-1]
    assert client.post(address, {"birth_on": response.patient.birth_on.isoformat()}).status_code == 302
    return client


@pytest.fixture
def unchanged(response):
    """Call it at the end: nothing was lost, changed or noted."""

    def state():
        return QuestionnaireResponse.objects.values().get(pk=response.pk), AuditEvent.objects.filter(
            action__startswith="questionnaire_response"
        ).count()

    before = state()
    assert before[0]["answers"] == GIVEN

    def check():
        assert state() == before

    return check


WRONG = [
    ('{"zzz": "yes"}', "zzz", "There is no such question in this form."),
    ('{"page": "yes"}', "page", "There is no such question in this form."),
    ('{"a": "maybe"}', "a", "Choose one of the answers offered."),
    ('{"a": true}', "a", "Choose one of the answers offered."),
    ('{"a": ["yes"]}', "a", "Give one answer only."),
    ('{"n": "3"}', "n", "Enter a whole number."),
    ('{"n": 3.5}', "n", "Enter a whole number."),
    ('{"n": 11}', "n", "Enter a number from 0 to 10."),
    ('{"n": -1}', "n", "Enter a number from 0 to 10."),
    ('{"n": ' + "9" * 400 + "}", "n", "Enter a number from 0 to 10."),
    ('{"x": ' + "9" * 400 + "}", "x", "Enter a number from -1000000 to 1000000."),
    ('{"x": "1.5"}', "x", "Enter a number."),
    ('{"l": "yes"}', "l", "Give a list of answers."),
    ('{"l": ["yes", "yes"]}', "l", "The same answer is given twice."),
    ('{"l": [["yes"]]}', "l", "Choose one of the answers offered."),
    ('{"d": "2026-02-30"}', "d", "Enter a date such as 2026-11-23."),
    ('{"t": "a\\u0000b"}', "t", "This contains a character that cannot be stored."),
    ('{"t": "a\\ud800b"}', "t", "This contains a character that cannot be stored."),
    ('{"t": {"a": 1}}', "t", "Answer in words."),
    ('{"line": "two\\nlines"}', "line", "This contains a character that cannot be stored."),
    ('{"line": "' + "x" * 21 + '"}', "line", "At most 20 characters, please."),
    ('{"t": "' + "x" * 5_000_000 + '"}', "t", "At most 4000 characters, please."),
]


@pytest.mark.parametrize(("answers", "field", "rule"), WRONG, ids=[f"{row[1]}-{row[0][:20]}" for row in WRONG])
def test_the_api_names_the_field_and_the_rule(script, unchanged, answers, field, rule):
    answer = script(f'{{"answers": {answers}}}')
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["fields"] == {field: rule}
    unchanged()


def test_more_than_the_api_takes_is_refused_whole_and_in_words(script, unchanged):
    answer = script('{"answers": {"t": "' + "x" * 5_300_000 + '"}}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    unchanged()


def test_one_wrong_answer_keeps_the_right_ones_out_and_every_wrong_one_is_named(script, unchanged):
    answer = script('{"answers": {"a": "yes", "n": 11, "zzz": 1, "d": "x"}}')
    assert set(answer.json()["fields"]) == {"n", "zzz", "d"}
    unchanged()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f'{{"answers": {{"t": {DEEP}}}}}', "nested deeper"),
        (f'{{"answers": {{"t": {JUST_TOO_DEEP}}}}}', "nested deeper"),
        ('{"answers": {"x": 1e999}}', "answers.x"),
        ('{"answers": {"x": NaN}}', "JSON parse error"),
        ('{"answers": {"x\\ud800": 1}}', "answers.x?"),
        ('{"answers\\ud800": 1}', "answers?"),
        ('{"answers": {', "JSON parse error"),
        ('{"answers": [1]}', "answers"),
        ('{"answers": null}', "answers"),
        ("[]", "non_field_errors"),
        ("null", "non_field_errors"),
        ('{"answers": {"n": ' + "9" * 5000 + "}}", "JSON parse error"),
        ("\x00", "JSON parse error"),
    ],
    ids=lambda value: value[:24],
)
@pytest.mark.parametrize("key", ["", "once"])
def test_the_api_refuses_what_is_no_answer_at_all(script, unchanged, body, words, key):
    answer = script(body, **({"HTTP_IDEMPOTENCY_KEY": key} if key else {}))
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert words in json.dumps(answer.json())
    unchanged()


def test_a_refusal_that_quotes_half_a_character_still_arrives(therapist, api, response, unchanged):
    body = f'{{"patient_id": "{response.patient.public_id}", "language": "\\ud800"}}'
    answer = api(therapist).post("/api/v1/questionnaire-responses/", body, content_type="application/json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["language"])
    unchanged()


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"a": "maybe"}, "a"),
        ({"n": "three"}, "n"),
        ({"n": "11"}, "n"),
        ({"n": "9" * 5000}, "n"),
        ({"x": "1e999"}, "x"),
        ({"x": "nan"}, "x"),
        ({"d": "23.11.2026"}, "d"),
        ({"l": ["yes", "moon"]}, "l"),
        ({"t": "a\x00b"}, "t"),
        ({"line": "a\x00b"}, "line"),
        ({"line": "x" * 21}, "line"),
        ({"t": "x" * 4001}, "t"),
        ({"t": "x" * 4_900_000}, "t"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_the_patients_page_names_the_field_and_keeps_what_was_said(phone, unchanged, posted, field):
    answer = phone.post(reverse("screening:intake-page", args=["page"]), {**PAGE, **posted})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    unchanged()


def test_half_a_character_in_a_page_becomes_a_mark_and_nothing_breaks(phone, response):
    body = "a=no&n=3&t=half%ED%A0%80"
    address = reverse("screening:intake-page", args=["page"])
    assert phone.post(address, body, content_type="application/x-www-form-urlencoded").status_code == 302
    assert "half\ufffd" in QuestionnaireResponse.objects.get(pk=response.pk).answers["t"]


def test_more_than_any_page_holds_is_refused_whole(phone, unchanged):
    address = reverse("screening:intake-page", args=["page"])
    answer = phone.post(address, {**PAGE, "t": "x" * 5_300_000})
    assert answer.status_code == 400
    assert "Nothing of it was saved; what you saved before is kept." in answer.content.decode()
    unchanged()


def test_fields_nobody_asked_for_change_nothing(phone, response):
    phone.post(reverse("screening:intake-page", args=["page"]), {**PAGE, "zzz": "yes", "patient-age": "3"})
    assert QuestionnaireResponse.objects.get(pk=response.pk).answers == GIVEN


@pytest.mark.parametrize("page", ["gone", "A" * 300])
def test_a_page_the_form_does_not_have_does_not_exist(phone, unchanged, page):
    assert phone.post(reverse("screening:intake-page", args=[page]), PAGE).status_code == 404
    unchanged()


def test_a_version_retired_meanwhile_takes_nothing_and_loses_nothing(script, phone, unchanged):
    Questionnaire.objects.update(status="retired")
    answer = script('{"answers": {"a": "yes"}}')
    assert (answer.status_code, answer.json()["code"]) == (409, "questionnaire_retired")
    assert script("", "submit").json()["code"] == "questionnaire_retired"
    for act in (
        phone.get(reverse("screening:intake")),
        phone.post(reverse("screening:intake-page", args=["page"]), {**PAGE, "t": "new"}),
        phone.post(reverse("screening:intake-send")),
    ):
        assert act.status_code == 409
    unchanged()


def test_a_second_submit_changes_nothing(script, phone, response):
    submit_response(response=response, by=SYSTEM)
    before = QuestionnaireResponse.objects.values().get(pk=response.pk)
    again = script("", "submit")
    assert (again.status_code, again.json()["code"]) == (409, "response_already_submitted")
    assert script('{"answers": {"a": "yes"}}').status_code == 409
    assert phone.post(reverse("screening:intake-send"))["Location"] == reverse("screening:intake-done")
    assert phone.post(reverse("screening:intake-page", args=["page"]), PAGE).status_code == 302
    assert QuestionnaireResponse.objects.values().get(pk=response.pk) == before


def test_questions_that_wait_for_each_other_cannot_be_published(admin, api):
    circle = definition(
        question("a", enableWhen=[when("c")]),
        question("b", enableWhen=[when("a")]),
        question("c", enableWhen=[when("b")]),
    )
    answer = api(admin).post("/api/v1/questionnaire-drafts/", {"definition": circle}, format="json")
    assert answer.status_code == 422
    assert answer.json()["fields"] == {
        f"{link_id}.enableWhen": "This question depends on itself." for link_id in ("a", "b", "c")
    }
    assert not Questionnaire.objects.exists()


def test_a_group_that_waits_for_a_question_inside_it_cannot_be_published(admin, api):
    inside = definition(question("a"))
    inside["item"][0]["enableWhen"] = [when("a")]
    answer = api(admin).post("/api/v1/questionnaire-drafts/", {"definition": inside}, format="json")
    assert answer.json()["fields"] == {"a.enableWhen": "This question depends on itself."}


def test_a_long_chain_of_conditions_is_decided_quickly_and_an_endless_one_refused(admin, api):
    def chain(length):
        twice = [[when(f"q{n - 1}"), when(f"q{n - 1}", "!=", answerCoding={"code": "no"})] for n in range(1, length)]
        rest = [question(f"q{n + 1}", enableWhen=two, enableBehavior="all") for n, two in enumerate(twice)]
        return definition(question("q0"), *rest)

    fine = publish_questionnaire(definition=chain(60), by=SYSTEM).form()
    everything = {f"q{n}": "yes" for n in range(60)}
    assert len(fine.enabled(everything)) == 60
    answer = api(admin).post("/api/v1/questionnaire-drafts/", {"definition": chain(70)}, format="json")
    assert "depends on more than 60" in json.dumps(answer.json()["fields"])
