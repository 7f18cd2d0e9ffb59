"""Page addresses of outcomes."""

from django.urls import path

from outcomes import licence_views, views

app_name = "outcomes"
urlpatterns = [
    path("patients/<uuid:public_id>/outcomes/", views.patient, name="patient"),
    path("surveys/<uuid:public_id>/effect-seen/", views.effect_seen, name="effect-seen"),
    path("setup/measures/", licence_views.measures, name="measures"),
    path("setup/measures/<slug:key>/licence/", licence_views.attest, name="attest"),
    path("setup/licences/<uuid:public_id>/withdraw/", licence_views.withdraw, name="licence-withdraw"),
    path("p/survey/", views.survey, name="survey"),
]
