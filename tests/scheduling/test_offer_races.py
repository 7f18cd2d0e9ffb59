"""Several people answer an offer at once. Real threads, real connections."""

import pytest

from messaging.models import Message
from scheduling import services
from scheduling.errors import OfferOver
from scheduling.models import Appointment, Offer, Vacancy
from scheduling.turns import pass_on_due
from tests.scheduling.factories import at, make_desk
from tests.scheduling.test_races import all_at_once, overlaps, split
from tests.scheduling.waiting import cancelled, lapse_offers, offered, states, waits

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_eight_who_accept_at_once_one_has_it_and_seven_are_told():
    desk = make_desk()
    vacancy = offered(desk, [waits(desk) for _ in range(8)], mode="broadcast")
    offers = list(vacancy.offers.all())

    def accept(offer):
        return lambda: services.accept_offer(offer=offer, by=desk.front_desk)

    won, lost = split(all_at_once([accept(offer) for offer in offers]))

    assert (len(won), {type(error) for error in lost}) == (1, {OfferOver})
    assert sorted(states(vacancy)) == ["accepted"] + ["lost"] * 7
    assert Message.objects.filter(template="slot_gone").count() == 7
    assert overlaps() == 0


def test_the_same_yes_six_times_is_one_visit():
    desk = make_desk()
    offer = offered(desk, [waits(desk)]).offers.get()
    won, lost = split(all_at_once([lambda: services.accept_offer(offer=offer, by=desk.front_desk)] * 6))
    assert (len(won), lost, len({visit.pk for visit in won})) == (6, [], 1)


def test_yes_and_the_clockwork_that_ends_it_come_one_after_the_other():
    desk = make_desk()
    vacancy = offered(desk, [waits(desk), waits(desk)])
    first = vacancy.offers.get(rank=1)
    lapse_offers(vacancy)

    outcomes = all_at_once([lambda: services.accept_offer(offer=first, by=desk.front_desk), *[pass_on_due] * 4])

    assert isinstance(outcomes[0], OfferOver)
    assert states(vacancy) == ["expired", "offered"]
    assert Message.objects.filter(template="slot_offered").count() == 2


def test_yes_and_the_desk_that_wants_the_same_time():
    desk = make_desk()
    offer = offered(desk, [waits(desk)]).offers.get()
    somebody = desk.new_patient()
    won, lost = split(
        all_at_once(
            [lambda: services.accept_offer(offer=offer, by=desk.front_desk)]
            + [lambda: desk.book(at(9), patient=somebody)] * 3
        )
    )
    assert [visit.patient for visit in won] == [offer.entry.patient]
    assert (len(lost), overlaps()) == (3, 0)
    assert Appointment.objects.filter(status="booked").count() == 1


def test_a_patient_who_accepts_two_times_at_once_has_one_visit():
    desk = make_desk()
    entry = waits(desk)
    for hour in (9, 11, 14):
        offered(desk, [entry], visit=cancelled(desk, at(hour)))
    offers = list(entry.offers.all())

    won, lost = split(
        all_at_once([lambda offer=offer: services.accept_offer(offer=offer, by=desk.front_desk) for offer in offers])
    )

    assert (len(won), {type(error) for error in lost}) == (1, {OfferOver})
    assert Appointment.objects.filter(status="booked").count() == 1
    assert Offer.objects.filter(status="offered").count() == 0


def test_many_who_leave_at_once_with_the_same_offers_never_end_in_a_server_error():
    desk = make_desk()
    entries = [waits(desk) for _ in range(4)]
    for hour in (9, 11, 14):
        offered(desk, entries, visit=cancelled(desk, at(hour)), mode="broadcast")

    outcomes = all_at_once(
        [lambda entry=entry: services.leave_wait_list(entry=entry, by=desk.front_desk) for entry in entries]
    )

    assert outcomes == [None] * 4
    assert set(Offer.objects.values_list("status", flat=True)) == {"declined"}
    assert not Vacancy.objects.exclude(status="ended").exists()
