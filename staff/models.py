"""Staff: who works here, in which roles, where, under which licence; and their API tokens."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from clinic.core.records import Record
from clinic.models import Location, Service


class Role(models.TextChoices):
    """Roles add up."""

    ADMIN = "admin", "Admin"
    THERAPIST = "therapist", "Therapist"
    FRONT_DESK = "front_desk", "Front desk"
    AUDITOR = "auditor", "Auditor"


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: Any) -> UserQuerySet:
        """Colleagues: staff who share a location with this member."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        shared = User.locations.through.objects.filter(location__in=Location.objects.visible_to(user))
        return self.filter(pk__in=shared.values("user"))

    def therapists(self) -> UserQuerySet:
        return self.filter(is_active=True, roles__contains=[Role.THERAPIST]).order_by("family_name", "given_name", "id")


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> User:
        user: User = self.get(email=(username or "").strip().lower())
        return user


class User(AbstractBaseUser, Record):
    """A member of staff, or an auditor from outside."""

    actor_kind = "user"

    email = models.EmailField(max_length=254, unique=True)
    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    roles = ArrayField(models.CharField(max_length=12, choices=Role), default=list)
    is_active = models.BooleanField(default=True)
    is_clinical_lead = models.BooleanField(default=False)
    licence_number = models.CharField(max_length=40, default="", blank=True)
    licence_expires_on = models.DateField(null=True, blank=True)
    # Who co-signs this therapist's notes; None: they need no second signature.
    supervisor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="supervised")
    locations = models.ManyToManyField(Location, related_name="staff")
    services = models.ManyToManyField(Service, related_name="therapists", blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["given_name", "family_name"]

    class Meta:
        constraints = [
            models.CheckConstraint(name="user_email_in_lower_case", condition=Q(email=Lower("email"))),
            models.CheckConstraint(name="user_supervises_somebody_else", condition=~Q(supervisor=F("pk"))),
            models.CheckConstraint(name="user_roles_known", condition=Q(roles__contained_by=list(Role.values))),
        ]

    def __str__(self) -> str:
        return f"user {self.pk}"

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    def has_role(self, *roles: str) -> bool:
        """Whether this active member holds one of the roles."""
        return self.is_active and any(role in self.roles for role in roles)

    @property
    def is_therapist(self) -> bool:
        return self.has_role(Role.THERAPIST)

    @property
    def books_appointments(self) -> bool:
        return self.has_role(Role.ADMIN, Role.FRONT_DESK, Role.THERAPIST)

    @property
    def registers_patients(self) -> bool:
        return self.has_role(Role.ADMIN, Role.FRONT_DESK, Role.THERAPIST)

    @property
    def reads_clinical(self) -> bool:
        """Flags in detail, notes, medicines, scores. The desk and admins see a traffic light instead."""
        return self.has_role(Role.THERAPIST, Role.AUDITOR)

    @property
    def writes_clinical(self) -> bool:
        return self.has_role(Role.THERAPIST)

    @property
    def reads_reports(self) -> bool:
        return self.has_role(Role.ADMIN, Role.AUDITOR)

    @property
    def reads_audit(self) -> bool:
        return self.has_role(Role.ADMIN, Role.AUDITOR)

    @property
    def is_administrator(self) -> bool:
        return self.has_role(Role.ADMIN)

    def is_licensed_on(self, day: date) -> bool:
        """Whether the licence, where one is recorded with an expiry, is valid on a day."""
        return self.licence_expires_on is None or self.licence_expires_on >= day


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: Any) -> ApiTokenQuerySet:
        return self.filter(user=user)

    def usable(self) -> ApiTokenQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=Now(), user__is_active=True)


class ApiToken(Record):
    """A script's key: shown once, kept as a SHA-256 digest, named, expiring, revocable."""

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    can_write = models.BooleanField(default=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return self.prefix


class FailedSignIn(models.Model):
    """Failed tries of one account or one network address in the current window; one row each, so the table is bounded.

    `key` is a keyed digest: neither addresses nor account names of strangers are kept.
    """

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pk}"
