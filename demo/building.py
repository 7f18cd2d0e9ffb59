"""Builds the demo clinic through the services: the same one every time for a seed, around today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from django.db import connection, transaction
from django.utils import timezone

from audit.actors import SYSTEM
from clinic.core.clock import local, today_in
from demo.changes import tell_changes
from demo.courses import Course, course
from demo.occupancy import Occupancy, hours_of, instant
from demo.people import Person
from demo.records import answer_intake, register, settle_flags, take_history
from demo.setting import Post, load_setting
from demo.visits import Slot, book, examine, treat
from patients.models import Patient
from scheduling.services import cancel_appointment, confirm_appointment, mark_arrived, mark_no_show
from screening.services import gate, request_intake

DAYS_BACK = 365
DAYS_AHEAD = 14
# Shares of all patients: treated over the year, answered the intake but not seen yet, only just registered.
_TREATED, _SCREENED = 0.5, 0.2
Tell = Callable[[str], None]


@dataclass
class Case:
    """A patient in treatment, and how far it has come."""

    patient: Patient
    post: Post
    course: Course
    done: int = 0
    last_on: date | None = None


class Builder:
    """Builds one location; the other one can be built at the same time."""

    def __init__(self, number: int, *, seed: int, tell: Tell) -> None:
        self.random = Random(seed * 100 + number)
        self.tell = tell
        self.setting = load_setting(number)
        self.occupancy = Occupancy(self.setting)
        self.cases: list[Case] = []

    def build(self, everybody: list[Person]) -> None:
        """Patients, a year behind and two weeks ahead."""
        # Nothing here is worth waiting for the disk at every commit: a demo cut short is built again.
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
        for number, person in enumerate(everybody):
            if number % 50 == 0:
                self.tell(f"{self.setting.location.name}: {number} of {len(everybody)} patients and their year")
            with transaction.atomic():
                self._patient(person, share=number / len(everybody))
        self._today()
        self._ahead()
        tell_changes(self.setting.location, random=self.random)

    def _patient(self, person: Person, *, share: float) -> None:
        post = self.random.choice(self.setting.posts)
        patient = register(person, post, self.setting, random=self.random)
        if share >= _TREATED + _SCREENED:
            request_intake(patient=patient, by=self.setting.desk)
            return
        case = Case(patient, post, course(self.random))
        first_on = self._first_day(post)
        take_history(patient, case.course, post, first_on=first_on, random=self.random)
        answered_at = timezone.now() - timedelta(days=self.random.randint(4, 150))
        answer_intake(patient, case.course, post, at=answered_at, random=self.random)
        settle_flags(patient, post, random=self.random)
        self.cases.append(case)
        if share < _TREATED and not gate(patient=patient, service=self.setting.services["release"]).is_blocked:
            self._year_of(case, first_on)

    def _first_day(self, post: Post) -> date:
        # The clinic grows: more patients began lately than a year ago.
        days_ago = round(DAYS_BACK * (1 - self.random.random() ** 0.7)) + 2
        return today_in(post.location.timezone) - timedelta(days=days_ago)

    def _year_of(self, case: Case, first_on: date) -> None:
        today = today_in(case.post.location.timezone)
        day = first_on
        for number, visit in enumerate(case.course.visits):
            slot = self._slot_near(case.post, day, number)
            if slot is None or local(slot.starts_at, case.post.location.timezone).date() >= today:
                return
            if number and self.random.random() < 0.06:
                self._missed(case, slot)
            else:
                treat(case.patient, case.post, slot, case.course, visit, number=number, random=self.random)
            case.done, case.last_on = number + 1, day
            day = day + timedelta(days=7 * case.course.weeks_between + self.random.choice([-1, 0, 0, 1]))

    def _missed(self, case: Case, slot: Slot) -> None:
        appointment = book(case.patient, case.post, slot, is_history=True)
        if self.random.random() < 0.5:
            mark_no_show(appointment=appointment, by=SYSTEM, at=slot.starts_at + timedelta(minutes=20))
        else:
            cancel_appointment(
                appointment=appointment,
                reason="patient_asked",
                notify=False,
                at=slot.starts_at - timedelta(hours=20),
                by=SYSTEM,
            )

    def _slot_near(self, post: Post, day: date, number: int) -> Slot | None:
        for shift in range(4):
            candidate = day + timedelta(days=shift)
            hours = list(hours_of(post))
            self.random.shuffle(hours)
            for hour in hours:
                slot = self._take(post, candidate, hour, number)
                if slot is not None:
                    return slot
        return None

    def _take(self, post: Post, day: date, hour: int, number: int) -> Slot | None:
        keys = ("release", "release", "combined", "massage")
        key = "first" if number == 0 else self.random.choice(keys)
        room = self.occupancy.take(post, day, hour)
        return Slot(instant(post, day, hour), room, self.setting.services[key]) if room else None

    def _today(self) -> None:
        self.tell(f"{self.setting.location.name}: today's diary")
        for post in self.setting.posts:
            waiting = [case for case in self._bookable(post) if case.done]
            for hour in hours_of(post):
                if waiting and self.random.random() < 0.8:
                    with transaction.atomic():
                        self._visit_today(waiting, hour)

    def _bookable(self, post: Post) -> list[Case]:
        release = self.setting.services["release"]
        mine = [case for case in self.cases if case.post is post]
        return [case for case in mine if not gate(patient=case.patient, service=release).is_blocked]

    def _visit_today(self, waiting: list[Case], hour: int) -> None:
        case = waiting.pop()
        post = case.post
        day = today_in(post.location.timezone)
        slot = self._take(post, day, hour, 1)
        if slot is None:
            return
        now, ends_at = timezone.now(), slot.starts_at + timedelta(minutes=50)
        visit = case.course.visits[min(case.done, len(case.course.visits) - 1)]
        if ends_at + timedelta(minutes=10) <= now:
            if self.random.random() < 0.08:
                self._missed(case, slot)
            else:
                treat(case.patient, post, slot, case.course, visit, number=1, random=self.random)
        elif slot.starts_at <= now:
            appointment = book(case.patient, post, slot, is_history=True)
            mark_arrived(appointment=appointment, by=SYSTEM, at=slot.starts_at - timedelta(minutes=5))
            if post.therapist.email != "therapist@demo.example":
                examine(appointment, post, case.course, visit, number=1, random=self.random)
        else:
            self._coming(case, slot, now_within_the_hour=slot.starts_at - now < timedelta(minutes=60))

    def _coming(self, case: Case, slot: Slot, *, now_within_the_hour: bool) -> None:
        appointment = book(case.patient, case.post, slot, is_history=False)
        if now_within_the_hour and self.random.random() < 0.5:
            mark_arrived(appointment=appointment, by=SYSTEM)
        elif self.random.random() < 0.6:
            confirm_appointment(appointment=appointment, by=SYSTEM)

    def _ahead(self) -> None:
        self.tell(f"{self.setting.location.name}: the next two weeks")
        for post in self.setting.posts:
            today = today_in(post.location.timezone)
            cases = self._bookable(post)
            self.random.shuffle(cases)
            for case in cases[:14]:
                day = today + timedelta(days=self.random.randint(1, DAYS_AHEAD - 1))
                slot = self._slot_near(post, day, 1 if case.done else 0)
                if slot is not None:
                    with transaction.atomic():
                        self._coming(case, slot, now_within_the_hour=False)
