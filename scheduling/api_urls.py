"""API addresses of scheduling."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from scheduling.api.appointments import AppointmentViewSet, AvailabilityView
from scheduling.api.holds import SlotHoldViewSet
from scheduling.api.opening import ClosureViewSet, ExtraHoursViewSet, OpeningHoursViewSet
from scheduling.api.series import AppointmentSeriesViewSet
from scheduling.api.waiting import OfferViewSet, VacancyViewSet, WaitListEntryViewSet
from scheduling.api.working_time import TherapistLimitsViewSet, TimeOffViewSet, WorkingHoursViewSet

router = SimpleRouter(use_regex_path=False)
router.register("appointments", AppointmentViewSet, basename="appointment")
router.register("appointment-series", AppointmentSeriesViewSet, basename="appointment-series")
router.register("slot-holds", SlotHoldViewSet, basename="slot-hold")
router.register("opening-hours", OpeningHoursViewSet, basename="opening-hours")
router.register("closures", ClosureViewSet, basename="closure")
router.register("extra-hours", ExtraHoursViewSet, basename="extra-hours")
router.register("working-hours", WorkingHoursViewSet, basename="working-hours")
router.register("therapist-limits", TherapistLimitsViewSet, basename="therapist-limits")
router.register("wait-list-entries", WaitListEntryViewSet, basename="wait-list-entry")
router.register("vacancies", VacancyViewSet, basename="vacancy")
router.register("offers", OfferViewSet, basename="offer")
router.register("time-off", TimeOffViewSet, basename="time-off")
urlpatterns = [path("availability/", AvailabilityView.as_view(), name="availability"), *router.urls]
