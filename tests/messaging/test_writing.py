"""The texts: both languages, the location's clock, nothing clinical, nothing broken."""

from pathlib import Path

import pytest
from django.utils.dateparse import parse_datetime

from clinic.core.clock import print_visit
from messaging import rendering
from messaging.catalogue import _TEMPLATES
from messaging.errors import WrongContext
from messaging.links import link_url
from messaging.models import Message
from messaging.rendering import write
from tests.factories import PatientFactory
from tests.messaging.factories import VISIT, a_link, promise

FOLDER = Path(rendering.__file__).parent / "templates" / "messaging" / "email"
LANGUAGES = ["en", "es"]
VISITS_AT = ["2027-03-08T14:00:00+00:00", "2027-03-15T13:00:00+00:00"]
UNTIL = "2027-03-01T15:30:00+00:00"
LINKLESS = {"appointment_cancelled", "series_booked", "series_changed", "series_cancelled", "slot_gone"}
CLINICAL = ["pain", "trigger", "myofascial", "therapy", "treatment", "dolor", "tratamiento", "terapia", "session"]


def written(template, language, **context):
    link = a_link(PatientFactory(given_name="Ana", language=language), purpose="survey")
    needs = _TEMPLATES[template].needs
    facts = {
        key: value for key, value in {**VISIT, "visits_at": VISITS_AT, "answer_until": UNTIL}.items() if key in needs
    }
    return write(promise(link.patient, template=template, context=facts | context, link=link)), link


def test_every_text_exists_in_both_languages_and_no_other_does():
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{name}.{code}.txt" for name in _TEMPLATES for code in LANGUAGES
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", sorted(_TEMPLATES))
def test_each_text_is_whole_and_says_nothing_clinical(db, template, language):
    text, link = written(template, language)
    whole = f"{text.subject_line}\n{text.body}"
    assert 10 < len(text.subject_line) < 150
    assert "Ana" in text.body.splitlines()[0]
    assert not [word for word in CLINICAL if word in whole.lower()]
    assert not [mark for mark in ("{{", "{%", "&#", "&amp;", "None", "http://testserver") if mark in whole]
    if template not in LINKLESS:
        assert link_url(link) in text.body
    assert link_url(link) not in text.subject_line
    if "starts_at" in _TEMPLATES[template].needs:
        assert print_visit(parse_datetime(VISIT["starts_at"]), VISIT["zone"], language) in whole
    if "answer_until" in _TEMPLATES[template].needs:
        assert print_visit(parse_datetime(UNTIL), VISIT["zone"], language) in whole
    if "visits_at" in _TEMPLATES[template].needs:
        for text in VISITS_AT:
            assert f"- {print_visit(parse_datetime(text), VISIT['zone'], language)}\n" in whole


@pytest.mark.parametrize(("language", "words"), [("en", "other visits stay"), ("es", "otras visitas se mantienen")])
def test_a_cancelled_series_says_which_visits_stay(db, language, words):
    staying = "2027-03-01T14:00:00+00:00"
    told, _ = written("series_cancelled", language, kept_at=[staying])
    assert words in told.body
    assert f"- {print_visit(parse_datetime(staying), VISIT['zone'], language)}\n" in told.body
    assert words not in written("series_cancelled", language)[0].body


@pytest.mark.parametrize("visits_at", ["2027-03-08T14:00:00+00:00", ["soon"], ["2027-03-08T14:00:00"], [4], None])
def test_a_list_of_visits_is_a_list_of_instants(db, visits_at):
    with pytest.raises(WrongContext) as refusal:
        written("series_booked", "en", visits_at=visits_at)
    assert refusal.value.facts["keys"] == "visits_at"
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("starts_at", "zone", "day", "clock"),
    [
        ("2027-03-13T14:00:00+00:00", "America/New_York", "March 13", "9"),
        ("2027-03-15T13:00:00+00:00", "America/New_York", "March 15", "9"),
        ("2026-10-31T13:00:00+00:00", "America/New_York", "October 31", "9"),
        ("2026-11-02T14:00:00+00:00", "America/New_York", "November 2", "9"),
        ("2027-03-27T08:00:00+00:00", "Europe/Madrid", "March 27", "9"),
        ("2027-03-29T07:00:00+00:00", "Europe/Madrid", "March 29", "9"),
        ("2027-01-02T03:30:00+00:00", "America/Los_Angeles", "January 1", "7:30"),
    ],
)
def test_a_visit_is_told_by_the_locations_clock_on_both_sides_of_a_change(db, starts_at, zone, day, clock):
    english, _ = written("appointment_reminder", "en", starts_at=starts_at, zone=zone)
    assert day in english.body
    assert f" at {clock}" in english.body
    spanish, _ = written("appointment_reminder", "es", starts_at=starts_at, zone=zone)
    assert print_visit(parse_datetime(starts_at), zone, "es") in spanish.body
    assert day not in spanish.body


def test_the_offset_of_a_time_does_not_matter(db):
    utc, _ = written("appointment_booked", "en", starts_at="2026-12-07T15:30:00+00:00")
    here, _ = written("appointment_booked", "en", starts_at="2026-12-07T10:30:00-05:00")
    assert utc.subject_line == here.subject_line


def test_names_are_plain_text_and_cannot_break_the_subject_line(db):
    text, _ = written("appointment_booked", "en", location_name="St. Mary's & Co\nBcc: all@patients.example")
    assert "Where: St. Mary's & Co Bcc: all@patients.example" in text.body
    assert "\n" not in text.subject_line


def test_place_and_phone_are_told_when_known(db):
    text, _ = written("appointment_booked", "en", location_address="1 Main Street", location_phone="+1 212 555 0100")
    assert "Where: Downtown, 1 Main Street" in text.body
    assert "please tell us early: +1 212 555 0100." in text.body


def test_a_message_without_a_link_says_nothing_about_one(db):
    text = write(promise(template="appointment_booked"))
    assert "/l/" not in text.body.replace("/l/stop/", "")
    assert "open this page" not in text.body
