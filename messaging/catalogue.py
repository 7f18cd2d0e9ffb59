"""The texts messaging can send: what each needs to be written. Nothing clinical can get in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.dateparse import parse_datetime

from clinic.core.clock import is_zone
from messaging.errors import UnknownTemplate, WrongContext
from patients.models import ConsentKind

_VISIT = frozenset({"starts_at", "zone", "location_name"})
_VISITS = frozenset({"visits_at", "zone", "location_name"})
_END = frozenset({"ends_at"})
_PLACE = frozenset({"location_name", "location_phone", "location_address"})
# What a text prints as a time on the location's clock.
INSTANTS = {"starts_at": "when", "ends_at": "ends", "answer_until": "answer_until"}
# What a text may list: instants, each printed on a line of its own.
LISTS = frozenset({"visits_at", "kept_at"})


@dataclass(frozen=True)
class Template:
    """One text. `needs` must be given, `takes` may be; any other key is refused."""

    name: str
    needs: frozenset[str] = field(default_factory=frozenset)
    takes: frozenset[str] = field(default_factory=frozenset)
    needs_link: bool = False
    # Beyond the channel's consent: a refusal of this kind suppresses it.
    consent: ConsentKind | None = None
    # Says that something has ended, so it is sent although its subject is no longer live.
    tells_an_end: bool = False


_TEMPLATES = {
    template.name: template
    for template in (
        Template("appointment_booked", needs=_VISIT, takes=_PLACE | _END),
        Template("appointment_moved", needs=_VISIT, takes=_PLACE | _END),
        Template("appointment_cancelled", needs=_VISIT, takes=_PLACE | _END, tells_an_end=True),
        Template("appointment_reminder", needs=_VISIT, takes=_PLACE | _END),
        Template("series_booked", needs=_VISITS, takes=_PLACE),
        Template("series_changed", needs=_VISITS, takes=_PLACE),
        Template("series_cancelled", needs=_VISITS, takes=_PLACE | {"kept_at"}, tells_an_end=True),
        Template("slot_offered", needs=_VISIT | {"answer_until"}, takes=_PLACE, needs_link=True),
        Template("slot_gone", needs=_VISIT, takes=_PLACE, tells_an_end=True),
        Template("intake_request", takes=_VISIT | _PLACE, needs_link=True),
        Template("rescreen_request", takes=_PLACE, needs_link=True),
        Template("change_check", needs=_VISIT, takes=_PLACE, needs_link=True),
        Template("survey_request", takes=_PLACE, needs_link=True, consent=ConsentKind.SURVEYS),
    )
}


def template_named(name: str) -> Template:
    """The text of that name. Raises UnknownTemplate."""
    if name not in _TEMPLATES:
        raise UnknownTemplate(template=name)
    return _TEMPLATES[name]


def check_context(template: Template, context: Mapping[str, Any], *, has_link: bool) -> None:
    """Refuse a context the text cannot be written from, or that says more than the text does."""
    given = set(context)
    wrong: set[str] = set((template.needs - given) | (given - template.needs - template.takes))
    wrong |= {key for key in given - wrong if not _is_sound(key, context[key])}
    if template.needs_link and not has_link:
        wrong.add("link")
    if wrong:
        raise WrongContext(template=template.name, keys=", ".join(sorted(wrong)))


def _is_sound(key: str, value: Any) -> bool:
    if key in LISTS:
        return isinstance(value, list) and all(_is_instant(each) for each in value)
    if not isinstance(value, str):
        return False
    if key in INSTANTS:
        return _is_instant(value)
    if key == "zone":
        return is_zone(value)
    return True


def _is_instant(value: Any) -> bool:
    try:
        instant = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return instant is not None and instant.tzinfo is not None
