"""The acts: keep a pain score, plan a follow-up, take its answer, mark an effect as read."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import Invalid, NotFound
from messaging import links
from messaging import services as messaging
from messaging.models import LinkPurpose, SignedLink
from outcomes.errors import AlreadyAnswered, NoUnexpectedEffect, ScoreAlreadyRecorded, SurveyClosed, SurveyExpired
from outcomes.models import Moment, PainScore, Survey, SurveyState
from outcomes.services.access import require_writer
from outcomes.surveys import subject_key
from patients.models import Episode, Patient
from staff.models import User

# Pain 24-72 h after a session is the question (clinical.md 7.1): due a day after, closed two days later.
ANSWER_WINDOW = timedelta(hours=48)
EFFECT_TEXT_LENGTH = 1000


@transaction.atomic
def record_pain_score(
    *, patient: Patient, episode: Episode, score: int, moment: str, measured_at: datetime, source_key: str, by: Actor
) -> PainScore:
    """Keep one score per source and moment. The same score again is the same row; another one is refused."""
    require_writer(patient=patient, by=by)
    _check_score(score, field="score")
    _check_origin(patient, episode, moment, measured_at, source_key)
    row, is_new = PainScore.objects.get_or_create(
        source_key=source_key,
        moment=moment,
        defaults={"patient": patient, "episode": episode, "score": score, "measured_at": measured_at},
    )
    if not is_new:
        if (row.patient_id, row.episode_id, row.score) != (patient.pk, episode.pk, score):
            raise ScoreAlreadyRecorded(pain_score_id=str(row.public_id) if row.patient_id == patient.pk else "")
        return row
    _note("pain_score.recorded", row, patient, by, moment=str(moment), source=source_key.partition(":")[0])
    return row


@transaction.atomic
def plan_survey(
    *, patient: Patient, episode: Episode, therapist: User, session_id: uuid.UUID, due_at: datetime, by: Actor
) -> Survey:
    """Promise one follow-up per session. Planning it again changes nothing."""
    require_writer(patient=patient, by=by)
    if episode.patient_id != patient.pk:
        raise Invalid(fields={"episode": "Choose an episode of this patient."})
    row, is_new = Survey.objects.get_or_create(
        session_id=session_id,
        defaults={
            "patient": patient,
            "episode": episode,
            "therapist": therapist,
            "due_at": due_at,
            "expires_at": due_at + ANSWER_WINDOW,
        },
    )
    if row.patient_id != patient.pk:
        raise NotFound()
    if is_new:
        _note("survey.planned", row, patient, by, session_id=str(session_id), due_at=due_at.isoformat())
    return row


@transaction.atomic
def answer_survey(
    *,
    survey: Survey,
    pain: int,
    had_unexpected_effect: bool,
    by: Actor,
    effect_text: str = "",
    at: datetime | None = None,
) -> Survey:
    """Take the one answer: it becomes a follow-up score, and an unexpected effect waits for a therapist."""
    _require_answerer(survey, by)
    answered_at = at or timezone.now()
    text = _check_answer(pain, had_unexpected_effect, effect_text)
    locked = _lock(survey)
    _require_open(locked, answered_at)
    was_asked = locked.state == SurveyState.ASKED
    locked.state = SurveyState.ANSWERED
    locked.pain = pain
    locked.had_unexpected_effect = had_unexpected_effect
    locked.effect_text = text
    locked.answered_at = answered_at
    locked.save(update_fields=["state", "pain", "had_unexpected_effect", "effect_text", "answered_at", "updated_at"])
    record_pain_score(
        patient=locked.patient,
        episode=locked.episode,
        score=pain,
        moment=Moment.FOLLOW_UP,
        measured_at=answered_at,
        source_key=f"survey:{locked.public_id}",
        by=by,
    )
    _close(locked, by, was_asked=was_asked)
    _note("survey.answered", locked, locked.patient, by)
    return locked


@transaction.atomic
def mark_effect_seen(*, survey: Survey, by: User) -> Survey:
    """A therapist of the care team has read the unexpected effect. Twice is once."""
    require_writer(patient=survey.patient, by=by)
    locked = _lock(survey)
    if not locked.had_unexpected_effect:
        raise NoUnexpectedEffect(survey_id=str(locked.public_id))
    if locked.effect_seen_at is None:
        locked.effect_seen_at = timezone.now()
        locked.save(update_fields=["effect_seen_at", "updated_at"])
        _note("survey.effect_seen", locked, locked.patient, by)
    return locked


def _close(survey: Survey, by: Actor, *, was_asked: bool) -> None:
    """Use up the link that answered; withdraw a request that was not sent yet."""
    if isinstance(by, SignedLink):
        links.mark_used(link=by)
    elif was_asked:
        messaging.supersede(key=subject_key(survey), is_live=False)


def _lock(survey: Survey) -> Survey:
    locked: Survey = (
        Survey.objects.select_for_update(no_key=True, of=("self",))
        .select_related("patient", "episode")
        .get(pk=survey.pk)
    )
    return locked


def _require_answerer(survey: Survey, by: Actor) -> None:
    if isinstance(by, SignedLink) and (by.purpose, by.target_id) != (LinkPurpose.SURVEY, survey.public_id):
        raise NotFound()
    require_writer(patient=survey.patient, by=by)


def _require_open(survey: Survey, at: datetime) -> None:
    if survey.is_answered:
        raise AlreadyAnswered(survey_id=str(survey.public_id))
    if survey.is_withdrawn:
        raise SurveyClosed(survey_id=str(survey.public_id))
    if at >= survey.expires_at:
        raise SurveyExpired(survey_id=str(survey.public_id))


def _check_score(score: int, *, field: str) -> None:
    if isinstance(score, bool) or not isinstance(score, int) or not 0 <= score <= 10:
        raise Invalid(fields={field: "A whole number from 0 to 10."})


def _check_origin(patient: Patient, episode: Episode, moment: str, measured_at: datetime, source_key: str) -> None:
    wrong: dict[str, str] = {}
    if episode.patient_id != patient.pk:
        wrong["episode"] = "Choose an episode of this patient."
    if moment not in Moment.values:
        wrong["moment"] = "One of: " + ", ".join(Moment.values) + "."
    if timezone.is_naive(measured_at):
        wrong["measured_at"] = "Use a time with an offset."
    if not source_key or len(source_key) > 60:
        wrong["source_key"] = "1 to 60 characters."
    if wrong:
        raise Invalid(fields=wrong)


def _check_answer(pain: int, had_unexpected_effect: bool, effect_text: str) -> str:
    _check_score(pain, field="pain")
    if not isinstance(had_unexpected_effect, bool):
        raise Invalid(fields={"had_unexpected_effect": "Answer yes or no."})
    text = effect_text.strip() if had_unexpected_effect else ""
    if len(text) > EFFECT_TEXT_LENGTH or "\x00" in text:
        raise Invalid(fields={"effect_text": f"At most {EFFECT_TEXT_LENGTH} characters."})
    return text


def _note(action: str, row: PainScore | Survey, patient: Patient, by: Actor, **facts: str) -> None:
    record(actor=by, action=action, subject=row, patient=patient, locations=patient.locations.all(), facts=facts)
