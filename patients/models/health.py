"""What is known about patients' health."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from clinic.core.records import Record
from patients.models.person import ClinicalQuerySet, Patient


class AllergyCategory(models.TextChoices):
    OIL = "oil", "Oil"
    GEL = "gel", "Gel"
    LOTION = "lotion", "Lotion or cream"
    FRAGRANCE = "fragrance", "Fragrance"
    LATEX = "latex", "Latex"
    ADHESIVE = "adhesive", "Adhesive or plaster"
    NUT = "nut", "Nut"
    LANOLIN = "lanolin", "Lanolin"
    MEDICINE = "medicine", "Medicine"
    FOOD = "food", "Food"
    ENVIRONMENT = "environment", "Environment"
    OTHER = "other", "Other"


class Allergy(Record):
    """Something this patient reacts to."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="allergies")
    substance = models.CharField(max_length=120)
    category = models.CharField(max_length=12, choices=AllergyCategory)
    reaction = models.CharField(max_length=200, default="", blank=True)
    severity = models.CharField(
        max_length=8,
        choices=[("mild", "Mild"), ("moderate", "Moderate"), ("severe", "Severe"), ("", "Not recorded")],
        default="",
        blank=True,
    )
    noted_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    code_system = models.CharField(max_length=40, default="", blank=True)
    code = models.CharField(max_length=40, default="", blank=True)
    import_key = models.CharField(max_length=64, null=True, unique=True)
    import_digest = models.CharField(max_length=32, default="", blank=True)

    objects = ClinicalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="allergy_category_known", condition=Q(category__in=AllergyCategory.values)),
        ]

    def __str__(self) -> str:
        return f"allergy {self.pk}"


class Medicine(Record):
    """A medicine the patient takes or took, as told."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="medicines")
    name = models.CharField(max_length=200)
    dose = models.CharField(max_length=80, default="", blank=True)
    reason = models.CharField(max_length=120, default="", blank=True)
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    code_system = models.CharField(max_length=40, default="", blank=True)
    code = models.CharField(max_length=40, default="", blank=True)
    import_key = models.CharField(max_length=64, null=True, unique=True)
    import_digest = models.CharField(max_length=32, default="", blank=True)

    objects = ClinicalQuerySet.as_manager()

    def __str__(self) -> str:
        return f"medicine {self.pk}"


class EarlierTreatmentKind(models.TextChoices):
    ANALGESIC = "analgesic", "Pain reliever (analgesic)"
    ANTI_INFLAMMATORY = "anti_inflammatory", "Anti-inflammatory"
    MUSCLE_RELAXANT = "muscle_relaxant", "Muscle relaxant"
    BOTULINUM_TOXIN = "botulinum_toxin", "Botulinum toxin"
    PHYSIOTHERAPY = "physiotherapy", "Physiotherapy"
    SURGERY = "surgery", "Surgery"
    MASSAGE = "massage", "Massage or other manual therapy"
    OTHER = "other", "Other"


class Benefit(models.TextChoices):
    WORSE = "worse", "Made it worse"
    NONE = "none", "No benefit"
    SOME = "some", "Helped"
    UNKNOWN = "unknown", "Not known"


class EarlierTreatment(Record):
    """What was tried for the problem before, and whether it helped."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="earlier_treatments")
    kind = models.CharField(max_length=20, choices=EarlierTreatmentKind)
    detail = models.CharField(max_length=200, default="", blank=True)
    body_region = models.CharField(max_length=40, default="", blank=True)
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    benefit = models.CharField(max_length=8, choices=Benefit, default=Benefit.UNKNOWN)

    objects = ClinicalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="earlier_treatment_kind_known", condition=Q(kind__in=EarlierTreatmentKind.values)
            ),
            models.CheckConstraint(name="earlier_treatment_benefit_known", condition=Q(benefit__in=Benefit.values)),
        ]

    def __str__(self) -> str:
        return f"earlier treatment {self.pk}"


class Side(models.TextChoices):
    LEFT = "left", "Left"
    RIGHT = "right", "Right"
    BOTH = "both", "Both"
    NONE = "none", "Not applicable"


class Chronicity(models.TextChoices):
    ACUTE = "acute", "Acute (under 6 weeks)"
    SUBACUTE = "subacute", "Subacute"
    CHRONIC = "chronic", "Chronic (3 months or more)"
    UNKNOWN = "unknown", "Not known"


class DiagnosedBy(models.TextChoices):
    CLINICIAN = "clinician", "A clinician"
    PATIENT = "patient", "The patient's own account"
    UNKNOWN = "unknown", "Not known"


class Condition(Record):
    """A problem or diagnosis, from the catalogue of treated conditions or recorded as text."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="conditions")
    # A key of patients/catalogue/conditions.json, or "other" with the words in `text`.
    kind = models.CharField(max_length=40)
    text = models.CharField(max_length=200, default="", blank=True)
    code_system = models.CharField(max_length=40, default="", blank=True)
    code = models.CharField(max_length=40, default="", blank=True)
    side = models.CharField(max_length=5, choices=Side, default=Side.NONE)
    onset_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    chronicity = models.CharField(max_length=8, choices=Chronicity, default=Chronicity.UNKNOWN)
    diagnosed_by = models.CharField(max_length=9, choices=DiagnosedBy, default=DiagnosedBy.UNKNOWN)
    import_key = models.CharField(max_length=64, null=True, unique=True)
    import_digest = models.CharField(max_length=32, default="", blank=True)

    objects = ClinicalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="condition_side_known", condition=Q(side__in=Side.values)),
            models.CheckConstraint(name="condition_chronicity_known", condition=Q(chronicity__in=Chronicity.values)),
            models.CheckConstraint(
                name="condition_diagnosed_by_known", condition=Q(diagnosed_by__in=DiagnosedBy.values)
            ),
            models.CheckConstraint(name="condition_other_says_what", condition=~Q(kind="other") | ~Q(text="")),
        ]

    def __str__(self) -> str:
        return f"condition {self.pk}"


class Episode(Record):
    """One person's one problem, from first visit to discharge: the unit of outcomes."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="episodes")
    condition = models.ForeignKey(Condition, models.PROTECT, null=True, blank=True, related_name="episodes")
    opened_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)
    close_reason = models.CharField(max_length=20, default="", blank=True)

    objects = ClinicalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="episode_closes_after_it_opens", condition=Q(closed_on=None) | Q(closed_on__gte=F("opened_on"))
            ),
            models.UniqueConstraint(
                name="episode_one_open_per_condition",
                fields=["patient", "condition"],
                condition=Q(closed_on=None),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"episode {self.pk}"
