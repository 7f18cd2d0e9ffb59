"""Builds the demo clinic, once."""

import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from audit.actors import SYSTEM
from audit.context import audit_context
from audit.models import AuditEvent
from audit.services import record
from clinic.core.clock import today_in
from clinic.models import Location
from demo.building import Builder
from demo.people import Person, people
from demo.setting import LOCATIONS, build_setting

BUILT = "demo.built"


class Command(BaseCommand):
    help = "Build a believable clinic: the same one every time for a seed. Does nothing if it is there already."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--patients", type=int, default=400)
        parser.add_argument("--part", type=int, help="Used by itself: build the patients of one location.")

    def handle(self, *args: Any, **options: Any) -> None:
        with audit_context(request_id="", via="command"):
            if options["part"] is not None:
                self._build_part(**options)
            elif AuditEvent.objects.filter(action=BUILT).exists():
                self.stdout.write("The demo clinic is there already.")
            else:
                self._build_all(**options)

    def _build_all(self, *, seed: int, patients: int, **options: Any) -> None:
        started = time.monotonic()
        if Location.objects.filter(name=LOCATIONS[0][0]).exists():
            raise CommandError("The demo clinic was cut short while it was built. Start over: make reset.")
        self._tell("locations, rooms, services, staff, hours")
        with transaction.atomic():
            build_setting()
        if patients:
            self._build_parts(seed=seed, patients=patients)
        first = Location.objects.get(name=LOCATIONS[0][0])
        record(actor=SYSTEM, action=BUILT, subject=first, facts={"seed": seed, "patients": patients})
        self.stdout.write(f"The demo clinic is ready after {time.monotonic() - started:.0f} s.")

    def _build_parts(self, *, seed: int, patients: int) -> None:
        """Both locations at the same time: they share nothing."""
        command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "build_demo"]
        sized = [*command, "--seed", str(seed), "--patients", str(patients), "--part"]
        parts = [subprocess.Popen([*sized, str(number)]) for number in range(len(LOCATIONS))]  # noqa: S603
        outcomes = [part.wait() for part in parts]  # waits for all, also when the first one failed
        if any(outcomes):
            raise CommandError("The demo clinic could not be built. Start over: make reset.")

    def _build_part(self, *, seed: int, patients: int, part: int, **options: Any) -> None:
        Builder(part, seed=seed, tell=self._tell).build(everybody(seed, patients)[part :: len(LOCATIONS)])

    def _tell(self, step: str) -> None:
        self.stdout.write(f"  {step}")
        self.stdout.flush()


def everybody(seed: int, count: int) -> list[Person]:
    """All demo patients, in one order for every process."""
    return people(count, random=Random(seed), today=today_in("UTC"))
