"""Page addresses of patients."""

from django.urls import path

from patients.views import finding, importing, panels, record

app_name = "patients"
urlpatterns = [
    path("patients/", finding.list_patients, name="list"),
    path("patients/search/", finding.search, name="search"),
    path("patients/new/", record.register, name="register"),
    path("patients/import/", importing.import_file, name="import"),
    path("patients/import/<uuid:public_id>/", importing.import_batch, name="import-batch"),
    path("patients/<uuid:public_id>/", record.detail, name="detail"),
    path("patients/<uuid:public_id>/edit/", record.edit, name="edit"),
    path("patients/<uuid:public_id>/share/", record.share, name="share"),
    path("patients/<uuid:public_id>/lists/<slug:noun>/", panels.show_panel, name="panel"),
    path("patients/<uuid:public_id>/lists/<slug:noun>/new/", panels.add_row, name="add-row"),
    path("patients/<uuid:public_id>/lists/<slug:noun>/<uuid:row_id>/end/", panels.end_row, name="end-row"),
]
