"""Server-side limits of a signed-in session: idle and absolute."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from audit.context import note_credential

STARTED = "session_started"
LAST_SEEN = "session_last_seen"
# Sent by screens that refresh themselves: a diary left open is not a person at work.
BACKGROUND = "X-Background-Refresh"
# Writing the session on every request would cost an UPDATE each; half a minute is exact enough.
_TOUCH_EVERY_SECONDS = 30


class SessionLimitsMiddleware:
    """Signs out after too long without a request, and after too long altogether. No parameter extends it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._check(request)
        if request.user.is_authenticated:
            note_credential("session")
        return self.get_response(request)

    def _check(self, request: HttpRequest) -> None:
        now = time.time()
        started = request.session.setdefault(STARTED, now)
        last_seen = request.session.setdefault(LAST_SEEN, now)
        is_idle = now - last_seen > settings.SESSION_IDLE_SECONDS
        is_old = now - started > settings.SESSION_ABSOLUTE_SECONDS
        if is_idle or is_old:
            logout(request)
        elif now - last_seen > _TOUCH_EVERY_SECONDS and BACKGROUND not in request.headers:
            request.session[LAST_SEEN] = now
