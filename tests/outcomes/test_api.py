"""Scores and surveys over the API."""

from datetime import timedelta

import pytest

from audit.models import AuditEvent
from tests.factories import NINE, EpisodeFactory, PainScoreFactory, PatientFactory, SurveyFactory, UserFactory

SCORES, SURVEYS = "/api/v1/pain-scores/", "/api/v1/surveys/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def score(patient, episode):
    return PainScoreFactory(patient=patient, episode=episode, score=6)


@pytest.fixture
def survey(patient, episode, therapist):
    return SurveyFactory(
        patient=patient, episode=episode, therapist=therapist, state="answered", pain=5,
        had_unexpected_effect=True, answered_at=NINE, effect_text="Dizzy",
    )  # fmt: skip


def test_lists_scores_by_outside_ids(api, therapist, score, patient, episode):
    [row] = api(therapist).get(SCORES).data["results"]
    assert row["id"] == str(score.public_id)
    assert (row["patient_id"], row["episode_id"]) == (str(patient.public_id), str(episode.public_id))
    assert (row["score"], row["moment"], row["measured_at"]) == (6, "before", "2027-01-11T14:00:00.000000Z")


def test_filters_by_patient_and_leaves_a_trace(api, therapist, score, patient, location):
    PainScoreFactory(patient=PatientFactory(locations=[location], care_team=[therapist]))
    rows = api(therapist).get(SCORES, {"patient": patient.public_id}).data["results"]
    assert [row["id"] for row in rows] == [str(score.public_id)]
    event = AuditEvent.objects.get()
    assert (event.action, event.patient_id, event.facts) == (
        "patient.read", patient.public_id, {"screen": "pain-scores"},
    )  # fmt: skip


def test_filters_by_change(api, therapist, score):
    later = (score.updated_at + timedelta(seconds=1)).isoformat()
    assert api(therapist).get(SCORES, {"updated_since": later}).data["results"] == []
    assert len(api(therapist).get(SCORES, {"updated_since": score.updated_at.isoformat()}).data["results"]) == 1


def test_nonsense_is_refused_with_its_field(api, therapist):
    response = api(therapist).get(SCORES, {"patient": "x"})
    assert response.status_code == 400
    assert list(response.data["fields"]) == ["patient"]
    assert api(therapist).get(SCORES, {"updated_since": "yesterday"}).status_code == 422


@pytest.mark.parametrize("address", [SCORES, SURVEYS])
@pytest.mark.usefixtures("survey")
def test_strangers_see_nothing_and_other_roles_are_refused(api, stranger, location, score, address):
    patient = score.patient
    assert api(stranger).get(address).data["results"] == []
    assert api(stranger).get(address, {"patient": patient.public_id}).status_code == 404
    colleague = UserFactory(roles=["therapist"], locations=[location])
    assert api(colleague).get(address).data["results"] == []
    for role in ("admin", "front_desk"):
        assert api(UserFactory(roles=[role], locations=[location])).get(address).status_code == 403
    assert api().get(address).status_code in {401, 403}
    assert not AuditEvent.objects.exists()


def test_an_auditor_reads(api, auditor, score, survey):
    assert len(api(auditor).get(SCORES).data["results"]) == 1
    assert api(auditor).get(f"{SURVEYS}{survey.public_id}/").data["effect_text"] == "Dizzy"


def test_a_survey_is_read_with_a_trace(api, therapist, survey, patient):
    row = api(therapist).get(f"{SURVEYS}{survey.public_id}/").data
    assert (row["state"], row["pain"], row["had_unexpected_effect"]) == ("answered", 5, True)
    assert row["session_id"] == str(survey.session_id)
    assert AuditEvent.objects.get().facts == {"screen": "survey"}


def test_marking_an_effect_as_seen(api, therapist, stranger, auditor, survey):
    address = f"{SURVEYS}{survey.public_id}/effect-seen/"
    assert api(stranger).post(address).status_code == 404
    assert api(auditor).post(address).status_code == 403
    survey.refresh_from_db()
    assert survey.effect_seen_at is None
    response = api(therapist).post(address)
    assert response.status_code == 200
    assert response.data["effect_seen_at"] is not None
    assert AuditEvent.objects.get().action == "survey.effect_seen"


@pytest.mark.parametrize("address", [SCORES, SURVEYS])
def test_scores_and_surveys_are_not_written_here(api, therapist, address):
    assert api(therapist).post(address, {}, format="json").status_code == 405


@pytest.mark.parametrize(("address", "factory"), [(SCORES, PainScoreFactory), (SURVEYS, SurveyFactory)])
def test_a_list_costs_the_same_at_any_length(api, therapist, address, factory, django_assert_num_queries):
    for count in (3, 12):
        while factory._meta.model.objects.count() < count:
            patient = PatientFactory(care_team=[therapist])
            factory(patient=patient, episode=EpisodeFactory(patient=patient))
        with django_assert_num_queries(1):
            assert len(api(therapist).get(address).data["results"]) == count
