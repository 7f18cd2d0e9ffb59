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
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from audit.actors import SYSTEM, Actor
from audit.services import record
from clinic.core.errors import Invalid
from scheduling import notices
from scheduling.candidates import Opening, candidates
from scheduling.errors import Clash, NobodySuits, OfferOver
from scheduling.models import (
    Appointment,
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
from scheduling.services.booking import book_appointment
from scheduling.services.holds import hold_slot, release_hold
from scheduling.services.status import cancel_appointment
from screening.services import gate
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
    asked = [one.entry for one in suited if not _is_kept_away(one.entry, visit.starts_at)]
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
def accept_offer(*, offer: Offer, by: Actor) -> Appointment:
    """The time is the patient's: it is booked, what they give up for it is cancelled, the others are told.

    Twice is one booking. Raises OfferOver when its time is over or somebody was faster.
    """
    may_answer_offer(by=by, offer=offer)
    vacancy, mine = _locked(offer)
    if mine.status == OfferStatus.ACCEPTED and mine.entry.booked is not None:
        return mine.entry.booked
    if not Offer.objects.answerable().filter(pk=mine.pk).exists():
        raise OfferOver()
    _answer(mine, OfferStatus.ACCEPTED)
    visit = _book(vacancy, mine.entry, by=by)
    entry = WaitListEntry.objects.filter(pk=mine.entry_id)
    entry.update(status=WaitStatus.BOOKED, booked=visit, version=F("version") + 1, updated_at=Now())
    _close(vacancy, VacancyStatus.TAKEN, by=by)
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
    for key in entry.offers.filter(status__in=[OfferStatus.NEXT, OfferStatus.OFFERED]).values_list("pk", flat=True):
        vacancy, mine = _locked(Offer.objects.get(pk=key))
        if mine.status in (OfferStatus.NEXT, OfferStatus.OFFERED):
            was_out = mine.status == OfferStatus.OFFERED
            _answer(mine, status)
            if was_out:
                notices.withdraw_offer(offer=mine)
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
    in_line = vacancy.offers.filter(status=OfferStatus.NEXT).select_related("entry__patient").order_by("rank")
    turn = list(in_line if vacancy.mode == VacancyMode.BROADCAST else in_line[:1])
    until = min(timezone.now() + timedelta(minutes=vacancy.answer_minutes), vacancy.ends_at)
    if not turn or until <= timezone.now():
        _close(vacancy, VacancyStatus.ENDED, by=by)
        return
    for offer in turn:
        offer.status, offer.expires_at = OfferStatus.OFFERED, until
        offer.save(update_fields=["status", "expires_at", "updated_at"])
        notices.tell_offered(offer=offer, vacancy=vacancy, until=until, by=by)


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
    if entry.instead_of is not None and entry.instead_of.status != "cancelled":
        reason = CancelReason.PATIENT_ASKED
        cancel_appointment(appointment=entry.instead_of, reason=reason, notify=False, by=SYSTEM)
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


def _hold_of(vacancy: Vacancy) -> SlotHold | None:
    held: SlotHold | None = SlotHold.objects.standing().with_all_it_names().filter(public_id=vacancy.hold_id).first()
    return held


def _is_kept_away(entry: WaitListEntry, starts_at: datetime) -> bool:
    return gate(patient=entry.patient, service=entry.service, at=starts_at).is_blocked


def _locked(offer: Offer) -> tuple[Vacancy, Offer]:
    """The vacancy under its lock, and the offer as it is then."""
    vacancy = _lock(offer.vacancy_id)
    names = ("entry__patient", "entry__service", "entry__instead_of", "entry__booked", "entry__location")
    return vacancy, Offer.objects.select_related(*names).get(pk=offer.pk)


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
