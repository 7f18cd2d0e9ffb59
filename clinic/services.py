"""Setting up the clinic: locations, rooms, services."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.actors import SYSTEM, Actor
from audit.services import record
from clinic.core.database import translate_constraints
from clinic.core.errors import Invalid, NotAllowed, NotFound
from clinic.core.records import EditableRecord
from clinic.models import Audience, Location, Room, Service, TechniqueFamily, validate_zone


@transaction.atomic
def add_location(
    *, name: str, timezone: str, by: Actor, address: str = "", phone: str = "", country: str = "US"
) -> Location:
    """Open a location. Its zone decides how every visit there is printed."""
    try:
        validate_zone(timezone)
    except ValidationError:
        raise Invalid(fields={"timezone": "Use an IANA zone such as America/New_York."}) from None
    with _location_rules():
        location = Location.objects.create(name=name, timezone=timezone, address=address, phone=phone, country=country)
    record(actor=by, action="location.added", subject=location, locations=[location])
    return location


@transaction.atomic
def add_room(*, location: Location, name: str, by: Actor, features: Sequence[str] = ()) -> Room:
    """Add a treatment room to a location; by its admins."""
    _may_set_up(by, location)
    with _room_rules():
        room = Room.objects.create(location=location, name=name, features=list(features))
    record(actor=by, action="room.added", subject=room, locations=[location])
    return room


@transaction.atomic
def add_service(
    *,
    name: str,
    technique_family: TechniqueFamily,
    duration_minutes: int,
    by: Actor,
    buffer_before_minutes: int = 0,
    buffer_after_minutes: int = 0,
    for_unscreened_patients: bool = False,
    audience: str = Audience.ANYONE,
    notice_minutes: int = 0,
    horizon_days: int = 730,
    needed_features: Sequence[str] = (),
    reminder_minutes: Sequence[int] | None = None,
) -> Service:
    """Offer a service; by admins. Therapists who give it are named one by one."""
    _may_set_up(by)
    with _service_rules():
        service = Service.objects.create(
            name=name,
            technique_family=technique_family,
            duration_minutes=duration_minutes,
            buffer_before_minutes=buffer_before_minutes,
            buffer_after_minutes=buffer_after_minutes,
            for_unscreened_patients=for_unscreened_patients,
            audience=audience,
            notice_minutes=notice_minutes,
            horizon_days=horizon_days,
            needed_features=list(needed_features),
            reminder_minutes=None if reminder_minutes is None else list(reminder_minutes),
        )
    record(actor=by, action="service.added", subject=service)
    return service


@transaction.atomic
def change_location(
    *, location: Location, changes: Mapping[str, Any], expected_version: int | None = None, by: Actor
) -> Location:
    """Change a location's name, contact or booking rules; by its admins. Its zone stays: visits were agreed in it."""
    _may_set_up(by, location)
    with _location_rules():
        return _change(location, changes, expected_version, by=by, locations=[location])


@transaction.atomic
def change_room(*, room: Room, changes: Mapping[str, Any], expected_version: int | None = None, by: Actor) -> Room:
    """Change a room's name, what it has, or whether it is in use; by admins of its location. Visits in it stay."""
    _may_set_up(by, room.location)
    with _room_rules():
        return _change(room, changes, expected_version, by=by, locations=[room.location])


@transaction.atomic
def change_service(
    *, service: Service, changes: Mapping[str, Any], expected_version: int | None = None, by: Actor
) -> Service:
    """Change what a service is and who may have it when; by admins. Visits already booked keep their times."""
    _may_set_up(by)
    with _service_rules():
        return _change(service, changes, expected_version, by=by, locations=[])


Row = TypeVar("Row", bound=EditableRecord)


def _change(row: Row, changes: Mapping[str, Any], version: int | None, *, by: Actor, locations: list[Location]) -> Row:
    """Write what differs, under the row's lock. The trail names the fields; their values are in the row."""
    rows: Any = type(row)._default_manager
    locked: Row = rows.select_for_update(no_key=True).get(pk=row.pk).expect_version(version)
    changed = sorted(name for name, value in changes.items() if getattr(locked, name) != value)
    if not changed:
        return locked
    for name in changed:
        setattr(locked, name, changes[name])
    locked.version += 1
    locked.save(update_fields=[*changed, "version", "updated_at"])
    action = f"{type(row).__name__.lower()}.changed"
    record(actor=by, action=action, subject=locked, locations=locations, facts={"fields": changed})
    return locked


def _may_set_up(by: Actor, location: Location | None = None) -> None:
    """Admins, of the location if there is one. Staff live a floor above: what they are is asked by name."""
    if by.actor_kind == SYSTEM.actor_kind:
        return
    if not getattr(by, "is_administrator", False):
        raise NotAllowed()
    if location is not None and not Location.objects.visible_to(by).filter(pk=location.pk).exists():
        raise NotFound()


def _location_rules() -> AbstractContextManager[None]:
    return translate_constraints(
        clinic_location_name_key=Invalid(fields={"name": "There is a location of this name already."}),
        location_hold_1_to_60_minutes=Invalid(fields={"hold_minutes": "1 to 60 minutes."}),
        location_late_cancel_up_to_30_days=Invalid(fields={"late_cancel_hours": "At most 720 hours."}),
        location_slot_grid_divides_the_hour=Invalid(fields={"slot_grid_minutes": "5, 10, 15, 20, 30 or 60 minutes."}),
        location_quiet_hours_have_both_ends=Invalid(fields={"quiet_until": "Give two different times, or none."}),
        location_reminders_up_to_5=Invalid(fields={"reminder_minutes": "At most 5 reminders."}),
    )


def _room_rules() -> AbstractContextManager[None]:
    return translate_constraints(
        room_name_once_per_location=Invalid(fields={"name": "This location has a room of this name already."})
    )


def _service_rules() -> AbstractContextManager[None]:
    return translate_constraints(
        service_duration_between_5_minutes_and_8_hours=Invalid(fields={"duration_minutes": "5 to 480 minutes."}),
        service_buffers_up_to_2_hours=Invalid(fields={"buffer_after_minutes": "At most 120 minutes."}),
        clinic_service_name_key=Invalid(fields={"name": "There is a service of this name already."}),
        service_notice_up_to_30_days=Invalid(fields={"notice_minutes": "At most 43200 minutes (30 days)."}),
        service_horizon_1_to_730_days=Invalid(fields={"horizon_days": "1 to 730 days."}),
        service_reminders_up_to_5=Invalid(fields={"reminder_minutes": "At most 5 reminders."}),
    )
