"""The wait-list's pages, and the card on a cancelled visit's page."""

import pytest

from scheduling import services
from scheduling.models import Appointment, SlotHold, Vacancy, WaitListEntry
from tests.factories import UserFactory
from tests.pages import text_of
from tests.scheduling.factories import at
from tests.scheduling.waiting import cancelled, offered, states, waits

pytestmark = pytest.mark.django_db


def wishes(desk, **changes):
    return {
        "patient": str(desk.patient.public_id),
        "service": str(desk.service.public_id),
        "from_on": at(9).date().isoformat(),
        "until_on": at(9, days=20).date().isoformat(),
        "weekdays": ["0", "2"],
        "earliest_local": "09:00",
        "latest_local": "12:00",
        "therapists": [str(desk.therapist.public_id)],
        "notice_hours": "24",
        **changes,
    }


def join(client, desk, **changes):
    return client.post(f"/diary/wait-list/new/?location={desk.location.public_id}", wishes(desk, **changes))


def the_list(client, desk, **query):
    return client.get("/diary/wait-list/", {"location": str(desk.location.public_id), **query})


def test_an_empty_list_says_what_to_do(desk, page_of):
    assert "Put a patient on the list who wants an earlier or another time" in text_of(
        the_list(page_of(desk.front_desk), desk)
    )


def test_a_patient_is_put_on_the_list_and_stands_there(desk, page_of):
    client = page_of(desk.front_desk)
    assert join(client, desk).status_code == 302
    entry = WaitListEntry.objects.get()
    assert (entry.patient, entry.notice_minutes, entry.weekdays) == (desk.patient, 24 * 60, [0, 2])

    page = text_of(the_list(client, desk))
    assert desk.patient.full_name in page
    assert f"Monday, Wednesday, from 09:00 until 12:00, {desk.therapist.full_name}" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"patient": ""}, "Find and choose the patient."),
        ({"until_on": "2020-01-01"}, "The last day comes after the first."),
        ({"latest_local": "08:00"}, "The latest time comes after the earliest."),
        ({"minutes": "4"}, "greater than or equal to 5"),
        ({"notice_hours": "200"}, "less than or equal to 168"),
        ({"therapists": ["11111111-1111-4111-8111-111111111111"]}, "not one of the available choices"),
        ({"weekdays": ["9"]}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(desk, page_of, changes, said):
    answer = join(page_of(desk.front_desk), desk, **changes)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'value="09:00"' in text_of(answer)
    assert not WaitListEntry.objects.exists()


def test_twice_is_refused(desk, page_of):
    client = page_of(desk.front_desk)
    join(client, desk)
    answer = join(client, desk)
    assert answer.status_code == 409
    assert "waits for this service here already" in text_of(answer)
    assert WaitListEntry.objects.count() == 1


def test_the_search_box_finds_and_puts_nobody_on_the_list(desk, page_of):
    answer = join(page_of(desk.front_desk), desk, patient="", find="1", q=desk.patient.family_name)
    assert f'value="{desk.patient.public_id}"' in text_of(answer)
    assert not WaitListEntry.objects.exists()


def test_a_wish_is_changed_and_a_stale_one_refused(desk, page_of):
    later = desk.book(at(15), patient=desk.patient)
    entry, client = waits(desk, patient=desk.patient), page_of(desk.front_desk)
    address = f"/diary/wait-list/{entry.public_id}/"
    assert 'name="version" value="1"' in text_of(client.get(address))

    changed = wishes(desk, version="1", weekdays=["4"], instead_of=str(later.public_id))
    assert client.post(address, changed).status_code == 302
    entry.refresh_from_db()
    assert (entry.weekdays, entry.instead_of, entry.version) == ([4], later, 2)

    stale = client.post(address, wishes(desk, version="1", weekdays=["1"]))
    assert stale.status_code == 412
    entry.refresh_from_db()
    assert entry.weekdays == [4]


def test_a_patient_is_taken_off(desk, page_of):
    entry, client = waits(desk), page_of(desk.front_desk)
    client.post(f"/diary/wait-list/{entry.public_id}/leave/")
    assert "Nobody waits" in text_of(the_list(client, desk))


def test_long_lists_go_on_behind_the_last_one(desk, page_of, monkeypatch):
    monkeypatch.setattr("scheduling.views.waiting.PAGE", 2)
    entries = [waits(desk) for _ in range(3)]
    client = page_of(desk.front_desk)
    first = text_of(the_list(client, desk))
    assert f"after={entries[1].public_id}" in first
    second = text_of(the_list(client, desk, after=str(entries[1].public_id)))
    assert entries[2].patient.full_name in second
    assert entries[1].patient.full_name not in second


@pytest.mark.parametrize("number", [3, 12])
def test_the_list_takes_a_constant_number_of_queries(desk, page_of, number, django_assert_num_queries):
    for _ in range(number):
        waits(desk, therapists=[desk.therapist])
    offered(desk, list(WaitListEntry.objects.all()), mode="broadcast")
    client = page_of(desk.front_desk)
    the_list(client, desk)
    with django_assert_num_queries(9):
        assert text_of(the_list(client, desk)).count('data-label="Suits"') == number


def test_a_cancelled_visit_shows_whom_its_time_would_suit_and_offers_it(desk, page_of):
    visit, entries = cancelled(desk), [waits(desk), waits(desk)]
    client, address = page_of(desk.front_desk), f"/appointments/{visit.public_id}/"
    page = text_of(client.get(address))
    assert "Who waits for this time" in page
    for entry in entries:
        assert entry.patient.full_name in page

    answer = client.post(
        f"{address}offer/",
        {"entries": [str(entry.public_id) for entry in entries], "mode": "one_by_one", "answer_minutes": "30"},
    )

    assert answer.status_code == 302
    vacancy = Vacancy.objects.get()
    assert (states(vacancy), vacancy.answer_minutes) == (["offered", "next"], 30)
    assert "This time is being offered." in text_of(client.get(address))
    assert "Said yes" in text_of(the_list(client, desk))


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"entries": []}, 422, "Choose whom to ask."),
        ({"answer_minutes": "1"}, 422, "greater than or equal to 5"),
        ({"mode": "x"}, 422, "not one of the available choices"),
    ],
)
def test_an_offer_that_cannot_be_is_refused_beside_its_field(desk, page_of, changes, status, said):
    visit, entry = cancelled(desk), waits(desk)
    asked = {"entries": [str(entry.public_id)], "mode": "broadcast", "answer_minutes": "30", **changes}
    answer = page_of(desk.front_desk).post(f"/appointments/{visit.public_id}/offer/", asked)
    assert answer.status_code == status
    assert said in text_of(answer)
    assert (Vacancy.objects.count(), SlotHold.objects.standing().count()) == (0, 0)


def test_a_time_somebody_has_taken_is_not_offered(desk, page_of):
    visit, entry = cancelled(desk), waits(desk)
    desk.book(at(9))
    asked = {"entries": [str(entry.public_id)], "mode": "broadcast", "answer_minutes": "30"}
    answer = page_of(desk.front_desk).post(f"/appointments/{visit.public_id}/offer/", asked)
    assert answer.status_code == 409
    assert "That time is taken" in text_of(answer)
    assert not Vacancy.objects.exists()


def test_what_is_said_on_the_telephone_counts(desk, page_of):
    vacancy = offered(desk, [waits(desk), waits(desk)])
    first, second = vacancy.offers.order_by("rank")
    client = page_of(desk.front_desk)
    client.post(f"/diary/offers/{first.public_id}/no/")
    assert states(vacancy) == ["declined", "offered"]
    client.post(f"/diary/offers/{second.public_id}/yes/")
    assert Appointment.objects.get(status="booked").patient == second.entry.patient
    late = client.post(f"/diary/offers/{first.public_id}/yes/", follow=True)
    assert "This time is no longer free" in text_of(late)


def test_the_desk_ends_an_offer(desk, page_of):
    vacancy = offered(desk, [waits(desk)])
    page_of(desk.front_desk).post(f"/diary/vacancies/{vacancy.public_id}/end/")
    vacancy.refresh_from_db()
    assert vacancy.status == "ended"


def test_strangers_find_nothing_of_it(desk, page_of, stranger):
    visit, entry = cancelled(desk), waits(desk)
    vacancy = offered(desk, [entry], visit=visit)
    offer, client = vacancy.offers.get(), page_of(stranger)
    assert entry.patient.family_name not in text_of(the_list(client, desk))
    for address in (
        f"/diary/wait-list/{entry.public_id}/leave/",
        f"/diary/wait-list/{entry.public_id}/",
        f"/diary/vacancies/{vacancy.public_id}/end/",
        f"/diary/offers/{offer.public_id}/yes/",
        f"/diary/offers/{offer.public_id}/no/",
        f"/appointments/{visit.public_id}/offer/",
    ):
        assert client.post(address).status_code == 404, address
    entry.refresh_from_db()
    assert (entry.status, states(vacancy)) == ("waiting", ["offered"])


def test_auditors_and_visitors_have_no_wait_list(desk, client, page_of):
    assert client.get("/diary/wait-list/").url.startswith("/sign-in/")
    auditor = UserFactory(roles=["auditor"], locations=[desk.location])
    assert page_of(auditor).get("/diary/wait-list/").status_code == 403


def test_a_cancelled_visit_of_the_past_is_offered_to_nobody(desk, page_of):
    visit = desk.book(at(9, days=-30), by=desk.admin, is_history=True)
    services.cancel_appointment(appointment=visit, reason="clinic", notify=False, by=desk.front_desk)
    assert "Who waits for this time" not in text_of(page_of(desk.front_desk).get(f"/appointments/{visit.public_id}/"))


def test_the_visit_to_give_up_is_named_on_the_locations_clock(desk, page_of):
    later = desk.book(at(15), patient=desk.patient)
    entry = waits(desk, patient=desk.patient, instead_of=later, notice_minutes=100)
    page = text_of(page_of(desk.front_desk).get(f"/diary/wait-list/{entry.public_id}/"))
    assert f"{at(15):%a %-d %b %Y}, 15:00</option>" in page
    assert 'name="notice_hours" value="1.67"' in page


def test_changing_one_thing_leaves_the_notice_to_the_minute(desk, page_of):
    entry = waits(desk, patient=desk.patient, notice_minutes=100)
    changed = wishes(desk, version="1", notice_hours="1.67")
    page_of(desk.front_desk).post(f"/diary/wait-list/{entry.public_id}/", changed)
    entry.refresh_from_db()
    assert (entry.notice_minutes, entry.version) == (100, 2)


def test_a_therapist_sees_no_offer_to_a_patient_of_somebody_else(desk, page_of, api):
    entry = waits(desk)
    offered(desk, [entry])
    colleague = desk.new_therapist()
    page = text_of(the_list(page_of(colleague), desk))
    assert "Offered:" in page
    assert entry.patient.family_name not in page
    vacancy = api(colleague).get("/api/v1/vacancies/").json()["results"][0]
    assert vacancy["offers"] == []
