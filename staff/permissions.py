"""The outermost gate of every API door: a staff member, with a token that may write if this writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from staff.models import ApiToken

if TYPE_CHECKING:  # rest_framework.views imports this module while it is itself being imported
    from rest_framework.views import APIView


class IsStaffMember(BasePermission):
    """An active member; read-only tokens only read. What they may see and do is decided further in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if not (user and user.is_authenticated and user.is_active):
            return False
        if isinstance(request.auth, ApiToken) and request.method not in SAFE_METHODS:
            return request.auth.can_write
        return True
