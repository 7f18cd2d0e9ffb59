"""The roof: every door's address. Apps are named by strings, never imported."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from clinic.views import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("staff.urls")),
    path("", include("audit.urls")),
    path("", include("patients.urls")),
    path("", include("messaging.urls")),
    path("", include("questionnaires.urls")),
    path("", include("screening.urls")),
    path("", include("scheduling.urls")),
    path("", include("outcomes.urls")),
    path("", include("sessions.urls")),
    path("", include("reports.urls")),
    path("api/v1/", include("clinic.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]
