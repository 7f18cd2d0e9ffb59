"""What has changed since the last visit, asked by the therapist in the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from clinic.core.errors import Invalid
from screening.models import ChangeCheck
from screening.services import record_change_check
from sessions.access import lock_draft
from sessions.models import TreatmentSession
from staff.models import User


@transaction.atomic
def record_changes(*, session: TreatmentSession, answers: Mapping[str, Any], by: User) -> ChangeCheck:
    """Keep the answers to the five questions, asked and looked at by the session's therapist, while it is a draft.
    Raises Invalid for what is not answered, ChangesAnswered where the patient has told already."""
    locked = lock_draft(session, by=by)
    visit = locked.appointment
    if visit is None:
        raise Invalid(fields={"session": "This session belongs to no visit."})
    return record_change_check(
        patient=locked.patient, visit_id=visit.public_id, visit_at=visit.starts_at, answers=answers, by=by
    )
