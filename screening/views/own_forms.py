"""Setting up questionnaires: what patients are asked, a clinic's own forms, what they look like. For admins."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.core.errors import NotAllowed
from questionnaires.errors import BadDefinition
from questionnaires.models import Questionnaire
from questionnaires.preview import preview, untranslated
from questionnaires.services.publishing import discard_draft
from questionnaires.setup_forms import ImportForm
from screening import services
from screening.safety_questions import NEEDED

Page = Callable[..., HttpResponse]


def _admin_page(view: Page) -> Page:
    """Signed-in administrators."""

    @functools.wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not getattr(request.user, "is_administrator", False):
            raise NotAllowed()
        return view(request, *args, **kwargs)

    return login_required(door)


@require_safe
@_admin_page
def forms(request: HttpRequest) -> HttpResponse:
    """Every form and its versions."""
    rows = Questionnaire.objects.visible_to(request.user).for_setup()
    return render(request, "screening/forms/list.html", {"questionnaires": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@_admin_page
def import_form(request: HttpRequest) -> HttpResponse:
    """A clinic's own form: kept as a draft, or everything that is wrong with it."""
    is_post = request.method == "POST"
    form = ImportForm(request.POST, request.FILES) if is_post else ImportForm()
    draft = _imported(request, form) if is_post and form.is_valid() else None
    if draft is not None:
        messages.success(request, "The form is fine. Look at it as patients will, then put it in use.")
        return redirect("screening:form", draft.public_id)
    return render(request, "screening/forms/import.html", {"form": form}, status=422 if is_post else 200)


@require_safe
@_admin_page
def form(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One version as patients see it."""
    return _page(request, _found(request, public_id))


@require_safe
@_admin_page
def definition(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The form as FHIR JSON, to start a version of one's own from."""
    found = _found(request, public_id)
    written = {"indent": 1, "ensure_ascii": False}
    answer = JsonResponse(found.definition, json_dumps_params=written, content_type="application/fhir+json")
    answer["Content-Disposition"] = f'attachment; filename="{found.key}-{found.number}.json"'
    return answer


@require_POST
@_admin_page
def publish(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask it from now on."""
    found = _found(request, public_id)
    try:
        in_use = services.put_in_use(questionnaire=found, by=request.user)  # type: ignore[arg-type]
    except BadDefinition as refusal:
        return _page(request, found, problems=refusal.fields, status=refusal.http_status)
    messages.success(request, f"Patients are asked version {in_use.number} from now on.")
    return redirect("screening:form", in_use.public_id)


@require_POST
@_admin_page
def retire(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask it no more."""
    services.retire_form(questionnaire=_found(request, public_id), by=request.user)  # type: ignore[arg-type]
    messages.success(request, "Nobody is asked this form any more. What was answered stays.")
    return redirect("screening:form", public_id)


@require_POST
@_admin_page
def discard(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Throw a draft away."""
    discard_draft(questionnaire=_found(request, public_id), by=request.user)  # type: ignore[arg-type]
    messages.success(request, "The draft is gone.")
    return redirect("screening:forms")


def _imported(request: HttpRequest, entered: ImportForm) -> Questionnaire | None:
    try:
        return services.import_form(
            definition=entered.cleaned_data["questionnaire"],
            by=request.user,  # type: ignore[arg-type]
        )
    except BadDefinition as refusal:
        entered.refuse(refusal.fields)
        return None


def _found(request: HttpRequest, public_id: uuid.UUID) -> Questionnaire:
    rows = Questionnaire.objects.visible_to(request.user).with_begun()
    found: Questionnaire = get_object_or_404(rows, public_id=public_id)
    return found


def _page(
    request: HttpRequest, found: Questionnaire, *, problems: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    languages = dict(settings.LANGUAGES)
    language = request.GET.get("language", "")
    language = language if language in languages else "en"
    read = found.form()
    in_use = Questionnaire.objects.visible_to(request.user).current(found.key).with_begun().first()
    context = {
        "questionnaire": found,
        "in_use": in_use,
        "is_needed": found.key in NEEDED,
        "pages": preview(read, language),
        "language": language,
        "languages": settings.LANGUAGES,
        "untranslated": [(languages[code], left) for code in languages if (left := untranslated(read, code))],
        "problems": problems or {},
    }
    return render(request, "screening/forms/form.html", context, status=status)
