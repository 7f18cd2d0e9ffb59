"""Sign-in, the way home, and your API tokens."""

from typing import cast

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.core.errors import ClinicError, Invalid, NotAllowed
from staff import services
from staff.forms import ApiTokenForm, SignInForm, SupervisorForm
from staff.models import ApiToken, User
from staff.sign_in import count_failure, note_sign_in, note_sign_out, refuse_if_resting
from staff.supervision import set_supervisor


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url("staff:home")


def _try_to_sign_in(request: HttpRequest, form: SignInForm) -> User | None:
    email, address = form.cleaned_data["email"], request.META.get("REMOTE_ADDR", "")
    try:
        refuse_if_resting(email=email, address=address)
    except ClinicError as refusal:
        form.add_error(None, refusal.text)
        return None
    user = authenticate(request, username=email, password=form.cleaned_data["password"])
    if user is None:
        count_failure(email=email, address=address)
        form.add_error(None, "The e-mail address or the password is not right.")
    return user


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """E-mail and password; the answer never says which of the two was wrong."""
    if request.user.is_authenticated:
        return redirect(_next(request))
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = _try_to_sign_in(request, form)
        if user is not None:
            login(request, user)  # also gives the session a new key
            note_sign_in(user=user)
            return redirect(_next(request))
    status = 422 if form.errors else 200
    return render(request, "staff/sign_in.html", {"form": form, "next": _next(request)}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session on the server."""
    if request.user.is_authenticated:
        note_sign_out(user=request.user)
    logout(request)
    return redirect("staff:sign-in")


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Each role's own first page."""
    user = cast("User", request.user)
    if user.is_therapist:
        return redirect("sessions:my-day")
    if user.books_appointments:
        return redirect("scheduling:diary")
    if user.reads_audit:
        return redirect("audit:trail")
    return redirect("patients:list")


@require_http_methods(["GET", "POST"])
@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    """Your API tokens; a new one is shown once, on the answer to the form that made it."""
    form = ApiTokenForm(request.POST or None)
    new_token = ""
    if request.method == "POST" and form.is_valid():
        _, new_token = services.create_api_token(**form.cleaned_data, by=cast("User", request.user))
        form = ApiTokenForm()
    mine = ApiToken.objects.visible_to(request.user).order_by("-id")
    context = {"form": form, "tokens": mine, "new_token": new_token}
    return render(request, "staff/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def revoke_token(request: HttpRequest, public_id: str) -> HttpResponse:
    """End a token."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), public_id=public_id)
    services.revoke_api_token(token=token, by=cast("User", request.user))
    return redirect("staff:tokens")


@require_http_methods(["GET", "POST"])
@login_required
def supervision(request: HttpRequest) -> HttpResponse:
    """Whose notes somebody else co-signs."""
    admin = cast("User", request.user)
    if not admin.is_administrator:
        raise NotAllowed()
    therapists = list(User.objects.visible_to(request.user).therapists().select_related("supervisor"))
    form = SupervisorForm(request.POST if request.method == "POST" else None, therapists=therapists)
    if form.is_valid():
        try:
            set_supervisor(**form.chosen, by=admin)
            return redirect("staff:supervision")
        except Invalid as refusal:
            form.add_error(None, " ".join(refusal.fields.values()))
    context = {"form": form, "therapists": therapists}
    return render(request, "staff/supervision.html", context, status=422 if form.errors else 200)
