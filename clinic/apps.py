"""The clinic app."""

from django.apps import AppConfig

from clinic.core.lookups import register as register_lookups


class ClinicConfig(AppConfig):
    name = "clinic"
    label = "clinic"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register_lookups()
