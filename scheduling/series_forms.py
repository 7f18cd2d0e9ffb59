"""What the desk fills in for a series: its dates, and a change to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from clinic.core.clock import at_local, local
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling.choices import FIRST_DAY, LAST_DAY
from scheduling.forms import FORM_FIELDS, ByIdField, ClockField, DayField, RefusableForm
from scheduling.models import Appointment, AppointmentQuerySet, AppointmentSeries, CancelReason
from scheduling.serializers.appointments import STAFF_REASONS
from scheduling.series import FEWEST, MOST, WEEKDAYS, Rule
from scheduling.series_changes import Change, Scope
from staff.models import User

EVERY = [
    ("1", "Every week"),
    ("2", "Every 2 weeks"),
    ("3", "Every 3 weeks"),
    ("4", "Every 4 weeks"),
    ("daily", "Every day"),
    ("monthly", "Every month, on the same weekday"),
]
DAY_NAMES = [
    ("MO", "Monday"), ("TU", "Tuesday"), ("WE", "Wednesday"), ("TH", "Thursday"), ("FR", "Friday"),
    ("SA", "Saturday"), ("SU", "Sunday"),
]  # fmt: skip
SHIFTS = [
    (0, "The same day"),
    *[(days, f"{days} day{'s' if days > 1 else ''} later") for days in range(1, 7)],
    *[(-days, f"{days} day{'s' if days > 1 else ''} earlier") for days in range(1, 7)],
]


class SeriesForm(RefusableForm):
    """Who, what, with whom, and how it repeats."""

    location = ByIdField(widget=forms.HiddenInput)
    patient = ByIdField(
        widget=forms.HiddenInput,
        error_messages={
            "invalid_choice": "There is no such patient.",
            "required": "Find and choose the patient, or register a new one.",
        },
    )
    service = ByIdField(empty_label=None)
    therapist = ByIdField(empty_label="Choose a therapist")
    on = DayField()
    at = ClockField(label="Time")
    every = forms.ChoiceField(label="Repeats", choices=EVERY)
    weekdays = forms.MultipleChoiceField(
        label="On",
        required=False,
        choices=DAY_NAMES,
        widget=forms.CheckboxSelectMultiple,
        help_text="Without any it is the weekday of the first day. A monthly series keeps its own.",
    )
    ends = forms.ChoiceField(
        choices=[("count", "After a number of visits"), ("until", "On a day")],
        initial="count",
        widget=forms.RadioSelect,
    )
    count = forms.IntegerField(
        label="Number of visits",
        required=False,
        initial=6,
        validators=[MinValueValidator(FEWEST), MaxValueValidator(MOST)],
        widget=forms.NumberInput(attrs={"min": FEWEST, "max": MOST, "inputmode": "numeric"}),
    )
    until = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
    )
    notify = forms.BooleanField(required=False, initial=True, label="Tell the patient, once, of all dates")

    def __init__(self, *args: Any, user: User, location: Location, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].label = "First day"
        rows = {
            "location": Location.objects.visible_to(user),
            "patient": Patient.objects.visible_to(user),
            "service": Service.objects.visible_to(user).offered(),
            "therapist": User.objects.visible_to(user).therapists().filter(locations=location),
        }
        for name, queryset in rows.items():
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        entries = super().clean() or {}
        end = entries.get("ends")
        if end in {"count", "until"} and entries.get(end) is None and end not in self.errors:
            self.add_error(end, "Say when the series ends.")
        return entries

    def form_fields(self) -> dict[str, str]:
        return {**FORM_FIELDS, "rule": self.cleaned_data.get("ends", "count"), "first_at": "on"}

    def wish(self) -> dict[str, Any]:
        """The series that is asked for, as `plan_series` and `book_series` take it."""
        entries = self.cleaned_data
        names = ("patient", "therapist", "service", "location")
        return {
            **{name: entries[name] for name in names},
            "rule": str(self._rule()),
            "first_at": at_local(entries["on"], entries["at"], entries["location"].timezone),
        }

    def _rule(self) -> Rule:
        entries = self.cleaned_data
        every = entries["every"]
        end: dict[str, Any] = {entries["ends"]: entries[entries["ends"]]}
        if every == "monthly":
            return Rule("MONTHLY", days=(_place_in_month(entries["on"]),), **end)
        days = tuple((WEEKDAYS.index(name), None) for name in entries["weekdays"])
        if every == "daily":
            return Rule("DAILY", days=days, **end)
        return Rule("WEEKLY", interval=int(every), days=days, **end)


def _place_in_month(day: date) -> tuple[int, int]:
    """The second Tuesday; a fifth one is told as the last."""
    place = (day.day - 1) // 7 + 1
    return day.weekday(), place if place < 5 else -1


class StartField(ByIdField):
    """A visit of the series, named by its number and time."""

    def label_from_instance(self, row: Appointment) -> str:
        return f"Visit {row.series_number}: {_told(row)}"


def _told(visit: Appointment) -> str:
    wall: datetime = local(visit.starts_at, visit.location.timezone)
    return f"{wall:%a} {wall.day} {wall:%b %Y, %H:%M}"


class ChangeForm(RefusableForm):
    """From which visit on, and which others."""

    start = StartField(label="From", empty_label=None)
    scope = forms.ChoiceField(choices=Scope.choices, initial=Scope.FOLLOWING, widget=forms.RadioSelect)
    include_moved = forms.BooleanField(required=False, label="Also visits that were moved by themselves")
    notify = forms.BooleanField(required=False, initial=True, label="Tell the patient, once")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, visits: AppointmentQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start"].queryset = visits  # type: ignore[attr-defined]

    def target(self) -> dict[str, Any]:
        """Which visits are meant."""
        return {name: self.cleaned_data[name] for name in ("start", "scope", "include_moved")}


class MoveSeriesForm(ChangeForm):
    """Another time, day, therapist or room for visits of a series."""

    ids = "move_%s"

    at = ClockField(label="New time", required=False, help_text="Empty: each keeps its own.")
    days = forms.TypedChoiceField(label="New day", choices=SHIFTS, coerce=int, initial=0)
    therapist = ByIdField(required=False, empty_label="As it is")
    room = ByIdField(required=False, empty_label="As it is, else any free room")

    def __init__(self, *args: Any, user: User, series: AppointmentSeries, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        therapists = User.objects.visible_to(user).therapists().filter(locations=series.location)
        rooms = Room.objects.visible_to(user).filter(location=series.location, is_active=True).order_by("name", "id")
        self.fields["therapist"].queryset = therapists  # type: ignore[attr-defined]
        self.fields["room"].queryset = rooms  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        entries = super().clean() or {}
        if not self.errors and self.change() == Change():
            self.add_error("at", "Say what is to change: the time, the day, the therapist or the room.")
        return entries

    def change(self) -> Change:
        """The change that is asked for."""
        asked = self.cleaned_data
        return Change(asked["days"], asked["at"], asked["therapist"], asked["room"])


class CancelSeriesForm(ChangeForm):
    """Why visits of a series are off."""

    ids = "cancel_%s"

    reason = forms.ChoiceField(choices=STAFF_REASONS, initial=CancelReason.PATIENT_ASKED, widget=forms.RadioSelect)
