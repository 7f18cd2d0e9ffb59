"""What the desk fills in about the wait-list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from clinic.core.clock import local
from clinic.models import Location, Service
from patients.models import Patient
from scheduling.claims import LONGEST_MINUTES, SHORTEST_MINUTES
from scheduling.forms import ByIdField, ByIdsField, ClockField, DayField, RefusableForm, WholeNumberField
from scheduling.lifecycle import MOVABLE
from scheduling.models import Appointment, VacancyMode, WaitListEntry, Weekday
from scheduling.services import Wish
from scheduling.services.offers import LONGEST_ANSWER, SHORTEST_ANSWER
from scheduling.services.waiting import LONGEST_NOTICE_MINUTES
from staff.models import User

FIELDS = {"therapist_ids": "therapists", "instead_of_id": "instead_of", "service_id": "service"}


class VisitField(ByIdField):
    """A visit, named by its day and time on the location's clock."""

    def label_from_instance(self, row: Any) -> str:
        wall = local(row.starts_at, row.location.timezone)
        return f"{row.service.name}, {wall:%a %-d %b %Y, %H:%M}"


class WishForm(RefusableForm):
    """When a visit would suit."""

    from_on = DayField(label="From")
    until_on = DayField(label="Until")
    therapists = ByIdsField(required=False, help_text="Without any, every therapist will do.")
    weekdays = forms.TypedMultipleChoiceField(
        label="On",
        required=False,
        coerce=int,
        choices=Weekday.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Without any, every day will do.",
    )
    earliest_local = ClockField(label="Not before", required=False)
    latest_local = ClockField(label="Over by", required=False)
    minutes = WholeNumberField(
        label="Length",
        required=False,
        min_value=SHORTEST_MINUTES,
        max_value=LONGEST_MINUTES,
        help_text="Only if it differs from the service's.",
    )
    notice_hours = forms.DecimalField(
        label="Has to know",
        initial=2,
        min_value=0,
        max_value=LONGEST_NOTICE_MINUTES // 60,
        max_digits=5,
        decimal_places=2,
        help_text="How long before the visit.",
        widget=forms.NumberInput(attrs={"inputmode": "decimal"}),
    )
    instead_of = VisitField(
        required=False, label="Gives up for it", empty_label="Nothing: the patient has no visit to give up"
    )

    def __init__(self, *args: Any, user: User, location: Location, patient: Patient | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        therapists = User.objects.visible_to(user).therapists().filter(locations=location)
        self.fields["therapists"].queryset = therapists  # type: ignore[attr-defined]
        visits = Appointment.objects.visible_to(user).filter(location=location, status__in=MOVABLE)
        coming = visits.filter(patient=patient, starts_at__gt=timezone.now()).select_related("service", "location")
        self.fields["instead_of"].queryset = coming.order_by("starts_at")  # type: ignore[attr-defined]

    def form_fields(self) -> dict[str, str]:
        return FIELDS

    @property
    def wish(self) -> Wish:
        names = ("from_on", "until_on", "weekdays", "earliest_local", "latest_local", "minutes", "instead_of")
        entries = {name: self.cleaned_data[name] for name in names}
        therapists = list(self.cleaned_data["therapists"])
        return Wish(**entries, therapists=therapists, notice_minutes=round(self.cleaned_data["notice_hours"] * 60))


class JoinForm(WishForm):
    """Who waits for what, and when it would suit."""

    patient = ByIdField(
        widget=forms.HiddenInput,
        error_messages={
            "required": "Find and choose the patient.",
            "invalid_choice": "There is no such patient.",
        },
    )
    service = ByIdField(empty_label=None)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["patient"].queryset = Patient.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["service"].queryset = Service.objects.visible_to(user).offered()  # type: ignore[attr-defined]


class ChangeForm(WishForm):
    """Another wish, of the version that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    @staticmethod
    def values_of(entry: WaitListEntry) -> dict[str, Any]:
        names = ("from_on", "until_on", "weekdays", "earliest_local", "latest_local", "minutes", "version")
        return {
            **{name: getattr(entry, name) for name in names},
            "therapists": [person.public_id for person in entry.therapists.all()],
            "notice_hours": f"{entry.notice_minutes / 60:.2f}".rstrip("0").rstrip("."),
            "instead_of": entry.instead_of.public_id if entry.instead_of else None,
        }


class OfferForm(RefusableForm):
    """To whom a free time is offered, and how."""

    ids = "offer_%s"

    entries = ByIdsField(error_messages={"required": "Choose whom to ask."})
    mode = forms.ChoiceField(
        label="Ask them", choices=VacancyMode.choices, initial=VacancyMode.ONE_BY_ONE, widget=forms.RadioSelect
    )
    answer_minutes = WholeNumberField(
        label="Time to answer", initial=60, min_value=SHORTEST_ANSWER, max_value=LONGEST_ANSWER
    )

    def __init__(self, *args: Any, user: User, location: Location, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = WaitListEntry.objects.visible_to(user).waiting().filter(location=location)
        self.fields["entries"].queryset = rows  # type: ignore[attr-defined]

    def form_fields(self) -> dict[str, str]:
        return {"entry_ids": "entries"}
