"""What a therapist sees, or is told, in the room: the rules hear it at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from clinic.core.errors import NotAllowed, NotFound
from patients.models import Patient
from questionnaires.services import restart_response, save_answers, start_response, submit_response
from screening import evaluations
from screening.at_visit import AT_VISIT
from screening.models import Cause, Evaluation


@transaction.atomic
def record_at_visit(*, patient: Patient, answers: Mapping[str, Any], by: Any) -> Evaluation:
    """Keep what stands in the way today, or no longer does, and run the rules. Raises Invalid for what is missing."""
    if not getattr(by, "writes_clinical", False):
        raise NotAllowed()
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise NotFound()
    response = restart_response(response=start_response(patient=patient, key=AT_VISIT, by=by), by=by)
    save_answers(response=response, answers=answers, by=by)
    submit_response(response=response, by=by)
    made = evaluations.run(patient, cause=Cause.REQUESTED, by=by)
    if made is None:  # only a run for a changed record may find nothing new
        raise NotFound()
    return made
