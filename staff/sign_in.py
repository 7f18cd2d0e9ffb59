"""The door of the house: rate-limited, counted in PostgreSQL so that no restart or rotation resets it."""

from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from audit.services import record
from staff.errors import TooManyTries
from staff.models import FailedSignIn, User

WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 8
TRIES_PER_ADDRESS = 60

_COUNT_ONE = """
INSERT INTO staff_failedsignin (key, count, window_started_at) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN staff_failedsignin.window_started_at < %s THEN 1 ELSE staff_failedsignin.count + 1 END,
    window_started_at = CASE WHEN staff_failedsignin.window_started_at < %s
                        THEN EXCLUDED.window_started_at ELSE staff_failedsignin.window_started_at END
"""


def _key(kind: str, value: str) -> str:
    return salted_hmac(f"staff.sign_in.{kind}", value.strip().lower(), secret=settings.SECRET_KEY).hexdigest()


def _limits(email: str, address: str) -> dict[str, int]:
    return {_key("account", email): TRIES_PER_ACCOUNT, _key("address", address): TRIES_PER_ADDRESS}


def refuse_if_resting(*, email: str, address: str) -> None:
    """Raises TooManyTries while the account or the address has failed too often. A good sign-in resets nothing."""
    limits = _limits(email, address)
    since = timezone.now() - WINDOW
    rows = FailedSignIn.objects.filter(key__in=limits, window_started_at__gt=since)
    if any(row.count >= limits[row.key] for row in rows):
        raise TooManyTries(minutes=int(WINDOW.total_seconds() // 60))


@transaction.atomic
def count_failure(*, email: str, address: str) -> None:
    """One more failed try. Windows that ended are swept along, so strangers cannot fill the table."""
    now = timezone.now()
    since = now - WINDOW
    FailedSignIn.objects.filter(window_started_at__lt=since).delete()
    with connection.cursor() as cursor:
        for key in sorted(_limits(email, address)):
            cursor.execute(_COUNT_ONE, [key, now, since, since])
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is not None:
        record(actor=user, action="user.sign_in_failed", subject=user)


@transaction.atomic
def note_sign_in(*, user: User) -> None:
    """Leave the trace of a sign-in."""
    record(actor=user, action="user.signed_in", subject=user)


@transaction.atomic
def note_sign_out(*, user: User) -> None:
    """Leave the trace of a sign-out."""
    record(actor=user, action="user.signed_out", subject=user)
