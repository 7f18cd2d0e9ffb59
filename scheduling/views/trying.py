"""Trying a change that a service may refuse: on every page the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from clinic.core.errors import Changed, ClinicError, Invalid
from scheduling.forms import RefusableForm

Shown = Callable[..., HttpResponse]


def tried(
    request: HttpRequest,
    form: RefusableForm,
    act: Callable[[], Any],
    shown: Shown,
    *,
    said: str,
    back: str,
    refusals: tuple[type[ClinicError], ...] = (Changed,),
    newest: Callable[[], Any] | None = None,
) -> HttpResponse:
    """Do it, say so and go back; or show the page again with what is wrong: nothing typed is lost.

    A broken rule stands beside its field; one of `refusals` is handed to the page as `refusal`. With `newest`, which
    reads the row anew, a form that came too late can be sent again over what somebody else saved.
    """
    refusal: ClinicError | None = None
    if form.is_valid():
        try:
            act()
        except Invalid as problem:
            form.refuse(problem)
        except refusals as problem:
            refusal = problem
            if isinstance(problem, Changed) and newest is not None:
                refusal.facts["differs"] = form.over(newest())  # type: ignore[attr-defined]
        else:
            messages.success(request, said)
            return redirect(back)
    return shown(status=refusal.http_status if refusal else 422, refusal=refusal)
