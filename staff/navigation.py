"""The menu: what each role is offered. Addresses are named, so no floor above is imported."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from staff.models import User


@dataclass(frozen=True)
class NavItem:
    """One entry of the menu."""

    label: str
    icon: str
    url: str
    is_current: bool


def _entries(user: User) -> list[tuple[str, str, str, bool]]:
    return [
        ("My day", "today", "sessions:my-day", user.is_therapist),
        ("Diary", "calendar", "scheduling:diary", user.books_appointments),
        ("Patients", "patients", "patients:list", True),
        ("Messages", "messages", "messaging:ledger", user.books_appointments),
        ("Reports", "reports", "reports:outcomes", user.reads_reports),
        ("Set up", "settings", "scheduling:setup", user.is_administrator),
        ("Import", "import", "patients:import", user.is_administrator),
        ("Audit", "audit", "audit:trail", user.reads_audit),
    ]


def navigation(request: HttpRequest) -> dict[str, Any]:
    """`nav_items` for the signed-in member."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_active:
        return {"nav_items": []}
    items = []
    for label, icon, name, is_offered in _entries(user):
        if is_offered:
            items.append((label, icon, reverse(name)))
    # The longest address that fits: below /patients/import/ it is Import, not Patients.
    fitting = [url for _, _, url in items if request.path.startswith(url)]
    current = max(fitting, key=len, default="")
    return {
        "nav_items": [NavItem(label, icon, url, url == current) for label, icon, url in items],
        "user_menu_items": _menu(request, user),
    }


def _menu(request: HttpRequest, user: User) -> list[NavItem]:
    snippets = [NavItem("Snippets", "note", reverse("sessions:snippets"), False)] if user.writes_clinical else []
    return [
        *snippets,
        NavItem("API tokens", "key", reverse("staff:tokens"), request.path == reverse("staff:tokens")),
        NavItem("API documentation", "file", reverse("docs"), False),
    ]
