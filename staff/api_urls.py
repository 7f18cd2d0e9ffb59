"""API addresses of staff."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from staff.api import ApiTokenViewSet, MeView, StaffViewSet

router = SimpleRouter()
router.register("staff", StaffViewSet, basename="staff")
router.register("api-tokens", ApiTokenViewSet, basename="api-token")
urlpatterns = [*router.urls, path("me/", MeView.as_view(), name="me")]
