"""API credentials: a bearer token for scripts, the browser session for our own pages."""

import hashlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from audit.context import note_credential
from staff.models import ApiToken, User

_MINUTE = timedelta(minutes=1)


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = ApiToken.objects.usable().select_related("user").filter(digest=token_digest(token.strip())).first()
        if found is None:
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        note_credential(f"token:{found.public_id}")
        # Once a minute is exact enough, and spares a write per call.
        stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - _MINUTE)
        ApiToken.objects.filter(stale, pk=found.pk).update(last_used_at=Now(), updated_at=Now())
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class StaffSessionAuthentication(SessionAuthentication):
    """Django's, with its CSRF check."""


class ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes tokens."""

    target_class = "staff.authentication.ApiTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class StaffSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes a signed-in browser."""

    target_class = "staff.authentication.StaffSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
