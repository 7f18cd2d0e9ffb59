"""Signing in and out, and what limits it."""

import pytest
import time_machine
from django.urls import reverse

from audit.models import AuditEvent
from staff.models import FailedSignIn
from staff.sign_in import TRIES_PER_ACCOUNT
from tests.factories import PASSWORD, UserFactory

SIGN_IN = "/sign-in/"


def attempt(client, user, password=PASSWORD, **extra):
    return client.post(SIGN_IN, {"email": user.email, "password": password}, **extra)


@pytest.mark.django_db
def test_the_right_password_opens_the_house_and_leaves_a_trace(client, therapist):
    answer = attempt(client, therapist)
    assert (answer.status_code, answer.url) == (302, "/")
    assert AuditEvent.objects.get().action == "user.signed_in"


def test_the_session_key_changes_at_sign_in(client, therapist):
    client.get(SIGN_IN)
    client.session["before"] = "kept"
    session = client.session
    session["x"] = "1"
    session.save()
    before = session.session_key
    attempt(client, therapist)
    assert client.session.session_key != before


@pytest.mark.parametrize("why", ["wrong password", "unknown account", "disabled account"])
def test_every_refusal_reads_the_same(client, therapist, why):
    if why == "disabled account":
        therapist.is_active = False
        therapist.save(update_fields=["is_active"])
    email = "nobody@clinic.example" if why == "unknown account" else therapist.email
    password = PASSWORD if why == "disabled account" else "wrong"
    answer = client.post(SIGN_IN, {"email": email, "password": password})
    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors() == ["The e-mail address or the password is not right."]
    assert "_auth_user_id" not in client.session


def test_too_many_failures_rest_the_account_even_for_the_right_password(client, therapist):
    for _ in range(TRIES_PER_ACCOUNT):
        attempt(client, therapist, "wrong")
    answer = attempt(client, therapist)
    assert answer.status_code == 422
    assert "Too many failed tries" in answer.context["form"].non_field_errors()[0]
    assert "_auth_user_id" not in client.session


def test_a_forged_forwarding_header_resets_nothing(client, therapist):
    for number in range(TRIES_PER_ACCOUNT):
        attempt(client, therapist, "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    assert "Too many" in attempt(client, therapist).context["form"].non_field_errors()[0]


def test_one_good_sign_in_resets_no_count(client, therapist):
    for _ in range(TRIES_PER_ACCOUNT - 1):
        attempt(client, therapist, "wrong")
    attempt(client, therapist)
    client.post(reverse("staff:sign-out"))
    attempt(client, therapist, "wrong")
    assert "Too many" in attempt(client, therapist).context["form"].non_field_errors()[0]


def test_the_rest_ends(client, therapist):
    with time_machine.travel("2027-01-11 09:00Z", tick=True):
        for _ in range(TRIES_PER_ACCOUNT):
            attempt(client, therapist, "wrong")
    with time_machine.travel("2027-01-11 09:16Z", tick=True):
        assert attempt(client, therapist).status_code == 302


def test_strangers_cannot_fill_the_table(client, db):
    with time_machine.travel("2027-01-11 09:00Z", tick=True):
        for number in range(20):
            client.post(SIGN_IN, {"email": f"bogus{number}@x.example", "password": "x"})
    with time_machine.travel("2027-01-11 10:00Z", tick=True):
        client.post(SIGN_IN, {"email": "one@x.example", "password": "x"})
    assert FailedSignIn.objects.count() == 2


def test_signing_out_ends_the_session_on_the_server(client, therapist):
    attempt(client, therapist)
    cookie = client.cookies["session"].value
    client.post(reverse("staff:sign-out"))
    client.cookies["session"] = cookie
    assert client.get("/patients/").status_code == 302


def test_signing_out_needs_a_post(client, therapist):
    attempt(client, therapist)
    assert client.get(reverse("staff:sign-out")).status_code == 405
    assert "_auth_user_id" in client.session


def test_disabling_an_account_bites_on_the_next_request(client, therapist):
    attempt(client, therapist)
    therapist.is_active = False
    therapist.save(update_fields=["is_active"])
    assert client.get("/patients/").status_code == 302


@pytest.mark.parametrize(("minutes", "is_still_in"), [(14, True), (16, False)])
def test_an_idle_session_ends(client, therapist, minutes, is_still_in):
    with time_machine.travel("2027-01-11 09:00Z", tick=False):
        attempt(client, therapist)
        client.get("/account/tokens/")
    with time_machine.travel(f"2027-01-11 09:{minutes}Z", tick=False):
        answer = client.get("/account/tokens/", {"skip_timeout_reset": "1"})
    assert (answer.status_code == 200) is is_still_in


def test_a_screen_that_refreshes_itself_keeps_nobody_signed_in(client, therapist):
    with time_machine.travel("2027-01-11 09:00Z", tick=False) as clock:
        attempt(client, therapist)
        client.get("/account/tokens/")
        for _ in range(14):
            clock.shift(60)
            client.get("/account/tokens/", headers={"X-Background-Refresh": "1"})
        clock.shift(2 * 60)
        assert client.get("/account/tokens/").status_code == 302


def test_a_busy_session_ends_after_twelve_hours(client, therapist):
    with time_machine.travel("2027-01-11 00:00Z", tick=False) as clock:
        attempt(client, therapist)
        client.get("/account/tokens/")
        for _ in range(71):
            clock.shift(10 * 60)
            assert client.get("/account/tokens/").status_code == 200
        clock.shift(11 * 60)
        assert client.get("/account/tokens/").status_code == 302


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere_after_signing_in(client, therapist, wanted):
    answer = client.post(f"{SIGN_IN}", {"email": therapist.email, "password": PASSWORD, "next": wanted})
    assert answer.url == "/"


@pytest.mark.parametrize(
    ("roles", "page"),
    [
        (["therapist"], "/my-day/"),
        (["front_desk"], "/diary/"),
        (["admin"], "/diary/"),
        (["auditor"], "/audit/"),
        (["admin", "therapist"], "/my-day/"),
    ],
)
def test_each_role_has_its_own_first_page(page_of, location, roles, page):
    assert page_of(UserFactory(roles=roles, locations=[location])).get("/").url == page


def test_a_part_of_a_page_asked_for_after_signing_out_leads_the_whole_page_to_sign_in(client, db):
    answer = client.get("/account/tokens/", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/sign-in/"
