"""The patient's intake by signed link, as a browser goes through it: both languages, left and resumed, sent once."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.actors import SYSTEM
from audit.models import AuditEvent
from messaging.services import link_url
from patients.models import consent_given
from questionnaires.models import Questionnaire, QuestionnaireResponse
from screening.models import Evaluation, Flag, Light
from screening.services import lights, request_intake, screen
from tests.factories import MedicineFactory, PatientFactory
from tests.screening.factories import CALM, STRONG

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(intake_form):
    return intake_form


@pytest.fixture
def link(form, patient, therapist):
    return request_intake(patient=patient, by=therapist)


@pytest.fixture
def phone(client, link, patient):
    """A browser that came in by the link and told the birth date."""
    return enter(client, link, patient)


def enter(client, link, patient):
    address = link_url(link).split("localhost:8000")[-1]
    answer = client.post(address, {"birth_on": patient.birth_on.isoformat()})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("screening:intake")
    return client


def page_at(phone):
    """The page the patient is led to."""
    return phone.get(reverse("screening:intake"))["Location"]


def fill(phone, form, response, changes=(), *, upto=None):
    """Answer page after page until the review, or until a page of this name."""
    wanted = {**CALM, **STRONG, **dict(changes)}
    for _ in range(40):
        address = page_at(phone)
        if address == reverse("screening:intake-review") or address.endswith(f"/{upto}/"):
            return address
        name = address.rstrip("/").rsplit("/", 1)[-1]
        page = next(page for page in form.pages if page.link_id == name)
        posted = {item.link_id: wanted[item.link_id] for item in page.items if item.link_id in wanted}
        answer = phone.post(address, posted)
        assert answer.status_code == 302, answer.context["form"].errors
    raise AssertionError("The intake has no end.")


def stored(link):
    return QuestionnaireResponse.objects.get(public_id=link.target_id)


def test_a_whole_intake_is_filled_in_and_screens_the_patient(phone, form, link, patient):
    fill(phone, form, stored(link))
    assert "Send my answers" in phone.get(reverse("screening:intake-review")).content.decode()
    answer = phone.post(reverse("screening:intake-send"))
    assert answer["Location"] == reverse("screening:intake-done")
    assert "Thank you" in phone.get(answer["Location"]).content.decode()
    response = stored(link)
    assert response.status == "submitted"
    assert response.answers["pain-where"] == ["SHOULDER.TOP"]
    assert response.answers["pain-now"] == 6
    assert lights([patient.pk]) == {patient.pk: Light.GREEN}
    evaluation = Evaluation.objects.get()
    assert (evaluation.cause, evaluation.actor_kind, evaluation.actor_id) == ("intake", "link", link.public_id)
    assert consent_given(patient, "treatment")
    assert consent_given(patient, "surveys")


def test_the_intake_leaves_and_resumes_where_it_was_left(phone, form, link, patient, client):
    left_at = fill(phone, form, stored(link), upto="signs-body")
    assert left_at == reverse("screening:intake-page", args=["signs-body"])
    phone.cookies.clear()
    assert phone.get(reverse("screening:intake")).status_code == 404
    enter(client, link, patient)
    assert page_at(client) == left_at
    first = client.get(reverse("screening:intake-page", args=["where"])).content.decode()
    assert re.search(r'value="SHOULDER.TOP"[^>]*checked', first)


def test_the_intake_is_spanish_for_a_patient_who_reads_spanish(form, client, therapist, location):
    patient = PatientFactory(locations=[location], care_team=[therapist], language="es")
    link = request_intake(patient=patient, by=therapist)
    enter(client, link, patient)
    page = client.get(page_at(client)).content.decode()
    assert '<html lang="es"' in page
    assert "Dónde le duele" in page
    assert "Parte alta del hombro" in page
    assert "Where it hurts" not in page
    fill(client, form, stored(link), {"breath": "yes"})
    review = client.get(reverse("screening:intake-review")).content.decode()
    assert "¿Falta de aire repentina" in review
    assert "Llame al número de emergencias" in review
    client.post(reverse("screening:intake-send"))
    assert stored(link).language == "es"
    assert "Llame al número de emergencias" in client.get(reverse("screening:intake-done")).content.decode()


def test_the_language_can_be_switched_on_any_page(phone, form, link):
    address = page_at(phone)
    answer = phone.post(reverse("screening:intake-language"), {"language": "es", "next": address})
    assert answer["Location"] == address
    assert "Dónde le duele" in phone.get(address).content.decode()
    phone.post(reverse("screening:intake-language"), {"language": "en", "next": address})
    assert "Where it hurts" in phone.get(address).content.decode()


@pytest.mark.parametrize(("language", "back"), [("xx", "/p/intake/"), ("es", "https://evil.example/")])
def test_the_language_switch_knows_its_languages_and_leads_nowhere_else(phone, language, back):
    answer = phone.post(reverse("screening:intake-language"), {"language": language, "next": back})
    assert answer["Location"] == reverse("screening:intake")
    if language == "xx":
        assert "django_language" not in answer.cookies


def test_progress_back_and_one_page_per_group(phone, form, link, patient):
    second = phone.post(page_at(phone), {k: CALM[k] for k in ("pain-where", "pain-side", "pain-now", "pain-since")})
    page = phone.get(second["Location"])
    assert (page.context["number"], page.context["total"]) == (2, 10)
    assert page.context["back"] == reverse("screening:intake-page", args=["where"])
    assert "2 of 10" in page.content.decode()


def test_frailty_is_a_page_of_its_own_from_65(form, client, therapist, location):
    patient = PatientFactory(locations=[location], care_team=[therapist], birth_on=timezone.now().date().replace(1950))
    link = request_intake(patient=patient, by=therapist)
    enter(client, link, patient)
    assert client.get(page_at(client)).context["total"] == 11
    fill(client, form, stored(link), dict.fromkeys(("frail-tired", "frail-stairs", "frail-walking"), "yes"))
    client.post(reverse("screening:intake-send"))
    assert Flag.objects.get().rule_id == "CI-08"
    assert Flag.objects.get().severity == "relative"


def test_a_required_question_left_open_stays_on_its_page_and_the_rest_is_kept(phone, link):
    address = page_at(phone)
    answer = phone.post(address, {"pain-where": ["HIP.LAT"], "pain-now": "7"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"pain-side", "pain-since"}
    assert "Please answer this question." in answer.content.decode()
    assert stored(link).answers["pain-where"] == ["HIP.LAT"]
    assert stored(link).answers["pain-now"] == 7


@pytest.mark.parametrize(
    ("posted", "wrong"),
    [
        ({"pain-now": "11"}, "pain-now"),
        ({"pain-now": "six"}, "pain-now"),
        ({"pain-now": "6.5"}, "pain-now"),
        ({"pain-side": "behind"}, "pain-side"),
        ({"pain-where": ["MOON"]}, "pain-where"),
        ({"pain-quality": ["aching", "moon"]}, "pain-quality"),
    ],
)
def test_an_answer_that_does_not_fit_is_named_and_loses_nothing(phone, link, posted, wrong):
    address = page_at(phone)
    phone.post(address, {"pain-where": ["HIP.LAT"], "pain-now": "7"})
    before, events = stored(link).answers, AuditEvent.objects.count()
    good = {name: CALM[name] for name in ("pain-where", "pain-side", "pain-now", "pain-since")}
    answer = phone.post(address, {**good, **posted})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {wrong}
    assert stored(link).answers == before
    assert AuditEvent.objects.count() == events


def test_an_answer_of_five_megabytes_is_refused(phone, form, link):
    fill(phone, form, stored(link), upto="consent")
    address = reverse("screening:intake-page", args=["consent"])
    answer = phone.post(address, {"touch-notes": "x" * 5_300_000})
    assert answer.status_code == 400
    answer = phone.post(address, {"touch-notes": "x" * 5_000})
    assert answer.status_code == 422
    assert "touch-notes" not in stored(link).answers


def test_hidden_questions_cannot_be_answered_by_the_patient(phone, link):
    answer = phone.post(page_at(phone), {"patient-age": "20", "patient-sex": "male"})
    assert answer.status_code == 422
    assert stored(link).answers["patient-sex"] == "unknown"
    assert stored(link).answers["patient-age"] > 40


def test_none_of_these_stands_alone(phone, form, link):
    fill(phone, form, stored(link), upto="blood-and-veins")
    address = reverse("screening:intake-page", args=["blood-and-veins"])
    answer = phone.post(address, {"clot-risks": ["none", "oestrogen"]})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["clot-risks"]
    assert "clot-risks" not in stored(link).answers


def test_an_emergency_is_told_at_once_and_stands_for_the_clinic_although_nothing_was_sent(phone, form, link, patient):
    fill(phone, form, stored(link), upto="signs-head")
    signs = dict.fromkeys(("headache-new", "headache-alarm", "stroke-signs", "dizzy", "head-knock", "breath"), "no")
    answer = phone.post(reverse("screening:intake-page", args=["signs-head"]), {**signs, "heart": "yes"})
    page = phone.get(answer["Location"]).content.decode()
    assert "Get help now" in page
    assert "Call your local emergency number" in page
    flag = Flag.objects.get()
    assert (flag.rule_id, flag.severity, flag.urgency, flag.status) == ("RF-08", "absolute", "emergency", "open")
    assert lights([patient.pk]) == {patient.pk: Light.RED}
    evaluation = Evaluation.objects.get()
    assert (evaluation.cause, evaluation.is_complete) == ("warning_sign", False)


def test_going_back_and_forth_over_a_warning_flags_it_once(phone, form, link):
    fill(phone, form, stored(link), {"heart": "yes"}, upto="signs-body")
    address = reverse("screening:intake-page", args=["signs-head"])
    signs = {name: CALM[name] for name in ("headache-new", "headache-alarm", "stroke-signs", "dizzy", "head-knock")}
    for _ in range(2):
        assert phone.post(address, {**signs, "breath": "no", "heart": "yes"}).status_code == 302
    assert Flag.objects.count() == Evaluation.objects.count() == 1


def test_a_warning_taken_back_stays_flagged_until_the_intake_is_sent(phone, form, link):
    fill(phone, form, stored(link), {"heart": "yes"}, upto="signs-body")
    address = reverse("screening:intake-page", args=["signs-head"])
    signs = {name: CALM[name] for name in ("headache-new", "headache-alarm", "stroke-signs", "dizzy", "head-knock")}
    phone.post(address, {**signs, "breath": "no", "heart": "no"})
    assert Flag.objects.get().status == "open"
    fill(phone, form, stored(link))
    phone.post(reverse("screening:intake-send"))
    assert Flag.objects.get().status == "resolved"


def test_sending_twice_is_sending_once(phone, form, link):
    fill(phone, form, stored(link))
    for _ in range(2):
        answer = phone.post(reverse("screening:intake-send"))
        assert answer["Location"] == reverse("screening:intake-done")
    assert Evaluation.objects.count() == 1
    assert AuditEvent.objects.filter(action="questionnaire_response.submitted").count() == 1


def test_sending_with_questions_open_is_refused_and_shows_which(phone, link):
    answer = phone.post(reverse("screening:intake-send"))
    assert answer.status_code == 422
    assert "Some questions are still open" in answer.content.decode()
    assert stored(link).status == "in_progress"
    assert not Evaluation.objects.exists()


def test_after_sending_no_page_can_be_changed(phone, form, link):
    fill(phone, form, stored(link))
    phone.post(reverse("screening:intake-send"))
    before = stored(link).answers
    for name in ("where", "signs-head"):
        answer = phone.post(reverse("screening:intake-page", args=[name]), {"heart": "yes", "pain-now": "1"})
        assert answer["Location"] == reverse("screening:intake-done")
    assert phone.get(reverse("screening:intake-review"))["Location"] == reverse("screening:intake-done")
    assert stored(link).answers == before


def test_a_replaced_form_keeps_the_answers_and_says_so(phone, form, link):
    fill(phone, form, stored(link), upto="story")
    before = stored(link).answers
    Questionnaire.objects.update(status="retired")
    for answer in (
        phone.get(reverse("screening:intake")),
        phone.post(reverse("screening:intake-page", args=["story"]), {"onset": "illness"}),
        phone.post(reverse("screening:intake-send")),
    ):
        assert answer.status_code == 409
        assert "This form was replaced" in answer.content.decode()
    assert stored(link).answers == before


@pytest.mark.parametrize("name", ["strength", "no-such-page", "patient-age"])
def test_a_page_that_is_not_asked_does_not_exist(phone, name):
    assert phone.get(reverse("screening:intake-page", args=[name])).status_code == 404


@pytest.mark.parametrize("name", ["intake", "intake-review", "intake-done"])
def test_nothing_opens_without_the_link(client, name):
    assert client.get(reverse(f"screening:{name}")).status_code == 404
    assert client.post(reverse("screening:intake-send")).status_code == 404


def test_a_newer_link_kills_the_older_one_and_keeps_the_answers(phone, form, link, therapist):
    fill(phone, form, stored(link), upto="signs-head")
    newer = request_intake(patient=link.patient, by=therapist)
    assert newer.target_id == link.target_id
    assert phone.get(reverse("screening:intake")).status_code == 404
    enter(phone, newer, link.patient)
    assert page_at(phone) == reverse("screening:intake-page", args=["signs-head"])


def test_the_evidence_is_told_honestly_and_nothing_is_called_proven(phone, form, link):
    fill(phone, form, stored(link), upto="consent")
    page = phone.get(reverse("screening:intake-page", args=["consent"])).content.decode()
    assert "Research on this treatment is limited and mixed." in page
    assert "proven" not in page.lower()


def test_follow_ups_wait_for_the_script_and_are_decided_by_the_server(phone, form, link):
    fill(phone, form, stored(link), upto="skin-and-bones")
    address = reverse("screening:intake-page", args=["skin-and-bones"])
    page = phone.get(address).content.decode()
    assert 'data-question="burn-large"' in page
    assert "data-shown-when" in page
    names = ("wound", "skin-infection", "skin-fragile", "bruise", "fracture", "bones", "surgery", "device")
    calm = dict.fromkeys(names, "no")
    answer = phone.post(address, {**calm, "wound": "yes"})
    assert set(answer.context["form"].errors) == {"wound-where", "burn-large"}
    assert phone.post(address, {**calm, "burn-large": "yes"}).status_code == 302
    assert "burn-large" not in stored(link).answers


def test_a_page_takes_the_same_few_queries_however_much_was_answered(phone, form, link, django_assert_max_num_queries):
    fill(phone, form, stored(link), upto="consent")
    with django_assert_max_num_queries(4):
        phone.get(reverse("screening:intake-page", args=["consent"]))


def test_an_unfinished_intake_only_adds_warnings_and_settles_nothing(phone, form, link, patient):
    MedicineFactory(patient=patient, name="Xarelto")
    screen(patient=patient, by=SYSTEM)
    fill(phone, form, stored(link), {"dizzy": "yes", "dizzy-new": "no", "dizzy-turning": "no", "onset": "gradual"})
    assert [flag.rule_id for flag in Flag.objects.all()] == ["CI-06a"]
    address = reverse("screening:intake-page", args=["signs-body"])
    body = {item.link_id: "no" for item in form.pages[4].items if item.link_id in CALM}
    assert phone.post(address, {**body, "tearing": "yes"}).status_code == 302
    # Neither the caution of dizziness is raised yet, nor the blood thinner settled.
    rows = Flag.objects.order_by("rule_id").values_list("rule_id", "status")
    assert list(rows) == [("CI-06a", "open"), ("RF-10", "open")]
