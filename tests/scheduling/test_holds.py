"""A held slot: nobody else's while it is held, everybody's when its time is over, a visit when it is booked."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import AuditEvent
from clinic.core.errors import NotAllowed, NotFound
from messaging.models import Message, SignedLink
from scheduling import errors, services
from scheduling.availability import free_slots
from scheduling.diary import board
from scheduling.models import Appointment, SlotHold
from tests.factories import UserFactory
from tests.scheduling.factories import at, make_desk

pytestmark = pytest.mark.django_db


def hold(desk, starts_at=None, **changes):
    asked = {
        "therapist": desk.therapist,
        "service": desk.service,
        "location": desk.location,
        "starts_at": starts_at or at(9),
        "by": desk.front_desk,
        **changes,
    }
    return services.hold_slot(**asked)


def lapse(held):
    """Let its time be over."""
    SlotHold.objects.filter(pk=held.pk).update(held_until=timezone.now() - timedelta(seconds=1))


def starts(desk, **changes):
    slots = free_slots(service=desk.service, location=desk.location, from_=at(8), to=at(18), **changes)
    return [slot.starts_at for slot in slots]


def test_keeps_the_slot_with_its_buffers_for_the_locations_minutes():
    desk = make_desk(duration_minutes=50, buffer_before_minutes=5, buffer_after_minutes=10)
    before = timezone.now()

    held = hold(desk, at(9, 30))

    assert (held.busy_from, held.starts_at, held.ends_at, held.busy_until) == (
        at(9, 25),
        at(9, 30),
        at(10, 20),
        at(10, 30),
    )
    assert (held.patient, held.status, held.held_by) == (None, "held", desk.front_desk)
    assert timedelta(minutes=5) <= held.held_until - before < timedelta(minutes=6)
    assert AuditEvent.objects.get(action="slot.held").subject_id == str(held.public_id)
    assert not Message.objects.exists()


def test_nobody_else_gets_it_meanwhile(desk):
    desk.new_room()
    held = hold(desk)

    assert at(9) not in starts(desk)
    with pytest.raises(errors.SlotTaken):
        desk.book(at(9, 30))
    with pytest.raises(errors.SlotTaken):
        hold(desk, at(8, 30) + timedelta(minutes=30))
    with pytest.raises(errors.RoomTaken):
        desk.book(at(9), therapist=desk.new_therapist(), room=held.room)

    assert list(Appointment.objects.all()) == [held]


def test_a_hold_for_a_patient_keeps_the_patient_too(desk):
    desk.new_room()
    hold(desk, patient=desk.patient)
    with pytest.raises(errors.PatientTaken):
        desk.book(at(9), therapist=desk.new_therapist())
    assert Appointment.objects.count() == 1


def test_frees_itself_when_its_time_is_over(desk):
    lapse(hold(desk, patient=desk.patient))

    assert at(9) in starts(desk, patient=desk.patient)
    visit = desk.book(at(9))

    assert list(Appointment.objects.all()) == [visit]


def test_a_lapsed_hold_is_in_nobodys_way(desk):
    """Not of a move, of a restored visit, of a series, of another hold, of a late arrival."""
    visit = desk.book(at(11), notify=False)
    lapse(hold(desk, at(9)))
    services.move_appointment(appointment=visit, starts_at=at(9, 15), by=desk.front_desk)

    services.cancel_appointment(appointment=visit, reason="clinic", by=desk.front_desk)
    lapse(hold(desk, at(9)))
    services.restore_appointment(appointment=visit, by=desk.front_desk)

    services.mark_no_show(appointment=visit, by=desk.front_desk, at=at(11))
    lapse(hold(desk, at(9)))
    services.mark_arrived(appointment=visit, by=desk.front_desk)

    lapse(hold(desk, at(14)))
    other = hold(desk, at(14, 15))

    lapse(hold(desk, at(9, days=1)))
    services.book_series(
        patient=desk.patient, therapist=desk.therapist, service=desk.service, location=desk.location,
        rule="FREQ=DAILY;COUNT=2", first_at=at(9, days=1), by=desk.front_desk,
    )  # fmt: skip
    assert list(SlotHold.objects.filter(status="held")) == [other]


def test_is_booked_as_the_patients_visit(desk):
    held = hold(desk)

    visit = services.book_held(hold=held, patient=desk.patient, by=desk.front_desk)

    row = Appointment.objects.get()
    assert (row.pk, row.public_id, row.status, row.patient) == (held.pk, held.public_id, "booked", desk.patient)
    assert (row.held_until, row.held_by, row.starts_at, row.room) == (None, None, at(9), held.room)
    assert visit == row
    assert AuditEvent.objects.filter(action="appointment.booked").count() == 1
    assert Message.objects.get().template == "appointment_booked"
    assert SignedLink.objects.working().get().target_id == row.public_id
    assert desk.patient.care_team.get().therapist == desk.therapist


def test_is_booked_once_though_asked_twice(desk):
    held = hold(desk)
    for _ in range(2):
        services.book_held(hold=held, patient=desk.patient, by=desk.front_desk)
    assert Appointment.objects.count() == 1
    assert Message.objects.count() == 1
    with pytest.raises(errors.SlotTaken):
        services.book_held(hold=held, patient=desk.new_patient(), by=desk.front_desk)
    assert Appointment.objects.get().patient == desk.patient


def test_may_be_booked_at_another_time_than_it_was_held_for(desk):
    held = hold(desk)
    visit = desk.book(at(14), hold=held)
    assert (visit.pk, Appointment.objects.get().starts_at) == (held.pk, at(14))


def test_a_lapsed_one_is_booked_if_the_time_is_still_free(desk):
    held = hold(desk)
    lapse(held)
    assert services.book_held(hold=held, patient=desk.patient, by=desk.front_desk).starts_at == at(9)
    assert Appointment.objects.count() == 1


def test_a_lapsed_one_that_somebody_else_took_is_a_clash(desk):
    held = hold(desk)
    lapse(held)
    taken = desk.book(at(9, 30), patient=desk.new_patient())
    with pytest.raises(errors.SlotTaken) as refusal:
        services.book_held(hold=held, patient=desk.patient, by=desk.front_desk)
    assert len(refusal.value.facts["alternatives"]) == 3
    assert list(Appointment.objects.all()) == [taken]


def test_screening_is_asked_when_it_is_booked(desk):
    held = hold(desk)
    desk.service.for_unscreened_patients = False
    desk.service.save()
    held.refresh_from_db()
    with pytest.raises(errors.ScreeningBlocks):
        services.book_held(hold=held, patient=desk.patient, by=desk.front_desk)
    with pytest.raises(errors.ScreeningBlocks):
        hold(desk, at(14), patient=desk.patient)
    assert Appointment.objects.get().status == "held"


def test_is_let_go_once(desk):
    held = hold(desk)
    services.release_hold(hold=held, by=desk.front_desk)
    services.release_hold(hold=SlotHold(pk=held.pk or 1, location=desk.location), by=desk.front_desk)
    assert not Appointment.objects.exists()
    assert AuditEvent.objects.filter(action="slot.released").count() == 1


def test_letting_go_does_not_touch_what_was_booked(desk):
    held = hold(desk)
    services.book_held(hold=held, patient=desk.patient, by=desk.front_desk)
    services.release_hold(hold=held, by=desk.front_desk)
    assert Appointment.objects.get().status == "booked"


def test_is_extended_while_it_stands(desk):
    held = hold(desk)
    SlotHold.objects.filter(pk=held.pk).update(held_until=timezone.now() + timedelta(seconds=20))
    services.extend_hold(hold=held, by=desk.front_desk)
    assert SlotHold.objects.get().held_until > timezone.now() + timedelta(minutes=4)

    lapse(held)
    with pytest.raises(errors.HoldLapsed):
        services.extend_hold(hold=held, by=desk.front_desk)
    assert SlotHold.objects.get().held_until < timezone.now()


def test_one_member_keeps_no_more_than_twenty(desk, monkeypatch):
    monkeypatch.setattr("scheduling.services.holds.MOST_HOLDS", 2)
    hold(desk, at(9))
    second = hold(desk, at(10))
    with pytest.raises(errors.TooManyHolds):
        hold(desk, at(11))
    assert Appointment.objects.count() == 2
    lapse(second)
    assert hold(desk, at(11)).starts_at == at(11)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"starts_at": at(8)}, errors.OutsideWorkingHours),
        ({"starts_at": at(9) - timedelta(days=42)}, errors.SlotInThePast),
        ({"minutes": 0}, errors.LengthOutOfBounds),
        ({"minutes": 481}, errors.LengthOutOfBounds),
    ],
)
def test_the_rules_of_a_booking_hold(desk, changes, refusal):
    with pytest.raises(refusal):
        hold(desk, **changes)
    assert not Appointment.objects.exists()
    assert not AuditEvent.objects.exists()


def test_is_shown_to_nobody_as_a_visit(desk):
    held = hold(desk, patient=desk.patient)
    for member in (desk.front_desk, desk.admin, desk.therapist):
        assert not Appointment.objects.visible_to(member).exists()
    assert list(SlotHold.objects.visible_to(desk.front_desk)) == [held]
    assert not SlotHold.objects.visible_to(make_desk().front_desk).exists()
    lapse(held)
    assert not SlotHold.objects.visible_to(desk.front_desk).exists()


def test_the_diary_shows_it_as_held_until_it_lapses(desk):
    held = hold(desk, patient=desk.patient)
    day = board(location=desk.location, day=at(9).date(), user=desk.front_desk)
    card = day.columns[0].cards[0]
    assert (card.is_held, card.appointment, card.starts_at) == (True, None, at(9))
    lapse(held)
    day = board(location=desk.location, day=at(9).date(), user=desk.front_desk)
    assert day.columns[0].cards == []


def test_strangers_and_those_who_do_not_book_are_refused(desk, stranger):
    with pytest.raises(NotFound):
        hold(desk, by=stranger)
    with pytest.raises(NotAllowed):
        hold(desk, by=UserFactory(roles=["auditor"], locations=[desk.location]))
    with pytest.raises(NotFound):
        hold(desk, patient=make_desk().patient)
    assert not Appointment.objects.exists()
    held = hold(desk)
    elsewhere = make_desk()
    for act in (services.release_hold, services.extend_hold):
        with pytest.raises(NotFound):
            act(hold=held, by=elsewhere.front_desk)
    assert SlotHold.objects.get().held_until == held.held_until


def test_a_hold_of_another_location_is_not_used_up(desk):
    elsewhere = make_desk()
    theirs = hold(elsewhere)
    desk.book(at(9), hold=theirs)
    assert SlotHold.objects.get(pk=theirs.pk).status == "held"


def test_the_database_keeps_holds_and_visits_apart(desk):
    visit = desk.book(at(9))
    held = hold(desk, at(14))
    for row, change in (
        (visit, {"patient": None}),
        (visit, {"held_until": timezone.now()}),
        (held, {"held_until": None}),
        (held, {"status": "booked"}),
        (held, {"overlaps_on_purpose": True, "overlap_reason": "no"}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Appointment.objects.filter(pk=row.pk).update(**change)
