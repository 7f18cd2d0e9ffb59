"""Recomputes the audit chain."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.models import AuditEvent, AuditSeal
from audit.sealing import flaws, seal_everything


class Command(BaseCommand):
    help = "Seal what has settled, recompute the chain and name every changed, missing or reordered event."

    def handle(self, *args: Any, **options: Any) -> None:
        seal_everything()
        found = 0
        for flaw in flaws():
            found += 1
            self.stdout.write(f"position {flaw.position}, event {flaw.event_id}: {flaw.what}")
        if found:
            raise CommandError(f"The audit chain does not hold: {found} places.")
        head = AuditSeal.objects.order_by("-position").first()
        digest = bytes(head.digest).hex() if head else "none yet"
        waiting = AuditEvent.objects.count() - AuditSeal.objects.count()
        self.stdout.write(f"The chain holds: {head.position if head else 0} events sealed, {waiting} waiting.")
        self.stdout.write(f"Head: {digest}")
