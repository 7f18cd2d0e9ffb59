from datetime import date

import pytest

from audit.models import AuditEvent
from clinic.core.errors import Changed, Invalid, NotAllowed
from patients.errors import NoSuchPatient, PossibleDuplicate, SharedAlready
from patients.models import Patient
from patients.services import edit_patient, share_patient
from tests.factories import LocationFactory
from tests.patients.factories import named

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient(location):
    return named("Ana", "López", locations=[location], phone="+12125550123")


def edit(patient, by, *, version=None, **changes):
    return edit_patient(patient=patient, changes=changes, expected_version=version, by=by)


def unchanged(patient):
    before = {field.name: getattr(patient, field.name) for field in Patient._meta.concrete_fields}
    now = Patient.objects.get(pk=patient.pk)
    return before == {name: getattr(now, name) for name in before} and not AuditEvent.objects.exists()


def test_changes_the_fields_named_and_raises_the_version(patient, front_desk):
    edited = edit(patient, front_desk, version=1, family_name="López Ruiz", phone="212 555 0199")
    edited.refresh_from_db()
    assert (edited.family_name, edited.phone, edited.version) == ("López Ruiz", "+12125550199", 2)
    assert (edited.name_key, edited.name_key_reversed) == ("lopez ruiz ana", "ana lopez ruiz")
    assert edited.given_name == "Ana"
    event = AuditEvent.objects.get()
    assert event.action == "patient.edited"
    assert event.facts == {"fields": ["family_name", "phone"], "version": 2}


def test_saying_the_same_again_is_no_change(patient, front_desk):
    assert edit(patient, front_desk, version=1, given_name=" Ana ", phone="(212) 555-0123").version == 1
    assert unchanged(patient)


def test_refuses_an_edit_of_an_older_version(patient, front_desk):
    edit(patient, front_desk, version=1, email="new@example.org")
    with pytest.raises(Changed) as refusal:
        edit(patient, front_desk, version=1, email="other@example.org")
    assert refusal.value.facts == {"current_version": 2}
    assert Patient.objects.get().email == "new@example.org"
    assert AuditEvent.objects.count() == 1


def test_without_a_version_the_caller_does_not_mind(patient, front_desk):
    Patient.objects.filter(pk=patient.pk).update(version=7)
    assert edit(patient, front_desk, email="new@example.org").version == 8


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"died_on": date(1970, 1, 1)}, "died_on"),
        ({"died_on": date(2999, 1, 1)}, "died_on"),
        ({"birth_on": date(1850, 1, 1)}, "birth_on"),
        ({"version": 9}, "version"),
        ({"name_key": "x"}, "name_key"),
        ({"old_id": "x"}, "old_id"),
    ],
)
def test_refuses_what_breaks_a_rule_or_is_not_a_field(patient, front_desk, changes, field):
    with pytest.raises(Invalid) as refusal:
        edit_patient(patient=patient, changes=changes, expected_version=None, by=front_desk)
    assert list(refusal.value.fields) == [field]
    assert unchanged(patient)


def test_auditors_do_not_edit(patient, auditor):
    with pytest.raises(NotAllowed):
        edit(patient, auditor, email="new@example.org")
    assert unchanged(patient)


def test_a_stranger_finds_no_such_patient(patient, stranger):
    with pytest.raises(NoSuchPatient):
        edit(patient, stranger, email="new@example.org")
    assert unchanged(patient)


def test_becoming_somebody_else_is_refused_with_the_candidate(patient, front_desk, location):
    other = named("Eva", "López", locations=[location])
    with pytest.raises(PossibleDuplicate) as refusal:
        edit(patient, front_desk, given_name="Eva")
    assert refusal.value.facts["candidate_ids"] == [str(other.public_id)]
    assert unchanged(patient)


def test_may_become_a_namesake_when_somebody_says_so(patient, front_desk, location):
    named("Eva", "López", locations=[location])
    edited = edit_patient(
        patient=patient, changes={"given_name": "Eva"}, expected_version=1, by=front_desk, is_another_person=True
    )
    assert edited.namesake_number == 1


def test_a_confirmed_namesake_is_not_asked_about_again(patient, front_desk, location):
    twin = named("Ana", "López", locations=[location], namesake_number=1)
    edited = edit(twin, front_desk, phone="212 555 0177")
    assert (edited.phone, edited.namesake_number) == ("+12125550177", 1)


def test_a_new_phone_that_is_a_likeness_is_asked_about(patient, front_desk, location):
    other = named("Eva", "Ruiz", locations=[location])
    with pytest.raises(PossibleDuplicate) as refusal:
        edit(other, front_desk, phone="212 555 0123")
    assert refusal.value.facts["candidate_ids"] == [str(patient.public_id)]


def test_an_administrator_shares_a_patient_with_another_location(patient, admin, location):
    elsewhere = LocationFactory()
    share_patient(patient=patient, location=elsewhere, by=admin)
    assert set(patient.locations.all()) == {location, elsewhere}
    event = AuditEvent.objects.get()
    assert (event.action, event.location_ids) == ("patient.shared", [elsewhere.public_id])


def test_sharing_twice_is_refused(patient, admin, location):
    with pytest.raises(SharedAlready):
        share_patient(patient=patient, location=location, by=admin)
    assert not AuditEvent.objects.exists()


def test_only_administrators_who_see_the_patient_share(patient, front_desk, stranger):
    elsewhere = stranger.locations.get()
    with pytest.raises(NotAllowed):
        share_patient(patient=patient, location=elsewhere, by=front_desk)
    with pytest.raises(NoSuchPatient):
        share_patient(patient=patient, location=elsewhere, by=stranger)
    assert patient.locations.count() == 1
    assert not AuditEvent.objects.exists()
