"""Allergies, medicines, conditions, earlier treatments and episodes."""

from datetime import date

import pytest
import time_machine

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed
from patients.errors import AlreadyEnded, NoSuchPatient
from patients.models import Allergy, Condition, EarlierTreatment, Episode, Medicine
from patients.services import (
    add_allergy,
    add_condition,
    add_earlier_treatment,
    add_medicine,
    end_allergy,
    end_condition,
    end_earlier_treatment,
    end_medicine,
    open_episode,
)
from tests.factories import ConditionFactory, EpisodeFactory, LocationFactory, MedicineFactory, PatientFactory
from tests.patients.factories import AllergyFactory, EarlierTreatmentFactory

pytestmark = pytest.mark.django_db

ADDS = {
    "allergy": (add_allergy, {"substance": "Almond oil", "category": "nut"}, Allergy),
    "medicine": (add_medicine, {"name": "Warfarin"}, Medicine),
    "condition": (add_condition, {"kind": "migraine"}, Condition),
    "earlier_treatment": (add_earlier_treatment, {"kind": "botulinum_toxin"}, EarlierTreatment),
}
ENDS = {
    "allergy": (end_allergy, AllergyFactory, "noted_on"),
    "medicine": (end_medicine, MedicineFactory, "started_on"),
    "condition": (end_condition, ConditionFactory, "onset_on"),
    "earlier_treatment": (end_earlier_treatment, EarlierTreatmentFactory, "started_on"),
}


@pytest.fixture
def patient(location, therapist):
    return PatientFactory(locations=[location], care_team=[therapist])


@pytest.mark.parametrize("noun", ADDS)
def test_a_therapist_in_care_adds_a_row_and_the_trail_names_no_clinical_word(noun, patient, therapist):
    add, entries, model = ADDS[noun]
    row = add(patient=patient, by=therapist, **entries)
    assert model.objects.get() == row
    event = AuditEvent.objects.get()
    assert (event.action, event.patient_id, event.subject_id) == (
        f"{noun}.added", patient.public_id, str(row.public_id),
    )  # fmt: skip
    assert "Warfarin" not in str(event.facts)
    assert "Almond" not in str(event.facts)


@pytest.mark.parametrize("noun", ADDS)
@pytest.mark.parametrize("role", ["front_desk", "admin", "auditor"])
def test_nobody_else_writes_clinical_rows(noun, role, patient, request):
    add, entries, model = ADDS[noun]
    with pytest.raises(NotAllowed):
        add(patient=patient, by=request.getfixturevalue(role), **entries)
    assert not model.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("noun", ADDS)
def test_a_therapist_who_does_not_care_for_the_patient_finds_none(noun, patient, stranger):
    add, entries, model = ADDS[noun]
    with pytest.raises(NoSuchPatient):
        add(patient=patient, by=stranger, **entries)
    assert not model.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("noun", "entries", "field"),
    [
        ("allergy", {"substance": ""}, "substance"),
        ("allergy", {"category": "pollen"}, "category"),
        ("allergy", {"severity": "terrible"}, "severity"),
        ("allergy", {"noted_on": date(2999, 1, 1)}, "noted_on"),
        ("medicine", {"name": " "}, "name"),
        ("medicine", {"started_on": date(2024, 2, 2), "ended_on": date(2024, 2, 1)}, "ended_on"),
        ("condition", {"kind": "flu"}, "kind"),
        ("condition", {"kind": "other"}, "text"),
        ("condition", {"kind": "cervical_pain"}, "text"),
        ("condition", {"side": "top"}, "side"),
        ("condition", {"onset_on": date(2999, 1, 1)}, "onset_on"),
        ("condition", {"chronicity": "long"}, "chronicity"),
        ("condition", {"diagnosed_by": "aunt"}, "diagnosed_by"),
        ("condition", {"kind": "chronic_low_back_pain", "code": "M54.5", "code_system": "ICD-10-CM"}, "code"),
        ("earlier_treatment", {"kind": "magic"}, "kind"),
        ("earlier_treatment", {"benefit": "great"}, "benefit"),
        ("earlier_treatment", {"ended_on": date(2999, 1, 1)}, "ended_on"),
    ],
)
def test_refuses_an_entry_that_breaks_its_rule(noun, entries, field, patient, therapist):
    add, valid, model = ADDS[noun]
    with pytest.raises(Invalid) as refusal:
        add(patient=patient, by=therapist, **{**valid, **entries})
    assert list(refusal.value.fields) == [field]
    assert not model.objects.exists()
    assert not AuditEvent.objects.exists()


@time_machine.travel("2026-11-23T15:00:00Z", tick=False)
def test_a_treated_condition_gets_the_code_valid_today_for_its_side(patient, therapist):
    back = add_condition(patient=patient, kind="chronic_low_back_pain", by=therapist)
    shoulder = add_condition(patient=patient, kind="shoulder_restriction", side="left", by=therapist)
    assert (back.code_system, back.code) == ("ICD-10-CM", "M54.50")
    assert shoulder.code == "M25.612"


def test_an_ambiguous_condition_is_never_coded(patient, therapist):
    row = add_condition(patient=patient, kind="cervical_pain", text="Pain in the neck", by=therapist)
    assert (row.code_system, row.code) == ("", "")


def test_both_shoulders_need_two_codes_so_none_is_guessed(patient, therapist):
    assert add_condition(patient=patient, kind="shoulder_restriction", side="both", by=therapist).code == ""


def test_a_retired_code_stands_for_a_problem_of_its_time(patient, therapist):
    row = add_condition(
        patient=patient, kind="chronic_low_back_pain", onset_on=date(2019, 3, 1), code="M54.5",
        code_system="ICD-10-CM", by=therapist,
    )  # fmt: skip
    assert row.code == "M54.5"


@pytest.mark.parametrize("noun", ENDS)
def test_ending_a_row_keeps_it_with_its_last_day(noun, patient, therapist):
    end, factory, _ = ENDS[noun]
    row = factory(patient=patient)
    end(**{noun: row}, by=therapist, ended_on=date(2026, 1, 31))
    row.refresh_from_db()
    assert row.ended_on == date(2026, 1, 31)
    assert AuditEvent.objects.get().action == f"{noun}.ended"


@pytest.mark.parametrize("noun", ENDS)
def test_a_row_ends_once_not_ahead_and_not_before_it_started(noun, patient, therapist):
    end, factory, start = ENDS[noun]
    row = factory(patient=patient, **{start: date(2025, 6, 1)})
    for day in (date(2999, 1, 1), date(2025, 5, 31)):
        with pytest.raises(Invalid) as refusal:
            end(**{noun: row}, by=therapist, ended_on=day)
        assert list(refusal.value.fields) == ["ended_on"]
    row.refresh_from_db()
    assert row.ended_on is None
    assert not AuditEvent.objects.exists()
    end(**{noun: row}, by=therapist)
    with pytest.raises(AlreadyEnded):
        end(**{noun: row}, by=therapist)
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize("noun", ENDS)
def test_nobody_ends_what_they_may_not_see_or_write(noun, patient, stranger, front_desk):
    end, factory, _ = ENDS[noun]
    row = factory(patient=patient)
    with pytest.raises(NoSuchPatient):
        end(**{noun: row}, by=stranger)
    with pytest.raises(NotAllowed):
        end(**{noun: row}, by=front_desk)
    row.refresh_from_db()
    assert row.ended_on is None
    assert not AuditEvent.objects.exists()


@time_machine.travel("2027-01-12T02:30:00Z", tick=False)
def test_today_is_where_the_patient_is_treated(therapist):
    auckland = LocationFactory(timezone="Pacific/Auckland")
    medicine = MedicineFactory(patient=PatientFactory(locations=[auckland], care_team=[therapist]))
    assert end_medicine(medicine=medicine, by=therapist).ended_on == date(2027, 1, 12)
    york = MedicineFactory(patient=PatientFactory(locations=[LocationFactory()], care_team=[therapist]))
    assert end_medicine(medicine=york, by=therapist).ended_on == date(2027, 1, 11)


def test_an_imported_end_that_lies_ahead_can_be_brought_forward(patient, therapist):
    medicine = MedicineFactory(patient=patient, ended_on=date(2999, 1, 1))
    assert end_medicine(medicine=medicine, by=therapist, ended_on=date(2026, 1, 1)).ended_on == date(2026, 1, 1)


def test_an_episode_is_opened_once_per_condition(patient, therapist):
    neck, back = ConditionFactory(patient=patient), ConditionFactory(patient=patient)
    first = open_episode(patient=patient, condition=neck, by=therapist)
    assert open_episode(patient=patient, condition=neck, by=therapist) == first
    assert open_episode(patient=patient, condition=back, by=therapist) != first
    assert Episode.objects.count() == 2
    assert AuditEvent.objects.filter(action="episode.opened").count() == 2


def test_without_a_condition_the_newest_open_episode_goes_on(patient, therapist):
    EpisodeFactory(patient=patient, opened_on=date(2026, 1, 1), condition=ConditionFactory(patient=patient))
    newest = EpisodeFactory(patient=patient, opened_on=date(2026, 6, 1), condition=ConditionFactory(patient=patient))
    EpisodeFactory(
        patient=patient, opened_on=date(2026, 7, 1), closed_on=date(2026, 8, 1),
        condition=ConditionFactory(patient=patient),
    )  # fmt: skip
    assert open_episode(patient=patient, by=therapist) == newest
    assert not AuditEvent.objects.exists()


def test_an_episode_is_of_the_patients_own_condition(patient, therapist):
    with pytest.raises(Invalid):
        open_episode(patient=patient, condition=ConditionFactory(), by=therapist)
    assert not Episode.objects.exists()


def test_only_therapists_of_the_patient_open_episodes(patient, front_desk, stranger):
    with pytest.raises(NotAllowed):
        open_episode(patient=patient, by=front_desk)
    with pytest.raises(NoSuchPatient):
        open_episode(patient=patient, by=stranger)
    assert not Episode.objects.exists()
