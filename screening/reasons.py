"""Why a flag stands, in words a therapist reads beside the rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from questionnaires.form import Form, in_language
from questionnaires.presenting import answer_text
from screening.at_visit import ANSWERS, WORDS
from screening.models import Flag


@dataclass(frozen=True)
class Reason:
    """One piece of evidence: where it comes from, what it says."""

    source: str
    text: str
    answer: str = ""
    to_ask: bool = False


@dataclass(frozen=True)
class FlagLine:
    """A flag with its reasons and regions in words, and what this member may do about it."""

    flag: Flag
    reasons: tuple[Reason, ...]
    regions: tuple[str, ...]
    may_clear: bool
    has_run_out: bool

    @property
    def tone(self) -> str:
        return "red" if self.flag.is_blocking else "amber"


def lines_of(flags: Iterable[Flag], form: Form | None, *, user: Any) -> list[FlagLine]:
    """Flags ready to print. The form gives questions and places their words."""
    return [
        FlagLine(
            flag=flag,
            reasons=tuple(_reason(one, form) for one in flag.evidence),
            regions=tuple(_region(code, form) for code in flag.regions),
            may_clear=user.writes_clinical and (flag.severity != "absolute" or user.is_clinical_lead),
            has_run_out=flag.status == "cleared",
        )
        for flag in flags
    ]


def _reason(evidence: Mapping[str, Any], form: Form | None) -> Reason:
    to_ask = evidence.get("certainty") == "ask"
    kind = evidence["kind"]
    if kind == "answer":
        question, answer = _answered(evidence, form)
        return Reason("Answer", question, _with_substance(answer, evidence), to_ask)
    if kind == "age":
        return Reason("Age", f"{evidence['value']} years")
    if kind == "visit":
        return Reason("At a visit", WORDS[evidence["link_id"]], ANSWERS.get(evidence["value"], ""))
    source = {"medicine": "Medicine", "condition": "Condition", "allergy": "Allergy", "rule": "Together with"}[kind]
    return Reason(source, _with_substance(evidence.get("text", ""), evidence), "", to_ask)


def _answered(evidence: Mapping[str, Any], form: Form | None) -> tuple[str, str]:
    item = form.items.get(evidence["link_id"]) if form else None
    if item is None:
        return evidence["link_id"], str(evidence["value"])
    return in_language(item.texts, "en"), answer_text(item, evidence["value"], "en")


def _with_substance(text: str, evidence: Mapping[str, Any]) -> str:
    substance = evidence.get("substance", "")
    return f"{text} ({substance})" if substance and substance not in text.lower() else text


def _region(code: str, form: Form | None) -> str:
    """The patient's word for a region code."""
    item = form.items.get("pain-where") if form else None
    return item.option_text(code, "en") if item else code
