"""Which instruments may be given today, and how long still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from outcomes.instruments import INSTRUMENTS
from outcomes.instruments.definition import Instrument, Words
from outcomes.models import Administration, LicenceAttestation

# A licence takes weeks to renew.
WARNED_BEFORE = timedelta(days=60)


@dataclass(frozen=True)
class Offer:
    """An instrument and whether it may be given. `attestation` None: its words are ours, or nobody attested."""

    instrument: Instrument
    attestation: LicenceAttestation | None
    day: date

    @property
    def modes(self) -> list[str]:
        """The ways in which it may be given; none: it may not."""
        if self.instrument.is_bundled:
            return list(Administration.values)
        return [mode for mode in Administration.values if self.attestation and self.attestation.covers(mode)]

    @property
    def is_usable(self) -> bool:
        return bool(self.modes)

    @property
    def expires_soon(self) -> bool:
        return self.attestation is not None and self.attestation.expires_on <= self.day + WARNED_BEFORE

    @property
    def texts(self) -> tuple[Words, ...]:
        """The words to show, as far as they may be shown."""
        return self.instrument.texts or tuple(self.attestation.item_texts if self.attestation else ())


def offer_of(instrument: Instrument, day: date, mode: str | None = None) -> Offer:
    """Whether one instrument may be given on a day, in a mode where one is named."""
    return Offer(instrument, _covering(_standing(day, instrument.key), mode), day)


def offers(day: date) -> list[Offer]:
    """All instruments, in one query."""
    standing = _standing(day)
    return [
        Offer(instrument, next((row for row in standing if row.instrument_key == key), None), day)
        for key, instrument in INSTRUMENTS.items()
    ]


def _standing(day: date, *keys: str) -> list[LicenceAttestation]:
    rows = LicenceAttestation.objects.standing(day)
    return list(rows.filter(instrument_key__in=keys) if keys else rows)


def _covering(standing: list[LicenceAttestation], mode: str | None) -> LicenceAttestation | None:
    return next((row for row in standing if mode is None or row.covers(mode)), None)
