"""What a request for clearance says (clinical.md §2.7), and the letter it is printed as.

It tells the clinician what made the rules fire and nothing else of the record. English, like the record.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clinic.core.clock import local
from clinic.core.documents import pdf
from clinic.letterhead import day_words, paper_of, sender_of
from clinic.models import Location
from patients.models import Patient
from questionnaires.models import QuestionnaireResponse
from screening.models import ClearanceRequest, Flag, Severity, Urgency
from screening.reasons import FlagLine, Reason, lines_of
from screening.regions import KINDS, REGIONS

QUESTIONS = (
    "May the patient be treated as planned?",
    "Which regions may be treated, and which must be left alone?",
    "How much pressure is allowed at most, from 1 (feather-light) to 5 (deep)?",
    "Which ways of treating must not be used?",
    "Until when does your answer hold?",
)
ANYTHING_ELSE = "Is there anything else we should know?"
PRESSURES = (("1", "feather-light"), ("2", "light"), ("3", "moderate"), ("4", "firm"), ("5", "deep"))
_TEMPLATE = "screening/documents/clearance_request.typ"
_STANDS = {
    Severity.ABSOLUTE.value: "we do not treat at all",
    Severity.RELATIVE.value: "we treat only with a clearance",
    Severity.LOCAL.value: "we keep away from the region",
    Severity.CAUTION.value: "we treat with caution",
}


def text_of(request: ClearanceRequest, flags: Iterable[Flag], intake: QuestionnaireResponse | None) -> dict[str, Any]:
    """Everything the letter says, ready to keep. The intake gives questions and answers their words."""
    patient, by = request.patient, request.asked_by
    place = letterhead_of(patient, by)
    lines = lines_of(flags, intake.questionnaire.form() if intake else None, user=by)
    written_at = local(request.created_at, place.timezone if place else "UTC")
    return {
        "paper": paper_of(place),
        "sender": sender_of(place),
        "addressee": request.addressee.splitlines(),
        "written_on": day_words(written_at),
        "reference": request.reference,
        "patient": {"name": patient.full_name, "birth_on": day_words(patient.birth_on)},
        "findings": [_finding(line) for line in lines],
        "plan": {
            "service": request.service.name,
            "touch": request.service.get_technique_family_display(),
            "kinds": [KINDS[code] for code in request.kinds],
            "regions": [REGIONS[code] for code in request.regions],
        },
        "questions": list(questions_of(request)),
        "last_question": ANYTHING_ELSE,
        "pressures": PRESSURES,
        "kinds": list(KINDS.values()),
        "therapist": {
            "name": by.full_name,
            "role": "Clinical lead" if by.is_clinical_lead else "Therapist",
            "licence": by.licence_number,
        },
    }


def questions_of(request: ClearanceRequest) -> tuple[str, ...]:
    """The questions every letter asks, and this one's own."""
    return (*QUESTIONS, request.remark) if request.remark else QUESTIONS


def print_letter(request: ClearanceRequest) -> bytes:
    """The letter as it was written, as a PDF: the same bytes however often it is printed."""
    return pdf(template=_TEMPLATE, facts=request.letter, written_at=request.created_at)


def letterhead_of(patient: Patient, user: Any) -> Location | None:
    """Where the letter comes from: a location both are known at, else one of the patient's."""
    known = patient.locations.in_order()
    return known.filter(staff=user).first() or known.first()


def _finding(line: FlagLine) -> dict[str, Any]:
    flag = line.flag
    stands = _STANDS[flag.severity] if flag.urgency != Urgency.EMERGENCY else "we do not treat before it is looked into"
    return {"title": flag.title, "severity": stands, "reasons": [_words(reason) for reason in line.reasons]}


def _words(reason: Reason) -> str:
    answer = f" {reason.answer}" if reason.answer else ""
    return f"{reason.source}: {reason.text}{answer}{' (to be asked)' if reason.to_ask else ''}"
