"""API addresses of sessions."""

from typing import Any

from django.urls import path
from rest_framework.routers import SimpleRouter

from sessions.api import care, catalogues, cosigning, findings, plans, progress, safety, writing
from sessions.api.sessions import SessionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("sessions", SessionViewSet, basename="session")
router.register("snippets", writing.SnippetViewSet, basename="snippet")
router.register("adverse-events", safety.AdverseEventViewSet, basename="adverse-event")
router.register("episodes", plans.EpisodeViewSet, basename="episode")
router.register("co-signatures", cosigning.CoSignatureViewSet, basename="co-signature")
router.register("muscles", catalogues.MuscleViewSet, basename="muscle")
router.register("motions", catalogues.MotionViewSet, basename="motion")
router.register("techniques", catalogues.TechniqueViewSet, basename="technique")
router.register("complaints", catalogues.ComplaintViewSet, basename="complaint")
router.register("body-regions", catalogues.BodyRegionViewSet, basename="body-region")

_MANY: Any = {"get": "list", "post": "create"}
_ONE: Any = {"delete": "destroy"}
_OF_SESSION = "sessions/<uuid:session_id>"
urlpatterns = [
    path(f"{_OF_SESSION}/trigger-points/", findings.SessionTriggerPointViewSet.as_view(_MANY), name="session-points"),
    path(
        f"{_OF_SESSION}/trigger-points/<uuid:row_id>/",
        findings.SessionTriggerPointViewSet.as_view(_ONE),
        name="session-point",
    ),
    path(f"{_OF_SESSION}/motions/", findings.SessionMotionViewSet.as_view(_MANY), name="session-motions"),
    path(f"{_OF_SESSION}/motions/<uuid:row_id>/", findings.SessionMotionViewSet.as_view(_ONE), name="session-motion"),
    path(f"{_OF_SESSION}/techniques/", findings.SessionTechniqueViewSet.as_view(_MANY), name="session-techniques"),
    path(
        f"{_OF_SESSION}/techniques/<uuid:row_id>/",
        findings.SessionTechniqueViewSet.as_view(_ONE),
        name="session-technique",
    ),
    path(f"{_OF_SESSION}/addenda/", findings.SessionAddendumViewSet.as_view(_MANY), name="session-addenda"),
    path(f"{_OF_SESSION}/progress/", progress.ProgressViewSet.as_view({"get": "retrieve"}), name="session-progress"),
    path(
        "patients/<uuid:patient_id>/trigger-points/",
        progress.LedgerViewSet.as_view({"get": "list"}),
        name="trigger-point-ledger",
    ),
    path(
        f"{_OF_SESSION}/carried-values/",
        writing.SessionCarriedViewSet.as_view({"get": "list"}),
        name="session-carried-values",
    ),
    path(
        f"{_OF_SESSION}/carried-values/<uuid:row_id>/",
        writing.SessionCarriedViewSet.as_view(_ONE),
        name="session-carried-value",
    ),
    path(
        f"{_OF_SESSION}/carried-values/<uuid:row_id>/confirm/",
        writing.SessionCarriedViewSet.as_view({"post": "confirm"}),
        name="session-carried-confirm",
    ),
    path(
        f"{_OF_SESSION}/regional-pains/",
        writing.SessionRegionalPainViewSet.as_view(_MANY),
        name="session-regional-pains",
    ),
    path(
        f"{_OF_SESSION}/regional-pains/<uuid:row_id>/",
        writing.SessionRegionalPainViewSet.as_view(_ONE),
        name="session-regional-pain",
    ),
    path(
        f"{_OF_SESSION}/effect-checks/", safety.SessionEffectCheckViewSet.as_view(_MANY), name="session-effect-checks"
    ),
    path(f"{_OF_SESSION}/product-reason/", care.SessionProductViewSet.as_view(_MANY), name="session-product-reason"),
    path(f"{_OF_SESSION}/chaperone/", care.SessionChaperoneViewSet.as_view(_MANY), name="session-chaperone"),
    path(f"{_OF_SESSION}/consents/", care.SessionRegionConsentViewSet.as_view(_MANY), name="session-consents"),
    path(
        f"{_OF_SESSION}/consents/<uuid:row_id>/", care.SessionRegionConsentViewSet.as_view(_ONE), name="session-consent"
    ),
    *router.urls,
]
