"""Page addresses of reports."""

from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("reports/outcomes/", views.outcomes, name="outcomes"),
    path("reports/outcomes/export/", views.export, name="export"),
    path("reports/exports/<uuid:public_id>/", views.export_status, name="export-status"),
    path("reports/exports/<uuid:public_id>/file/", views.export_download, name="export-download"),
]
