"""What exactly is signed: the note and its findings as one canonical text, and its SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sessions.content_care import care_of
from sessions.models import RangeOfMotion, TechniqueUse, TreatmentSession, TriggerPointObservation

NOTE_FIELDS = ("subjective", "objective", "assessment", "plan", "pain_before", "pain_after", "lubricant")


def content_of(session: TreatmentSession) -> dict[str, Any]:
    """All that a signature covers, in the form the session was signed in. Addenda come later and stand apart."""
    return _FORMATS[session.content_format](session)


def digest_of(session: TreatmentSession) -> str:
    """SHA-256 over the canonical JSON of the content."""
    canonical = json.dumps(content_of(session), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def verify(session: TreatmentSession) -> bool:
    """Whether a signed session still is what was signed."""
    return session.is_signed and digest_of(session) == session.content_digest


def _first_format(session: TreatmentSession) -> dict[str, Any]:
    observations = session.point_observations.select_related("trigger_point").order_by("public_id")
    return {
        "format": 1,
        "session": _session(session),
        "trigger_points": [_observation(row) for row in observations],
        "motions": [_motion(row) for row in session.motions.order_by("public_id")],
        "techniques": [_technique(row) for row in session.techniques.order_by("public_id")],
    }


def _second_format(session: TreatmentSession) -> dict[str, Any]:
    """With why a technique was given although screening spoke against it."""
    despite = {str(row.public_id): (row.despite_reason, row.despite_rules) for row in session.techniques.all()}
    first = _first_format(session)
    for line in first["techniques"]:
        line["despite_reason"], line["despite_rules"] = despite[line["id"]]
    return {**first, "format": 2}


def _third_format(session: TreatmentSession) -> dict[str, Any]:
    """With all that is found of a point and of a motion since they are recorded in full."""
    points = {str(row.public_id): row for row in session.point_observations.select_related("rater")}
    motions = {str(row.public_id): row for row in session.motions.select_related("rater")}
    second = _second_format(session)
    for line in second["trigger_points"]:
        line.update(_point_in_full(points[line["id"]]))
    for line in second["motions"]:
        line.update(_motion_in_full(motions[line["id"]]))
    return {**second, "format": 3}


def _fourth_format(session: TreatmentSession) -> dict[str, Any]:
    """With pain by region, the reason of a product, the chaperone, and consent where a region was asked about."""
    before = _third_format(session)
    return {**before, **care_of(session), "format": 4, "regional_pains": _regional_pains(session)}


# A later form is added beside the first, never in its place: old signatures must still verify.
_FORMATS: dict[int, Callable[[TreatmentSession], dict[str, Any]]] = {
    1: _first_format,
    2: _second_format,
    3: _third_format,
    4: _fourth_format,
}
# The form of what is signed from now on.
NEWEST_FORMAT = 4


def _session(session: TreatmentSession) -> dict[str, Any]:
    parties = ("patient", "episode", "appointment", "therapist", "location", "service", "signed_by")
    return {
        "id": str(session.public_id),
        "performed_at": _instant(session.performed_at),
        "signed_at": _instant(session.signed_at),
        **{f"{name}_id": _id(getattr(session, name)) for name in parties},
        **{name: getattr(session, name) for name in NOTE_FIELDS},
    }


def _observation(row: TriggerPointObservation) -> dict[str, Any]:
    point = row.trigger_point
    return {
        "id": str(row.public_id),
        "trigger_point_id": str(point.public_id),
        **{name: getattr(point, name) for name in ("muscle", "side", "view", "x", "y", "place")},
        **{name: getattr(row, name) for name in ("status", "tenderness", "has_taut_band", "has_referred_pain")},
        **{name: getattr(row, name) for name in ("is_recognised_by_patient", "note")},
    }


def _motion(row: RangeOfMotion) -> dict[str, Any]:
    names = ("joint", "motion", "side", "mode", "start", "end", "unit", "is_painful")
    return {"id": str(row.public_id), **{name: getattr(row, name) for name in names}}


def _point_in_full(row: TriggerPointObservation) -> dict[str, Any]:
    names = ("has_twitch_response", "palpation_pain", "tenderness_after", "palpation_pain_after")
    how = ("threshold_unit", "threshold_device", "technique", "seconds_held")
    return {
        **{name: getattr(row, name) for name in (*names, *how)},
        "threshold_trials": [str(trial) for trial in row.threshold_trials],
        "threshold_trials_after": [str(trial) for trial in row.threshold_trials_after],
        "probe_area_cm2": None if row.probe_area_cm2 is None else str(row.probe_area_cm2),
        "rater_id": _id(row.rater),
    }


def _motion_in_full(row: RangeOfMotion) -> dict[str, Any]:
    names = ("pain", "pain_onset", "end_feel", "position", "device", "note")
    return {**{name: getattr(row, name) for name in names}, "rater_id": _id(row.rater)}


def _technique(row: TechniqueUse) -> dict[str, Any]:
    names = ("technique", "region", "side", "minutes", "pressure")
    return {"id": str(row.public_id), **{name: getattr(row, name) for name in names}}


def _regional_pains(session: TreatmentSession) -> list[dict[str, Any]]:
    names = ("region", "side", "kind", "before", "after")
    rows = session.regional_pains.order_by("public_id")
    return [{"id": str(row.public_id), **{name: getattr(row, name) for name in names}} for row in rows]


def _id(row: Any) -> str | None:
    return str(row.public_id) if row else None


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at else None
