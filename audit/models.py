"""The audit trail: append-only events, and the seals that chain them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class TransactionId(models.Func):
    """The number of the transaction that writes the row (PostgreSQL's 64-bit xid8, as bigint)."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = models.BigIntegerField()


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: object) -> AuditEventQuerySet:
        """Auditors and admins read the trail; nobody else knows it exists."""
        if getattr(user, "reads_audit", False):
            return self
        return self.none()

    def newest_first(self) -> AuditEventQuerySet:
        return self.order_by("-id")


class AuditEvent(models.Model):
    """One act, or one reading of a patient: who, what, on what, when, through which door.

    `facts` holds ids, codes, field names and times; never names, contact data or clinical text.
    """

    id = models.BigAutoField(primary_key=True)
    occurred_at = models.DateTimeField(db_default=Now())
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField()
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    patient_id = models.UUIDField(null=True)
    location_ids = ArrayField(models.UUIDField(), default=list)
    via = models.CharField(max_length=60, default="", blank=True)
    request_id = models.CharField(max_length=40, default="", blank=True)
    facts = models.JSONField(default=dict)
    transaction_id = models.BigIntegerField(db_default=TransactionId())

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient_id", "-id"], name="audit_by_patient"),
            models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            models.Index(fields=["subject_id", "-id"], name="audit_by_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                name="audit_event_actor_kind_known",
                condition=models.Q(actor_kind__in=["user", "link", "system"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.action}"


class AuditSeal(models.Model):
    """One link of the chain: the hash of an event and of the link before it."""

    position = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="audit_seal_position_from_one", condition=models.Q(position__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.position}"
