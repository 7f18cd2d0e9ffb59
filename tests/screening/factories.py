"""An intake that raises nothing, and patients who sent it; a test changes the answers that matter."""

from __future__ import annotations

from typing import Any

from audit.actors import SYSTEM
from questionnaires.services import save_answers, start_response
from questionnaires.services.publishing import load_shipped
from screening.services import submit_intake
from tests.factories import PatientFactory

NO = (
    "small-bump",
    "pain-night",
    "headache-new",
    "headache-alarm",
    "stroke-signs",
    "dizzy",
    "head-knock",
    "breath",
    "heart",
    "saddle-numb",
    "bladder",
    "weakness",
    "tearing",
    "dark-urine",
    "hot-joint",
    "fever",
    "fever-pain",
    "infection-risk",
    "weight-loss",
    "wound",
    "skin-infection",
    "skin-fragile",
    "bruise",
    "fracture",
    "bones",
    "surgery",
    "device",
    "leg-symptom",
    "clot-now",
    "vein-past",
    "varicose",
    "limb-swelling",
    "blood-thinner",
    "bleeding",
    "cancer",
    "pregnant",
    "medicines-any",
    "bone-medicine",
    "steroids",
    "product-allergy",
)
CALM: dict[str, Any] = {
    **dict.fromkeys(NO, "no"),
    "pain-where": ["SHOULDER.TOP"],
    "pain-side": "both",
    "pain-now": 6,
    "pain-since": "over-3-months",
    "onset": "gradual",
    "trajectory": "steady",
    "sleep-trouble": 3,
    "clinician-examined": "yes",
    "clot-risks": ["none"],
    "health-list": ["none"],
    "injections": ["none"],
    "consent-treatment": "yes",
    "consent-email": "yes",
    "consent-surveys": "yes",
    "contact-doctor": "yes",
    "home-devices": ["none"],
}
# What only older patients are asked.
STRONG = dict.fromkeys(
    ("headache-over-50", "frail-tired", "frail-stairs", "frail-walking", "frail-illnesses", "frail-weight"), "no"
)


def sent_intake(patient: Any = None, *, by: Any = SYSTEM, at: Any = None, **changes: Any) -> Any:
    """Send a whole intake; `changes` are answers by linkId with _ for -. Answers with the evaluation."""
    load_shipped()
    patient = patient or PatientFactory()
    response = start_response(patient=patient, by=SYSTEM)
    answers = {**CALM, **STRONG, **{name.replace("_", "-"): value for name, value in changes.items()}}
    save_answers(response=response, answers=answers, by=by)
    return submit_intake(response=response, by=by, at=at)
