"""What staff enter about flags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from clinic.core.clock import day_bounds
from screening.models import Flag, Severity
from screening.services.flags import LONGEST_ISSUER, LONGEST_REASON


class ClearForm(forms.Form):
    """Why a flag may be lifted, and on whose word."""

    use_required_attribute = False

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Why it may be lifted",
        help_text="What you saw, asked or read. It stays on record.",
    )
    clearance_from = forms.CharField(
        max_length=LONGEST_ISSUER,
        required=False,
        label="Clearance from",
        help_text="Name and role of the doctor, such as Dr Chen, haematology.",
    )
    cleared_until = forms.DateField(
        required=False,
        label="Holds until",
        help_text="The last day. At most a year.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, flag: Flag, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields["clearance_from"].required = flag.severity in {Severity.RELATIVE, Severity.ABSOLUTE}
        self.fields["cleared_until"].required = flag.severity == Severity.RELATIVE
        if flag.severity == Severity.ABSOLUTE:
            self.fields["clearance_from"].help_text = "The specialist's letter: name and role."
            self.fields["cleared_until"].help_text = "The last day. Empty: six months."

    def entries(self) -> dict[str, Any]:
        """What `clear_flag` takes; the last day counts until its midnight at the patient's location."""
        last_day = self.cleaned_data["cleared_until"]
        until: datetime | None = day_bounds(last_day, self.zone)[1] if last_day else None
        return {**self.cleaned_data, "cleared_until": until}

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Show the service's refusals beside their fields."""
        for name, problem in problems.items():
            self.add_error(name if name in self.fields else None, problem)
