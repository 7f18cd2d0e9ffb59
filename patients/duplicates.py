"""Who might be the same person. Everybody who might be shares a birth date, so that is what is locked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, models
from django.db.models import Q

from patients.errors import PossibleDuplicate
from patients.models import Patient
from patients.names import name_keys

_LOCK_FAMILY = 0x7061  # keeps our advisory locks apart from others'


@dataclass(frozen=True)
class Likeness:
    """What two records of one person have in common."""

    name_key: str
    name_key_reversed: str
    birth_on: date
    phone: str

    @property
    def same_person(self) -> Q:
        """The same name and birth date."""
        return Q(birth_on=self.birth_on, name_key=self.name_key)

    @property
    def similar(self) -> Q:
        """Given and family name swapped, or another name with the same phone."""
        alike = Q(name_key=self.name_key_reversed)
        if self.phone:
            alike |= Q(phone=self.phone)
        return Q(birth_on=self.birth_on) & alike


def likeness_of(patient: Patient) -> Likeness:
    """What decides whether another record may be the same person."""
    keys = name_keys(given_name=patient.given_name, family_name=patient.family_name)
    return Likeness(*keys, birth_on=patient.birth_on, phone=patient.phone)


def hold_birth_date(birth_on: date) -> None:
    """Until the transaction ends nobody else registers or renames a person born on this day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_FAMILY, birth_on.toordinal()])


def refuse_duplicates(
    likeness: Likeness, *, within: models.QuerySet[Patient], but: int = 0, accepted: Likeness | None = None
) -> None:
    """Raise PossibleDuplicate with the candidates within reach; a hidden one is only said to be elsewhere.

    `accepted` is what the record was like before an edit: likenesses it had then are not asked about again.
    """
    asked_before = accepted.same_person | accepted.similar if accepted else Q(pk=but)
    alike = within.filter(likeness.same_person | likeness.similar).exclude(pk=but).exclude(asked_before)
    visible = list(alike.order_by("id").values_list("pk", "public_id"))
    elsewhere = Patient.objects.filter(likeness.same_person).exclude(pk=but).exclude(asked_before)
    is_elsewhere = elsewhere.exclude(pk__in=within.filter(likeness.same_person).values("pk")).exists()
    if visible or is_elsewhere:
        raise PossibleDuplicate(candidate_ids=[str(public_id) for _, public_id in visible], is_elsewhere=is_elsewhere)


def next_namesake_number(likeness: Likeness, *, but: int = 0) -> int:
    """0 for the first of a name and birth date. Call it under hold_birth_date."""
    same = Patient.objects.filter(likeness.same_person).exclude(pk=but)
    highest: Any = same.aggregate(highest=models.Max("namesake_number"))["highest"]
    return 0 if highest is None else int(highest) + 1
