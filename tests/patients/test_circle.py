"""Emergency contacts, care team, consents."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed
from patients.errors import AlreadyEnded, NoSuchPatient
from patients.models import CareTeamMember, Consent, EmergencyContact, Patient, consent_given
from patients.services import (
    add_emergency_contact,
    end_emergency_contact,
    join_care_team,
    leave_care_team,
    note_patient_read,
    record_consent,
)
from tests.factories import CareTeamMemberFactory, ConsentFactory, PatientFactory, UserFactory
from tests.patients.factories import EmergencyContactFactory

pytestmark = pytest.mark.django_db


@dataclass
class Link:
    """What a patient acts with; the real one lives on a higher floor."""

    patient_id: int
    actor_kind: str = "link"
    public_id: UUID = field(default_factory=uuid4)


@pytest.fixture
def patient(location):
    return PatientFactory(locations=[location])


def test_an_emergency_contact_is_added_and_removed_and_the_row_stays(patient, front_desk):
    contact = add_emergency_contact(
        patient=patient, name="Luis", phone="212 555 0123", relationship="Brother", by=front_desk
    )
    assert (contact.phone, contact.relationship) == ("+12125550123", "Brother")
    end_emergency_contact(contact=contact, by=front_desk, ended_on=date(2026, 1, 1))
    assert EmergencyContact.objects.get().ended_on == date(2026, 1, 1)
    with pytest.raises(AlreadyEnded):
        end_emergency_contact(contact=contact, by=front_desk)
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "emergency_contact.added",
        "emergency_contact.ended",
    ]


@pytest.mark.parametrize(
    ("entries", "field"), [({"name": ""}, "name"), ({"phone": ""}, "phone"), ({"phone": "1"}, "phone")]
)
def test_whom_to_call_needs_a_name_and_a_number(patient, front_desk, entries, field):
    with pytest.raises(Invalid) as refusal:
        add_emergency_contact(patient=patient, by=front_desk, **{"name": "Luis", "phone": "212 555 0123", **entries})
    assert list(refusal.value.fields) == [field]
    assert not EmergencyContact.objects.exists()
    assert not AuditEvent.objects.exists()


def test_joining_makes_the_patient_visible_and_leaving_hides_again(patient, front_desk, therapist):
    assert not Patient.objects.visible_to(therapist).exists()
    member = join_care_team(patient=patient, therapist=therapist, by=front_desk, started_on=date(2026, 1, 1))
    assert join_care_team(patient=patient, therapist=therapist, by=front_desk) == member
    assert Patient.objects.visible_to(therapist).get() == patient
    leave_care_team(member=member, by=front_desk)
    assert not Patient.objects.visible_to(therapist).exists()
    with pytest.raises(AlreadyEnded):
        leave_care_team(member=member, by=front_desk)
    again = join_care_team(patient=patient, therapist=therapist, by=front_desk)
    assert again != member
    assert CareTeamMember.objects.count() == 2
    assert AuditEvent.objects.filter(action="care_team.joined").count() == 2


def test_only_therapists_join(patient, front_desk, admin):
    with pytest.raises(Invalid):
        join_care_team(patient=patient, therapist=admin, by=front_desk)
    gone = UserFactory(roles=["therapist"], is_active=False)
    with pytest.raises(Invalid):
        join_care_team(patient=patient, therapist=gone, by=front_desk)
    assert not CareTeamMember.objects.exists()


def test_no_therapist_joins_by_their_own_hand(patient, therapist):
    with pytest.raises(NoSuchPatient):
        join_care_team(patient=patient, therapist=therapist, by=therapist)
    assert not CareTeamMember.objects.exists()


def test_the_newest_answer_of_a_kind_counts(patient, front_desk):
    assert Consent.objects.standing(patient, "email") is None
    assert not consent_given(patient, "email")
    record_consent(patient=patient, kind="email", is_given=True, by=front_desk)
    assert consent_given(patient, "email")
    assert Consent.objects.standing(patient, "sms") is None
    record_consent(patient=patient, kind="email", is_given=False, by=front_desk)
    assert Consent.objects.standing(patient, "email") is False
    assert not consent_given(patient, "email")
    assert Consent.objects.count() == 2
    assert [event.facts for event in AuditEvent.objects.order_by("id")] == [
        {"kind": "email", "is_given": True},
        {"kind": "email", "is_given": False},
    ]


def test_of_two_answers_at_one_instant_the_later_row_counts(patient):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    ConsentFactory(patient=patient, kind="email", is_given=True, recorded_at=at)
    ConsentFactory(patient=patient, kind="email", is_given=False, recorded_at=at)
    assert not consent_given(patient, "email")


def test_another_patients_consent_is_not_mine(patient):
    ConsentFactory(kind="email", is_given=True)
    assert Consent.objects.standing(patient, "email") is None


def test_a_patient_answers_by_their_own_link_only(patient):
    record_consent(patient=patient, kind="surveys", is_given=True, by=Link(patient.pk), source="intake")
    assert Consent.objects.get().source == "intake"
    with pytest.raises(NoSuchPatient):
        record_consent(patient=PatientFactory(), kind="surveys", is_given=True, by=Link(patient.pk))
    assert Consent.objects.count() == 1


def test_the_clockwork_may_record_too(patient):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert record_consent(patient=patient, kind="research", is_given=True, by=SYSTEM, at=at).recorded_at == at


def test_only_a_therapist_asks_for_and_sees_a_clinical_consent(patient, front_desk, therapist):
    patient.care_team.create(therapist=therapist, started_on=timezone.now().date())
    for by in (front_desk, Link(patient.pk)):
        with pytest.raises(NotAllowed):
            record_consent(patient=patient, kind="pelvic", is_given=True, by=by)
    assert not Consent.objects.exists()
    given = record_consent(patient=patient, kind="pelvic", is_given=True, by=therapist)
    assert list(Consent.objects.visible_to(therapist)) == [given]
    assert not Consent.objects.visible_to(front_desk).exists()


def test_a_consent_to_nothing_known_is_refused(patient, front_desk):
    with pytest.raises(Invalid) as refusal:
        record_consent(patient=patient, kind="everything", is_given=True, by=front_desk)
    assert list(refusal.value.fields) == ["kind"]
    assert not Consent.objects.exists()


@pytest.mark.parametrize("who", ["auditor", "stranger"])
def test_nobody_else_writes(who, patient, therapist, request):
    by = request.getfixturevalue(who)
    refused = NotAllowed if who == "auditor" else NoSuchPatient
    contact, member = EmergencyContactFactory(patient=patient), CareTeamMemberFactory(patient=patient)
    acts = [
        lambda: add_emergency_contact(patient=patient, name="Luis", phone="212 555 0123", by=by),
        lambda: end_emergency_contact(contact=contact, by=by),
        lambda: join_care_team(patient=patient, therapist=therapist, by=by),
        lambda: leave_care_team(member=member, by=by),
        lambda: record_consent(patient=patient, kind="email", is_given=True, by=by),
    ]
    for act in acts:
        with pytest.raises(refused):
            act()
    assert (EmergencyContact.objects.get(), CareTeamMember.objects.get()) == (contact, member)
    contact.refresh_from_db()
    member.refresh_from_db()
    assert (contact.ended_on, member.ended_on) == (None, None)
    assert not Consent.objects.exists()
    assert not AuditEvent.objects.exists()


def test_reading_leaves_one_trace_in_one_insert(patient, auditor, django_assert_num_queries):
    with django_assert_num_queries(1):
        note_patient_read(patient=patient, by=auditor, screen="session")
    event = AuditEvent.objects.get()
    assert (event.action, event.patient_id, event.facts) == ("patient.read", patient.public_id, {"screen": "session"})
