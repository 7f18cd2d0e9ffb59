"""What therapists type, parsed. Rules live in the services; a form only knows shapes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, cast

from django import forms

from clinic.core.errors import Invalid
from screening.treatment import NEVER_EXCUSED, words_of
from sessions import catalogue
from sessions.content import NOTE_FIELDS
from sessions.models import BodySide, TreatmentSession
from sessions.services.notes import ADDENDUM_LENGTH, LUBRICANT_LENGTH, NOTE_LENGTH
from sessions.services.techniques import DESPITE_LENGTH

PRESSURE = [(str(level), str(level)) for level in range(1, 6)] + [("", "–")]


def show_refusal(form: forms.Form, refusal: Invalid) -> None:
    """A service's refusal beside the fields it names."""
    for name, rule in refusal.fields.items():
        form.add_error(name if name in form.fields else None, rule)


def _text(label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


class PageForm(forms.Form):
    """One of several forms on a page: its ids are its own."""

    ids = "id_%s"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": self.ids, **kwargs})


class NoteForm(PageForm):
    """The whole note as it stands on the page, and the version the page was made from."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    pain_before = forms.IntegerField(label="Pain before", required=False, min_value=0, max_value=10)
    subjective = _text("Subjective", "What the patient tells.")
    objective = _text("Objective", "What you see, feel and test.")
    assessment = _text("Assessment", "What you make of it, and how the treatment worked.")
    plan = _text("Plan", "What comes next.")
    pain_after = forms.IntegerField(label="Pain after", required=False, min_value=0, max_value=10)
    lubricant = forms.CharField(
        label="Oil, gel or lotion used",
        help_text="Leave empty when none was used.",
        required=False,
        max_length=LUBRICANT_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @classmethod
    def of(cls, session: TreatmentSession) -> NoteForm:
        """The note as it is saved."""
        return cls(initial={"version": session.version, **{name: getattr(session, name) for name in NOTE_FIELDS}})

    @property
    def note_fields(self) -> str:
        """Their names, for the script that saves them."""
        return " ".join(NOTE_FIELDS)

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in NOTE_FIELDS}

    def over(self, session: TreatmentSession) -> NoteForm:
        """The same text, ready to be saved over the version that is there now."""
        return NoteForm({**self.cleaned_data, "version": session.version})


class TechniqueForm(PageForm):
    """Minutes of a technique on a region."""

    ids = "id_technique_%s"

    technique = forms.ChoiceField(label="Technique")
    region = forms.ChoiceField(label="Region")
    side = forms.ChoiceField(label="Side of the patient", choices=BodySide.choices, widget=forms.RadioSelect)
    minutes = forms.IntegerField(
        label="Minutes",
        min_value=1,
        max_value=180,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    pressure = forms.TypedChoiceField(
        label="Pressure",
        help_text="1 lightest, 5 deepest. 4 and 5 need a reason where vessels, nerves or organs lie open to the hand; "
        "keep off bony points.",
        choices=PRESSURE,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    despite_reason = forms.CharField(
        label="Why it is done nevertheless",
        help_text="It stays in the note and in the audit trail.",
        required=False,
        max_length=DESPITE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("technique", techniques_by_family()), ("region", _regions())):
            field = cast("forms.ChoiceField", self.fields[name])
            field.choices = [("", "Choose"), *choices]
        # Asked only once screening has spoken against it.
        self.objections: list[str] = []
        self.only_lead_decides = False
        if not self.data.get("despite_reason"):
            self.fields["despite_reason"].widget = forms.HiddenInput()

    def object(self, reasons: Collection[str], *, may_be_excused: bool) -> None:
        """Say what speaks against it, and ask for a reason where one helps."""
        self.objections = [words_of(reason, region=self.cleaned_data.get("region", "")) for reason in reasons]
        self.fields["despite_reason"].widget = forms.HiddenInput()
        self.only_lead_decides = not may_be_excused and NEVER_EXCUSED.isdisjoint(reasons)
        if may_be_excused:
            self.fields["despite_reason"].widget = forms.Textarea(attrs={"rows": 2, "autocomplete": "off"})
            self.add_error("despite_reason", "Say why, or choose another technique or region.")


class AddendumForm(PageForm):
    """A dated correction or addition."""

    ids = "id_addendum_%s"

    text = forms.CharField(
        label="Addendum",
        help_text="It is dated, carries your name and cannot be changed afterwards.",
        max_length=ADDENDUM_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )


def techniques_by_family() -> list[tuple[str, Any]]:
    """All techniques under the names of their families."""
    groups: dict[str, list[tuple[str, str]]] = {name: [] for name in catalogue.FAMILIES.values()}
    for technique in catalogue.techniques().values():
        groups[catalogue.FAMILIES[technique.family]].append((technique.key, technique.name))
    return list(groups.items())


def _regions() -> Iterable[tuple[str, str]]:
    return [(region.code, region.name) for region in catalogue.regions().values()]
