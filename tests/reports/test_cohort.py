"""Which episodes count, and which scores are a baseline or a last one (clinical.md 7.1)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from reports.cohort import Cohort, read_activity, read_episodes, stream_rows
from tests.factories import (
    NINE,
    ConsentFactory,
    LocationFactory,
    PainScoreFactory,
    PatientFactory,
    SurveyFactory,
    UserFactory,
)
from tests.reports.factories import treated

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def pairs(cohort):
    return sorted(((pair.baseline, pair.last, pair.people) for pair in read_episodes(cohort).pairs), key=str)


def score(episode, value, at, moment="before", **more):
    return PainScoreFactory(
        patient=episode.patient, episode=episode, score=value, measured_at=at, moment=moment, **more
    )


def test_counts_each_pair_of_first_and_last_score(january, make_course):
    for _ in range(2):
        make_course(baseline=7, last=4)
    make_course(baseline=7)
    make_course(last=4, sessions=3)
    assert read_episodes(january).started == 4
    assert pairs(january) == [(7, 4, 2), (7, None, 1), (None, None, 1)]


def test_a_score_up_to_14_days_before_the_first_treatment_is_a_baseline(january, make_course):
    score(make_course(), 6, NINE - 14 * DAY, moment="intake")
    score(make_course(), 9, NINE - 14 * DAY - timedelta(minutes=1), moment="intake")
    assert pairs(january) == [(6, None, 1), (None, None, 1)]


def test_the_score_nearest_before_the_first_treatment_wins(january, make_course):
    episode = make_course(baseline=5, last=3)
    score(episode, 9, NINE - 3 * DAY, moment="intake")
    assert pairs(january) == [(5, 3, 1)]


def test_a_score_after_the_first_treatment_is_never_a_baseline(january, make_course):
    episode = make_course()
    score(episode, 8, NINE + timedelta(minutes=1))
    score(episode, 8, NINE, moment="after")
    score(episode, 3, NINE + 21 * DAY, moment="follow_up")
    assert read_episodes(january).pairs == [(None, None, 1)]


def test_the_first_sessions_own_score_is_a_baseline_although_its_clock_ran_late(january, make_course):
    episode = make_course(last=3)
    first = episode.treatment_sessions.order_by("performed_at").first()
    score(episode, 7, NINE + timedelta(minutes=5), source_key=f"session:{first.public_id}")
    assert pairs(january) == [(7, 3, 1)]


def test_a_last_score_comes_14_days_and_two_treatments_later(january, make_course):
    early = make_course(baseline=7)  # treatments on days 0, 7 and 14
    score(early, 2, NINE + 14 * DAY - timedelta(minutes=1), moment="follow_up")
    few = make_course(baseline=6, sessions=1)
    score(few, 2, NINE + 30 * DAY, moment="follow_up")
    enough = make_course(baseline=5)
    score(enough, 1, NINE + 14 * DAY, moment="follow_up")
    assert pairs(january) == [(5, 1, 1), (6, None, 1), (7, None, 1)]


def test_the_final_score_counts_but_never_one_taken_right_after_a_session(january, make_course):
    episode = make_course(baseline=7)
    score(episode, 5, NINE + 15 * DAY)
    score(episode, 4, NINE + 20 * DAY, moment="follow_up")
    score(episode, 0, NINE + 21 * DAY, moment="after")
    assert pairs(january) == [(7, 4, 1)]


def test_an_episode_belongs_to_the_local_day_of_its_first_treatment(admin, make_course, location):
    assert location.timezone == "America/New_York"
    late_evening = datetime(2027, 2, 1, 4, 30, tzinfo=UTC)  # 31 January, 23:30 in New York
    make_course(baseline=7, last=4, first_at=late_evening)
    assert read_episodes(Cohort(admin, date(2027, 1, 31), date(2027, 1, 31))).started == 1
    assert read_episodes(Cohort(admin, date(2027, 2, 1), date(2027, 2, 28))).started == 0


def test_a_later_treatment_in_the_range_does_not_start_an_episode(admin, make_course):
    make_course(baseline=7, last=4, sessions=4)
    assert read_episodes(Cohort(admin, date(2027, 1, 12), date(2027, 12, 31))).started == 0


def test_only_a_persons_first_episode_of_the_range_counts_its_scores(january, make_course):
    patient = make_course(baseline=7, last=4).patient
    make_course(baseline=2, last=9, patient=patient, first_at=NINE + 2 * DAY)
    found = read_episodes(january)
    assert found.started == 2
    assert found.pairs == [(7, 4, 1)]


def test_an_untreated_is_not_a_treatment(january, make_course):
    make_course(baseline=7, last=4, is_signed=False)
    assert read_episodes(january).started == 0
    assert read_activity(january).sessions == 0


def test_other_locations_and_their_patients_are_not_counted(january, admin, make_course, therapist):
    elsewhere = LocationFactory()
    make_course(baseline=7, last=4, location=elsewhere, patient=PatientFactory(locations=[elsewhere]))
    make_course(baseline=7, last=4, location=elsewhere, patient=PatientFactory(locations=[elsewhere, *_of(admin)]))
    assert read_episodes(january).started == 0
    assert read_activity(january) == (0, 0, 0, 0, 0)
    assert list(stream_rows(january, chunk_size=10)) == []


def test_one_location_can_be_chosen(admin, make_course, location):
    second = LocationFactory()
    admin.locations.add(second)
    make_course(baseline=7, last=4)
    make_course(baseline=6, last=6, location=second, patient=PatientFactory(locations=[second]))
    everywhere = Cohort(admin, date(2027, 1, 1), date(2027, 1, 31))
    assert pairs(everywhere) == [(6, 6, 1), (7, 4, 1)]
    assert pairs(Cohort(admin, date(2027, 1, 1), date(2027, 1, 31), second)) == [(6, 6, 1)]


def test_a_therapist_without_reports_role_counts_only_their_own_patients(make_course, location):
    make_course(baseline=7, last=4)
    other = UserFactory(roles=["therapist"], locations=[location])
    assert read_episodes(Cohort(other, date(2027, 1, 1), date(2027, 1, 31))).started == 0


def test_people_who_refuse_de_identified_use_are_not_counted(january, make_course):
    refused = make_course(baseline=7, last=4).patient
    ConsentFactory(patient=refused, kind="research", is_given=True, recorded_at=NINE - 2 * DAY)
    ConsentFactory(patient=refused, kind="research", is_given=False, recorded_at=NINE - DAY)
    came_round = make_course(baseline=5, last=5).patient
    ConsentFactory(patient=came_round, kind="research", is_given=False, recorded_at=NINE - 2 * DAY)
    ConsentFactory(patient=came_round, kind="research", is_given=True, recorded_at=NINE - DAY)
    assert pairs(january) == [(5, 5, 1)]
    assert read_activity(january).people == 1


def test_activity_counts_sessions_people_and_what_surveys_told(january, make_course, therapist):
    first, second = make_course(), make_course()
    sessions = [*first.treatment_sessions.all(), *second.treatment_sessions.all()]
    answers = [(True, sessions[0]), (True, sessions[1]), (False, sessions[2])]
    for had_effect, session in answers:
        SurveyFactory(
            patient=session.patient,
            episode=session.episode,
            session_id=session.public_id,
            state="answered",
            pain=3,
            had_unexpected_effect=had_effect,
            answered_at=NINE + DAY,
        )
    SurveyFactory(patient=second.patient, episode=second, session_id=sessions[3].public_id)
    found = read_activity(january)
    assert found.sessions == 6
    assert found.people == 2
    assert found.answered_surveys == 3
    assert found.unexpected_effects == 2
    assert found.people_with_effects == 1


def test_rows_carry_no_identity(january, make_course):
    episode = make_course(baseline=7, last=4)
    [[row]] = stream_rows(january, chunk_size=10)
    printed = " ".join(str(value) for value in row)
    for secret in (episode.patient.given_name, episode.patient.family_name, str(episode.patient.public_id)):
        assert secret not in printed
    assert len(row.row_code) == 32
    assert (row.baseline, row.last, row.session_count) == (7, 4, 3)
    assert (row.days_to_first_treatment, row.days_to_last) == (0, 21)
    assert row.age == 46


@pytest.mark.parametrize("count", [3, 12])
def test_the_number_of_queries_does_not_grow(january, make_course, django_assert_num_queries, count):
    for _ in range(count):
        make_course(baseline=7, last=4)
    with django_assert_num_queries(2):  # the user's places, and the histogram
        read_episodes(january)


def _of(user):
    return user.locations.all()


def test_a_session_of_another_location_does_not_move_the_first_treatment(january, admin, make_course, therapist):
    episode = make_course(baseline=7, last=4)
    treated(
        patient=episode.patient,
        episode=episode,
        therapist=therapist,
        location=LocationFactory(),
        service=episode.treatment_sessions.first().service,
        performed_at=NINE - 5 * DAY,
    )
    assert read_episodes(january).started == 0
