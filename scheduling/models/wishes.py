"""What patients wish for and cannot have yet: a place on the wait-list, an offer, another time."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clinic.core.records import EditableRecord, Record
from clinic.models import Location, Room, Service
from patients.models import OfPatientQuerySet, Patient
from scheduling.models.appointment import Appointment
from scheduling.models.hours import OfLocationQuerySet


class WaitStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    BOOKED = "booked", "Booked"
    WITHDRAWN = "withdrawn", "Withdrawn"


class WaitListEntry(EditableRecord):
    """A patient who wants a visit of a service, and when it would suit. Without therapists anyone will do."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="wait_list_entries")
    location = models.ForeignKey(Location, models.PROTECT, related_name="wait_list_entries")
    service = models.ForeignKey(Service, models.PROTECT, related_name="+")
    therapists = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", blank=True)
    # 0 is Monday; empty means any day.
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    earliest_local = models.TimeField(null=True, blank=True)
    latest_local = models.TimeField(null=True, blank=True)
    from_on = models.DateField()
    until_on = models.DateField()
    # How long before a visit the patient has to know.
    notice_minutes = models.PositiveIntegerField(default=120)
    # The visit the patient has already and would give up for an earlier one.
    instead_of = models.ForeignKey(Appointment, models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=WaitStatus, default=WaitStatus.WAITING)
    booked = models.ForeignKey(Appointment, models.PROTECT, null=True, related_name="+")

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="wait_list_entry_status_known", condition=Q(status__in=WaitStatus.values)),
            models.CheckConstraint(name="wait_list_entry_until_after_from", condition=Q(until_on__gte=F("from_on"))),
            models.CheckConstraint(
                name="wait_list_entry_times_forwards",
                condition=Q(earliest_local=None) | Q(latest_local=None) | Q(latest_local__gt=F("earliest_local")),
            ),
            models.CheckConstraint(
                name="wait_list_entry_booked_names_the_visit",
                condition=(Q(status="booked") & Q(booked__isnull=False)) | (~Q(status="booked") & Q(booked=None)),
            ),
            models.UniqueConstraint(
                name="wait_list_entry_once_per_wish",
                fields=["patient", "location", "service"],
                condition=Q(status="waiting"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["location", "service", "created_at"],
                condition=Q(status="waiting"),
                name="wait_list_waiting",
            ),
            models.Index(fields=["-updated_at", "-id"], name="wait_list_by_change"),
        ]

    def __str__(self) -> str:
        return f"wait-list entry {self.pk}"


class VacancyMode(models.TextChoices):
    ONE_BY_ONE = "one_by_one", "One after the other"
    BROADCAST = "broadcast", "To all at once"


class VacancyStatus(models.TextChoices):
    OPEN = "open", "Open"
    TAKEN = "taken", "Taken"
    ENDED = "ended", "Ended without a taker"


class Vacancy(Record):
    """A free slot that is being offered to the wait-list. While it is open its `hold` keeps the slot."""

    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, models.PROTECT, related_name="+")
    therapist = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    hold = models.OneToOneField(Appointment, models.PROTECT, null=True, related_name="vacancy")
    mode = models.CharField(max_length=10, choices=VacancyMode, default=VacancyMode.ONE_BY_ONE)
    # How long each patient has to answer.
    answer_minutes = models.PositiveSmallIntegerField(default=60)
    status = models.CharField(max_length=5, choices=VacancyStatus, default=VacancyStatus.OPEN)

    objects = OfLocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="vacancy_mode_known", condition=Q(mode__in=VacancyMode.values)),
            models.CheckConstraint(name="vacancy_status_known", condition=Q(status__in=VacancyStatus.values)),
            models.CheckConstraint(name="vacancy_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
        ]
        indexes = [models.Index(fields=["location", "starts_at"], condition=Q(status="open"), name="vacancy_open")]

    def __str__(self) -> str:
        return f"vacancy {self.pk}"


class OfferStatus(models.TextChoices):
    NEXT = "next", "In line"
    OFFERED = "offered", "Offered"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Not answered in time"
    LOST = "lost", "Somebody else was first"


class OfferQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> OfferQuerySet:
        return self.filter(entry__in=WaitListEntry.objects.visible_to(user))


class Offer(Record):
    """A vacancy offered to one entry of the wait-list, in its turn."""

    vacancy = models.ForeignKey(Vacancy, models.PROTECT, related_name="offers")
    entry = models.ForeignKey(WaitListEntry, models.PROTECT, related_name="offers")
    rank = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=8, choices=OfferStatus, default=OfferStatus.NEXT)
    expires_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="offer_status_known", condition=Q(status__in=OfferStatus.values)),
            models.UniqueConstraint(name="offer_once_per_entry", fields=["vacancy", "entry"]),
            # First acceptance wins; the database says so too.
            models.UniqueConstraint(
                name="offer_accepted_once_per_vacancy", fields=["vacancy"], condition=Q(status="accepted")
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="offered"), name="offer_running_out"),
        ]

    def __str__(self) -> str:
        return f"offer {self.pk}"


class MoveRequestStatus(models.TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    # The visit changed or ended before anybody answered.
    OVERTAKEN = "overtaken", "No longer needed"


class MoveRequest(Record):
    """A patient's wish, sent by link, to come at another time. `wishes` are up to three instants that were free."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="move_requests")
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="move_requests")
    wishes = ArrayField(models.DateTimeField(), size=3)
    status = models.CharField(max_length=9, choices=MoveRequestStatus, default=MoveRequestStatus.OPEN)
    answered_at = models.DateTimeField(null=True)

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="move_request_status_known", condition=Q(status__in=MoveRequestStatus.values)),
            models.CheckConstraint(name="move_request_wishes_one_to_three", condition=Q(wishes__len__range=(1, 3))),
            models.UniqueConstraint(
                name="move_request_once_per_visit", fields=["appointment"], condition=Q(status="open")
            ),
        ]

    def __str__(self) -> str:
        return f"move request {self.pk}"
