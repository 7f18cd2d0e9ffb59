"""API addresses of reports."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from reports.api import ExportViewSet, OutcomeReportView

router = SimpleRouter()
router.register("exports", ExportViewSet, basename="export")
urlpatterns = [*router.urls, path("outcome-report/", OutcomeReportView.as_view(), name="outcome-report")]
