"""What is asked, the same of both sides: which location, which therapists, which days."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone

from clinic.core.clock import day_bounds, local
from clinic.models import Location, Service
from patients.models import Patient
from scheduling.availability import Slot, free_slots
from scheduling.models import Appointment
from staff.models import Role, User


@dataclass(frozen=True)
class Questions:
    """A bulk clinic, and what people ask of it."""

    location: Location
    service: Service
    desk: User

    @classmethod
    def of(cls, therapists: int) -> Questions:
        """The location with so many therapists."""
        location = next(each for each in Location.objects.order_by("id") if _therapists(each).count() == therapists)
        desk = User.objects.get(locations=location, roles=[Role.FRONT_DESK])
        return cls(location, Service.objects.get(), desk)

    @cached_property
    def therapists(self) -> list[User]:
        return list(_therapists(self.location))

    @cached_property
    def patients(self) -> list[Patient]:
        return list(Patient.objects.order_by("id")[:5000:7])

    @property
    def soon(self) -> datetime:
        """The first instant of tomorrow on the location's clock: nothing is past, nothing hangs on the time of day."""
        return day_bounds(local(timezone.now(), self.location.timezone).date(), self.location.timezone)[1]

    def window(self, weeks: int) -> dict[str, datetime]:
        return {"from_": self.soon, "to": self.soon + timedelta(weeks=weeks)}

    @cached_property
    def weekday(self) -> datetime:
        """The first working day from tomorrow on."""
        day = self.soon
        while local(day, self.location.timezone).weekday() > 4:
            day += timedelta(days=1)
        return day

    def free(self, weeks: int = 4) -> Iterator[Slot]:
        """Times that can be booked, one after the other, spread over the therapists, never the same twice."""
        each = [
            free_slots(
                service=self.service, location=self.location, therapist=person,
                from_=self.soon, to=self.soon + timedelta(weeks=weeks),
            )
            for person in self.therapists
        ]  # fmt: skip
        rows = itertools.zip_longest(*each)
        return (slot for row in rows for slot in row if slot is not None)

    def is_free(self, patient: Patient, at: datetime) -> bool:
        """Whether the patient has no visit around a time."""
        hour = timedelta(hours=1)
        return not Appointment.objects.filter(patient=patient, starts_at__range=(at - hour, at + hour)).exists()

    def guests(self, slots: list[Slot]) -> list[tuple[Slot, Patient]]:
        """Each slot with a patient who could come."""
        people = itertools.cycle(self.patients)
        return [(slot, next(one for one in people if self.is_free(one, slot.starts_at))) for slot in slots]


def _therapists(location: Location):  # type: ignore[no-untyped-def]
    return User.objects.therapists().filter(locations=location).order_by("id")
