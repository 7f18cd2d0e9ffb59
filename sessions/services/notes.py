"""The note: started from an arrived appointment, written, signed, and added to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clinic.core.errors import Invalid, NotFound
from outcomes.models import Moment
from outcomes.services import plan_survey, record_pain_score
from patients.models import Patient
from patients.services import open_episode
from scheduling.models import Appointment, AppointmentStatus
from scheduling.services import begin_appointment, complete_appointment
from screening.services import gate
from sessions.access import lock_draft, lock_session, note_act, require_therapist
from sessions.content import NEWEST_FORMAT, NOTE_FIELDS, digest_of
from sessions.errors import Incomplete, NotArrived, NotSignedYet, ScreeningBlocks, Unconfirmed
from sessions.models import Addendum, SessionState, TreatmentSession
from sessions.products import require_answered
from sessions.services.cosigning import ask_for_co_signature
from sessions.treatments import pass_screening, treatments_in
from staff.models import User

NOTE_LENGTH = 20_000
ADDENDUM_LENGTH = 5_000
LUBRICANT_LENGTH = 80


@transaction.atomic
def start_session(*, appointment: Appointment, by: User, at: datetime | None = None) -> TreatmentSession:
    """Open the note of a patient who has arrived. Starting twice opens the same note."""
    require_therapist(by)
    if not Patient.objects.visible_to(by).filter(pk=appointment.patient.pk).exists():
        raise NotFound()
    held = Appointment.objects.for_diary().select_for_update(no_key=True, of=("self",)).get(pk=appointment.pk)
    begun = (
        TreatmentSession.objects.visible_to(by).select_related("patient", "location").filter(appointment=held).first()
    )
    if begun is not None:
        return begun  # type: ignore[no-any-return]
    if held.status != AppointmentStatus.ARRIVED:
        raise NotArrived(status=held.status)
    verdict = gate(patient=held.patient, service=held.service, visit_id=held.public_id, is_held=True, by=by, at=at)
    if verdict.is_blocked:
        raise ScreeningBlocks(reasons=list(verdict.reasons))
    session = TreatmentSession.objects.create(
        patient=held.patient,
        episode=open_episode(patient=held.patient, by=by),
        appointment=held,
        therapist=by,
        location=held.location,
        service=held.service,
        performed_at=at or timezone.now(),
    )
    begin_appointment(appointment=held, by=by)
    note_act(
        action="session.started", subject=session, session=session, by=by, appointment_id=str(appointment.public_id)
    )
    return session


@transaction.atomic
def save_note(
    *, session: TreatmentSession, changes: dict[str, Any], expected_version: int | None, by: User
) -> TreatmentSession:
    """Keep what changed of the note, one version later. Text that is there already is no change."""
    locked = lock_draft(session, by=by)
    _apply(locked, changes, expected_version=expected_version, by=by)
    return locked


@transaction.atomic
def sign_session(
    *,
    session: TreatmentSession,
    by: User,
    changes: dict[str, Any] | None = None,
    expected_version: int | None = None,
    at: datetime | None = None,
) -> TreatmentSession:
    """Keep the last changes, then freeze the note and its findings and set off what follows. All of it or nothing."""
    locked = lock_draft(session, by=by)
    _apply(locked, changes or {}, expected_version=expected_version, by=by)
    missing = locked.missing_to_sign()
    if missing:
        raise Incomplete(missing=missing)
    unconfirmed = [row.code for row in locked.carried.for_page()]
    if unconfirmed:
        raise Unconfirmed(unconfirmed=unconfirmed)
    require_answered(locked)
    pass_screening(locked, treatments_in(locked), by=by, at=at)
    locked.content_format = NEWEST_FORMAT
    locked.state = SessionState.SIGNED
    locked.signed_at = at or timezone.now()
    locked.signed_by = by
    locked.content_digest = digest_of(locked)
    locked.version += 1
    locked.save(
        update_fields=[
            "state",
            "signed_at",
            "signed_by",
            "content_digest",
            "content_format",
            "version",
            "updated_at",
        ],
    )
    ask_for_co_signature(session=locked, by=by)
    _pass_on(locked, by=by)
    note_act(action="session.signed", subject=locked, session=locked, by=by, content_digest=locked.content_digest)
    return locked


@transaction.atomic
def add_addendum(*, session: TreatmentSession, text: str, by: User) -> Addendum:
    """Add a dated correction to a signed note, by any therapist of the care team. The note itself stays as it is."""
    locked = lock_session(session, by=by)
    if not locked.is_signed:
        raise NotSignedYet()
    cleaned = _text(text, "text", ADDENDUM_LENGTH)
    if not cleaned:
        raise Invalid(fields={"text": "Write what you want to add."})
    addendum = Addendum.objects.create(session=locked, author=by, text=cleaned)
    note_act(action="session.addendum_added", subject=addendum, session=locked, by=by)
    return addendum


def _pass_on(session: TreatmentSession, *, by: User) -> None:
    """What a signature sets off below: both pain scores, the end of the appointment, the follow-up question."""
    ended_at = session.performed_at + timedelta(minutes=session.service.duration_minutes)
    for moment, score, measured_at in (
        (Moment.BEFORE, session.pain_before, session.performed_at),
        # Written up hours later, the pain is still that of the end of the visit.
        (Moment.AFTER, session.pain_after, max(session.performed_at, min(ended_at, session.signed_at or ended_at))),
    ):
        record_pain_score(
            patient=session.patient,
            episode=session.episode,
            score=score,  # type: ignore[arg-type]  # missing_to_sign() has asked
            moment=moment,
            measured_at=measured_at,
            source_key=f"session:{session.public_id}",
            by=by,
        )
    if session.appointment is not None:
        complete_appointment(appointment=session.appointment, by=by)
    plan_survey(
        patient=session.patient,
        episode=session.episode,
        therapist=session.therapist,
        session_id=session.public_id,
        due_at=session.performed_at + timedelta(minutes=settings.SURVEY_DELAY_MINUTES),
        by=by,
    )


def _apply(locked: TreatmentSession, changes: dict[str, Any], *, expected_version: int | None, by: User) -> None:
    cleaned = _clean(changes)
    changed = [name for name, value in cleaned.items() if getattr(locked, name) != value]
    if not changed:
        # An answer lost on the way makes the same text arrive twice: that is no conflict.
        return
    locked.expect_version(expected_version)
    for name in changed:
        setattr(locked, name, cleaned[name])
    locked.version += 1
    locked.save(update_fields=[*changed, "version", "updated_at"])
    # What was carried over and is written anew is the author's own.
    locked.carried.filter(note_field__in=changed).delete()
    note_act(action="session.note_saved", subject=locked, session=locked, by=by, fields=sorted(changed))


def _clean(changes: dict[str, Any]) -> dict[str, Any]:
    wrong: dict[str, str] = dict.fromkeys(set(changes) - set(NOTE_FIELDS), "There is no such field in the note.")
    cleaned: dict[str, Any] = {}
    for name in set(changes) & set(NOTE_FIELDS):
        try:
            cleaned[name] = _RULES[name](changes[name], name)
        except Invalid as refusal:
            wrong |= refusal.fields
    if wrong:
        raise Invalid(fields=wrong)
    return cleaned


def _text(value: Any, name: str, longest: int = NOTE_LENGTH) -> str:
    text = str(value or "").replace("\r\n", "\n").strip()
    if len(text) > longest or "\x00" in text:
        raise Invalid(fields={name: f"At most {longest} characters of text."})
    return text


def _pain(value: Any, name: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10:
        raise Invalid(fields={name: "A whole number from 0 to 10."})
    return value


def _lubricant(value: Any, name: str) -> str:
    return _text(value, name, LUBRICANT_LENGTH)


_RULES: dict[str, Callable[[Any, str], Any]] = {
    "subjective": _text,
    "objective": _text,
    "assessment": _text,
    "plan": _text,
    "pain_before": _pain,
    "pain_after": _pain,
    "lubricant": _lubricant,
}
