"""Whose answers will be too old at a time to come, and who was asked for new ones already (clinical.md §2.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat

from messaging.models import LinkPurpose, Message, SignedLink
from patients.models import Channel, Consent, ConsentKind
from questionnaires.models import QuestionnaireResponse, ResponseStatus
from screening.evaluations import INTAKE
from screening.models import Evaluation

# A full screen every 180 days. A default that needs clinical review.
SCREENING_HOLDS_FOR = timedelta(days=180)
ANEW = "rescreen_request"


def anew_after(outdated_id: UUID) -> str:
    """How a message says which answers it asks to renew. The answers it brings have an id of their own."""
    return f"after-{outdated_id}"


def outdated_at(visits: QuerySet[Any], *, column: str) -> QuerySet[Any]:
    """Those of the rows (with a `patient`) at whose time (`column`) the patient's whole screening is too old, whom
    nobody asked yet to answer anew and who may be asked; annotated with `outdated_id`, the answers that run out."""
    latest = Evaluation.objects.whole().filter(patient=OuterRef("patient")).newest_first()
    told = visits.annotate(
        is_complete=Subquery(latest.values("is_complete")[:1]),
        answered_at=Subquery(latest.values("answered_at")[:1]),
        outdated_id=Subquery(latest.values("response__public_id")[:1]),
    )
    too_old = told.filter(is_complete=True, answered_at__lt=F(column) - SCREENING_HOLDS_FOR)
    key = Concat(Value(":after-"), Cast(OuterRef("outdated_id"), CharField()), Value(":"))
    asked = Message.objects.filter(patient=OuterRef("patient"), template=ANEW, delivery_key__contains=key)
    return _may_be_asked(too_old.exclude(Exists(asked)).exclude(Exists(_open_links())))


def _open_links() -> QuerySet[SignedLink]:
    """The patient's keys to an intake that waits to be filled in: somebody has asked already."""
    waiting = QuestionnaireResponse.objects.filter(
        patient=OuterRef("patient"),
        public_id=OuterRef("target_id"),
        status=ResponseStatus.IN_PROGRESS,
        questionnaire__key=INTAKE,
    )
    links = SignedLink.objects.working().filter(patient=OuterRef("patient"), purpose=LinkPurpose.INTAKE)
    return links.filter(Exists(waiting))


def _may_be_asked(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Whom a message could reach now: asked once, they are not asked again, so nobody is asked in vain."""
    agreed = Consent.objects.filter(patient=OuterRef("patient"), kind=ConsentKind.EMAIL).newest_first()
    by_mail = Q(patient__channel=Channel.EMAIL) & (Q(may_mail=None) | Q(may_mail=True))
    instead_of_text = Q(patient__channel=Channel.SMS, may_mail=True)
    known = rows.annotate(may_mail=Subquery(agreed.values("is_given")[:1]))
    reachable: QuerySet[Any] = known.filter(by_mail | instead_of_text, patient__died_on=None)
    return reachable.exclude(patient__email="")
