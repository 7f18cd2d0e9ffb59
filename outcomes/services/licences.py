"""The acts on licences: somebody gives their word that an instrument may be used, and takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.services import record
from clinic.core.errors import Invalid, NotAllowed
from outcomes.errors import InstrumentNeedsNoLicence
from outcomes.instruments import INSTRUMENTS
from outcomes.instruments.definition import LANGUAGES, Instrument
from outcomes.models import LicenceAttestation, PermittedMode
from staff.models import User

_LONGEST_TEXT = 500


@transaction.atomic
def attest_licence(
    *,
    instrument_key: str,
    rights_holder: str,
    reference: str,
    mode: str,
    expires_on: date,
    by: User,
    item_texts: Sequence[Any] = (),
) -> LicenceAttestation:
    """Keep an administrator's word that the clinic may use a licensed instrument until a day."""
    if not by.is_administrator:
        raise NotAllowed()
    instrument = INSTRUMENTS.get(instrument_key)
    if instrument is None:
        raise Invalid(fields={"instrument": "There is no such instrument."})
    if instrument.is_bundled:
        raise InstrumentNeedsNoLicence(instrument=instrument_key)
    named = {"rights_holder": rights_holder.strip(), "reference": reference.strip()}
    wrong = _wrong_names(named) | _wrong_terms(mode, expires_on) | _wrong_words(instrument, mode, item_texts)
    if wrong:
        raise Invalid(fields=wrong)
    row = LicenceAttestation.objects.create(
        instrument_key=instrument_key,
        mode=mode,
        item_texts=list(item_texts),
        expires_on=expires_on,
        attested_by=by,
        **named,
    )
    _note("licence.attested", row, by)
    return row


@transaction.atomic
def withdraw_attestation(*, attestation: LicenceAttestation, by: User) -> LicenceAttestation:
    """From now on the instrument is not given under this word. Twice is once; scores stay."""
    if not by.is_administrator:
        raise NotAllowed()
    row = LicenceAttestation.objects.select_for_update(no_key=True).get(pk=attestation.pk)
    if row.withdrawn_at is None:
        row.withdrawn_at = timezone.now()
        row.save(update_fields=["withdrawn_at", "updated_at"])
        _note("licence.withdrawn", row, by)
    return row


def _wrong_names(named: dict[str, str]) -> dict[str, str]:
    return {
        field: "1 to 120 characters." for field, text in named.items() if not 0 < len(text) <= 120 or "\x00" in text
    }


def _wrong_terms(mode: str, expires_on: date) -> dict[str, str]:
    wrong = {}
    if mode not in PermittedMode.values:
        wrong["mode"] = "One of: " + ", ".join(PermittedMode.values) + "."
    if expires_on < timezone.now().date():
        wrong["expires_on"] = "This day has passed."
    return wrong


def _wrong_words(instrument: Instrument, mode: str, item_texts: Sequence[Any]) -> dict[str, str]:
    if not item_texts and mode == PermittedMode.PAPER:
        return {}
    if len(item_texts) != instrument.items:
        return {"item_texts": f"Give the words of all {instrument.items} items, as licensed."}
    return (
        {} if all(_are_words(words) for words in item_texts) else {"item_texts": "Each item needs its English words."}
    )


def _are_words(words: Any) -> bool:
    if not isinstance(words, dict) or not set(words) <= set(LANGUAGES) or "en" not in words:
        return False
    return all(
        isinstance(text, str) and 0 < len(text.strip()) <= _LONGEST_TEXT and "\x00" not in text
        for text in words.values()
    )


def _note(action: str, row: LicenceAttestation, by: User) -> None:
    facts = {"instrument": row.instrument_key, "mode": row.mode, "expires_on": row.expires_on.isoformat()}
    record(actor=by, action=action, subject=row, facts=facts)
