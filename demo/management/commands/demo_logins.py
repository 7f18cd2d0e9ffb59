"""Prints how to sign in to the demo."""

from typing import Any

from django.core.management.base import BaseCommand

from demo.logins import LOGINS, PASSWORD, SHOWN


class Command(BaseCommand):
    help = "Print the demo's sign-in names, one for each role."

    def handle(self, *args: Any, **options: Any) -> None:
        for login in LOGINS:
            if login.email in SHOWN:
                role = ", ".join(login.roles).replace("_", " ")
                self.stdout.write(f"{role:<12} {login.email:<26} {PASSWORD}")
