"""Acknowledging flags that warn: who may, that they stand as before, and that what is new was read by nobody."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from screening import evaluations
from screening.errors import FlagNoLongerStands, NotToAcknowledge
from screening.models import Flag
from screening.services import acknowledge_flag, clear_flag, gate, lights
from screening.treatment import Treatment
from tests.factories import UserFactory
from tests.screening.factories import sent_intake
from tests.screening.test_clear_flag import ANSWERS

pytestmark = pytest.mark.django_db


def flagged(patient, severity="caution"):
    sent_intake(patient, **ANSWERS[severity])
    return Flag.objects.get(patient=patient)


def refused(flag, error, **kwargs):
    before, events = Flag.objects.values().get(pk=flag.pk), AuditEvent.objects.count()
    with pytest.raises(error) as refusal:
        acknowledge_flag(flag=flag, **kwargs)
    assert Flag.objects.values().get(pk=flag.pk) == before
    assert AuditEvent.objects.count() == events
    return refusal.value


@pytest.mark.parametrize("severity", ["caution", "local"])
def test_it_is_kept_who_has_read_it_and_when(patient, therapist, severity):
    flag = flagged(patient, severity)
    read = acknowledge_flag(flag=flag, note="  No oil ", by=therapist)
    assert (read.acknowledged_by, read.acknowledged_note, read.status) == (therapist, "No oil", "open")
    assert read.acknowledged_at is not None
    event = AuditEvent.objects.get(action="flag.acknowledged")
    assert (event.actor_id, event.patient_id) == (therapist.public_id, patient.public_id)
    assert event.facts == {"rule_id": flag.rule_id}


BARRED = {
    "caution": (Treatment(region="HAND", kinds=frozenset({"lubricant"})), "lubricant_barred"),
    "local": (Treatment(region="LEG.POST"), "region_barred"),
}


@pytest.mark.parametrize("severity", ["caution", "local"])
def test_it_counts_as_before_for_the_gate_the_treatments_and_the_light(patient, therapist, service, severity):
    flag, (treatment, reason) = flagged(patient, severity), BARRED[severity]
    before = gate(patient=patient, service=service, treatments=[treatment])
    acknowledge_flag(flag=flag, by=therapist)
    after = gate(patient=patient, service=service, treatments=[treatment])
    assert after == before
    assert (after.level, after.reasons) == ("warn", (f"{severity}_flag",))
    assert [one.reason for one in after.objections] == [reason]
    assert lights([patient.pk]) == {patient.pk: "amber"}


def test_the_first_who_reads_it_is_kept(patient, therapist, lead):
    flag = flagged(patient)
    acknowledge_flag(flag=flag, note="No oil", by=therapist)
    again = acknowledge_flag(flag=flag, note="Another", by=lead)
    assert (again.acknowledged_by, again.acknowledged_note) == (therapist, "No oil")
    assert AuditEvent.objects.filter(action="flag.acknowledged").count() == 1


def test_the_same_answers_sent_again_leave_it_read(patient, therapist):
    acknowledge_flag(flag=flagged(patient), by=therapist)
    flag = flagged(patient)
    assert flag.is_acknowledged


@pytest.mark.parametrize(
    ("severity", "answers"),
    [
        ("caution", {"product_allergy": "not-sure", "product_allergy_which": ["oil"]}),
        ("local", {"varicose": "yes", "varicose_where": ["LEG.POST", "THIGH.POST"]}),
    ],
)
def test_new_answers_are_read_by_nobody_yet(patient, therapist, severity, answers):
    acknowledge_flag(flag=flagged(patient, severity), by=therapist)
    sent_intake(patient, **answers)
    assert not Flag.objects.standing().get().is_acknowledged


def test_a_new_version_of_the_rule_is_read_by_nobody_yet(patient, therapist):
    flag = flagged(patient)
    acknowledge_flag(flag=flag, by=therapist)
    Flag.objects.filter(pk=flag.pk).update(rule_version=flag.rule_version + 1)
    evaluations.run(patient, cause="requested", by=SYSTEM)
    assert not Flag.objects.standing().get().is_acknowledged
    assert Flag.objects.get(pk=flag.pk).status == "replaced"


def test_a_flag_that_stands_again_is_read_by_nobody_yet(patient, therapist):
    flag = flagged(patient)
    acknowledge_flag(flag=flag, by=therapist)
    sent_intake(patient)
    again = flagged_again(patient)
    assert again.pk != flag.pk
    assert not again.is_acknowledged


def flagged_again(patient):
    sent_intake(patient, **ANSWERS["caution"])
    return Flag.objects.standing().get(patient=patient)


@pytest.mark.parametrize("severity", ["absolute", "relative"])
def test_what_stops_a_session_is_not_settled_by_reading_it(patient, lead, severity):
    refused(flagged(patient, severity), NotToAcknowledge, by=lead)


def test_nor_is_an_emergency(patient, lead):
    sent_intake(patient, saddle_numb="yes")
    refused(Flag.objects.get(), NotToAcknowledge, by=lead)


def test_a_flag_that_does_not_stand_is_not_acknowledged(patient, therapist):
    flag = flagged(patient)
    clear_flag(flag=flag, reason="Asked", by=therapist)
    refused(flag, FlagNoLongerStands, by=therapist)


@pytest.mark.parametrize("note", ["x" * 301, "a\x00b"])
def test_a_note_has_its_bounds(patient, therapist, note):
    assert set(refused(flagged(patient), Invalid, note=note, by=therapist).fields) == {"note"}


@pytest.mark.parametrize("role", ["front_desk", "admin", "auditor"])
def test_no_other_role_acknowledges(patient, location, role):
    refused(flagged(patient), NotAllowed, by=UserFactory(roles=[role], locations=[location]))


def test_neither_the_clockwork_nor_a_stranger_does(patient, stranger):
    flag = flagged(patient)
    refused(flag, NotAllowed, by=SYSTEM)
    refused(flag, NotFound, by=stranger)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"acknowledged_note": "x"}, "flag_acknowledged_by_whom_and_when"),
        ({"acknowledged_at": "2026-01-01T00:00Z"}, "flag_acknowledged_by_whom_and_when"),
    ],
)
def test_the_database_wants_to_know_who_and_when(patient, changes, rule):
    flag = flagged(patient)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Flag.objects.filter(pk=flag.pk).update(**changes)


def test_the_database_lets_nobody_acknowledge_what_blocks(patient, therapist):
    flag = flagged(patient, "relative")
    with pytest.raises(IntegrityError, match="flag_that_blocks_is_cleared"), transaction.atomic():
        Flag.objects.filter(pk=flag.pk).update(acknowledged_at="2026-01-01T00:00Z", acknowledged_by=therapist)


def test_the_page_offers_it_once_and_says_who_has_read_it(patient, therapist, page_of):
    flag, client = flagged(patient), page_of(therapist)
    page = reverse("screening:patient", args=[patient.public_id])
    assert "Read, will keep to it" in client.get(page).content.decode()
    answer = client.post(reverse("screening:acknowledge", args=[flag.public_id]), {"note": "Dry hands only"})
    assert answer["Location"] == page
    html = client.get(page).content.decode()
    assert "Read, will keep to it" not in html
    assert f"Read by {therapist.full_name}" in html
    assert "Dry hands only" in html


def test_the_page_offers_nothing_of_the_kind_for_what_blocks_or_to_an_auditor(patient, therapist, auditor, page_of):
    flagged(patient, "relative")
    page = reverse("screening:patient", args=[patient.public_id])
    assert "Read, will keep to it" not in page_of(therapist).get(page).content.decode()
    flagged_again(patient)
    assert "Read, will keep to it" not in page_of(auditor).get(page).content.decode()


def test_a_note_too_long_changes_nothing_and_a_stranger_finds_no_flag(patient, therapist, stranger, page_of):
    address = reverse("screening:acknowledge", args=[flagged(patient).public_id])
    assert page_of(therapist).post(address, {"note": "x" * 301}).status_code == 422
    assert page_of(stranger).post(address).status_code == 404
    assert not Flag.objects.get().is_acknowledged


def test_scripts_acknowledge_too(patient, therapist, stranger, api):
    address = f"/api/v1/flags/{flagged(patient).public_id}/acknowledge/"
    assert api(stranger).post(address, {}, format="json").status_code == 404
    assert api(therapist).post(address, {"why": "x"}, format="json").status_code == 400
    assert not Flag.objects.get().is_acknowledged
    answer = api(therapist).post(address, {"note": "No oil"}, format="json")
    assert answer.status_code == 200
    assert answer.json()["acknowledged_by_id"] == str(therapist.public_id)
    assert answer.json()["acknowledged_note"] == "No oil"
