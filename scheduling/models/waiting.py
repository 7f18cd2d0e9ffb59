"""Who waits for a visit, and free times that are being offered to them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from clinic.core.records import EditableRecord, Record
from clinic.models import Location, Service
from patients.models import OfPatientQuerySet, Patient
from scheduling.models.appointment import Appointment


class WaitStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    BOOKED = "booked", "Booked"
    WITHDRAWN = "withdrawn", "Taken off"


class WaitListEntryQuerySet(OfPatientQuerySet):
    def visible_to(self, user: Any) -> WaitListEntryQuerySet:
        """Those of patients the member sees, at the member's locations."""
        return super().visible_to(user).filter(location__in=Location.objects.visible_to(user))  # type: ignore[return-value]

    def waiting(self) -> WaitListEntryQuerySet:
        return self.filter(status=WaitStatus.WAITING)

    def with_all_it_names(self) -> WaitListEntryQuerySet:
        rows = self.select_related("patient", "location", "service", "instead_of", "booked")
        return rows.prefetch_related("therapists")


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
    # A length of its own; without it the service's.
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    # How long before a visit the patient has to know.
    notice_minutes = models.PositiveIntegerField(default=120)
    # The visit the patient has already and would give up for another one.
    instead_of = models.ForeignKey(Appointment, models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=WaitStatus, default=WaitStatus.WAITING)
    booked = models.ForeignKey(Appointment, models.PROTECT, null=True, related_name="+")

    objects = WaitListEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="wait_list_entry_status_known", condition=Q(status__in=WaitStatus.values)),
            models.CheckConstraint(name="wait_list_entry_until_after_from", condition=Q(until_on__gte=F("from_on"))),
            models.CheckConstraint(
                name="wait_list_entry_times_forwards",
                condition=Q(earliest_local=None) | Q(latest_local=None) | Q(latest_local__gt=F("earliest_local")),
            ),
            models.CheckConstraint(
                name="wait_list_entry_length_5_minutes_to_8_hours",
                condition=Q(minutes=None) | Q(minutes__gte=5, minutes__lte=480),
            ),
            models.CheckConstraint(
                name="wait_list_entry_booked_names_the_visit",
                condition=Q(status="booked", booked__isnull=False) | (~Q(status="booked") & Q(booked=None)),
            ),
            models.UniqueConstraint(
                name="wait_list_entry_once_per_wish",
                fields=["patient", "location", "service"],
                condition=Q(status="waiting"),
            ),
        ]
        indexes = [
            models.Index(fields=["location", "id"], condition=Q(status="waiting"), name="wait_list_waiting"),
            models.Index(fields=["-updated_at", "-id"], name="wait_list_by_change"),
        ]

    def __str__(self) -> str:
        return f"wait-list entry {self.pk}"

    @property
    def length_minutes(self) -> int:
        return self.service.duration_minutes if self.minutes is None else self.minutes


class VacancyMode(models.TextChoices):
    ONE_BY_ONE = "one_by_one", "One after the other"
    BROADCAST = "broadcast", "To all at once"


class VacancyStatus(models.TextChoices):
    OPEN = "open", "Offered"
    TAKEN = "taken", "Taken"
    ENDED = "ended", "Ended without a taker"


class VacancyQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> VacancyQuerySet:
        return self.filter(location__in=Location.objects.visible_to(user))

    def with_offers_visible_to(self, user: Any) -> VacancyQuerySet:
        """With their offers as `offers_shown`; without those to patients the member may not see."""
        shown = Offer.objects.visible_to(user).select_related("entry__patient").order_by("rank")
        rows = self.select_related("location", "therapist")
        return rows.prefetch_related(models.Prefetch("offers", shown, to_attr="offers_shown"))


class Vacancy(Record):
    """A free time that is being offered to the wait-list. While it is open the hold keeps it from everybody else."""

    location = models.ForeignKey(Location, models.PROTECT, related_name="+")
    therapist = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    # A hold that has lapsed is deleted by whoever claims its time, so it is named and not pointed to.
    hold_id = models.UUIDField()
    mode = models.CharField(max_length=10, choices=VacancyMode)
    answer_minutes = models.PositiveSmallIntegerField()
    # When the hold ends, and the last offer with it.
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=5, choices=VacancyStatus, default=VacancyStatus.OPEN)

    objects = VacancyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="vacancy_mode_known", condition=Q(mode__in=VacancyMode.values)),
            models.CheckConstraint(name="vacancy_status_known", condition=Q(status__in=VacancyStatus.values)),
            models.CheckConstraint(
                name="vacancy_answered_within_5_minutes_to_2_days",
                condition=Q(answer_minutes__gte=5, answer_minutes__lte=2880),
            ),
        ]
        indexes = [
            models.Index(fields=["location", "starts_at"], condition=Q(status="open"), name="vacancy_open"),
            models.Index(fields=["-updated_at", "-id"], name="vacancy_by_change"),
        ]

    def __str__(self) -> str:
        return f"vacancy {self.pk}"


class OfferStatus(models.TextChoices):
    NEXT = "next", "In line"
    OFFERED = "offered", "Offered"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Not answered in time"
    LOST = "lost", "Given to somebody else"


class OfferQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> OfferQuerySet:
        return self.filter(entry__in=WaitListEntry.objects.visible_to(user))

    def unanswered(self) -> OfferQuerySet:
        return self.filter(status=OfferStatus.OFFERED)

    def answerable(self) -> OfferQuerySet:
        """Out, and in time by the database's clock: whether a clockwork has come by or not."""
        return self.unanswered().filter(expires_at__gt=Now())


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
            models.CheckConstraint(
                name="offer_out_says_until_when", condition=~Q(status="offered") | Q(expires_at__isnull=False)
            ),
            models.UniqueConstraint(name="offer_once_per_entry", fields=["vacancy", "entry"]),
            # First acceptance wins; the database says so too.
            models.UniqueConstraint(
                name="offer_accepted_once_per_vacancy", fields=["vacancy"], condition=Q(status="accepted")
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="offered"), name="offer_out"),
            models.Index(fields=["entry", "-id"], name="offer_by_entry"),
        ]

    def __str__(self) -> str:
        return f"offer {self.pk}"
