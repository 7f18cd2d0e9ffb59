"""Everything below /api/v1/."""

from django.urls import include, path

urlpatterns = [
    path("", include("clinic.setup_api_urls")),
    path("", include("audit.api_urls")),
    path("", include("staff.api_urls")),
    path("", include("patients.api_urls")),
    path("", include("messaging.api_urls")),
    path("", include("questionnaires.api_urls")),
    path("", include("screening.api_urls")),
    path("", include("scheduling.api_urls")),
    path("", include("outcomes.api_urls")),
    path("", include("sessions.api_urls")),
    path("", include("reports.api_urls")),
]
