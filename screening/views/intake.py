"""The patient's intake, opened by a signed link: page by page, left and resumed, sent once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language, get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.core.errors import Invalid
from messaging.links import link_of, set_cookie
from messaging.models import SignedLink
from questionnaires.errors import AlreadySubmitted, QuestionnaireRetired
from questionnaires.form import Page
from questionnaires.forms import PageForm
from questionnaires.models import QuestionnaireResponse, QuestionnaireStatus, ResponseStatus
from questionnaires.presenting import readable
from screening import services
from screening.changes import CHANGES
from screening.intake_pages import REVIEW, Walk

_A_YEAR = 365 * 24 * 60 * 60


def _tells_when_replaced(door: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Show the patient, in the patient's language, that the form was replaced while it was being filled in."""

    @functools.wraps(door)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return door(request, *args, **kwargs)
        except QuestionnaireRetired as refusal:
            return render(request, "screening/intake_replaced.html", status=refusal.http_status)

    return opened


@require_GET
@_tells_when_replaced
def intake(request: HttpRequest) -> HttpResponse:
    """Go on where the patient left off."""
    _link, walk = _open(request)
    if walk.response.status == ResponseStatus.SUBMITTED:
        return redirect("screening:intake-done")
    return redirect(walk.resume_at())


@require_http_methods(["GET", "POST"])
@_tells_when_replaced
def intake_page(request: HttpRequest, page: str) -> HttpResponse:
    """One page of questions."""
    link, walk = _open(request)
    if walk.response.status == ResponseStatus.SUBMITTED:
        return redirect("screening:intake-done")
    asked = walk.page(page)
    if asked is None:
        raise Http404
    is_post = request.method == "POST"
    form = walk.page_form(asked, request.POST if is_post else None)
    if is_post and _is_saved(form, walk, asked, link):
        response = redirect(walk.after(asked))
        set_cookie(response, link)
        return response
    return _render(request, walk, "page", walk.context_of(asked, form), refused=is_post)


@require_GET
@_tells_when_replaced
def intake_review(request: HttpRequest) -> HttpResponse:
    """Everything once more before it is sent."""
    _link, walk = _open(request)
    if walk.response.status == ResponseStatus.SUBMITTED:
        return redirect("screening:intake-done")
    return _review(request, walk)


@require_POST
@_tells_when_replaced
def intake_send(request: HttpRequest) -> HttpResponse:
    """Send the answers. A second time is the same as once."""
    link, walk = _open(request)
    try:
        services.submit_answers(response=walk.response, by=link)
    except AlreadySubmitted:
        return redirect("screening:intake-done")
    except Invalid:
        return _review(request, walk, refused=True)
    return redirect("screening:intake-done")


@require_GET
@_tells_when_replaced
def intake_done(request: HttpRequest) -> HttpResponse:
    """Thank you; and what to do at once, if an answer was a warning sign."""
    _link, walk = _open(request)
    if walk.response.status != ResponseStatus.SUBMITTED:
        return redirect("screening:intake")
    return _render(request, walk, "done", {"is_change_check": walk.response.questionnaire.key == CHANGES})


@require_POST
def intake_language(request: HttpRequest) -> HttpResponse:
    """Read on in another language. Nothing else changes."""
    language, back = request.POST.get("language", ""), request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = redirect(back if is_ours else "screening:intake")
    if check_for_language(language) and language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=_A_YEAR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def _open(request: HttpRequest) -> tuple[SignedLink, Walk]:
    """The holder of the link and the response it opens, which must not be of a form that was replaced meanwhile."""
    link = link_of(request, "intake", after_use=True)
    rows = QuestionnaireResponse.objects.visible_to(link).select_related("questionnaire", "patient")
    response = get_object_or_404(rows)
    is_unfinished = response.status == ResponseStatus.IN_PROGRESS
    if is_unfinished and response.questionnaire.status == QuestionnaireStatus.RETIRED:
        raise QuestionnaireRetired()
    return link, Walk(response, language=_language())


def _language() -> str:
    return (get_language() or "en").split("-")[0]


def _is_saved(form: PageForm, walk: Walk, page: Page, link: SignedLink) -> bool:
    """Keep what was entered. True when nothing required on the page is missing."""
    if not form.is_valid():
        return False
    try:
        services.save_intake_page(response=walk.response, answers=form.entries(), by=link, language=walk.language)
    except Invalid as refusal:
        form.refuse(refusal.fields)
        return False
    walk.response.refresh_from_db(fields=["answers"])
    missing = walk.form.missing(walk.response.answers, page)
    form.refuse(dict.fromkeys(missing, _("Please answer this question.")))
    return not missing


def _review(request: HttpRequest, walk: Walk, *, refused: bool = False) -> HttpResponse:
    pages = readable(walk.form, walk.response.answers, walk.language, with_missing=True)
    is_complete = not walk.form.missing(walk.response.answers)
    context = {"pages": pages, "is_complete": is_complete, "back": walk.before(REVIEW)}
    return _render(request, walk, "review", context, refused=refused)


def _render(
    request: HttpRequest, walk: Walk, name: str, context: dict[str, Any], *, refused: bool = False
) -> HttpResponse:
    shared = {
        "languages": settings.LANGUAGES,
        "language_switch_url": reverse("screening:intake-language"),
        "warnings": walk.warnings(),
    }
    return render(request, f"screening/intake_{name}.html", {**shared, **context}, status=422 if refused else 200)
