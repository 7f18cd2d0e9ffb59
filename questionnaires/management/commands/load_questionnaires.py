"""Publish the forms that come with the product."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.context import audit_context
from questionnaires.errors import BadDefinition
from questionnaires.services.publishing import load_shipped


class Command(BaseCommand):
    help = "Publish the shipped questionnaires. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        with audit_context(request_id="", via="command"):
            try:
                in_use = load_shipped()
            except BadDefinition as refusal:
                problems = [f"{path}: {problem}" for path, problem in refusal.fields.items()]
                raise CommandError("\n".join(problems)) from None
            for questionnaire in in_use:
                self.stdout.write(f"{questionnaire.key} version {questionnaire.number} is in use")
