"""Setting up services: what they are, who may have them when, who gives them. For admins."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from clinic import services as clinic_services
from clinic.models import Service
from scheduling.setup_forms import GiversForm, NewServiceForm, ServiceForm
from scheduling.views.entrance import member
from scheduling.views.setup_entrance import admin_page
from scheduling.views.trying import tried
from staff import services as staff_services
from staff.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@admin_page
def service_new(request: HttpRequest) -> HttpResponse:
    """One more service."""
    form = NewServiceForm(request.POST if request.method == "POST" else None)
    shown = partial(_page, request, form=form)
    if request.method != "POST":
        return shown()

    def act() -> None:
        clinic_services.add_service(**form.cleaned_data, by=member(request))

    return tried(request, form, act, shown, said="The service is on offer.", back=reverse("scheduling:setup"))


@require_http_methods(["GET", "HEAD", "POST"])
@admin_page
def service(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What a service is, and who may have it when."""
    found = _service(request, public_id)
    form = ServiceForm(request.POST if request.method == "POST" else None, initial=ServiceForm.values_of(found))
    shown = partial(_page, request, service=found, form=form, givers_form=_givers_form(request, found))
    if request.method != "POST":
        return shown()

    def act() -> None:
        version = form.cleaned_data["version"]
        clinic_services.change_service(
            service=found, changes=form.changes, expected_version=version, by=member(request)
        )

    return tried(
        request,
        form,
        act,
        shown,
        said="The service is saved.",
        back=reverse("scheduling:setup"),
        newest=lambda: _service(request, public_id),
    )


@require_POST
@admin_page
def givers(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Which therapists give a service."""
    found = _service(request, public_id)
    form = GiversForm(request.POST, user=member(request))
    service_form = ServiceForm(initial=ServiceForm.values_of(found))
    shown = partial(_page, request, service=found, form=service_form, givers_form=form)

    def act() -> None:
        staff_services.set_who_gives(service=found, therapists=form.cleaned_data["therapists"], by=member(request))

    said = "It is saved who gives the service."
    return tried(request, form, act, shown, said=said, back=reverse("scheduling:setup"))


def _page(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    return render(request, "scheduling/setup/service.html", context, status=status)


def _service(request: HttpRequest, public_id: UUID) -> Service:
    found: Service = get_object_or_404(Service.objects.visible_to(request.user), public_id=public_id)
    return found


def _givers_form(request: HttpRequest, found: Service) -> GiversForm:
    chosen = User.objects.visible_to(request.user).therapists().filter(services=found)
    return GiversForm(initial={"therapists": [person.public_id for person in chosen]}, user=member(request))
