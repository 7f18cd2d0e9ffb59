"""The wait-list: who stands on it, and offering them a time that has become free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.clock import today_in
from clinic.core.database import translate_constraints
from clinic.core.errors import Invalid
from clinic.models import Location, Service
from patients.models import Patient
from scheduling.claims import LONGEST_MINUTES, SHORTEST_MINUTES
from scheduling.errors import AlreadyWaiting, NotWaiting
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment, OfferStatus, WaitListEntry, WaitStatus, Weekday
from scheduling.permission import may_book
from scheduling.services.offers import give_up_offers
from staff.models import User

LONGEST_WAIT = timedelta(days=366)
LONGEST_NOTICE_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, kw_only=True)
class Wish:
    """When a visit would suit; what is left open suits at any time."""

    from_on: date
    until_on: date
    therapists: Sequence[User] = ()
    weekdays: Sequence[int] = ()
    earliest_local: time | None = None
    latest_local: time | None = None
    minutes: int | None = None
    notice_minutes: int = 120
    instead_of: Appointment | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """What an entry's row keeps of it."""
        names = ("from_on", "until_on", "earliest_local", "latest_local", "minutes", "notice_minutes", "instead_of")
        return {**{name: getattr(self, name) for name in names}, "weekdays": sorted(set(self.weekdays))}


@transaction.atomic
def join_wait_list(*, patient: Patient, location: Location, service: Service, wish: Wish, by: Actor) -> WaitListEntry:
    """Put a patient on a location's list for a service; once, until there is a visit or they are taken off."""
    may_book(by=by, patient=patient, location=location)
    if not service.is_active:
        raise Invalid(fields={"service_id": "This service is no longer offered."})
    _check(wish, patient=patient, location=location)
    entry = WaitListEntry(patient=patient, location=location, service=service, **wish.columns)
    with translate_constraints(wait_list_entry_once_per_wish=AlreadyWaiting()):
        entry.save(force_insert=True)
    entry.therapists.set(wish.therapists)
    _record(entry, "wait_list.joined", by=by)
    return entry


@transaction.atomic
def change_wait_list_entry(
    *, entry: WaitListEntry, wish: Wish, expected_version: int | None = None, by: Actor
) -> WaitListEntry:
    """Change when a visit would suit; the place in the line stays. Offers that are out stay, too."""
    may_book(by=by, patient=entry.patient, location=entry.location)
    _check(wish, patient=entry.patient, location=entry.location)
    row: WaitListEntry = WaitListEntry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    locked = row.expect_version(expected_version)
    if locked.status != WaitStatus.WAITING:
        raise NotWaiting()
    for name, value in wish.columns.items():
        setattr(locked, name, value)
    locked.version += 1
    locked.save(update_fields=[*wish.columns, "version", "updated_at"])
    locked.therapists.set(wish.therapists)
    _record(locked, "wait_list.changed", by=by)
    return locked


@transaction.atomic
def leave_wait_list(*, entry: WaitListEntry, by: Actor) -> None:
    """Take a patient off the list; an offer that is out to them is over. Twice is once."""
    may_book(by=by, patient=entry.patient, location=entry.location)
    give_up_offers(entry=entry, status=OfferStatus.DECLINED, by=by)
    waiting = WaitListEntry.objects.filter(pk=entry.pk, status=WaitStatus.WAITING)
    if waiting.update(status=WaitStatus.WITHDRAWN, version=F("version") + 1, updated_at=Now()):
        _record(entry, "wait_list.left", by=by)


def _check(wish: Wish, *, patient: Patient, location: Location) -> None:
    """Every rule of a wish, each beside its field."""
    wrong = {**_wrong_dates(wish, today_in(location.timezone)), **_wrong_times(wish)}
    if any(day not in Weekday.values for day in wish.weekdays):
        wrong["weekdays"] = "0 is Monday, 6 is Sunday."
    if wish.minutes is not None and not SHORTEST_MINUTES <= wish.minutes <= LONGEST_MINUTES:
        wrong["minutes"] = "A visit lasts from 5 minutes to 8 hours."
    if not 0 <= wish.notice_minutes <= LONGEST_NOTICE_MINUTES:
        wrong["notice_minutes"] = "At most seven days."
    here = User.objects.therapists().filter(locations=location, pk__in=[one.pk for one in wish.therapists]).count()
    if here != len({one.pk for one in wish.therapists}):
        wrong["therapist_ids"] = "Choose therapists of this location."
    if wish.instead_of is not None and not _is_theirs(wish.instead_of, patient, location):
        wrong["instead_of_id"] = "Choose a coming visit of this patient at this location."
    if wrong:
        raise Invalid(fields=wrong)


def _wrong_dates(wish: Wish, today: date) -> dict[str, str]:
    if wish.until_on < wish.from_on:
        return {"until_on": "The last day comes after the first."}
    if wish.until_on < today:
        return {"until_on": "Choose a day that has not passed."}
    if wish.until_on - wish.from_on > LONGEST_WAIT:
        return {"until_on": "At most a year after the first day."}
    return {}


def _wrong_times(wish: Wish) -> dict[str, str]:
    if wish.earliest_local and wish.latest_local and wish.latest_local <= wish.earliest_local:
        return {"latest_local": "The latest time comes after the earliest."}
    return {}


def _is_theirs(visit: Appointment, patient: Patient, location: Location) -> bool:
    is_coming = visit.status in MOVABLE and visit.starts_at > timezone.now()
    return visit.patient_id == patient.pk and visit.location_id == location.pk and is_coming


def _record(entry: WaitListEntry, action: str, *, by: Actor) -> None:
    facts = {"service_id": str(entry.service.public_id), "until_on": entry.until_on.isoformat()}
    record(actor=by, action=action, subject=entry, patient=entry.patient, locations=[entry.location], facts=facts)
