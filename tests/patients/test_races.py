"""Two at once: the locks each act takes."""

import threading
from datetime import date

import pytest
from django.db import connection, connections

from audit.actors import SYSTEM
from clinic.core.errors import Changed, ClinicError
from patients.errors import PossibleDuplicate
from patients.imports import run_import
from patients.models import CareTeamMember, Episode, Medicine, Patient
from patients.services import edit_patient, join_care_team, open_episode, register, register_patient
from tests.factories import LocationFactory, PatientFactory, UserFactory
from tests.patients.factories import csv_file, named

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """Run the acts in threads that start together; their results or refusals, sorted by kind."""
    gate = threading.Barrier(len(acts))
    outcomes = []

    def run(act):
        try:
            gate.wait(timeout=10)
            outcomes.append(act())
        except ClinicError as refusal:
            outcomes.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(outcomes) == len(acts)
    return outcomes


def codes(outcomes):
    return sorted(
        getattr(outcome, "code", "done") if isinstance(outcome, ClinicError) else "done" for outcome in outcomes
    )


def test_the_same_person_registered_twice_at_once_is_registered_once():
    location = LocationFactory()
    desks = [UserFactory(roles=["front_desk"], locations=[location]) for _ in range(4)]

    def register(desk):
        return lambda: register_patient(
            given_name="Ana", family_name="López", birth_on=date(1980, 5, 17), location=location, by=desk
        )

    assert codes(at_once(*map(register, desks))) == ["done", *["possible_duplicate"] * 3]
    assert Patient.objects.count() == 1


def test_a_swapped_name_at_the_same_time_is_caught_too():
    location = LocationFactory()
    desk = UserFactory(roles=["front_desk"], locations=[location])

    def register(given, family):
        return lambda: register_patient(
            given_name=given, family_name=family, birth_on=date(1980, 5, 17), location=location, by=desk
        )

    assert codes(at_once(register("Ana", "Lopez"), register("Lopez", "Ana"))) == ["done", "possible_duplicate"]
    assert Patient.objects.count() == 1


def test_confirmed_namesakes_at_once_get_different_numbers():
    location = LocationFactory()
    desk = UserFactory(roles=["front_desk"], locations=[location])

    def register():
        return register_patient(
            given_name="Ana", family_name="López", birth_on=date(1980, 5, 17), location=location, by=desk,
            is_another_person=True,
        )  # fmt: skip

    assert codes(at_once(register, register, register)) == ["done"] * 3
    assert sorted(Patient.objects.values_list("namesake_number", flat=True)) == [0, 1, 2]


def test_of_two_edits_of_one_version_one_is_told():
    location = LocationFactory()
    desk = UserFactory(roles=["front_desk"], locations=[location])
    patient = named("Ana", "López", locations=[location])

    def edit(email):
        return lambda: edit_patient(patient=patient, changes={"email": email}, expected_version=1, by=desk)

    outcomes = at_once(edit("one@example.org"), edit("two@example.org"))
    assert codes(outcomes) == [Changed.code, "done"]
    saved = next(outcome for outcome in outcomes if isinstance(outcome, Patient))
    patient.refresh_from_db()
    assert (patient.email, patient.version) == (saved.email, 2)


def test_joining_the_care_team_twice_at_once_is_one_membership():
    location = LocationFactory()
    desk, therapist = (UserFactory(roles=[role], locations=[location]) for role in ("front_desk", "therapist"))
    patient = PatientFactory(locations=[location])

    def join():
        return join_care_team(patient=patient, therapist=therapist, by=desk)

    assert codes(at_once(join, join, join)) == ["done"] * 3
    assert CareTeamMember.objects.count() == 1


def test_opening_an_episode_twice_at_once_is_one_episode():
    therapist = UserFactory(roles=["therapist"])
    patient = PatientFactory(care_team=[therapist])

    def start():
        return open_episode(patient=patient, by=therapist)

    assert codes(at_once(start, start, start)) == ["done"] * 3
    assert Episode.objects.count() == 1


def test_the_same_file_imported_twice_at_once_is_imported_once():
    location = LocationFactory()
    PatientFactory(source="old", old_id="1", locations=[location])

    def bring_in():
        file = csv_file("patient_old_id,name,started_on", "1,Paracetamol,2024-01-01", "1,Warfarin,2024-01-01")
        return run_import(file=file, kind="medicines", source="old", location=location, is_dry_run=False, by=SYSTEM)

    outcomes = at_once(bring_in, bring_in)
    assert sorted((batch.created_count, batch.unchanged_count) for batch in outcomes) == [(0, 2), (2, 0)]
    assert Medicine.objects.count() == 2


def test_an_import_between_a_registrations_questions_is_noticed(monkeypatch):
    location = LocationFactory()
    desk = UserFactory(roles=["front_desk"], locations=[location])
    ask = register.refuse_duplicates

    def bring_in():
        file = csv_file("old_id,given_name,family_name,birth_on", "1,Ana,López,1980-05-17")
        run_import(file=file, kind="patients", source="old", location=location, is_dry_run=False, by=SYSTEM)
        connections.close_all()

    def asked_and_then_imported(*args, **kwargs):
        ask(*args, **kwargs)
        importing = threading.Thread(target=bring_in)
        importing.start()
        importing.join()

    monkeypatch.setattr(register, "refuse_duplicates", asked_and_then_imported)
    with pytest.raises(PossibleDuplicate):
        register_patient(given_name="Ana", family_name="López", birth_on=date(1980, 5, 17), location=location, by=desk)
    assert Patient.objects.count() == 1


def test_a_registration_and_an_import_of_the_same_person_never_make_two():
    location = LocationFactory()
    desk = UserFactory(roles=["front_desk"], locations=[location])

    def bring_in():
        file = csv_file("old_id,given_name,family_name,birth_on", "1,Ana,López,1980-05-17")
        return run_import(file=file, kind="patients", source="old", location=location, is_dry_run=False, by=SYSTEM)

    def register():
        return register_patient(
            given_name="Ana", family_name="López", birth_on=date(1980, 5, 17), location=location, by=desk
        )

    at_once(bring_in, register)
    assert Patient.objects.count() == 1
