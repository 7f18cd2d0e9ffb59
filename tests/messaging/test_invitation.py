"""The calendar entry in a mail: one UID per visit, a rising SEQUENCE, an end; nothing about whom or what for."""

from email import message_from_string

import pytest

from messaging import services
from messaging.delivery import deliver
from tests.factories import PatientFactory
from tests.messaging.factories import VISIT, promise

pytestmark = pytest.mark.django_db
WHOLE = {**VISIT, "ends_at": "2026-12-07T16:20:00+00:00", "location_address": "1 Main Street; Suite 5, " + "ñ" * 60}


def sent(outside, **changes):
    message = promise(**{"context": WHOLE, **changes})
    deliver(str(message.public_id))
    return message, outside.calls[-1].invitation


def lines_of(invitation):
    return invitation.text.replace("\r\n ", "").split("\r\n")


def test_a_booking_brings_it_a_move_raises_it_and_a_cancellation_takes_it_away(outside, settings):
    settings.DEFAULT_FROM_EMAIL = "Clinic <desk@clinic.example>"
    patient, key = PatientFactory(given_name="Xiomara"), "appointment:7d0f"
    found = []
    for template, is_live in (
        ("appointment_booked", True), ("appointment_moved", True), ("appointment_cancelled", False),
    ):  # fmt: skip
        subject = services.supersede(key=key, is_live=is_live) if found else services.subject(key=key)
        found.append(sent(outside, patient=patient, subject=subject, template=template)[1])
    assert [one.method for one in found] == ["PUBLISH", "PUBLISH", "CANCEL"]
    for number, one in enumerate(found):
        lines = lines_of(one)
        assert "UID:7d0f@clinic.example" in lines
        assert f"SEQUENCE:{number}" in lines
        assert f"METHOD:{one.method}" in lines
        assert {"DTSTART:20261207T153000Z", "DTEND:20261207T162000Z", "SUMMARY:Appointment"} <= set(lines)
        assert "LOCATION:Downtown\\, 1 Main Street\\; Suite 5\\, " + "ñ" * 60 in lines
        assert "Xiomara" not in one.text
    assert "STATUS:CANCELLED" in lines_of(found[2])


def test_lines_are_at_most_75_octets_and_no_character_is_cut(outside):
    _, one = sent(outside)
    assert max(len(line.encode()) for line in one.text.split("\r\n")) <= 75
    assert one.text.endswith("END:VCALENDAR\r\n")


def test_reminders_and_messages_promised_without_an_end_bring_none(outside):
    assert sent(outside, template="appointment_reminder")[1] is None
    assert sent(outside, context=VISIT)[1] is None


def test_it_speaks_the_patients_language(outside):
    assert "SUMMARY:Cita" in lines_of(sent(outside, patient=PatientFactory(language="es"))[1])


def test_the_mail_carries_it_as_a_file(mailoutbox, settings):
    settings.EMAIL_PROVIDER = "smtp"
    message = promise(context=WHOLE)
    deliver(str(message.public_id))
    mail = message_from_string(mailoutbox[0].message().as_string())
    file = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert (file.get_param("method"), file.get_filename()) == ("PUBLISH", "visit.ics")
    assert b"BEGIN:VEVENT\r\n" in file.get_payload(decode=True)
