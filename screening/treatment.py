"""What flags, clearances and the endangerment areas say about one way of treating one region. Pure: it is given what
is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from screening.endangerment import areas_in, endangering
from screening.models import Severity

# Rules about a place and what is done there, not about a patient: no flag is raised, every treatment is asked.
ENDANGERMENT = "CI-37"
PELVIC_WORK = "CI-41"
_PELVIC_REGION = "PELVIS"

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
    "endangered_deep": "No deep pressure in an endangerment area without a reason that is written down.",
    "endangered_unsaid": "This is an endangerment area: say how hard, or why it has to be deep.",
    "pelvic_consent_missing": "Pelvic work needs a consent of its own: ask for it and record it first.",
    "pelvic_scope": "Pelvic work only within your licence, and with the offer of a chaperone: write that both hold.",
}
# A therapist who has looked may treat there for a reason that is written down. What a doctor excluded, or what a device
# in the body forbids, is the clinical lead's to decide.
EXCUSED_BY_THERAPIST = frozenset(
    {"region_barred", "lubricant_barred", "endangered_deep", "endangered_unsaid", "pelvic_scope"}
)
# Something has to be done first, and no reason stands for it.
NEVER_EXCUSED = frozenset({"pressure_unsaid", "pelvic_consent_missing"})


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What is to be done: where ("": a product for the whole session), of which kinds (`screening/regions.py`), how
    hard (1-5, None: not said).

    `excused` are rules whose objection has been answered with a written reason: a therapist's answers only what a
    therapist may excuse, the clinical lead's everything that can be excused at all.
    """

    region: str
    kinds: frozenset[str] = frozenset()
    pressure: int | None = None
    excused: frozenset[str] = field(default=frozenset())
    is_excused_by_lead: bool = False

    def excuses(self, rule_id: str, reason: str) -> bool:
        """Whether the written reason answers this objection of the rule: it may have another one by now."""
        if rule_id not in self.excused or reason in NEVER_EXCUSED:
            return False
        return self.is_excused_by_lead or reason in EXCUSED_BY_THERAPIST

    @property
    def is_pelvic(self) -> bool:
        return self.region == _PELVIC_REGION


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


def objections(
    flags: Iterable[FlagView], treatments: Iterable[Treatment], *, has_pelvic_consent: bool = False
) -> list[Objection]:
    """Every objection to any of the treatments, each once, without those that are excused: what the patient's flags
    say, then what holds with every patient."""
    seen = list(flags)
    found = (objection for treatment in treatments for objection in _all_against(seen, treatment, has_pelvic_consent))
    return list(dict.fromkeys(found))


def words_of(reason: str, *, region: str) -> str:
    """An objection in words; one about an endangerment area names the area."""
    areas = areas_in(region) if reason.startswith("endangered") else []
    return " ".join([*(f"{area.name}." for area in areas), OBJECTIONS[reason]])


def _all_against(flags: list[FlagView], treatment: Treatment, has_pelvic_consent: bool) -> Iterator[Objection]:
    for raised in _raised(flags, treatment, has_pelvic_consent):
        if not treatment.excuses(raised.rule_id, raised.reason):
            yield raised


def _raised(flags: list[FlagView], treatment: Treatment, has_pelvic_consent: bool) -> Iterator[Objection]:
    for flag in flags:
        yield from (Objection(reason, flag.rule_id) for reason in _against(flag, treatment))
    reasons = endangering(region=treatment.region, kinds=treatment.kinds, pressure=treatment.pressure)
    yield from (Objection(reason, ENDANGERMENT) for reason in reasons)
    if treatment.is_pelvic:
        yield from (Objection(reason, PELVIC_WORK) for reason in _of_pelvic_work(has_pelvic_consent))


def _of_pelvic_work(has_consent: bool) -> Iterator[str]:
    """A written reason answers for scope and chaperone; nothing answers for a consent that is not there."""
    if not has_consent:
        yield "pelvic_consent_missing"
    yield "pelvic_scope"


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
