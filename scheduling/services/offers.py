"""Offering a free time to those who wait: to one after the other, or to all at once; whoever accepts first has it.

While an offer is out, a hold keeps the time from everybody else. Every act on a vacancy begins with its row's lock, so
acceptances, refusals and the clockwork come one after the other. Whether an offer may still be accepted is asked of the
database's clock: it does not depend on anybody having come to end it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from audit.actors import SYSTEM, Actor
from audit.services import record
from clinic.core.errors import Invalid
from scheduling import notices
from scheduling.candidates import Opening, candidates, who_may_be_asked
from scheduling.errors import Clash, NobodySuits, OfferOver
from scheduling.lifecycle import MOVABLE
from scheduling.models import (
    Appointment,
    AppointmentStatus,
    CancelReason,
    Offer,
    OfferStatus,
    SlotHold,
    Vacancy,
    VacancyMode,
    VacancyStatus,
    WaitListEntry,
    WaitStatus,
)
from scheduling.permission import may_answer_offer, may_hold
from scheduling.retry import retried
from scheduling.services.booking import book_appointment
from scheduling.services.holds import hold_slot, release_hold
from scheduling.services.status import cancel_appointment
from staff.models import User

MOST_OFFERED = 20
SHORTEST_ANSWER, LONGEST_ANSWER = 5, 2880


@transaction.atomic
def offer_vacancy(
    *, visit: Appointment, entries: Sequence[WaitListEntry], mode: str, answer_minutes: int, by: User
) -> Vacancy:
    """Offer the time of a cancelled visit to some of those who wait, in the order in which they stand in line.

    The time is held until the last of them has had their minutes. Whom it does not suit, or screening keeps from it,
    is not asked; raises NobodySuits when nobody is left.
    """
    may_hold(by=by, location=visit.location)
    _check(entries, mode, answer_minutes)
    opening = Opening.of(visit)
    suited = candidates(opening=opening, by=by, entries=[entry.public_id for entry in entries])
    asked = [one.entry for one in suited if not one.is_blocked]
    if not asked:
        raise NobodySuits()
    turns = len(asked) if mode == VacancyMode.ONE_BY_ONE else 1
    until = min(timezone.now() + timedelta(minutes=answer_minutes * turns), visit.starts_at)
    hold = hold_slot(
        therapist=visit.therapist,
        service=visit.service,
        location=visit.location,
        starts_at=visit.starts_at,
        room=visit.room,
        minutes=visit.minutes,
        until=until,
        by=by,
    )
    vacancy = Vacancy.objects.create(
        location=visit.location,
        therapist=visit.therapist,
        starts_at=visit.starts_at,
        hold_id=hold.public_id,
        mode=mode,
        answer_minutes=answer_minutes,
        ends_at=until,
    )
    Offer.objects.bulk_create(Offer(vacancy=vacancy, entry=entry, rank=rank) for rank, entry in enumerate(asked, 1))
    _record(vacancy, "vacancy.offered", by=by, offers=len(asked), mode=mode)
    _go_on(vacancy, by=by)
    return vacancy


@transaction.atomic
@retried
def accept_offer(*, offer: Offer, by: Actor) -> Appointment:
    """The time is the patient's: it is booked, what they give up for it is cancelled, the others are told; other times
    offered to them for the same wish go to the next in line.

    Twice is one booking. Raises OfferOver when its time is over, somebody was faster, or the wish was met elsewhere.
    """
    may_answer_offer(by=by, offer=offer)
    _lock_all_of(offer.entry_id, and_vacancy=offer.vacancy_id)
    vacancy, mine = _locked(offer)
    entry = WaitListEntry.objects.select_for_update(no_key=True).get(pk=mine.entry_id)
    if mine.status == OfferStatus.ACCEPTED and mine.entry.booked is not None:
        return mine.entry.booked
    if entry.status != WaitStatus.WAITING or not Offer.objects.answerable().filter(pk=mine.pk).exists():
        raise OfferOver()
    _answer(mine, OfferStatus.ACCEPTED)
    visit = _book(vacancy, mine.entry, by=by)
    met = WaitListEntry.objects.filter(pk=entry.pk)
    met.update(status=WaitStatus.BOOKED, booked=visit, version=F("version") + 1, updated_at=Now())
    _close(vacancy, VacancyStatus.TAKEN, by=by)
    give_up_offers(entry=entry, status=OfferStatus.DECLINED, by=by)
    _record(vacancy, "offer.accepted", by=by, entry=mine.entry, appointment_id=str(visit.public_id))
    return visit


@transaction.atomic
def decline_offer(*, offer: Offer, by: Actor) -> None:
    """No, thank you: the next in line is asked. Twice is once; one that is over stays as it is."""
    may_answer_offer(by=by, offer=offer)
    vacancy, mine = _locked(offer)
    if mine.status != OfferStatus.OFFERED:
        return
    _answer(mine, OfferStatus.DECLINED)
    _record(vacancy, "offer.declined", by=by, entry=mine.entry)
    _go_on(vacancy, by=by)


@transaction.atomic
def end_vacancy(*, vacancy: Vacancy, by: User) -> None:
    """Offer it no longer; those who were asked are told, and the time is free. Twice is once."""
    may_hold(by=by, location=vacancy.location)
    locked = _lock(vacancy.pk)
    if locked.status == VacancyStatus.OPEN:
        _close(locked, VacancyStatus.ENDED, by=by)


@transaction.atomic
def give_up_offers(*, entry: WaitListEntry, status: OfferStatus, by: Actor) -> None:
    """Whoever leaves the list has answered what was offered to them; the next in line are asked."""
    for vacancy in _lock_all_of(entry.pk):
        mine = vacancy.offers.select_related("entry__patient").get(entry=entry)
        was_out = mine.status == OfferStatus.OFFERED
        if was_out or mine.status == OfferStatus.NEXT:
            _answer(mine, status)
            if was_out:
                notices.withdraw_offer(offer=mine, by=by)
            _go_on(vacancy, by=by)


@transaction.atomic
def pass_on_offers(*, vacancy_key: int) -> None:
    """End the offers of a vacancy whose time is over and ask whose turn it is. Safe to run twice."""
    vacancy = _lock(vacancy_key)
    if vacancy.status == VacancyStatus.OPEN:
        _go_on(vacancy, by=SYSTEM)


def _go_on(vacancy: Vacancy, *, by: Actor) -> None:
    """End the offers whose time is over; ask whose turn it is; without anybody left the time is free again."""
    over = vacancy.offers.unanswered().filter(expires_at__lte=Now())
    over.update(status=OfferStatus.EXPIRED, updated_at=Now())
    if vacancy.offers.unanswered().exists():
        return
    turn = _turn(vacancy)
    until = min(timezone.now() + timedelta(minutes=vacancy.answer_minutes), vacancy.starts_at)
    if not turn or not _keep(vacancy, until):
        _close(vacancy, VacancyStatus.ENDED, by=by)
        return
    for offer in turn:
        offer.status, offer.expires_at = OfferStatus.OFFERED, until
        offer.save(update_fields=["status", "expires_at", "updated_at"])
        notices.tell_offered(offer=offer, vacancy=vacancy, until=until, by=by)


def _turn(vacancy: Vacancy) -> list[Offer]:
    """The next in line, or all of them at once. Much may have changed since they were chosen: whom the time no longer
    suits, or screening keeps from it by now, is passed over."""
    hold = _hold_of(vacancy)
    in_line = list(vacancy.offers.filter(status=OfferStatus.NEXT).select_related("entry__patient").order_by("rank"))
    if hold is None or not in_line:
        return []
    asked = who_may_be_asked(keys=[offer.entry_id for offer in in_line], opening=Opening.of(hold))
    turn = [offer for offer in in_line if offer.entry_id in asked]
    return turn if vacancy.mode == VacancyMode.BROADCAST else turn[:1]


def _keep(vacancy: Vacancy, until: datetime) -> bool:
    """Hold the time at least until then, so that a clockwork that comes late takes no minutes from those in line.

    A hold that has lapsed stands in the constraints until somebody claims its time and removes it: while it is there,
    nobody has.
    """
    if until <= timezone.now():
        return False
    held = SlotHold.objects.filter(public_id=vacancy.hold_id, status=AppointmentStatus.HELD)
    if not held.update(held_until=Greatest("held_until", until), updated_at=Now()):
        return False
    if vacancy.ends_at < until:
        vacancy.ends_at = until
        vacancy.save(update_fields=["ends_at", "updated_at"])
    return True


def _close(vacancy: Vacancy, status: VacancyStatus, *, by: Actor) -> None:
    """Whoever still had an offer is told that it is over; those in line were never asked."""
    for offer in vacancy.offers.unanswered().select_related("entry__patient").order_by("rank"):
        _answer(offer, OfferStatus.LOST)
        notices.tell_gone(offer=offer, vacancy=vacancy, by=by)
    vacancy.offers.filter(status=OfferStatus.NEXT).update(status=OfferStatus.LOST, updated_at=Now())
    vacancy.status = status
    vacancy.save(update_fields=["status", "updated_at"])
    if status == VacancyStatus.ENDED:
        hold = _hold_of(vacancy)
        if hold is not None:
            release_hold(hold=hold, by=SYSTEM)
        _record(vacancy, "vacancy.ended", by=by)


def _book(vacancy: Vacancy, entry: WaitListEntry, *, by: Actor) -> Appointment:
    """The visit, from the hold; what the patient gives up for it is off first, because it may lie at the same time."""
    if entry.instead_of_id is not None:
        _give_up(entry.instead_of_id)
    try:
        return book_appointment(
            patient=entry.patient,
            therapist=vacancy.therapist,
            service=entry.service,
            location=vacancy.location,
            starts_at=vacancy.starts_at,
            minutes=entry.minutes,
            hold=_hold_of(vacancy),
            by=by,
        )
    except Clash:
        # The hold was let go of elsewhere, and somebody has booked the time.
        raise OfferOver() from None


def _give_up(key: int) -> None:
    """Call off the visit the patient has, if it still lies ahead. The clinic offered the exchange: it is never late."""
    rows = Appointment.objects.with_all_it_names().select_for_update(no_key=True, of=("self",))
    theirs = rows.get(pk=key)
    if theirs.status in MOVABLE and theirs.starts_at > timezone.now():
        cancel_appointment(appointment=theirs, reason=CancelReason.OTHER, notify=False, by=SYSTEM)


def _hold_of(vacancy: Vacancy) -> SlotHold | None:
    rows = SlotHold.objects.filter(public_id=vacancy.hold_id, status=AppointmentStatus.HELD)
    held: SlotHold | None = rows.with_all_it_names().first()
    return held


def _locked(offer: Offer) -> tuple[Vacancy, Offer]:
    """The vacancy under its lock, and the offer as it is then."""
    vacancy = _lock(offer.vacancy_id)
    names = ("entry__patient", "entry__service", "entry__instead_of", "entry__booked", "entry__location")
    return vacancy, Offer.objects.select_related(*names).get(pk=offer.pk)


def _lock_all_of(entry_key: int, *, and_vacancy: int | None = None) -> list[Vacancy]:
    """Every vacancy that is being offered to an entry, locked by key: of two acts on one entry the second waits, and
    they never meet crosswise."""
    out = Offer.objects.filter(entry=entry_key, status__in=[OfferStatus.NEXT, OfferStatus.OFFERED])
    wanted = Q(pk__in=out.values("vacancy"), status=VacancyStatus.OPEN) | Q(pk=and_vacancy)
    rows = Vacancy.objects.filter(wanted).select_related("location", "therapist").order_by("pk")
    return list(rows.select_for_update(no_key=True, of=("self",)))


def _lock(key: int) -> Vacancy:
    rows = Vacancy.objects.select_related("location", "therapist")
    locked: Vacancy = rows.select_for_update(no_key=True, of=("self",)).get(pk=key)
    return locked


def _answer(offer: Offer, status: OfferStatus) -> None:
    offer.status, offer.answered_at = status, timezone.now()
    offer.save(update_fields=["status", "answered_at", "updated_at"])


def _check(entries: Sequence[WaitListEntry], mode: str, answer_minutes: int) -> None:
    wrong: dict[str, str] = {}
    if not 1 <= len(entries) <= MOST_OFFERED:
        wrong["entry_ids"] = f"Choose one to {MOST_OFFERED} of those who wait."
    if mode not in VacancyMode.values:
        wrong["mode"] = "Offer it to one after the other, or to all at once."
    if not SHORTEST_ANSWER <= answer_minutes <= LONGEST_ANSWER:
        wrong["answer_minutes"] = "From five minutes to two days."
    if wrong:
        raise Invalid(fields=wrong)


def _record(vacancy: Vacancy, action: str, *, by: Actor, entry: WaitListEntry | None = None, **facts: Any) -> None:
    facts = {"starts_at": vacancy.starts_at.isoformat(), "therapist_id": str(vacancy.therapist.public_id), **facts}
    patient = entry.patient if entry else None
    record(actor=by, action=action, subject=vacancy, patient=patient, locations=[vacancy.location], facts=facts)
