"""The booking form keeps its slot while it is filled, and lets it go."""

import pytest

from audit.models import AuditEvent
from scheduling import services
from scheduling.models import Appointment, SlotHold
from tests.factories import UserFactory
from tests.pages import text_of
from tests.scheduling.factories import at, make_desk
from tests.scheduling.test_pages import book_page, entries, pressed

pytestmark = pytest.mark.django_db


def keep(client, payload):
    return client.post("/diary/hold/", payload, headers={"HX-Request": "true"})


def test_choosing_a_time_keeps_it_once(desk, page_of):
    client = page_of(desk.front_desk)

    page = text_of(keep(client, entries(desk)))

    held = SlotHold.objects.get()
    assert (held.starts_at, held.therapist, held.held_by) == (at(9), desk.therapist, desk.front_desk)
    assert f'name="hold" value="{held.public_id}"' in page
    assert "Kept for you until" in page

    keep(client, entries(desk, hold=str(held.public_id)))

    assert SlotHold.objects.get() == held
    assert AuditEvent.objects.filter(action="slot.held").count() == 1


def test_a_form_that_has_not_heard_of_its_hold_is_not_in_its_own_way(desk, page_of):
    client = page_of(desk.front_desk)
    keep(client, entries(desk))
    held = SlotHold.objects.get()

    page = text_of(keep(client, entries(desk)))

    assert f'name="hold" value="{held.public_id}"' in page
    assert "Somebody else is booking" not in page
    assert SlotHold.objects.get() == held
    assert book_page(client, desk, entries(desk)).status_code == 302
    assert (Appointment.objects.get().pk, Appointment.objects.get().status) == (held.pk, "booked")


def test_another_time_is_kept_instead(desk, page_of):
    client = page_of(desk.front_desk)
    keep(client, entries(desk))
    held = SlotHold.objects.get()
    keep(client, entries(desk, slot=pressed(desk, 14), hold=str(held.public_id)))
    assert SlotHold.objects.get().starts_at == at(14)


def test_the_kept_time_is_still_offered_to_its_keeper_and_to_nobody_else(desk, page_of):
    client = page_of(desk.front_desk)
    keep(client, entries(desk))
    asked = entries(desk, hold=str(SlotHold.objects.get().public_id))
    value = f'value="{pressed(desk, 9)}"'
    assert value in text_of(client.get("/diary/slots/", asked))
    colleague = UserFactory(roles=["front_desk"], locations=[desk.location])
    assert value not in text_of(page_of(colleague).get("/diary/slots/", asked))


def test_booking_uses_what_is_kept(desk, page_of):
    client = page_of(desk.front_desk)
    keep(client, entries(desk))
    held = SlotHold.objects.get()
    assert book_page(client, desk, entries(desk, hold=str(held.public_id))).status_code == 302
    assert (Appointment.objects.get().pk, Appointment.objects.get().status) == (held.pk, "booked")


def test_what_is_taken_is_told_and_what_was_kept_stays(desk, page_of):
    client = page_of(desk.front_desk)
    keep(client, entries(desk))
    held = SlotHold.objects.get()
    desk.book(at(14), patient=desk.new_patient())
    page = text_of(keep(client, entries(desk, slot=pressed(desk, 14), hold=str(held.public_id))))
    assert "Somebody else is booking this time" in page
    assert SlotHold.objects.get(status="held") == held


@pytest.mark.parametrize("changes", [{"slot": ""}, {"slot": "nonsense"}, {"service": ""}, {"hold": "nonsense"}])
def test_what_is_missing_keeps_nothing_new(desk, page_of, changes):
    answer = keep(page_of(desk.front_desk), entries(desk, **changes))
    assert answer.status_code == 200
    assert SlotHold.objects.count() == (1 if "hold" in changes else 0)


def test_closing_the_form_lets_it_go(desk, page_of):
    client = page_of(desk.front_desk)
    keep(client, entries(desk))
    held = SlotHold.objects.get()
    assert client.post("/diary/hold/release/", {"hold": str(held.public_id)}).status_code == 204
    assert not Appointment.objects.exists()
    assert client.post("/diary/hold/release/", {"hold": str(held.public_id)}).status_code == 204


def test_nobody_else_lets_it_go(desk, page_of):
    keep(page_of(desk.front_desk), entries(desk))
    key = str(SlotHold.objects.get().public_id)
    for member in (UserFactory(roles=["front_desk"], locations=[desk.location]), make_desk().front_desk):
        assert page_of(member).post("/diary/hold/release/", {"hold": key}).status_code == 204
    assert (
        page_of(UserFactory(roles=["auditor"], locations=[desk.location]))
        .post("/diary/hold/release/", {"hold": key})
        .status_code
        == 403
    )
    assert SlotHold.objects.get().status == "held"


def test_only_those_who_may_see_how_to_overlap(desk, page_of):
    address = f"/diary/book/?location={desk.location.public_id}"
    assert "Over another visit, on purpose" in text_of(page_of(desk.admin).get(address))
    assert "Over another visit, on purpose" not in text_of(page_of(desk.front_desk).get(address))


def test_an_admin_books_over_another_visit_with_a_reason(desk, page_of):
    desk.new_room()
    desk.book(at(9), notify=False)
    patient = desk.new_patient()
    wish = entries(desk, patient=str(patient.public_id), slot="", overlap_at="09:20")
    client = page_of(desk.admin)

    refused = book_page(client, desk, wish)

    assert refused.status_code == 422
    assert "Say why it may lie over another visit." in text_of(refused)
    assert "Choose whose time it is." in text_of(refused)
    assert Appointment.objects.count() == 1

    wish |= {"therapist": str(desk.therapist.public_id), "overlap_reason": "Sisters, treated together"}
    assert book_page(client, desk, wish).status_code == 302

    visit = Appointment.objects.get(patient=patient)
    assert (visit.starts_at, visit.overlaps_on_purpose) == (at(9, 20), True)
    page = text_of(client.get(f"/appointments/{visit.public_id}/"))
    assert "Sisters, treated together" in page
    day = {"date": at(9).date().isoformat(), "location": str(desk.location.public_id)}
    assert "Overlaps on purpose" in text_of(client.get("/diary/", day))


def test_the_desk_cannot_book_over_another_visit(desk, page_of):
    desk.new_room()
    desk.book(at(9), notify=False)
    wish = entries(desk, patient=str(desk.new_patient().public_id), slot="", overlap_at="09:20",
                   therapist=str(desk.therapist.public_id), overlap_reason="I want to")  # fmt: skip
    assert book_page(page_of(desk.front_desk), desk, wish).status_code == 403
    assert Appointment.objects.count() == 1


def test_a_lapsed_hold_in_the_form_does_not_stop_the_booking(desk, page_of):
    client = page_of(desk.front_desk)
    keep(client, entries(desk))
    held = SlotHold.objects.get()
    SlotHold.objects.update(held_until=held.created_at)
    assert book_page(client, desk, entries(desk, hold=str(held.public_id))).status_code == 302
    assert Appointment.objects.get().status == "booked"


def test_the_diary_says_that_a_slot_is_held(desk, page_of):
    services.hold_slot(
        therapist=desk.therapist, service=desk.service, location=desk.location, starts_at=at(9), by=desk.admin
    )
    day = {"date": at(9).date().isoformat(), "location": str(desk.location.public_id)}
    assert '<span class="visit-name">Held' in text_of(page_of(desk.front_desk).get("/diary/", day))
