"""Who was in the room, and which regions the patient agreed to. Only while the note is a draft."""

from __future__ import annotations

from django.db import transaction

from clinic.core.errors import Invalid, NotFound
from patients.identity import clean_text
from sessions import catalogue
from sessions.access import lock_draft, note_act
from sessions.models import Chaperone, ChaperoneAnswer, ConsentAnswer, RegionConsent, TreatmentSession
from staff.models import User

NAME_LENGTH = 120


@transaction.atomic
def record_chaperone(*, session: TreatmentSession, answer: str, by: User, name: str = "") -> Chaperone:
    """Keep what came of offering a chaperone; one who is present has a name. Again corrects it."""
    locked = lock_draft(session, by=by)
    wrong = {} if answer in ChaperoneAnswer.values else {"answer": "Choose offered, present or declined."}
    try:
        who = clean_text(name, longest=NAME_LENGTH, is_required=answer == ChaperoneAnswer.PRESENT)
    except ValueError as problem:
        wrong["name"] = str(problem)
    if wrong:
        raise Invalid(fields=wrong)
    known = {"answer": answer, "name": who if answer == ChaperoneAnswer.PRESENT else ""}
    row, _ = Chaperone.objects.update_or_create(session=locked, defaults=known)
    note_act(action="chaperone.recorded", subject=row, session=locked, by=by, answer=str(answer))
    return row


@transaction.atomic
def record_region_consent(*, session: TreatmentSession, region: str, answer: str, by: User) -> RegionConsent:
    """Keep what the patient said about treatment of a region. Again corrects it; a region that was treated already can
    only be withdrawn, not refused."""
    locked = lock_draft(session, by=by)
    wrong = {}
    if region not in catalogue.regions():
        wrong["region"] = "Choose a region of the list."
    if answer not in ConsentAnswer.values:
        wrong["answer"] = "Choose agreed, refused or withdrawn."
    elif answer == ConsentAnswer.REFUSED and locked.techniques.filter(region=region).exists():
        wrong["answer"] = "A technique is recorded there: choose withdrawn, or take the technique back."
    if wrong:
        raise Invalid(fields=wrong)
    row, _ = RegionConsent.objects.update_or_create(session=locked, region=region, defaults={"answer": answer})
    note_act(action="region_consent.recorded", subject=row, session=locked, by=by, region=region, answer=str(answer))
    return row


@transaction.atomic
def remove_region_consent(*, region_consent: RegionConsent, by: User) -> None:
    """Take an answer back that was noted by mistake."""
    locked = lock_draft(region_consent.session, by=by)
    if not RegionConsent.objects.filter(pk=region_consent.pk).delete()[0]:
        raise NotFound()
    note_act(
        action="region_consent.removed", subject=region_consent, session=locked, by=by, region=region_consent.region
    )
