"""What therapists type of points and motions, parsed. Rules live in the services; a form only knows shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from screening.treatment import OBJECTIONS
from sessions import catalogue
from sessions.catalogue import Muscle, Place
from sessions.forms import PageForm, techniques_by_family
from sessions.models import (
    EndFeel,
    MotionDevice,
    MotionMode,
    PainOnset,
    PointStatus,
    Position,
    ThresholdUnit,
    TriggerPointObservation,
    View,
)
from sessions.pressure import from_kpa
from staff.models import User

SIDES = [("left", "Left"), ("right", "Right"), ("midline", "Midline")]
YES_NO = [("yes", "Yes"), ("no", "No"), ("", "Not tested")]
TENDERNESS = [(str(grade), str(grade)) for grade in range(5)] + [("", "–")]
ANSWERS = ("has_taut_band", "has_referred_pain", "is_recognised_by_patient", "has_twitch_response")
GAUGE = ("threshold_unit", "threshold_device", "probe_area_cm2")
DETAILS = ("has_twitch_response", "palpation_pain", "threshold_readings", "rater")
TREATED = ("technique", "seconds_held", "tenderness_after", "palpation_pain_after", "threshold_readings_after")
MOTION_DETAILS = (
    "start", "position", "device", "unit", "level", "pain", "pain_onset", "end_feel", "rater", "note",
)  # fmt: skip
_KEPT_AS_TYPED = (
    "status", "tenderness", "palpation_pain", "tenderness_after", "palpation_pain_after",
    "technique", "seconds_held", "note",
)  # fmt: skip
_AS_TYPED = ("unit", "pain", "pain_onset", "end_feel", "position", "device", "rater", "note")


class ReadingsField(forms.CharField):
    """Numbers as a gauge shows them, one per trial, with spaces between. A comma may stand for the point."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(**{"required": False, "max_length": 80, "widget": widget, **kwargs})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return tuple(value)
        text = super().to_python(value) or ""
        return tuple(_number(word) for word in re.split(r"[\s;/]+", text) if word)

    def prepare_value(self, value: Any) -> Any:
        return " ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def run_validators(self, value: Any) -> None:
        """What was typed has been read already; the service knows the limits."""


def gauge_of(row: TriggerPointObservation | None) -> dict[str, Any]:
    """The gauge of a finding, to begin a form with."""
    return {} if row is None else {name: getattr(row, name) for name in GAUGE}


def observation_initial(row: TriggerPointObservation) -> dict[str, Any]:
    """A form's initial values: the finding as it was typed."""
    words = {True: "yes", False: "no", None: ""}
    area = row.probe_area_cm2 or Decimal(1)
    trials = {"threshold_readings": row.threshold_trials, "threshold_readings_after": row.threshold_trials_after}
    return {
        **{name: getattr(row, name) for name in (*_KEPT_AS_TYPED, *GAUGE)},
        **{name: words[getattr(row, name)] for name in ANSWERS},
        **{name: [from_kpa(trial, row.threshold_unit, area) for trial in kept] for name, kept in trials.items()},
        "rater": row.rater.public_id if row.rater and row.rater_id != row.session.therapist_id else None,
    }


class RaterField(forms.ModelChoiceField):
    """A colleague who measured; nobody chosen is the author."""

    def __init__(self, **kwargs: Any) -> None:
        known = {"queryset": User.objects.none(), "to_field_name": "public_id", "empty_label": "Me", "required": False}
        super().__init__(**{**known, **kwargs})

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.full_name)


def offer_raters(form: forms.Form, colleagues: QuerySet[User] | None) -> None:
    """Let a form choose among the colleagues its door has found."""
    if colleagues is not None:
        cast("RaterField", form.fields["rater"]).queryset = colleagues


def holds_anything(form: forms.Form, names: Iterable[str]) -> bool:
    """Whether one of the fields has a value or an error."""
    return any(form[name].errors or form[name].value() not in {None, "", ()} for name in names)


def _number(word: str) -> Decimal:
    try:
        number = Decimal(word.rstrip(",").replace(",", "."))
    except InvalidOperation:
        raise ValidationError("Write numbers with spaces between them.") from None
    if not number.is_finite():
        raise ValidationError("Write numbers with spaces between them.")
    return number


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
    has_twitch_response = forms.ChoiceField(
        label="Local twitch", choices=YES_NO, required=False, widget=forms.RadioSelect
    )
    palpation_pain = forms.IntegerField(label="Pain when pressed, 0–10", required=False, min_value=0, max_value=10)
    threshold_readings = ReadingsField(
        label="Pressure threshold, each trial", help_text="As the gauge shows: 3.2 3.4 3.1"
    )
    threshold_unit = forms.ChoiceField(label="The gauge shows", choices=ThresholdUnit.choices, required=False)
    threshold_device = forms.CharField(
        label="Gauge",
        help_text="Name or number. Values of another gauge are not compared.",
        required=False,
        max_length=60,
    )
    probe_area_cm2 = forms.DecimalField(label="Probe area", required=False, max_digits=4, decimal_places=2)
    technique = forms.ChoiceField(label="Technique on this point", required=False)
    seconds_held = forms.IntegerField(label="Held for", required=False, min_value=1, max_value=1800)
    tenderness_after = forms.TypedChoiceField(
        label="Tenderness after",
        choices=TENDERNESS,
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    palpation_pain_after = forms.IntegerField(
        label="Pain when pressed after, 0–10", required=False, min_value=0, max_value=10
    )
    threshold_readings_after = ReadingsField(label="Pressure threshold after, each trial")
    rater = RaterField(label="Examined by")
    note = forms.CharField(label="Remark", required=False, max_length=300)

    def __init__(self, *args: Any, colleagues: QuerySet[User] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        technique = cast("forms.ChoiceField", self.fields["technique"])
        technique.choices = [("", "None"), *techniques_by_family()]
        offer_raters(self, colleagues)

    @property
    def finding(self) -> dict[str, Any]:
        """The arguments of the service."""
        names = [name for name in ObservationForm.base_fields if name not in ANSWERS]
        answers = {name: {"yes": True, "no": False}.get(self.cleaned_data[name]) for name in ANSWERS}
        return {**{name: self.cleaned_data[name] for name in names}, **answers}

    def object(self, reasons: Iterable[str]) -> None:
        """Say what speaks against the technique. The reason why nevertheless is asked under the techniques."""
        said = " ".join(OBJECTIONS[reason] for reason in reasons)
        self.add_error("technique", f"{said} Enter it under Techniques first, or choose another.")

    @property
    def is_treated(self) -> bool:
        """Whether something stands, or is wrong, in what was done and how it is after."""
        return holds_anything(self, TREATED)

    @property
    def is_detailed(self) -> bool:
        """Whether something stands, or is wrong, in the signs that are not asked at first."""
        return holds_anything(self, DETAILS)


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
    position = forms.ChoiceField(label="Position", choices=[("", "Not noted"), *Position.choices], required=False)
    device = forms.ChoiceField(
        label="Measured with", choices=[("", "Not noted"), *MotionDevice.choices], required=False
    )
    unit = forms.ChoiceField(label="In", choices=[("", "The usual unit"), ("mm", "mm"), ("cm", "cm")], required=False)
    level = forms.TypedChoiceField(
        label="Vertebra reached",
        help_text="For the hand behind the back.",
        choices=[("", "–"), *((number, name) for number, name in enumerate(catalogue.LEVELS))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    pain = forms.IntegerField(label="Pain, 0–10", required=False, min_value=0, max_value=10)
    pain_onset = forms.ChoiceField(label="Pain comes", choices=[("", "Not noted"), *PainOnset.choices], required=False)
    end_feel = forms.ChoiceField(label="End feel", choices=[("", "Not noted"), *EndFeel.choices], required=False)
    rater = RaterField(label="Measured by")
    note = forms.CharField(label="How", help_text="Such as: knee bent.", required=False, max_length=120)

    def __init__(self, *args: Any, colleagues: QuerySet[User] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        motion = cast("forms.ChoiceField", self.fields["motion"])
        motion.choices = [("", "Choose"), *motions_by_joint()]
        # A vertebra is reached instead of an angle.
        self.fields["end"].required = not self.data.get("level") and not self.is_level
        offer_raters(self, colleagues)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        known = catalogue.motions().get(cleaned.get("motion") or "")
        if known is not None and (cleaned.get("level") is not None) != (known.unit == "level"):
            is_level = known.unit == "level"
            self.add_error("level", "Choose the vertebra." if is_level else "Only for the hand behind the back.")
        return cleaned

    @property
    def is_detailed(self) -> bool:
        """Whether something stands, is wrong, or is needed in what is not asked at first."""
        return self.is_level or holds_anything(self, MOTION_DETAILS)

    @property
    def is_level(self) -> bool:
        """Whether the form begins with a motion that is read as a vertebra."""
        begun = catalogue.motions().get(self.initial.get("motion", ""))
        return begun is not None and begun.unit == "level"

    @property
    def measured(self) -> dict[str, Any]:
        """The arguments of the service. A motion of the middle has no side to choose."""
        cleaned = self.cleaned_data
        known = catalogue.motions()[cleaned["motion"]]
        return {
            "joint": known.joint,
            "motion": known.motion,
            "side": cleaned["side"] if known.is_sided else "midline",
            "end": cleaned["end"] if cleaned["level"] is None else cleaned["level"],
            "mode": cleaned["mode"] or MotionMode.ACTIVE,
            **{name: cleaned[name] for name in ("start", "is_painful", *_AS_TYPED)},
        }

    def other_side(self, colleagues: QuerySet[User] | None = None) -> MotionForm:
        """An empty form for what is usually measured next: the same motion on the other side, in the same way."""
        known = catalogue.motions()[self.cleaned_data["motion"]]
        if not known.is_sided or self.cleaned_data["side"] == "right":
            return MotionForm(colleagues=colleagues)
        same = {name: self.cleaned_data[name] for name in ("mode", "position", "device", "unit", "note")}
        rater = self.cleaned_data["rater"]
        initial = {"motion": known.key, "side": "right", "rater": rater and rater.public_id, **same}
        return MotionForm(initial=initial, colleagues=colleagues)


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
    units = {"deg": "°", "mm": "mm", "level": "vertebra"}
    groups: dict[str, list[tuple[str, str]]] = {}
    for motion in catalogue.motions().values():
        label = f"{motion.name} ({units[motion.unit]})"
        groups.setdefault(motion.joint_name, []).append((motion.key, label))
    return list(groups.items())
