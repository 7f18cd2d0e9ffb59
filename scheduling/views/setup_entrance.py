"""What the pages for setting up share: who may enter, and trying a change."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from clinic.core.errors import Changed, ClinicError, Invalid, NotAllowed
from scheduling.views.entrance import desk_page, member

Page = Callable[..., HttpResponse]


def admin_page(view: Page) -> Page:
    """Signed-in administrators."""

    @functools.wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not member(request).is_administrator:
            raise NotAllowed()
        return view(request, *args, **kwargs)

    return desk_page(door)


def tried(
    request: HttpRequest,
    form: forms.Form,
    act: Callable[[], None],
    shown: Page,
    said: str,
    *,
    back: tuple[Any, ...] | None = None,
) -> HttpResponse:
    """Do it and come back, or show the page again with what is wrong; nothing typed is lost."""
    refusal: ClinicError | None = None
    if form.is_valid():
        try:
            act()
        except Invalid as problem:
            form.refuse(problem)  # type: ignore[attr-defined]
        except Changed as problem:
            refusal = problem
        else:
            messages.success(request, said)
            return redirect(*back) if back else redirect(_page_of(request))
    return shown(status=refusal.http_status if refusal else 422, refusal=refusal)


def _page_of(request: HttpRequest) -> str:
    """The page on which a part was changed: a location's, or a therapist's at a location."""
    parts = request.path.strip("/").split("/")
    return "/" + "/".join(parts[:5] if "therapists" in parts else parts[:3]) + "/"
