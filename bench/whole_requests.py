"""The CPU of whole requests: ours with everything on, beside a bare view that sends the same SQL.

Both go through Django's own WSGI handler in this process, in turn; the web server in front, the same for both, would
add as much to either side. What is measured is `process_time` of one request, its parsing and its answer included; the
database's own work is not in it. Every request is rolled back, so that all of them find the same clinic.
"""

from __future__ import annotations

import itertools
import json
import statistics
import time
from dataclasses import dataclass
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import RequestFactory, override_settings

from bench import bare
from bench.database_time import metered
from bench.questions import Questions
from clinic.core.clock import local
from scheduling.models import Appointment, AppointmentStatus
from staff.services import create_api_token

API = "/api/v1"


@dataclass(frozen=True)
class Ask:
    """One request: what it is called, method, address, what is sent, and which answer is right."""

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any] | None = None
    status: int = 200


def measure(ask: Ask, *, rounds: int) -> tuple[list[float], list[float]]:
    """CPU seconds of ours and of the bare view, in turn; the first round warms up and says what SQL there is."""
    # A request's begin and end give the connection back, which here is in the middle of a transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    clinic, plain = WSGIHandler(), _plain_handler()
    with metered() as meter:
        _spent(clinic, ask)
    bare.statements[:] = meter.statements
    again = Ask(ask.name, "GET", "/replay", {})
    ours, least = [], []
    for number in range(rounds + 1):
        one = _spent(clinic, ask)
        with override_settings(ROOT_URLCONF="bench.bare"):
            other = _spent(plain, again)
        if number:
            ours.append(one)
            least.append(other)
    return ours, least


def asks() -> list[Ask]:
    """What the desk asks all day, as programs ask it."""
    twenty, forty = Questions.of(20), Questions.of(40)
    return [_slots(twenty), _search(twenty), _day(forty), _booking(twenty), _moving(twenty)]


def ratio(ours: list[float], least: list[float]) -> float:
    return statistics.median(ours) / statistics.median(least)


def _plain_handler() -> WSGIHandler:
    with override_settings(MIDDLEWARE=[], ROOT_URLCONF="bench.bare"):
        return WSGIHandler()


def _spent(handler: WSGIHandler, ask: Ask) -> float:
    sent = RequestFactory().generic(
        ask.method, ask.path, json.dumps(ask.body) if ask.body is not None else "", "application/json",
        headers=ask.headers,
    )  # fmt: skip
    answered: list[str] = []

    def start(status: str, headers: Any, exc_info: Any = None) -> None:
        answered.append(status)

    with transaction.atomic():
        began = time.process_time()
        answer = handler(sent.environ, start)
        text = b"".join(answer)
        spent = time.process_time() - began
        answer.close()
        transaction.set_rollback(True)
    assert answered[0].startswith(str(ask.status)), f"{ask.path}: {answered[0]} {text[:300]!r}"
    return spent


def _key(asked: Questions) -> dict[str, str]:
    _, secret = create_api_token(name="bench", can_write=True, days=2, by=asked.desk)
    return {"Authorization": f"Bearer {secret}"}


def _slots(asked: Questions) -> Ask:
    window = asked.window(1)
    query = (
        f"?service={asked.service.public_id}&location={asked.location.public_id}"
        f"&therapist={asked.therapists[3].public_id}"
        f"&from={window['from_']:%Y-%m-%dT%H:%M:%SZ}&to={window['to']:%Y-%m-%dT%H:%M:%SZ}"
    )
    return Ask("free slots, 1 week, one therapist", "GET", f"{API}/availability/{query}", _key(asked))


def _search(asked: Questions) -> Ask:
    name = asked.patients[100].family_name[:3]
    return Ask("patient search", "GET", f"{API}/patients/?search={name}&per_page=20", _key(asked))


def _day(asked: Questions) -> Ask:
    """The day's visits as programs read them."""
    day = local(asked.weekday, asked.location.timezone).date()
    query = f"?location={asked.location.public_id}&from={day}&to={day}&per_page=100"
    return Ask("a day's visits (first 100)", "GET", f"{API}/appointments/{query}", _key(asked))


def _booking(asked: Questions) -> Ask:
    slot, patient = asked.guests(list(itertools.islice(asked.free(1), 1)))[0]
    body = {
        "patient_id": str(patient.public_id), "therapist_id": str(slot.therapist.public_id),
        "service_id": str(asked.service.public_id), "location_id": str(asked.location.public_id),
        "starts_at": slot.starts_at.isoformat(),
    }  # fmt: skip
    return Ask("book", "POST", f"{API}/appointments/", _key(asked), body, 201)


def _moving(asked: Questions) -> Ask:
    """A visit booked before, to a free time of its own therapist."""
    slots = list(itertools.islice(asked.free(2), 200))
    rows = Appointment.objects.for_diary().filter(
        location=asked.location, status=AppointmentStatus.BOOKED, starts_at__gt=asked.soon
    )
    visit, slot = next(
        (visit, slot)
        for visit in rows[:200]
        for slot in slots
        if slot.therapist.pk == visit.therapist_id and asked.is_free(visit.patient, slot.starts_at)
    )
    headers = {**_key(asked), "If-Match": visit.etag}
    body = {"starts_at": slot.starts_at.isoformat()}
    return Ask("move", "PATCH", f"{API}/appointments/{visit.public_id}/", headers, body)
