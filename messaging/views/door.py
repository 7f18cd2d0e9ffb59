"""The patients' door: a link's page, and the exchange for a half-hour cookie."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from messaging import links, optout, services
from messaging.errors import BirthDateWrong, LinkDead
from messaging.forms import BirthDateForm, NoQuestionForm
from messaging.models import LinkPurpose
from patients.models import ConsentKind

# Where a link leads. Addresses are named, so no floor above is imported.
PAGES = {
    LinkPurpose.INTAKE: "screening:intake",
    LinkPurpose.VISIT: "scheduling:visit",
    LinkPurpose.SURVEY: "outcomes:survey",
    LinkPurpose.OFFER: "scheduling:offer",
}


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """A page with a button and nothing personal; pressing it lets the person in."""
    found = links.open_link(token)
    form_class = BirthDateForm if links.needs_birth_date(found) else NoQuestionForm
    form = form_class(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _enter(token, form)
        except BirthDateWrong as refusal:
            form.add_error("birth_on", ValidationError(refusal.fields["birth_on"]))
    return render(request, "messaging/link.html", {"form": form}, status=422 if form.is_bound else 200)


@require_safe
def link_dead(request: HttpRequest) -> HttpResponse:
    """What a patient sees whose link does not work, whatever the cause."""
    raise LinkDead()


@csrf_exempt  # the reader's mail program presses the button; the token is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """A page with a button; pressing it, here or in a mail program, ends this kind of message."""
    message = optout.message_of(token)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(message.patient.language)
        request.LANGUAGE_CODE = message.patient.language
    is_done = request.method == "POST"
    kind = services.opt_out(message=message) if is_done else optout.kind_of(message)
    context = {"is_done": is_done, "is_survey": kind == ConsentKind.SURVEYS}
    return render(request, "messaging/stop.html", context)


def _enter(token: str, form: BirthDateForm | NoQuestionForm) -> HttpResponse:
    opened = links.exchange(token=token, birth_on=form.cleaned_data.get("birth_on"))
    response = redirect(PAGES[LinkPurpose(opened.purpose)])
    links.set_cookie(response, opened)
    return response
