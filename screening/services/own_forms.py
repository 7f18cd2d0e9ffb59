"""A clinic's own forms: tried, put in use, put out of use. What the rules read stays asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from audit.actors import Actor
from clinic.core.errors import NotAllowed
from questionnaires.errors import BadDefinition
from questionnaires.form import read_form
from questionnaires.models import Questionnaire, QuestionnaireStatus
from questionnaires.services.publishing import (
    draft_questionnaire,
    problems_in,
    publish_draft,
    publish_questionnaire,
    retire_questionnaire,
)
from screening.errors import FormIsNeeded
from screening.safety_questions import NEEDED, silenced_by


@transaction.atomic
def import_form(*, definition: Mapping[str, Any], by: Actor) -> Questionnaire:
    """Keep a clinic's own form as a draft, or name everything that is wrong with it."""
    _require_administrator(by)
    problems = problems_in(definition=definition)
    if problems:
        raise BadDefinition(fields=problems)
    _refuse_silence(definition)
    return draft_questionnaire(definition=definition, by=by)


@transaction.atomic
def put_in_use(*, questionnaire: Questionnaire, by: Actor) -> Questionnaire:
    """Ask a draft from now on; or again what was asked before, as a new version. Retires the version in use."""
    _require_administrator(by)
    _refuse_silence(questionnaire.definition)  # the rules may have changed since it was imported
    if questionnaire.status == QuestionnaireStatus.RETIRED:
        return publish_questionnaire(definition=questionnaire.definition, by=by)
    return publish_draft(questionnaire=questionnaire, by=by)


@transaction.atomic
def retire_form(*, questionnaire: Questionnaire, by: Actor) -> Questionnaire:
    """Ask a form no more. Not one the screening asks by itself: nobody could be screened."""
    _require_administrator(by)
    if questionnaire.key in NEEDED and questionnaire.status == QuestionnaireStatus.PUBLISHED:
        raise FormIsNeeded()
    return retire_questionnaire(questionnaire=questionnaire, by=by)


def _require_administrator(by: Any) -> None:
    if by.actor_kind != "system" and not getattr(by, "is_administrator", False):
        raise NotAllowed()


def _refuse_silence(definition: Mapping[str, Any]) -> None:
    problems = silenced_by(read_form(definition), str(definition["name"]))
    if problems:
        raise BadDefinition(fields=problems)
