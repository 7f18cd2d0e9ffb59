"""What a patient is told about a visit: one subject per visit, whose version rises whenever the promise changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from audit.actors import Actor
from messaging import services as messaging
from messaging.models import LinkPurpose, Subject
from scheduling.models import Appointment, Offer, Vacancy

BOOKED = "appointment_booked"
MOVED = "appointment_moved"
CANCELLED = "appointment_cancelled"
REMINDER = "appointment_reminder"
OFFERED = "slot_offered"
GONE = "slot_gone"

SUBJECT_PREFIX = "appointment:"


def subject_key(appointment: Appointment) -> str:
    """The key under which messaging knows this visit."""
    return f"{SUBJECT_PREFIX}{appointment.public_id}"


def subject_of(appointment: Appointment) -> Subject:
    """The visit as messaging knows it now: what hangs on it dies when the visit moves or is off."""
    return messaging.subject(key=subject_key(appointment))


def context_of(appointment: Appointment) -> dict[str, Any]:
    """What a message about the visit may say: when and where, never why."""
    return _place(appointment)


def tell_booked(*, appointment: Appointment, notify: bool, by: Actor) -> None:
    """Promise a confirmation. A visit in the past, entered afterwards, is not announced."""
    if notify and appointment.starts_at > timezone.now():
        _promise(appointment, messaging.subject(key=subject_key(appointment)), BOOKED, by=by)


def tell_moved(*, appointment: Appointment, notify: bool, by: Actor) -> None:
    """Withdraw what was not sent and kill the old links; promise the new time."""
    subject = messaging.supersede(key=subject_key(appointment))
    if notify and appointment.starts_at > timezone.now():
        _promise(appointment, subject, MOVED, by=by)


def tell_cancelled(*, appointment: Appointment, notify: bool, by: Actor) -> None:
    """Withdraw what was not sent and kill the links; say that the visit is off."""
    subject = messaging.supersede(key=subject_key(appointment), is_live=False)
    if notify and appointment.starts_at > timezone.now():
        messaging.queue_message(
            patient=appointment.patient,
            subject=subject,
            template=CANCELLED,
            context=_visit(appointment),
            expires_at=appointment.starts_at,
            location=appointment.location,
            by=by,
        )


def tell_restored(*, appointment: Appointment, notify: bool, by: Actor) -> None:
    """Withdraw the news that it is off, if it was not sent; make the visit live again and promise it anew."""
    subject = messaging.supersede(key=subject_key(appointment))
    if notify and appointment.starts_at > timezone.now():
        _promise(appointment, subject, BOOKED, by=by)


def withdraw(*, appointment: Appointment) -> None:
    """The visit will not take place as promised and nobody needs telling: a no-show."""
    messaging.supersede(key=subject_key(appointment), is_live=False)


def promise_reminder(*, appointment: Appointment, minutes: int, by: Actor) -> bool:
    """Promise one reminder for this version of the visit, some minutes ahead. False: it was promised before."""
    subject = messaging.subject(key=subject_key(appointment))
    offset = f"{minutes}m"
    if messaging.is_promised(subject=subject, template=REMINDER, offset=offset):
        return False
    due_at = appointment.starts_at - timedelta(minutes=minutes)
    _promise(appointment, subject, REMINDER, by=by, not_before=due_at, offset=offset)
    return True


def tell_offered(*, offer: Offer, vacancy: Vacancy, until: datetime, by: Actor) -> None:
    """Ask the patient whether they want the time. Once the offer is over its link tells so, until the time itself has
    come; therefore it is not the subject's."""
    subject = messaging.subject(key=_offer_key(offer))
    link = messaging.issue_link(
        patient=offer.entry.patient,
        purpose=LinkPurpose.OFFER,
        target_id=offer.public_id,
        expires_at=vacancy.starts_at,
        by=by,
    )
    context = {**_place(vacancy), "answer_until": until.isoformat()}
    messaging.queue_message(
        patient=offer.entry.patient,
        subject=subject,
        template=OFFERED,
        context=context,
        expires_at=until,
        link=link,
        location=vacancy.location,
        by=by,
    )


def tell_gone(*, offer: Offer, vacancy: Vacancy, by: Actor) -> None:
    """Withdraw what was not sent, and say that the time is no longer free."""
    messaging.queue_message(
        patient=offer.entry.patient,
        subject=messaging.supersede(key=_offer_key(offer), is_live=False),
        template=GONE,
        context=_place(vacancy),
        expires_at=vacancy.starts_at,
        location=vacancy.location,
        by=by,
    )


def withdraw_offer(*, offer: Offer, by: Actor) -> None:
    """The patient no longer waits, and knows it: the link dies without a word."""
    messaging.supersede(key=_offer_key(offer), is_live=False)
    messaging.revoke_links(target_id=offer.public_id, purpose=LinkPurpose.OFFER, by=by)


def _offer_key(offer: Offer) -> str:
    return f"offer:{offer.public_id}"


def _visit(appointment: Appointment) -> dict[str, Any]:
    """With its end, so that the message can bring a calendar entry."""
    return {**context_of(appointment), "ends_at": appointment.ends_at.isoformat()}


def _place(about: Appointment | Vacancy) -> dict[str, Any]:
    location = about.location
    return {
        "starts_at": about.starts_at.isoformat(),
        "zone": location.timezone,
        "location_name": location.name,
        "location_address": location.address,
        "location_phone": location.phone,
    }


def _promise(
    appointment: Appointment,
    subject: Subject,
    template: str,
    *,
    by: Actor,
    not_before: datetime | None = None,
    offset: str = "",
) -> None:
    link = messaging.issue_link(
        patient=appointment.patient,
        purpose=LinkPurpose.VISIT,
        target_id=appointment.public_id,
        expires_at=appointment.starts_at,
        subject=subject,
        by=by,
    )
    messaging.queue_message(
        patient=appointment.patient,
        subject=subject,
        template=template,
        context=_visit(appointment),
        not_before=not_before,
        expires_at=appointment.starts_at,
        offset=offset,
        link=link,
        location=appointment.location,
        by=by,
    )
