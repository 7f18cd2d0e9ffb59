"""Gives each request an id, carried by its audit rows and answered as X-Request-Id."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit.context import audit_context


class AuditContextMiddleware:
    """Opens the audit context of a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        with audit_context(request_id=request_id, via=""):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response
