"""Who has claimed which time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.utils import timezone

from clinic.core.records import EditableRecord
from clinic.models import Location, Room, Service
from patients.models import OfPatientQuerySet, Patient
from scheduling.models.series import AppointmentSeries


class TsTzRange(Func):
    """`[from, to)`: neighbouring visits touch and do not clash. Imported by migrations: never move it."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class AppointmentStatus(models.TextChoices):
    HELD = "held", "Held"
    BOOKED = "booked", "Booked"
    CONFIRMED = "confirmed", "Confirmed"
    ARRIVED = "arrived", "Arrived"
    IN_SESSION = "in_session", "In session"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "No-show"


class CancelReason(models.TextChoices):
    PATIENT_ASKED = "patient_asked", "Patient asked"
    PATIENT_BY_LINK = "patient_by_link", "Patient cancelled by link"
    CLINIC = "clinic", "Clinic"
    SCREENING = "screening", "Screening result"
    OTHER = "other", "Other"


# The longest service with its longest buffers. It bounds how far around a window clashes must be looked for.
LONGEST_BUSY = timedelta(hours=12)


# A hold whose time is over: it stands in the constraints until the next claimant removes it.
LAPSED = Q(status=AppointmentStatus.HELD, held_until__lte=Now())


class AppointmentQuerySet(OfPatientQuerySet):
    def visible_to(self, user: Any) -> AppointmentQuerySet:
        """The visits of the patients a member sees, wherever they are. A held slot is no visit yet."""
        return self.filter(patient__in=Patient.objects.visible_to(user)).exclude(status=AppointmentStatus.HELD)

    def holding_a_slot(self) -> AppointmentQuerySet:
        """What occupies its time now. A hold frees itself when it lapses: nobody has to come and do it."""
        given_up = Q(status__in=[AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW])
        return self.exclude(given_up | LAPSED)

    def out_of_the_ordinary(self) -> AppointmentQuerySet:
        """Holds, and visits that overlap on purpose: the few the constraints alone do not settle. An index of its own
        finds them."""
        few = self.filter(Q(status=AppointmentStatus.HELD) | Q(overlaps_on_purpose=True))
        return few.exclude(status__in=[AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW])

    def near(self, from_: datetime, until: datetime) -> AppointmentQuerySet:
        """Those whose busy time overlaps a window; the bounds on starts_at let an index find them."""
        near = self.filter(starts_at__gt=from_ - LONGEST_BUSY, starts_at__lt=until + LONGEST_BUSY)
        return near.filter(busy_from__lt=until, busy_until__gt=from_)

    def busy_between(self, from_: datetime, until: datetime) -> AppointmentQuerySet:
        """Those holding a slot whose busy time overlaps a window."""
        return self.holding_a_slot().near(from_, until)

    def exclude_one(self, appointment: Appointment | None) -> AppointmentQuerySet:
        """All but one, if there is one to leave out."""
        return self.exclude(pk=appointment.pk) if appointment else self

    def with_all_it_names(self) -> AppointmentQuerySet:
        """The rows a visit points to, in the same query."""
        return self.select_related("patient", "therapist", "room", "service", "location")

    def for_diary(self) -> AppointmentQuerySet:
        """Everything a diary row prints, in one query and in order."""
        return self.with_all_it_names().order_by("starts_at", "id")

    def matching(self, **asked: Any) -> AppointmentQuerySet:
        """Narrowed by what was asked: location, therapist, patient, statuses, and a window of their start."""
        names = {"from": "starts_at__gte", "to": "starts_at__lt", "status": "status__in"}
        return self.filter(**{names.get(name, name): value for name, value in asked.items() if value})


# Only a check below lets it be empty, and only in a held slot. Said to the type checker in this way it is never empty,
# which is true of every visit that is in anybody's hands.
EMPTY_WHILE_HELD: dict[str, Any] = {"null": True}
# What occupies a therapist and a room. A deliberate overlap stands outside, and booking looks for it under its locks.
OCCUPIES = ~Q(status__in=["cancelled", "no_show"]) & Q(overlaps_on_purpose=False)


class Appointment(EditableRecord):
    """A patient's claim on a therapist and a room. The busy range includes the service's buffers.

    A held one keeps a slot for some minutes while a form is filled or an offer is out. Only it may lack a patient, and
    `visible_to` never shows it: whoever has an appointment in hand has a patient too.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="appointments", **EMPTY_WHILE_HELD)
    therapist = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="appointments")
    room = models.ForeignKey(Room, models.PROTECT, related_name="appointments")
    service = models.ForeignKey(Service, models.PROTECT, related_name="appointments")
    location = models.ForeignKey(Location, models.PROTECT, related_name="appointments")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    busy_from = models.DateTimeField()
    busy_until = models.DateTimeField()
    status = models.CharField(max_length=10, choices=AppointmentStatus, default=AppointmentStatus.BOOKED)
    # When the present time was agreed: at booking, and again with each move. Reminders look at it.
    agreed_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=15, choices=CancelReason, default="", blank=True)
    # Called off by the patient within the location's `late_cancel_hours`, counted in real hours.
    is_late_cancellation = models.BooleanField(default=False, db_default=False)
    held_until = models.DateTimeField(null=True)
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    overlaps_on_purpose = models.BooleanField(default=False, db_default=False)
    overlap_reason = models.CharField(max_length=200, default="", db_default="", blank=True)
    series = models.ForeignKey(AppointmentSeries, models.PROTECT, null=True, related_name="appointments")
    series_number = models.PositiveSmallIntegerField(null=True)
    # The time the series gave it. One that begins at another time was moved by itself.
    series_at = models.DateTimeField(null=True)

    objects = AppointmentQuerySet.as_manager()

    # Set by booking and moving when screening let it pass with a warning: reason codes, nothing clinical.
    screening_reasons: tuple[str, ...] = ()
    # What the gate said at check-in.
    is_screening_blocked: bool = False

    class Meta:
        constraints = [
            models.CheckConstraint(name="appointment_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="appointment_busy_time_covers_it",
                condition=Q(busy_from__lte=F("starts_at"), busy_until__gte=F("ends_at")),
            ),
            models.CheckConstraint(
                name="appointment_busy_time_up_to_12_hours", condition=Q(busy_until__lte=F("busy_from") + LONGEST_BUSY)
            ),
            models.CheckConstraint(name="appointment_status_known", condition=Q(status__in=AppointmentStatus.values)),
            models.CheckConstraint(
                name="appointment_cancelled_says_why_and_when",
                condition=~Q(status="cancelled") | (Q(cancelled_at__isnull=False) & ~Q(cancel_reason="")),
            ),
            models.CheckConstraint(
                name="appointment_late_only_when_cancelled",
                condition=Q(is_late_cancellation=False) | Q(status="cancelled"),
            ),
            models.CheckConstraint(
                name="appointment_held_until_a_time",
                condition=Q(status="held", held_until__isnull=False)
                | (~Q(status="held") & Q(held_until=None, held_by=None)),
            ),
            models.CheckConstraint(
                name="appointment_without_patient_only_while_held",
                condition=Q(status="held") | Q(patient__isnull=False),
            ),
            models.CheckConstraint(
                name="appointment_overlap_says_why", condition=Q(overlaps_on_purpose=False) | ~Q(overlap_reason="")
            ),
            models.CheckConstraint(
                name="appointment_hold_never_overlaps", condition=~Q(status="held") | Q(overlaps_on_purpose=False)
            ),
            models.CheckConstraint(
                name="appointment_numbered_within_its_series",
                condition=Q(series=None, series_number=None) | Q(series__isnull=False, series_number__isnull=False),
            ),
            models.UniqueConstraint(name="appointment_once_per_series_number", fields=["series", "series_number"]),
            ExclusionConstraint(
                name="appointment_therapist_never_double_booked",
                expressions=[
                    (F("therapist"), RangeOperators.EQUAL),
                    (TsTzRange("busy_from", "busy_until", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=OCCUPIES,
            ),
            ExclusionConstraint(
                name="appointment_room_never_double_booked",
                expressions=[
                    (F("room"), RangeOperators.EQUAL),
                    (TsTzRange("busy_from", "busy_until", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=OCCUPIES,
            ),
            ExclusionConstraint(
                name="appointment_patient_never_double_booked",
                expressions=[
                    (F("patient"), RangeOperators.EQUAL),
                    (TsTzRange("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=~Q(status__in=["cancelled", "no_show"]),
            ),
        ]
        indexes = [
            models.Index(fields=["location", "starts_at"], name="appointment_by_location_day"),
            models.Index(fields=["therapist", "starts_at"], name="appointment_by_therapist_day"),
            models.Index(fields=["patient", "-starts_at"], name="appointment_by_patient"),
            models.Index(
                fields=["starts_at"], condition=Q(status__in=["booked", "confirmed"]), name="appointment_upcoming"
            ),
            models.Index(fields=["-updated_at", "-id"], name="appointment_by_change"),
            models.Index(
                fields=["starts_at"],
                condition=Q(status="held") | Q(overlaps_on_purpose=True),
                name="appointment_unordinary",
            ),
        ]

    def __str__(self) -> str:
        return f"appointment {self.pk}"

    @property
    def minutes(self) -> int:
        """How long it is, which need not be as long as its service."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


class SlotHoldQuerySet(AppointmentQuerySet):
    def visible_to(self, user: Any) -> SlotHoldQuerySet:
        """The slots held at a member's locations whose time is not over."""
        return self.standing().filter(location__in=Location.objects.visible_to(user))

    def standing(self) -> SlotHoldQuerySet:
        return self.filter(status=AppointmentStatus.HELD, held_until__gt=Now())


class SlotHold(Appointment):
    """A slot kept for some minutes, perhaps for a patient. Booking it or letting it go deletes it."""

    objects: ClassVar[Any] = SlotHoldQuerySet.as_manager()

    class Meta:
        proxy = True

    def __str__(self) -> str:
        return f"hold {self.pk}"
