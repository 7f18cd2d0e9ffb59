"""A follow-up is planned once, asked once, answered once, and an effect waits until it is read."""

import threading
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from messaging.models import Message, SignedLink
from outcomes import surveys
from outcomes.errors import AlreadyAnswered, NoUnexpectedEffect, SurveyClosed, SurveyExpired
from outcomes.models import PainScore, Survey
from outcomes.services import answer_survey, mark_effect_seen, plan_survey
from outcomes.tasks import queue_surveys
from tests.factories import NINE, ConsentFactory, EpisodeFactory, PatientFactory, SurveyFactory, UserFactory

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day_it_is_due():
    with time_machine.travel(NINE, tick=False):
        yield


@pytest.fixture
def survey(patient, episode, therapist):
    return SurveyFactory(patient=patient, episode=episode, therapist=therapist, due_at=NINE, expires_at=NINE + 2 * DAY)


def asked_link(survey):
    surveys.queue_due(NINE)
    survey.refresh_from_db()
    return SignedLink.objects.get(target_id=survey.public_id)


def actions():
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def plan(patient, episode, therapist, **changes):
    usual = {"session_id": uuid.UUID(int=7), "due_at": NINE, "by": therapist}
    return plan_survey(patient=patient, episode=episode, therapist=therapist, **usual | changes)


def test_planning_keeps_one_follow_up_for_a_session(patient, episode, therapist):
    first = plan(patient, episode, therapist)
    assert plan(patient, episode, therapist, due_at=NINE + DAY) == first
    row = Survey.objects.get()
    assert (row.state, row.due_at, row.expires_at) == ("planned", NINE, NINE + timedelta(hours=48))
    assert actions() == ["survey.planned"]


def test_planning_for_anothers_patient_or_episode_is_refused(patient, episode, therapist, location):
    with pytest.raises(NotFound):
        plan(patient, episode, UserFactory(roles=["therapist"], locations=[location]))
    with pytest.raises(Invalid):
        plan(patient, EpisodeFactory(), therapist)
    assert not Survey.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_due_follow_up_is_asked_once_by_message_and_link(survey, patient):
    assert surveys.queue_due(NINE) == 1
    assert surveys.queue_due(NINE) == 0
    queue_surveys()
    survey.refresh_from_db()
    assert survey.state == "asked"
    message, link = Message.objects.get(), SignedLink.objects.get()
    assert (message.template, message.patient, message.link) == ("survey_request", patient, link)
    assert message.subject.key == f"survey:{survey.public_id}"
    assert message.expires_at == survey.expires_at
    assert (link.purpose, link.target_id) == ("survey", survey.public_id)


def test_a_follow_up_that_is_not_due_waits(survey):
    assert surveys.queue_due(NINE - timedelta(seconds=1)) == 0
    survey.refresh_from_db()
    assert survey.state == "planned"
    assert not Message.objects.exists()


def test_a_follow_up_nobody_sent_in_time_is_withdrawn(survey):
    assert surveys.queue_due(survey.expires_at) == 0
    survey.refresh_from_db()
    assert survey.state == "withdrawn"
    assert not Message.objects.exists()
    assert AuditEvent.objects.get().facts == {"reason": "expired"}


def test_refusing_surveys_withdraws_but_silence_does_not(survey, patient):
    ConsentFactory(patient=patient, kind="surveys", is_given=True, recorded_at=NINE - 2 * DAY)
    ConsentFactory(patient=patient, kind="surveys", is_given=False, recorded_at=NINE - DAY)
    assert surveys.queue_due(NINE) == 0
    survey.refresh_from_db()
    assert survey.state == "withdrawn"
    assert not SignedLink.objects.exists()


def test_nobody_asks_the_dead(survey, patient):
    patient.died_on = NINE.date()
    patient.save(update_fields=["died_on"])
    surveys.queue_due(NINE)
    survey.refresh_from_db()
    assert survey.state == "withdrawn"


def test_one_that_cannot_be_asked_does_not_hold_up_the_others(survey, monkeypatch, caplog):
    other = SurveyFactory(due_at=NINE - DAY, expires_at=NINE + DAY)
    real = surveys.ask

    def ask(public_id, now):
        if public_id == other.public_id:
            raise RuntimeError("a secret in the row")
        return real(public_id, now)

    monkeypatch.setattr(surveys, "ask", ask)
    assert surveys.queue_due(NINE) == 1
    other.refresh_from_db()
    assert other.state == "planned"
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_ask_once(survey):
    counts, barrier = [], threading.Barrier(2)

    def run():
        barrier.wait()
        try:
            counts.append(surveys.queue_due(NINE))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 1]
    assert Message.objects.count() == 1
    assert SignedLink.objects.count() == 1


def test_an_answer_by_link_becomes_a_follow_up_score_and_uses_the_link_up(survey, patient, episode):
    link = asked_link(survey)
    answer_survey(survey=survey, pain=3, had_unexpected_effect=True, effect_text="  Bruise. ", by=link)
    survey.refresh_from_db()
    assert (survey.state, survey.pain, survey.had_unexpected_effect) == ("answered", 3, True)
    assert (survey.effect_text, survey.answered_at) == ("Bruise.", NINE)
    score = PainScore.objects.get()
    assert (score.patient, score.episode, score.score, score.moment) == (patient, episode, 3, "follow_up")
    assert score.source_key == f"survey:{survey.public_id}"
    link.refresh_from_db()
    assert link.used_at is not None
    event = AuditEvent.objects.get(action="survey.answered")
    assert (event.actor_kind, event.actor_id, event.facts) == ("link", link.public_id, {})


def test_a_second_answer_is_refused_and_changes_nothing(survey):
    link = asked_link(survey)
    answer_survey(survey=survey, pain=3, had_unexpected_effect=False, by=link)
    before = actions()
    with pytest.raises(AlreadyAnswered) as refusal:
        answer_survey(survey=survey, pain=9, had_unexpected_effect=True, effect_text="Pain", by=link)
    assert refusal.value.http_status == 409
    survey.refresh_from_db()
    assert (survey.pain, survey.had_unexpected_effect, survey.effect_text) == (3, False, "")
    assert PainScore.objects.get().score == 3
    assert actions() == before


def test_words_without_an_effect_are_not_kept(survey, therapist):
    answer_survey(survey=survey, pain=0, had_unexpected_effect=False, effect_text="all fine", by=therapist)
    survey.refresh_from_db()
    assert survey.effect_text == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pain": 11}, "pain"),
        ({"pain": None}, "pain"),
        ({"had_unexpected_effect": None}, "had_unexpected_effect"),
        ({"had_unexpected_effect": "yes"}, "had_unexpected_effect"),
        ({"effect_text": "x" * 1001}, "effect_text"),
        ({"effect_text": "a\x00b"}, "effect_text"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_refused(survey, therapist, changes, field):
    usual = {"pain": 3, "had_unexpected_effect": True, "effect_text": ""}
    with pytest.raises(Invalid) as refusal:
        answer_survey(survey=survey, by=therapist, **usual | changes)
    assert list(refusal.value.fields) == [field]
    survey.refresh_from_db()
    assert survey.state == "planned"
    assert not PainScore.objects.exists()
    assert not AuditEvent.objects.exists()


def test_another_persons_link_or_a_link_for_another_purpose_finds_nothing(survey, patient):
    other = SurveyFactory(due_at=NINE, expires_at=NINE + DAY)
    stranger = asked_link(other)
    visit = SignedLink.objects.create(
        patient=patient, purpose="visit", target_id=survey.public_id, digest="d", expires_at=NINE + DAY
    )
    before = actions()
    for link in (stranger, visit):
        with pytest.raises(NotFound):
            answer_survey(survey=survey, pain=3, had_unexpected_effect=False, by=link)
    survey.refresh_from_db()
    assert survey.pain is None
    assert actions() == before


@pytest.mark.parametrize("role", ["admin", "front_desk", "auditor"])
def test_staff_who_do_not_treat_cannot_answer(survey, location, role):
    user = UserFactory(roles=[role], locations=[location])
    with pytest.raises(NotAllowed):
        answer_survey(survey=survey, pain=3, had_unexpected_effect=False, by=user)
    assert not PainScore.objects.exists()


def test_an_answer_by_telephone_withdraws_the_unsent_message(survey, therapist):
    surveys.queue_due(NINE)
    answer_survey(survey=survey, pain=4, had_unexpected_effect=False, by=therapist)
    assert Message.objects.get().state == "superseded"


def test_too_late_and_withdrawn_take_no_answer(survey, therapist):
    with pytest.raises(SurveyExpired):
        answer_survey(survey=survey, pain=3, had_unexpected_effect=False, by=therapist, at=survey.expires_at)
    Survey.objects.filter(pk=survey.pk).update(state="withdrawn")
    with pytest.raises(SurveyClosed):
        answer_survey(survey=survey, pain=3, had_unexpected_effect=False, by=therapist)
    assert not PainScore.objects.exists()
    assert not AuditEvent.objects.exists()


def test_history_is_answered_at_its_own_time(survey):
    answer_survey(survey=survey, pain=2, had_unexpected_effect=False, by=SYSTEM, at=NINE + timedelta(hours=3))
    assert PainScore.objects.get().measured_at == NINE + timedelta(hours=3)


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_once_one_stands(survey, therapist):
    results, barrier = [], threading.Barrier(2)

    def run(pain):
        barrier.wait()
        try:
            answer_survey(survey=survey, pain=pain, had_unexpected_effect=False, by=therapist)
            results.append(pain)
        except AlreadyAnswered:
            results.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(pain,)) for pain in (2, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("refused") == 1
    survey.refresh_from_db()
    assert survey.pain in results
    assert PainScore.objects.get().score == survey.pain


def test_an_unexpected_effect_stands_until_a_therapist_has_read_it(survey, therapist):
    answer_survey(survey=survey, pain=3, had_unexpected_effect=True, by=therapist)
    assert list(Survey.objects.visible_to(therapist).with_unseen_effect()) == [survey]
    mark_effect_seen(survey=survey, by=therapist)
    mark_effect_seen(survey=survey, by=therapist)
    survey.refresh_from_db()
    assert survey.effect_seen_at == NINE
    assert not Survey.objects.visible_to(therapist).with_unseen_effect().exists()
    assert actions().count("survey.effect_seen") == 1


def test_only_a_therapist_of_the_patient_marks_an_effect_and_only_if_there_is_one(survey, therapist, location):
    with pytest.raises(NoUnexpectedEffect):
        mark_effect_seen(survey=survey, by=therapist)
    answer_survey(survey=survey, pain=3, had_unexpected_effect=True, by=therapist)
    before = actions()
    with pytest.raises(NotFound):
        mark_effect_seen(survey=survey, by=UserFactory(roles=["therapist"], locations=[location]))
    with pytest.raises(NotAllowed):
        mark_effect_seen(survey=survey, by=UserFactory(roles=["auditor"], locations=[location]))
    survey.refresh_from_db()
    assert survey.effect_seen_at is None
    assert actions() == before


def test_a_survey_of_a_patient_elsewhere_is_not_on_my_day(survey, therapist):
    elsewhere = PatientFactory()
    SurveyFactory(patient=elsewhere, state="answered", pain=5, had_unexpected_effect=True, answered_at=NINE)
    assert not Survey.objects.visible_to(therapist).with_unseen_effect().exists()
