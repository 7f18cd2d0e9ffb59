"""The sessions app: treatment sessions, not browser sessions."""

from django.apps import AppConfig


class TreatmentSessionsConfig(AppConfig):
    name = "sessions"
    # Django's own sessions app owns the label "sessions"; tables and permissions use ours.
    label = "treatment_sessions"
    default_auto_field = "django.db.models.BigAutoField"
