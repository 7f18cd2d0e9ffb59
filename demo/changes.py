"""What patients tell before their next visits: mostly that nothing has changed, now and then a new medicine."""

from __future__ import annotations

from random import Random

from django.db import transaction

from audit.actors import SYSTEM
from clinic.models import Location
from questionnaires.services import save_answers
from scheduling.change_checks import ask_due
from screening.changes import QUESTIONS
from screening.models import ChangeCheck
from screening.services import submit_change_check

_NEWS = (
    {"change-medicine": "yes", "change-medicine-what": "Ibuprofen 600 mg since the dentist, until Friday"},
    {"change-injury": "yes", "change-injury-what": "Twisted my ankle on the stairs"},
    {"change-diagnosis": "not-sure", "change-diagnosis-what": "The doctor wants to look at my blood pressure again"},
)


def tell_changes(location: Location, *, random: Random) -> None:
    """Ask for the visits of the coming days, and answer for most of those who are asked."""
    ask_due()
    waiting = ChangeCheck.objects.filter(answered_at=None, patient__locations=location).select_related("response")
    for check in waiting.order_by("visit_at", "pk"):
        told = random.random()
        if told < 0.75:
            news = random.choice(_NEWS) if told < 0.1 else {}
            with transaction.atomic():
                save_answers(response=check.response, answers={**dict.fromkeys(QUESTIONS, "no"), **news}, by=SYSTEM)
                submit_change_check(response=check.response, by=SYSTEM)
