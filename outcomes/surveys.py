"""Asking what is due: each follow-up becomes one message with one link, or is withdrawn."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from audit.actors import SYSTEM
from audit.services import record
from messaging import services as messaging
from messaging.models import LinkPurpose
from outcomes.models import Survey, SurveyState
from patients.gate import home_of
from patients.models import Consent, ConsentKind

logger = logging.getLogger("outcomes.surveys")

BATCH = 200
# A link opens a little longer than the follow-up is open, to say "too late" and whom to call instead.
_LINK_OUTLIVES_BY = timedelta(days=7)


def queue_due(now: datetime | None = None) -> int:
    """Ask every follow-up that is due. Safe to run at any time, by any number of workers. Returns how many."""
    now = now or timezone.now()
    due = list(Survey.objects.planned_and_due(now).values_list("public_id", flat=True)[:BATCH])
    return sum(_ask_alone(public_id, now) for public_id in due)


def subject_key(survey: Survey) -> str:
    """The key under which messaging knows this follow-up."""
    return f"survey:{survey.public_id}"


def _ask_alone(public_id: uuid.UUID, now: datetime) -> bool:
    """One that cannot be asked must not hold up the others; it stays planned and is tried again."""
    try:
        return ask(public_id, now)
    except Exception as error:
        logger.error("survey %s could not be asked: %s", public_id, type(error).__name__)
        return False


@transaction.atomic
def ask(public_id: uuid.UUID, now: datetime) -> bool:
    """Claim a planned follow-up and promise its message, or withdraw it. False: there was nothing to ask."""
    survey = Survey.objects.select_related("patient").get(public_id=public_id)
    reason = _reason_to_withdraw(survey, now)
    state = SurveyState.WITHDRAWN if reason else SurveyState.ASKED
    planned = Survey.objects.filter(pk=survey.pk, state=SurveyState.PLANNED)
    if planned.update(state=state, updated_at=Now()) != 1:
        return False
    if reason:
        _note(survey, "survey.withdrawn", reason=reason)
        return False
    _promise(survey)
    _note(survey, "survey.asked")
    return True


def _reason_to_withdraw(survey: Survey, now: datetime) -> str:
    if survey.expires_at <= now:
        return "expired"
    if survey.patient.died_on is not None:
        return "patient_died"
    if Consent.objects.standing(survey.patient, ConsentKind.SURVEYS) is False:
        return "surveys_refused"
    return ""


def _promise(survey: Survey) -> None:
    subject = messaging.subject(key=subject_key(survey))
    link = messaging.issue_link(
        patient=survey.patient,
        purpose=LinkPurpose.SURVEY,
        target_id=survey.public_id,
        expires_at=survey.expires_at + _LINK_OUTLIVES_BY,
        by=SYSTEM,
    )
    home = home_of(survey.patient)
    messaging.queue_message(
        patient=survey.patient,
        subject=subject,
        template="survey_request",
        context={"location_name": home.name, "location_phone": home.phone} if home else {},
        link=link,
        expires_at=survey.expires_at,
        location=home,
        by=SYSTEM,
    )


def _note(survey: Survey, action: str, **facts: str) -> None:
    locations = survey.patient.locations.all()
    record(actor=SYSTEM, action=action, subject=survey, patient=survey.patient, locations=locations, facts=facts)
