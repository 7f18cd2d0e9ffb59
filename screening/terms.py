"""Within which limits a clinician allows a treatment (clinical.md §2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from screening.models import ClearanceDecision
from screening.regions import KINDS, REGIONS

LONGEST_ROLE = 120
LONGEST_LICENCE = 60


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Who the issuer is beyond a name, and what they allow. No allowed region: all of them."""

    issuer_role: str = ""
    issuer_licence: str = ""
    allowed_regions: tuple[str, ...] = ()
    forbidden_regions: tuple[str, ...] = ()
    forbidden_kinds: tuple[str, ...] = ()
    # 1 (feather-light) to 5 (deep); None: no limit.
    max_pressure: int | None = None

    @classmethod
    def of(cls, entries: Mapping[str, Any]) -> Terms:
        """The terms among a form's or a request's entries."""
        lists = ("allowed_regions", "forbidden_regions", "forbidden_kinds")
        return cls(
            issuer_role=str(entries.get("issuer_role") or "").strip(),
            issuer_licence=str(entries.get("issuer_licence") or "").strip(),
            max_pressure=entries.get("max_pressure"),
            **{name: tuple(dict.fromkeys(entries.get(name) or ())) for name in lists},
        )

    @property
    def columns(self) -> dict[str, Any]:
        """As a row keeps them."""
        lists = ("allowed_regions", "forbidden_regions", "forbidden_kinds")
        return {
            "issuer_role": self.issuer_role,
            "issuer_licence": self.issuer_licence,
            "max_pressure": self.max_pressure,
            **{name: list(getattr(self, name)) for name in lists},
        }

    @property
    def decision(self) -> ClearanceDecision:
        """What a granting answer is called: with limits or without."""
        is_limited = self.allowed_regions or self.forbidden_regions or self.forbidden_kinds or self.max_pressure
        return ClearanceDecision.WITH_LIMITS if is_limited else ClearanceDecision.CLEARED

    def problems(self) -> dict[str, str]:
        """What is wrong with them, by field."""
        wrong: dict[str, str] = {}
        for name, most in (("issuer_role", LONGEST_ROLE), ("issuer_licence", LONGEST_LICENCE)):
            text = getattr(self, name)
            if len(text) > most or "\x00" in text:
                wrong[name] = f"At most {most} characters of text."
        for name in ("allowed_regions", "forbidden_regions"):
            if not set(getattr(self, name)) <= set(REGIONS):
                wrong[name] = "Choose regions of the list."
        if not set(self.forbidden_kinds) <= set(KINDS):
            wrong["forbidden_kinds"] = "Choose from the list."
        if set(self.allowed_regions) & set(self.forbidden_regions):
            wrong["forbidden_regions"] = "A region is either allowed or forbidden."
        if self.max_pressure is not None and (
            isinstance(self.max_pressure, bool) or self.max_pressure not in range(1, 6)
        ):
            wrong["max_pressure"] = "1 to 5."
        return wrong


NO_TERMS = Terms()
