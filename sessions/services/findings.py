"""What was found in a session: trigger points and motions. Only while the note is a draft."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from clinic.core.errors import Invalid, NotFound
from patients.models import Patient
from sessions import catalogue
from sessions.access import lock_draft, note_act
from sessions.models import (
    MotionMode,
    PointStatus,
    RangeOfMotion,
    TreatmentSession,
    TriggerPoint,
    TriggerPointObservation,
)
from staff.models import User

_PLACE_LENGTH = 120
_NOTE_LENGTH = 300
_FURTHEST = 1000


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
    tenderness: int | None = None,
    has_taut_band: bool | None = None,
    has_referred_pain: bool | None = None,
    is_recognised_by_patient: bool | None = None,
    note: str = "",
) -> TriggerPointObservation:
    """Record how a point was found, once per session; again corrects it. Without x and y a new one lies as usual."""
    locked = lock_draft(session, by=by)
    finding: dict[str, Any] = {
        "status": status,
        "tenderness": tenderness,
        "has_taut_band": has_taut_band,
        "has_referred_pain": has_referred_pain,
        "is_recognised_by_patient": is_recognised_by_patient,
        "note": note.strip(),
    }
    _check_finding(**finding)
    point = _hold(
        trigger_point or _point_at(locked.patient, muscle=muscle, side=side, view=view, x=x, y=y, place=place),
        of=locked.patient,
    )
    row, is_new = TriggerPointObservation.objects.update_or_create(
        session=locked, trigger_point=point, defaults=finding
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


@transaction.atomic
def record_motion(
    *,
    session: TreatmentSession,
    joint: str,
    motion: str,
    end: int,
    by: User,
    side: str = "",
    start: int | None = None,
    mode: str = MotionMode.ACTIVE,
    is_painful: bool = False,
) -> RangeOfMotion:
    """Record a measured motion in its own unit; once per side and mode, and again corrects it.

    Signed from neutral zero: start is negative beyond zero the other way, and above it when zero is not reached.
    """
    locked = lock_draft(session, by=by)
    known = catalogue.motions().get(f"{joint}.{motion}")
    if known is None:
        raise Invalid(fields={"motion": "Choose a motion of the list."})
    which = _side_of_motion(known, side, mode)
    begin = min(0, end) if start is None else start
    _check_limits(known, begin, end)
    row, is_new = RangeOfMotion.objects.update_or_create(
        session=locked,
        joint=joint,
        motion=motion,
        side=which,
        mode=mode,
        defaults={"start": begin, "end": end, "unit": known.unit, "is_painful": is_painful},
    )
    action = "motion.recorded" if is_new else "motion.corrected"
    note_act(action=action, subject=row, session=locked, by=by)
    return row


@transaction.atomic
def remove_motion(*, motion: RangeOfMotion, by: User) -> None:
    """Take back a measurement."""
    locked = lock_draft(motion.session, by=by)
    if not RangeOfMotion.objects.filter(pk=motion.pk).delete()[0]:
        raise NotFound()
    note_act(action="motion.removed", subject=motion, session=locked, by=by)


def _hold(point: TriggerPoint, *, of: Patient) -> TriggerPoint:
    """Keep a colleague's session of the same patient from taking the point away, or from finding it meanwhile."""
    held: TriggerPoint | None = TriggerPoint.objects.select_for_update().filter(pk=point.pk, patient=of).first()
    if held is None:
        raise NotFound()
    return held


def _check_finding(*, status: str, tenderness: int | None, note: str, **_signs: bool | None) -> None:
    wrong = {}
    if status not in PointStatus.values:
        wrong["status"] = "Choose active, latent, resolved or not found."
    if tenderness is not None and not _is_between(tenderness, 0, 4):
        wrong["tenderness"] = "0 to 4."
    if not _is_text(note, _NOTE_LENGTH):
        wrong["note"] = f"At most {_NOTE_LENGTH} characters."
    if wrong:
        raise Invalid(fields=wrong)


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
    if (x is None) != (y is None) or not all(_is_between(way, 0, _FURTHEST) for way in (x, y) if way is not None):
        wrong["x"] = "A place on the map is two whole numbers from 0 to 1000."
    if not _is_text(place, _PLACE_LENGTH):
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


def _side_of_motion(known: catalogue.Motion, side: str, mode: str) -> str:
    wrong = {}
    which = side if side or known.is_sided else known.sides[0]
    if which not in known.sides:
        wrong["side"] = "This motion has: " + ", ".join(known.sides) + "."
    if mode not in MotionMode.values:
        wrong["mode"] = "Choose active, passive or active-assisted."
    if wrong:
        raise Invalid(fields=wrong)
    return which


def _check_limits(known: catalogue.Motion, start: int, end: int) -> None:
    wrong = {}
    lowest = -180 if known.unit == "deg" else 0
    for name, value in (("start", start), ("end", end)):
        if not _is_between(value, lowest, 180 if name == "start" else 200):
            wrong[name] = f"A whole number from {lowest} to {180 if name == 'start' else 200}."
    if not wrong and end < start:
        wrong["end"] = "The motion ends at or after its start."
    if wrong:
        raise Invalid(fields=wrong)


def _is_between(value: Any, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _is_text(value: str, longest: int) -> bool:
    return len(value) <= longest and "\x00" not in value
