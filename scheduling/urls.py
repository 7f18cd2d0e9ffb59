"""Page addresses of scheduling."""

from django.urls import path

from scheduling.views import appointment, book, diary, hold, offer, series, shift, visit, waiting

app_name = "scheduling"
urlpatterns = [
    path("diary/", diary.diary, name="diary"),
    path("diary/book/", book.book, name="book"),
    path("diary/slots/", book.slots, name="slots"),
    path("diary/hold/", hold.hold, name="hold"),
    path("diary/hold/release/", hold.release, name="release"),
    path("diary/wait-list/", waiting.wait_list, name="wait-list"),
    path("diary/wait-list/new/", waiting.join, name="wait-list-join"),
    path("diary/wait-list/<uuid:public_id>/", waiting.change, name="wait-list-change"),
    path("diary/wait-list/<uuid:public_id>/leave/", waiting.leave, name="wait-list-leave"),
    path("diary/vacancies/<uuid:public_id>/end/", waiting.end, name="vacancy-end"),
    path("diary/offers/<uuid:public_id>/yes/", waiting.answer, {"is_yes": True}, name="offer-yes"),
    path("diary/offers/<uuid:public_id>/no/", waiting.answer, {"is_yes": False}, name="offer-no"),
    path("diary/move-requests/<uuid:public_id>/settle/", waiting.settle, name="move-request-settle"),
    path("diary/series/new/", series.new, name="series-new"),
    path("diary/series/<uuid:public_id>/", series.series, name="series"),
    path("diary/series/<uuid:public_id>/move/", series.move, name="series-move"),
    path("diary/series/<uuid:public_id>/cancel/", series.cancel, name="series-cancel"),
    path("appointments/<uuid:public_id>/", appointment.appointment, name="appointment"),
    path("appointments/<uuid:public_id>/confirm/", appointment.act, {"name": "confirm"}, name="confirm"),
    path("appointments/<uuid:public_id>/arrive/", appointment.act, {"name": "arrive"}, name="arrive"),
    path("appointments/<uuid:public_id>/no-show/", appointment.act, {"name": "no-show"}, name="no-show"),
    path("appointments/<uuid:public_id>/cancel/", appointment.cancel, name="cancel"),
    path("appointments/<uuid:public_id>/offer/", waiting.offer, name="offer-vacancy"),
    path("appointments/<uuid:public_id>/restore/", appointment.restore, name="restore"),
    path("appointments/<uuid:public_id>/move/", appointment.move, name="move"),
    path("appointments/<uuid:public_id>/shift/", shift.shift, name="shift"),
    path("appointments/<uuid:public_id>/slots/", appointment.move_slots, name="move-slots"),
    path("p/offer/", offer.offer, name="offer"),
    path("p/offer/accept/", offer.accept, name="offer-accept"),
    path("p/offer/decline/", offer.decline, name="offer-decline"),
    path("p/visit/", visit.visit, name="visit"),
    path("p/visit/confirm/", visit.confirm, name="visit-confirm"),
    path("p/visit/move/", visit.move, name="visit-move"),
    path("p/visit/cancel/", visit.cancel, name="visit-cancel"),
]
