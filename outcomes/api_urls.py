"""API addresses of outcomes."""

from rest_framework.routers import SimpleRouter

from outcomes.api import PainScoreViewSet, SurveyViewSet

router = SimpleRouter()
router.register("pain-scores", PainScoreViewSet, basename="pain-score")
router.register("surveys", SurveyViewSet, basename="survey")
urlpatterns = router.urls
