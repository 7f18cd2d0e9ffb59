"""The questionnaires app."""

from django.apps import AppConfig


class QuestionnairesConfig(AppConfig):
    name = "questionnaires"
    label = "questionnaires"
    default_auto_field = "django.db.models.BigAutoField"
