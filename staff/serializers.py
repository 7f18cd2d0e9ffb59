"""How colleagues and tokens look from outside."""

from rest_framework import serializers

from clinic.core.api import StrictSerializer
from clinic.models import Location, Service
from staff.models import ApiToken, User
from staff.services import LONGEST_TOKEN_LIFE_DAYS


class StaffOutput(serializers.ModelSerializer[User]):
    id = serializers.UUIDField(source="public_id")
    location_ids: serializers.SlugRelatedField[Location] = serializers.SlugRelatedField(
        "public_id", source="locations", many=True, read_only=True
    )
    supervisor_id = serializers.UUIDField(source="supervisor.public_id", allow_null=True, default=None, read_only=True)
    service_ids: serializers.SlugRelatedField[Service] = serializers.SlugRelatedField(
        "public_id", source="services", many=True, read_only=True
    )

    class Meta:
        model = User
        fields = [
            "id", "given_name", "family_name", "roles", "licence_number", "licence_expires_on",
            "is_clinical_lead", "supervisor_id", "location_ids", "service_ids", "updated_at",
        ]  # fmt: skip


class MeOutput(StaffOutput):
    class Meta(StaffOutput.Meta):
        fields = [*StaffOutput.Meta.fields, "email"]


class SupervisorInput(StrictSerializer):
    """null: the therapist needs no second signature."""

    supervisor_id = serializers.UUIDField(allow_null=True)


class ApiTokenInput(StrictSerializer):
    name = serializers.CharField(max_length=80)
    can_write = serializers.BooleanField(default=False)
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_TOKEN_LIFE_DAYS, default=90)


class ApiTokenOutput(serializers.ModelSerializer[ApiToken]):
    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = ApiToken
        fields = [
            "id", "name", "prefix", "can_write", "expires_at", "last_used_at", "revoked_at", "created_at",
        ]  # fmt: skip


class NewApiTokenOutput(ApiTokenOutput):
    token = serializers.CharField(help_text="Shown in this answer only.")

    class Meta(ApiTokenOutput.Meta):
        fields = [*ApiTokenOutput.Meta.fields, "token"]
