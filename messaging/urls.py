"""Page addresses of messaging."""

from django.urls import path

from messaging.views import door, ledger

app_name = "messaging"
urlpatterns = [
    path("messages/", ledger.ledger, name="ledger"),
    path("messages/outbox/", ledger.outbox, name="outbox"),
    path("messages/<uuid:public_id>/resend/", ledger.resend, name="resend"),
    path("l/<str:token>/", door.link, name="link"),
    path("l/stop/<str:token>/", door.stop, name="stop"),
    path("link-expired/", door.link_dead, name="link-dead"),
]
