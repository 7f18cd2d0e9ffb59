"""A series: booked, moved and called off as one act each, all of its visits or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import ClinicError, Invalid
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling import errors, series_notices
from scheduling.claims import Claim
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment, AppointmentSeries, CancelReason
from scheduling.permission import may_book, may_handle
from scheduling.plans import PlannedVisit, is_about_a_date
from scheduling.retry import retried
from scheduling.series import dates_of, read_rule
from scheduling.series_changes import Change, Scope, reach, visits_of
from scheduling.services.booking import book_appointment, move_appointment
from scheduling.services.status import cancel_appointment
from staff.models import User


@dataclass(frozen=True)
class Pick:
    """One date of a series that is taken, as it is or with another time, therapist or room."""

    number: int
    starts_at: datetime | None = None
    therapist: User | None = None
    room: Room | None = None


@dataclass(frozen=True)
class _Chosen:
    """Which visits of a series a change is about."""

    series: AppointmentSeries
    scope: str
    start: Appointment
    include_moved: bool
    expected_version: int | None

    @property
    def is_one(self) -> bool:
        """One visit is moved or cancelled like any other: its patient hears of it, not of a series."""
        return self.scope == Scope.THIS

    def lock(self, *, now: datetime, change: Change | None = None) -> list[Appointment]:
        """The visits that are touched, locked: the series, then its visits by key, before anything that a visit's
        own acts take after it."""
        current = AppointmentSeries.objects.select_for_update(no_key=True).get(pk=self.series.pk)
        current.expect_version(self.expected_version)
        rows = Appointment.objects.filter(series=current).with_all_it_names()
        visits = rows.select_for_update(no_key=True, of=("self",)).order_by("pk")
        include = self.include_moved
        reached = reach(visits, scope=self.scope, start=self.start, include_moved=include, now=now, change=change)
        touched = [one.visit for one in reached if one.is_touched]
        if not touched:
            raise errors.NothingToChange()
        return touched


@transaction.atomic
def book_series(
    *,
    patient: Patient,
    therapist: User,
    service: Service,
    location: Location,
    rule: str,
    first_at: datetime,
    room: Room | None = None,
    picks: Sequence[Pick] | None = None,
    by: Actor,
    notify: bool = True,
    at: datetime | None = None,
) -> AppointmentSeries:
    """Book all of a rule's dates, or those that were picked, each as a visit of its own; or none, naming every date
    that cannot be had. The patient is told once."""
    may_book(by=by, patient=patient, location=location)
    read = read_rule(rule)
    dates = dates_of(read, first_at=first_at, zone_name=location.timezone, now=at or timezone.now())
    taken = _checked(picks if picks is not None else [Pick(number) for number in range(1, len(dates) + 1)], len(dates))
    claims = {
        pick.number: Claim(
            patient=patient,
            therapist=pick.therapist or therapist,
            service=service,
            location=location,
            starts_at=pick.starts_at or dates[pick.number - 1],
            room=pick.room or room,
        )
        for pick in taken
    }
    series = AppointmentSeries(
        patient=patient,
        therapist=therapist,
        service=service,
        location=location,
        room=room,
        rule=str(read),
        first_at=first_at,
    )
    return _book(series, claims, by=by, notify=notify, at=at)


@transaction.atomic
def move_series(
    *,
    series: AppointmentSeries,
    scope: str,
    start: Appointment,
    change: Change,
    include_moved: bool = False,
    expected_version: int | None = None,
    by: Actor,
    notify: bool = True,
    at: datetime | None = None,
) -> list[Appointment]:
    """Move the visits to come from one on, all or none, naming every date that cannot be had. Each stays the same
    visit, one version later; what was moved by itself before stays where it is unless it is included."""
    may_handle(by=by, appointment=start)
    now = at or timezone.now()
    visits = _Chosen(series, scope, start, include_moved, expected_version)
    return _move(visits, change, by=by, notify=notify, now=now)


@transaction.atomic
def cancel_series(
    *,
    series: AppointmentSeries,
    scope: str,
    start: Appointment,
    reason: str,
    include_moved: bool = False,
    expected_version: int | None = None,
    by: Actor,
    notify: bool = True,
    at: datetime | None = None,
) -> list[Appointment]:
    """Call off the visits to come from one on, for a coded reason; the patient is told once which are off."""
    may_handle(by=by, appointment=start)
    if reason not in CancelReason.values:
        raise Invalid(fields={"reason": "Choose one of the listed reasons."})
    now = at or timezone.now()
    visits = _Chosen(series, scope, start, include_moved, expected_version)
    return _cancel(visits, reason, by=by, notify=notify, now=now)


@retried
def _book(
    series: AppointmentSeries, claims: dict[int, Claim], *, by: Actor, notify: bool, at: datetime | None
) -> AppointmentSeries:
    _lock(claims.values())
    series.pk = None
    series.save(force_insert=True)
    booked: list[Appointment] = []
    refused: list[PlannedVisit] = []
    for number, claim in sorted(claims.items(), key=lambda item: (item[1].starts_at, item[0])):
        try:
            booked.append(_book_one(claim, by=by, at=at))
        except ClinicError as refusal:
            refused.append(_told_apart(number, claim, refusal))
    _refuse(refused)
    for place, visit in enumerate(booked, 1):
        visit.series, visit.series_number, visit.series_at = series, place, visit.starts_at
        visit.save(update_fields=["series", "series_number", "series_at"])
    series_notices.tell_booked(series=series, visits=booked, notify=notify, by=by)
    _record(series, "series.booked", booked, by=by, rule=series.rule)
    return series


def _book_one(claim: Claim, *, by: Actor, at: datetime | None) -> Appointment:
    return book_appointment(
        patient=claim.patient,
        therapist=claim.therapist,
        service=claim.service,
        location=claim.location,
        starts_at=claim.starts_at,
        room=claim.room,
        by=by,
        notify=False,
        at=at,
    )


@retried
def _move(chosen: _Chosen, change: Change, *, by: Actor, notify: bool, now: datetime) -> list[Appointment]:
    claims = {visit: change.claim_of(visit) for visit in chosen.lock(now=now, change=change)}
    _lock(claims.values())
    done: list[Appointment] = []
    refused: list[PlannedVisit] = []
    for visit, claim in _vacated_first(claims):
        try:
            done.append(_move_one(visit, claim, by=by, notify=notify and chosen.is_one, at=now))
        except ClinicError as refusal:
            refused.append(_told_apart(visit.series_number or 0, claim, refusal))
    _refuse(sorted(refused, key=lambda one: one.claim.starts_at))
    series = chosen.series
    if not chosen.is_one:
        Appointment.objects.filter(pk__in=[visit.pk for visit in done]).update(series_at=F("starts_at"))
        series_notices.tell_changed(series=series, visits=_to_come(series, now), notify=notify, by=by)
    _raise_version(series)
    _record(series, "series.moved", done, by=by, scope=str(chosen.scope))
    return sorted(done, key=lambda visit: visit.starts_at)


def _move_one(visit: Appointment, claim: Claim, *, by: Actor, notify: bool, at: datetime) -> Appointment:
    return move_appointment(
        appointment=visit,
        starts_at=claim.starts_at,
        therapist=claim.therapist,
        room=claim.room,
        by=by,
        notify=notify,
        at=at,
    )


@retried
def _cancel(chosen: _Chosen, reason: str, *, by: Actor, notify: bool, now: datetime) -> list[Appointment]:
    done = [
        cancel_appointment(appointment=visit, reason=reason, by=by, notify=notify and chosen.is_one, at=now)
        for visit in chosen.lock(now=now)
    ]
    series = chosen.series
    if not chosen.is_one:
        kept = _to_come(series, now)
        series_notices.tell_cancelled(series=series, visits=done, kept=kept, notify=notify, by=by)
    _raise_version(series)
    _record(series, "series.cancelled", done, by=by, scope=str(chosen.scope), reason=str(reason))
    return done


def _checked(picks: Sequence[Pick], count: int) -> Sequence[Pick]:
    numbers = {pick.number for pick in picks}
    if len(picks) < 2 or len(numbers) != len(picks) or not numbers <= set(range(1, count + 1)):
        raise errors.PicksUnsound()
    if any(pick.starts_at is not None and timezone.is_naive(pick.starts_at) for pick in picks):
        raise Invalid(fields={"picks": "Say each time with its offset from UTC."})
    return picks


def _lock(claims: Iterable[Claim]) -> None:
    """Every therapist, then every room of the location, then the patient, each by key: two series never wait
    crosswise, nor a series and a single visit, which takes its few in the same order."""
    asked = list(claims)
    one = asked[0]
    people = User.objects.filter(pk__in={claim.therapist.pk for claim in asked})
    rooms = Room.objects.filter(location=one.location)
    patient = Patient.objects.filter(pk=one.patient.pk)
    for rows in (people, rooms, patient):
        list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def _vacated_first(claims: dict[Appointment, Claim]) -> list[tuple[Appointment, Claim]]:
    """Later ones first when they move later, so that each finds the place that the one before it gave up."""
    pairs = sorted(claims.items(), key=lambda pair: pair[0].starts_at)
    is_later = any(claim.starts_at > visit.starts_at for visit, claim in pairs)
    return pairs[::-1] if is_later else pairs


def _told_apart(number: int, claim: Claim, refusal: ClinicError) -> PlannedVisit:
    """The refusal beside its date. One that is about the whole series is raised as it is."""
    if not is_about_a_date(refusal):
        raise refusal
    return PlannedVisit(number, claim, refusal)


def _refuse(refused: list[PlannedVisit]) -> None:
    if refused:
        raise errors.SeriesRefused(dates=[one.as_facts() for one in refused])


def _to_come(series: AppointmentSeries, now: datetime) -> list[Appointment]:
    return [visit for visit in visits_of(series) if visit.status in MOVABLE and visit.starts_at > now]


def _raise_version(series: AppointmentSeries) -> None:
    series.refresh_from_db(fields=["version"])
    series.version += 1
    series.save(update_fields=["version", "updated_at"])


def _record(
    series: AppointmentSeries, action: str, visits: Sequence[Appointment], *, by: Actor, **facts: object
) -> None:
    in_order = sorted(visits, key=lambda one: one.starts_at)
    record(
        actor=by,
        action=action,
        subject=series,
        patient=series.patient,
        locations=[series.location],
        facts={
            "visits": [{"id": str(one.public_id), "starts_at": one.starts_at.isoformat()} for one in in_order],
            **facts,
        },
    )
