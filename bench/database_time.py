"""Time in the database: ours and the least SQL in turn, on one connection, statement by statement.

Every statement goes through Django's cursor on both sides; what is summed is the time between sending it and having
its answer. Acts run in a transaction that is rolled back, so that both sides find the same clinic.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from audit.context import audit_context
from bench import minimal
from bench.questions import Questions
from clinic.core.clock import day_bounds, local
from messaging import services as messaging
from patients.models import Patient
from patients.searching import read_term
from scheduling import services
from scheduling.availability import free_slots
from scheduling.diary import board
from scheduling.models import Appointment, AppointmentStatus

Act = Callable[[], Any]


@dataclass
class Meter:
    """Sums the time and number of statements."""

    seconds: float = 0.0
    statements: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - began
            self.statements.append((sql, params))


@dataclass(frozen=True)
class Pair:
    """One question, answered both ways. `same` says whether two answers agree."""

    name: str
    ours: Act
    least: Act
    same: Callable[[Any, Any], bool]
    is_act: bool = False


@dataclass(frozen=True)
class Timed:
    name: str
    ours: list[float]
    least: list[float]
    statements: tuple[int, int]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.least)


@contextmanager
def metered() -> Iterator[Meter]:
    meter = Meter()
    with connection.execute_wrapper(meter):
        yield meter


def measure(pair: Pair, *, rounds: int) -> Timed:
    """Ours, least, ours, least …; the first round warms up and must give the same answer."""
    ours, least, counts = [], [], (0, 0)
    for number in range(rounds + 1):
        one, answer = _run(pair.ours, pair.is_act)
        other, expected = _run(pair.least, pair.is_act)
        if number == 0:
            assert pair.same(answer, expected), f"{pair.name}: {str(answer)[:400]} is not {str(expected)[:400]}"
            counts = (len(one.statements), len(other.statements))
            continue
        ours.append(one.seconds)
        least.append(other.seconds)
    return Timed(pair.name, ours, least, counts)


def _run(act: Act, is_act: bool) -> tuple[Meter, Any]:
    with audit_context(request_id="", via="command"), transaction.atomic():
        with metered() as meter:
            answer = act()
        transaction.set_rollback(is_act)
    return meter, answer


def pairs() -> list[Pair]:
    """What the desk asks all day."""
    twenty, forty = Questions.of(20), Questions.of(40)
    return [
        _slots("free slots, 1 week, one therapist", twenty, weeks=1),
        _slots("free slots, 4 weeks, one therapist", twenty, weeks=4),
        _slots("free slots, 1 week, any of 20", twenty, weeks=1, anybody=True),
        _booking(twenty),
        _moving(twenty),
        _day(forty),
        _search(forty),
    ]


def _slots(name: str, asked: Questions, *, weeks: int, anybody: bool = False) -> Pair:
    therapist = None if anybody else asked.therapists[3]
    keys = [person.pk for person in asked.therapists] if anybody else [asked.therapists[3].pk]
    window = asked.window(weeks)

    def ours() -> set[tuple[int, Any]]:
        slots = free_slots(service=asked.service, location=asked.location, therapist=therapist, **window)
        return {(slot.therapist.pk, slot.starts_at) for slot in slots}

    def least() -> set[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            return set(minimal.slots(
                cursor, location=asked.location.pk, zone=asked.location.timezone, therapists=keys, **window
            ))  # fmt: skip

    return Pair(name, ours, least, lambda one, other: one == other)


def _booking(asked: Questions) -> Pair:
    booked = asked.guests(list(itertools.islice(asked.free(), 200)))
    turns = {"ours": itertools.cycle(booked), "least": itertools.cycle(booked)}

    def ours() -> bool:
        slot, patient = next(turns["ours"])
        return bool(services.book_appointment(
            patient=patient, therapist=slot.therapist, service=asked.service, location=asked.location,
            starts_at=slot.starts_at, by=asked.desk,
        ).pk)  # fmt: skip

    def least() -> bool:
        slot, patient = next(turns["least"])
        with connection.cursor() as cursor:
            return bool(minimal.book(
                cursor, location=asked.location.pk, service=asked.service.pk, therapist=slot.therapist.pk,
                patient=patient.pk, starts_at=slot.starts_at, actor=asked.desk.public_id,
            ))  # fmt: skip

    return Pair("book", ours, least, lambda one, other: one == other, is_act=True)


def _moving(asked: Questions) -> Pair:
    free = list(itertools.islice(asked.free(), 400))
    visits = list(
        Appointment.objects.for_diary()
        .filter(location=asked.location, status=AppointmentStatus.BOOKED, starts_at__gt=asked.soon)
        .filter(therapist__in=[slot.therapist.pk for slot in free[:20]])[:200]
    )
    for visit in visits:
        messaging.subject(key=f"appointment:{visit.public_id}")
    moves = [
        (visit, slot)
        for visit in visits
        for slot in free
        if slot.therapist.pk == visit.therapist.pk and asked.is_free(visit.patient, slot.starts_at)
    ][:200]
    turns = {"ours": itertools.cycle(moves), "least": itertools.cycle(moves)}

    def ours() -> bool:
        visit, slot = next(turns["ours"])
        return services.move_appointment(appointment=visit, starts_at=slot.starts_at, by=asked.desk) is not None

    def least() -> bool:
        visit, slot = next(turns["least"])
        with connection.cursor() as cursor:
            minimal.move(cursor, public_id=visit.public_id, starts_at=slot.starts_at, actor=asked.desk.public_id)
        return True

    return Pair("move", ours, least, lambda one, other: one == other, is_act=True)


def _day(asked: Questions) -> Pair:
    day = local(asked.weekday, asked.location.timezone).date()
    from_, to = day_bounds(day, asked.location.timezone)

    def ours() -> int:
        shown = board(location=asked.location, day=day, user=asked.desk)
        return len(shown.visits)

    def least() -> int:
        with connection.cursor() as cursor:
            return len(minimal.day(cursor, location=asked.location.pk, weekday=day.weekday(), from_=from_, to=to)[0])

    return Pair("diary day, 40 therapists", ours, least, lambda one, other: one == other)


def _search(asked: Questions) -> Pair:
    names = [patient.name_key for patient in asked.patients[:200]]
    turns = {"ours": itertools.cycle(names), "least": itertools.cycle(names)}

    def ours() -> list[Any]:
        term = read_term(next(turns["ours"])[:4])
        rows: Any = Patient.objects.visible_to(asked.desk).search(term).by_name()[:20]
        return [row.public_id for row in rows]

    def least() -> list[Any]:
        with connection.cursor() as cursor:
            rows = minimal.search(cursor, location=asked.location.pk, begins=next(turns["least"])[:4])
        return [row[0] for row in rows]

    return Pair("patient search, first 20", ours, least, lambda one, other: one == other)
