"""A small clinic for scheduling's tests: everything a booking needs, free of meaning."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import factory
from django.utils import timezone

from audit.actors import SYSTEM
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling.models import TimeOff
from scheduling.services import book_appointment
from staff.models import User
from tests.factories import (
    LocationFactory,
    PatientFactory,
    RoomFactory,
    ServiceFactory,
    UserFactory,
    WorkingHoursFactory,
)

NEW_YORK = ZoneInfo("America/New_York")


def coming_monday() -> date:
    """A Monday two to three weeks from now: always in the future, always within the horizon."""
    today = timezone.now().date()
    return today + timedelta(days=21 - today.weekday())


def at(hour, minute=0, *, days=0, zone=NEW_YORK):
    """A wall-clock time on the coming Monday (or some days later)."""
    return datetime.combine(coming_monday() + timedelta(days=days), time(hour, minute), tzinfo=zone)


class TimeOffFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TimeOff

    therapist = factory.SubFactory(UserFactory)
    location = factory.SubFactory(LocationFactory)


@dataclass
class Desk:
    """One location with a therapist at work on weekdays from nine to five, one room, one service, a patient."""

    location: Location
    room: Room
    service: Service
    therapist: User
    front_desk: User
    admin: User
    patient: Patient

    def book(self, starts_at=None, **changes):
        asked = {
            "patient": self.patient,
            "therapist": self.therapist,
            "service": self.service,
            "location": self.location,
            "starts_at": starts_at or at(9),
            "by": self.front_desk,
            **changes,
        }
        return book_appointment(**asked)

    def new_patient(self, **changes):
        return PatientFactory(locations=[self.location], **changes)

    def new_therapist(self, **changes):
        therapist = UserFactory(roles=["therapist"], locations=[self.location], services=[self.service], **changes)
        work_weekdays(therapist, self.location)
        return therapist

    def new_room(self, **changes):
        return RoomFactory(location=self.location, **changes)


def work_weekdays(therapist, location, starts=time(9), ends=time(17)):
    for weekday in range(5):
        WorkingHoursFactory(
            therapist=therapist, location=location, weekday=weekday, starts_at_local=starts, ends_at_local=ends
        )


def make_desk(zone="America/New_York", **service):
    location = LocationFactory(timezone=zone, address="1 Main Street", phone="+12125550100")
    offered = ServiceFactory(**service)
    therapist = UserFactory(roles=["therapist"], locations=[location], services=[offered])
    work_weekdays(therapist, location)
    return Desk(
        location=location,
        room=RoomFactory(location=location),
        service=offered,
        therapist=therapist,
        front_desk=UserFactory(roles=["front_desk"], locations=[location]),
        admin=UserFactory(roles=["admin"], locations=[location]),
        patient=PatientFactory(locations=[location]),
    )


__all__ = ["SYSTEM", "Desk", "TimeOffFactory", "at", "coming_monday", "make_desk", "work_weekdays"]
