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
from screening.forms_api import DraftsView, DraftView, PublishView, RetireView

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
    path("questionnaire-drafts/", DraftsView.as_view(), name="questionnaire-drafts"),
    path("questionnaire-drafts/<uuid:public_id>/", DraftView.as_view(), name="questionnaire-draft"),
    path("questionnaires/<uuid:public_id>/publish/", PublishView.as_view(), name="questionnaire-publish"),
    path("questionnaires/<uuid:public_id>/retire/", RetireView.as_view(), name="questionnaire-retire"),
]
