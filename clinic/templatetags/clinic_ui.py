"""Template tags every screen uses: icons, fields, times in the clinic's zone, badges, traffic lights."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.templatetags.static import static
from django.utils import dateformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clinic.core import clock

register = template.Library()

TONES = {"", "info", "success", "warning", "danger", "accent"}
LIGHTS = {"green", "amber", "red", "grey"}
PAIN_LEVELS = range(11)


class HasTimezone(Protocol):
    """Anything with an IANA zone name, such as a Location."""

    timezone: str


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon from the sprite. Without a label it is decoration and hidden from screen readers."""
    address = f"{static('clinic/icons.svg')}#{name}"
    classes = f"icon {css}".strip()
    if label:
        return format_html('<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', classes, label, address)
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', classes, address)


@register.simple_tag
def badge(text: str, tone: str = "", icon_name: str = "") -> SafeString:
    """A status pill: {% badge "Signed" "success" "check" %}. Tone and icon only repeat the text."""
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"badge tone {tone!r} is not one of {sorted(TONES)}")
    drawn = icon(icon_name) if icon_name else ""
    return format_html('<span class="badge{}">{}{}</span>', f" badge-{tone}" if tone else "", drawn, text)


@register.inclusion_tag("clinic/_light.html")
def light(colour: str, text: str = "", note: str = "", look: str = "") -> dict[str, Any]:
    """The screening traffic light; look="banner" or look="mark" (shape only, text for screen readers)."""
    if colour not in LIGHTS:
        raise template.TemplateSyntaxError(f"light {colour!r} is not one of {sorted(LIGHTS)}")
    return {"light": colour, "text": text, "note": note, "look": look}


@register.simple_tag
def pain_level(level: float | str | None) -> SafeString:
    """A 0-10 pain score as a coloured number; a dash when it was not asked."""
    if level is None or level == "":
        return format_html('<span class="soft" title="{}">–</span>', _("Not recorded"))
    return format_html('<span class="pain-level pain-{}">{}</span>', max(0, min(10, round(float(level)))), level)


@register.simple_tag
def pain_change(before: int | None, after: int | None) -> SafeString:
    """What happened to the pain, in words, number and arrow. Lower is better."""
    if before is None or after is None:
        return format_html('<span class="soft">{}</span>', "–")
    change = after - before
    if change < 0:
        return format_html('<span class="change-better">{}{} {}</span>', icon("arrow-down"), -change, _("less"))
    if change > 0:
        return format_html('<span class="change-worse">{}{} {}</span>', icon("arrow-up"), change, _("more"))
    return format_html('<span class="change-same">{}{}</span>', icon("minus"), _("no change"))


@register.filter
def initials(name: object) -> str:
    """Up to two letters of a name, for the round mark beside it."""
    words = str(name).split()
    return "".join(word[0].upper() for word in (words[:1] + words[1:][-1:]))


@register.filter
def local_time(instant: datetime | None, location: HasTimezone) -> str:
    """Date and time on the location's clock with the zone named: Mon 23 Nov 2026, 14:30 (New York time)."""
    if not instant:
        return ""
    zone = location.timezone
    return f"{_print(instant, location, 'D j M Y, H:i')} ({clock.zone_label(zone)})"


@register.filter
def local_date(instant: datetime | None, location: HasTimezone) -> str:
    """The date on the location's calendar: Mon 23 Nov 2026."""
    return _print(instant, location, "D j M Y")


@register.filter
def short_time(instant: datetime | None, location: HasTimezone) -> str:
    """The time on the location's clock: 14:30. For lists whose heading already names the zone."""
    return _print(instant, location, "H:i")


@register.simple_tag
def time_range(starts_at: datetime, ends_at: datetime, location: HasTimezone) -> str:
    """From-to on the location's clock: 14:30–15:20."""
    return f"{_print(starts_at, location, 'H:i')}–{_print(ends_at, location, 'H:i')}"


@register.simple_tag
def diary_place(starts_at: datetime, ends_at: datetime, location: HasTimezone) -> str:
    """The classes that put a card at its time and length in the diary, to the nearest five minutes."""
    wall = clock.local(starts_at, location.timezone)
    minutes = max(5, round((ends_at - starts_at).total_seconds() / 300) * 5)
    hours, rest = divmod(min(minutes, 19 * 60 + 55), 60)
    return f"at-{wall.hour} past-{wall.minute // 5 * 5} for-{hours}h for-{rest}m"


def _print(instant: datetime | None, location: HasTimezone, pattern: str) -> str:
    return dateformat.format(clock.local(instant, location.timezone), pattern) if instant else ""


@register.filter
def field_look(field: BoundField, asked: str = "") -> str:
    """How a field is drawn: as asked, or what its widget suggests."""
    if asked:
        return asked
    widget = field.field.widget
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        return "choices"
    return "single" if isinstance(widget, CheckboxInput) else "control"


@register.filter
def pain_options(field: BoundField) -> Iterable[dict[str, Any]]:
    """The eleven levels of a pain field and which one is chosen."""
    value = field.value()
    chosen = "" if value is None else str(value)
    return [{"level": level, "is_chosen": str(level) == chosen} for level in PAIN_LEVELS]


@register.filter
def is_multiple(field: BoundField) -> bool:
    """Whether several answers may be given."""
    return isinstance(field.field.widget, CheckboxSelectMultiple)


@register.inclusion_tag("clinic/_field.html")
def render_field(field: BoundField, look: str = "", css: str = "", unit: str = "", mark: str = "") -> dict[str, Any]:
    """A form field with label, help and error.

    look: segmented, pain, row (choices side by side); css: extra classes, such as field-short or span-all;
    unit: printed after a short input; mark: "optional" says so, "none" hides the required star.
    """
    return {"field": field, "asked": look, "css": css, "unit": unit, "mark": mark}
