"""What flags and clearances say about one way of treating one region. Pure: it is given what is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from screening.models import Severity

_BLOCKING = {Severity.ABSOLUTE.value, Severity.RELATIVE.value}

# What an objection says to the therapist.
OBJECTIONS = {
    "region_barred": "A flag keeps hands away from this region.",
    "lubricant_barred": "A flag speaks against oil, lotion and gel.",
    "kind_barred": "A flag forbids this kind of technique.",
    "region_not_cleared": "The clearance does not cover this region.",
    "kind_not_cleared": "The clearance excludes this kind of technique.",
    "pressure_not_cleared": "The clearance allows less pressure.",
    "pressure_unsaid": "The clearance limits the pressure: say how hard.",
}
# A therapist who has looked may treat there for a reason that is written down. What a doctor excluded, or what a device
# in the body forbids, is the clinical lead's to decide.
EXCUSED_BY_THERAPIST = frozenset({"region_barred", "lubricant_barred"})


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What is to be done: where ("": a product for the whole session), of which kinds (`screening/regions.py`), how
    hard (1-5, None: not said).

    `excused` are rules whose objection has been answered with a written reason: a therapist's answers only what a
    therapist may excuse, the clinical lead's everything.
    """

    region: str
    kinds: frozenset[str] = frozenset()
    pressure: int | None = None
    excused: frozenset[str] = field(default=frozenset())
    is_excused_by_lead: bool = False

    def excuses(self, rule_id: str, reason: str) -> bool:
        """Whether the written reason answers this objection of the rule: it may have another one by now."""
        return rule_id in self.excused and (self.is_excused_by_lead or reason in EXCUSED_BY_THERAPIST)


@dataclass(frozen=True, kw_only=True)
class FlagView:
    """What of a flag matters to a treatment. A cleared one carries the limits of its clearance, if it has any."""

    rule_id: str
    severity: str
    is_cleared: bool = False
    regions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    allowed_regions: tuple[str, ...] = ()
    forbidden_regions: tuple[str, ...] = ()
    forbidden_kinds: tuple[str, ...] = ()
    max_pressure: int | None = None


@dataclass(frozen=True)
class Objection:
    """A rule that speaks against a treatment, and why, as a code without clinical content."""

    reason: str
    rule_id: str


def objections(flags: Iterable[FlagView], treatments: Iterable[Treatment]) -> list[Objection]:
    """Every objection to any of the treatments, each once, without those that are excused."""
    seen = list(flags)
    found = (
        Objection(reason, flag.rule_id)
        for treatment in treatments
        for flag in seen
        for reason in _against(flag, treatment)
        if not treatment.excuses(flag.rule_id, reason)
    )
    return list(dict.fromkeys(found))


def _against(flag: FlagView, treatment: Treatment) -> Iterator[str]:
    if flag.is_cleared:
        yield from _beyond_clearance(flag, treatment)
        return
    # A graver flag blocks the whole session anyway.
    if flag.severity == Severity.LOCAL and treatment.region in flag.regions:
        yield "region_barred"
    yield from _barred_kinds(flag, treatment)


def _barred_kinds(flag: FlagView, treatment: Treatment) -> Iterator[str]:
    barred = treatment.kinds.intersection(flag.kinds)
    if "lubricant" in barred:
        yield "lubricant_barred"
    if barred - {"lubricant"}:
        yield "kind_barred"


def _beyond_clearance(flag: FlagView, treatment: Treatment) -> Iterator[str]:
    """A clearance lifts the bar on the session. The region the flag is about stays out of bounds unless the clearance
    names it (a cleared cancer is still not pressed upon: clinical.md CI-10)."""
    if treatment.kinds.intersection(flag.forbidden_kinds):
        yield "kind_not_cleared"
    if flag.severity in _BLOCKING:
        yield from _barred_kinds(flag, treatment)
    if not treatment.region:
        return
    if flag.severity in _BLOCKING and treatment.region in set(flag.regions).difference(flag.allowed_regions):
        yield "region_barred"
    is_left_out = bool(flag.allowed_regions) and treatment.region not in flag.allowed_regions
    if is_left_out or treatment.region in flag.forbidden_regions:
        yield "region_not_cleared"
    if flag.max_pressure is not None:
        yield from _too_hard(treatment.pressure, flag.max_pressure)


def _too_hard(pressure: int | None, most: int) -> Iterator[str]:
    if pressure is None:
        yield "pressure_unsaid"
    elif pressure > most:
        yield "pressure_not_cleared"
