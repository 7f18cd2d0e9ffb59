"""Starting from the last session: what is carried over is not the author's own until each piece is confirmed."""

from __future__ import annotations

from django.db import transaction

from clinic.core.errors import NotFound
from sessions.access import lock_draft, note_act
from sessions.errors import NothingToCarry, ScreeningBlocks, TreatmentBarred
from sessions.ledger import last_finding, last_signed
from sessions.models import CarriedValue, PointStatus, TechniqueUse, TreatmentSession
from sessions.models.writing import CARRIED_FIELDS
from sessions.services.points import record_trigger_point
from sessions.services.techniques import record_technique, remove_technique
from staff.models import User

# Tells whether a technique is given already: given again to the same place, it is not carried once more.
_SAME_TREATMENT = ("technique", "region", "side")


@transaction.atomic
def copy_forward(*, session: TreatmentSession, by: User) -> list[CarriedValue]:
    """Carry words, techniques and points of the last signed session into a draft, each unconfirmed. What is written or
    recorded already stays; what screening bars today is left out. Twice is once. Raises NothingToCarry."""
    locked = lock_draft(session, by=by)
    last = last_signed(before=locked, by=by)
    if last is None:
        raise NothingToCarry()
    carried = [*_words(locked, last), *_points(locked, last), *_techniques(locked, last, by=by)]
    CarriedValue.objects.bulk_create(carried)
    if carried:
        kinds = [row.kind for row in carried]
        counts = {kind: kinds.count(kind) for kind in ("note", "technique", "trigger_point")}
        note_act(
            action="session.copied_forward",
            subject=locked,
            session=locked,
            by=by,
            source_session_id=str(last.public_id),
            **counts,
        )
    return carried


@transaction.atomic
def confirm_carried(*, carried: CarriedValue, by: User) -> None:
    """It is still so today, says the author. A point is found as it was found the last time."""
    locked, row = _hold(carried, by=by)
    if row.trigger_point is not None:
        found = last_finding(point=row.trigger_point, session=locked)
        if found is None:
            raise NotFound()
        # Only what a hand tells; what was measured then is measured anew.
        names = ("status", "tenderness", "has_taut_band", "has_referred_pain", "is_recognised_by_patient")
        finding = {name: getattr(found, name) for name in names}
        record_trigger_point(session=locked, trigger_point=row.trigger_point, by=by, **finding)
    CarriedValue.objects.filter(pk=row.pk).delete()
    note_act(action="session.carried_confirmed", subject=row, session=locked, by=by, value=row.code)


@transaction.atomic
def drop_carried(*, carried: CarriedValue, by: User) -> None:
    """It is not so today: the words go, the technique goes, the point was not examined."""
    locked, row = _hold(carried, by=by)
    CarriedValue.objects.filter(pk=row.pk).delete()
    if row.technique_use is not None:
        remove_technique(technique_use=row.technique_use, by=by)
    elif row.note_field:
        _write(locked, {row.note_field: ""})
    note_act(action="session.carried_dropped", subject=row, session=locked, by=by, value=row.code)


def _hold(carried: CarriedValue, *, by: User) -> tuple[TreatmentSession, CarriedValue]:
    """Its draft, locked, and the row as it is now. Raises NotFound when it was confirmed or dropped meanwhile."""
    locked = lock_draft(carried.session, by=by)
    row = locked.carried.for_page().filter(pk=carried.pk).first()
    if row is None:
        raise NotFound()
    return locked, row


def _words(draft: TreatmentSession, last: TreatmentSession) -> list[CarriedValue]:
    said = {name: getattr(last, name) for name in CARRIED_FIELDS if getattr(last, name) and not getattr(draft, name)}
    if said:
        _write(draft, said)
    return [CarriedValue(session=draft, source=last, note_field=name) for name in said]


def _write(draft: TreatmentSession, words: dict[str, str]) -> None:
    for name, text in words.items():
        setattr(draft, name, text)
    draft.version += 1
    draft.save(update_fields=[*words, "version", "updated_at"])


def _points(draft: TreatmentSession, last: TreatmentSession) -> list[CarriedValue]:
    there = last.point_observations.filter(status__in=[PointStatus.ACTIVE, PointStatus.LATENT])
    examined = draft.point_observations.values("trigger_point")
    asked = draft.carried.exclude(trigger_point=None).values("trigger_point")
    waiting = there.exclude(trigger_point__in=examined).exclude(trigger_point__in=asked)
    return [
        CarriedValue(session=draft, source=last, trigger_point=row.trigger_point)
        for row in waiting.select_related("trigger_point").order_by("pk")
    ]


def _techniques(draft: TreatmentSession, last: TreatmentSession, *, by: User) -> list[CarriedValue]:
    given = set(draft.techniques.values_list(*_SAME_TREATMENT))
    earlier = [row for row in last.techniques.order_by("pk") if _treatment(row) not in given]
    uses = [use for row in earlier if (use := _again(draft, row, by=by)) is not None]
    return [CarriedValue(session=draft, source=last, technique_use=use) for use in uses]


def _treatment(row: TechniqueUse) -> tuple[str, ...]:
    return tuple(getattr(row, name) for name in _SAME_TREATMENT)


def _again(draft: TreatmentSession, row: TechniqueUse, *, by: User) -> TechniqueUse | None:
    """The same technique in the draft, or nothing where screening speaks against it today."""
    try:
        return record_technique(
            session=draft,
            technique=row.technique,
            region=row.region,
            side=row.side,
            minutes=row.minutes,
            pressure=row.pressure,
            by=by,
        )
    except (ScreeningBlocks, TreatmentBarred):
        return None
