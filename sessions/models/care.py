"""What else stands in a session's note: a product used despite an allergy, a chaperone, consent region by region.

Each is a child of the session, frozen with it by the trigger of its findings, and part of what is signed.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from clinic.core.records import Record
from sessions.models.session import OfSessionQuerySet, TreatmentSession


class ChaperoneAnswer(models.TextChoices):
    """What came of offering a third person in the room."""

    OFFERED = "offered", "Offered, not answered yet"
    PRESENT = "present", "Present"
    DECLINED = "declined", "Offered and declined"


class ConsentAnswer(models.TextChoices):
    GIVEN = "given", "Agreed"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Agreed, then withdrawn"


class ProductReason(Record):
    """Why an oil, gel or lotion is used although an allergy or a flag speaks against it. Holds for that product."""

    session = models.OneToOneField(TreatmentSession, models.PROTECT, related_name="product_reason")
    product = models.CharField(max_length=80)
    reason = models.CharField(max_length=300)
    # What was answered so: rules of the screening, and entries of the allergy list.
    rule_ids = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    allergy_ids = ArrayField(models.UUIDField(), default=list, blank=True)

    objects = OfSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="product_reason_says_why", condition=~Q(reason="") & ~Q(product="")),
            models.CheckConstraint(name="product_reason_answers_something", condition=~Q(rule_ids=[], allergy_ids=[])),
        ]

    def __str__(self) -> str:
        return f"product reason {self.pk}"


class Chaperone(Record):
    """Whether a third person was offered for the session, and who was there."""

    session = models.OneToOneField(TreatmentSession, models.PROTECT, related_name="chaperone")
    answer = models.CharField(max_length=8, choices=ChaperoneAnswer)
    name = models.CharField(max_length=120, default="", blank=True)

    objects = OfSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="chaperone_answer_known", condition=Q(answer__in=ChaperoneAnswer.values)),
            models.CheckConstraint(name="chaperone_present_has_a_name", condition=Q(answer="present") ^ Q(name="")),
        ]

    def __str__(self) -> str:
        return f"chaperone {self.pk}"


class RegionConsent(Record):
    """What the patient said when asked about treatment of one region in one session."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="region_consents")
    # A code of sessions/catalogue/regions.json.
    region = models.CharField(max_length=40)
    answer = models.CharField(max_length=9, choices=ConsentAnswer)

    objects = OfSessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="region_consent_once_per_session", fields=["session", "region"]),
            models.CheckConstraint(name="region_consent_answer_known", condition=Q(answer__in=ConsentAnswer.values)),
        ]

    def __str__(self) -> str:
        return f"region consent {self.pk}"
