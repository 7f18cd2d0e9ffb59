"""Publishing a version of a form: tried, kept as a draft, put in use, put out of use. Never edited once in use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from audit.actors import SYSTEM, Actor
from audit.services import record
from clinic.core.database import translate_constraints
from clinic.core.errors import Conflict, NotAllowed
from questionnaires.errors import BadDefinition, NotADraft, NotInUse
from questionnaires.form import Form, read_form
from questionnaires.models import Questionnaire, QuestionnaireStatus

SHIPPED = Path(__file__).resolve().parent.parent / "shipped"
# Forms that were shipped before, by digest. What is shipped now takes their place; a clinic's own form keeps its own.
SHIPPED_BEFORE = frozenset(
    {
        "7789f75c0d90774380da9ae140a2288dc44c0dee445f53b5b1f4fe09df5e6eab",  # intake 1
    }
)
# By name: the FHIR library behind it takes 25 MB, and a web server that nobody publishes through never loads it.
_CHECK = "questionnaires.definitions.problems_of"


def problems_in(*, definition: Any) -> dict[str, str]:
    """Everything that keeps a definition from being a form here, by path."""
    return cast("Callable[[Any], dict[str, str]]", import_string(_CHECK))(definition)


@transaction.atomic
def publish_questionnaire(*, definition: Mapping[str, Any], by: Actor) -> Questionnaire:
    """Put a checked form in use and retire the version before it. The same definition again changes nothing."""
    _require_administrator(by)
    key, digest = _checked(definition)
    in_use = _locked(key).get(QuestionnaireStatus.PUBLISHED)
    if in_use is not None and in_use.definition_digest == digest:
        return in_use
    return _put_in_use(_new_version(key, definition, digest), by=by)


@transaction.atomic
def draft_questionnaire(*, definition: Mapping[str, Any], by: Actor) -> Questionnaire:
    """Keep a checked form as the next version, to be looked at before anybody is asked. The same again is the same."""
    _require_administrator(by)
    key, digest = _checked(definition)
    known = _locked(key)
    for status in (QuestionnaireStatus.DRAFT, QuestionnaireStatus.PUBLISHED):
        if status in known and known[status].definition_digest == digest:
            return known[status]
    draft = _new_version(key, definition, digest)
    record(actor=by, action="questionnaire.drafted", subject=draft, facts=_facts(draft))
    return draft


@transaction.atomic
def publish_draft(*, questionnaire: Questionnaire, by: Actor) -> Questionnaire:
    """Put a draft in use in place of the version before it. A second time changes nothing."""
    _require_administrator(by)
    locked = _lock(questionnaire)
    if locked.status == QuestionnaireStatus.RETIRED:
        raise NotADraft()
    return locked if locked.status == QuestionnaireStatus.PUBLISHED else _put_in_use(locked, by=by)


@transaction.atomic
def retire_questionnaire(*, questionnaire: Questionnaire, by: Actor) -> Questionnaire:
    """Put a form out of use: nobody is asked it any more. What was answered stays. A second time changes nothing."""
    _require_administrator(by)
    locked = _lock(questionnaire)
    if locked.status == QuestionnaireStatus.DRAFT:
        raise NotInUse()
    if locked.status == QuestionnaireStatus.PUBLISHED:
        locked.status = QuestionnaireStatus.RETIRED
        locked.save(update_fields=["status", "updated_at"])
        record(actor=by, action="questionnaire.retired", subject=locked, facts=_facts(locked))
    return locked


@transaction.atomic
def discard_draft(*, questionnaire: Questionnaire, by: Actor) -> None:
    """Throw a draft away, which nobody has ever been asked."""
    _require_administrator(by)
    locked = _lock(questionnaire)
    if locked.status != QuestionnaireStatus.DRAFT:
        raise NotADraft()
    record(actor=by, action="questionnaire.discarded", subject=locked, facts=_facts(locked))
    locked.delete()


def load_shipped(*, by: Actor = SYSTEM) -> list[Questionnaire]:
    """Publish every form that comes with the product and was never published here. Safe to run at every start.

    A newer one replaces what was shipped before; a form the clinic has replaced by its own, or retired, stays so.
    Answers with the forms in use.
    """
    keys = set()
    for definition in _shipped():
        keys.add(definition["name"])
        if _is_due(definition["name"], _digest(definition)):
            publish_questionnaire(definition=definition, by=by)
    return list(Questionnaire.objects.filter(key__in=keys, status=QuestionnaireStatus.PUBLISHED).order_by("key"))


def _is_due(key: str, digest: str) -> bool:
    known = Questionnaire.objects.filter(key=key).exclude(status=QuestionnaireStatus.DRAFT)
    if known.filter(definition_digest=digest).exists():
        return False
    in_use = known.filter(status=QuestionnaireStatus.PUBLISHED).values_list("definition_digest", flat=True).first()
    return in_use in SHIPPED_BEFORE or not known.exists()


def shipped_form(*, key: str) -> Form | None:
    """The newest version of a form that comes with the product, whatever the clinic has in use."""
    versions = [definition for definition in _shipped() if definition["name"] == key]
    return read_form(max(versions, key=lambda one: int(one["version"]))) if versions else None


def _shipped() -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.json"))]


def _require_administrator(by: Any) -> None:
    if by.actor_kind != "system" and not getattr(by, "is_administrator", False):
        raise NotAllowed()


def _checked(definition: Mapping[str, Any]) -> tuple[str, str]:
    """Key and digest of a definition that can be a form. Raises BadDefinition naming everything that is wrong."""
    problems = problems_in(definition=definition)
    if problems:
        raise BadDefinition(fields=problems)
    return str(definition["name"]), _digest(definition)


def _locked(key: str) -> dict[str, Questionnaire]:
    """The newest version of a key in each state; all of them wait until this is done."""
    rows = Questionnaire.objects.select_for_update().filter(key=key).order_by("pk")
    return {row.status: row for row in rows}


def _lock(questionnaire: Questionnaire) -> Questionnaire:
    """A version, locked together with all others of its key. Raises Conflict if it is gone."""
    rows = Questionnaire.objects.select_for_update().filter(key=questionnaire.key).order_by("pk")
    found = next((row for row in rows if row.pk == questionnaire.pk), None)
    if found is None:
        raise Conflict()
    return found


def _new_version(key: str, definition: Mapping[str, Any], digest: str) -> Questionnaire:
    number = (Questionnaire.objects.filter(key=key).aggregate(newest=Max("number"))["newest"] or 0) + 1
    with translate_constraints(questionnaire_version_once=Conflict()):
        return Questionnaire.objects.create(
            key=key,
            number=number,
            status=QuestionnaireStatus.DRAFT,
            definition=dict(definition),
            definition_digest=digest,
        )


def _put_in_use(draft: Questionnaire, *, by: Actor) -> Questionnaire:
    Questionnaire.objects.filter(key=draft.key, status=QuestionnaireStatus.PUBLISHED).update(
        status=QuestionnaireStatus.RETIRED, updated_at=Now()
    )
    draft.status = QuestionnaireStatus.PUBLISHED
    with translate_constraints(questionnaire_one_published_version=Conflict()):
        draft.save(update_fields=["status", "updated_at"])
    record(actor=by, action="questionnaire.published", subject=draft, facts=_facts(draft))
    return draft


def _facts(questionnaire: Questionnaire) -> dict[str, Any]:
    return {
        "questionnaire": questionnaire.key,
        "number": questionnaire.number,
        "digest": questionnaire.definition_digest,
    }


def _digest(definition: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()
