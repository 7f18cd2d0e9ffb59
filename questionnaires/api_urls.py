"""API addresses of questionnaires."""

from rest_framework.routers import SimpleRouter

from questionnaires.api import QuestionnaireResponseViewSet, QuestionnaireViewSet

router = SimpleRouter()
router.register("questionnaires", QuestionnaireViewSet, basename="questionnaire")
router.register("questionnaire-responses", QuestionnaireResponseViewSet, basename="questionnaire-response")

urlpatterns = router.urls
