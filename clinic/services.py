"""Setting up the clinic: locations, rooms, services."""

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.actors import Actor
from audit.services import record
from clinic.core.database import translate_constraints
from clinic.core.errors import Invalid
from clinic.models import Location, Room, Service, TechniqueFamily, validate_zone


@transaction.atomic
def add_location(
    *, name: str, timezone: str, by: Actor, address: str = "", phone: str = "", country: str = "US"
) -> Location:
    """Open a location. Its zone decides how every visit there is printed."""
    try:
        validate_zone(timezone)
    except ValidationError:
        raise Invalid(fields={"timezone": "Use an IANA zone such as America/New_York."}) from None
    with translate_constraints(
        clinic_location_name_key=Invalid(fields={"name": "There is a location of this name already."})
    ):
        location = Location.objects.create(name=name, timezone=timezone, address=address, phone=phone, country=country)
    record(actor=by, action="location.added", subject=location, locations=[location])
    return location


@transaction.atomic
def add_room(*, location: Location, name: str, by: Actor) -> Room:
    """Add a treatment room to a location."""
    with translate_constraints(
        room_name_once_per_location=Invalid(fields={"name": "This location has a room of this name already."})
    ):
        room = Room.objects.create(location=location, name=name)
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
) -> Service:
    """Offer a service."""
    with translate_constraints(
        service_duration_between_5_minutes_and_8_hours=Invalid(fields={"duration_minutes": "5 to 480 minutes."}),
        service_buffers_up_to_2_hours=Invalid(fields={"buffer_after_minutes": "At most 120 minutes."}),
        clinic_service_name_key=Invalid(fields={"name": "There is a service of this name already."}),
    ):
        service = Service.objects.create(
            name=name,
            technique_family=technique_family,
            duration_minutes=duration_minutes,
            buffer_before_minutes=buffer_before_minutes,
            buffer_after_minutes=buffer_after_minutes,
            for_unscreened_patients=for_unscreened_patients,
        )
    record(actor=by, action="service.added", subject=service)
    return service
