"""A patient who calls for the first time is registered inside the booking form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from clinic.core.errors import Invalid
from clinic.models import Location
from patients import services
from patients.errors import PossibleDuplicate
from patients.forms import PatientForm
from patients.models import Patient
from staff.models import User


class NewPatientForm(PatientForm):
    """What the desk asks on the telephone; the rest of the record can wait."""

    sex = address = postal_code = None  # type: ignore[assignment]
    prefix = "new"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["given_name"].widget.attrs["autofocus"]


@dataclass(frozen=True)
class Newcomer:
    """What became of registering: a patient, or the form with what is wrong with it."""

    form: NewPatientForm
    patient: Patient | None = None
    duplicate: PossibleDuplicate | None = None
    candidates: list[Patient] = field(default_factory=list)
    status: int = 200


def kept_newcomer(request: HttpRequest) -> Newcomer:
    """What was typed about a new patient, while something else was pressed: nothing is judged, nothing lost."""
    names = NewPatientForm.base_fields
    typed = {name: request.POST[f"new-{name}"] for name in names if request.POST.get(f"new-{name}")}
    return Newcomer(NewPatientForm(initial=typed))


def register_newcomer(request: HttpRequest, location: Location, user: User) -> Newcomer:
    """Open the record, or say why not; somebody like this is shown first."""
    form = NewPatientForm(request.POST)
    if not form.is_valid():
        return Newcomer(form, status=422)
    entries = {**form.entries(), "is_another_person": form.cleaned_data["is_another_person"]}
    try:
        return Newcomer(NewPatientForm(), services.register_patient(**entries, location=location, by=user))
    except Invalid as problem:
        form.refuse(problem)
        return Newcomer(form, status=422)
    except PossibleDuplicate as refusal:
        found = Patient.objects.visible_to(user).filter(public_id__in=refusal.facts["candidate_ids"]).by_name()
        return Newcomer(form, duplicate=refusal, candidates=list(found), status=409)
