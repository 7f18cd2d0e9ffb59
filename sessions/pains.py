"""Pain by region as the page shows it: one line per part of the body."""

from __future__ import annotations

from dataclasses import dataclass, field

from sessions import catalogue
from sessions.models import PainKind, RegionalPain, TreatmentSession


@dataclass
class PainLine:
    """A part of the body, and how much it hurts at rest, on movement and at its worst."""

    region: catalogue.Region
    side: str
    kinds: dict[str, RegionalPain] = field(default_factory=dict)

    @property
    def cells(self) -> list[tuple[str, RegionalPain | None]]:
        """Every kind's name and entry, in the order of the table's columns."""
        return [(str(kind.label), self.kinds.get(kind)) for kind in PainKind]


def pain_lines(session: TreatmentSession) -> list[PainLine]:
    """Every region that was asked about, in the order it was recorded."""
    lines: dict[tuple[str, str], PainLine] = {}
    for row in session.regional_pains.order_by("id"):
        line = lines.setdefault((row.region, row.side), PainLine(catalogue.regions()[row.region], row.side))
        line.kinds[row.kind] = row
    return list(lines.values())
