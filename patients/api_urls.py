"""API addresses of patients."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from patients.api.catalogue import ConditionCatalogueViewSet
from patients.api.imports import PatientImportViewSet
from patients.api.lists import (
    AllergyViewSet,
    CareTeamMemberViewSet,
    ConditionViewSet,
    ConsentViewSet,
    EarlierTreatmentViewSet,
    EmergencyContactViewSet,
    MedicineViewSet,
)
from patients.api.patients import PatientViewSet

router = SimpleRouter()
router.register("patients", PatientViewSet, basename="patient")
router.register("condition-catalogue", ConditionCatalogueViewSet, basename="catalogue-condition")
router.register("patient-imports", PatientImportViewSet, basename="patient-import")

lists = SimpleRouter()
lists.register("emergency-contacts", EmergencyContactViewSet, basename="emergency-contact")
lists.register("care-team", CareTeamMemberViewSet, basename="care-team-member")
lists.register("consents", ConsentViewSet, basename="consent")
lists.register("allergies", AllergyViewSet, basename="allergy")
lists.register("medicines", MedicineViewSet, basename="medicine")
lists.register("conditions", ConditionViewSet, basename="condition")
lists.register("earlier-treatments", EarlierTreatmentViewSet, basename="earlier-treatment")

urlpatterns = [
    *router.urls,
    path("patients/<uuid:patient_id>/", include(lists.urls)),
]
