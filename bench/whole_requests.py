"""The CPU of whole requests: ours with everything on, beside a bare view with the least SQL.

Both go through Django's own WSGI handler in this process, in turn, so the web server in front, which is the same for
both, adds nothing to either side; that makes the ratio stricter. The database's own work is not in it, but waiting for
it costs no CPU. What is measured is `process_time` of one request, its parsing and its answer included.
"""

from __future__ import annotations

import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory, override_settings

from bench.questions import Questions
from clinic.core.clock import day_bounds, local
from scheduling.models import Appointment, AppointmentStatus
from staff.services import create_api_token

API = "/api/v1"


@dataclass(frozen=True)
class Ask:
    """One request: method, address, what is sent, and which answer is right."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200


@dataclass(frozen=True)
class Request:
    """The same question of both sides, as often as it is asked."""

    name: str
    ours: Callable[[], Ask]
    bare: Callable[[], Ask]


def measure(request: Request, *, rounds: int) -> tuple[list[float], list[float]]:
    """CPU seconds of ours and of the bare view, in turn; the first round warms up."""
    clinic, bare = WSGIHandler(), _bare_handler()
    ours, least = [], []
    for number in range(rounds + 1):
        one = _spent(clinic, request.ours(), None)
        other = _spent(bare, request.bare(), "bench.bare")
        if number:
            ours.append(one)
            least.append(other)
    return ours, least


def requests() -> list[Request]:
    """What the desk asks all day, as programs ask it; the diary as the page itself."""
    twenty, forty = Questions.of(20), Questions.of(40)
    return [_slots(twenty), _search(forty), _diary(forty), _booking(twenty), _moving(twenty)]


def ratio(ours: list[float], least: list[float]) -> float:
    return statistics.median(ours) / statistics.median(least)


def _bare_handler() -> WSGIHandler:
    with override_settings(MIDDLEWARE=[], ROOT_URLCONF="bench.bare"):
        return WSGIHandler()


def _spent(handler: WSGIHandler, ask: Ask, urlconf: str | None) -> float:
    sent = RequestFactory().generic(
        ask.method, ask.path, json.dumps(ask.body) if ask.body is not None else "", "application/json",
        headers=dict(ask.headers),
    )  # fmt: skip
    answered: list[str] = []

    def start(status: str, headers: Any, exc_info: Any = None) -> None:
        answered.append(status)

    with override_settings(**({"ROOT_URLCONF": urlconf} if urlconf else {})):
        began = time.process_time()
        answer = handler(sent.environ, start)
        text = b"".join(answer)
        spent = time.process_time() - began
        answer.close()
    assert answered[0].startswith(str(ask.status)), f"{ask.path}: {answered[0]} {text[:300]!r}"
    return spent


def _key(asked: Questions) -> tuple[tuple[str, str], ...]:
    _, secret = create_api_token(name="bench", can_write=True, days=2, by=asked.desk)
    return (("Authorization", f"Bearer {secret}"),)


def _slots(asked: Questions) -> Request:
    key, therapist, window = _key(asked), asked.therapists[3], asked.window(1)
    query = (
        f"?service={asked.service.public_id}&location={asked.location.public_id}&therapist={therapist.public_id}"
        f"&from={window['from_']:%Y-%m-%dT%H:%M:%SZ}&to={window['to']:%Y-%m-%dT%H:%M:%SZ}"
    )
    least = {
        "location": asked.location.pk, "zone": asked.location.timezone, "therapists": [therapist.pk],
        "from": window["from_"].isoformat(), "to": window["to"].isoformat(),
    }  # fmt: skip
    return Request(
        "free slots, 1 week, one therapist",
        lambda: Ask("GET", f"{API}/availability/{query}", headers=key),
        lambda: Ask("POST", "/slots", least),
    )


def _search(asked: Questions) -> Request:
    key, name = _key(asked), asked.patients[100].family_name[:3]
    return Request(
        "patient search",
        lambda: Ask("GET", f"{API}/patients/?search={name}&per_page=20", headers=key),
        lambda: Ask("POST", "/search", {"location": asked.location.pk, "begins": name.lower()}),
    )


def _diary(asked: Questions) -> Request:
    """The day's visits as programs read them."""
    key, day = _key(asked), local(asked.weekday, asked.location.timezone).date()
    from_, to = day_bounds(day, asked.location.timezone)
    query = f"?location={asked.location.public_id}&from={day}&to={day}&per_page=100"
    least = {
        "location": asked.location.pk, "weekday": day.weekday(), "from": from_.isoformat(), "to": to.isoformat(),
    }  # fmt: skip
    return Request(
        "a day's visits (first 100)",
        lambda: Ask("GET", f"{API}/appointments/{query}", headers=key),
        lambda: Ask("POST", "/day", least),
    )


def _booking(asked: Questions) -> Request:
    key = _key(asked)
    turns: Iterator[Any] = iter(asked.guests(list(itertools.islice(asked.free(6), 900))))

    def ours() -> Ask:
        slot, patient = next(turns)
        body = {
            "patient_id": str(patient.public_id), "therapist_id": str(slot.therapist.public_id),
            "service_id": str(asked.service.public_id), "location_id": str(asked.location.public_id),
            "starts_at": slot.starts_at.isoformat(),
        }  # fmt: skip
        return Ask("POST", f"{API}/appointments/", body, key, 201)

    def bare() -> Ask:
        slot, patient = next(turns)
        return Ask("POST", "/book", {
            "location": asked.location.pk, "service": asked.service.pk, "therapist": slot.therapist.pk,
            "patient": patient.pk, "starts_at": slot.starts_at.isoformat(), "actor": str(asked.desk.public_id),
        })  # fmt: skip

    return Request("book", ours, bare)


def _moving(asked: Questions) -> Request:
    """Visits booked before are moved to later free times of their own therapist, each once."""
    key = _key(asked)
    rows = Appointment.objects.for_diary().filter(
        location=asked.location, status=AppointmentStatus.BOOKED, starts_at__gt=asked.soon
    )
    free = {person.pk: [] for person in asked.therapists}  # type: dict[int, list[Any]]
    for slot in asked.free(8):
        free[slot.therapist.pk].append(slot)
    pairs = [
        (visit, free[visit.therapist_id].pop())
        for visit in rows[:1200]
        if free.get(visit.therapist_id) and asked.is_free(visit.patient, free[visit.therapist_id][-1].starts_at)
    ]
    turns: Iterator[Any] = iter(pairs)

    def ours() -> Ask:
        visit, slot = next(turns)
        headers = (*key, ("If-Match", visit.etag))
        body = {"starts_at": slot.starts_at.isoformat()}
        return Ask("PATCH", f"{API}/appointments/{visit.public_id}/", body, headers)

    def bare() -> Ask:
        visit, slot = next(turns)
        return Ask("POST", "/move", {
            "public_id": str(visit.public_id), "starts_at": slot.starts_at.isoformat(),
            "actor": str(asked.desk.public_id),
        })  # fmt: skip

    return Request("move", ours, bare)
