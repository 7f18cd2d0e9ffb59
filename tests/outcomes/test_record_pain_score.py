"""One score per source and moment, and who may record it."""

import threading

import pytest
from django.db import connection

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from outcomes.errors import ScoreAlreadyRecorded
from outcomes.models import PainScore
from outcomes.services import record_pain_score
from tests.factories import NINE, EpisodeFactory, LocationFactory, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


def arguments(patient, episode, by, **changes):
    usual = {"score": 6, "moment": "before", "measured_at": NINE, "source_key": "session:1"}
    return {"patient": patient, "episode": episode, "by": by, **usual, **changes}


def test_keeps_a_score_and_audits_it(patient, episode, therapist, location):
    row = record_pain_score(**arguments(patient, episode, therapist))
    assert PainScore.objects.get() == row
    assert (row.score, row.moment, row.measured_at, row.source_key) == (6, "before", NINE, "session:1")
    event = AuditEvent.objects.get()
    assert (event.action, event.patient_id) == ("pain_score.recorded", patient.public_id)
    assert event.facts == {"moment": "before", "source": "session"}
    assert event.location_ids == [location.public_id]


@pytest.mark.parametrize("score", [0, 10])
def test_both_ends_of_the_scale_are_scores(patient, episode, therapist, score):
    assert record_pain_score(**arguments(patient, episode, therapist, score=score)).score == score


def test_the_same_score_again_is_the_same_row_and_no_second_event(patient, episode, therapist):
    first = record_pain_score(**arguments(patient, episode, therapist))
    assert record_pain_score(**arguments(patient, episode, therapist)) == first
    assert PainScore.objects.count() == 1
    assert AuditEvent.objects.count() == 1


def test_another_moment_of_the_same_source_is_another_score(patient, episode, therapist):
    record_pain_score(**arguments(patient, episode, therapist))
    record_pain_score(**arguments(patient, episode, therapist, moment="after", score=3))
    assert PainScore.objects.count() == 2


def test_a_different_score_is_refused_and_the_first_one_stands(patient, episode, therapist):
    record_pain_score(**arguments(patient, episode, therapist))
    with pytest.raises(ScoreAlreadyRecorded):
        record_pain_score(**arguments(patient, episode, therapist, score=5))
    assert PainScore.objects.get().score == 6
    assert AuditEvent.objects.count() == 1


def test_another_patients_source_is_refused_without_telling_whose_it_is(patient, episode, therapist):
    record_pain_score(**arguments(patient, episode, therapist))
    other = EpisodeFactory(patient=PatientFactory(care_team=[therapist]))
    with pytest.raises(ScoreAlreadyRecorded) as refusal:
        record_pain_score(**arguments(other.patient, other, therapist))
    assert refusal.value.facts == {"pain_score_id": ""}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"score": 11}, "score"),
        ({"score": -1}, "score"),
        ({"score": 5.5}, "score"),
        ({"score": True}, "score"),
        ({"score": "5"}, "score"),
        ({"score": None}, "score"),
        ({"moment": "later"}, "moment"),
        ({"measured_at": NINE.replace(tzinfo=None)}, "measured_at"),
        ({"source_key": ""}, "source_key"),
        ({"source_key": "x" * 61}, "source_key"),
    ],
)
def test_refuses_what_breaks_a_rule_and_keeps_nothing(patient, episode, therapist, changes, field):
    with pytest.raises(Invalid) as refusal:
        record_pain_score(**arguments(patient, episode, therapist, **changes))
    assert list(refusal.value.fields) == [field]
    assert not PainScore.objects.exists()
    assert not AuditEvent.objects.exists()


def test_refuses_another_patients_episode(patient, therapist):
    with pytest.raises(Invalid):
        record_pain_score(**arguments(patient, EpisodeFactory(), therapist))
    assert not PainScore.objects.exists()


@pytest.mark.parametrize("role", ["admin", "front_desk", "auditor"])
def test_only_therapists_record(patient, episode, location, role):
    with pytest.raises(NotAllowed):
        record_pain_score(**arguments(patient, episode, UserFactory(roles=[role], locations=[location])))
    assert not PainScore.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_therapist_who_does_not_care_for_the_patient_finds_nobody(patient, episode, location):
    stranger = UserFactory(roles=["therapist"], locations=[location])
    elsewhere = UserFactory(roles=["therapist", "admin"], locations=[LocationFactory()])
    for user in (stranger, elsewhere):
        with pytest.raises(NotFound):
            record_pain_score(**arguments(patient, episode, user))
    assert not PainScore.objects.exists()


def test_the_clockwork_may_record(patient, episode):
    assert record_pain_score(**arguments(patient, episode, SYSTEM)).pk


@pytest.mark.django_db(transaction=True)
def test_two_who_record_at_once_leave_one_row(patient, episode, therapist):
    outcomes, barrier = [], threading.Barrier(2)

    def run():
        barrier.wait()
        try:
            outcomes.append(record_pain_score(**arguments(patient, episode, therapist)).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
    assert len(set(outcomes)) == 1
    assert PainScore.objects.count() == 1
    assert AuditEvent.objects.count() == 1
