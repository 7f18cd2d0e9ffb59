"""A desk with people who wait, for the wait-list's tests."""

from datetime import timedelta

from scheduling import services
from tests.scheduling.factories import at


def wish(**changes):
    """Any day of the tests' week and the ones around it."""
    return services.Wish(**{"from_on": at(9, days=-3).date(), "until_on": at(9, days=10).date(), **changes})


def waits(desk, *, patient=None, service=None, **changes):
    """An entry of the desk's wait-list."""
    return services.join_wait_list(
        patient=patient or desk.new_patient(),
        location=desk.location,
        service=service or desk.service,
        wish=wish(**changes),
        by=desk.front_desk,
    )


def cancelled(desk, starts_at=None, **changes):
    """A visit that was called off: its time is free again."""
    visit = desk.book(starts_at or at(9), **{"patient": desk.new_patient(), "notify": False, **changes})
    return services.cancel_appointment(appointment=visit, reason="clinic", notify=False, by=desk.front_desk)


def offered(desk, entries, *, visit=None, mode="one_by_one", minutes=60):
    return services.offer_vacancy(
        visit=visit or cancelled(desk), entries=entries, mode=mode, answer_minutes=minutes, by=desk.front_desk
    )


def states(vacancy):
    """How its offers stand, in their order."""
    return [str(status) for status in vacancy.offers.order_by("rank").values_list("status", flat=True)]


def lapse_offers(vacancy):
    """Let the time to answer be over."""
    vacancy.offers.filter(status="offered").update(expires_at=at(9) - timedelta(days=60))
