"""Two at once, on purpose: by those who may, with a reason, marked, and in nobody's way by accident."""

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from clinic.core.errors import NotAllowed
from scheduling import errors, services
from scheduling.availability import free_slots
from scheduling.models import Appointment
from tests.scheduling.factories import at

pytestmark = pytest.mark.django_db

REASON = "Both sisters are treated together"


@pytest.fixture
def crowded(desk):
    """A visit at nine, and a second room."""
    desk.new_room()
    desk.book(at(9), notify=False)
    return desk


def overlap(desk, starts_at=None, **changes):
    asked = {"patient": desk.new_patient(), "overlap_reason": REASON, "by": desk.admin, "notify": False, **changes}
    return desk.book(starts_at or at(9, 30), **asked)


def test_is_booked_marked_and_audited(crowded):
    visit = overlap(crowded)

    row = Appointment.objects.get(pk=visit.pk)
    assert (row.overlaps_on_purpose, row.overlap_reason, row.status) == (True, REASON, "booked")
    event = AuditEvent.objects.get(action="appointment.booked", subject_id=str(visit.public_id))
    assert event.facts["overlaps_on_purpose"] is True
    assert REASON not in str(event.facts)


def test_the_therapist_decides_about_their_own_time(crowded):
    patient = crowded.new_patient(care_team=[crowded.therapist])
    assert overlap(crowded, patient=patient, by=crowded.therapist).overlaps_on_purpose is True


def test_the_desk_and_other_therapists_do_not(crowded):
    colleague = crowded.new_therapist()
    for by in (crowded.front_desk, colleague):
        with pytest.raises(NotAllowed):
            overlap(crowded, patient=crowded.new_patient(care_team=[colleague]), by=by)
    assert Appointment.objects.count() == 1


def test_without_a_reason_it_is_a_clash(crowded):
    with pytest.raises(errors.SlotTaken):
        overlap(crowded, overlap_reason="")
    assert Appointment.objects.count() == 1


def test_a_reason_where_nothing_overlaps_marks_nothing(crowded):
    visit = overlap(crowded, at(14))
    assert (visit.overlaps_on_purpose, visit.overlap_reason) == (False, "")
    with pytest.raises(errors.SlotTaken):
        crowded.book(at(14, 30), patient=crowded.new_patient())


def test_a_room_may_be_shared_when_it_is_named(crowded):
    taken = Appointment.objects.get().room
    assert overlap(crowded, room=taken).room == taken


def test_the_patient_is_never_in_two_places(crowded):
    with pytest.raises(errors.PatientTaken):
        overlap(crowded, patient=crowded.patient)
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"starts_at": at(8)}, errors.OutsideWorkingHours), ({"minutes": 3}, errors.LengthOutOfBounds)],
)
def test_every_other_rule_stays(crowded, changes, refusal):
    with pytest.raises(refusal):
        overlap(crowded, **changes)
    assert Appointment.objects.count() == 1


def test_it_is_in_the_way_of_everybody_else(crowded):
    """The constraints do not count it, so booking, moving, restoring and late arrivals have to look for it."""
    shared = overlap(crowded)
    first = Appointment.objects.exclude(pk=shared.pk).get()
    services.cancel_appointment(appointment=first, reason="clinic", by=crowded.front_desk, notify=False)
    later = crowded.book(at(14), patient=crowded.new_patient(), notify=False)
    colleague = crowded.new_therapist()

    with pytest.raises(errors.SlotTaken):
        crowded.book(at(9, 45), patient=crowded.new_patient())
    with pytest.raises(errors.RoomTaken):
        crowded.book(at(9, 45), patient=crowded.new_patient(), therapist=colleague, room=shared.room)
    with pytest.raises(errors.SlotTaken):
        services.move_appointment(appointment=later, starts_at=at(9, 45), by=crowded.front_desk)
    with pytest.raises(errors.SlotTaken):
        services.restore_appointment(appointment=first, by=crowded.front_desk)
    with pytest.raises(errors.SlotTaken):
        services.hold_slot(
            therapist=crowded.therapist, service=crowded.service, location=crowded.location, starts_at=at(9, 45),
            by=crowded.front_desk,
        )  # fmt: skip
    offered = free_slots(service=crowded.service, location=crowded.location, from_=at(9), to=at(10, 20))
    assert {slot.therapist for slot in offered} == {colleague}
    assert Appointment.objects.exclude(status="cancelled").count() == 2


def test_a_missed_visit_does_not_come_back_onto_it(crowded):
    first = Appointment.objects.get()
    services.mark_no_show(appointment=first, by=crowded.front_desk, at=at(10))
    second = crowded.book(at(9, 15), patient=crowded.new_patient(), notify=False)
    overlap(crowded)
    services.cancel_appointment(appointment=second, reason="clinic", by=crowded.front_desk, notify=False)
    with pytest.raises(errors.SlotTaken):
        services.mark_arrived(appointment=first, by=crowded.front_desk)
    assert Appointment.objects.get(pk=first.pk).status == "no_show"


def test_a_missed_one_of_its_kind_may_come_late(crowded):
    shared = overlap(crowded)
    services.mark_no_show(appointment=shared, by=crowded.front_desk, at=at(10))
    services.mark_arrived(appointment=shared, by=crowded.front_desk)
    assert Appointment.objects.get(pk=shared.pk).status == "arrived"


def test_moving_it_asks_like_for_any_other(crowded):
    shared = overlap(crowded)
    with pytest.raises(errors.SlotTaken):
        services.move_appointment(appointment=shared, starts_at=at(9, 15), by=crowded.admin)
    assert Appointment.objects.get(pk=shared.pk).overlaps_on_purpose is True

    services.move_appointment(appointment=shared, starts_at=at(14), by=crowded.front_desk)

    row = Appointment.objects.get(pk=shared.pk)
    assert (row.overlaps_on_purpose, row.overlap_reason) == (False, "")
    with pytest.raises(errors.SlotTaken):
        crowded.book(at(14), patient=crowded.new_patient())


def test_the_database_wants_a_reason(crowded):
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.update(overlaps_on_purpose=True)
