"""Answering a form: start or resume, save page by page, submit once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actors import Actor
from audit.services import record
from clinic.core.errors import Invalid, NotAllowed, NotFound
from messaging.models import LinkPurpose
from patients.models import Language, Patient
from questionnaires.answers import check_answers
from questionnaires.errors import AlreadySubmitted, NoSuchForm, QuestionnaireRetired
from questionnaires.form import Form, is_answered
from questionnaires.models import (
    Questionnaire,
    QuestionnaireResponse,
    QuestionnaireStatus,
    ResponseStatus,
)


@transaction.atomic
def start_response(*, patient: Patient, key: str = "intake", language: str = "", by: Actor) -> QuestionnaireResponse:
    """The patient's unfinished response to the published version, or a new one that keeps what was answered before.

    An unfinished response to a retired version is left as it is; its answers that still fit are carried over.
    """
    _require_reach(patient, by, ability="registers_patients")
    if language and language not in Language.values:
        raise Invalid(fields={"language": "Choose one of: " + ", ".join(Language.values) + "."})
    questionnaire = Questionnaire.objects.current(key).first()
    if questionnaire is None:
        raise NoSuchForm(key=key)
    locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    unfinished = QuestionnaireResponse.objects.filter(patient=locked, status=ResponseStatus.IN_PROGRESS)
    response: QuestionnaireResponse | None = unfinished.filter(questionnaire=questionnaire).first()
    if response is not None:
        return response
    form = questionnaire.form()
    older = unfinished.filter(questionnaire__key=key).order_by("-id").first()
    response = QuestionnaireResponse.objects.create(
        patient=locked,
        questionnaire=questionnaire,
        language=language or locked.language,
        answers={
            **(_still_fitting(form, older.answers) if older else _initial(form)),
            **_prefilled(form, locked),
        },
    )
    facts = {"questionnaire": key, "number": questionnaire.number}
    record(actor=by, action="questionnaire_response.started", subject=response, patient=locked, facts=facts)
    return response


@transaction.atomic
def restart_response(*, response: QuestionnaireResponse, by: Actor) -> QuestionnaireResponse:
    """Forget what was answered so far: questions about now are not answered by what was said last week."""
    _require_reach(response.patient, by, ability="registers_patients")
    locked = _lock_unfinished(response)
    form = locked.questionnaire.form()
    fresh = {**_initial(form), **_prefilled(form, locked.patient)}
    if locked.answers != fresh:
        locked.answers = fresh
        locked.save(update_fields=["answers", "updated_at"])
        record(actor=by, action="questionnaire_response.restarted", subject=locked, patient=locked.patient)
    return locked


@transaction.atomic
def save_answers(
    *, response: QuestionnaireResponse, answers: Mapping[str, Any], by: Actor, language: str = ""
) -> QuestionnaireResponse:
    """Keep some answers of an unfinished response. All fit, or none is kept; None takes an answer back."""
    _require_answering(response, by)
    locked = _lock_unfinished(response)
    form = locked.questionnaire.form()
    problems = check_answers(form, answers)
    if problems:
        raise Invalid(fields=problems)
    # A birth date put right meanwhile changes what is asked: from some age on there are questions of their own.
    known = {**locked.answers, **_prefilled(form, locked.patient)}
    kept = {link_id: value for link_id, value in {**known, **answers}.items() if is_answered(value)}
    changed = sorted(link_id for link_id in answers if kept.get(link_id) != locked.answers.get(link_id))
    locked.answers = kept
    locked.language = language or locked.language
    locked.save(update_fields=["answers", "language", "updated_at"])
    if changed:
        facts = {"link_ids": changed}
        record(actor=by, action="questionnaire_response.answered", subject=locked, patient=locked.patient, facts=facts)
    return locked


@transaction.atomic
def submit_response(*, response: QuestionnaireResponse, by: Actor, at: Any = None) -> QuestionnaireResponse:
    """Freeze the answers. Refused while a required question is open; answers to questions not asked are left out."""
    _require_answering(response, by)
    locked = _lock_unfinished(response)
    form = locked.questionnaire.form()
    locked.answers = {**locked.answers, **_prefilled(form, locked.patient)}
    missing = form.missing(locked.answers)
    if missing:
        raise Invalid(fields={link_id: _("Please answer this question.") for link_id in missing})
    asked = form.enabled(locked.answers)
    locked.answers = {link_id: value for link_id, value in locked.answers.items() if link_id in asked}
    locked.status = ResponseStatus.SUBMITTED
    locked.submitted_at = at or timezone.now()
    locked.save(update_fields=["answers", "status", "submitted_at", "updated_at"])
    facts = {"questionnaire": locked.questionnaire.key, "number": locked.questionnaire.number}
    record(actor=by, action="questionnaire_response.submitted", subject=locked, patient=locked.patient, facts=facts)
    return locked


def _lock_unfinished(response: QuestionnaireResponse) -> QuestionnaireResponse:
    locked: QuestionnaireResponse = (
        QuestionnaireResponse.objects.select_for_update(no_key=True, of=("self",))
        .select_related("questionnaire", "patient")
        .get(pk=response.pk)
    )
    if locked.status == ResponseStatus.SUBMITTED:
        raise AlreadySubmitted()
    if locked.questionnaire.status == QuestionnaireStatus.RETIRED:
        raise QuestionnaireRetired()
    return locked


def _require_reach(patient: Patient, by: Any, *, ability: str) -> None:
    """Staff with the ability who see the patient, or the clinic's clockwork. Hidden is absent."""
    if by.actor_kind == "system":
        return
    if not getattr(by, ability, False):
        raise NotAllowed()
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise NotFound()


def _require_answering(response: QuestionnaireResponse, by: Any) -> None:
    """The patient by the link made for this response, or a therapist who fills it in with them."""
    if by.actor_kind != "link":
        _require_reach(response.patient, by, ability="writes_clinical")
        return
    opens = (by.purpose, by.target_id, by.patient_id)
    if opens != (LinkPurpose.INTAKE, response.public_id, response.patient_id):
        raise NotFound()


def _still_fitting(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    misfits = check_answers(form, answers)
    return {link_id: value for link_id, value in answers.items() if link_id not in misfits}


def _initial(form: Form) -> dict[str, Any]:
    """The answers a form brings along."""
    return {item.link_id: item.initial for item in form.questions() if item.initial is not None}


def _prefilled(form: Form, patient: Patient) -> dict[str, Any]:
    """What hidden items ask the record: the age decides which questions come."""
    known = {"age-in-years": patient.age_on(timezone.now().date()), "sex": patient.sex}
    return {item.link_id: known[item.prefill] for item in form.questions() if item.prefill in known}
