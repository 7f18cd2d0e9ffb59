"""The wait-list: who is on it, whom a free time suits, and offering it to them."""

from datetime import time, timedelta

import pytest

from audit.models import AuditEvent
from clinic.core.errors import Changed, Invalid, NotAllowed, NotFound
from clinic.models import Audience
from messaging.models import Message, SignedLink
from scheduling import services
from scheduling.candidates import Opening, candidates
from scheduling.errors import AlreadyWaiting, NobodySuits, NotWaiting, OfferOver, SlotTaken
from scheduling.models import Appointment, Offer, SlotHold, Vacancy, WaitListEntry
from scheduling.turns import pass_on_due
from tests.factories import AppointmentFactory, LocationFactory, PatientFactory, ServiceFactory, UserFactory
from tests.scheduling.factories import at
from tests.scheduling.waiting import cancelled, lapse_offers, offered, states, waits, wish

pytestmark = pytest.mark.django_db


def holds():
    return SlotHold.objects.standing().count()


# On the list


def test_a_patient_is_put_on_the_list(desk):
    entry = waits(desk, patient=desk.patient, therapists=[desk.therapist], weekdays=[3, 0, 3], minutes=80)
    entry.refresh_from_db()
    assert (entry.status, entry.weekdays, entry.minutes, list(entry.therapists.all())) == (
        "waiting", [0, 3], 80, [desk.therapist],
    )  # fmt: skip
    assert AuditEvent.objects.filter(action="wait_list.joined", subject_id=str(entry.public_id)).count() == 1


def test_once_for_a_service_until_it_is_over(desk):
    entry = waits(desk, patient=desk.patient)
    with pytest.raises(AlreadyWaiting):
        waits(desk, patient=desk.patient)
    assert WaitListEntry.objects.count() == 1

    services.leave_wait_list(entry=entry, by=desk.front_desk)
    services.leave_wait_list(entry=entry, by=desk.front_desk)
    waits(desk, patient=desk.patient)
    assert sorted(WaitListEntry.objects.values_list("status", flat=True)) == ["waiting", "withdrawn"]
    assert AuditEvent.objects.filter(action="wait_list.left").count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"until_on": at(9, days=-4).date()}, "until_on"),
        ({"from_on": at(9, days=-60).date(), "until_on": at(9, days=-50).date()}, "until_on"),
        ({"until_on": at(9, days=400).date()}, "until_on"),
        ({"earliest_local": time(12), "latest_local": time(12)}, "latest_local"),
        ({"weekdays": [7]}, "weekdays"),
        ({"minutes": 4}, "minutes"),
        ({"minutes": 481}, "minutes"),
        ({"notice_minutes": -1}, "notice_minutes"),
        ({"notice_minutes": 20000}, "notice_minutes"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_beside_its_field(desk, changes, field):
    with pytest.raises(Invalid) as refusal:
        waits(desk, patient=desk.patient, **changes)
    assert list(refusal.value.fields) == [field]
    assert not WaitListEntry.objects.exists()


def test_therapists_and_the_visit_to_give_up_are_of_this_location_and_patient(desk):
    elsewhere = UserFactory(roles=["therapist"], locations=[LocationFactory()])
    someone_elses = desk.book(at(9), patient=desk.new_patient())
    with pytest.raises(Invalid) as refusal:
        waits(desk, patient=desk.patient, therapists=[elsewhere], instead_of=someone_elses)
    assert set(refusal.value.fields) == {"therapist_ids", "instead_of_id"}
    assert not WaitListEntry.objects.exists()


def test_a_wish_is_changed_in_the_version_that_was_read(desk):
    entry = waits(desk, patient=desk.patient)
    changed = services.change_wait_list_entry(
        entry=entry, wish=wish(weekdays=[2], therapists=[desk.therapist]), expected_version=1, by=desk.front_desk
    )
    assert (changed.weekdays, changed.version, changed.pk) == ([2], 2, entry.pk)
    with pytest.raises(Changed):
        services.change_wait_list_entry(entry=entry, wish=wish(), expected_version=1, by=desk.front_desk)
    entry.refresh_from_db()
    assert entry.weekdays == [2]

    services.leave_wait_list(entry=entry, by=desk.front_desk)
    with pytest.raises(NotWaiting):
        services.change_wait_list_entry(entry=entry, wish=wish(), by=desk.front_desk)


@pytest.mark.parametrize(("roles", "refusal"), [(["front_desk"], NotFound), (["auditor"], NotAllowed)])
def test_strangers_and_readers_put_nobody_on_the_list(desk, roles, refusal):
    stranger = UserFactory(roles=roles, locations=[LocationFactory()])
    with pytest.raises(refusal):
        services.join_wait_list(
            patient=desk.patient, location=desk.location, service=desk.service, wish=wish(), by=stranger
        )
    assert not WaitListEntry.objects.exists()


# Whom it suits


def suited(desk, visit=None, **more):
    found = candidates(opening=Opening.of(visit or cancelled(desk)), by=desk.front_desk, **more)
    return [one.entry for one in found]


def test_who_has_waited_longest_comes_first_and_who_would_give_up_a_visit_last(desk):
    later = desk.book(at(15), patient=desk.patient)
    with_a_visit = waits(desk, patient=desk.patient, instead_of=later)
    first, second = waits(desk), waits(desk)
    assert suited(desk) == [first, second, with_a_visit]


@pytest.mark.parametrize(
    ("changes", "is_suited"),
    [
        ({}, True),
        ({"weekdays": [0]}, True),
        ({"weekdays": [1, 2]}, False),
        ({"earliest_local": time(9), "latest_local": time(9, 50)}, True),
        ({"earliest_local": time(9, 5)}, False),
        ({"latest_local": time(9, 45)}, False),
        ({"from_on": at(9, days=1).date()}, False),
        ({"until_on": at(9, days=-1).date()}, False),
        ({"minutes": 30}, True),
        ({"minutes": 51}, False),
        ({"notice_minutes": 7 * 24 * 60}, True),
    ],
)
def test_day_time_and_length_have_to_suit(desk, changes, is_suited):
    entry = waits(desk, **changes)
    assert suited(desk) == ([entry] if is_suited else [])


def test_notice_counts_from_now(desk):
    entry = waits(desk, notice_minutes=60)
    visit = cancelled(desk)
    assert suited(desk, visit, now=at(8)) == [entry]
    assert suited(desk, visit, now=at(8, 1)) == []


def test_the_therapist_has_to_be_wished_for_and_to_offer_the_service(desk):
    colleague = desk.new_therapist()
    theirs, anybodys = waits(desk, therapists=[colleague]), waits(desk, therapists=[desk.therapist, colleague])
    waits(desk, service=ServiceFactory(duration_minutes=30))
    assert suited(desk) == [anybodys]
    assert theirs.status == "waiting"


def test_whoever_has_another_visit_then_is_left_out_but_not_for_the_one_they_give_up(desk):
    busy, giving_up = desk.new_patient(), desk.new_patient()
    colleague, room = desk.new_therapist(), desk.new_room()
    waits(desk, patient=busy)
    visit = cancelled(desk)
    desk.book(at(9, 15), patient=busy, therapist=colleague, room=room)
    theirs = desk.book(at(9, 30), patient=giving_up, therapist=desk.new_therapist(), room=desk.new_room())
    entry = waits(desk, patient=giving_up, instead_of=theirs)
    assert suited(desk, visit) == [entry]


def test_services_of_new_and_returning_patients_are_for_them(desk):
    new, returning = waits(desk), waits(desk)
    AppointmentFactory(patient=returning.patient, location=desk.location, starts_at=at(9, days=-40), status="completed")
    visit = cancelled(desk)
    desk.service.audience = Audience.NEW_PATIENTS
    desk.service.save()
    assert suited(desk, visit) == [new]
    desk.service.audience = Audience.RETURNING_PATIENTS
    desk.service.save()
    assert suited(desk, visit) == [returning]


def test_the_desk_sees_whom_screening_keeps_away_and_does_not_ask_them(desk):
    entry = waits(desk)
    visit = cancelled(desk)
    desk.service.for_unscreened_patients = False
    desk.service.save()

    found = candidates(opening=Opening.of(visit), by=desk.front_desk)
    assert [(one.entry, one.light, one.is_blocked) for one in found] == [(entry, "grey", True)]
    with pytest.raises(NobodySuits):
        offered(desk, [entry], visit=visit)
    assert (Vacancy.objects.count(), holds()) == (0, 0)


@pytest.mark.parametrize("number", [3, 12])
def test_candidates_take_a_constant_number_of_queries(desk, number, django_assert_num_queries):
    for _ in range(number):
        waits(desk)
    opening = Opening.of(cancelled(desk))
    with django_assert_num_queries(7):
        assert len(candidates(opening=opening, by=desk.front_desk)) == number


def test_strangers_have_no_candidates_here(desk, stranger):
    waits(desk)
    assert candidates(opening=Opening.of(cancelled(desk)), by=stranger) == []


# Offering


def test_one_after_the_other_the_time_is_held_and_the_first_is_asked(desk):
    entries = [waits(desk), waits(desk)]
    vacancy = offered(desk, entries[::-1], minutes=30)

    assert states(vacancy) == ["offered", "next"]
    assert [offer.entry for offer in vacancy.offers.order_by("rank")] == entries
    hold = SlotHold.objects.standing().get()
    assert (hold.public_id, hold.starts_at, hold.patient) == (vacancy.hold_id, at(9), None)
    assert hold.held_until == vacancy.ends_at
    message = Message.objects.get(template="slot_offered")
    assert message.patient == entries[0].patient
    assert set(message.context) == {
        "starts_at", "zone", "location_name", "location_address", "location_phone", "answer_until",
    }  # fmt: skip
    with pytest.raises(SlotTaken):
        desk.book(at(9))


def test_no_passes_it_on_and_without_anybody_left_the_time_is_free(desk):
    vacancy = offered(desk, [waits(desk), waits(desk)])
    first, second = vacancy.offers.order_by("rank")

    services.decline_offer(offer=first, by=desk.front_desk)
    services.decline_offer(offer=first, by=desk.front_desk)
    assert states(vacancy) == ["declined", "offered"]

    services.decline_offer(offer=second, by=desk.front_desk)
    vacancy.refresh_from_db()
    assert (states(vacancy), vacancy.status) == (["declined", "declined"], "ended")
    assert holds() == 0
    desk.book(at(9))


def test_silence_passes_it_on(desk):
    vacancy = offered(desk, [waits(desk), waits(desk)])
    assert pass_on_due() == 0
    lapse_offers(vacancy)
    assert (pass_on_due(), pass_on_due()) == (1, 0)
    assert states(vacancy) == ["expired", "offered"]
    lapse_offers(vacancy)
    pass_on_due()
    vacancy.refresh_from_db()
    assert (states(vacancy), vacancy.status) == (["expired", "expired"], "ended")
    assert holds() == 0
    assert Message.objects.filter(template="slot_offered").count() == 2


def test_too_late_is_too_late_whether_or_not_the_clockwork_came_by(desk):
    vacancy = offered(desk, [waits(desk)])
    lapse_offers(vacancy)
    with pytest.raises(OfferOver):
        services.accept_offer(offer=vacancy.offers.get(), by=desk.front_desk)
    assert states(vacancy) == ["offered"]
    assert Appointment.objects.filter(status="booked").count() == 0


def test_yes_books_it_gives_up_the_other_visit_and_tells_the_rest(desk):
    given_up = desk.book(at(15), patient=desk.patient)
    giving = waits(desk, patient=desk.patient, instead_of=given_up)
    others = [waits(desk), waits(desk)]
    vacancy = offered(desk, [giving, *others], mode="broadcast")
    assert states(vacancy) == ["offered"] * 3
    mine = giving.offers.get()

    visit = services.accept_offer(offer=mine, by=desk.front_desk)
    again = services.accept_offer(offer=mine, by=desk.front_desk)

    assert visit == again
    assert (visit.patient, visit.starts_at, visit.status, visit.room) == (desk.patient, at(9), "booked", desk.room)
    given_up.refresh_from_db()
    giving.refresh_from_db()
    vacancy.refresh_from_db()
    assert (given_up.status, giving.status, giving.booked) == ("cancelled", "booked", visit)
    assert (vacancy.status, states(vacancy)) == ("taken", ["lost", "lost", "accepted"])
    assert set(Message.objects.filter(template="slot_gone").values_list("patient_id", flat=True)) == {
        entry.patient_id for entry in others
    }
    assert Message.objects.filter(template="appointment_booked", patient=desk.patient).count() == 2
    for other in others:
        with pytest.raises(OfferOver):
            services.accept_offer(offer=other.offers.get(), by=desk.front_desk)
    assert Appointment.objects.filter(status="booked").count() == 1


def test_a_shorter_visit_takes_the_time_with_its_own_length(desk):
    short = waits(desk, minutes=30)
    visit = services.accept_offer(offer=offered(desk, [short]).offers.get(), by=desk.front_desk)
    assert (visit.minutes, visit.starts_at) == (30, at(9))


def test_whoever_leaves_the_list_has_answered(desk):
    entries = [waits(desk), waits(desk)]
    vacancy = offered(desk, entries)
    link = SignedLink.objects.get(target_id=entries[0].offers.get().public_id)

    services.leave_wait_list(entry=entries[0], by=desk.front_desk)

    assert states(vacancy) == ["declined", "offered"]
    assert not SignedLink.objects.working().filter(pk=link.pk).exists()


def test_the_desk_ends_an_offer_and_those_who_were_asked_are_told(desk):
    vacancy = offered(desk, [waits(desk), waits(desk)])
    services.end_vacancy(vacancy=vacancy, by=desk.front_desk)
    services.end_vacancy(vacancy=vacancy, by=desk.front_desk)
    assert states(vacancy) == ["lost", "lost"]
    assert Message.objects.filter(template="slot_gone").count() == 1
    assert holds() == 0


def test_a_time_booked_in_spite_of_the_offer_is_over(desk):
    vacancy = offered(desk, [waits(desk)])
    SlotHold.objects.standing().get().delete()
    desk.book(at(9))
    with pytest.raises(OfferOver):
        services.accept_offer(offer=vacancy.offers.get(), by=desk.front_desk)
    assert states(vacancy) == ["offered"]
    assert Appointment.objects.filter(status="booked").count() == 1


def test_a_time_that_is_not_free_is_not_offered(desk):
    visit = cancelled(desk)
    entry = waits(desk)
    desk.book(at(9))
    with pytest.raises(SlotTaken):
        offered(desk, [entry], visit=visit)
    assert (Vacancy.objects.count(), Offer.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"mode": "shout"}, "mode"), ({"minutes": 4}, "answer_minutes"), ({"minutes": 2881}, "answer_minutes")],
)
def test_an_offer_that_cannot_be_is_refused_beside_its_field(desk, changes, field):
    entry = waits(desk)
    with pytest.raises(Invalid) as refusal:
        offered(desk, [entry], **changes)
    assert list(refusal.value.fields) == [field]
    assert (Vacancy.objects.count(), holds()) == (0, 0)


def test_strangers_offer_and_answer_nothing(desk, stranger):
    visit, entry = cancelled(desk), waits(desk)
    with pytest.raises(NotFound):
        services.offer_vacancy(visit=visit, entries=[entry], mode="broadcast", answer_minutes=60, by=stranger)
    vacancy = offered(desk, [entry], visit=visit)
    offer = vacancy.offers.get()
    for act in (services.accept_offer, services.decline_offer):
        with pytest.raises(NotFound):
            act(offer=offer, by=stranger)
    assert states(vacancy) == ["offered"]


def test_a_link_answers_its_own_offer_only(desk):
    vacancy = offered(desk, [waits(desk), waits(desk)], mode="broadcast")
    mine, other = vacancy.offers.order_by("rank")
    link = SignedLink.objects.get(target_id=mine.public_id)
    with pytest.raises(NotFound):
        services.accept_offer(offer=other, by=link)
    assert states(vacancy) == ["offered", "offered"]
    assert services.accept_offer(offer=mine, by=link).patient == mine.entry.patient


# The patient's page


def test_the_page_says_when_where_and_until_when_and_nothing_else(desk, holder):
    vacancy = offered(desk, [waits(desk, patient=desk.patient)])
    page = holder(vacancy.offers.get()).get("/p/offer/").content.decode()
    assert "9:00 AM (New York time)" in page
    assert "It is kept until" in page
    for hidden in (desk.patient.given_name, desk.patient.family_name, desk.therapist.family_name, desk.service.name):
        assert hidden not in page


def test_yes_pressed_twice_is_one_visit(desk, holder):
    vacancy = offered(desk, [waits(desk)])
    browser = holder(vacancy.offers.get())
    for _ in range(2):
        assert browser.post("/p/offer/accept/").url == "/p/offer/"
    assert "The time is yours" in browser.get("/p/offer/").content.decode()
    assert Appointment.objects.filter(status="booked").count() == 1


def test_no_is_thanked_for(desk, holder):
    vacancy = offered(desk, [waits(desk)])
    browser = holder(vacancy.offers.get())
    browser.post("/p/offer/decline/")
    page = browser.get("/p/offer/")
    assert "You stay on the wait-list" in page.content.decode()
    browser.post("/p/offer/accept/")
    assert states(vacancy) == ["declined"]


def test_who_was_slower_reads_that_it_is_gone(desk, holder):
    vacancy = offered(desk, [waits(desk), waits(desk)], mode="broadcast")
    fast, slow = vacancy.offers.order_by("rank")
    browser = holder(slow)
    Offer.objects.filter(pk=slow.pk).update(expires_at=at(9) - timedelta(days=60))
    late = browser.post("/p/offer/accept/")
    assert late.status_code == 409
    assert "The time to answer is over" in late.content.decode()
    Offer.objects.filter(pk=slow.pk).update(expires_at=at(8))
    services.accept_offer(offer=fast, by=desk.front_desk)
    assert "no longer free" in browser.get("/p/offer/").content.decode()


def test_the_page_speaks_the_patients_language(desk, holder):
    patient = PatientFactory(locations=[desk.location], language="es")
    vacancy = offered(desk, [waits(desk, patient=patient)])
    page = holder(vacancy.offers.get()).get("/p/offer/").content.decode()
    assert "Hay una hora libre" in page
    assert "Sí, la quiero" in page


def test_when_screening_says_no_the_patient_is_asked_to_call(desk, holder):
    vacancy = offered(desk, [waits(desk)])
    browser = holder(vacancy.offers.get())
    desk.service.for_unscreened_patients = False
    desk.service.save()
    answer = browser.post("/p/offer/accept/")
    assert answer.status_code == 422
    assert "Please call us" in answer.content.decode()
    assert states(vacancy) == ["offered"]
