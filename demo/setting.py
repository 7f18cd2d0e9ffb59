"""The demo clinic itself: two locations in different zones, four rooms, five services, staff and their hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta

from audit.actors import SYSTEM
from clinic.core.clock import today_in
from clinic.models import Location, Room, Service, TechniqueFamily
from clinic.services import add_location, add_room, add_service
from demo.logins import LOGINS, PASSWORD, Login
from questionnaires.services.publishing import load_shipped
from scheduling.services import set_working_hours
from staff.models import Role, User
from staff.services import create_user

# Early and late shifts overlap at midday; two rooms per location are enough for three therapists.
SHIFTS = {"early": (time(7), time(15)), "middle": (time(9), time(17)), "late": (time(13), time(21))}
_OPENED_DAYS_AGO = 400


@dataclass
class Post:
    """A therapist's place: location, shift, and the two weekdays off."""

    therapist: User
    location: Location
    shift: str
    free_days: tuple[int, int]

    def works_on(self, day: date) -> bool:
        return day.weekday() not in self.free_days


@dataclass
class Setting:
    """What the rest of the demo builds on: one location with its people and rooms."""

    location: Location
    rooms: list[Room]
    services: dict[str, Service]
    posts: list[Post]
    desk: User


LOCATIONS = (
    ("Riverside", "America/New_York", "18 Water Street, New York, NY 10004", "+12125550110"),
    ("Sunset", "America/Los_Angeles", "402 Sunset Boulevard, Los Angeles, CA 90026", "+12135550120"),
)
# Key of the demo, name, family, minutes; the first needs no screening before it.
SERVICES = (
    ("first", "First visit and assessment", TechniqueFamily.MYOFASCIAL_RELEASE, 50),
    ("release", "Myofascial release", TechniqueFamily.MYOFASCIAL_RELEASE, 50),
    ("long", "Myofascial release, extended", TechniqueFamily.MYOFASCIAL_RELEASE, 80),
    ("combined", "Release with massage", TechniqueFamily.COMBINED, 50),
    ("massage", "Therapeutic massage", TechniqueFamily.MASSAGE, 50),
)


def build_setting() -> None:
    """Open the demo clinic: locations, rooms, services, staff and their hours."""
    load_shipped()
    locations = [
        add_location(name=name, timezone=zone, address=address, phone=phone, by=SYSTEM)
        for name, zone, address, phone in LOCATIONS
    ]
    for location in locations:
        for room in ("Room 1", "Room 2"):
            add_room(location=location, name=room, by=SYSTEM)
    services = [
        add_service(
            name=name,
            technique_family=family,
            duration_minutes=minutes,
            buffer_after_minutes=10,
            for_unscreened_patients=key == "first",
            by=SYSTEM,
        )
        for key, name, family, minutes in SERVICES
    ]
    for login in LOGINS:
        _employ(login, locations, services)


def load_setting(number: int) -> Setting:
    """One location of the demo, as it was built."""
    location = Location.objects.get(name=LOCATIONS[number][0])
    keys = {name: key for key, name, _, _ in SERVICES}
    here = [login for login in LOGINS if login.location == number]
    users = {user.email: user for user in User.objects.filter(email__in=[login.email for login in here])}
    return Setting(
        location=location,
        rooms=list(Room.objects.filter(location=location).order_by("name")),
        services={keys[service.name]: service for service in Service.objects.filter(name__in=keys)},
        posts=[
            Post(users[login.email], location, login.shift, _free_days(login, location))
            for login in here
            if Role.THERAPIST in login.roles
        ],
        desk=next(users[login.email] for login in here if Role.FRONT_DESK in login.roles),
    )


def _free_days(login: Login, location: Location) -> tuple[int, int]:
    # Everybody works today, so that the demo's diary is full on whatever day it is built.
    weekday = today_in(location.timezone).weekday()
    return ((weekday + login.days_off) % 7, (weekday + login.days_off + 1) % 7)


def _employ(login: Login, locations: list[Location], services: list[Service]) -> None:
    places = locations if login.location is None else [locations[login.location]]
    is_therapist = Role.THERAPIST in login.roles
    user = create_user(
        email=login.email,
        given_name=login.given_name,
        family_name=login.family_name,
        roles=login.roles,
        locations=places,
        password=PASSWORD,
        services=services if is_therapist else (),
        licence_number=login.licence_number,
        licence_expires_on=today_in("UTC") + timedelta(days=500) if is_therapist else None,
        is_clinical_lead=login.is_clinical_lead,
        by=SYSTEM,
    )
    for weekday in range(7) if is_therapist else ():
        if weekday not in _free_days(login, places[0]):
            set_working_hours(
                therapist=user,
                location=places[0],
                weekday=weekday,
                periods=[SHIFTS[login.shift]],
                valid_from=today_in(places[0].timezone) - timedelta(days=_OPENED_DAYS_AGO),
                by=SYSTEM,
            )
