"""How a password becomes a user."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from staff.models import User


class ActiveStaffBackend(BaseBackend):
    """E-mail and password of an active member. Unknown, wrong and disabled take the same time and answer."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        user: User | None = User.objects.filter(email=(username or "").strip().lower()).first()
        if user is None:
            make_password(password)  # as slow as checking one
            return None
        if user.check_password(password or "") and user.is_active:
            return user
        return None

    def get_user(self, user_id: int) -> User | None:
        """Asked on every request, so disabling an account bites at once."""
        user: User | None = User.objects.filter(pk=user_id, is_active=True).first()
        return user
