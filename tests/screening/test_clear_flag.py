"""Lifting flags: who may, what it takes, and that a refusal changes nothing."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from screening.errors import AbsoluteNotClearable, FlagAlreadyClosed, FlagNotCleared
from screening.models import Flag
from screening.services import clear_flag, gate, reopen_flag
from tests.factories import PatientFactory, UserFactory
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db

# An intake that raises one flag of the severity.
ANSWERS = {
    "absolute": {"clot_now": "yes"},
    "relative": {"vein_past": "yes"},
    "local": {"varicose": "yes", "varicose_where": ["LEG.POST"]},
    "caution": {"product_allergy": "yes", "product_allergy_which": ["oil"]},
}


def flagged(patient, severity):
    sent_intake(patient, **ANSWERS[severity])
    flag = Flag.objects.get(patient=patient)
    assert flag.severity == severity
    return flag


def refused(flag, error, **kwargs):
    before, events = Flag.objects.values().get(pk=flag.pk), AuditEvent.objects.count()
    with pytest.raises(error) as refusal:
        clear_flag(flag=flag, **kwargs)
    assert Flag.objects.values().get(pk=flag.pk) == before
    assert Flag.objects.count() == 1
    assert AuditEvent.objects.count() == events
    return refusal.value


@pytest.mark.parametrize("severity", ["local", "caution"])
def test_a_therapist_clears_with_a_reason(patient, therapist, severity):
    flag = flagged(patient, severity)
    cleared = clear_flag(flag=flag, reason="  Looked at it today  ", by=therapist)
    assert (cleared.status, cleared.reason, cleared.closed_by) == ("cleared", "Looked at it today", therapist)
    assert cleared.cleared_until is None
    event = AuditEvent.objects.get(action="flag.cleared")
    assert (event.actor_id, event.patient_id) == (therapist.public_id, patient.public_id)
    assert event.facts == {
        "rule_id": flag.rule_id,
        "severity": severity,
        "has_clearance": False,
        "has_limits": False,
        "cleared_until": None,
    }


def test_a_relative_flag_takes_a_clearance_and_an_end(patient, therapist, in_a_month):
    flag = flagged(patient, "relative")
    cleared = clear_flag(flag=flag, reason="ok", clearance_from="Dr Chen", cleared_until=in_a_month, by=therapist)
    assert (cleared.clearance_from, cleared.cleared_until) == ("Dr Chen", in_a_month)


def test_a_relative_flag_without_a_clearance_stays(patient, therapist, in_a_month):
    flag = flagged(patient, "relative")
    assert set(refused(flag, Invalid, reason="ok", by=therapist).fields) == {"clearance_from", "cleared_until"}
    problem = refused(flag, Invalid, reason="ok", clearance_from=" ", cleared_until=in_a_month, by=therapist)
    assert set(problem.fields) == {"clearance_from"}


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_a_clearance_ends_after_today_and_within_a_year(patient, therapist, days):
    flag = flagged(patient, "relative")
    until = timezone.now() + timedelta(days=days)
    problem = refused(flag, Invalid, reason="ok", clearance_from="Dr", cleared_until=until, by=therapist)
    assert set(problem.fields) == {"cleared_until"}


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001, "a\x00b"])
def test_a_reason_is_needed(patient, therapist, reason):
    flag = flagged(patient, "caution")
    assert set(refused(flag, Invalid, reason=reason, by=therapist).fields) == {"reason"}


def test_a_therapist_cannot_lift_an_absolute_flag(patient, therapist, in_a_month):
    flag = flagged(patient, "absolute")
    refused(flag, AbsoluteNotClearable, reason="ok", clearance_from="Dr Chen", cleared_until=in_a_month, by=therapist)


def test_the_clinical_lead_lifts_an_absolute_flag_with_a_letter_for_six_months(patient, lead):
    flag = flagged(patient, "absolute")
    assert set(refused(flag, Invalid, reason="ok", by=lead).fields) == {"clearance_from"}
    cleared = clear_flag(flag=flag, reason="Letter read", clearance_from="Dr Chen, haematology", by=lead)
    assert cleared.status == "cleared"
    assert cleared.cleared_until.date() == (timezone.now() + timedelta(days=183)).date()


@pytest.mark.parametrize("severity", list(ANSWERS))
@pytest.mark.parametrize("role", ["front_desk", "admin", "auditor"])
def test_no_other_role_clears_anything(patient, location, in_a_month, severity, role):
    flag = flagged(patient, severity)
    user = UserFactory(roles=[role], locations=[location], is_clinical_lead=True)
    refused(flag, NotAllowed, reason="ok", clearance_from="Dr", cleared_until=in_a_month, by=user)


def test_the_clockwork_clears_nothing(patient):
    refused(flagged(patient, "caution"), NotAllowed, reason="ok", by=SYSTEM)


def test_a_therapist_outside_the_care_team_finds_no_flag(patient, location, in_a_month):
    flag = flagged(patient, "caution")
    outsider = UserFactory(roles=["therapist"], locations=[location], is_clinical_lead=True)
    refused(flag, NotFound, reason="ok", by=outsider)


def test_a_flag_is_cleared_once(patient, therapist):
    flag = flagged(patient, "caution")
    clear_flag(flag=flag, reason="First", by=therapist)
    with pytest.raises(FlagAlreadyClosed):
        clear_flag(flag=flag, reason="Second", by=therapist)
    assert Flag.objects.get().reason == "First"
    assert AuditEvent.objects.filter(action="flag.cleared").count() == 1


def test_a_flag_no_longer_true_cannot_be_cleared(patient, therapist):
    flag = flagged(patient, "caution")
    sent_intake(patient)
    with pytest.raises(FlagAlreadyClosed):
        clear_flag(flag=flag, reason="Late", by=therapist)
    assert Flag.objects.get().status == "resolved"


def test_a_clearance_that_ran_out_is_given_anew_and_the_old_one_stays_on_record(patient, therapist, in_a_month):
    flag = flagged(patient, "relative")
    clear_flag(flag=flag, reason="Old", clearance_from="Dr Old", cleared_until=in_a_month, by=therapist)
    later = in_a_month + timedelta(days=1)
    with time_machine.travel(later):
        clear_flag(
            flag=flag, reason="New", clearance_from="Dr New", cleared_until=later + timedelta(days=30), by=therapist
        )
    rows = Flag.objects.order_by("pk").values_list("status", "reason", "clearance_from")
    assert list(rows) == [("replaced", "Old", "Dr Old"), ("cleared", "New", "Dr New")]


def test_a_cleared_flag_can_be_opened_again(patient, therapist, service):
    flag = flagged(patient, "caution")
    clear_flag(flag=flag, reason="Looked fine", by=therapist)
    assert gate(patient=patient, service=service).level == "allow"
    again = reopen_flag(flag=flag, by=therapist)
    assert (again.status, again.rule_id, again.evidence) == ("open", flag.rule_id, flag.evidence)
    assert gate(patient=patient, service=service).reasons == ("caution_flag",)
    flag.refresh_from_db()
    assert (flag.status, flag.reason) == ("replaced", "Looked fine")
    with pytest.raises(FlagNotCleared):
        reopen_flag(flag=again, by=therapist)


def test_opening_again_is_for_therapists_of_the_care_team(patient, therapist, front_desk, stranger):
    flag = flagged(patient, "caution")
    clear_flag(flag=flag, reason="Fine", by=therapist)
    with pytest.raises(NotAllowed):
        reopen_flag(flag=flag, by=front_desk)
    with pytest.raises(NotFound):
        reopen_flag(flag=flag, by=stranger)
    assert Flag.objects.get().status == "cleared"


def test_the_database_keeps_one_open_flag_per_rule_and_a_reason_for_each_clearing(patient, therapist):
    flag = flagged(patient, "caution")
    copied = {name: getattr(flag, name) for name in ("patient", "evaluation", "rule_id", "rule_version", "severity")}
    with pytest.raises(IntegrityError, match="flag_open_once_per_rule"), transaction.atomic():
        Flag.objects.create(**copied, title="x", action="x")
    with pytest.raises(IntegrityError, match="flag_clearing_needs_a_reason_and_a_person"), transaction.atomic():
        Flag.objects.filter(pk=flag.pk).update(status="cleared")


@pytest.mark.django_db(transaction=True)
def test_two_therapists_clearing_at_once_is_one_clearing():
    patient = PatientFactory()
    therapists = [UserFactory(roles=["therapist"]) for _ in range(2)]
    for one in therapists:
        patient.care_team.create(therapist=one, started_on=timezone.now().date())
    sent_intake(patient, **ANSWERS["caution"])
    flag = Flag.objects.get()
    start, outcomes = threading.Barrier(2), []

    def run(user):
        try:
            start.wait()
            clear_flag(flag=flag, reason=user.email, by=user)
            outcomes.append("cleared")
        except FlagAlreadyClosed:
            outcomes.append("too late")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[user]) for user in therapists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["cleared", "too late"]
    assert AuditEvent.objects.filter(action="flag.cleared").count() == 1
