"""Acts on staff accounts and API tokens."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.actors import Actor
from audit.services import record
from clinic.core.database import translate_constraints
from clinic.core.errors import Invalid, NotAllowed, NotFound
from clinic.models import Location, Service
from staff.authentication import token_digest
from staff.errors import EmailTaken
from staff.models import ApiToken, User

# Every token starts alike, so that scanners find leaked ones.
MARK = "mfc_"
LONGEST_TOKEN_LIFE_DAYS = 365


@transaction.atomic
def create_user(
    *,
    email: str,
    given_name: str,
    family_name: str,
    roles: Sequence[str],
    locations: Iterable[Location],
    password: str,
    by: Actor,
    services: Iterable[Service] = (),
    licence_number: str = "",
    licence_expires_on: date | None = None,
    is_clinical_lead: bool = False,
) -> User:
    """Open an account for somebody who works here."""
    user = User(
        email=email.strip().lower(),
        given_name=given_name.strip(),
        family_name=family_name.strip(),
        roles=sorted(set(roles)),
        licence_number=licence_number,
        licence_expires_on=licence_expires_on,
        is_clinical_lead=is_clinical_lead,
    )
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(fields={"password": " ".join(error.messages)}) from None
    user.set_password(password)
    with translate_constraints(
        staff_user_email_key=EmailTaken(),
        user_roles_known=Invalid(fields={"roles": "Choose from admin, therapist, front_desk, auditor."}),
    ):
        user.save()
    places = list(locations)
    user.locations.set(places)
    user.services.set(services)
    record(actor=by, action="user.created", subject=user, locations=places, facts={"roles": user.roles})
    return user


@transaction.atomic
def set_who_gives(*, service: Service, therapists: Iterable[User], by: User) -> None:
    """From now on these therapists, of those the admin sees, give the service, and no others of them."""
    if not by.is_administrator:
        raise NotAllowed()
    known = {person.pk: person for person in User.objects.visible_to(by).therapists()}
    wanted = {person.pk for person in therapists}
    if not wanted <= set(known):
        raise Invalid(fields={"therapists": "Choose from the therapists of your locations."})
    now = set(service.therapists.filter(pk__in=known).values_list("pk", flat=True))
    service.therapists.add(*(wanted - now))
    service.therapists.remove(*(now - wanted))
    if wanted != now:
        ids = sorted(str(known[key].public_id) for key in wanted)
        record(actor=by, action="service.therapists_set", subject=service, facts={"therapist_ids": ids})


@transaction.atomic
def create_api_token(*, name: str, can_write: bool, days: int, by: User) -> tuple[ApiToken, str]:
    """Issue a token to yourself. The second value is the token: shown once, kept nowhere."""
    problems = {}
    if not name.strip():
        problems["name"] = "Name the script that will use it."
    if not 1 <= days <= LONGEST_TOKEN_LIFE_DAYS:
        problems["days"] = f"1 to {LONGEST_TOKEN_LIFE_DAYS} days."
    if problems:
        raise Invalid(fields=problems)
    token = MARK + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        user=by,
        name=name.strip(),
        prefix=token[:12],
        digest=token_digest(token),
        can_write=can_write,
        expires_at=timezone.now() + timedelta(days=days),
    )
    record(actor=by, action="api_token.created", subject=row, facts={"can_write": can_write, "days": days})
    return row, token


@transaction.atomic
def revoke_api_token(*, token: ApiToken, by: User) -> None:
    """End a token of your own at once. Revoking twice is one revocation."""
    if token.user_id != by.pk:
        raise NotFound()
    now = timezone.now()
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now, updated_at=now) == 1:
        record(actor=by, action="api_token.revoked", subject=token)
