"""What an admin or auditor chooses: a range of days and a place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from clinic.core.clock import today_in
from clinic.models import Location
from reports.outcome import EARLIEST, LATEST
from staff.models import User


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": "Choose a day.",
            "invalid": "Use a date as year-month-day, such as 2026-11-23.",
        },
    )


class RangeForm(forms.Form):
    """First treatments from a day to a day, at one or all of the member's locations."""

    from_on = _day("First treated from")
    to_on = _day("to")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["location"] = forms.ModelChoiceField(
            label="Location",
            queryset=Location.objects.visible_to(user).in_order(),
            to_field_name="public_id",
            required=False,
            empty_label="All your locations",
            error_messages={"invalid_choice": "Choose one of your locations."},
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        from_on, to_on = cleaned.get("from_on"), cleaned.get("to_on")
        for name, day in (("from_on", from_on), ("to_on", to_on)):
            if day is not None and not EARLIEST <= day <= LATEST:
                self.add_error(name, "Choose a day from 2000 to 2100.")
        if from_on and to_on and from_on > to_on:
            self.add_error("to_on", "Choose a day on or after the first one.")
        return cleaned

    def parameters(self) -> dict[str, Any]:
        """The range as an export keeps it. Call it on a valid form."""
        location = self.cleaned_data["location"]
        return {
            "from": self.cleaned_data["from_on"],
            "to": self.cleaned_data["to_on"],
            "location_id": location.public_id if location else None,
        }


def asked_range(query: dict[str, str], user: User) -> dict[str, str]:
    """What was asked; at first the twelve months until today where the member works."""
    if {"from_on", "to_on"} <= set(query):
        return query
    place = Location.objects.visible_to(user).in_order().first()
    today = today_in(place.timezone) if place else timezone.now().date()
    return {"from_on": (today - timedelta(days=364)).isoformat(), "to_on": today.isoformat()} | query
