"""Setting up services: what they are, who may have them when, who gives them. For admins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic import services as clinic_services
from clinic.models import Service
from scheduling.setup_forms import GiversForm, NewServiceForm, ServiceForm
from scheduling.views.entrance import member
from scheduling.views.setup_entrance import admin_page, tried
from staff import services as staff_services
from staff.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@admin_page
def service_new(request: HttpRequest) -> HttpResponse:
    """One more service."""
    form = NewServiceForm(request.POST if request.method == "POST" else None)

    def shown(**more: Any) -> HttpResponse:
        return render(request, "scheduling/setup/service.html", {"form": form, **more}, status=more.get("status", 200))

    def act() -> None:
        clinic_services.add_service(**form.cleaned_data, by=member(request))

    if request.method != "POST":
        return shown()
    return tried(request, form, act, shown, "The service is on offer.", back=("scheduling:setup",))


@require_http_methods(["GET", "HEAD", "POST"])
@admin_page
def service(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What a service is, and who may have it when."""
    found: Service = get_object_or_404(Service.objects.visible_to(request.user), public_id=public_id)
    form = ServiceForm(request.POST if request.method == "POST" else None, initial=ServiceForm.values_of(found))

    def shown(**more: Any) -> HttpResponse:
        context = {"form": form, "service": found, "givers_form": _givers_form(request, found), **more}
        return render(request, "scheduling/setup/service.html", context, status=more.get("status", 200))

    def act() -> None:
        version = form.cleaned_data["version"]
        clinic_services.change_service(
            service=found, changes=form.changes, expected_version=version, by=member(request)
        )

    if request.method != "POST":
        return shown()
    return tried(request, form, act, shown, "The service is saved.", back=("scheduling:setup",))


@require_POST
@admin_page
def givers(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Which therapists give a service."""
    found: Service = get_object_or_404(Service.objects.visible_to(request.user), public_id=public_id)
    form = GiversForm(request.POST, user=member(request))

    def shown(**more: Any) -> HttpResponse:
        service_form = ServiceForm(initial=ServiceForm.values_of(found))
        context = {"form": service_form, "service": found, "givers_form": form, **more}
        return render(request, "scheduling/setup/service.html", context, status=more.get("status", 200))

    def act() -> None:
        staff_services.set_who_gives(service=found, therapists=form.cleaned_data["therapists"], by=member(request))

    return tried(request, form, act, shown, "It is saved who gives the service.", back=("scheduling:setup",))


def _givers_form(request: HttpRequest, found: Service) -> GiversForm:
    chosen = User.objects.visible_to(request.user).therapists().filter(services=found)
    return GiversForm(initial={"therapists": [person.public_id for person in chosen]}, user=member(request))
