"""A visit the screening blocks: who may let it pass, for which rules, and what still stops it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from scheduling import services
from scheduling.choices import value_of
from scheduling.errors import ScreeningBlocks
from scheduling.models import Appointment
from screening.errors import EmergencyStands, NothingToOverride
from screening.models import Flag, GateOverride
from screening.services import clear_flag, gate, override_gate, reopen_flag
from sessions.errors import ScreeningBlocks as SessionBlocked
from sessions.services import start_session
from tests.factories import UserFactory
from tests.scheduling.factories import at
from tests.screening.factories import sent_intake
from tests.sessions.factories import raise_flag

pytestmark = pytest.mark.django_db
REASON = "Cardiologist agreed on the phone, letter follows"


@pytest.fixture
def lead(desk):
    user = UserFactory(roles=["therapist"], locations=[desk.location], is_clinical_lead=True)
    desk.patient.care_team.create(therapist=user, started_on="2026-01-01")
    return user


@pytest.fixture
def blocked(desk):
    """The desk, with a relative flag on its patient."""
    raise_flag(desk.patient, severity="relative", rule_id="CI-05")
    return desk


def counts():
    return Appointment.objects.count(), GateOverride.objects.count(), AuditEvent.objects.count()


def refused(desk, error, **asked):
    before = counts()
    with pytest.raises(error) as refusal:
        desk.book(at(9), **{"screening_reason": REASON, **asked})
    assert counts() == before
    return refusal.value


def test_the_lead_books_despite_a_flag_with_a_reason_on_record(blocked, lead):
    visit = blocked.book(at(9), by=lead, screening_reason=f" {REASON} ")
    row = GateOverride.objects.get()
    assert (row.visit_id, row.by, row.reason, row.rule_ids) == (visit.public_id, lead, REASON, ["CI-05"])
    assert visit.screening_reasons[0] == "relative_flag"
    event = AuditEvent.objects.get(action="gate.overridden")
    assert event.facts["rule_ids"] == ["CI-05"]
    assert REASON not in str(event.facts)


def test_nobody_else_does(blocked, desk):
    therapist = desk.therapist
    desk.patient.care_team.get_or_create(therapist=therapist, defaults={"started_on": "2026-01-01"})
    for by in (desk.front_desk, desk.admin, therapist):
        refused(blocked, ScreeningBlocks, by=by)


def test_an_emergency_is_never_let_pass(desk, lead):
    raise_flag(desk.patient, severity="absolute", urgency="emergency", rule_id="RF-01")
    refused(desk, EmergencyStands, by=lead)


@pytest.mark.parametrize("reason", ["   ", "x" * 501, "a\x00b"])
def test_a_reason_is_needed(blocked, lead, reason):
    assert set(refused(blocked, Invalid, by=lead, screening_reason=reason).fields) == {"screening_reason"}


def test_a_reason_nobody_asked_for_is_not_kept(desk, lead):
    desk.book(at(9), by=lead, screening_reason=REASON)
    assert not GateOverride.objects.exists()


def test_it_counts_for_that_visit_and_those_rules_only(blocked, lead):
    visit = blocked.book(at(9), by=lead, screening_reason=REASON)
    known = {"patient": visit.patient, "service": visit.service}
    passed = gate(**known, visit_id=visit.public_id)
    assert (passed.level, passed.is_overridden) == ("warn", True)
    assert gate(**known).is_blocked
    raise_flag(visit.patient, severity="relative", rule_id="CI-07")
    assert gate(**known, visit_id=visit.public_id).is_blocked
    raise_flag(visit.patient, severity="absolute", urgency="emergency", rule_id="RF-01")
    assert gate(**known, visit_id=visit.public_id).is_blocked


def answered(patient, **answers):
    """The patient sends the intake anew."""
    sent_intake(patient, **answers)


def test_a_rule_that_speaks_more_gravely_later_blocks_again(desk, lead):
    """A bleeding disorder let pass, beside something absolute; then it turns out to be severe."""
    answered(desk.patient, bleeding="yes", bleeding_severe="no", clot_now="yes")
    visit = desk.book(at(9), by=lead, screening_reason=REASON)
    known = {"patient": visit.patient, "service": visit.service, "visit_id": visit.public_id}
    assert gate(**known).is_overridden
    answered(desk.patient, bleeding="yes", bleeding_severe="yes", clot_now="yes")
    assert gate(**known).level == "block"
    services.let_visit_pass(appointment=visit, screening_reason="Haematology agreed, too", by=lead)
    assert gate(**known).is_overridden
    answered(desk.patient, bleeding="yes", bleeding_severe="no", clot_now="yes")
    assert gate(**known).is_overridden


def test_a_flag_raised_in_the_very_moment_was_there_to_be_seen(blocked, lead):
    visit = blocked.book(at(9), by=lead, screening_reason=REASON)
    known = {"patient": visit.patient, "service": visit.service, "visit_id": visit.public_id}
    Flag.objects.update(created_at=GateOverride.objects.get().created_at)
    assert gate(**known).is_overridden
    Flag.objects.update(created_at=GateOverride.objects.get().created_at + timedelta.resolution)
    assert gate(**known).level == "block"


def test_a_caution_beside_the_block_was_not_let_pass_as_a_block(desk, lead):
    answered(desk.patient, vein_past="yes", bones="yes", bones_kind="osteopenia")
    visit = desk.book(at(9), by=lead, screening_reason=REASON)
    assert GateOverride.objects.get().rule_ids == ["CI-05"]
    known = {"patient": visit.patient, "service": visit.service, "visit_id": visit.public_id}
    assert gate(**known).is_overridden
    answered(desk.patient, vein_past="yes", bones="yes", bones_kind="osteoporosis")
    assert gate(**known).level == "block"


def test_a_clearance_beside_the_block_that_falls_later_blocks_again(desk, lead):
    answered(desk.patient, bleeding="yes", bleeding_severe="no", clot_now="yes")
    cleared = Flag.objects.get(rule_id="CI-07")
    until = at(9, days=30)
    clear_flag(flag=cleared, reason="Letter", clearance_from="Dr Chen", cleared_until=until, by=lead)
    visit = desk.book(at(9), by=lead, screening_reason=REASON)
    known = {"patient": visit.patient, "service": visit.service, "visit_id": visit.public_id}
    assert gate(**known).is_overridden
    reopen_flag(flag=Flag.objects.get(pk=cleared.pk), by=lead)
    assert gate(**known).level == "block"


@pytest.mark.parametrize("severity", ["absolute", "caution"])
def test_an_emergency_that_comes_later_stops_what_was_let_pass_whatever_its_severity(blocked, lead, severity):
    visit = blocked.book(at(9), by=lead, screening_reason=REASON)
    known = {"patient": visit.patient, "service": visit.service, "visit_id": visit.public_id}
    assert gate(**known).is_overridden
    raise_flag(visit.patient, severity=severity, urgency="emergency", rule_id="RF-05")
    assert gate(**known).level == "block"


def test_a_screening_that_falls_away_later_was_not_let_pass_with_a_flag(desk, lead):
    desk.service.for_unscreened_patients = False
    desk.service.save()
    answered(desk.patient, vein_past="yes")
    visit = desk.book(at(9), by=lead, screening_reason=REASON)
    known = {"patient": visit.patient, "service": visit.service, "visit_id": visit.public_id}
    assert gate(**known).is_overridden
    raise_flag(visit.patient, severity="caution", rule_id="CI-38")  # its evaluation is not complete
    assert "not_screened" in gate(**known).reasons
    assert gate(**known).level == "block"


def test_a_clearance_known_to_run_out_before_the_visit_is_let_pass(desk, lead):
    answered(desk.patient, bleeding="yes", bleeding_severe="no")
    soon = at(9) - timedelta(days=1)
    clear_flag(flag=Flag.objects.get(), reason="Letter", clearance_from="Dr Chen", cleared_until=soon, by=lead)
    visit = desk.book(at(9), by=lead, screening_reason=REASON)
    known = {"patient": visit.patient, "service": visit.service, "visit_id": visit.public_id, "at": at(9)}
    assert gate(**known).is_overridden


def test_a_missing_screening_is_let_pass_by_name(desk, lead):
    desk.service.for_unscreened_patients = False
    desk.service.save()
    visit = desk.book(at(9), by=lead, screening_reason=REASON)
    assert GateOverride.objects.get().reasons == ["not_screened"]
    known = {"patient": visit.patient, "service": visit.service, "visit_id": visit.public_id}
    assert not gate(**known).is_blocked
    raise_flag(visit.patient, severity="relative", rule_id="CI-05")
    assert gate(**known).is_blocked


def test_the_session_of_the_visit_may_start(blocked, lead, desk):
    visit = blocked.book(at(9), by=lead, screening_reason=REASON)
    services.mark_arrived(appointment=visit, by=desk.front_desk)
    assert start_session(appointment=visit, by=lead).patient == desk.patient


def test_a_flag_raised_after_booking_is_let_pass_on_the_visit(desk, lead):
    visit = desk.book(at(9))
    raise_flag(desk.patient, severity="absolute", rule_id="CI-11")
    services.mark_arrived(appointment=visit, by=desk.front_desk)
    assert (visit.is_screening_blocked, visit.screening_reasons[0]) == (True, "absolute_flag")
    with pytest.raises(SessionBlocked):
        start_session(appointment=visit, by=lead)
    services.let_visit_pass(appointment=visit, screening_reason=REASON, by=lead)
    start_session(appointment=visit, by=lead)


def test_letting_pass_asks_who_and_whether(desk, lead, stranger):
    visit = desk.book(at(9))
    ask = {"appointment": visit, "screening_reason": REASON}
    before = counts()
    with pytest.raises(NothingToOverride):
        services.let_visit_pass(**ask, by=lead)
    raise_flag(desk.patient, severity="absolute", rule_id="CI-11")
    stranger.is_clinical_lead = True
    for by, error in ((desk.front_desk, NotAllowed), (desk.admin, NotAllowed), (stranger, NotFound)):
        with pytest.raises(error):
            services.let_visit_pass(**ask, by=by)
    assert counts() == before


def test_a_lead_who_does_not_care_for_the_patient_finds_no_such_visit(blocked, desk):
    outsider = UserFactory(roles=["therapist"], locations=[desk.location], is_clinical_lead=True)
    verdict = gate(patient=desk.patient, service=desk.service)
    before = counts()
    with pytest.raises(NotFound):
        override_gate(
            patient=desk.patient, visit_id=desk.patient.public_id, verdict=verdict, reason=REASON, by=outsider
        )
    assert counts() == before


def test_the_database_wants_a_reason(desk, lead):
    with pytest.raises(IntegrityError, match="gate_override_says_why"), transaction.atomic():
        GateOverride.objects.create(
            patient=desk.patient, visit_id=desk.patient.public_id, reasons=["absolute_flag"], reason="", by=lead
        )


def test_on_the_pages(page_of, blocked, lead):
    """The lead is asked for the reason after the refusal; on the visit's page everybody who cares sees who and why."""
    page = page_of(lead)
    wish = {
        "location": blocked.location.public_id, "service": blocked.service.public_id, "room": "",
        "therapist": blocked.therapist.public_id, "patient": blocked.patient.public_id, "on": at(9).date().isoformat(),
        "slot": value_of(at(9), blocked.therapist.public_id),
    }  # fmt: skip
    address = reverse("scheduling:book")
    asked = page.post(address, wish)
    assert asked.status_code == 422
    assert 'name="screening_reason"' in asked.content.decode()
    assert not Appointment.objects.exists()
    page.post(address, {**wish, "screening_reason": REASON})
    visit = Appointment.objects.get()
    html = page.get(reverse("scheduling:appointment", args=[visit.public_id])).content.decode()
    assert f"by {lead.full_name}: {REASON}" in html
    assert "Screening does not allow this visit" not in html
    raise_flag(blocked.patient, severity="relative", rule_id="CI-07")
    assert (
        "Rules in the way: CI-05, CI-07."
        in page.get(reverse("scheduling:appointment", args=[visit.public_id])).content.decode()
    )
    page.post(reverse("scheduling:let-pass", args=[visit.public_id]), {"screening_reason": "Both letters are here"})
    assert GateOverride.objects.count() == 2
    assert (
        "Both letters are here"
        not in page_of(blocked.front_desk)
        .get(reverse("scheduling:appointment", args=[visit.public_id]))
        .content.decode()
    )


def test_the_desk_is_told_at_check_in(page_of, desk):
    visit = desk.book(at(9))
    raise_flag(desk.patient, severity="absolute", rule_id="CI-11")
    answer = page_of(desk.front_desk).post(reverse("scheduling:arrive", args=[visit.public_id]), follow=True)
    html = answer.content.decode()
    assert "Screening does not allow the session: tell the therapist now." in html
    assert Flag.objects.get().title not in html


def test_through_the_api(api, blocked, lead):
    visit_of = {
        "patient_id": "patient",
        "therapist_id": "therapist",
        "service_id": "service",
        "location_id": "location",
    }
    body = {name: str(getattr(blocked, row).public_id) for name, row in visit_of.items()}
    body |= {"starts_at": at(9).isoformat(), "screening_reason": REASON}
    client = api(lead)
    answer = client.post("/api/v1/appointments/", body, format="json", headers={"Idempotency-Key": "a"})
    assert (answer.status_code, answer.json()["warnings"][0]) == (201, "relative_flag")
    raise_flag(blocked.patient, severity="relative", rule_id="CI-07")
    address = f"/api/v1/appointments/{answer.json()['id']}/let-pass/"
    assert client.post(address, {}, format="json").status_code == 400
    assert client.post(address, {"screening_reason": REASON}, format="json").status_code == 200
    assert api(blocked.front_desk).post(address, {"screening_reason": REASON}, format="json").status_code == 403
    assert GateOverride.objects.count() == 2
