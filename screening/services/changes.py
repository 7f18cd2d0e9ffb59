"""The five questions before each visit: asked by a link, answered, looked at by a therapist."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import Invalid, NotAllowed, NotFound
from clinic.models import Location
from messaging.links import mark_used
from messaging.models import SignedLink, Subject
from messaging.services import issue_link, queue_message
from patients.models import Patient
from questionnaires.models import QuestionnaireResponse
from questionnaires.services import restart_response, save_answers, start_response, submit_response
from screening import evaluations
from screening.changes import CHANGES, HOLDS_FOR, Known, is_no_change, known_of, waits_for_a_look
from screening.errors import ChangesAnswered, NothingToLookAt
from screening.models import Cause, ChangeCheck

LONGEST_NOTE = 500


@transaction.atomic
def request_change_check(
    *,
    patient: Patient,
    visit_id: UUID,
    visit_at: datetime,
    subject: Subject,
    context: Mapping[str, Any],
    by: Actor,
    location: Location | None = None,
) -> ChangeCheck:
    """Ask the patient, by a link that dies with the visit's `subject` or when it begins. Answers that still count for
    its present time are kept, so is a change nobody has read; and nobody is asked twice for the same time."""
    check: ChangeCheck | None = ChangeCheck.objects.select_for_update(no_key=True).filter(visit_id=visit_id).first()
    if check is not None and check.visit_at == visit_at:
        return check
    if check is not None and _is_kept(check, visit_at):
        check.visit_at = visit_at
        check.save(update_fields=["visit_at", "updated_at"])
        return check
    response = restart_response(response=start_response(patient=patient, key=CHANGES, by=by), by=by)
    check = _asked(check, patient, visit_id, visit_at, response)
    link = issue_link(
        patient=patient, purpose="intake", target_id=response.public_id, expires_at=visit_at, subject=subject, by=by
    )
    queue_message(
        patient=patient,
        subject=subject,
        template="change_check",
        context=dict(context),
        expires_at=visit_at,
        link=link,
        location=location,
        by=by,
    )
    record(actor=by, action="change_check.requested", subject=check, patient=patient)
    return check


@transaction.atomic
def submit_change_check(*, response: QuestionnaireResponse, by: Actor, at: datetime | None = None) -> ChangeCheck:
    """Freeze the answers, once, and run the rules. Anything but no, everywhere, waits for a therapist."""
    submitted = submit_response(response=response, by=by, at=at)
    mine = ChangeCheck.objects.select_for_update(no_key=True).filter(response=submitted)
    check: ChangeCheck | None = mine.order_by("-id").first()
    if check is None:
        raise NotFound()
    check.answered_at, check.has_changes = submitted.submitted_at, not is_no_change(submitted.answers)
    check.save(update_fields=["answered_at", "has_changes", "updated_at"])
    if isinstance(by, SignedLink):
        mark_used(link=by)
    facts = {"has_changes": check.has_changes}
    record(actor=by, action="change_check.answered", subject=check, patient=submitted.patient, facts=facts)
    evaluations.run(submitted.patient, cause=Cause.RECORD_CHANGED, by=by, at=at)
    return check


@transaction.atomic
def record_change_check(
    *, patient: Patient, visit_id: UUID, visit_at: datetime, answers: Mapping[str, Any], by: Any
) -> ChangeCheck:
    """A therapist asks in person: answered and looked at in one act. Raises Invalid for what is not answered,
    ChangesAnswered where the patient told of a change nobody has read: that comes first. Asked again, the newer answers
    count; what was answered before stays on record."""
    _require_therapist(patient, by)
    before: ChangeCheck | None
    before = ChangeCheck.objects.select_for_update(no_key=True).filter(visit_id=visit_id).first()
    if known_of(before, at=visit_at) is Known.CHANGED:
        raise ChangesAnswered()
    response = restart_response(response=start_response(patient=patient, key=CHANGES, by=by), by=by)
    _asked(before, patient, visit_id, visit_at, response)
    save_answers(response=response, answers=answers, by=by)
    check = submit_change_check(response=response, by=by)
    return _looked_at(check, "", by) if check.has_changes else check


@transaction.atomic
def look_at_change_check(*, check: ChangeCheck, note: str, by: Any) -> ChangeCheck:
    """A therapist has read what changed and decided: the session may take place as far as this goes."""
    _require_therapist(check.patient, by)
    note = note.strip()
    if not 0 < len(note) <= LONGEST_NOTE or "\x00" in note:
        raise Invalid(fields={"note": f"Say what you make of it, in at most {LONGEST_NOTE} characters."})
    locked = ChangeCheck.objects.select_for_update(no_key=True, of=("self",)).select_related("patient").get(pk=check.pk)
    if not locked.has_changes or locked.seen_at is not None:
        raise NothingToLookAt()
    return _looked_at(locked, note, by)


def _looked_at(check: ChangeCheck, note: str, by: Any) -> ChangeCheck:
    ChangeCheck.objects.filter(pk=check.pk).update(seen_at=Now(), seen_by=by, seen_note=note, updated_at=Now())
    check.refresh_from_db()
    record(actor=by, action="change_check.looked_at", subject=check, patient=check.patient)
    return check


def _is_kept(check: ChangeCheck, visit_at: datetime) -> bool:
    is_recent = check.answered_at is not None and check.answered_at >= visit_at - HOLDS_FOR
    return is_recent or waits_for_a_look(check)


def _asked(
    check: ChangeCheck | None, patient: Patient, visit_id: UUID, visit_at: datetime, response: QuestionnaireResponse
) -> ChangeCheck:
    """The visit's check, waiting for these answers."""
    check = check or ChangeCheck(patient=patient, visit_id=visit_id)
    check.visit_at, check.response = visit_at, response
    check.has_changes = check.answered_at = check.seen_at = check.seen_by = None
    check.seen_note = ""
    check.save()
    return check


def _require_therapist(patient: Patient, by: Any) -> None:
    if not getattr(by, "writes_clinical", False):
        raise NotAllowed()
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise NotFound()
