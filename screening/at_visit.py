"""What is asked or seen anew around each visit, as the rules hear it: of every form the newest answers."""

from __future__ import annotations

from patients.models import Patient
from questionnaires.models import QuestionnaireResponse
from screening.changes import CHANGES
from screening.facts import VisitAnswer
from screening.rulebook import rulebook

# What the therapist sees in the room, asks there, and answers for.
AT_VISIT = "at-visit"
FORMS = (AT_VISIT, CHANGES)

# The questions that rules rest on, as a therapist reads them beside a flag.
WORDS = {
    "seen-impaired": "Intoxicated, sedated, or cannot say how it feels",
    "seen-no-consent": "Cannot consent",
    "contact-now": "We may contact the doctor",
    "change-infection": "Fever, flu, a cold or another infection",
    "change-pregnant": "Pregnant, or might be",
}
ANSWERS = {"yes": "Yes", "no": "No", "not-sure": "Not sure"}


def answers_of(patient: Patient) -> dict[str, VisitAnswer]:
    """The newest answer to each question of a visit that rules rest on. One query."""
    rows = QuestionnaireResponse.objects.filter(patient=patient, status="submitted", questionnaire__key__in=FORMS)
    newest = rows.order_by("questionnaire__key", "-submitted_at", "-id").distinct("questionnaire__key")
    asked = rulebook().asks_at_visits
    return {
        link_id: VisitAnswer(value, submitted_at)
        for answers, submitted_at in newest.values_list("answers", "submitted_at")
        for link_id, value in answers.items()
        if link_id in asked
    }
