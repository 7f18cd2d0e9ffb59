"""Publishing a version of a form. Apart from the other acts because it needs the FHIR library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from audit.actors import SYSTEM, Actor
from audit.services import record
from clinic.core.database import translate_constraints
from clinic.core.errors import Conflict, NotAllowed
from questionnaires.definitions import problems_of
from questionnaires.errors import BadDefinition
from questionnaires.models import Questionnaire, QuestionnaireStatus

SHIPPED = Path(__file__).resolve().parent.parent / "shipped"
# Forms that were shipped before, by digest. What is shipped now takes their place; a clinic's own form keeps its own.
SHIPPED_BEFORE = frozenset(
    {
        "7789f75c0d90774380da9ae140a2288dc44c0dee445f53b5b1f4fe09df5e6eab",  # intake 1
    }
)


@transaction.atomic
def publish_questionnaire(*, definition: Mapping[str, Any], by: Actor) -> Questionnaire:
    """Put a checked form in use and retire the version before it. The same definition again changes nothing."""
    if by.actor_kind != "system" and not getattr(by, "is_administrator", False):
        raise NotAllowed()
    problems = problems_of(definition)
    if problems:
        raise BadDefinition(fields=problems)
    key, digest = str(definition.get("name", "")), _digest(definition)
    if not 0 < len(key) <= 40:
        raise BadDefinition(fields={"name": "A form needs a name of at most 40 characters: its key."})
    known = Questionnaire.objects.select_for_update().filter(key=key).order_by("pk")
    in_use = next((row for row in known if row.status == QuestionnaireStatus.PUBLISHED), None)
    if in_use is not None and in_use.definition_digest == digest:
        return in_use
    Questionnaire.objects.filter(key=key, status=QuestionnaireStatus.PUBLISHED).update(
        status=QuestionnaireStatus.RETIRED, updated_at=Now()
    )
    number = (Questionnaire.objects.filter(key=key).aggregate(newest=Max("number"))["newest"] or 0) + 1
    with translate_constraints(questionnaire_version_once=Conflict(), questionnaire_one_published_version=Conflict()):
        questionnaire = Questionnaire.objects.create(
            key=key,
            number=number,
            status=QuestionnaireStatus.PUBLISHED,
            definition=dict(definition),
            definition_digest=digest,
        )
    facts = {"questionnaire": key, "number": number, "digest": digest}
    record(actor=by, action="questionnaire.published", subject=questionnaire, facts=facts)
    return questionnaire


def load_shipped(*, by: Actor = SYSTEM) -> list[Questionnaire]:
    """Publish every form that comes with the product and was never published here. Safe to run at every start.

    A newer one replaces what was shipped before; a form the clinic has replaced by its own, or retired, stays so.
    Answers with the forms in use.
    """
    keys = set()
    for path in sorted(SHIPPED.glob("*.json")):
        definition = json.loads(path.read_text(encoding="utf-8"))
        keys.add(definition["name"])
        if _is_due(definition["name"], _digest(definition)):
            publish_questionnaire(definition=definition, by=by)
    return list(Questionnaire.objects.filter(key__in=keys, status=QuestionnaireStatus.PUBLISHED).order_by("key"))


def _is_due(key: str, digest: str) -> bool:
    known = Questionnaire.objects.filter(key=key)
    if known.filter(definition_digest=digest).exists():
        return False
    in_use = known.filter(status=QuestionnaireStatus.PUBLISHED).values_list("definition_digest", flat=True).first()
    return in_use in SHIPPED_BEFORE or not known.exists()


def _digest(definition: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()
