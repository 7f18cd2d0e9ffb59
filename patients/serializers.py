"""What the API reads and answers. Inputs are parsed here; their rules are the services'."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from clinic.models import Location
from patients.models import (
    Allergy,
    AllergyCategory,
    Benefit,
    CareTeamMember,
    Channel,
    Chronicity,
    Condition,
    Consent,
    ConsentKind,
    DiagnosedBy,
    EarlierTreatment,
    EarlierTreatmentKind,
    EmergencyContact,
    ImportBatch,
    ImportKind,
    ImportRefusal,
    Language,
    Medicine,
    Patient,
    Sex,
    Side,
)
from staff.models import User

SEVERITIES = [("mild", "Mild"), ("moderate", "Moderate"), ("severe", "Severe")]


class PatientOutput(serializers.ModelSerializer[Patient]):
    """Needs the patients' visible locations prefetched to `visible_locations`."""

    id = serializers.UUIDField(source="public_id")
    location_ids = serializers.SerializerMethodField()

    class Meta:
        model = Patient
        fields = [
            "id", "given_name", "family_name", "birth_on", "died_on", "sex", "email", "phone", "address",
            "postal_code", "language", "channel", "location_ids", "source", "old_id", "version", "created_at",
            "updated_at",
        ]  # fmt: skip

    def get_location_ids(self, patient: Patient) -> list[str]:
        return [str(location.public_id) for location in patient.visible_locations]  # type: ignore[attr-defined]


class _PatientEntries(StrictSerializer):
    given_name = serializers.CharField(max_length=80)
    family_name = serializers.CharField(max_length=80)
    birth_on = serializers.DateField()
    sex = serializers.ChoiceField(choices=Sex.choices, required=False)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    address = serializers.CharField(max_length=200, required=False, allow_blank=True)
    postal_code = serializers.CharField(max_length=12, required=False, allow_blank=True)
    language = serializers.ChoiceField(choices=Language.choices, required=False)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    is_another_person = serializers.BooleanField(required=False)


class RegisterPatientInput(_PatientEntries):
    """`is_another_person` answers a 409 possible_duplicate."""

    location_id = serializers.SlugRelatedField(
        slug_field="public_id", source="location", queryset=Location.objects.none()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "request" in self.context:
            visible = Location.objects.visible_to(self.context["request"].user)
            self.fields["location_id"].queryset = visible  # type: ignore[attr-defined]


class EditPatientInput(_PatientEntries):
    """Only the fields that change."""

    died_on = serializers.DateField(required=False, allow_null=True)


class EmergencyContactOutput(serializers.ModelSerializer[EmergencyContact]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = EmergencyContact
        fields = ["id", "name", "relationship", "phone", "ended_on", "created_at", "updated_at"]


class EmergencyContactInput(StrictSerializer):
    name = serializers.CharField(max_length=120)
    phone = serializers.CharField(max_length=40)
    relationship = serializers.CharField(max_length=60, required=False, allow_blank=True)


class CareTeamMemberOutput(serializers.ModelSerializer[CareTeamMember]):
    id = serializers.UUIDField(source="public_id")
    therapist_id = serializers.UUIDField(source="therapist.public_id")
    therapist_name = serializers.CharField(source="therapist.full_name")

    class Meta:
        model = CareTeamMember
        fields = ["id", "therapist_id", "therapist_name", "started_on", "ended_on", "created_at", "updated_at"]


class CareTeamMemberInput(StrictSerializer):
    therapist_id = serializers.SlugRelatedField(
        slug_field="public_id", source="therapist", queryset=User.objects.none()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "request" in self.context:
            colleagues = User.objects.visible_to(self.context["request"].user).therapists()
            self.fields["therapist_id"].queryset = colleagues  # type: ignore[attr-defined]


class ConsentOutput(serializers.ModelSerializer[Consent]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Consent
        fields = ["id", "kind", "is_given", "recorded_at", "source", "created_at", "updated_at"]


class ConsentInput(StrictSerializer):
    kind = serializers.ChoiceField(choices=ConsentKind.choices)
    is_given = serializers.BooleanField()


class AllergyOutput(serializers.ModelSerializer[Allergy]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Allergy
        fields = [
            "id", "substance", "category", "reaction", "severity", "noted_on", "ended_on", "code_system", "code",
            "created_at", "updated_at",
        ]  # fmt: skip


class AllergyInput(StrictSerializer):
    substance = serializers.CharField(max_length=120)
    category = serializers.ChoiceField(choices=AllergyCategory.choices)
    reaction = serializers.CharField(max_length=200, required=False, allow_blank=True)
    severity = serializers.ChoiceField(choices=SEVERITIES, required=False, allow_blank=True)
    noted_on = serializers.DateField(required=False, allow_null=True)


class MedicineOutput(serializers.ModelSerializer[Medicine]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Medicine
        fields = [
            "id", "name", "dose", "reason", "started_on", "ended_on", "code_system", "code", "created_at",
            "updated_at",
        ]  # fmt: skip


class MedicineInput(StrictSerializer):
    name = serializers.CharField(max_length=200)
    dose = serializers.CharField(max_length=80, required=False, allow_blank=True)
    reason = serializers.CharField(max_length=120, required=False, allow_blank=True)
    started_on = serializers.DateField(required=False, allow_null=True)
    ended_on = serializers.DateField(required=False, allow_null=True)


class ConditionOutput(serializers.ModelSerializer[Condition]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Condition
        fields = [
            "id", "kind", "text", "code_system", "code", "side", "onset_on", "ended_on", "chronicity",
            "diagnosed_by", "created_at", "updated_at",
        ]  # fmt: skip


class ConditionInput(StrictSerializer):
    """`kind` is a key of the condition catalogue, or `other` with `text`."""

    kind = serializers.CharField(max_length=40)
    text = serializers.CharField(max_length=200, required=False, allow_blank=True)
    code_system = serializers.CharField(max_length=40, required=False, allow_blank=True)
    code = serializers.CharField(max_length=40, required=False, allow_blank=True)
    side = serializers.ChoiceField(choices=Side.choices, required=False)
    onset_on = serializers.DateField(required=False, allow_null=True)
    ended_on = serializers.DateField(required=False, allow_null=True)
    chronicity = serializers.ChoiceField(choices=Chronicity.choices, required=False)
    diagnosed_by = serializers.ChoiceField(choices=DiagnosedBy.choices, required=False)


class EarlierTreatmentOutput(serializers.ModelSerializer[EarlierTreatment]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = EarlierTreatment
        fields = [
            "id", "kind", "detail", "body_region", "started_on", "ended_on", "benefit", "created_at", "updated_at",
        ]  # fmt: skip


class EarlierTreatmentInput(StrictSerializer):
    kind = serializers.ChoiceField(choices=EarlierTreatmentKind.choices)
    detail = serializers.CharField(max_length=200, required=False, allow_blank=True)
    body_region = serializers.CharField(max_length=40, required=False, allow_blank=True)
    started_on = serializers.DateField(required=False, allow_null=True)
    ended_on = serializers.DateField(required=False, allow_null=True)
    benefit = serializers.ChoiceField(choices=Benefit.choices, required=False)


class EndInput(StrictSerializer):
    """The last day; today where it is left out."""

    ended_on = serializers.DateField(required=False, allow_null=True)


class CatalogueCodeOutput(serializers.Serializer[Any]):
    system = serializers.CharField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    side = serializers.CharField(allow_null=True)
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True)


class CatalogueTermOutput(serializers.Serializer[Any]):
    key = serializers.CharField()
    name_en = serializers.CharField()
    name_es = serializers.CharField()
    codes = CatalogueCodeOutput(many=True)


class CatalogueConditionOutput(serializers.Serializer[Any]):
    """A condition with `terms` is ambiguous: ask which is meant, never assume."""

    key = serializers.CharField()
    seed_item = serializers.CharField()
    name_en = serializers.CharField()
    name_es = serializers.CharField()
    codes = CatalogueCodeOutput(many=True)
    terms = CatalogueTermOutput(many=True)
    is_coded_automatically = serializers.BooleanField()
    measures = serializers.ListField(child=serializers.CharField())
    licensed_measures = serializers.ListField(child=serializers.CharField())
    safety_rules = serializers.ListField(child=serializers.CharField())
    safety_note = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]


class ImportRefusalOutput(serializers.ModelSerializer[ImportRefusal]):
    class Meta:
        model = ImportRefusal
        fields = ["row_number", "code", "message", "fields", "candidate_ids"]


class ImportBatchOutput(serializers.ModelSerializer[ImportBatch]):
    id = serializers.UUIDField(source="public_id")
    location_id = serializers.UUIDField(source="location.public_id")

    class Meta:
        model = ImportBatch
        fields = [
            "id", "kind", "source", "location_id", "is_dry_run", "file_digest", "row_count", "created_count",
            "updated_count", "unchanged_count", "refused_count", "ignored_columns", "created_at", "updated_at",
        ]  # fmt: skip


class ImportBatchDetailOutput(ImportBatchOutput):
    """With its first 500 refusals, by row; the rest is at `…/refusals/`."""

    refusals = serializers.SerializerMethodField()

    class Meta(ImportBatchOutput.Meta):
        fields = [*ImportBatchOutput.Meta.fields, "refusals"]

    def get_refusals(self, batch: ImportBatch) -> list[dict[str, Any]]:
        return ImportRefusalOutput(batch.refusals.order_by("row_number")[:500], many=True).data  # type: ignore[return-value]


class ImportInput(StrictSerializer):
    """`csv` is the file's text. `expected_digest`: the file_digest of the dry run, to take no other file."""

    kind = serializers.ChoiceField(choices=ImportKind.choices)
    source = serializers.CharField(max_length=40)  # type: ignore[assignment]
    location_id = serializers.SlugRelatedField(
        slug_field="public_id", source="location", queryset=Location.objects.none()
    )
    is_dry_run = serializers.BooleanField()
    csv = serializers.CharField(trim_whitespace=False)
    expected_digest = serializers.CharField(max_length=64, required=False, allow_blank=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "request" in self.context:
            visible = Location.objects.visible_to(self.context["request"].user)
            self.fields["location_id"].queryset = visible  # type: ignore[attr-defined]
