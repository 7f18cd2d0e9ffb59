"""What staff enter about flags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from clinic.core.clock import day_bounds
from clinic.models import Service
from screening.models import Flag, Severity
from screening.regions import KINDS, REGIONS
from screening.services.calls import LONGEST_OUTCOME
from screening.services.flags import LONGEST_ACKNOWLEDGEMENT, LONGEST_ISSUER, LONGEST_REASON
from screening.services.requests import LONGEST_ADDRESSEE, LONGEST_REMARK, REFUSING
from screening.terms import LONGEST_LICENCE, LONGEST_ROLE, Terms

LIMITS = (
    "issuer_role", "issuer_licence", "max_pressure", "allowed_regions", "forbidden_regions", "forbidden_kinds",
)  # fmt: skip


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

    issuer_role = forms.CharField(max_length=LONGEST_ROLE, required=False, label="Role")
    issuer_licence = forms.CharField(max_length=LONGEST_LICENCE, required=False, label="Licence number")
    allowed_regions = forms.MultipleChoiceField(
        choices=REGIONS.items(),
        required=False,
        label="Only these regions",
        help_text="None: every region the flag does not name.",
        widget=forms.CheckboxSelectMultiple,
    )
    forbidden_regions = forms.MultipleChoiceField(
        choices=REGIONS.items(), required=False, label="Not these regions", widget=forms.CheckboxSelectMultiple
    )
    forbidden_kinds = forms.MultipleChoiceField(
        choices=KINDS.items(), required=False, label="Not by these means", widget=forms.CheckboxSelectMultiple
    )
    max_pressure = forms.TypedChoiceField(
        choices=[("", "No limit"), *((str(level), str(level)) for level in range(1, 6))],
        coerce=int,
        empty_value=None,
        required=False,
        label="Pressure at most",
        help_text="1 lightest, 5 deepest.",
    )

    def __init__(self, *args: Any, flag: Flag, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        if flag.severity not in {Severity.RELATIVE, Severity.ABSOLUTE}:
            for name in LIMITS:
                del self.fields[name]
        self.fields["clearance_from"].required = flag.severity in {Severity.RELATIVE, Severity.ABSOLUTE}
        self.fields["cleared_until"].required = flag.severity == Severity.RELATIVE
        if flag.severity == Severity.ABSOLUTE:
            self.fields["clearance_from"].help_text = "The specialist's letter: name and role."
            self.fields["cleared_until"].help_text = "The last day. Empty: six months."

    def entries(self) -> dict[str, Any]:
        """What `clear_flag` takes; the last day counts until its midnight at the patient's location."""
        last_day = self.cleaned_data["cleared_until"]
        until: datetime | None = day_bounds(last_day, self.zone)[1] if last_day else None
        given = self.cleaned_data
        words = {name: given[name] for name in ("reason", "clearance_from")}
        return {**words, "cleared_until": until, "terms": Terms.of(given)}

    @property
    def has_limits(self) -> bool:
        """Whether any was entered or refused, so that they are shown open."""
        return self.is_bound and any(self.data.get(self.add_prefix(name)) or self.errors.get(name) for name in LIMITS)

    @property
    def limits(self) -> list[forms.BoundField]:
        """What the letter restricts, for a flag that takes one."""
        return [self[name] for name in LIMITS if name in self.fields]

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Show the service's refusals beside their fields."""
        for name, problem in problems.items():
            self.add_error(name if name in self.fields else None, problem)


class AcknowledgeForm(forms.Form):
    """What is done differently because of a flag."""

    use_required_attribute = False

    note = forms.CharField(max_length=LONGEST_ACKNOWLEDGEMENT, required=False, label="What you will do differently")


class _Refusable(forms.Form):
    """Shows what a service refuses beside its fields."""

    use_required_attribute = False

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Show the service's refusals beside their fields."""
        for name, problem in problems.items():
            self.add_error(name if name in self.fields else None, problem)


class _FlagChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, flag: Flag) -> str:
        return f"{flag.title} ({flag.get_severity_display().partition(':')[0].lower()})"


class AskForm(_Refusable):
    """Which flags a letter asks whom about, and what is planned."""

    flags = _FlagChoice(
        queryset=Flag.objects.none(),
        to_field_name="public_id",
        label="About which flags",
        widget=forms.CheckboxSelectMultiple,
    )
    addressee = forms.CharField(
        max_length=LONGEST_ADDRESSEE,
        label="To whom",
        help_text="Doctor or practice, as it stands on the letter. Up to six lines.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    service = forms.ModelChoiceField(
        queryset=Service.objects.none(), to_field_name="public_id", label="What is planned", empty_label="Choose"
    )
    kinds = forms.MultipleChoiceField(
        choices=KINDS.items(), required=False, label="By these means", widget=forms.CheckboxSelectMultiple
    )
    regions = forms.MultipleChoiceField(
        choices=REGIONS.items(), required=False, label="In these regions", widget=forms.CheckboxSelectMultiple
    )
    remark = forms.CharField(
        max_length=LONGEST_REMARK,
        required=False,
        label="What else you ask",
        help_text="Every letter asks about regions, pressure, means and until when.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, flags: Any, services: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["flags"].queryset = flags  # type: ignore[attr-defined]
        self.fields["service"].queryset = services  # type: ignore[attr-defined]

    @property
    def has_plan(self) -> bool:
        """Whether means or regions were chosen, so that they are shown open."""
        return self.is_bound and any(self.data.get(name) or self.errors.get(name) for name in ("kinds", "regions"))


class RefusalForm(_Refusable):
    """An answer that grants nothing."""

    decision = forms.ChoiceField(
        choices=[(value.value, value.label) for value in REFUSING], label="The answer", widget=forms.RadioSelect
    )
    issuer_name = forms.CharField(max_length=LONGEST_ISSUER, label="From whom")
    issuer_role = forms.CharField(max_length=LONGEST_ISSUER, required=False, label="Role")
    reason = forms.CharField(
        max_length=LONGEST_REASON, label="What was answered", widget=forms.Textarea(attrs={"rows": 3})
    )


class CallForm(_Refusable):
    """What came of calling a patient in."""

    outcome = forms.CharField(
        max_length=LONGEST_OUTCOME,
        label="What came of it",
        help_text="Such as: comes on Friday at nine; or: wants to be called again in May.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class AlarmForm(forms.Form):
    """What came of the call."""

    use_required_attribute = False

    note = forms.CharField(
        max_length=300,
        label="What came of it",
        help_text="Such as: reached by phone, goes to the emergency department now.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class LookForm(forms.Form):
    """What a therapist makes of what has changed."""

    use_required_attribute = False

    note = forms.CharField(
        max_length=500,
        label="What you make of it",
        help_text="Such as: new tablet is for hay fever, nothing to avoid. New medicines go into the record.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
