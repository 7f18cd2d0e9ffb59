"""What the patient wrote that is not in the record yet: offered to the therapist, taken over by one click."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from patients.models import Allergy, EarlierTreatment, Medicine
from questionnaires.form import Form
from questionnaires.models import QuestionnaireResponse
from screening.medicines import normalise

_TRIED = {
    "tried-analgesic": "analgesic",
    "tried-anti-inflammatory": "anti_inflammatory",
    "tried-muscle-relaxant": "muscle_relaxant",
    "tried-botulinum-toxin": "botulinum_toxin",
    "tried-physiotherapy": "physiotherapy",
    "tried-massage": "massage",
    "tried-surgery": "surgery",
}


@dataclass(frozen=True)
class Suggestion:
    """A row that could be added. `key` names it among the suggestions of one response."""

    key: str
    kind: str
    label: str
    entries: Mapping[str, Any]


def suggestions_of(response: QuestionnaireResponse) -> list[Suggestion]:
    """Medicines, product allergies and earlier treatments answered and not on record."""
    form = response.questionnaire.form()
    return [*_medicines(response), *_allergies(response, form), *_treatments(response, form)]


def _medicines(response: QuestionnaireResponse) -> Iterator[Suggestion]:
    on_record = Medicine.objects.filter(patient=response.patient_id, ended_on=None).values_list("name", flat=True)
    known = {normalise(name) for name in on_record}
    answers = response.answers
    written = [*str(answers.get("medicines", "")).splitlines(), str(answers.get("blood-thinner-which", ""))]
    for line in written:
        name = line.strip()[:200]
        if normalise(name) and not any(f" {normalise(name)} " in f" {one} " for one in known):
            known.add(normalise(name))
            yield Suggestion(f"medicine-{normalise(name)}", "medicine", name, {"name": name})


def _allergies(response: QuestionnaireResponse, form: Form) -> Iterator[Suggestion]:
    known = set(Allergy.objects.filter(patient=response.patient_id, ended_on=None).values_list("category", flat=True))
    detail = str(response.answers.get("product-allergy-detail", ""))
    for category in response.answers.get("product-allergy-which", []):
        if category not in known:
            label = form.items["product-allergy-which"].option_text(category, "en")
            entries = {"substance": label, "category": category, "reaction": detail[:200]}
            yield Suggestion(f"allergy-{category}", "allergy", f"{label}: {detail}" if detail else label, entries)


def _treatments(response: QuestionnaireResponse, form: Form) -> Iterator[Suggestion]:
    known = set(EarlierTreatment.objects.filter(patient=response.patient_id).values_list("kind", flat=True))
    for link_id, kind in _TRIED.items():
        benefit = response.answers.get(link_id)
        if benefit and benefit != "not-tried" and kind not in known:
            label = f"{form.items[link_id].texts['en']}: {form.items[link_id].option_text(benefit, 'en').lower()}"
            yield Suggestion(f"treatment-{kind}", "treatment", label, {"kind": kind, "benefit": benefit})
