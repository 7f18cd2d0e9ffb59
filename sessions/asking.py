"""The five questions before a session, asked in person."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from questionnaires.forms import PageForm
from questionnaires.models import Questionnaire
from screening.changes import CHANGES
from sessions.models import TreatmentSession


def changes_form(session: TreatmentSession, posted: Any = None) -> PageForm | None:
    """The questions as the therapist reads them aloud; None while the form is not in use here."""
    questionnaire = Questionnaire.objects.current(CHANGES).first()
    if questionnaire is None:
        return None
    form, patient = questionnaire.form(), session.patient
    known = {"patient-age": patient.age_on(timezone.now().date()), "patient-sex": patient.sex}
    return PageForm(posted, form=form, page=form.pages[0], answers=known, language="en")
