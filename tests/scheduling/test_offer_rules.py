"""What an offer keeps to when things change while it is out: the entry, the patient, the clock, the link."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging.models import Message, SignedLink
from patients.models import Patient
from questionnaires.services.publishing import load_shipped
from scheduling import services, turns
from scheduling.candidates import Opening, candidates
from scheduling.errors import OfferOver
from scheduling.models import Appointment, Offer, Vacancy
from scheduling.turns import pass_on_due
from screening.models import Evaluation, Flag
from tests.scheduling.factories import at
from tests.scheduling.waiting import cancelled, lapse_offers, offered, states, waits
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db


def mine(vacancy, entry):
    return vacancy.offers.get(entry=entry)


def screening_wanted(desk):
    """From now on the service is not for patients who were never screened."""
    desk.service.for_unscreened_patients = False
    desk.service.save()


def test_screening_is_asked_for_the_day_of_the_visit(desk):
    """A clearance that runs out before: green enough today, a block then."""
    entry = waits(desk)
    visit = cancelled(desk)
    load_shipped()
    sent_intake(entry.patient)
    Flag.objects.create(
        patient=entry.patient, evaluation=Evaluation.objects.latest("pk"), rule_id="RF-99", rule_version=1, title="x",
        action="x", severity="relative", status="cleared", reason="ok", closed_by=desk.therapist,
        closed_at=timezone.now(), cleared_until=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    found = candidates(opening=Opening.of(visit), by=desk.front_desk)
    assert [(one.entry, one.is_blocked, one.reasons) for one in found] == [(entry, True, ("relative_flag",))]


def test_two_offers_accepted_are_one_visit(desk):
    entry = waits(desk)
    first, second = offered(desk, [entry]), offered(desk, [entry], visit=cancelled(desk, at(14)))
    visit = services.accept_offer(offer=mine(first, entry), by=desk.front_desk)
    with pytest.raises(OfferOver):
        services.accept_offer(offer=mine(second, entry), by=desk.front_desk)
    entry.refresh_from_db()
    assert (entry.booked, list(Appointment.objects.filter(status="booked"))) == (visit, [visit])


def test_whose_wish_was_met_elsewhere_is_passed_over_when_their_turn_comes(desk):
    first, booked, third = waits(desk), waits(desk), waits(desk)
    vacancy = offered(desk, [first, booked, third])
    other = offered(desk, [booked], visit=cancelled(desk, at(14)))
    services.accept_offer(offer=mine(other, booked), by=desk.front_desk)
    services.decline_offer(offer=mine(vacancy, first), by=desk.front_desk)
    assert states(vacancy)[2] == "offered"
    assert states(vacancy)[1] != "offered"
    assert Message.objects.filter(template="slot_offered", patient=booked.patient).count() == 1


def test_an_offer_whose_wish_was_met_elsewhere_is_passed_on(desk):
    booked, second = waits(desk), waits(desk)
    vacancy = offered(desk, [booked, second])
    other = offered(desk, [booked], visit=cancelled(desk, at(14)))
    services.accept_offer(offer=mine(other, booked), by=desk.front_desk)
    assert states(vacancy)[1] == "offered"
    assert not SignedLink.objects.working().filter(target_id=mine(vacancy, booked).public_id).exists()


def test_whom_screening_keeps_away_when_their_turn_comes_is_not_asked(desk):
    first, second = waits(desk), waits(desk)
    vacancy = offered(desk, [first, second])
    screening_wanted(desk)
    services.decline_offer(offer=mine(vacancy, first), by=desk.front_desk)
    assert not Message.objects.filter(template="slot_offered", patient=second.patient).exists()
    vacancy.refresh_from_db()
    assert vacancy.status == "ended"


def test_whoever_has_another_visit_by_now_is_passed_over(desk):
    first, busy, third = waits(desk), waits(desk), waits(desk)
    vacancy = offered(desk, [first, busy, third])
    desk.book(at(9, 15), patient=busy.patient, therapist=desk.new_therapist(), room=desk.new_room())
    services.decline_offer(offer=mine(vacancy, first), by=desk.front_desk)
    assert states(vacancy)[2] == "offered"


@pytest.mark.parametrize("status", ["cancelled", "no_show", "completed", "arrived"])
def test_a_visit_that_can_no_longer_be_given_up_stays_as_it_is(desk, status):
    theirs = desk.book(at(15), patient=desk.patient)
    entry = waits(desk, patient=desk.patient, instead_of=theirs)
    vacancy = offered(desk, [entry])
    changes = {"status": status}
    if status == "cancelled":
        changes |= {"cancelled_at": timezone.now(), "cancel_reason": "clinic"}
    Appointment.objects.filter(pk=theirs.pk).update(**changes)

    visit = services.accept_offer(offer=mine(vacancy, entry), by=desk.front_desk)

    theirs.refresh_from_db()
    assert (visit.status, theirs.status) == ("booked", status)


def test_giving_a_visit_up_for_an_offered_time_is_no_late_cancellation(desk):
    desk.location.late_cancel_hours = 720
    desk.location.save()
    theirs = desk.book(at(15), patient=desk.patient)
    entry = waits(desk, patient=desk.patient, instead_of=theirs)
    services.accept_offer(offer=mine(offered(desk, [entry]), entry), by=desk.front_desk)
    theirs.refresh_from_db()
    assert (theirs.status, theirs.is_late_cancellation) == ("cancelled", False)


def test_the_dead_are_offered_nothing(desk):
    entry = waits(desk)
    visit = cancelled(desk)
    Patient.objects.filter(pk=entry.patient_id).update(died_on=at(9, days=-10).date())
    assert candidates(opening=Opening.of(visit), by=desk.front_desk) == []


def test_everybody_in_line_has_their_minutes_though_the_clockwork_is_late(desk):
    entries = [waits(desk) for _ in range(3)]
    vacancy = offered(desk, entries, minutes=5)
    # Two turns went by, and each time the clockwork came some minutes late.
    Vacancy.objects.filter(pk=vacancy.pk).update(ends_at=timezone.now() + timedelta(seconds=20))
    lapse_offers(vacancy)
    pass_on_due()
    out = vacancy.offers.get(status="offered")
    assert out.expires_at > timezone.now() + timedelta(minutes=4)
    held = Appointment.objects.get(public_id=Vacancy.objects.get().hold_id)
    assert held.held_until >= out.expires_at


def test_nobody_is_asked_when_their_notice_is_no_longer_kept(desk):
    first, needs_long = waits(desk), waits(desk, notice_minutes=7 * 24 * 60)
    vacancy = offered(desk, [first, needs_long])
    entry = needs_long
    entry.notice_minutes = 60 * 24 * 30
    entry.save()
    services.decline_offer(offer=mine(vacancy, first), by=desk.front_desk)
    assert "offered" not in states(vacancy)


def test_one_vacancy_that_cannot_be_passed_on_keeps_nobody_else_from_their_turn(desk, monkeypatch):
    broken = offered(desk, [waits(desk), waits(desk)])
    sound = offered(desk, [waits(desk), waits(desk)], visit=cancelled(desk, at(14)))
    for vacancy in (broken, sound):
        lapse_offers(vacancy)
    whole = turns.pass_on_offers

    def fails(*, vacancy_key):
        if vacancy_key == broken.pk:
            raise RuntimeError("broken")
        whole(vacancy_key=vacancy_key)

    monkeypatch.setattr(turns, "pass_on_offers", fails)
    with pytest.raises(RuntimeError):
        pass_on_due()
    assert (states(broken), states(sound)) == (["offered", "next"], ["expired", "offered"])


# The link


def test_after_its_time_the_link_still_says_that_the_offer_is_over(desk, holder):
    vacancy = offered(desk, [waits(desk)])
    offer = vacancy.offers.get()
    link = SignedLink.objects.get(target_id=offer.public_id)
    assert link.expires_at == at(9)
    Offer.objects.filter(pk=offer.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    page = holder(offer).get("/p/offer/").content.decode()
    assert "The time to answer is over" in page
    assert "Yes, I take it" not in page


def test_whoever_was_slower_reads_by_link_that_it_is_taken(desk, holder):
    vacancy = offered(desk, [waits(desk), waits(desk)], mode="broadcast")
    fast, slow = vacancy.offers.order_by("rank")
    services.accept_offer(offer=fast, by=desk.front_desk)
    page = holder(slow).get("/p/offer/")
    assert page.status_code == 200
    assert "no longer free" in page.content.decode()


def test_the_page_says_which_visit_would_be_given_up(desk, holder):
    theirs = desk.book(at(15), patient=desk.patient)
    vacancy = offered(desk, [waits(desk, patient=desk.patient, instead_of=theirs)])
    assert "3:00 PM (New York time)" in holder(vacancy.offers.get()).get("/p/offer/").content.decode()
