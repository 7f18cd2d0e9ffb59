"""API addresses of outcomes."""

from rest_framework.routers import SimpleRouter

from outcomes.api import PainScoreViewSet, SurveyViewSet
from outcomes.measures_api import InstrumentViewSet, LicenceAttestationViewSet, MeasurementViewSet

router = SimpleRouter()
router.register("pain-scores", PainScoreViewSet, basename="pain-score")
router.register("surveys", SurveyViewSet, basename="survey")
router.register("instruments", InstrumentViewSet, basename="instrument")
router.register("licence-attestations", LicenceAttestationViewSet, basename="licence-attestation")
router.register("measurements", MeasurementViewSet, basename="measurement")
urlpatterns = router.urls
