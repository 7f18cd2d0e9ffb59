"""What admins fill in about hours, rooms, services and limits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from clinic.core.clock import at_local, day_bounds
from clinic.models import (
    FEATURE_LENGTH,
    LEAST_LEAD_MINUTES,
    MOST_FEATURES,
    MOST_LEAD_MINUTES,
    MOST_REMINDERS,
    SLOT_GRIDS,
    Audience,
    Location,
    Room,
    Service,
    TechniqueFamily,
)
from scheduling.coming_hours import as_text
from scheduling.forms import ByIdField, ByIdsField, ClockField, DayField, RefusableForm, WholeNumberField
from scheduling.models import TherapistLimits, Weekday
from scheduling.periods import Period
from staff.models import User

PERIOD = re.compile(r"^(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?$")
FEATURE = re.compile(r"^[a-z0-9][a-z0-9 -]*$")
MOST_PERIODS = 6


class PeriodsField(forms.CharField):
    """Hours of a day: 09:00–12:00, 13:00–17:00. Empty is closed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}), **kwargs
        )

    def clean(self, value: Any) -> Any:
        parts = [part.strip() for part in str(super().clean(value)).split(",") if part.strip()]
        if len(parts) > MOST_PERIODS:
            raise ValidationError(f"At most {MOST_PERIODS} periods a day.", code="invalid")
        return [self._period(part) for part in parts]

    def _period(self, text: str) -> Period:
        found = PERIOD.match(text)
        try:
            hours = [int(number or 0) for number in found.groups()] if found else []
            starts, ends = time(hours[0], hours[1]), time(hours[2], hours[3])
        except (IndexError, ValueError):
            raise ValidationError("Write hours as 09:00–12:00, 13:00–17:00.", code="invalid") from None
        if starts >= ends:
            raise ValidationError("Each period ends after it starts, on the same day.", code="invalid")
        return starts, ends


class FeaturesField(forms.CharField):
    """Short lower-case words, separated by commas."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=700, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        words = sorted({word.strip().lower() for word in str(super().clean(value)).split(",") if word.strip()})
        if len(words) > MOST_FEATURES or any(len(word) > FEATURE_LENGTH or not FEATURE.match(word) for word in words):
            rule = f"At most {MOST_FEATURES} short words of letters, digits, spaces and hyphens, separated by commas."
            raise ValidationError(rule, code="invalid")
        return words


class RemindersField(forms.CharField):
    """Hours before a visit, separated by commas, kept as minutes. Empty is as usual (None), `none` is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label="Reminders", required=False, max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}),
            **kwargs,
        )  # fmt: skip

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return ", ".join(f"{minutes / 60:g}" for minutes in value) or "none"
        return value

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value)).strip().lower()
        if text in ("", "none"):
            return [] if text else None
        try:
            minutes = sorted({round(float(part) * 60) for part in text.split(",")}, reverse=True)
        except (ValueError, OverflowError):
            raise ValidationError("Write hours as 48, 2 or 0.5.", code="invalid") from None
        if len(minutes) > MOST_REMINDERS or minutes[0] > MOST_LEAD_MINUTES or minutes[-1] < LEAST_LEAD_MINUTES:
            rule = (
                f"At most {MOST_REMINDERS} reminders, each between a quarter of an hour and 14 days before the visit."
            )
            raise ValidationError(rule, code="invalid")
        return minutes


class WeekForm(RefusableForm):
    """The hours of a week, from a day on."""

    ids = "week_%s"

    valid_from = DayField(label="From")
    valid_until = DayField(label="Until", required=False, help_text="Empty: until they are changed again.")
    monday, tuesday, wednesday = PeriodsField(), PeriodsField(), PeriodsField()
    thursday, friday, saturday, sunday = PeriodsField(), PeriodsField(), PeriodsField(), PeriodsField()
    later = forms.ChoiceField(
        label="Hours that are set for later",
        choices=[("keep", "Keep them: the new hours end the day before"), ("replace", "Replace them")],
        initial="keep",
        required=False,
        widget=forms.RadioSelect,
        help_text="Counts if the new hours have no last day.",
    )

    def form_fields(self) -> dict[str, str]:
        return {"ends_at": "valid_until"}

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[day.name.lower()] for day in Weekday]

    @property
    def wish(self) -> dict[str, Any]:
        entries = self.cleaned_data
        week = {int(day): entries[day.name.lower()] for day in Weekday}
        # Whoever was not asked, because nothing was set for later yet, has not said to drop it.
        keeps_later = entries["later"] != "replace"
        span = {"valid_from": entries["valid_from"], "valid_until": entries["valid_until"]}
        return {"week": week, **span, "keeps_later": keeps_later}

    @staticmethod
    def values_of(week: Mapping[int, Sequence[Period]], today: date) -> dict[str, Any]:
        return {"valid_from": today, **{day.name.lower(): as_text(week.get(int(day), [])) for day in Weekday}}


class ClosureForm(RefusableForm):
    """Whole days on which a location is shut."""

    ids = "closure_%s"

    first_on = DayField(label="First day")
    last_on = DayField(label="Last day")
    name = forms.CharField(label="Why", required=False, max_length=80, help_text="Such as the name of the holiday.")


class GiversForm(RefusableForm):
    """Which therapists give a service."""

    ids = "givers_%s"

    therapists = ByIdsField(required=False, label="Who gives it", help_text="Without any, nobody can book it.")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["therapists"].queryset = User.objects.visible_to(user).therapists()  # type: ignore[attr-defined]


class ExtraHoursForm(RefusableForm):
    """Hours on one date beyond the usual ones."""

    ids = "extra_%s"

    on = DayField()
    starts_at_local = ClockField(label="From")
    ends_at_local = ClockField(label="Until")
    therapist = ByIdField(required=False, empty_label="The location, for those who work then anyway", label="For")

    def __init__(self, *args: Any, user: User, location: Location, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.visible_to(user).therapists().filter(locations=location)
        self.fields["therapist"].queryset = people  # type: ignore[attr-defined]

    def form_fields(self) -> dict[str, str]:
        return {"ends_at": "ends_at_local", "therapist_id": "therapist"}


class TimeOffForm(RefusableForm):
    """When a therapist is away, on the location's clock: whole days, or from and until a time of them."""

    ids = "off_%s"

    first_on = DayField(label="First day away")
    last_on = DayField(label="Last day away")
    starts = ClockField(label="From", required=False, help_text="Empty: all day.")
    ends = ClockField(label="Until", required=False, help_text="Empty: all day.")

    def __init__(self, *args: Any, location: Location, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.location = location

    def form_fields(self) -> dict[str, str]:
        return {"ends_at": "last_on"}

    @property
    def wish(self) -> dict[str, Any]:
        """The absence; without a time it ends with the last day, at the midnight after it."""
        entries, zone = self.cleaned_data, self.location.timezone
        return {
            "starts_at": at_local(entries["first_on"], entries["starts"] or time.min, zone),
            "ends_at": at_local(entries["last_on"], entries["ends"], zone)
            if entries["ends"]
            else day_bounds(entries["last_on"], zone)[1],
        }


class LimitsForm(RefusableForm):
    """How much hands-on time a therapist may be given."""

    ids = "limits_%s"

    most_minutes_a_day = WholeNumberField(
        label="Most in a day", min_value=5, max_value=1440, required=False, help_text="Empty is without limit."
    )
    most_minutes_without_break = WholeNumberField(
        label="Most without a break", min_value=5, max_value=1440, required=False, help_text="Empty is without limit."
    )
    break_minutes = WholeNumberField(label="A break is at least", min_value=1, max_value=240, initial=15)

    @staticmethod
    def values_of(limits: TherapistLimits | None) -> dict[str, Any]:
        return {name: getattr(limits, name) for name in LimitsForm.base_fields} if limits else {"break_minutes": 15}


class VersionedForm(RefusableForm):
    """A row as somebody read it; `version` says when."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def over(self, newest: Location | Room | Service) -> list[str]:
        """Carry on upon what somebody else saved meanwhile: what was typed stays, and saving again counts from now on.
        Answers with the names of what the other one has and this form would change."""
        self.data = {**self.data.dict(), self.add_prefix("version"): str(newest.version)}  # type: ignore[attr-defined]
        theirs = self.values_of(newest)
        others = [name for name in self.changes if theirs[name] != self.cleaned_data[name]]
        return [str(self[name].label) for name in others]

    @property
    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    @classmethod
    def values_of(cls, row: Location | Room | Service) -> dict[str, Any]:
        return {name: getattr(row, name) for name in cls.base_fields}


class LocationForm(VersionedForm):
    name = forms.CharField(max_length=80)
    address = forms.CharField(max_length=200, required=False)
    phone = forms.CharField(max_length=30, required=False)
    late_cancel_hours = WholeNumberField(
        label="Notice for cancelling",
        min_value=0,
        max_value=720,
        help_text="A patient who calls off later has done so late.",
    )
    hold_minutes = WholeNumberField(
        label="A chosen time is kept for", min_value=1, max_value=60, help_text="While a booking form is filled."
    )
    slot_grid_minutes = forms.TypedChoiceField(label="Times are offered every", coerce=int, choices=SLOT_GRIDS)
    offers_only_adjacent = forms.BooleanField(required=False, label="Offer only times that leave no gap")
    reminder_minutes = RemindersField(
        help_text="Such as 48, 2. Empty: as the clinic usually does. A service may have its own."
    )
    quiet_from = ClockField(label="No messages from", required=False)
    quiet_until = ClockField(
        label="until", required=False, help_text="What is due in between is sent at the end, unless that is too late."
    )


class RoomForm(VersionedForm):
    name = forms.CharField(max_length=80)
    features = FeaturesField(label="Has", help_text="Such as hoist, wide table. A service may need one of them.")
    is_active = forms.BooleanField(required=False, initial=True, label="In use")


class NewRoomForm(RefusableForm):
    ids = "room_%s"

    name = forms.CharField(max_length=80)
    features = FeaturesField(label="Has", help_text="Such as hoist, wide table. A service may need one of them.")


class NewServiceForm(RefusableForm):
    name = forms.CharField(max_length=80)
    technique_family = forms.ChoiceField(label="Technique", choices=TechniqueFamily.choices)
    duration_minutes = WholeNumberField(label="Length", min_value=5, max_value=480)
    buffer_before_minutes = WholeNumberField(
        label="To prepare", min_value=0, max_value=120, initial=0, help_text="Before each visit."
    )
    buffer_after_minutes = WholeNumberField(
        label="To tidy up", min_value=0, max_value=120, initial=0, help_text="After each visit."
    )
    audience = forms.ChoiceField(label="For", choices=Audience.choices)
    for_unscreened_patients = forms.BooleanField(
        required=False, label="May be booked before the intake is answered (a first visit)"
    )
    notice_minutes = WholeNumberField(
        label="Booked at the latest", min_value=0, max_value=43200, initial=0, help_text="Before it begins."
    )
    horizon_days = WholeNumberField(
        label="Booked at the earliest", min_value=1, max_value=730, initial=730, help_text="Ahead of it."
    )
    needed_features = FeaturesField(label="The room needs", help_text="Words of rooms, such as hoist.")
    reminder_minutes = RemindersField(help_text="Such as 48, 2. Empty: as the location does.")


class ServiceForm(NewServiceForm, VersionedForm):
    is_active = forms.BooleanField(required=False, label="On offer")
