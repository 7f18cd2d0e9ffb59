"""The second signature under a supervised therapist's note."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from clinic.core.records import Record
from sessions.models.session import TreatmentSession


class CoSignatureQuerySet(models.QuerySet["CoSignature"]):
    def visible_to(self, user: Any) -> CoSignatureQuerySet:
        """For whoever sees the session, and for the supervisor, who reads exactly the notes that were put to them."""
        if not getattr(user, "reads_clinical", False):
            return self.none()
        mine = Q(supervisor=user) if user.writes_clinical else Q(pk__in=[])
        return self.filter(mine | Q(session__in=TreatmentSession.objects.visible_to(user)))

    def waiting(self) -> CoSignatureQuerySet:
        return self.filter(signed_at=None)

    def for_list(self) -> CoSignatureQuerySet:
        """Everything a row of the worklist prints, in one query."""
        return self.select_related(
            "session__patient", "session__therapist", "session__location", "session__service", "supervisor", "signed_by"
        )


class CoSignature(Record):
    """A signed note that waits for its supervisor, then bears their name. It never touches what was signed."""

    session = models.OneToOneField(TreatmentSession, models.PROTECT, related_name="co_signature")
    supervisor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # The fingerprint of what was co-signed.
    content_digest = models.CharField(max_length=64, default="", blank=True)
    remark = models.CharField(max_length=500, default="", blank=True)

    objects = CoSignatureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="co_signature_by_whom_when_and_of_what",
                condition=Q(signed_at=None, signed_by=None, content_digest="", remark="")
                | (Q(signed_at__isnull=False, signed_by__isnull=False) & ~Q(content_digest="")),
            ),
        ]
        indexes = [
            models.Index(fields=["supervisor", "created_at"], condition=Q(signed_at=None), name="co_signature_waiting"),
            models.Index(fields=["-updated_at", "-id"], name="co_signature_by_change"),
        ]

    def __str__(self) -> str:
        return f"co-signature {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("sessions:co-signature", args=[self.public_id])
