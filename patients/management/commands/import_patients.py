"""manage.py import_patients --kind patients --source synthea --location Downtown [--dry-run] FILE"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actors import SYSTEM
from audit.context import audit_context
from clinic.core.errors import ClinicError
from clinic.models import Location
from patients.imports import run_import
from patients.models import ImportBatch, ImportKind

MOST_SHOWN = 50


class Command(BaseCommand):
    help = "Bring patients, conditions, medicines or allergies in from a CSV file. The same file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", required=True, choices=ImportKind.values)
        parser.add_argument("--source", required=True, help="where the file comes from; part of each row's identity")
        parser.add_argument("--location", required=True, help="the name of the location that takes the patients")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        location = Location.objects.filter(name=options["location"]).first()
        if location is None:
            raise CommandError(f"There is no location named {options['location']}.")
        try:
            with (
                audit_context(request_id="", via="command"),
                options["file"].open(encoding="utf-8-sig", newline="") as file,
            ):
                batch = run_import(
                    file=file,
                    kind=options["kind"],
                    source=options["source"],
                    location=location,
                    is_dry_run=options["dry_run"],
                    by=SYSTEM,
                )
        except OSError as error:
            raise CommandError(f"The file cannot be opened: {error.strerror}.") from None
        except ClinicError as refusal:
            raise CommandError(" ".join([refusal.text, *refusal.fields.values()])) from None
        self._report(batch)

    def _report(self, batch: ImportBatch) -> None:
        self.stdout.write(
            f"{'Tried' if batch.is_dry_run else 'Imported'} {batch.row_count} rows: {batch.created_count} created, "
            f"{batch.updated_count} updated, {batch.unchanged_count} unchanged, {batch.refused_count} refused."
        )
        if batch.ignored_columns:
            self.stdout.write(f"Columns not read: {', '.join(batch.ignored_columns)}.")
        for refusal in batch.refusals.order_by("row_number")[:MOST_SHOWN]:
            columns = f" ({', '.join(refusal.fields)})" if refusal.fields else ""
            self.stdout.write(f"  row {refusal.row_number}: {refusal.code}{columns}. {refusal.message}")
        if batch.refused_count > MOST_SHOWN:
            self.stdout.write(f"  … and {batch.refused_count - MOST_SHOWN} more.")
