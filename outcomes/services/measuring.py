"""The acts on measurements: keep what was answered with its score, and score it again under a newer rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import Invalid
from outcomes.errors import InstrumentNotLicensed, MeasurementAlreadyRecorded
from outcomes.instruments import INSTRUMENTS
from outcomes.instruments.definition import Instrument
from outcomes.instruments.scoring import problems_in, score
from outcomes.licensing import offer_of
from outcomes.models import Administration, Measurement, MeasurementScore, MeasureMoment
from outcomes.services.access import require_writer
from patients.models import Episode, Patient

_REGION = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SIDES = {"", "left", "right", "midline"}
_LONGEST_ACTIVITY = 120


@dataclass(frozen=True)
class Sheet:
    """What was answered to one instrument: as it comes from a form, a link or a script."""

    instrument_key: str
    moment: str
    measured_at: datetime
    mode: str
    answers: Mapping[str, Any]
    source_key: str
    region: str = ""
    side: str = ""
    activities: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def record_measurement(*, patient: Patient, episode: Episode, sheet: Sheet, by: Actor) -> Measurement:
    """Keep the answers and their score. The same answers from the same source again are the same row."""
    require_writer(patient=patient, by=by)
    instrument = _checked(patient, episode, sheet)
    kept = _kept_before(patient, episode, sheet)
    if kept is not None:
        return kept
    if sheet.mode not in offer_of(instrument, timezone.now().date(), sheet.mode).modes:
        raise InstrumentNotLicensed(instrument=instrument.key)
    made: tuple[Measurement, bool] = Measurement.objects.get_or_create(
        **_identity(sheet),
        defaults={
            "patient": patient,
            "episode": episode,
            "moment": sheet.moment,
            "measured_at": sheet.measured_at,
            "mode": sheet.mode,
            "answers": dict(sheet.answers),
            "activities": _activities(sheet),
        },
    )
    row, is_new = made
    if not is_new:
        return _same_or_refused(row, patient, episode, sheet)
    _add_score(row, instrument, number=1)
    _note("measurement.recorded", row, by)
    return row


@transaction.atomic
def rescore(*, measurement: Measurement, by: Actor) -> Measurement:
    """Score the kept answers by today's rule: one more version if it says otherwise, else nothing. None is replaced."""
    require_writer(patient=measurement.patient, by=by)
    row = _lock(measurement)
    instrument = INSTRUMENTS[row.instrument_key]
    newest, found = row.current, score(instrument, row.answers)
    is_same = (newest.instrument_version, newest.value, newest.answered, newest.is_estimate) == (
        instrument.version, found.value, found.answered, found.is_estimate,
    )  # fmt: skip
    if is_same:
        return row
    _add_score(row, instrument, number=newest.number + 1)
    row.save(update_fields=["updated_at"])
    _note("measurement.rescored", row, by, number=newest.number + 1)
    return row


def _lock(measurement: Measurement) -> Measurement:
    rows = Measurement.objects.select_for_update(no_key=True, of=("self",)).select_related("patient")
    locked: Measurement = rows.get(pk=measurement.pk)
    return locked


def _add_score(row: Measurement, instrument: Instrument, *, number: int) -> None:
    found = score(instrument, row.answers)
    MeasurementScore.objects.create(
        measurement=row,
        number=number,
        instrument_version=instrument.version,
        value=found.value,
        answered=found.answered,
        is_estimate=found.is_estimate,
    )


def _kept_before(patient: Patient, episode: Episode, sheet: Sheet) -> Measurement | None:
    row = Measurement.objects.filter(**_identity(sheet)).first()
    return None if row is None else _same_or_refused(row, patient, episode, sheet)


def _same_or_refused(row: Measurement, patient: Patient, episode: Episode, sheet: Sheet) -> Measurement:
    kept = (row.patient_id, row.episode_id, row.answers, row.activities)
    if kept != (patient.pk, episode.pk, dict(sheet.answers), _activities(sheet)):
        raise MeasurementAlreadyRecorded(measurement_id=str(row.public_id) if row.patient_id == patient.pk else "")
    return row


def _identity(sheet: Sheet) -> dict[str, str]:
    return {
        "source_key": sheet.source_key,
        "instrument_key": sheet.instrument_key,
        "region": sheet.region,
        "side": sheet.side,
    }


def _activities(sheet: Sheet) -> dict[str, str]:
    return {item: words.strip() for item, words in sheet.activities.items()}


def _checked(patient: Patient, episode: Episode, sheet: Sheet) -> Instrument:
    instrument = INSTRUMENTS.get(sheet.instrument_key)
    if instrument is None:
        raise Invalid(fields={"instrument": "There is no such instrument."})
    wrong = _wrong_origin(patient, episode, sheet) | _wrong_place(instrument, sheet) | _wrong_names(instrument, sheet)
    wrong |= {f"answers.{item}"[:60]: what for item, what in problems_in(instrument, sheet.answers).items()}
    if wrong:
        raise Invalid(fields=wrong)
    return instrument


def _wrong_origin(patient: Patient, episode: Episode, sheet: Sheet) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if episode.patient_id != patient.pk:
        wrong["episode"] = "Choose an episode of this patient."
    if sheet.moment not in MeasureMoment.values:
        wrong["moment"] = "One of: " + ", ".join(MeasureMoment.values) + "."
    if sheet.mode not in Administration.values:
        wrong["mode"] = "One of: " + ", ".join(Administration.values) + "."
    if timezone.is_naive(sheet.measured_at) or sheet.measured_at > timezone.now():
        wrong["measured_at"] = "Use a time with an offset that has come."
    if not 0 < len(sheet.source_key) <= 60 or "\x00" in sheet.source_key:
        wrong["source_key"] = "1 to 60 characters."
    return wrong


def _wrong_place(instrument: Instrument, sheet: Sheet) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if sheet.region and not instrument.is_per_region:
        wrong["region"] = "This instrument asks about the whole person."
    elif sheet.region and not _REGION.fullmatch(sheet.region):
        wrong["region"] = "Use the code of a region."
    if sheet.side not in _SIDES or (sheet.side and not sheet.region):
        wrong["side"] = "Left, right or midline of a region."
    return wrong


def _wrong_names(instrument: Instrument, sheet: Sheet) -> dict[str, str]:
    """What the patient named: one text for each answered item, and only where patients name the items."""
    if not instrument.is_named_by_patient:
        return {"activities": "This instrument has its own items."} if sheet.activities else {}
    named = [words for words in sheet.activities.values() if _is_name(words)]
    has_all = set(sheet.activities) == set(sheet.answers) and len(named) == len(sheet.activities)
    are_different = len({" ".join(words.casefold().split()) for words in named}) == len(named)
    if has_all and are_different:
        return {}
    return {"activities": f"Name each rated activity once, in at most {_LONGEST_ACTIVITY} characters."}


def _is_name(words: Any) -> bool:
    return isinstance(words, str) and 0 < len(words.strip()) <= _LONGEST_ACTIVITY and "\x00" not in words


def _note(action: str, row: Measurement, by: Actor, **facts: Any) -> None:
    record(
        actor=by,
        action=action,
        subject=row,
        patient=row.patient,
        locations=row.patient.locations.all(),
        facts={"instrument": row.instrument_key, "moment": row.moment, **facts},
    )
