"""Errors at the HTTP edge: once for pages and htmx, once for JSON (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from clinic.core.errors import ClinicError

logger = logging.getLogger("clinic.http")


class ClinicErrorMiddleware:
    """Shows a ClinicError raised by a page: an alert for htmx, a full page otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        target = response.get("Location", "")
        if getattr(request, "htmx", False) and target.startswith(reverse(settings.LOGIN_URL)):
            # Signed out meanwhile: the whole page goes to sign-in, not the part that was asked for.
            return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, ClinicError):
            return None
        if getattr(request, "htmx", False):
            answer = render(request, "clinic/_error.html", {"error": exception}, status=exception.http_status)
            return reswap(retarget(answer, "#alerts"), "innerHTML")
        return render(
            request,
            exception.page,
            {"error": exception, "status": exception.http_status, "title": exception.title, "detail": exception.text},
            status=exception.http_status,
        )


class NoStoreMiddleware:
    """Health data is never kept by a browser or proxy, except static files (served earlier)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response


def pdf_file(content: bytes, *, name: str) -> HttpResponse:
    """A document to keep or print. Its name says nothing about a patient: it stays in the list of downloads."""
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


def clinic_context(request: HttpRequest) -> dict[str, Any]:
    """What every template knows about the clinic."""
    return {"clinic_name": settings.CLINIC_NAME, "is_demo": getattr(settings, "IS_DEMO", False)}


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open for too long, or came from elsewhere."""
    return render(request, "403_csrf.html", status=403)


def problem(
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    facts: dict[str, Any] | None = None,
    fields: dict[str, Any] | None = None,
) -> Response:
    """An RFC 9457 problem document."""
    body: dict[str, Any] = {
        "type": f"urn:clinic:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "facts": facts or {},
    }
    if fields:
        body["fields"] = _carriable(fields)
    return Response(body, status=status, content_type="application/problem+json")


def _carriable(value: Any) -> Any:
    """The same without half characters: a refusal may quote what was sent, and no answer can carry those."""
    if isinstance(value, dict):
        return {_carriable(name): _carriable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_carriable(one) for one in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def api_exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exceptions and ours as problem documents; anything else stays a 500."""
    set_rollback()
    if isinstance(exc, ClinicError):
        return problem(
            status=exc.http_status, code=exc.code, title=exc.title, detail=exc.text, facts=exc.facts, fields=exc.fields
        )
    if isinstance(exc, RequestDataTooBig):
        return problem(
            status=413, code="too_large", title="Too large", detail="Send less at once; nothing of this was kept."
        )
    if isinstance(exc, Http404):
        exc = exceptions.NotFound("There is no such record, or it is not yours to see.")
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied("Your role does not allow this.")
    if isinstance(exc, exceptions.ValidationError):
        return problem(
            status=400,
            code="invalid",
            title="Please check what you sent",
            detail="Some fields break a rule; see fields.",
            fields=exc.detail if isinstance(exc.detail, dict) else {"non_field_errors": exc.detail},
        )
    if isinstance(exc, exceptions.APIException):
        response = problem(
            status=exc.status_code, code=str(exc.default_code), title=str(exc.default_detail), detail=str(exc.detail)
        )
        for name, value in _challenge(exc).items():
            response[name] = value
        return response
    return None


def _challenge(exc: exceptions.APIException) -> dict[str, str]:
    headers: dict[str, str] = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait or 1))  # type: ignore[attr-defined]
    return headers
