"""Trigger points as they are found in a session, and what is done to them. Only while the note is a draft."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction

from clinic.core.errors import Invalid, NotFound
from patients.models import Patient
from sessions import catalogue, pressure
from sessions.access import lock_draft, note_act
from sessions.checks import check_rater, is_between, is_text
from sessions.models import PointStatus, TreatmentSession, TriggerPoint, TriggerPointObservation
from sessions.treatments import pass_screening, treatments_of_point
from staff.models import User

_PLACE_LENGTH = 120
_NOTE_LENGTH = 300
_DEVICE_LENGTH = 60
_FURTHEST = 1000
_MOST_TRIALS = 6
_LONGEST_HOLD = 1800
_PROBE_CM2 = (Decimal("0.1"), Decimal(20))
_LIMITS = {
    "tenderness": (0, 4, "0 to 4."),
    "tenderness_after": (0, 4, "0 to 4."),
    "palpation_pain": (0, 10, "0 to 10."),
    "palpation_pain_after": (0, 10, "0 to 10."),
    "seconds_held": (1, _LONGEST_HOLD, f"1 to {_LONGEST_HOLD} seconds."),
}


class Finding(TypedDict, total=False):
    """All that may be said of a point in one session. What is left out was not examined.

    `threshold_readings` are what the gauge showed in `threshold_unit`, one per trial; `_after` is after treatment.
    """

    tenderness: int | None
    has_taut_band: bool | None
    has_referred_pain: bool | None
    is_recognised_by_patient: bool | None
    has_twitch_response: bool | None
    palpation_pain: int | None
    threshold_readings: Sequence[Decimal]
    tenderness_after: int | None
    palpation_pain_after: int | None
    threshold_readings_after: Sequence[Decimal]
    threshold_unit: str
    threshold_device: str
    probe_area_cm2: Decimal | None
    rater: User | None
    technique: str
    seconds_held: int | None
    note: str


_UNSAID: Finding = {
    "tenderness": None,
    "has_taut_band": None,
    "has_referred_pain": None,
    "is_recognised_by_patient": None,
    "has_twitch_response": None,
    "palpation_pain": None,
    "threshold_readings": (),
    "tenderness_after": None,
    "palpation_pain_after": None,
    "threshold_readings_after": (),
    "threshold_unit": "",
    "threshold_device": "",
    "probe_area_cm2": None,
    "rater": None,
    "technique": "",
    "seconds_held": None,
    "note": "",
}


@transaction.atomic
def record_trigger_point(
    *,
    session: TreatmentSession,
    status: str,
    by: User,
    trigger_point: TriggerPoint | None = None,
    muscle: str = "",
    side: str = "",
    view: str = "",
    x: int | None = None,
    y: int | None = None,
    place: str = "",
    **finding: Unpack[Finding],
) -> TriggerPointObservation:
    """Record how a point was found, once per session; again corrects it. Without x and y a new one lies as usual.

    Readings of the pressure gauge are kept as kilopascals. A technique on the point passes screening like any other.
    Raises Invalid, NotFound, ScreeningBlocks, TreatmentBarred.
    """
    locked = lock_draft(session, by=by)
    columns = _columns(status, {**_UNSAID, **finding}, by=by)
    point = _hold(
        trigger_point or _point_at(locked.patient, muscle=muscle, side=side, view=view, x=x, y=y, place=place),
        of=locked.patient,
    )
    if columns["technique"]:
        treatments = treatments_of_point(
            muscle=point.muscle, technique=columns["technique"], uses=locked.techniques.all()
        )
        pass_screening(locked, treatments, by=by)
    row, is_new = TriggerPointObservation.objects.update_or_create(
        session=locked, trigger_point=point, defaults=columns
    )
    locked.carried.filter(trigger_point=point).delete()
    action = "trigger_point.observed" if is_new else "trigger_point.corrected"
    note_act(action=action, subject=row, session=locked, by=by, trigger_point_id=str(point.public_id))
    return row


@transaction.atomic
def remove_trigger_point(*, observation: TriggerPointObservation, by: User) -> None:
    """Take back an observation; a point that was never seen elsewhere goes with it."""
    locked = lock_draft(observation.session, by=by)
    row = TriggerPointObservation.objects.select_related("trigger_point").filter(pk=observation.pk).first()
    if row is None:
        raise NotFound()
    point = _hold(row.trigger_point, of=locked.patient)
    TriggerPointObservation.objects.filter(pk=row.pk).delete()
    if not point.observations.exists():
        TriggerPoint.objects.filter(pk=point.pk).delete()
    note_act(
        action="trigger_point.removed",
        subject=observation,
        session=locked,
        by=by,
        trigger_point_id=str(point.public_id),
    )


def _hold(point: TriggerPoint, *, of: Patient) -> TriggerPoint:
    """Keep a colleague's session of the same patient from taking the point away, or from finding it meanwhile."""
    held: TriggerPoint | None = TriggerPoint.objects.select_for_update().filter(pk=point.pk, patient=of).first()
    if held is None:
        raise NotFound()
    return held


def _columns(status: str, said: Finding, *, by: User) -> dict[str, Any]:
    """What is written, once it is checked."""
    wrong = _wrong_in(status, said) | _wrong_in_threshold(said) | check_rater(said["rater"], by=by)
    if wrong:
        raise Invalid(fields=wrong)
    readings = {"threshold_readings", "threshold_readings_after"}
    columns = {"status": status, **{name: value for name, value in said.items() if name not in readings}}
    columns["note"], columns["rater"] = said["note"].strip(), said["rater"] or by
    columns["threshold_trials"] = _trials(said, said["threshold_readings"])
    columns["threshold_trials_after"] = _trials(said, said["threshold_readings_after"])
    columns["threshold_device"] = said["threshold_device"].strip()
    if not (columns["threshold_trials"] or columns["threshold_trials_after"]):
        # A gauge that was not used says nothing.
        columns |= {"threshold_unit": "", "threshold_device": "", "probe_area_cm2": None}
    return columns


def _trials(said: Finding, readings: Sequence[Decimal]) -> list[Decimal]:
    area = said["probe_area_cm2"] or Decimal(1)
    return [pressure.to_kpa(reading, said["threshold_unit"], area) for reading in readings]


def _wrong_in(status: str, said: Finding) -> dict[str, str]:
    wrong = {}
    if status not in PointStatus.values:
        wrong["status"] = "Choose active, latent, resolved or not found."
    for name, (lowest, highest, rule) in _LIMITS.items():
        value = said[name]  # type: ignore[literal-required]  # the names are keys of Finding
        if value is not None and not is_between(value, lowest, highest):
            wrong[name] = rule
    if said["technique"] and said["technique"] not in catalogue.techniques():
        wrong["technique"] = "Choose a technique of the list."
    if said["seconds_held"] is not None and not said["technique"]:
        wrong["technique"] = "Say which technique was held."
    if not is_text(said["note"], _NOTE_LENGTH):
        wrong["note"] = f"At most {_NOTE_LENGTH} characters."
    return wrong


def _wrong_in_threshold(said: Finding) -> dict[str, str]:
    trials = {name: said[name] for name in ("threshold_readings", "threshold_readings_after")}
    wrong = {name: rule for name, readings in trials.items() if (rule := _wrong_in_trials(readings))}
    if not any(trials.values()) or wrong:
        return wrong
    if said["threshold_unit"] not in pressure.UNITS:
        wrong["threshold_unit"] = "Say what the gauge shows."
    if not said["threshold_device"].strip() or not is_text(said["threshold_device"], _DEVICE_LENGTH):
        wrong["threshold_device"] = f"Name the gauge, in at most {_DEVICE_LENGTH} characters."
    area = said["probe_area_cm2"]
    if area is None or not _PROBE_CM2[0] <= area <= _PROBE_CM2[1]:
        wrong["probe_area_cm2"] = f"The probe's area, {_PROBE_CM2[0]} to {_PROBE_CM2[1]} cm²."
    return wrong or _beyond_any_gauge(said, trials)


def _wrong_in_trials(readings: Sequence[Decimal]) -> str:
    if len(readings) > _MOST_TRIALS:
        return f"At most {_MOST_TRIALS} trials."
    if not all(isinstance(reading, Decimal) and reading.is_finite() and 0 <= reading < 10_000 for reading in readings):
        return "Each trial is a number from 0 up."
    return ""


def _beyond_any_gauge(said: Finding, trials: dict[str, Sequence[Decimal]]) -> dict[str, str]:
    rule = f"More than {pressure.HIGHEST_KPA} kPa: check the unit."
    return {name: rule for name, one in trials.items() if max(_trials(said, one), default=0) > pressure.HIGHEST_KPA}


def _point_at(
    patient: Patient, *, muscle: str, side: str, view: str, x: int | None, y: int | None, place: str
) -> TriggerPoint:
    known = catalogue.muscles().get(muscle)
    wrong = {}
    if known is None:
        raise Invalid(fields={"muscle": "Choose a muscle of the list."})
    if side not in known.sides:
        wrong["side"] = "This muscle has: " + ", ".join(known.sides) + "."
    if view and view not in catalogue.VIEWS:
        wrong["view"] = "Choose front or back."
    if (x is None) != (y is None) or not all(is_between(way, 0, _FURTHEST) for way in (x, y) if way is not None):
        wrong["x"] = "A place on the map is two whole numbers from 0 to 1000."
    if not is_text(place, _PLACE_LENGTH):
        wrong["place"] = f"At most {_PLACE_LENGTH} characters."
    if wrong:
        raise Invalid(fields=wrong)
    usual = known.place_on(side, view)
    where = {"view": view or usual.view, "x": usual.x if x is None else x, "y": usual.y if y is None else y}
    # The same muscle at the same place is the same point: it has one life.
    point, _ = TriggerPoint.objects.get_or_create(
        patient=patient, muscle=muscle, side=side, **where, defaults={"place": place.strip()}
    )
    return point
