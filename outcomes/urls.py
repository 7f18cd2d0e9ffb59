"""Page addresses of outcomes."""

from django.urls import path

from outcomes import views

app_name = "outcomes"
urlpatterns = [
    path("patients/<uuid:public_id>/outcomes/", views.patient, name="patient"),
    path("surveys/<uuid:public_id>/effect-seen/", views.effect_seen, name="effect-seen"),
    path("p/survey/", views.survey, name="survey"),
]
