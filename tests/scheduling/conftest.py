"""Fixtures of scheduling's tests."""

import pytest

from messaging.models import SignedLink
from messaging.services import link_url
from tests.scheduling.factories import make_desk


@pytest.fixture
def desk(db):
    return make_desk()


@pytest.fixture(autouse=True)
def no_broker(settings):
    """Deliveries are woken up, not sent: nothing here may depend on a worker."""
    settings.CELERY_TASK_ALWAYS_EAGER = False


PAGES = {"visit": "/p/visit/", "offer": "/p/offer/"}


@pytest.fixture
def holder(client):
    """`holder(row)` is a browser that opened the newest link to a visit or an offer and pressed the button."""

    def open_link(row):
        link = SignedLink.objects.filter(target_id=row.public_id).latest("pk")
        entered = client.post("/l/" + link_url(link).split("/l/")[1])
        assert (entered.status_code, entered.url) == (302, PAGES[link.purpose])
        return client

    return open_link
