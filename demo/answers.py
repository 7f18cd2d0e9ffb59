"""Answers of a demo patient's intake: calm by default, with what makes this person different."""

from __future__ import annotations

from random import Random
from typing import Any

from demo.courses import Course
from questionnaires.form import Form, Item
from questionnaires.models import QuestionnaireResponse

REGIONS = {
    "chronic_neck_pain": "NECK.POST",
    "chronic_low_back_pain": "BACK.LOW",
    "chronic_upper_back_pain": "BACK.UPPER",
    "shoulder_restriction": "SHOULDER.POST",
    "hip_restriction": "HIP.LAT",
    "migraine": "HEAD.TEMPLE",
    "plantar_fasciitis": "FOOT.PLA",
    "tmj_dysfunction": "HEAD.JAW",
    "myofascial_pain_syndrome": "SHOULDER.TOP",
}
# The first of these that an item offers: nothing to report, and yes to consent.
_CALM = ("no", "none", "gradual", "over-3-months", "steady", "aching")
_AGREED = ("consent-treatment", "consent-email", "consent-surveys", "contact-doctor", "clinician-examined")
# How often a patient reports something, and the follow-up answers that go with it.
_TROUBLES: tuple[tuple[float, dict[str, Any]], ...] = (
    (0.03, {"wound": "yes", "wound-where": ["LEG.ANT"], "burn-large": "no"}),
    (0.02, {"blood-thinner": "yes", "blood-thinner-which": "apixaban"}),
    (0.03, {"product-allergy": "yes", "product-allergy-which": ["oil"], "product-allergy-detail": "Almond oil: rash"}),
    (0.02, {"bones": "yes", "bones-kind": "osteopenia"}),
    (0.02, {"skin-fragile": "yes", "skin-fragile-where": ["FOREARM.EXT"]}),
    (0.015, {"vein-past": "yes"}),
    (0.01, {"clot-now": "yes"}),
    (0.04, {"varicose": "yes", "varicose-where": ["LEG.POST"]}),
)


def intake_answers(response: QuestionnaireResponse, course: Course, *, random: Random) -> dict[str, Any]:
    """Everything the form asks of this patient."""
    form = response.questionnaire.form()
    answers: dict[str, Any] = dict(response.answers)
    answers.update(_complaint(form, course))
    for share, trouble in _TROUBLES:
        if random.random() < share:
            answers.update(trouble)
    while missing := form.missing(answers):
        for link_id in missing:
            answers[link_id] = _calm_answer(form.items[link_id])
    # What the record prefilled is not for answering again.
    return {link_id: value for link_id, value in answers.items() if not form.items[link_id].is_hidden}


def _complaint(form: Form, course: Course) -> dict[str, Any]:
    region = REGIONS[course.complaint]
    known = form.items["pain-where"].codes
    return {
        "pain-where": [region if region in known else sorted(known)[0]],
        "pain-side": course.side,
        "pain-now": course.visits[0].before,
        "pain-since": "over-3-months",
        "pain-quality": ["aching", "tight"],
        **dict.fromkeys(_AGREED, "yes"),
    }


def _calm_answer(item: Item) -> Any:
    if item.type in {"integer", "decimal"}:
        return 2
    if not item.options:
        return "Nothing to add"
    choice = next((code for code in _CALM if code in item.codes), item.options[0].code)
    return [choice] if item.repeats else choice
