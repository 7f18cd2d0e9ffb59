"""API addresses of screening."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from screening.api import (
    AnswersView,
    CallInViewSet,
    ClearanceRequestViewSet,
    EvaluationViewSet,
    FlagViewSet,
    IntakeRequestViewSet,
    LightViewSet,
    SubmitView,
)
from screening.changes_api import ChangeCheckViewSet

router = SimpleRouter()
router.register("flags", FlagViewSet, basename="flag")
router.register("call-ins", CallInViewSet, basename="call-in")
router.register("clearance-requests", ClearanceRequestViewSet, basename="clearance-request")
router.register("evaluations", EvaluationViewSet, basename="evaluation")
router.register("change-checks", ChangeCheckViewSet, basename="change-check")
router.register("intake-requests", IntakeRequestViewSet, basename="intake-request")
router.register("screening-lights", LightViewSet, basename="screening-light")

urlpatterns = [
    *router.urls,
    path("questionnaire-responses/<uuid:public_id>/answers/", AnswersView.as_view(), name="response-answers"),
    path("questionnaire-responses/<uuid:public_id>/submit/", SubmitView.as_view(), name="response-submit"),
]
