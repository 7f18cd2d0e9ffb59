"""Tokens for scripts."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotFound
from staff.models import ApiToken
from staff.services import create_api_token, revoke_api_token


def bearer(token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_a_token_opens_the_api_and_is_kept_only_as_a_digest(therapist):
    row, token = create_api_token(name="Nightly", can_write=False, days=30, by=therapist)
    answer = bearer(token).get("/api/v1/me/")
    assert answer.data["email"] == therapist.email
    assert token not in str(ApiToken.objects.values().get())
    row.refresh_from_db()
    assert row.last_used_at is not None
    event = AuditEvent.objects.get()
    assert (event.action, event.facts) == ("api_token.created", {"can_write": False, "days": 30})


def test_a_read_only_token_changes_nothing(therapist):
    _, token = create_api_token(name="Reader", can_write=False, days=30, by=therapist)
    answer = bearer(token).post(f"/api/v1/api-tokens/{ApiToken.objects.get().public_id}/revoke/")
    assert answer.status_code == 403
    assert ApiToken.objects.get().revoked_at is None


def test_a_token_cannot_breed_tokens(therapist):
    _, token = create_api_token(name="Writer", can_write=True, days=30, by=therapist)
    assert bearer(token).post("/api/v1/api-tokens/", {"name": "Child"}, format="json").status_code == 403
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("why", ["unknown", "expired", "revoked", "owner disabled"])
def test_a_dead_token_opens_nothing(therapist, why):
    row, token = create_api_token(name="Script", can_write=True, days=30, by=therapist)
    if why == "unknown":
        token += "x"
    if why == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    if why == "revoked":
        revoke_api_token(token=row, by=therapist)
    if why == "owner disabled":
        therapist.is_active = False
        therapist.save(update_fields=["is_active"])
    answer = bearer(token).get("/api/v1/me/")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Bearer"


def test_revoking_another_persons_token_is_like_it_did_not_exist(api, therapist, front_desk):
    row, _ = create_api_token(name="Script", can_write=True, days=30, by=therapist)
    with pytest.raises(NotFound):
        revoke_api_token(token=row, by=front_desk)
    assert api(front_desk).post(f"/api/v1/api-tokens/{row.public_id}/revoke/").status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None
    assert AuditEvent.objects.count() == 1


def test_revoking_twice_is_one_revocation(therapist):
    row, _ = create_api_token(name="Script", can_write=True, days=30, by=therapist)
    revoke_api_token(token=row, by=therapist)
    revoke_api_token(token=row, by=therapist)
    assert [event.action for event in AuditEvent.objects.order_by("id")] == ["api_token.created", "api_token.revoked"]


@pytest.mark.parametrize(("name", "days", "field"), [("", 5, "name"), ("A", 0, "days"), ("A", 366, "days")])
def test_a_bad_wish_names_the_field_and_makes_nothing(therapist, name, days, field):
    with pytest.raises(Invalid) as refusal:
        create_api_token(name=name, can_write=False, days=days, by=therapist)
    assert list(refusal.value.fields) == [field]
    assert not ApiToken.objects.exists()
    assert not AuditEvent.objects.exists()


def test_the_page_shows_a_new_token_once(page_of, therapist):
    browser = page_of(therapist)
    answer = browser.post("/account/tokens/", {"name": "Nightly", "days": 30})
    token = answer.context["new_token"]
    assert token in answer.content.decode()
    assert token not in browser.get("/account/tokens/").content.decode()


def test_an_unknown_field_is_refused(api, therapist):
    answer = api(therapist).post("/api/v1/api-tokens/", {"name": "A", "user": 1}, format="json")
    assert answer.status_code == 400
    assert answer.data["fields"] == {"user": ["There is no such field."]}
    assert not ApiToken.objects.exists()
