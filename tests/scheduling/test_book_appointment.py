"""Booking: what is held, what is refused, and that a refusal leaves nothing behind."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import NotAllowed, NotFound
from messaging.models import Message, SignedLink, Subject
from patients.models import CareTeamMember
from scheduling import errors
from scheduling.models import Appointment
from tests.factories import LocationFactory, PatientFactory, RoomFactory, ServiceFactory, UserFactory
from tests.scheduling.factories import TimeOffFactory, at, make_desk

pytestmark = pytest.mark.django_db


def assert_nothing_happened(appointments=0):
    assert Appointment.objects.count() == appointments
    assert AuditEvent.objects.filter(action__startswith="appointment.").count() == appointments
    assert Message.objects.count() == appointments


def test_holds_therapist_room_and_patient_with_buffers():
    desk = make_desk(duration_minutes=50, buffer_before_minutes=5, buffer_after_minutes=10)

    appointment = desk.book(at(9, 30))

    row = Appointment.objects.get()
    assert row == appointment
    assert (row.starts_at, row.ends_at) == (at(9, 30), at(10, 20))
    assert (row.busy_from, row.busy_until) == (at(9, 25), at(10, 30))
    assert (row.therapist, row.room, row.patient, row.service, row.location) == (
        desk.therapist,
        desk.room,
        desk.patient,
        desk.service,
        desk.location,
    )
    assert (row.status, row.version) == ("booked", 1)


def test_is_audited_with_ids_only(desk):
    appointment = desk.book()

    event = AuditEvent.objects.get(action="appointment.booked")
    assert (event.actor_id, event.subject_id) == (desk.front_desk.public_id, str(appointment.public_id))
    assert event.patient_id == desk.patient.public_id
    assert event.location_ids == [desk.location.public_id]
    assert event.facts == {
        "starts_at": appointment.starts_at.isoformat(),
        "ends_at": appointment.ends_at.isoformat(),
        "therapist_id": str(desk.therapist.public_id),
        "room_id": str(desk.room.public_id),
        "service_id": str(desk.service.public_id),
        "is_history": False,
    }


def test_puts_the_patient_into_the_therapists_care_once(desk):
    desk.book(at(9))
    desk.book(at(11))

    member = CareTeamMember.objects.get()
    assert (member.patient, member.therapist) == (desk.patient, desk.therapist)


def test_promises_a_confirmation_with_a_link_that_lives_until_the_visit(desk):
    appointment = desk.book()

    message = Message.objects.get()
    assert (message.template, message.state, message.subject_version) == ("appointment_booked", "queued", 1)
    assert message.subject.key == f"appointment:{appointment.public_id}"
    assert message.expires_at == appointment.starts_at
    assert message.context == {
        "starts_at": appointment.starts_at.isoformat(),
        "ends_at": appointment.ends_at.isoformat(),
        "zone": "America/New_York",
        "location_name": desk.location.name,
        "location_address": "1 Main Street",
        "location_phone": "+12125550100",
    }
    assert (message.link.purpose, message.link.target_id) == ("visit", appointment.public_id)
    assert message.link.expires_at == appointment.starts_at


def test_says_nothing_to_the_patient_when_asked_not_to(desk):
    desk.book(notify=False)

    assert Appointment.objects.count() == 1
    assert not Message.objects.exists()
    assert not SignedLink.objects.exists()


def test_neighbouring_visits_touch_and_do_not_clash(desk):
    desk.book(at(9), patient=desk.new_patient())
    desk.book(at(9) + timedelta(minutes=50))

    assert Appointment.objects.count() == 2


@pytest.mark.parametrize("minutes", [-49, -1, 0, 1, 49])
def test_refuses_a_therapist_who_is_taken_and_leaves_nothing_behind(desk, minutes):
    desk.new_room()
    held = desk.book(at(11), patient=desk.new_patient())

    with pytest.raises(errors.SlotTaken) as refusal:
        desk.book(at(11) + timedelta(minutes=minutes))

    assert refusal.value.http_status == 409
    assert_nothing_happened(appointments=1)
    assert Appointment.objects.get() == held
    assert not CareTeamMember.objects.filter(patient=desk.patient).exists()


def test_a_clash_offers_the_next_three_free_times_of_the_therapist(desk):
    desk.book(at(9), patient=desk.new_patient())

    with pytest.raises(errors.SlotTaken) as refusal:
        desk.book(at(9, 10))

    assert refusal.value.facts == {
        "starts_at": at(9, 10).isoformat(),
        "ends_at": at(10).isoformat(),
        "alternatives": [
            {
                "starts_at": start.astimezone(UTC).isoformat(),
                "ends_at": (start + timedelta(minutes=50)).astimezone(UTC).isoformat(),
                "therapist_id": str(desk.therapist.public_id),
            }
            for start in (at(10), at(10, 15), at(10, 30))
        ],
    }


def test_buffers_count_for_therapist_and_room():
    desk = make_desk(duration_minutes=50, buffer_after_minutes=10)
    desk.book(at(9), patient=desk.new_patient())

    with pytest.raises(errors.SlotTaken):
        desk.book(at(9, 50))
    assert desk.book(at(10)).starts_at == at(10)


def test_refuses_a_room_that_is_taken(desk):
    desk.book(at(9), patient=desk.new_patient())
    desk.new_room()

    with pytest.raises(errors.RoomTaken):
        desk.book(at(9, 30), therapist=desk.new_therapist(), room=desk.room)

    assert_nothing_happened(appointments=1)


def test_takes_the_first_free_room(desk):
    second = desk.new_room()
    desk.new_room(is_active=False)
    RoomFactory()

    first_visit = desk.book(at(9), patient=desk.new_patient())
    second_visit = desk.book(at(9, 30), therapist=desk.new_therapist())

    assert (first_visit.room, second_visit.room) == (desk.room, second)


def test_refuses_when_every_room_is_taken(desk):
    desk.book(at(9), patient=desk.new_patient())

    with pytest.raises(errors.NoRoomFree):
        desk.book(at(9, 30), therapist=desk.new_therapist())

    assert_nothing_happened(appointments=1)


def test_refuses_a_patient_who_is_elsewhere_at_that_time(desk):
    desk.new_room()
    desk.book(at(9))

    with pytest.raises(errors.PatientTaken) as refusal:
        desk.book(at(9, 30), therapist=desk.new_therapist())

    assert refusal.value.facts["alternatives"][0]["starts_at"] == at(10).astimezone(UTC).isoformat()
    assert_nothing_happened(appointments=1)


@pytest.mark.parametrize("status", ["cancelled", "no_show"])
def test_a_cancelled_or_missed_visit_holds_nothing(desk, status):
    held = desk.book(at(9), patient=desk.new_patient())
    Appointment.objects.filter(pk=held.pk).update(status=status, cancel_reason="clinic", cancelled_at=datetime.now(UTC))

    assert desk.book(at(9)).status == "booked"


def test_refuses_a_time_that_has_passed(desk):
    with pytest.raises(errors.SlotInThePast) as refusal:
        desk.book(at(9) - timedelta(days=42))

    assert refusal.value.fields == {"starts_at": "Choose a time that has not passed."}
    assert_nothing_happened()


def test_refuses_a_time_too_far_ahead(desk):
    with pytest.raises(errors.TooFarAhead):
        desk.book(datetime(9999, 12, 31, 23, 0, tzinfo=UTC))
    assert_nothing_happened()


@pytest.mark.parametrize(("hour", "minute", "days"), [(8, 59, 0), (16, 11, 0), (20, 0, 0), (10, 0, 5), (10, 0, 6)])
def test_refuses_times_outside_working_hours(desk, hour, minute, days):
    with pytest.raises(errors.OutsideWorkingHours):
        desk.book(at(hour, minute, days=days))
    assert_nothing_happened()


def test_the_last_visit_ends_when_the_day_ends(desk):
    assert desk.book(at(16, 10)).ends_at == at(17)


def test_refuses_while_the_therapist_is_away_even_when_noted_at_another_location(desk):
    TimeOffFactory(therapist=desk.therapist, location=LocationFactory(), starts_at=at(12), ends_at=at(13))

    with pytest.raises(errors.TherapistAway):
        desk.book(at(11, 30))

    assert_nothing_happened()
    assert desk.book(at(13)).starts_at == at(13)


def test_refuses_a_service_the_therapist_does_not_offer(desk):
    with pytest.raises(errors.ServiceNotOffered):
        desk.book(service=ServiceFactory())
    assert_nothing_happened()


def test_refuses_a_service_that_was_withdrawn(desk):
    desk.service.is_active = False
    desk.service.save()
    with pytest.raises(errors.ServiceWithdrawn):
        desk.book()
    assert_nothing_happened()


def test_refuses_a_therapist_of_another_location_or_role(desk):
    for therapist in (
        UserFactory(services=[desk.service], locations=[LocationFactory()]),
        UserFactory(services=[desk.service], locations=[desk.location], roles=["front_desk"]),
        UserFactory(services=[desk.service], locations=[desk.location], is_active=False),
    ):
        with pytest.raises(errors.TherapistElsewhere):
            desk.book(therapist=therapist)
    assert_nothing_happened()


def test_refuses_a_therapist_whose_licence_ends_before_the_visit(desk):
    desk.therapist.licence_expires_on = at(9).date() - timedelta(days=1)
    desk.therapist.save()
    with pytest.raises(errors.LicenceExpired):
        desk.book()
    assert_nothing_happened()


def test_a_licence_is_good_on_its_last_day_by_the_locations_calendar():
    desk = make_desk(zone="Pacific/Auckland")
    desk.therapist.licence_expires_on = at(9).date()
    desk.therapist.save()
    nine_in_auckland = at(9, zone=ZoneInfo("Pacific/Auckland"))

    assert desk.book(nine_in_auckland).starts_at == nine_in_auckland


def test_refuses_a_room_of_another_location_or_out_of_use(desk):
    for room in (RoomFactory(), desk.new_room(is_active=False)):
        with pytest.raises(errors.RoomElsewhere):
            desk.book(room=room)
    assert_nothing_happened()


def test_refuses_a_patient_who_died(desk):
    with pytest.raises(errors.PatientDied):
        desk.book(patient=desk.new_patient(died_on=date(2026, 1, 1)))
    assert_nothing_happened()


def test_refuses_what_screening_blocks_with_codes_only(desk):
    desk.service.for_unscreened_patients = False
    desk.service.save()

    with pytest.raises(errors.ScreeningBlocks) as refusal:
        desk.book()

    assert refusal.value.http_status == 422
    assert refusal.value.facts == {"reasons": ["not_screened"]}
    assert_nothing_happened()


def test_hands_on_what_screening_warns_of(desk):
    assert desk.book().screening_reasons == ("not_screened",)


def test_a_therapist_books_a_patient_in_care(desk):
    patient = PatientFactory(care_team=[desk.therapist])
    assert desk.book(patient=patient, by=desk.therapist).patient == patient


def test_a_hidden_patient_or_location_does_not_exist(desk, stranger):
    for by in (stranger, UserFactory(roles=["therapist"], locations=[desk.location])):
        with pytest.raises(NotFound):
            desk.book(by=by)
    with pytest.raises(NotFound):
        desk.book(patient=PatientFactory())
    with pytest.raises(NotFound):
        desk.book(location=LocationFactory())
    assert_nothing_happened()


def test_auditors_and_patients_links_do_not_book(desk):
    auditor = UserFactory(roles=["auditor"], locations=[desk.location])
    with pytest.raises(NotAllowed):
        desk.book(by=auditor)
    with pytest.raises(NotAllowed):
        desk.book(by=SignedLink(patient=desk.patient, purpose="visit"))
    assert_nothing_happened()


def test_history_is_entered_by_admins_without_telling_the_patient(desk):
    long_ago = at(3) - timedelta(days=300)

    appointment = desk.book(long_ago, by=desk.admin, is_history=True, at=long_ago - timedelta(days=9))

    appointment.refresh_from_db()
    assert appointment.created_at == appointment.agreed_at == long_ago - timedelta(days=9)
    assert not Message.objects.exists()
    assert not Subject.objects.exists()
    assert AuditEvent.objects.get(action="appointment.booked").facts["is_history"] is True


def test_history_clashes_like_everything_else(desk):
    long_ago = at(10) - timedelta(days=300)
    desk.book(long_ago, by=SYSTEM, is_history=True)
    with pytest.raises(errors.SlotTaken):
        desk.book(long_ago, by=SYSTEM, is_history=True, patient=desk.new_patient(), room=desk.new_room())


def test_the_desk_does_not_enter_history(desk):
    with pytest.raises(NotAllowed):
        desk.book(at(9) - timedelta(days=300), is_history=True)
    assert_nothing_happened()


@pytest.mark.parametrize("who", ["admin", "clockwork"])
def test_what_is_still_to_come_is_no_history(desk, who):
    """Or an admin could book past the screening, which history does not ask."""
    by = desk.admin if who == "admin" else SYSTEM
    with pytest.raises(errors.NotYetHistory):
        desk.book(timezone.now() + timedelta(minutes=1), by=by, is_history=True)
    assert_nothing_happened()


def test_refuses_a_time_without_an_offset(desk):
    with pytest.raises(errors.Invalid):
        desk.book(at(9).replace(tzinfo=None))
    assert_nothing_happened()
