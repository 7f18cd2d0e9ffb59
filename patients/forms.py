"""What people type, parsed. The rules themselves are the services'."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django import forms

from clinic.core.errors import Invalid
from clinic.models import Location
from patients.catalogue import CONDITIONS
from patients.catalogue.loading import OTHER
from patients.models import (
    CLINICAL_CONSENTS,
    AllergyCategory,
    Benefit,
    Channel,
    Chronicity,
    ConsentKind,
    DiagnosedBy,
    EarlierTreatmentKind,
    ImportKind,
    Language,
    Patient,
    Sex,
    Side,
)
from staff.models import User


class ActForm(forms.Form):
    """A form whose service may still refuse; the refusal is shown beside its fields."""

    def refuse(self, problem: Invalid) -> None:
        """Put each broken rule beside its field; a rule of a field that is not here goes to the top."""
        for name, rule in problem.fields.items():
            self.add_error(name if name in self.fields else None, rule)


class DayField(forms.DateField):
    """A calendar date, by the browser's date control or written as 1980-05-17."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"type": "date", "max": "9999-12-31", **kwargs.pop("attrs", {})}
        super().__init__(
            widget=forms.DateInput(attrs=attrs, format="%Y-%m-%d"),
            input_formats=["%Y-%m-%d"],
            error_messages={"invalid": "Write the date as year-month-day, such as 1980-05-17."},
            **kwargs,
        )


def _words(longest: int, **kwargs: Any) -> forms.CharField:
    attrs = kwargs.pop("attrs", {})
    return forms.CharField(max_length=longest, widget=forms.TextInput(attrs={"autocomplete": "off", **attrs}), **kwargs)


class PatientForm(ActForm):
    """Identity and contact: everything register and edit share."""

    given_name = _words(80, label="Given name", attrs={"autofocus": True})
    family_name = _words(80, label="Family name")
    birth_on = DayField(label="Birth date")
    sex = forms.ChoiceField(label="Sex", choices=Sex.choices, initial=Sex.UNKNOWN)
    phone = forms.CharField(
        label="Phone",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
    )
    email = forms.CharField(
        label="E-mail",
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "email", "inputmode": "email", "autocomplete": "off"}),
    )
    channel = forms.ChoiceField(label="Messages by", choices=Channel.choices, initial=Channel.EMAIL)
    language = forms.ChoiceField(label="Language of messages", choices=Language.choices, initial=Language.ENGLISH)
    address = _words(200, label="Address", required=False)
    postal_code = _words(12, label="Postal code", required=False)
    is_another_person = forms.BooleanField(label="This is another person", required=False)

    def entries(self) -> dict[str, Any]:
        """What was entered about the patient."""
        return {name: value for name, value in self.cleaned_data.items() if name not in _NOT_ABOUT_THE_PATIENT}


_NOT_ABOUT_THE_PATIENT = {"is_another_person", "location", "version"}


class RegisterForm(PatientForm):
    """A new patient, at one of the member's locations."""

    location = forms.ModelChoiceField(label="Location", queryset=Location.objects.none(), empty_label=None)

    field_order = ("given_name", "family_name", "birth_on", "sex")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["location"].queryset = Location.objects.visible_to(user).in_order()  # type: ignore[attr-defined]


class EditForm(PatientForm):
    """A patient as somebody read it; `version` says when."""

    died_on = DayField(label="Date of death", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    @staticmethod
    def values_of(patient: Patient) -> dict[str, Any]:
        return {name: getattr(patient, name) for name in EditForm.base_fields if name != "is_another_person"}

    def differences(self, patient: Patient) -> list[tuple[str, Any, Any]]:
        """(label, saved now, entered here) of the fields in which they differ."""
        saved, names = self.values_of(patient), self.entries()
        return [
            (str(self.fields[name].label), self._shown(name, saved[name]), self._shown(name, entered))
            for name, entered in names.items()
            if entered != saved[name]
        ]

    def _shown(self, name: str, value: Any) -> Any:
        return dict(getattr(self.fields[name], "choices", [])).get(value, value)

    def accept_version(self, version: int) -> None:
        """Show the entries again against the newer record: saving once more is a decision."""
        self.data = {**self.data.dict(), "version": str(version)}  # type: ignore[attr-defined]


class ShareForm(forms.Form):
    """Where else the patient shall be known."""

    location = forms.ModelChoiceField(label="Share with", queryset=Location.objects.none(), empty_label="Choose")

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        elsewhere = Location.objects.exclude(patients=patient).in_order()
        self.fields["location"].queryset = elsewhere  # type: ignore[attr-defined]


class PanelForm(ActForm):
    """One row of one list of a patient. Needs the member, for what may be chosen."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user


class AllergyForm(PanelForm):
    substance = _words(120, label="Substance")
    category = forms.ChoiceField(label="Kind", choices=[("", "Choose"), *AllergyCategory.choices])
    reaction = _words(200, label="Reaction", required=False)
    severity = forms.ChoiceField(
        label="Severity",
        required=False,
        choices=[("", "Not recorded"), ("mild", "Mild"), ("moderate", "Moderate"), ("severe", "Severe")],
    )
    noted_on = DayField(label="Since", required=False)


class MedicineForm(PanelForm):
    name = _words(200, label="Medicine")
    dose = _words(80, label="Dose", required=False)
    reason = _words(120, label="Taken for", required=False)
    started_on = DayField(label="Since", required=False)
    ended_on = DayField(label="Until", required=False)


class ConditionForm(PanelForm):
    condition = forms.ChoiceField(label="Condition")
    text = _words(200, label="In words", required=False, help_text="Needed for another condition.")
    side = forms.ChoiceField(label="Side", choices=Side.choices, initial=Side.NONE)
    onset_on = DayField(label="Since", required=False)
    chronicity = forms.ChoiceField(label="Course", choices=Chronicity.choices, initial=Chronicity.UNKNOWN)
    diagnosed_by = forms.ChoiceField(label="Diagnosed by", choices=DiagnosedBy.choices, initial=DiagnosedBy.UNKNOWN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["condition"].choices = [("", "Choose"), *_conditions()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """An ambiguous name is offered once per meaning; the meaning chosen is kept in words."""
        cleaned = super().clean() or {}
        kind, _, meaning = cleaned.pop("condition", "").partition(":")
        term = CONDITIONS[kind].term(meaning) if kind in CONDITIONS else None
        words = [term.name_en if term else "", cleaned.get("text", "")]
        return {**cleaned, "kind": kind, "text": ", ".join(word for word in words if word)}

    def refuse(self, problem: Invalid) -> None:
        renamed = {"kind": "condition", "code": "condition"}
        super().refuse(Invalid(fields={renamed.get(name, name): rule for name, rule in problem.fields.items()}))


def _conditions() -> list[tuple[str, str]]:
    choices = []
    for entry in CONDITIONS.values():
        meanings = [(f"{entry.key}:{term.key}", f"“Cervical” pain: {term.name_en.lower()}") for term in entry.terms]
        choices += meanings or [(entry.key, entry.name_en)]
    return [*sorted(choices, key=lambda choice: choice[1].strip("“")), (OTHER, "Another condition")]


class EarlierTreatmentForm(PanelForm):
    kind = forms.ChoiceField(label="Treatment", choices=[("", "Choose"), *EarlierTreatmentKind.choices])
    detail = _words(200, label="Details", required=False)
    body_region = _words(40, label="Body region", required=False)
    benefit = forms.ChoiceField(label="Benefit", choices=Benefit.choices, initial=Benefit.UNKNOWN)
    started_on = DayField(label="From", required=False)
    ended_on = DayField(label="Until", required=False)


class EmergencyContactForm(PanelForm):
    name = _words(120, label="Name")
    relationship = _words(60, label="Relationship", required=False)
    phone = forms.CharField(
        label="Phone", max_length=40, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"})
    )


class ConsentForm(PanelForm):
    kind = forms.ChoiceField(label="Consent to")
    is_given = forms.TypedChoiceField(
        label="The patient",
        choices=[("yes", "agrees"), ("no", "does not agree")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hidden = () if self.user.writes_clinical else CLINICAL_CONSENTS
        kind = cast("forms.ChoiceField", self.fields["kind"])
        kind.choices = [("", "Choose"), *((one, label) for one, label in ConsentKind.choices if one not in hidden)]


class CareTeamForm(PanelForm):
    therapist = forms.ModelChoiceField(label="Therapist", queryset=User.objects.none(), empty_label="Choose")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["therapist"]
        field.queryset = User.objects.visible_to(self.user).therapists()  # type: ignore[attr-defined]
        field.label_from_instance = lambda therapist: therapist.full_name  # type: ignore[attr-defined]


class EndForm(PanelForm):
    """Until when a row held."""

    ended_on = DayField(label="Last day", required=False, help_text="Left empty: today.")

    def day(self) -> date | None:
        day: date | None = self.cleaned_data["ended_on"]
        return day


class ImportForm(ActForm):
    """A file to try, then to take. `tried` is the fingerprint of the file whose result was shown."""

    kind = forms.ChoiceField(label="What the file holds", choices=ImportKind.choices)
    source = _words(
        40, label="Where it comes from", help_text="One word, the same every time: it tells old ids of systems apart."
    )
    location = forms.ModelChoiceField(label="Location", queryset=Location.objects.none(), empty_label=None)
    file = forms.FileField(
        label="CSV file",
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text="UTF-8, at most 5 MB; for more there is a command.",
    )
    tried = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["location"].queryset = Location.objects.visible_to(user).in_order()  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > 5 * 1024 * 1024:
            raise forms.ValidationError("This file is larger than 5 MB: split it, or use the command import_patients.")
        return file
