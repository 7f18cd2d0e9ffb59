"""Sending by SMTP, against a server of our own on the loopback."""

import smtplib
import socketserver
import threading
from email import message_from_string

import pytest
from django.core.exceptions import ImproperlyConfigured

from messaging.delivery import deliver
from messaging.optout import optout_url
from messaging.providers import Ambiguous, Envelope, Refused, SmtpProvider, Temporary, email_provider
from tests.factories import PatientFactory
from tests.messaging.factories import promise


class Conversation(socketserver.StreamRequestHandler):
    """One SMTP session; the server's `script` says how it answers."""

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self):
        self.say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].split()[0].upper()
            answer = self.server.script.get(verb, {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok"))
            self.say(answer)
            if verb == "DATA" and answer.startswith("354"):
                self.read_message()
                if self.server.script.get("after") is None:
                    return
                self.say(self.server.script["after"])
            if verb == "QUIT":
                return

    def read_message(self):
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        self.server.taken.append("\n".join(lines))


@pytest.fixture
def server(settings):
    """An SMTP server that takes everything, until `script` says otherwise."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as running:
        running.daemon_threads = True
        running.script = {"after": "250 taken"}
        running.taken = []
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = running.server_address
        settings.EMAIL_TIMEOUT = 2
        settings.EMAIL_PROVIDER = "smtp"
        settings.DEFAULT_FROM_EMAIL = "Fascia Clinic <desk@clinic.example>"
        yield running
        running.shutdown()


def send(key="appointment_booked:appointment:7::preferred:v1", to="ana@patients.example", subject_line="Your visit"):
    provider = email_provider()
    envelope = Envelope(key=key, patient=PatientFactory.build(), to=to, subject_line=subject_line, body="Hola, Ana:\n")
    provider.open()
    try:
        return provider.send(envelope)
    finally:
        provider.close()


def test_the_same_promise_has_the_same_message_id(server):
    first, again, other = send(), send(), send(key="another")
    assert first == again != other
    assert first.endswith("@clinic.example>")
    assert f"Message-ID: {first}" in server.taken[0]
    assert "To: ana@patients.example" in server.taken[0]
    assert "Content-Type: text/plain" in server.taken[0]
    assert "Auto-Submitted: auto-generated" in server.taken[0]


def test_it_is_chosen_by_the_settings(server, settings):
    assert isinstance(email_provider(), SmtpProvider)
    settings.EMAIL_PROVIDER = "pigeon"
    with pytest.raises(ImproperlyConfigured):
        email_provider()


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ({"RCPT": "550 no such user"}, Refused),
        ({"RCPT": "450 try later"}, Temporary),
        ({"MAIL": "553 not you"}, Refused),
        ({"MAIL": "421 busy"}, Temporary),
        ({"DATA": "451 later"}, Temporary),
        ({"DATA": "554 no"}, Refused),
        ({"after": "552 too large"}, Refused),
        ({"after": "451 later"}, Temporary),
        ({"after": None}, Ambiguous),
    ],
    ids=str,
)
def test_the_servers_answers_are_told_apart(server, script, outcome):
    server.script |= script
    with pytest.raises(outcome):
        send()


def test_an_address_that_is_none_is_refused(server):
    with pytest.raises(Refused):
        send(to="not an address\n")
    with pytest.raises(Refused):
        send(subject_line="Two\nlines")
    assert server.taken == []


def test_a_server_that_is_not_there_is_temporary(server, settings):
    settings.EMAIL_PORT = 1
    with pytest.raises(Temporary):
        send()


def test_an_error_carries_no_address(server):
    server.script |= {"RCPT": "550 ana@patients.example is unknown"}
    with pytest.raises(Refused) as error:
        send()
    assert str(error.value) == smtplib.SMTPRecipientsRefused.__name__


@pytest.mark.django_db
def test_the_mail_tells_programs_how_to_stop_it(server):
    message = promise()
    deliver(str(message.public_id))
    headers = message_from_string(server.taken[0])
    assert headers["List-Unsubscribe"].split() == [f"<{optout_url(message)}>"]
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.django_db
def test_a_promise_goes_out_and_a_lost_answer_stays_unknown(server):
    good = promise()
    deliver(str(good.public_id))
    good.refresh_from_db()
    assert good.state == "sent"
    assert good.provider_message_id in server.taken[0]
    server.script["after"] = None
    lost = promise()
    deliver(str(lost.public_id))
    lost.refresh_from_db()
    assert (lost.state, lost.state_reason) == ("unknown", "no_answer")
    assert len(server.taken) == 2
