"""Builds a clinic of any size for benchmarks."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.models import Location
from demo.bulk import build_bulk


class Command(BaseCommand):
    help = "Fill an empty database with many appointments, for benchmarks. Never beside real data."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--appointments", type=int, default=1_000_000)
        parser.add_argument("--patients", type=int, default=100_000)

    def handle(self, *args: Any, **options: Any) -> None:
        if Location.objects.exists():
            raise CommandError("There is a clinic in this database already. Use an empty one.")
        build_bulk(
            appointments=options["appointments"],
            patients=options["patients"],
            tell=lambda step: self.stdout.write(f"  {step}"),
        )
