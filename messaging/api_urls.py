"""API addresses of messaging."""

from rest_framework.routers import SimpleRouter

from messaging.api import MessageViewSet

router = SimpleRouter(use_regex_path=False)
router.register("messages", MessageViewSet, basename="message")

urlpatterns = router.urls
