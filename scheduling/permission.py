"""Who may do what to the diary. Asked first by every act."""

from __future__ import annotations

from django.db.models import Exists

from audit.actors import SYSTEM, Actor
from clinic.core.errors import NotAllowed, NotFound
from clinic.models import Location
from messaging.models import LinkPurpose, SignedLink
from patients.models import Patient
from scheduling.errors import NotYourLocation
from scheduling.models import Appointment, Offer
from staff.models import User


def may_book(*, by: Actor, patient: Patient, location: Location, is_history: bool = False) -> None:
    """Staff who book, for a patient and at a location they see; a patient who accepts an offered time by its link.
    History is entered by admins and the clockwork."""
    if by.actor_kind == SYSTEM.actor_kind:
        return
    if isinstance(by, SignedLink) and by.purpose == LinkPurpose.OFFER and by.patient_id == patient.pk:
        return
    member = _booker(by)
    if is_history and not member.is_administrator:
        raise NotAllowed()
    here = Exists(Location.objects.visible_to(member).filter(pk=location.pk))
    if not Patient.objects.visible_to(member).filter(here, pk=patient.pk).exists():
        raise NotFound()


def may_handle(*, by: Actor, appointment: Appointment) -> None:
    """Staff who book, for a patient they see, at a location they work at."""
    if by.actor_kind == SYSTEM.actor_kind:
        return
    member = _booker(by)
    _sees(member, appointment.patient)
    if not Location.objects.visible_to(member).filter(pk=appointment.location_id).exists():
        raise NotYourLocation()


def may_hold(*, by: Actor, location: Location) -> None:
    """Staff who book, at a location they see."""
    if by.actor_kind == SYSTEM.actor_kind:
        return
    if not Location.objects.visible_to(_booker(by)).filter(pk=location.pk).exists():
        raise NotFound()


def may_overlap(*, by: Actor, therapist: User) -> None:
    """Admins, and the therapist whose time it is: nobody else books two patients into it."""
    if not isinstance(by, User) or not (by.is_administrator or by.pk == therapist.pk):
        raise NotAllowed()


def may_answer(*, by: Actor, appointment: Appointment) -> None:
    """The patient by the link of this very visit, or staff who may handle it."""
    if isinstance(by, SignedLink):
        if by.purpose != LinkPurpose.VISIT or by.target_id != appointment.public_id:
            raise NotFound()
        return
    may_handle(by=by, appointment=appointment)


def may_answer_offer(*, by: Actor, offer: Offer) -> None:
    """The patient by the link of this very offer, or staff who book for them."""
    if isinstance(by, SignedLink):
        if by.purpose != LinkPurpose.OFFER or by.target_id != offer.public_id:
            raise NotFound()
        return
    may_book(by=by, patient=offer.entry.patient, location=offer.entry.location)


def may_treat(*, by: Actor, appointment: Appointment) -> None:
    """Therapists who care for the patient."""
    if by.actor_kind == SYSTEM.actor_kind:
        return
    if not isinstance(by, User) or not by.writes_clinical:
        raise NotAllowed()
    _sees(by, appointment.patient)


def may_set_hours(*, by: Actor, location: Location) -> None:
    """Admins of the location."""
    if by.actor_kind == SYSTEM.actor_kind:
        return
    if not isinstance(by, User) or not by.is_administrator:
        raise NotAllowed()
    if not Location.objects.visible_to(by).filter(pk=location.pk).exists():
        raise NotFound()


def may_limit(*, by: Actor, therapist: User) -> None:
    """Admins who work at one of the therapist's locations."""
    if by.actor_kind == SYSTEM.actor_kind:
        return
    if not isinstance(by, User) or not by.is_administrator:
        raise NotAllowed()
    if not User.objects.visible_to(by).therapists().filter(pk=therapist.pk).exists():
        raise NotFound()


def _booker(by: Actor) -> User:
    if not isinstance(by, User) or not by.books_appointments:
        raise NotAllowed()
    return by


def _sees(member: User, patient: Patient) -> None:
    if not Patient.objects.visible_to(member).filter(pk=patient.pk).exists():
        raise NotFound()
