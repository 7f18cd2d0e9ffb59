"""What people type into messaging's pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from messaging.ledger import STATE_FILTERS


class BirthDateForm(forms.Form):
    """The step-up of a link to health answers."""

    birth_on = forms.DateField(
        label=_("Your date of birth"),
        help_text=_("So that nobody else can open your answers."),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": _("Enter your date of birth."),
            "invalid": _("Enter a date as year-month-day, such as 1980-05-17."),
        },
    )


class NoQuestionForm(forms.Form):
    """The step of a link that asks nothing but a press of the button."""


class LedgerFilterForm(forms.Form):
    """Which messages the ledger shows."""

    state = forms.ChoiceField(
        label="Show", required=False, choices=[(key, label) for key, (label, _states) in STATE_FILTERS.items()]
    )
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def chosen(self) -> dict[str, Any]:
        """The filters that make sense; nonsense in an address shows everything."""
        self.is_valid()
        return self.cleaned_data


class ResendForm(forms.Form):
    """Why a message is sent again."""

    reason = forms.CharField(
        label="Why is it sent again?",
        help_text="For the record, for example “address corrected by phone”. The patient does not see it.",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
