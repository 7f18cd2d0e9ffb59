"""Sends due messages without Celery: once, or for ever with --loop."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from messaging.delivery import dispatch_due


class Command(BaseCommand):
    help = "Send every message that is due. With --loop keep doing so: the same work as the worker, without a broker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="keep running")
        parser.add_argument("--every", type=float, default=5.0, help="seconds between looks when nothing is due")

    def handle(self, *args: Any, **options: Any) -> None:
        tried = dispatch_due()
        self.stdout.write(f"{tried} tried")
        while options["loop"]:
            close_old_connections()
            if dispatch_due() == 0:
                time.sleep(options["every"])
