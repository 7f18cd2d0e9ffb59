"""A visit's states: what leads where, what does not, and that repeating an act is harmless."""

from datetime import UTC, datetime, timedelta

import pytest

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from messaging.models import Message, SignedLink, Subject
from scheduling import errors, services
from scheduling.lifecycle import NEXT
from scheduling.models import Appointment, AppointmentStatus
from tests.factories import AppointmentFactory, UserFactory
from tests.scheduling.factories import at

pytestmark = pytest.mark.django_db

ACTS = {
    "confirmed": services.confirm_appointment,
    "arrived": services.mark_arrived,
    "no_show": services.mark_no_show,
    "in_session": services.begin_appointment,
    "completed": services.complete_appointment,
    "cancelled": services.cancel_appointment,
    "booked": services.restore_appointment,
}
ACTIONS = {
    "confirmed": "appointment.confirmed",
    "arrived": "appointment.arrived",
    "no_show": "appointment.no_show",
    "in_session": "appointment.began",
    "completed": "appointment.completed",
    "cancelled": "appointment.cancelled",
    "booked": "appointment.restored",
}


def act(to, appointment, **changes):
    asked = {"appointment": appointment, "by": SYSTEM, **changes}
    if to == "cancelled":
        asked.setdefault("reason", "patient_asked")
    return ACTS[to](**asked)


def in_state(status):
    """A visit of yesterday in a state."""
    starts_at = datetime.now(UTC) - timedelta(days=1)
    stamps = {
        "cancelled": {"cancel_reason": "clinic", "cancelled_at": starts_at},
        "held": {"held_until": starts_at},
    }
    return AppointmentFactory(starts_at=starts_at, status=status, **stamps.get(status, {}))


# Taking back a cancellation asks for everything a booking does: test_restore_appointment.py.
LEGAL = [(source, to) for source, targets in NEXT.items() for to in targets if to != "booked"]
ILLEGAL = [
    (source, to) for source in AppointmentStatus.values for to in ACTS if to not in NEXT[source] and to != source
]


@pytest.mark.parametrize(("source", "to"), LEGAL)
def test_leads_on_raises_the_version_and_is_audited(source, to):
    appointment = in_state(source)

    returned = act(to, appointment)

    row = Appointment.objects.get()
    assert (row.status, row.version) == (to, 2)
    assert (returned.status, returned.version) == (to, 2)
    assert row.updated_at > appointment.created_at
    assert AuditEvent.objects.filter(action__startswith="appointment.").get().action == ACTIONS[to]


@pytest.mark.parametrize(("source", "to"), ILLEGAL)
def test_refuses_what_does_not_follow_and_changes_nothing(source, to):
    appointment = in_state(source)

    with pytest.raises(errors.IllegalTransition) as refusal:
        act(to, appointment)

    assert refusal.value.http_status == 409
    assert refusal.value.facts == {"status": source, "allowed": list(NEXT[source])}
    row = Appointment.objects.get()
    assert (row.status, row.version) == (source, 1)
    assert not AuditEvent.objects.exists()
    assert not Subject.objects.exists()


@pytest.mark.parametrize("to", [to for to in ACTS if to != "booked"])
def test_the_same_act_twice_is_one_act(to):
    appointment = in_state(next(source for source, targets in NEXT.items() if to in targets))

    act(to, appointment)
    act(to, Appointment.objects.get())

    assert Appointment.objects.get().version == 2
    assert AuditEvent.objects.filter(action=ACTIONS[to]).count() == 1
    assert Message.objects.count() == 0


def test_stamps_when_it_happened():
    then = datetime(2026, 5, 4, 12, tzinfo=UTC)
    confirmed = act("confirmed", in_state("booked"), at=then)
    arrived = act("arrived", in_state("booked"), at=then)
    cancelled = act("cancelled", in_state("booked"), at=then)

    assert (confirmed.confirmed_at, arrived.arrived_at, cancelled.cancelled_at) == (then, then, then)


def test_cancelling_gives_the_slot_back_says_why_and_tells_the_patient(desk):
    appointment = desk.book(at(9))

    cancelled = services.cancel_appointment(appointment=appointment, reason="patient_asked", by=desk.front_desk)

    assert (cancelled.status, cancelled.cancel_reason) == ("cancelled", "patient_asked")
    assert AuditEvent.objects.get(action="appointment.cancelled").facts == {"reason": "patient_asked", "is_late": False}
    booked, told = Message.objects.order_by("pk")
    assert (booked.state, told.template, told.state) == ("superseded", "appointment_cancelled", "queued")
    assert Subject.objects.get().is_live is False
    assert not SignedLink.objects.working().exists()
    assert desk.book(at(9), patient=desk.new_patient(), notify=False).status == "booked"


@pytest.mark.parametrize(("reason", "hours", "is_late"), [
    ("patient_asked", 23, True), ("patient_by_link", 23, True), ("patient_asked", 24, False), ("clinic", 1, False),
    ("screening", 1, False),
])  # fmt: skip
def test_what_the_patient_calls_off_within_the_notice_is_late(desk, reason, hours, is_late):
    appointment = desk.book(at(9))
    then = at(9) - timedelta(hours=hours)
    services.cancel_appointment(appointment=appointment, reason=reason, by=desk.front_desk, at=then)
    assert Appointment.objects.get().is_late_cancellation is is_late
    assert appointment.is_late_cancellation is is_late


def test_each_location_has_its_own_notice(desk):
    desk.location.late_cancel_hours = 48
    desk.location.save()
    appointment = desk.book(at(9))
    services.cancel_appointment(
        appointment=appointment, reason="patient_asked", by=desk.front_desk, at=at(9) - timedelta(hours=47)
    )
    assert Appointment.objects.get().is_late_cancellation is True


def test_a_restored_visit_was_not_cancelled_late(desk):
    appointment = desk.book(at(9))
    services.cancel_appointment(
        appointment=appointment, reason="patient_asked", by=desk.front_desk, at=at(9) - timedelta(hours=1)
    )
    services.restore_appointment(appointment=appointment, by=desk.front_desk)
    assert Appointment.objects.get().is_late_cancellation is False


def test_cancelling_without_notice_still_withdraws_what_was_promised(desk):
    appointment = desk.book(at(9))
    services.cancel_appointment(appointment=appointment, reason="clinic", by=desk.front_desk, notify=False)
    assert list(Message.objects.values_list("template", "state")) == [("appointment_booked", "superseded")]


def test_cancelling_needs_a_known_reason(desk):
    appointment = desk.book(at(9))
    with pytest.raises(Invalid):
        services.cancel_appointment(appointment=appointment, reason="because", by=desk.front_desk)
    assert Appointment.objects.get().status == "booked"


def test_nobody_misses_a_visit_that_has_not_begun(desk):
    appointment = desk.book(at(9))
    with pytest.raises(errors.TooEarlyForNoShow):
        services.mark_no_show(appointment=appointment, by=desk.front_desk)
    assert Appointment.objects.get().status == "booked"
    assert services.mark_no_show(appointment=appointment, by=desk.front_desk, at=at(9, 20)).status == "no_show"


def test_a_late_arrival_takes_the_slot_back_when_it_is_still_free(desk):
    appointment = desk.book(at(9))
    services.mark_no_show(appointment=appointment, by=desk.front_desk, at=at(9, 20))

    assert services.mark_arrived(appointment=appointment, by=desk.front_desk).status == "arrived"


@pytest.mark.parametrize(("clash", "refusal"), [("therapist", errors.SlotTaken), ("room", errors.RoomTaken)])
def test_a_late_arrival_is_refused_when_the_slot_is_gone(desk, clash, refusal):
    other_room = desk.new_room()
    appointment = desk.book(at(9), room=desk.room)
    services.mark_no_show(appointment=appointment, by=desk.front_desk, at=at(9, 20))
    taken = {"therapist": {"room": other_room}, "room": {"therapist": desk.new_therapist(), "room": desk.room}}[clash]
    desk.book(at(9, 30), patient=desk.new_patient(), **taken)

    with pytest.raises(refusal):
        services.mark_arrived(appointment=appointment, by=desk.front_desk)

    appointment.refresh_from_db()
    assert (appointment.status, appointment.arrived_at) == ("no_show", None)
    assert not AuditEvent.objects.filter(action="appointment.arrived").exists()


@pytest.mark.parametrize("to", ["confirmed", "arrived", "no_show", "cancelled"])
def test_a_hidden_visit_does_not_exist_and_other_roles_may_not(desk, stranger, to):
    appointment = desk.book(at(9))
    with pytest.raises(NotFound):
        act(to, appointment, by=stranger)
    with pytest.raises(NotAllowed):
        act(to, appointment, by=UserFactory(roles=["auditor"], locations=[desk.location]))
    assert Appointment.objects.get().status == "booked"
    assert AuditEvent.objects.filter(action__startswith="appointment.").count() == 1


@pytest.mark.parametrize("to", ["in_session", "completed"])
def test_only_therapists_who_care_for_the_patient_treat(desk, stranger, to):
    appointment = desk.book(at(9))
    Appointment.objects.update(status="arrived" if to == "in_session" else "in_session")
    with pytest.raises(NotAllowed):
        act(to, appointment, by=desk.front_desk)
    with pytest.raises(NotFound):
        act(to, appointment, by=stranger)
    assert act(to, appointment, by=desk.therapist).status == to


def test_a_patients_link_answers_for_its_own_visit_only(desk):
    appointment, other = desk.book(at(9)), desk.book(at(11))
    link = SignedLink.objects.get(target_id=appointment.public_id)

    assert services.confirm_appointment(appointment=appointment, by=link).status == "confirmed"
    with pytest.raises(NotFound):
        services.cancel_appointment(appointment=other, reason="patient_by_link", by=link)
    with pytest.raises(NotAllowed):
        services.mark_arrived(appointment=appointment, by=link)
    event = AuditEvent.objects.get(action="appointment.confirmed")
    assert (event.actor_kind, event.actor_id) == ("link", link.public_id)


def test_a_link_for_another_purpose_answers_nothing(desk):
    appointment = desk.book(at(9))
    link = SignedLink.objects.get()
    link.purpose = "survey"
    with pytest.raises(NotFound):
        services.confirm_appointment(appointment=appointment, by=link)
