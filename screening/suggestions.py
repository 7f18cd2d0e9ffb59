"""What the patient wrote that is not in the record yet: offered to the therapist, taken over by one click."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from patients.models import Allergy, EarlierTreatment, Medicine
from questionnaires.form import Form
from questionnaires.models import QuestionnaireResponse
from screening.medicines import When, dictionary, matches, normalise, prompts

_TRIED = {
    "tried-analgesic": "analgesic",
    "tried-anti-inflammatory": "anti_inflammatory",
    "tried-muscle-relaxant": "muscle_relaxant",
    "tried-botulinum-toxin": "botulinum_toxin",
    "tried-physiotherapy": "physiotherapy",
    "tried-massage": "massage",
    "tried-surgery": "surgery",
}


# The doubt a therapist has to settle with the patient; the row is taken over as written, so the rules keep asking.
_DOUBTS: dict[When, str] = {
    "earlier": "Earlier, not now?",
    "somebody_else": "Somebody else's?",
    "sometimes": "Only at times?",
    "unclear": "Taken now?",
}


@dataclass(frozen=True)
class Suggestion:
    """A row that could be added. `key` names it among the suggestions of one response."""

    key: str
    kind: str
    label: str
    entries: Mapping[str, Any]
    # For a medicine: what was recognised in it, the rules it makes one ask about, and a doubt in words.
    recognised: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    doubt: str = ""


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
            yield _medicine(name)


def _medicine(name: str) -> Suggestion:
    """One line the patient wrote. Nothing recognised means nothing: it is offered all the same."""
    found = matches(name)
    doubts = [match.when for match in found]
    return Suggestion(
        key=f"medicine-{normalise(name)}",
        kind="medicine",
        label=name,
        entries={"name": name},
        recognised=tuple(f"{one.substance} ({dictionary().classes[one.medicine_class].label})" for one in found),
        prompts=prompts(found),
        doubt="" if not doubts or "now" in doubts else _DOUBTS[doubts[0]],
    )


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
