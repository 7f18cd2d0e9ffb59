"""Screen patients, such as after an import."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import QuerySet

from audit.actors import SYSTEM
from audit.context import audit_context
from patients.models import Patient
from screening.rescreening import changed_patients
from screening.services import screen_many


class Command(BaseCommand):
    help = "Run the contraindication rules: over everybody, an import's patients, or those whose record changed."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--all", action="store_true", help="every living patient")
        which.add_argument("--source", help="patients imported from this source, such as synthea")
        which.add_argument("--changed", action="store_true", help="patients whose record changed since")

    def handle(self, *args: Any, **options: Any) -> None:
        patients: QuerySet[Patient] = Patient.objects.order_by("pk")
        if options["source"]:
            patients = patients.filter(source=options["source"])
        if options["changed"]:
            patients = changed_patients()
        with audit_context(request_id="", via="command"):
            done = screen_many(patients=patients.iterator(chunk_size=500), by=SYSTEM)
        self.stdout.write(f"{done.evaluated} patients screened, {done.flagged} with at least one flag")
