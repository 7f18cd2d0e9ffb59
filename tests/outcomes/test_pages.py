"""The therapist's page of a patient's outcomes, and the patient's follow-up page."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from audit.models import AuditEvent
from messaging.links import link_url
from messaging.models import SignedLink
from outcomes import surveys
from outcomes.models import PainScore, Survey
from tests.factories import (
    NINE,
    EpisodeFactory,
    LocationFactory,
    PainScoreFactory,
    PatientFactory,
    SurveyFactory,
    UserFactory,
)

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def page(patient):
    return reverse("outcomes:patient", args=[patient.public_id])


def session_id(episode, number):
    return uuid.UUID(int=1000 * episode.pk + number)


def scored_sessions(episode, count):
    for number in range(count):
        at = NINE + number * 7 * DAY
        for moment, value in (("before", 7), ("after", 4)):
            PainScoreFactory(
                patient=episode.patient,
                episode=episode,
                score=value,
                moment=moment,
                measured_at=at,
                source_key=f"session:{session_id(episode, number)}",
            )
        SurveyFactory(patient=episode.patient, episode=episode, due_at=at + DAY, expires_at=at + 3 * DAY)


class TestPatientPage:
    def test_shows_baseline_latest_change_and_every_score_at_the_clinics_time(
        self, page_of, therapist, patient, episode
    ):
        scored_sessions(episode, 2)
        PainScoreFactory(
            patient=patient, episode=episode, score=3, moment="follow_up", measured_at=NINE + 20 * DAY,
            source_key="survey:x",
        )  # fmt: skip
        text = page_of(therapist).get(page(patient)).content.decode()
        assert "Mon 11 Jan 2027, 09:00 (New York time)" in text
        assert "That is a meaningful change for one person" in text
        assert "data-pain-chart" in text
        assert reverse("sessions:session", args=[session_id(episode, 0)]) in text
        assert "proven" not in text.lower()

    def test_says_when_there_is_nothing_yet(self, page_of, therapist, patient):
        assert b"No scores yet" in page_of(therapist).get(page(patient)).content

    def test_reading_it_leaves_one_trace(self, page_of, therapist, patient):
        client = page_of(therapist)
        before = AuditEvent.objects.filter(action="patient.read").count()
        client.get(page(patient))
        event = AuditEvent.objects.filter(action="patient.read").latest("id")
        assert AuditEvent.objects.filter(action="patient.read").count() == before + 1
        assert (event.patient_id, event.facts) == (patient.public_id, {"screen": "outcomes"})

    @pytest.mark.parametrize("role", ["admin", "front_desk"])
    def test_those_who_do_not_read_clinical_rows_are_refused(self, page_of, location, patient, episode, role):
        scored_sessions(episode, 2)
        response = page_of(UserFactory(roles=[role], locations=[location])).get(page(patient))
        assert response.status_code == 403
        assert patient.family_name not in response.content.decode()

    def test_strangers_do_not_find_it(self, page_of, stranger, patient, location):
        assert page_of(stranger).get(page(patient)).status_code == 404
        colleague = UserFactory(roles=["therapist"], locations=[location])
        assert page_of(colleague).get(page(patient)).status_code == 404

    def test_an_auditor_reads_it_but_is_offered_no_act(self, page_of, auditor, patient, episode):
        SurveyFactory(
            patient=patient, episode=episode, state="answered", pain=5, had_unexpected_effect=True, answered_at=NINE
        )
        response = page_of(auditor).get(page(patient))
        assert response.status_code == 200
        assert b"Unexpected effect reported" in response.content
        assert b"Mark as read" not in response.content

    def test_the_number_of_queries_does_not_grow(self, page_of, therapist, location, django_assert_max_num_queries):
        counts = []
        for size in (3, 12):
            episode = EpisodeFactory(patient=PatientFactory(locations=[location], care_team=[therapist]))
            scored_sessions(episode, size)
            client = page_of(therapist)
            client.get(page(episode.patient))
            with django_assert_max_num_queries(12) as captured:
                client.get(page(episode.patient))
            counts.append(len(captured))
        assert counts[0] == counts[1]

    def test_what_the_patient_wrote_is_escaped(self, page_of, therapist, patient, episode):
        SurveyFactory(
            patient=patient, episode=episode, state="answered", pain=5, had_unexpected_effect=True,
            answered_at=NINE, effect_text="<script>alert(1)</script>",
        )  # fmt: skip
        text = page_of(therapist).get(page(patient)).content.decode()
        assert "<script>alert(1)" not in text
        assert "&lt;script&gt;alert(1)" in text


class TestEffectSeen:
    @pytest.fixture
    def survey(self, patient, episode):
        return SurveyFactory(
            patient=patient, episode=episode, state="answered", pain=5, had_unexpected_effect=True, answered_at=NINE
        )

    def address(self, survey):
        return reverse("outcomes:effect-seen", args=[survey.public_id])

    def test_marks_it_and_swaps_the_row(self, page_of, therapist, survey):
        response = page_of(therapist).post(self.address(survey), headers={"HX-Request": "true"})
        assert response.status_code == 200
        assert b"<li" in response.content
        assert b"Mark as read" not in response.content
        survey.refresh_from_db()
        assert survey.effect_seen_at is not None

    def test_without_scripts_it_goes_back_to_the_page(self, page_of, therapist, survey, patient):
        response = page_of(therapist).post(self.address(survey))
        assert (response.status_code, response["Location"]) == (302, page(patient))

    def test_strangers_and_other_roles_change_nothing(self, page_of, stranger, auditor, admin, survey):
        assert page_of(stranger).post(self.address(survey)).status_code == 404
        assert page_of(admin).post(self.address(survey)).status_code == 404
        assert page_of(auditor).post(self.address(survey)).status_code == 403
        survey.refresh_from_db()
        assert survey.effect_seen_at is None


class TestFollowUpPage:
    @pytest.fixture
    def survey(self, patient, episode, therapist):
        return SurveyFactory(
            patient=patient, episode=episode, therapist=therapist, due_at=NINE, expires_at=NINE + 2 * DAY
        )

    @pytest.fixture
    def visitor(self, client, survey):
        """The patient, who pressed the button behind the link."""
        with time_machine.travel(NINE, tick=False):
            surveys.queue_due(NINE)
            address = link_url(SignedLink.objects.get())
            assert client.post("/l/" + address.rsplit("/l/", 1)[1]).status_code == 302
            yield client

    address = "/p/survey/"

    def test_asks_with_eleven_taps_and_two_questions(self, visitor):
        text = visitor.get(self.address).content.decode()
        assert text.count('name="pain"') == 11
        assert text.count('name="had_unexpected_effect"') == 2
        assert "0 = no pain" in text
        assert "10 = worst pain imaginable" in text

    def test_speaks_the_patients_language(self, visitor, patient):
        patient.language = "es"
        patient.save(update_fields=["language"])
        assert 'lang="es"' in visitor.get(self.address).content.decode()

    def test_an_answer_is_kept_and_thanked_for(self, visitor, survey, location):
        location.phone = "+1 212 555 0199"
        location.save(update_fields=["phone"])
        response = visitor.post(self.address, {"pain": "3", "had_unexpected_effect": "yes", "effect_text": "Dizzy"})
        assert (response.status_code, response["Location"]) == (302, self.address)
        survey.refresh_from_db()
        assert (survey.pain, survey.had_unexpected_effect, survey.effect_text) == (3, True, "Dizzy")
        thanks = visitor.get(self.address).content.decode()
        assert "Thank you" in thanks
        assert "+1 212 555 0199" in thanks
        assert "emergency" in thanks

    def test_a_second_answer_is_refused(self, visitor, survey):
        visitor.post(self.address, {"pain": "3", "had_unexpected_effect": "no"})
        response = visitor.post(self.address, {"pain": "9", "had_unexpected_effect": "yes"})
        assert response.status_code == 409
        survey.refresh_from_db()
        assert (survey.pain, survey.had_unexpected_effect) == (3, False)
        assert PainScore.objects.count() == 1

    @pytest.mark.parametrize(
        "answers",
        [{}, {"pain": "3"}, {"had_unexpected_effect": "no"}, {"pain": "11", "had_unexpected_effect": "no"},
         {"pain": "3", "had_unexpected_effect": "yes", "effect_text": "x" * 1001}],
    )  # fmt: skip
    def test_a_partial_answer_is_shown_again_with_its_errors(self, visitor, survey, answers):
        response = visitor.post(self.address, answers)
        assert response.status_code == 422
        assert b"error-summary" in response.content
        survey.refresh_from_db()
        assert survey.state == "asked"
        assert not PainScore.objects.exists()

    def test_too_late_says_so_and_whom_to_call(self, visitor, survey):
        Survey.objects.filter(pk=survey.pk).update(due_at=NINE - 5 * DAY, expires_at=NINE - DAY)
        assert b"The time to answer has passed" in visitor.get(self.address).content
        response = visitor.post(self.address, {"pain": "3", "had_unexpected_effect": "no"})
        assert response.status_code == 409
        assert not PainScore.objects.exists()

    def test_a_withdrawn_question_is_closed(self, visitor, survey):
        Survey.objects.filter(pk=survey.pk).update(state="withdrawn")
        assert b"This question is closed" in visitor.get(self.address).content

    def test_without_a_link_there_is_no_question(self, client, survey, page_of, therapist):
        assert client.get(self.address).status_code == 404
        assert page_of(therapist).post(self.address, {"pain": "3", "had_unexpected_effect": "no"}).status_code == 404
        survey.refresh_from_db()
        assert survey.pain is None

    def test_a_revoked_link_closes_the_page_at_once(self, visitor):
        SignedLink.objects.update(revoked_at=NINE)
        assert visitor.get(self.address).status_code == 404


def test_elsewhere_in_the_house_nothing_is_shown(page_of, therapist):
    other = PatientFactory(locations=[LocationFactory()])
    assert page_of(therapist).get(page(other)).status_code == 404
