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
    in_turn = rows.order_by("submitted_at", "id").values_list("questionnaire__key", "answers", "submitted_at")
    changes: dict[str, VisitAnswer] = {}
    room: dict[str, VisitAnswer] = {}
    for key, answers, said_at in in_turn:
        said = {name: VisitAnswer(value, said_at) for name, value in answers.items() if name in _asked()}
        if key == CHANGES:
            changes = said  # whole each time: a follow-up that was not asked again is over
        else:
            room |= said  # what was left open stands as it was answered before
    return {**changes, **room}


def _asked() -> frozenset[str]:
    return rulebook().asks_at_visits
