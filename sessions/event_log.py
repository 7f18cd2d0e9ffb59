"""Unwanted effects as pages show them: the list, one event with its history, and whom a serious one alarms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from clinic.models import Location
from patients.gate import home_of
from patients.models import Patient
from sessions.models import AdverseEvent, AdverseEventQuerySet, EffectCheck, TreatmentSession
from staff.models import User

PAGE_SIZE = 30
# More serious events than these at once, and the first ones matter most.
_MOST_ALARMS = 20
_SESSIONS_OFFERED = 20


@dataclass(frozen=True)
class EventPage:
    """Some events, newest first, and the last one's id when there are older ones."""

    events: list[AdverseEvent]
    older_after: str


@dataclass(frozen=True)
class EffectQuestion:
    """The question about the session before, as it stands in a session."""

    asked_about: TreatmentSession
    answer: EffectCheck | None


def events_page(*, seen: AdverseEventQuerySet, after: AdverseEvent | None) -> EventPage:
    """One page of current events: constant cost on any page."""
    rows = seen.current().for_list()
    if after is not None:
        rows = rows.filter(pk__lt=after.pk)
    found = list(rows.order_by("-id")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return EventPage(shown, str(shown[-1].public_id) if len(found) > PAGE_SIZE else "")


def serious_alarms(user: User) -> list[AdverseEvent]:
    """The serious events that wait for this clinical lead, the longest first."""
    if not (user.writes_clinical and user.is_clinical_lead):
        return []
    waiting = AdverseEvent.objects.visible_to(user).alarming().select_related("patient")
    return list(waiting.order_by("created_at", "id")[:_MOST_ALARMS])


def effect_question(session: TreatmentSession, *, before: TreatmentSession | None) -> EffectQuestion | None:
    """What the patient is asked in this session about the one before; None at a first visit."""
    answer = session.effect_checks.select_related("asked_about__location", "event", "by").order_by("-id").first()
    if answer is not None:
        return EffectQuestion(answer.asked_about, answer)
    return EffectQuestion(before, None) if before else None


def sessions_to_follow(*, patient: Patient, user: User) -> Iterable[TreatmentSession]:
    """The sessions an effect may have followed, newest first."""
    seen = TreatmentSession.objects.visible_to(user).filter(patient=patient)
    return list(seen.newest_first().select_related("location")[:_SESSIONS_OFFERED])


def place_of(patient: Patient, session: TreatmentSession | None = None) -> Location:
    """Whose clock the times of an event are told on."""
    return session.location if session else home_of(patient) or Location(timezone="UTC")


def history_of(event: AdverseEvent) -> list[Any]:
    """Every version of an event, newest first, with who looked at it."""
    versions = AdverseEvent.objects.filter(event_id=event.event_id).select_related("author", "allergy")
    return list(versions.prefetch_related("seen__by").order_by("-number"))
