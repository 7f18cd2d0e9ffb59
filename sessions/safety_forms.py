"""What therapists report about unwanted effects, parsed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from django import forms

from clinic.core.clock import at_local, local, print_visit
from patients.models import AllergyCategory
from sessions.events import (
    ACTION_LENGTH,
    DESCRIPTION_LENGTH,
    MOST_ONSET_HOURS,
    NOTIFIED_LENGTH,
    REASON_LENGTH,
    SUBSTANCE_LENGTH,
)
from sessions.forms import PageForm
from sessions.models import (
    AdverseEvent,
    CarnesSeverity,
    Causality,
    EventKind,
    EventOutcome,
    Preventability,
    SeriousBecause,
    TreatmentSession,
)

_CHOOSE = ("", "Choose")


def _prose(label: str, longest: int, help_text: str = "", *, required: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3, "autocomplete": "off"})
    return forms.CharField(label=label, help_text=help_text, required=required, max_length=longest, widget=widget)


class EventForm(PageForm):
    """An unwanted effect, with what the patient's allergy list needs of a skin reaction."""

    ids = "id_event_%s"

    session = forms.ChoiceField(label="After which session", required=False)
    kind = forms.ChoiceField(label="What happened", choices=[_CHOOSE, *EventKind.choices])
    description = _prose(
        "In words", DESCRIPTION_LENGTH, "What the patient noticed, where, how it went on.", required=True
    )
    substance = forms.CharField(
        label="What the skin reacted to",
        help_text="Only for a skin reaction: it goes into the allergy list.",
        required=False,
        max_length=SUBSTANCE_LENGTH,
    )
    allergy_category = forms.ChoiceField(
        label="Kind of substance", choices=[("", "–"), *AllergyCategory.choices], required=False
    )
    onset_hours = forms.IntegerField(
        label="Began about … hours after the session", required=False, min_value=0, max_value=MOST_ONSET_HOURS
    )
    onset_at = forms.DateTimeField(
        label="Or exactly at",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    severity = forms.ChoiceField(label="Severity (Carnes)", choices=CarnesSeverity.choices, widget=forms.RadioSelect)
    serious_because = forms.MultipleChoiceField(
        label="Serious because of",
        help_text="A fracture and a nerve injury are always serious. A serious event alarms the clinical lead.",
        choices=SeriousBecause.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    is_serious = forms.BooleanField(label="Serious for another reason", required=False)
    causality = forms.ChoiceField(label="Caused by the treatment", choices=[_CHOOSE, *Causality.choices])
    preventability = forms.ChoiceField(
        label="Preventable", choices=Preventability.choices, initial=Preventability.UNKNOWN.value, required=False
    )
    outcome = forms.ChoiceField(label="How it is now", choices=[_CHOOSE, *EventOutcome.choices])
    action_taken = _prose("What was done", ACTION_LENGTH)
    notified = forms.CharField(
        label="Who was told", help_text="Such as the family doctor, by whom and when.", required=False,
        max_length=NOTIFIED_LENGTH,
    )  # fmt: skip

    def __init__(self, *args: Any, zone: str, sessions: Iterable[TreatmentSession], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        field = cast("forms.ChoiceField", self.fields["session"])
        field.choices = [
            ("", "None of them"),
            *((str(one.public_id), print_visit(one.performed_at, one.location.timezone)) for one in sessions),
        ]

    @property
    def entries(self) -> dict[str, Any]:
        """What the service is given."""
        entries = {name: value for name, value in self.cleaned_data.items() if name not in {"session", *_OF_CORRECTION}}
        preventability = entries["preventability"] or Preventability.UNKNOWN.value
        return {**entries, "preventability": preventability, "onset_at": self._instant(entries["onset_at"])}

    def _instant(self, typed: datetime | None) -> datetime | None:
        """What was typed is the clock on the wall of the clinic."""
        return None if typed is None else at_local(typed.date(), typed.time(), self.zone)


_OF_CORRECTION = ("reason", "is_withdrawn")


class CorrectionForm(EventForm):
    """The same, said again, and why."""

    reason = forms.CharField(label="Why it is corrected", help_text="Both versions are kept.", max_length=REASON_LENGTH)
    is_withdrawn = forms.BooleanField(
        label="It was entered in error", help_text="It stays readable and no longer counts.", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, sessions=(), **kwargs)
        del self.fields["session"]


class SeenForm(PageForm):
    """What a clinical lead decides about a serious event."""

    ids = "id_seen_%s"

    note = forms.CharField(
        label="What follows", help_text="Such as: spoke with the patient, told the insurer.", max_length=REASON_LENGTH
    )


def initial_of(event: AdverseEvent, *, zone: str) -> dict[str, Any]:
    """A form's beginning: the event as it stands."""
    names = (
        "kind", "description", "onset_hours", "severity", "serious_because", "causality", "preventability", "outcome",
        "action_taken", "notified",
    )  # fmt: skip
    known = {name: getattr(event, name) for name in names}
    allergy = event.allergy
    return {
        **known,
        "is_serious": event.is_serious and not event.serious_because,
        "onset_at": local(event.onset_at, zone).replace(tzinfo=None) if event.onset_at else None,
        "substance": allergy.substance if allergy else "",
        "allergy_category": allergy.category if allergy else "",
    }
