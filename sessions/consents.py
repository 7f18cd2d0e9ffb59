"""What the patient agreed to, held against what is about to be done."""

from __future__ import annotations

from dataclasses import dataclass

from sessions.errors import ConsentRefused
from sessions.models import Chaperone, ConsentAnswer, RegionConsent, TreatmentSession


@dataclass(frozen=True)
class Presence:
    """Who else was in the room, and what the patient agreed to."""

    chaperone: Chaperone | None
    consents: list[RegionConsent]


def presence_of(session: TreatmentSession) -> Presence:
    """As it stands in the note. Two queries."""
    chaperone = Chaperone.objects.filter(session=session).first()
    return Presence(chaperone, list(RegionConsent.objects.filter(session=session).order_by("region")))


def require_consent(session: TreatmentSession, region: str) -> None:
    """Raises ConsentRefused where the patient, asked, did not agree. Not asked is no refusal."""
    refused = RegionConsent.objects.filter(session=session, region=region).exclude(answer=ConsentAnswer.GIVEN)
    if refused.exists():
        raise ConsentRefused(region=region)
