"""What a patient is told about a series: one message for the whole of it, about a subject of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit.actors import Actor
from messaging import services as messaging
from scheduling.models import Appointment, AppointmentSeries
from scheduling.notices import context_of

BOOKED = "series_booked"
CHANGED = "series_changed"
CANCELLED = "series_cancelled"

SUBJECT_PREFIX = "appointment-series:"


def subject_key(series: AppointmentSeries) -> str:
    """The key under which messaging knows this series."""
    return f"{SUBJECT_PREFIX}{series.public_id}"


def tell_booked(*, series: AppointmentSeries, visits: Sequence[Appointment], notify: bool, by: Actor) -> None:
    """Promise one confirmation with all dates."""
    if notify:
        messaging.subject(key=subject_key(series))
        _promise(series, BOOKED, visits, {}, by=by)


def tell_changed(*, series: AppointmentSeries, visits: Sequence[Appointment], notify: bool, by: Actor) -> None:
    """Withdraw what was not sent; promise the list of what stands now."""
    messaging.supersede(key=subject_key(series))
    if notify:
        _promise(series, CHANGED, visits, {}, by=by)


def tell_cancelled(
    *, series: AppointmentSeries, visits: Sequence[Appointment], kept: Sequence[Appointment], notify: bool, by: Actor
) -> None:
    """Withdraw what was not sent; say which visits are off and which stay."""
    messaging.supersede(key=subject_key(series), is_live=bool(kept))
    if notify:
        _promise(series, CANCELLED, visits, {"kept_at": _times(kept)}, by=by)


def _promise(
    series: AppointmentSeries, template: str, visits: Sequence[Appointment], more: dict[str, Any], *, by: Actor
) -> None:
    context = {**context_of(visits[0]), **more, "visits_at": _times(visits)}
    del context["starts_at"]
    messaging.queue_message(
        patient=series.patient,
        subject=messaging.subject(key=subject_key(series)),
        template=template,
        context=context,
        expires_at=max(visit.starts_at for visit in visits),
        location=visits[0].location,
        by=by,
    )


def _times(visits: Sequence[Appointment]) -> list[str]:
    return [visit.starts_at.isoformat() for visit in sorted(visits, key=lambda visit: visit.starts_at)]
