"""Rows that are patients. Known by source and old id; a likeness to somebody else is refused with candidates."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from audit.actors import Actor
from audit.services import record_many
from clinic.core.errors import Invalid
from patients.gate import within_reach
from patients.identity import clean_identity
from patients.imports.columns import Layout
from patients.imports.outcome import RowRefused, Tally, digest_of, number_of, read_day
from patients.models import ImportBatch, Patient
from patients.names import name_keys

_SEX = {"m": "male", "f": "female", "": "unknown"}
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}
_IDENTITY = (
    "given_name", "family_name", "birth_on", "died_on", "sex", "email", "phone", "address", "postal_code",
    "language", "channel",
)  # fmt: skip
_WRITTEN = [*_IDENTITY, "name_key", "name_key_reversed", "namesake_number", "import_digest", "version", "updated_at"]


@dataclass
class Wanted:
    """A readable row."""

    number: int
    old_id: str
    entries: dict[str, Any]
    digest: str
    is_another_person: bool
    keys: tuple[str, str]
    patient: Patient | None = None

    @property
    def is_renamed(self) -> bool:
        """Whether likenesses must be looked for: a new patient, or one whose name or birth date changes."""
        known = self.patient
        return known is None or (known.name_key, known.birth_on) != (self.keys[0], self.entries["birth_on"])


@dataclass(frozen=True)
class Known:
    """Somebody registered, or taken from an earlier row."""

    public_id: UUID
    is_visible: bool
    name_key: str
    phone: str
    namesake_number: int
    old_id: str


@dataclass
class PatientRows:
    """Takes rows of patients."""

    batch: ImportBatch
    by: Actor
    layout: Layout
    _seen: dict[int, int] = field(default_factory=dict)

    def take(self, rows: list[tuple[int, dict[str, str]]], tally: Tally) -> None:
        wanted = self._settle_known(self._read_all(rows, tally), tally)
        neighbours = self._neighbours(wanted)
        created: list[Patient] = []
        updated: list[Patient] = []
        for row in wanted:
            try:
                patient = self._apply(row, neighbours[row.entries["birth_on"]])
            except RowRefused as refusal:
                tally.refuse(row.number, refusal)
                continue
            (updated if row.patient else created).append(patient)
        self._write(created, updated)
        tally.created += len(created)
        tally.updated += len(updated)

    def _read_all(self, rows: list[tuple[int, dict[str, str]]], tally: Tally) -> list[Wanted]:
        wanted = []
        for number, cells in rows:
            try:
                row = self._read(number, cells)
            except RowRefused as refusal:
                tally.refuse(number, refusal)
                continue
            if row is None:
                tally.unchanged += 1
            else:
                wanted.append(row)
        return wanted

    def _read(self, number: int, cells: dict[str, str]) -> Wanted | None:
        """None for a row the file has already had, cell for cell."""
        old_id, digest = cells.get("old_id", ""), digest_of(*sorted(cells.items()))
        if not old_id or len(old_id) > 80:
            raise RowRefused("invalid", "Every patient needs an old id of at most 80 characters.", "old_id")
        if self._is_repeated(old_id, digest):
            return None
        try:
            entries = clean_identity(_entries(cells), country=self.batch.location.country)
        except Invalid as problem:
            raise RowRefused.from_invalid(problem) from None
        keys = name_keys(given_name=entries["given_name"], family_name=entries["family_name"])
        return Wanted(number, old_id, entries, digest, _is_yes(cells), keys)

    def _is_repeated(self, old_id: str, digest: str) -> bool:
        who, content = number_of(old_id), number_of(digest)
        earlier = self._seen.get(who)
        if earlier is not None and earlier != content:
            raise RowRefused("old_id_twice", "An earlier row has this old id and says something else.", "old_id")
        self._seen[who] = content
        return earlier == content

    def _settle_known(self, wanted: list[Wanted], tally: Tally) -> list[Wanted]:
        """Find the rows' patients; drop rows that say nothing new or are another location's."""
        same = Patient.objects.filter(source=self.batch.source, old_id__in=[row.old_id for row in wanted])
        known = list(same.select_for_update(no_key=True).order_by("pk"))
        by_old_id = {patient.old_id: patient for patient in known}
        reach = set(within_reach(self.by).filter(pk__in=[patient.pk for patient in known]).values_list("pk", flat=True))
        open_rows = []
        for row in wanted:
            row.patient = by_old_id.get(row.old_id)
            if row.patient and row.patient.pk not in reach:
                message = "Another location imported this patient. Ask an administrator there to share the record."
                tally.refuse(row.number, RowRefused("imported_elsewhere", message, "old_id"))
            elif row.patient and row.patient.import_digest == row.digest:
                tally.unchanged += 1
            else:
                open_rows.append(row)
        return open_rows

    def _neighbours(self, wanted: list[Wanted]) -> defaultdict[date, list[Known]]:
        """Everybody of the rows' birth dates who might be one of them."""
        names = {key for row in wanted if row.is_renamed for key in row.keys}
        phones = {row.entries["phone"] for row in wanted if row.is_renamed} - {""}
        births = {row.entries["birth_on"] for row in wanted if row.is_renamed}
        alike = Patient.objects.filter(Q(name_key__in=names) | Q(phone__in=phones), birth_on__in=births)
        found = list(alike)
        reach = set(within_reach(self.by).filter(pk__in=[one.pk for one in found]).values_list("pk", flat=True))
        neighbours: defaultdict[date, list[Known]] = defaultdict(list)
        for one in found:
            is_own = one.source == self.batch.source
            neighbours[one.birth_on].append(
                Known(
                    one.public_id,
                    one.pk in reach,
                    one.name_key,
                    one.phone,
                    one.namesake_number,
                    one.old_id if is_own else "",
                )
            )
        return neighbours

    def _apply(self, row: Wanted, neighbours: list[Known]) -> Patient:
        patient = row.patient or Patient(source=self.batch.source, old_id=row.old_id)
        if row.is_renamed:
            others = [one for one in neighbours if not one.old_id or one.old_id != row.old_id]
            if not row.is_another_person:
                _refuse_likeness(row, others)
            namesakes = [one.namesake_number for one in others if one.name_key == row.keys[0]]
            patient.namesake_number = max(namesakes, default=-1) + 1
        for name, value in row.entries.items():
            setattr(patient, name, value)
        patient.name_key, patient.name_key_reversed = row.keys
        patient.import_digest = row.digest
        patient.version += 1 if row.patient else 0
        patient.updated_at = timezone.now()
        neighbours.append(
            Known(patient.public_id, True, patient.name_key, patient.phone, patient.namesake_number, row.old_id)
        )
        return patient

    def _write(self, created: list[Patient], updated: list[Patient]) -> None:
        Patient.objects.bulk_create(created)
        known_at = Patient.locations.through
        known_at.objects.bulk_create(
            [known_at(patient_id=patient.pk, location_id=self.batch.location_id) for patient in created]
        )
        Patient.objects.bulk_update(updated, _WRITTEN)
        facts = {"import_id": str(self.batch.public_id)}
        for action, patients in (("patient.registered", created), ("patient.edited", updated)):
            record_many(
                actor=self.by,
                action=action,
                subjects=[(patient, patient) for patient in patients],
                locations=[self.batch.location],
                facts=facts,
            )


def _entries(cells: dict[str, str]) -> dict[str, Any]:
    birth_on = read_day(cells["birth_on"], "birth_on")
    if birth_on is None:
        raise RowRefused("invalid", "Every patient needs a birth date.", "birth_on")
    died_on = read_day(cells.get("died_on", ""), "died_on")
    if died_on and died_on < birth_on:
        raise RowRefused("invalid", "The patient died before birth.", "died_on", "birth_on")
    sex = cells.get("sex", "").casefold()
    place = [cells.get(name, "") for name in ("address", "city", "state")]
    return {
        "given_name": cells["given_name"],
        "family_name": cells["family_name"],
        "birth_on": birth_on,
        "died_on": died_on,
        "sex": _SEX.get(sex, sex),
        "email": cells.get("email", ""),
        "phone": cells.get("phone", ""),
        "address": ", ".join(part for part in place if part),
        "postal_code": cells.get("postal_code", ""),
        "language": cells.get("language", "") or "en",
        "channel": cells.get("channel", "") or "email",
    }


def _is_yes(cells: dict[str, str]) -> bool:
    answer = _YES.get(cells.get("is_another_person", "").casefold())
    if answer is None:
        raise RowRefused("invalid", "Write yes or no.", "is_another_person")
    return answer


def _refuse_likeness(row: Wanted, others: list[Known]) -> None:
    straight, swapped = row.keys
    same = [one for one in others if one.name_key == straight]
    phone = row.entries["phone"]
    similar = [one for one in others if one.is_visible and (one.name_key == swapped or (phone and one.phone == phone))]
    visible = [one.public_id for one in [*same, *similar] if one.is_visible]
    if same or similar:
        message = "Somebody like this is registered. If it is another person, add the column is_another_person: yes."
        if not visible and any(not one.is_visible for one in same):
            message = "Another location has somebody of this name and birth date. Ask an administrator there to share."
        raise RowRefused(
            "possible_duplicate", message, "given_name", "family_name", "birth_on",
            candidate_ids=list(dict.fromkeys(visible)),
        )  # fmt: skip
