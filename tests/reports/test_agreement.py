"""The rule in SQL (reports) and the rule in Python (a patient's page) tell the same story on random courses."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcomes.course import judge
from outcomes.models import PainScore, Survey
from reports.cohort import read_episodes
from tests.factories import NINE, EpisodeFactory, PainScoreFactory, PatientFactory, SurveyFactory
from tests.reports.factories import treated

SCORE = st.integers(0, 10)
VISITS = st.lists(st.tuples(st.integers(0, 40), SCORE, SCORE), min_size=1, max_size=5, unique_by=lambda visit: visit[0])
OTHERS = st.lists(st.tuples(st.integers(-30, 60), SCORE, st.sampled_from(["intake", "follow_up"])), max_size=4)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(visits=VISITS, others=OTHERS)
def test_both_find_the_same_baseline_and_last_score(january, make_course, visits, others):
    location, therapist, service = (make_course.keywords[name] for name in ("location", "therapist", "service"))
    location.patients.clear()
    patient = PatientFactory(locations=[location])
    episode = EpisodeFactory(patient=patient)
    first = min(day for day, *_ in visits)
    for day, before, after in visits:
        at = NINE + timedelta(days=day - first)
        session = treated(
            patient=patient, episode=episode, therapist=therapist, location=location, service=service, performed_at=at
        )
        SurveyFactory(
            patient=patient, episode=episode, session_id=session.public_id, due_at=at + timedelta(days=1),
            expires_at=at + timedelta(days=3),
        )  # fmt: skip
        for moment, value, minutes in (("before", before, 0), ("after", after, 50)):
            PainScoreFactory(
                patient=patient, episode=episode, score=value, moment=moment,
                measured_at=at + timedelta(minutes=minutes), source_key=f"session:{session.public_id}",
            )  # fmt: skip
    for day, value, moment in others:
        at = NINE + timedelta(days=day, hours=3)
        PainScoreFactory(patient=patient, episode=episode, score=value, moment=moment, measured_at=at)

    course = judge(PainScore.objects.filter(episode=episode), Survey.objects.filter(episode=episode))
    expected = (
        course.baseline.score if course.baseline else None,
        course.latest.score if course.latest and course.is_settled else None,
    )
    [pair] = read_episodes(january).pairs
    assert (pair.baseline, pair.last) == expected
