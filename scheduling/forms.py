"""What the desk fills in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy

from clinic.core.clock import at_local
from clinic.core.errors import Invalid
from clinic.models import Location, Room, Service
from patients.models import Patient
from scheduling.choices import FIRST_DAY, LAST_DAY, as_uuid, read_value
from scheduling.claims import LONGEST_MINUTES, SHORTEST_MINUTES
from scheduling.models import CancelReason, PartOfDay, SlotHold
from scheduling.serializers.appointments import STAFF_REASONS
from staff.models import User

# A refusal names the API's fields; the form has its own.
FORM_FIELDS = {
    "starts_at": "slot",
    "therapist_id": "therapist",
    "service_id": "service",
    "patient_id": "patient",
    "room_id": "room",
}


def name_of(row: Any) -> str:
    """A row the way people read it."""
    return str(getattr(row, "full_name", row))


class ByIdField(forms.ModelChoiceField):
    """A choice by outside id, named the way people read it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=None, to_field_name="public_id", **kwargs)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError as error:
            # What is no id at all is told like an id nobody has.
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from error

    def label_from_instance(self, row: Any) -> str:
        return name_of(row)


class ByIdsField(forms.ModelMultipleChoiceField):
    """Several rows by outside id, to be ticked."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=None, to_field_name="public_id", **kwargs)

    def label_from_instance(self, row: Any) -> str:
        return name_of(row)


class ClockField(forms.TimeField):
    """A time of day picked in the browser's own picker."""

    def __init__(self, *, step_seconds: int | None = None, **kwargs: Any) -> None:
        attrs = {"type": "time", **({"step": step_seconds} if step_seconds else {})}
        super().__init__(widget=forms.TimeInput(format="%H:%M", attrs=attrs), **kwargs)


class WholeNumberField(forms.IntegerField):
    """A whole number, typed on a keyboard of digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.NumberInput(attrs={"inputmode": "numeric"}), **kwargs)


class DayField(forms.DateField):
    """A day picked in the browser's own picker, within the years a diary can show."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {"min": FIRST_DAY.isoformat(), "max": LAST_DAY.isoformat()}
        super().__init__(
            **{"label": "Day", **kwargs},
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", **limits}),
            validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
        )


class SlotField(forms.CharField):
    """A free time that was pressed: an instant and a therapist's id."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        pressed = read_value(text) if text else None
        if text and pressed is None:
            raise ValidationError("Choose one of the free times.", code="invalid")
        return pressed


class RefusableForm(forms.Form):
    """A form that shows a service's refusal beside the field it is about."""

    # Several forms stand on one page: a label must not press the box of another form that has a field of this name.
    ids = "id_%s"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": self.ids, **kwargs})

    def form_fields(self) -> dict[str, str]:
        """Our field for each that a refusal may name otherwise."""
        return FORM_FIELDS

    def refuse(self, refusal: Invalid) -> None:
        names = self.form_fields()
        for name, rule in refusal.fields.items():
            field = names.get(name, name)
            self.add_error(field if field in self.fields else None, rule)


class WhenForm(RefusableForm):
    """Which free times to show: nothing is required yet."""

    location = ByIdField(widget=forms.HiddenInput)
    service = ByIdField(empty_label=None)
    therapist = ByIdField(required=False, empty_label="Any therapist")
    room = ByIdField(required=False, empty_label="Any free room")
    on = DayField()
    patient = ByIdField(
        required=False, widget=forms.HiddenInput, error_messages={"invalid_choice": "There is no such patient."}
    )
    slot = SlotField(required=False, label="Time", widget=forms.HiddenInput)
    # The slot that is kept while the form is filled. One that has lapsed is simply none any more.
    hold = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)
    # The place of the diary that was pressed: chosen as soon as a service fits into it.
    wished = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, location: Location | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        therapists = User.objects.visible_to(user).therapists()
        rooms = Room.objects.visible_to(user).filter(is_active=True).order_by("name", "id")
        if location is not None:
            therapists, rooms = therapists.filter(locations=location), rooms.filter(location=location)
        rows = {
            "room": rooms,
            "location": Location.objects.visible_to(user),
            "service": Service.objects.visible_to(user).offered(),
            "therapist": therapists,
            "patient": Patient.objects.visible_to(user),
        }
        for name, queryset in rows.items():
            self.fields[name].queryset = queryset  # type: ignore[attr-defined]
        self.holds = SlotHold.objects.visible_to(user).filter(held_by=user)

    def clean_hold(self) -> SlotHold | None:
        """The hold itself, if it is the member's and still stands."""
        key = as_uuid(self.cleaned_data["hold"])
        held: SlotHold | None = self.holds.with_all_it_names().filter(public_id=key).first() if key else None
        return held

    def clean(self) -> dict[str, Any]:
        """A form sent before it had heard of its own hold would find its slot taken by itself."""
        entries = super().clean() or {}
        pressed = entries.get("slot")
        if pressed and not entries.get("hold"):
            names = {name: entries.get(name) for name in ("location", "service")}
            own = self.holds.with_all_it_names().filter(patient=None, starts_at=pressed[0], **names)
            entries["hold"] = own.filter(therapist__public_id=pressed[1]).order_by("-id").first()
        return entries


class BookForm(WhenForm):
    """A booking: who, what, with whom, when."""

    notify = forms.BooleanField(required=False, initial=True, label="Tell the patient")
    # A free time offered after a clash; pressing it outweighs the time chosen before.
    alternative = SlotField(required=False, widget=forms.HiddenInput)
    # For those who may: a time that need not be free.
    overlap_at = ClockField(required=False, label="At", step_seconds=300)
    overlap_reason = forms.CharField(required=False, max_length=200, label="Because", strip=True)
    # For the clinical lead, once the screening has said no.
    screening_reason = forms.CharField(
        required=False,
        max_length=500,
        label="Why this visit may take place nevertheless",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        entries = super().clean() or {}
        if not entries.get("patient") and "patient" not in self.errors:
            self.add_error("patient", "Find and choose the patient, or register a new one.")
        is_overlap = bool(entries.get("overlap_at")) and not entries.get("alternative")
        if is_overlap:
            self._check_overlap(entries)
        elif not entries.get("slot") and not entries.get("alternative") and "slot" not in self.errors:
            self.add_error("slot", "Choose a time.")
        return entries

    def _check_overlap(self, entries: dict[str, Any]) -> None:
        if not entries.get("overlap_reason"):
            self.add_error("overlap_reason", "Say why it may lie over another visit.")
        if not entries.get("therapist") and "therapist" not in self.errors:
            self.add_error("therapist", "Choose whose time it is.")

    def wish(self, user: User) -> dict[str, Any]:
        """The booking's arguments. Raises Invalid when the therapist of the chosen time is not to be seen."""
        names = ("patient", "service", "location", "room", "notify", "hold", "screening_reason")
        wished = {name: self.cleaned_data[name] for name in names}
        if self.cleaned_data.get("overlap_at") and not self.cleaned_data.get("alternative"):
            return {**wished, **self._overlap()}
        starts_at, therapist_id = self.cleaned_data.get("alternative") or self.cleaned_data["slot"]
        therapist = User.objects.visible_to(user).filter(public_id=therapist_id).first()
        if therapist is None:
            raise Invalid(fields={"therapist_id": "Choose a therapist of this location."})
        return {**wished, "therapist": therapist, "starts_at": starts_at}

    def _overlap(self) -> dict[str, Any]:
        entries = self.cleaned_data
        return {
            "therapist": entries["therapist"],
            "starts_at": at_local(entries["on"], entries["overlap_at"], entries["location"].timezone),
            "overlap_reason": entries["overlap_reason"],
        }


class LetPassForm(RefusableForm):
    """Why a visit may take place although the screening blocks it."""

    screening_reason = forms.CharField(
        max_length=500, label="Why this visit may take place nevertheless", widget=forms.Textarea(attrs={"rows": 2})
    )


class MoveForm(RefusableForm):
    """Another time, length, therapist or room for a visit."""

    on = DayField()
    minutes = forms.IntegerField(
        label="Length",
        min_value=SHORTEST_MINUTES,
        max_value=LONGEST_MINUTES,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "numeric"}),
    )
    therapist = ByIdField(empty_label=None)
    room = ByIdField(required=False, empty_label="Any free room")
    slot = SlotField(label="Time", widget=forms.HiddenInput, error_messages={"required": "Choose a time."})
    notify = forms.BooleanField(required=False, initial=True, label="Tell the patient the new time")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, user: User, location: Location, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        therapists = User.objects.visible_to(user).therapists().filter(locations=location)
        rooms = Room.objects.visible_to(user).filter(location=location, is_active=True).order_by("name", "id")
        self.fields["therapist"].queryset = therapists  # type: ignore[attr-defined]
        self.fields["room"].queryset = rooms  # type: ignore[attr-defined]

    def wish(self, user: User) -> dict[str, Any]:
        """The move's arguments. Raises Invalid when the therapist of the chosen time is not to be seen."""
        starts_at, therapist_id = self.cleaned_data["slot"]
        therapist = User.objects.visible_to(user).filter(public_id=therapist_id).first()
        if therapist is None:
            raise Invalid(fields={"therapist_id": "Choose a therapist of this location."})
        return {
            "starts_at": starts_at,
            "therapist": therapist,
            "room": self.cleaned_data["room"],
            "minutes": self.cleaned_data["minutes"],
            "notify": self.cleaned_data["notify"],
            "expected_version": self.cleaned_data["version"],
        }


class ShiftForm(RefusableForm):
    """Where a visit was put down in the diary: a column's day, and its therapist or room."""

    on = DayField()
    at = forms.TimeField(input_formats=["%H:%M"])
    minutes = forms.IntegerField(min_value=SHORTEST_MINUTES, max_value=LONGEST_MINUTES)
    therapist = ByIdField(required=False)
    room = ByIdField(required=False)
    notify = forms.BooleanField(required=False, initial=True, label="Tell the patient the new time")
    version = forms.IntegerField(min_value=1)
    # A free time offered after a clash; pressing it outweighs where it was put down.
    slot = SlotField(required=False)

    def __init__(self, *args: Any, user: User, location: Location, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.location, self.people = location, User.objects.visible_to(user).therapists().filter(locations=location)
        rooms = Room.objects.visible_to(user).filter(location=location, is_active=True)
        self.fields["therapist"].queryset = self.people  # type: ignore[attr-defined]
        self.fields["room"].queryset = rooms  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        entries = super().clean() or {}
        pressed = entries.get("slot")
        if pressed:
            entries["starts_at"], entries["therapist"] = pressed[0], self.people.filter(public_id=pressed[1]).first()
        elif entries.get("on") and entries.get("at"):
            entries["starts_at"] = at_local(entries["on"], entries["at"], self.location.timezone)
        return entries

    @property
    def wish(self) -> dict[str, Any]:
        """The move's arguments."""
        names = ("starts_at", "minutes", "therapist", "room", "notify")
        return {**{name: self.cleaned_data[name] for name in names}, "expected_version": self.cleaned_data["version"]}


class RestoreForm(RefusableForm):
    """Whether the patient hears that the visit takes place after all."""

    ids = "restore_%s"

    notify = forms.BooleanField(required=False, initial=True, label="Tell the patient that the visit takes place")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class AnotherTimeForm(RefusableForm):
    """Which other time would suit a patient; in the patient's language."""

    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On which days?"),
        help_text=gettext_lazy("Without any, every day will do."),
        required=False,
        coerce=int,
        choices=[
            (0, gettext_lazy("Monday")), (1, gettext_lazy("Tuesday")), (2, gettext_lazy("Wednesday")),
            (3, gettext_lazy("Thursday")), (4, gettext_lazy("Friday")), (5, gettext_lazy("Saturday")),
            (6, gettext_lazy("Sunday")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    part_of_day = forms.ChoiceField(
        label=gettext_lazy("When?"),
        initial=PartOfDay.ANY,
        choices=[
            (PartOfDay.ANY, gettext_lazy("Any time of day")),
            (PartOfDay.MORNING, gettext_lazy("In the morning")),
            (PartOfDay.AFTERNOON, gettext_lazy("In the afternoon")),
            (PartOfDay.EVENING, gettext_lazy("In the evening")),
        ],
        widget=forms.RadioSelect,
    )


class CancelForm(RefusableForm):
    """Why a visit is off, and whether the patient hears of it from us."""

    ids = "cancel_%s"

    reason = forms.ChoiceField(choices=STAFF_REASONS, initial=CancelReason.PATIENT_ASKED, widget=forms.RadioSelect)
    notify = forms.BooleanField(required=False, initial=True, label="Tell the patient that the visit is off")
