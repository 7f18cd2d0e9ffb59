"""Who patients are, how to reach them, who cares for them, what they agreed to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, cast

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Reverse

from clinic.core.records import EditableRecord, Record
from clinic.models import Location
from patients.searching import SearchTerm, beginnings
from staff.models import Role


class Sex(models.TextChoices):
    FEMALE = "female", "Female"
    MALE = "male", "Male"
    OTHER = "other", "Other"
    UNKNOWN = "unknown", "Not recorded"


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    SPANISH = "es", "Spanish"


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "Text message"
    NONE = "none", "No messages"


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: Any) -> PatientQuerySet:
        """Desk, admin, auditor: patients known at their locations. Therapists: patients in their care.

        Roles add up. Anybody else, and any inactive account, sees nobody.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        allowed = Q()
        if user.has_role(Role.ADMIN, Role.FRONT_DESK, Role.AUDITOR):
            known_at = Patient.locations.through.objects.filter(location__in=Location.objects.visible_to(user))
            allowed |= Q(pk__in=known_at.values("patient"))
        if user.has_role(Role.THERAPIST):
            in_care = CareTeamMember.objects.filter(therapist=user, ended_on=None)
            allowed |= Q(pk__in=in_care.values("patient"))
        return self.filter(allowed) if allowed else self.none()

    def by_name(self) -> PatientQuerySet:
        return self.order_by("name_key", "id")

    def search(self, term: SearchTerm, *, countries: Collection[str] = ("US",)) -> PatientQuerySet:
        """Patients a search term means: words begin names in any order, digits begin or end the phone number."""
        if term.hint:
            return self.none()
        found = self
        if term.words:
            found = found.filter(_named(term.words))
        if term.birth_on:
            found = found.filter(birth_on=term.birth_on)
        if term.digits:
            ending = (term.digits.lstrip("0") or term.digits)[::-1]
            begins = Q()
            for beginning in beginnings(term.digits, countries):
                begins |= Q(phone__startswith=beginning)
            found = found.alias(phone_ending=Reverse("phone")).filter(
                begins | Q(phone_ending__startswith=ending), ~Q(phone="")
            )
        return found

    def after(self, row: Patient) -> PatientQuerySet:
        """The page that follows a row, by name."""
        further = Q(name_key=row.name_key, id__gt=row.pk) | Q(name_key__gt=row.name_key)
        return self.filter(further, name_key__gte=row.name_key).by_name()

    def before(self, row: Patient) -> PatientQuerySet:
        """The page that leads to a row, nearest first."""
        earlier = Q(name_key=row.name_key, id__lt=row.pk) | Q(name_key__lt=row.name_key)
        return self.filter(earlier, name_key__lte=row.name_key).order_by("-name_key", "-id")


def _named(words: tuple[str, ...]) -> Q:
    """The words begin the name: as written in either order, or some begin one half and the rest the other."""
    whole = " ".join(words)
    named = Q(name_key__startswith=whole) | Q(name_key_reversed__startswith=whole)
    for cut in range(1, len(words)):
        one, other = " ".join(words[:cut]), " ".join(words[cut:])
        named |= Q(name_key__startswith=one, name_key_reversed__startswith=other)
        named |= Q(name_key__startswith=other, name_key_reversed__startswith=one)
    return named


class Patient(EditableRecord):
    """A person the clinic treats or may treat."""

    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    # Normalised "family given" and "given family" in C order: prefix search and sorting without collations.
    name_key = models.CharField(max_length=170, db_collation="C", editable=False)
    name_key_reversed = models.CharField(max_length=170, db_collation="C", editable=False)
    # 0 unless somebody confirmed that two people share name and birth date.
    namesake_number = models.PositiveSmallIntegerField(default=0)
    birth_on = models.DateField()
    sex = models.CharField(max_length=8, choices=Sex, default=Sex.UNKNOWN)
    email = models.EmailField(max_length=254, default="", blank=True)
    phone = models.CharField(max_length=16, default="", blank=True, help_text="E.164, such as +12125550123")
    address = models.CharField(max_length=200, default="", blank=True)
    postal_code = models.CharField(max_length=12, default="", blank=True)
    language = models.CharField(max_length=2, choices=Language, default=Language.ENGLISH)
    channel = models.CharField(max_length=5, choices=Channel, default=Channel.EMAIL)
    died_on = models.DateField(null=True, blank=True)
    locations = models.ManyToManyField(Location, related_name="patients")
    # Where an imported patient came from, and its id there.
    source = models.CharField(max_length=40, default="", blank=True)
    old_id = models.CharField(max_length=80, default="", blank=True)
    # What the file said when it was last taken: the same again changes nothing, even if staff edited the row since.
    import_digest = models.CharField(max_length=32, default="", blank=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="patient_same_name_and_birth_date_once", fields=["name_key", "birth_on", "namesake_number"]
            ),
            models.UniqueConstraint(name="patient_imported_once", fields=["source", "old_id"], condition=~Q(old_id="")),
            models.CheckConstraint(name="patient_born_after_1900", condition=Q(birth_on__gte=date(1900, 1, 1))),
            models.CheckConstraint(name="patient_sex_known", condition=Q(sex__in=Sex.values)),
            models.CheckConstraint(name="patient_language_known", condition=Q(language__in=Language.values)),
            models.CheckConstraint(name="patient_channel_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(
                name="patient_died_after_birth", condition=Q(died_on=None) | Q(died_on__gte=F("birth_on"))
            ),
        ]
        indexes = [
            models.Index(fields=["name_key", "id"], name="patient_by_name"),
            models.Index(fields=["name_key_reversed", "id"], name="patient_by_given_name"),
            models.Index(fields=["birth_on", "name_key"], name="patient_by_birth_date"),
            # For a beginning of the number, and (reversed) for its last digits: the two ways people type one.
            models.Index(fields=["phone"], name="patient_by_phone", opclasses=["varchar_pattern_ops"]),
            models.Index(
                OpClass(Reverse("phone"), name="text_pattern_ops"),
                name="patient_by_phone_ending",
                condition=~Q(phone=""),
            ),
            models.Index(fields=["-updated_at", "-id"], name="patient_by_change"),
        ]

    def __str__(self) -> str:
        return f"patient {self.pk}"

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    def age_on(self, day: date) -> int:
        """Completed years on a day."""
        had_birthday = (day.month, day.day) >= (self.birth_on.month, self.birth_on.day)
        return day.year - self.birth_on.year - (0 if had_birthday else 1)


class OfPatientQuerySet(models.QuerySet[Any]):
    """Rows that belong to a patient and carry nothing clinical."""

    def visible_to(self, user: Any) -> OfPatientQuerySet:
        return self.filter(patient__in=Patient.objects.visible_to(user))


class ClinicalQuerySet(models.QuerySet[Any]):
    """Clinical rows of a patient: for therapists of the care team and auditors, nobody else."""

    def visible_to(self, user: Any) -> ClinicalQuerySet:
        if not getattr(user, "reads_clinical", False):
            return self.none()
        return self.filter(patient__in=Patient.objects.visible_to(user))


class EmergencyContact(Record):
    """Whom to call."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="emergency_contacts")
    name = models.CharField(max_length=120)
    relationship = models.CharField(max_length=60, default="", blank=True)
    phone = models.CharField(max_length=16)
    ended_on = models.DateField(null=True, blank=True)

    objects = OfPatientQuerySet.as_manager()

    def __str__(self) -> str:
        return f"emergency contact {self.pk}"


class CareTeamMember(Record):
    """A therapist's care of a patient, from a day until a day."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="care_team")
    therapist = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="patients_in_care")
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    objects = OfPatientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="care_team_member_once_at_a_time", fields=["patient", "therapist"], condition=Q(ended_on=None)
            ),
            models.CheckConstraint(
                name="care_ends_after_it_starts", condition=Q(ended_on=None) | Q(ended_on__gte=F("started_on"))
            ),
        ]
        indexes = [
            models.Index(fields=["therapist", "patient"], condition=Q(ended_on=None), name="care_team_by_therapist")
        ]

    def __str__(self) -> str:
        return f"care {self.pk}"


class ConsentKind(models.TextChoices):
    TREATMENT = "treatment", "Treatment"
    EMAIL = "email", "Messages by e-mail"
    SMS = "sms", "Text messages"
    SURVEYS = "surveys", "Follow-up questions"
    RESEARCH = "research", "De-identified use in reports"
    PELVIC = "pelvic", "Pelvic work"


# What a therapist asks in the treatment room; that it was asked says something about the patient's health.
CLINICAL_CONSENTS = (ConsentKind.PELVIC,)


class ConsentQuerySet(OfPatientQuerySet):
    def visible_to(self, user: Any) -> ConsentQuerySet:
        seen = cast("ConsentQuerySet", super().visible_to(user))
        return seen if getattr(user, "reads_clinical", False) else seen.exclude(kind__in=CLINICAL_CONSENTS)

    def newest_first(self) -> ConsentQuerySet:
        return self.order_by("-recorded_at", "-id")

    def standing(self, patient: Patient, kind: str) -> bool | None:
        """The newest answer of a kind; None while the patient was never asked."""
        newest = self.filter(patient=patient, kind=kind).newest_first()
        return newest.values_list("is_given", flat=True).first()


class Consent(Record):
    """What the patient agreed to or refused, and when. The newest row of a kind counts."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=10, choices=ConsentKind)
    is_given = models.BooleanField()
    recorded_at = models.DateTimeField()
    source = models.CharField(max_length=20, default="staff")

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="consent_kind_known", condition=Q(kind__in=ConsentKind.values)),
        ]
        indexes = [models.Index(fields=["patient", "kind", "-recorded_at", "-id"], name="consent_newest_first")]

    def __str__(self) -> str:
        return f"consent {self.pk}"


def consent_given(patient: Patient, kind: str) -> bool:
    """Whether the patient agreed, and did not take it back. Never asked is no."""
    return Consent.objects.standing(patient, kind) is True
