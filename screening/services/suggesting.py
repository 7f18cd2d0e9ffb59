"""Taking over into the record what the patient wrote."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from clinic.core.errors import NotAllowed, NotFound
from patients.models import Patient
from patients.services import add_allergy, add_earlier_treatment, add_medicine
from questionnaires.models import QuestionnaireResponse
from screening.suggestions import Suggestion, suggestions_of

_ADD: dict[str, Any] = {"medicine": add_medicine, "allergy": add_allergy, "treatment": add_earlier_treatment}


@transaction.atomic
def accept_suggestion(*, response: QuestionnaireResponse, key: str, by: Any) -> Suggestion:
    """Add one suggested row to the patient's record. Accepting twice adds it once."""
    if not getattr(by, "writes_clinical", False):
        raise NotAllowed()
    if not Patient.objects.visible_to(by).select_for_update(no_key=True, of=("self",)).filter(pk=response.patient_id):
        raise NotFound()
    suggestion = next((one for one in suggestions_of(response) if one.key == key), None)
    if suggestion is None:
        raise NotFound()
    _ADD[suggestion.kind](patient=response.patient, by=by, **suggestion.entries)
    return suggestion
