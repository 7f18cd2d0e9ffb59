"""Pages and API of unwanted effects: what they show, what they refuse, and to whom they do not exist."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from outcomes.models import Survey
from patients.models import Allergy
from sessions.models import AdverseEvent, AdverseEventSeen, EffectCheck
from sessions.services import record_adverse_event
from tests.factories import UserFactory
from tests.sessions.factories import MONDAY_NINE, draft_session, signed_session
from tests.sessions.test_adverse_events import BRUISE, FRACTURE, RASH

pytestmark = pytest.mark.django_db
API = "/api/v1/adverse-events/"


@pytest.fixture
def session(therapist, location):
    return signed_session(therapist, location)


@pytest.fixture
def event(session, therapist):
    return record_adverse_event(patient=session.patient, session=session, entries=FRACTURE, by=therapist)


@pytest.fixture
def later(therapist, location, session):
    return draft_session(therapist, location, patient=session.patient, starts_at=MONDAY_NINE + timedelta(days=7))


def new(patient, **query):
    return reverse("sessions:new-event", args=[patient.public_id], query=query)


def test_a_form_makes_an_event_and_reads_the_onset_on_the_clinics_clock(page_of, session, therapist):
    typed = {**RASH, "session": str(session.public_id), "onset_at": "2026-01-12T18:30"}
    answer = page_of(therapist).post(new(session.patient), typed)
    event = AdverseEvent.objects.get()
    assert answer.url == event.get_absolute_url()
    assert event.onset_at.isoformat() == "2026-01-12T23:30:00+00:00"  # half past six in New York
    assert event.allergy.substance == "Almond oil"


def test_a_form_that_contradicts_itself_keeps_nothing_and_says_where(page_of, session, therapist):
    answer = page_of(therapist).post(new(session.patient), {**FRACTURE, "severity": "not_adverse"})
    assert answer.status_code == 422
    assert "What is serious is at least a minor adverse event." in answer.content.decode()
    assert not AdverseEvent.objects.exists()


def test_a_follow_up_fills_the_form_in_and_counts_as_read(page_of, session, therapist):
    Survey.objects.filter(session_id=session.public_id).update(
        state="answered", pain=3, had_unexpected_effect=True, answered_at=timezone.now(), effect_text="Blue calf"
    )
    survey = Survey.objects.get()
    page = page_of(therapist)
    address = new(session.patient, survey=survey.public_id)
    assert address.replace("&", "&amp;") in page.get(reverse("sessions:my-day")).content.decode()
    form = page.get(address).context["form"]
    assert (form.initial["description"], form.initial["session"]) == ("Blue calf", str(session.public_id))
    page.post(address, {**BRUISE, "session": str(session.public_id)})
    survey.refresh_from_db()
    assert AdverseEvent.objects.get().survey == survey
    assert survey.effect_seen_at is not None


def test_the_next_visit_asks_and_no_is_one_tap(page_of, later, therapist):
    page = page_of(therapist)
    assert "Any unexpected effect after the session of" in page.get(later.get_absolute_url()).content.decode()
    answer = page.post(reverse("sessions:no-effect", args=[later.public_id]), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "No unexpected effect" in answer.content.decode()
    assert f"asked by {therapist.full_name}" in answer.content.decode()
    assert EffectCheck.objects.get().session == later


def test_yes_is_the_form_and_leads_back_to_the_session(page_of, session, later, therapist):
    page = page_of(therapist)
    address = new(session.patient, session=session.public_id, asked_in=later.public_id)
    assert address.replace("&", "&amp;") in page.get(later.get_absolute_url()).content.decode()
    answer = page.post(address, {**BRUISE, "session": str(session.public_id)})
    assert answer.url == later.get_absolute_url()
    assert "An unexpected effect was recorded" in page.get(later.get_absolute_url()).content.decode()
    assert EffectCheck.objects.get().event == AdverseEvent.objects.get()


def test_a_correction_names_the_version_that_was_read(page_of, event, therapist):
    page = page_of(therapist)
    address = reverse("sessions:correct-event", args=[event.event_id, 1])
    assert page.get(address).context["form"].initial["description"] == "Rib."
    page.post(address, {**FRACTURE, "description": "Two ribs.", "reason": "X-ray"})
    late = page.post(address, {**FRACTURE, "description": "No rib.", "reason": "Typo"})
    assert late.status_code == 412
    shown = page.get(event.get_absolute_url()).content.decode()
    assert "Two ribs." in shown
    assert "Rib." in shown
    assert "X-ray" in shown
    assert [one.description for one in AdverseEvent.objects.order_by("number")] == ["Rib.", "Two ribs."]


def test_the_alarm_stands_on_the_leads_day_without_a_clinical_word_until_they_have_looked(page_of, event, location):
    lead = UserFactory(roles=["therapist"], locations=[location], is_clinical_lead=True)
    page = page_of(lead)
    day = page.get(reverse("sessions:my-day")).content.decode()
    assert "a serious event after a treatment" in day
    assert event.patient.full_name in day
    assert "Fracture" not in day
    assert "Fracture" in page.get(event.get_absolute_url()).content.decode()
    page.post(reverse("sessions:acknowledge-event", args=[event.event_id]), {"note": "Called"})
    assert "a serious event" not in page.get(reverse("sessions:my-day")).content.decode()


def test_the_list_says_what_is_serious_and_counts_few_queries(
    page_of, session, event, therapist, django_assert_num_queries
):
    for _ in range(3):
        record_adverse_event(patient=session.patient, session=session, entries=BRUISE, by=therapist)
    page = page_of(therapist)
    page.get(reverse("sessions:events"))
    with django_assert_num_queries(3):
        everything = page.get(reverse("sessions:events"))
    assert len(everything.context["page"].events) == 4
    serious = page.get(reverse("sessions:events", query={"serious": 1, "patient": session.patient.public_id}))
    assert [one.pk for one in serious.context["page"].events] == [event.pk]


def test_the_api_reports_corrects_and_reads_every_version(api, session, therapist):
    client = api(therapist)
    asked = {**RASH, "patient_id": str(session.patient.public_id), "session_id": str(session.public_id)}
    made = client.post(API, {**asked, "onset_hours": 5}, format="json")
    assert made.status_code == 201, made.json()
    assert (made.json()["number"], made.json()["delay_hours"]) == (1, 5)
    assert made.json()["allergy_id"] == str(Allergy.objects.get().public_id)
    address = f"{API}{made.json()['id']}/"
    correction = {**BRUISE, "number": 1, "reason": "No rash"}
    assert client.post(f"{address}corrections/", correction, format="json").json()["number"] == 2
    assert client.post(f"{address}corrections/", correction, format="json").status_code == 412
    whole = client.get(address).json()
    assert [one["kind"] for one in whole["versions"]] == ["bruise", "skin_reaction"]
    assert whole["kind"] == "bruise"
    assert [one["number"] for one in client.get(API).json()["results"]] == [2]


def test_the_api_ends_an_alarm_for_a_lead(api, event, location):
    lead = UserFactory(roles=["therapist"], locations=[location], is_clinical_lead=True)
    answer = api(lead).post(f"{API}{event.event_id}/seen/", {"note": "Called"}, format="json")
    assert answer.status_code == 201
    assert AdverseEventSeen.objects.get().by == lead


def test_the_api_keeps_that_somebody_asked(api, later, therapist):
    address = f"/api/v1/sessions/{later.public_id}/effect-checks/"
    assert api(therapist).post(address, format="json").json()["had_effect"] is False
    assert [one["had_effect"] for one in api(therapist).get(address).json()["results"]] == [False]


def doors(event, later):
    patient = event.patient
    return [
        ("get", new(patient), None),
        ("post", new(patient), BRUISE),
        ("get", reverse("sessions:events", query={"patient": patient.public_id}), None),
        ("get", event.get_absolute_url(), None),
        ("get", reverse("sessions:correct-event", args=[event.event_id, 1]), None),
        ("post", reverse("sessions:correct-event", args=[event.event_id, 1]), {**BRUISE, "reason": "x"}),
        ("post", reverse("sessions:acknowledge-event", args=[event.event_id]), {"note": "x"}),
        ("post", reverse("sessions:no-effect", args=[later.public_id]), {}),
    ]


def api_doors(event, later):
    correction = {**BRUISE, "number": 1, "reason": "x"}
    return [
        ("get", f"{API}{event.event_id}/", None),
        ("post", API, {**BRUISE, "patient_id": str(event.patient.public_id)}),
        ("post", f"{API}{event.event_id}/corrections/", correction),
        ("post", f"{API}{event.event_id}/seen/", {"note": "x"}),
        ("get", f"/api/v1/sessions/{later.public_id}/effect-checks/", None),
        ("post", f"/api/v1/sessions/{later.public_id}/effect-checks/", None),
    ]


def untouched(audited):
    assert AdverseEvent.objects.count() == 1
    assert not EffectCheck.objects.exists()
    assert not AdverseEventSeen.objects.exists()
    assert AuditEvent.objects.count() == audited


def test_a_stranger_finds_nothing(page_of, api, event, later, stranger):
    audited = AuditEvent.objects.count()
    page, client = page_of(stranger), api(stranger)
    for method, address, body in doors(event, later):
        assert getattr(page, method)(address, body).status_code == 404, (method, address)
    for method, address, body in api_doors(event, later):
        assert getattr(client, method)(address, body, format="json").status_code == 404, (method, address)
    assert client.get(API).json()["results"] == []
    assert event.patient.full_name not in page.get(reverse("sessions:events")).content.decode()
    untouched(audited)


@pytest.mark.parametrize("role", ["admin", "front_desk"])
def test_the_desk_and_admins_get_nothing(page_of, api, event, later, role):
    audited = AuditEvent.objects.count()
    user = UserFactory(roles=[role], locations=[later.location])
    page, client = page_of(user), api(user)
    for method, address, body in doors(event, later):
        assert getattr(page, method)(address, body).status_code == 403, (method, address)
    for method, address, body in api_doors(event, later):
        assert getattr(client, method)(address, body, format="json").status_code in {403, 404}, (method, address)
    untouched(audited)


def test_an_auditor_reads_and_writes_nothing(page_of, api, event, later, auditor):
    page, client = page_of(auditor), api(auditor)
    assert page.get(event.get_absolute_url()).status_code == 200
    audited = AuditEvent.objects.count()
    for method, address, body in doors(event, later):
        if method == "post":
            assert page.post(address, body).status_code == 403, address
    for method, address, body in api_doors(event, later):
        if method == "post":
            assert client.post(address, body, format="json").status_code == 403, address
    untouched(audited)
