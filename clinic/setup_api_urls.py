"""API addresses of the clinic itself."""

from rest_framework.routers import SimpleRouter

from clinic.setup_api import LocationViewSet, RoomViewSet, ServiceViewSet

router = SimpleRouter()
router.register("locations", LocationViewSet, basename="location")
router.register("rooms", RoomViewSet, basename="room")
router.register("services", ServiceViewSet, basename="service")
urlpatterns = router.urls
