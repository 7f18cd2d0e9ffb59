"""How findings are put into words. {% load session_words %}"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms import RadioSelect

from clinic.core.clock import zone_label
from sessions import catalogue
from sessions.finding_forms import PointForm
from sessions.models import BodySide, CarnesSeverity, MotionMode, PointStatus, RangeOfMotion, TriggerPointObservation
from sessions.workspace import REQUIREMENTS, region_name

register = template.Library()

_UNITS = {"deg": "°", "mm": " mm", "cm": " cm"}
_TONES = {"active": "danger", "latent": "warning", "resolved": "success", "not_found": ""}
_SIGNS = (
    ("has_taut_band", "taut band", "no taut band"),
    ("has_referred_pain", "referred pain", "no referred pain"),
    ("is_recognised_by_patient", "recognised by the patient", "not recognised by the patient"),
    ("has_twitch_response", "local twitch", "no local twitch"),
)
_FLAG_LOOKS = {"absolute": ("red", "danger"), "relative": ("red", "danger"), "local": ("amber", "warning")}

register.filter("zone_words", zone_label)
register.filter("region_words", region_name)


@register.filter
def side_words(side: str) -> str:
    """Left, right or midline."""
    return str(BodySide(side).label).lower()


@register.filter
def muscle_words(key: str) -> str:
    """A muscle's name."""
    return catalogue.muscles()[key].name


@register.filter
def status_words(status: str) -> str:
    """Active, latent, resolved or not found."""
    return str(PointStatus(status).label)


@register.filter
def status_tone(status: str) -> str:
    """The badge's tone for a status; the mark's shape says the same."""
    return _TONES[status]


@register.filter
def mode_words(mode: str) -> str:
    """Active, passive or active-assisted."""
    return str(MotionMode(mode).label).lower()


@register.filter
def signs_words(observation: TriggerPointObservation) -> str:
    """Tenderness and signs of an observation, as far as they were tested."""
    words = [] if observation.tenderness is None else [f"tenderness {observation.tenderness}/4"]
    if observation.palpation_pain is not None:
        words.append(f"pain when pressed {observation.palpation_pain}/10")
    for name, there, absent in _SIGNS:
        answer = getattr(observation, name)
        if answer is not None:
            words.append(there if answer else absent)
    return ", ".join(words)


@register.filter
def reach_words(motion: RangeOfMotion) -> str:
    """A measurement with its unit; in neutral-zero form when it does not start at zero."""
    if motion.unit == "level":
        return catalogue.LEVELS[motion.end]
    unit = _UNITS[motion.unit]
    if motion.start == motion.end < 0:
        return f"{_signed(motion.end)}{unit} ({-motion.end}{unit} short of zero)"
    if motion.start in {0, motion.end}:
        return _signed(motion.end) + unit
    if motion.start > 0:
        return f"0-{motion.start}-{motion.end}{unit}"
    return (
        f"{-motion.start}-0-{motion.end}{unit}"
        if motion.end >= 0
        else f"{_signed(motion.start)} to {_signed(motion.end)}{unit}"
    )


@register.filter
def carnes_words(severity: str) -> str:
    """Major, moderate, minor or not adverse: without what it means."""
    return str(CarnesSeverity(severity).label).partition(":")[0]


@register.filter
def requirement_words(code: str) -> str:
    """Something a signature asks for."""
    return REQUIREMENTS[code].lower()


@register.filter
def flag_colour(severity: str) -> str:
    """The flag's edge."""
    return _FLAG_LOOKS.get(severity, ("amber", "warning"))[0]


@register.filter
def flag_tone(severity: str) -> str:
    """The tone of the flag's badge."""
    return _FLAG_LOOKS.get(severity, ("amber", "warning"))[1]


def _signed(number: int) -> str:
    return str(number).replace("-", "−")


@register.filter
def entry(entries: dict[str, Any], name: str) -> Any:
    """What a dict holds under a name, or nothing."""
    return entries.get(name)


@register.filter
def muscle_look(form: PointForm) -> str:
    """Near muscles are choices side by side; all of them are a list."""
    return "row" if isinstance(form.fields["muscle"].widget, RadioSelect) else "control"


@register.filter
def list_address(form: PointForm) -> str:
    """The query of the same tap with all muscles to choose from."""
    return urlencode({"list": 1, **{name: form[name].value() for name in ("view", "x", "y")}})
