"""A therapist's day: who comes today, what stands against treating them, what was done last time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from clinic.core.clock import day_bounds, local
from clinic.models import Location
from outcomes.models import Survey
from scheduling.models import Appointment, AppointmentStatus
from screening.changes import Known, known_before
from screening.models import Flag, Light
from screening.services import lights
from sessions.models import CoSignature, TreatmentSession
from staff.models import User

_WAITING = {AppointmentStatus.BOOKED.value, AppointmentStatus.CONFIRMED.value}
_HERE = {AppointmentStatus.ARRIVED.value, AppointmentStatus.IN_SESSION.value}


@dataclass(frozen=True)
class Visit:
    """One line of the day."""

    appointment: Appointment
    session: TreatmentSession | None
    light: Light
    flags: list[Flag]
    last: TreatmentSession | None
    is_next: bool = False
    # The patient says that something has changed, and nobody has looked yet.
    has_changes: bool = False

    @property
    def is_over(self) -> bool:
        """Nothing is left to do for this visit today."""
        return self.action in {"", "open"}

    @property
    def action(self) -> str:
        """What the therapist can do now: continue, open, start, review, wait, or nothing."""
        if self.session is not None:
            return "open" if self.session.is_signed else "continue"
        if self.appointment.status == AppointmentStatus.ARRIVED:
            return "review" if self.light == Light.RED or self.has_changes else "start"
        return "wait" if self.appointment.status in _WAITING else ""


@dataclass(frozen=True)
class PlaceOfDay:
    """The visits of one location, whose clock they are printed in."""

    location: Location
    today: date
    visits: list[Visit]


@dataclass(frozen=True)
class MyDay:
    """Everything the screen shows."""

    places: list[PlaceOfDay]
    unsigned: list[TreatmentSession]
    effects: list[Survey]
    to_co_sign: list[CoSignature]

    @property
    def visit_count(self) -> int:
        return sum(len(place.visits) for place in self.places)


def day_of(*, therapist: User, now: datetime) -> MyDay:
    """The therapist's visits of the day it is now at each of their locations. A constant number of queries."""
    locations = list(Location.objects.visible_to(therapist).in_order())
    appointments = _appointments(therapist, locations, now)
    visits = _visits(appointments, therapist=therapist, now=now)
    places = [
        PlaceOfDay(location, local(now, location.timezone).date(), here)
        for location in locations
        if (here := [visit for visit in visits if visit.appointment.location_id == location.pk])
    ]
    effects = Survey.objects.visible_to(therapist).with_unseen_effect().filter(therapist=therapist)
    to_co_sign = CoSignature.objects.visible_to(therapist).waiting().filter(supervisor=therapist).for_list()
    return MyDay(
        places,
        _unsigned(therapist, but=appointments),
        list(effects[:_MOST_EFFECTS]),
        list(to_co_sign.order_by("created_at", "id")[:_MOST_UNSIGNED]),
    )


def _appointments(therapist: User, locations: Iterable[Location], now: datetime) -> list[Appointment]:
    today = Q(pk__in=[])
    for location in locations:
        begins, ends = day_bounds(local(now, location.timezone).date(), location.timezone)
        today |= Q(location=location, starts_at__gte=begins, starts_at__lt=ends)
    mine = (
        Appointment.objects.for_diary().exclude(status=AppointmentStatus.CANCELLED).filter(today, therapist=therapist)
    )
    return list(mine.visible_to(therapist))


def _visits(appointments: list[Appointment], *, therapist: User, now: datetime) -> list[Visit]:
    patients = {appointment.patient.pk for appointment in appointments}
    seen = TreatmentSession.objects.visible_to(therapist)
    begun = {session.appointment_id: session for session in seen.filter(appointment__in=appointments)}
    earlier = seen.signed().filter(patient__in=patients).exclude(appointment__in=appointments)
    last = {row.patient_id: row for row in earlier.latest_of_each_patient().select_related("location", "therapist")}
    flags: dict[int, list[Flag]] = {}
    for flag in Flag.objects.standing(now).gravest_first().visible_to(therapist).filter(patient__in=patients):
        flags.setdefault(flag.patient_id, []).append(flag)
    light_of = lights(patients)
    changes = known_before({one.public_id: one.starts_at for one in appointments})
    upcoming = next((one.pk for one in appointments if _is_upcoming(one, now)), None)
    return [
        Visit(
            appointment=one,
            session=begun.get(one.pk),
            light=light_of[one.patient.pk],
            flags=flags.get(one.patient.pk, []),
            last=last.get(one.patient.pk),
            is_next=one.pk == upcoming,
            has_changes=changes[one.public_id] is Known.CHANGED,
        )
        for one in appointments
    ]


def _is_upcoming(appointment: Appointment, now: datetime) -> bool:
    is_due = appointment.status in _WAITING and appointment.ends_at > now
    return is_due or appointment.status in _HERE


def _unsigned(therapist: User, *, but: list[Appointment]) -> list[TreatmentSession]:
    """Notes of other days that wait for a signature, oldest first."""
    drafts = TreatmentSession.objects.visible_to(therapist).drafts().filter(therapist=therapist)
    others = drafts.exclude(appointment__in=but).for_page()
    return list(others.order_by("performed_at", "id")[:_MOST_UNSIGNED])


_MOST_UNSIGNED = 50
_MOST_EFFECTS = 50
