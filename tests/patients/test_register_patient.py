from datetime import date, timedelta

import pytest
import time_machine

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from patients.errors import PossibleDuplicate
from patients.models import CareTeamMember, Patient
from patients.services import register_patient
from tests.factories import LocationFactory, UserFactory
from tests.patients.factories import named

pytestmark = pytest.mark.django_db


def register(by, location, **entries):
    return register_patient(
        **{
            "given_name": "Ana",
            "family_name": "López",
            "birth_on": date(1980, 5, 17),
            "location": location,
            "by": by,
            **entries,
        }
    )


def nothing_happened(patients=0):
    return Patient.objects.count() == patients and not AuditEvent.objects.exists()


def test_keeps_what_was_entered_in_one_spelling_and_leaves_a_trace(location, front_desk):
    patient = register(
        front_desk,
        location,
        given_name="  Ana  María ",
        phone="(212) 555-0123",
        email=" ana@example.org ",
        sex="female",
    )
    patient.refresh_from_db()
    assert (patient.given_name, patient.family_name) == ("Ana María", "López")
    assert (patient.name_key, patient.name_key_reversed) == ("lopez ana maria", "ana maria lopez")
    assert (patient.phone, patient.email, patient.sex) == ("+12125550123", "ana@example.org", "female")
    assert (patient.version, patient.namesake_number) == (1, 0)
    assert list(patient.locations.all()) == [location]
    event = AuditEvent.objects.get()
    assert (event.action, event.patient_id, event.actor_id) == (
        "patient.registered", patient.public_id, front_desk.public_id,
    )  # fmt: skip
    assert event.facts == {}


def test_a_phone_without_country_code_belongs_to_the_locations_country(front_desk):
    madrid = LocationFactory(country="ES", timezone="Europe/Madrid")
    front_desk.locations.add(madrid)
    assert register(front_desk, madrid, phone="612 345 678").phone == "+34612345678"


def test_a_therapist_who_registers_takes_the_patient_into_care(location, therapist):
    patient = register(therapist, location)
    assert Patient.objects.visible_to(therapist).get() == patient
    assert CareTeamMember.objects.get().therapist == therapist
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "patient.registered",
        "care_team.joined",
    ]


def test_the_desk_registers_without_taking_anybody_into_care(location, front_desk):
    register(front_desk, location)
    assert not CareTeamMember.objects.exists()


def test_the_clockwork_registers_anywhere(location):
    assert register(SYSTEM, location).pk


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({"given_name": "  "}, "given_name"),
        ({"given_name": "***"}, "given_name"),
        ({"family_name": "x" * 81}, "family_name"),
        ({"family_name": "Ab\x00c"}, "family_name"),
        ({"family_name": "Ab\u202ec"}, "family_name"),
        ({"birth_on": date(1899, 12, 31)}, "birth_on"),
        ({"birth_on": date(2999, 1, 1)}, "birth_on"),
        ({"email": "ana@"}, "email"),
        ({"email": "ana@\ud800x.org"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"phone": "call me"}, "phone"),
        ({"phone": "212 555 0123 ext. 5"}, "phone"),
        ({"sex": "f"}, "sex"),
        ({"language": "de"}, "language"),
        ({"channel": "fax"}, "channel"),
        ({"address": "x" * 201}, "address"),
        ({"postal_code": "x" * 13}, "postal_code"),
    ],
)
def test_refuses_an_entry_that_breaks_its_rule(location, front_desk, entries, field):
    with pytest.raises(Invalid) as refusal:
        register(front_desk, location, **entries)
    assert list(refusal.value.fields) == [field]
    assert nothing_happened()


def test_names_every_field_that_breaks_its_rule_at_once(location, front_desk):
    with pytest.raises(Invalid) as refusal:
        register(front_desk, location, given_name="", phone="1", email="x")
    assert set(refusal.value.fields) == {"given_name", "phone", "email"}


@time_machine.travel("2027-01-12T02:30:00Z", tick=False)
def test_today_is_the_locations_today(location, front_desk):
    # Half past nine in the evening of the 11th in New York.
    with pytest.raises(Invalid) as refusal:
        register(front_desk, location, birth_on=date(2027, 1, 12))
    assert refusal.value.fields == {"birth_on": "This date is in the future."}
    assert register(front_desk, location, birth_on=date(2027, 1, 11)).pk


def test_auditors_do_not_register(location, auditor):
    with pytest.raises(NotAllowed):
        register(auditor, location)
    assert nothing_happened()


def test_nobody_registers_at_a_location_they_do_not_work_at(location, stranger):
    with pytest.raises(NotFound):
        register(stranger, location)
    assert nothing_happened()


def test_the_same_name_and_birth_date_is_a_possible_duplicate_in_any_spelling(location, front_desk):
    known = named("Ana", "Lopez", locations=[location])
    with pytest.raises(PossibleDuplicate) as refusal:
        register(front_desk, location, given_name="ANA", family_name="López")
    assert refusal.value.facts == {"candidate_ids": [str(known.public_id)], "is_elsewhere": False}
    assert nothing_happened(1)


def test_given_and_family_name_swapped_is_a_possible_duplicate(location, front_desk):
    known = named("Lopez", "Ana", locations=[location])
    with pytest.raises(PossibleDuplicate) as refusal:
        register(front_desk, location)
    assert refusal.value.facts["candidate_ids"] == [str(known.public_id)]


def test_the_same_phone_and_birth_date_is_a_possible_duplicate(location, front_desk):
    known = named("Anna", "Gomez", locations=[location], phone="+12125550123")
    with pytest.raises(PossibleDuplicate) as refusal:
        register(front_desk, location, phone="212-555-0123")
    assert refusal.value.facts["candidate_ids"] == [str(known.public_id)]


@pytest.mark.parametrize("born", [date(1980, 5, 18), date(1981, 5, 17)])
def test_another_birth_date_is_another_person(location, front_desk, born):
    named("Ana", "López", locations=[location], phone="+12125550123")
    assert register(front_desk, location, birth_on=born, phone="212-555-0123").pk


def test_two_people_may_share_name_and_birth_date_once_somebody_says_so(location, front_desk):
    named("Ana", "López", locations=[location])
    second = register(front_desk, location, is_another_person=True)
    third = register(front_desk, location, is_another_person=True)
    assert (second.namesake_number, third.namesake_number) == (1, 2)


def test_a_candidate_of_another_location_is_not_named(location, front_desk):
    hidden = named("Ana", "López", locations=[LocationFactory()])
    with pytest.raises(PossibleDuplicate) as refusal:
        register(front_desk, location)
    assert refusal.value.facts == {"candidate_ids": [], "is_elsewhere": True}
    assert str(hidden.public_id) not in refusal.value.text
    assert "administrator" in refusal.value.text
    assert nothing_happened(1)
    assert register(front_desk, location, is_another_person=True).namesake_number == 1


def test_a_merely_similar_patient_of_another_location_is_not_even_hinted_at(location, front_desk):
    named("Lopez", "Ana", locations=[LocationFactory()])
    named("Anna", "Gomez", locations=[LocationFactory()], phone="+12125550123")
    assert register(front_desk, location, phone="212-555-0123").pk


def test_a_therapist_sees_only_candidates_in_care(location, therapist):
    named("Ana", "López", locations=[location])
    with pytest.raises(PossibleDuplicate) as refusal:
        register(therapist, location)
    assert refusal.value.facts == {"candidate_ids": [], "is_elsewhere": True}


def test_an_old_id_of_a_source_is_taken_once(location, front_desk):
    register(front_desk, location, source="old-system", old_id="7")
    with pytest.raises(Invalid) as refusal:
        register(front_desk, location, given_name="Eva", source="old-system", old_id="7")
    assert list(refusal.value.fields) == ["old_id"]
    assert Patient.objects.count() == 1


def test_born_today_is_allowed_and_tomorrow_is_not(location, front_desk):
    with time_machine.travel("2027-06-01T15:00:00Z", tick=False):
        today = date(2027, 6, 1)
        register(front_desk, location, birth_on=today)
        with pytest.raises(Invalid):
            register(front_desk, location, birth_on=today + timedelta(days=1))


def test_a_disabled_account_does_nothing(location):
    gone = UserFactory(roles=["front_desk"], locations=[location], is_active=False)
    with pytest.raises(NotAllowed):
        register(gone, location)
    assert nothing_happened()
