"""A patient asks for another time; the desk answers by moving the visit, or by settling it on the telephone."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import Invalid
from scheduling.errors import NothingToAnswer
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment, MoveRequest, PartOfDay, Weekday
from scheduling.permission import may_answer, may_handle


@transaction.atomic
def ask_for_another_time(
    *, appointment: Appointment, weekdays: Sequence[int] = (), part_of_day: str = PartOfDay.ANY, by: Actor
) -> MoveRequest:
    """Tell the desk which other time would suit. The visit stays as it is; asking again replaces the wish."""
    may_answer(by=by, appointment=appointment)
    wrong = {}
    if any(day not in Weekday.values for day in weekdays):
        wrong["weekdays"] = "0 is Monday, 6 is Sunday."
    if part_of_day not in PartOfDay.values:
        wrong["part_of_day"] = "Choose one of the parts of the day."
    if wrong:
        raise Invalid(fields=wrong)
    visit = Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
    if visit.status not in MOVABLE or visit.starts_at <= timezone.now():
        raise NothingToAnswer()
    wish = {"weekdays": sorted(set(weekdays)), "part_of_day": part_of_day}
    asked, _ = MoveRequest.objects.update_or_create(
        appointment=visit, version=visit.version, settled_at=None, defaults=wish
    )
    _record(asked, appointment, "move_request.asked", by=by)
    return asked


@transaction.atomic
def settle_move_request(*, request: MoveRequest, by: Actor) -> None:
    """It was answered otherwise, and the visit stays. Twice is once."""
    may_handle(by=by, appointment=request.appointment)
    if MoveRequest.objects.filter(pk=request.pk, settled_at=None).update(settled_at=Now(), updated_at=Now()):
        _record(request, request.appointment, "move_request.settled", by=by)


def _record(request: MoveRequest, visit: Appointment, action: str, *, by: Actor) -> None:
    facts = {"appointment_id": str(visit.public_id)}
    record(actor=by, action=action, subject=request, patient=visit.patient, locations=[visit.location], facts=facts)
