"""Writing a message: the patient's language, the location's clock, and the link."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from clinic.core.clock import print_visit
from messaging.catalogue import INSTANTS, LISTS
from messaging.links import link_url
from messaging.models import Message
from messaging.optout import optout_url


@dataclass(frozen=True)
class Written:
    """A message as the patient reads it: plain text."""

    subject_line: str
    body: str


def write(message: Message) -> Written:
    """The text of a message, from what was promised and what is known of the patient now."""
    language = message.patient.language
    text = render_to_string(f"messaging/email/{message.template}.{language}.txt", _facts(message, language))
    subject_line, _, body = text.strip().partition("\n")
    return Written(subject_line=subject_line.strip(), body=f"{body.strip()}\n\n{_way_out(message, language)}\n")


def _way_out(message: Message, language: str) -> str:
    with translation.override(language):
        return gettext("Stop these e-mails: %(address)s") % {"address": optout_url(message)}


def _facts(message: Message, language: str) -> dict[str, Any]:
    # One line each: a line break in a name must not end the subject line early.
    facts = {key: " ".join(str(value).split()) for key, value in message.context.items() if key not in LISTS}
    zone = facts.get("zone", "")
    lists = {key: [_told(text, zone, language) for text in message.context.get(key, ())] for key in LISTS}
    told = {name: _told(facts[key], zone, language) for key, name in INSTANTS.items() if key in facts}
    return {
        **facts,
        **lists,
        "clinic_name": settings.CLINIC_NAME,
        "given_name": " ".join(message.patient.given_name.split()),
        "when": "",
        **told,
        "link": link_url(message.link) if message.link else "",
    }


def _told(text: str, zone: str, language: str) -> str:
    instant = parse_datetime(text)
    return print_visit(instant, zone, language) if instant and zone else ""
