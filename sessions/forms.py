"""What therapists type, parsed. Rules live in the services; a form only knows shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django import forms

from clinic.core.errors import Invalid
from screening.treatment import OBJECTIONS
from sessions import catalogue
from sessions.catalogue import Muscle, Place
from sessions.content import NOTE_FIELDS
from sessions.models import BodySide, MotionMode, PointStatus, TreatmentSession, View
from sessions.services.notes import ADDENDUM_LENGTH, LUBRICANT_LENGTH, NOTE_LENGTH
from sessions.services.techniques import DESPITE_LENGTH

SIDES = [("left", "Left"), ("right", "Right"), ("midline", "Midline")]
YES_NO = [("yes", "Yes"), ("no", "No"), ("", "Not tested")]
TENDERNESS = [(str(grade), str(grade)) for grade in range(5)] + [("", "–")]
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


class ObservationForm(PageForm):
    """How a trigger point was found."""

    ids = "id_point_%s"

    status = forms.ChoiceField(
        label="Finding",
        help_text="Active: pressing reproduces the pain the patient knows. Latent: it does not.",
        choices=PointStatus.choices,
        widget=forms.RadioSelect,
    )
    tenderness = forms.TypedChoiceField(
        label="Tenderness",
        help_text="0 none · 1 tender · 2 flinches · 3 withdraws · 4 untouchable",
        choices=TENDERNESS,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    has_taut_band = forms.ChoiceField(label="Taut band", choices=YES_NO, required=False, widget=forms.RadioSelect)
    has_referred_pain = forms.ChoiceField(
        label="Referred pain", choices=YES_NO, required=False, widget=forms.RadioSelect
    )
    is_recognised_by_patient = forms.ChoiceField(
        label="Patient recognises the pain", choices=YES_NO, required=False, widget=forms.RadioSelect
    )
    note = forms.CharField(label="Remark", required=False, max_length=300)

    @property
    def finding(self) -> dict[str, Any]:
        """The arguments of the service."""
        cleaned = self.cleaned_data
        answers = ("has_taut_band", "has_referred_pain", "is_recognised_by_patient")
        return {
            "status": cleaned["status"],
            "tenderness": cleaned["tenderness"],
            "note": cleaned["note"],
            **{name: {"yes": True, "no": False}.get(cleaned[name]) for name in answers},
        }


class PointForm(ObservationForm):
    """A new trigger point: from a tap on the map (with a place), or from the list of muscles."""

    view = forms.ChoiceField(choices=[("", ""), *View.choices], required=False, widget=forms.HiddenInput)
    x = forms.IntegerField(required=False, min_value=0, max_value=1000, widget=forms.HiddenInput)
    y = forms.IntegerField(required=False, min_value=0, max_value=1000, widget=forms.HiddenInput)
    muscle = forms.ChoiceField(label="Muscle")
    side = forms.ChoiceField(label="Side of the patient", choices=SIDES, widget=forms.RadioSelect)
    place = forms.CharField(label="Where in the muscle", required=False, max_length=120)

    field_order = ("view", "x", "y", "muscle", "side", "status")

    def __init__(self, *args: Any, near: Sequence[Muscle] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        muscle = cast("forms.ChoiceField", self.fields["muscle"])
        muscle.choices = muscles_by_region()
        if near:
            muscle.widget = forms.RadioSelect(choices=[(one.key, one.name) for one in near])

    @property
    def point(self) -> dict[str, Any]:
        """The arguments of the service."""
        return {name: self.cleaned_data[name] for name in ("muscle", "side", "view", "x", "y", "place")}


class MotionForm(PageForm):
    """One measured motion."""

    ids = "id_motion_%s"

    motion = forms.ChoiceField(label="Joint and motion")
    side = forms.ChoiceField(label="Side of the patient", choices=SIDES[:2], required=False, widget=forms.RadioSelect)
    end = forms.IntegerField(
        label="Reaches",
        min_value=-180,
        max_value=200,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    is_painful = forms.BooleanField(label="Painful", required=False)
    start = forms.IntegerField(
        label="Starts at",
        help_text="Only when it does not start at zero: 10 when the last 10° to zero are missing, "
        "−5 when it goes 5° beyond.",
        required=False,
        min_value=-180,
        max_value=180,
        widget=forms.NumberInput(attrs={"autocomplete": "off"}),
    )
    mode = forms.ChoiceField(label="Moved", choices=MotionMode.choices, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        motion = cast("forms.ChoiceField", self.fields["motion"])
        motion.choices = [("", "Choose"), *motions_by_joint()]

    @property
    def measured(self) -> dict[str, Any]:
        """The arguments of the service. A motion of the middle has no side to choose."""
        cleaned = self.cleaned_data
        known = catalogue.motions()[cleaned["motion"]]
        return {
            "joint": known.joint,
            "motion": known.motion,
            "side": cleaned["side"] if known.is_sided else "midline",
            "start": cleaned["start"],
            "end": cleaned["end"],
            "mode": cleaned["mode"] or MotionMode.ACTIVE,
            "is_painful": cleaned["is_painful"],
        }

    def other_side(self) -> MotionForm:
        """An empty form for what is usually measured next: the same motion on the other side."""
        known = catalogue.motions()[self.cleaned_data["motion"]]
        if not known.is_sided or self.cleaned_data["side"] == "right":
            return MotionForm()
        return MotionForm(initial={"motion": known.key, "side": "right", "mode": self.cleaned_data["mode"]})


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
        help_text="1 lightest, 5 deepest",
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
        if not self.data.get("despite_reason"):
            self.fields["despite_reason"].widget = forms.HiddenInput()

    def object(self, reasons: Iterable[str], *, may_be_excused: bool) -> None:
        """Say what speaks against it, and ask for a reason where one helps."""
        self.objections = [OBJECTIONS[reason] for reason in reasons]
        self.fields["despite_reason"].widget = forms.HiddenInput()
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


class TapForm(forms.Form):
    """Where on the map somebody tapped."""

    view = forms.ChoiceField(choices=View.choices)
    x = forms.IntegerField(min_value=0, max_value=1000)
    y = forms.IntegerField(min_value=0, max_value=1000)

    @property
    def place(self) -> Place | None:
        """The place, or nothing when the form was opened without a tap."""
        if not self.is_valid():
            return None
        return Place(self.cleaned_data["view"], self.cleaned_data["x"], self.cleaned_data["y"])


def muscles_by_region() -> list[tuple[str, Any]]:
    """All muscles under the names of their regions, after an empty choice."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for muscle in catalogue.muscles().values():
        groups.setdefault(catalogue.regions()[muscle.region].name, []).append((muscle.key, muscle.name))
    return [("", "Choose"), *groups.items()]


def motions_by_joint() -> list[tuple[str, Any]]:
    """All motions under the names of their joints, each with its unit."""
    units = {"deg": "°", "mm": "mm"}
    groups: dict[str, list[tuple[str, str]]] = {}
    for motion in catalogue.motions().values():
        label = f"{motion.name} ({units[motion.unit]})"
        groups.setdefault(motion.joint_name, []).append((motion.key, label))
    return list(groups.items())


def techniques_by_family() -> list[tuple[str, Any]]:
    """All techniques under the names of their families."""
    groups: dict[str, list[tuple[str, str]]] = {name: [] for name in catalogue.FAMILIES.values()}
    for technique in catalogue.techniques().values():
        groups[catalogue.FAMILIES[technique.family]].append((technique.key, technique.name))
    return list(groups.items())


def _regions() -> Iterable[tuple[str, str]]:
    return [(region.code, region.name) for region in catalogue.regions().values()]
