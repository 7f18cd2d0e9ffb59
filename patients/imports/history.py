"""Rows of conditions, medicines and allergies. Known by a key made of source, patient, what and since when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from audit.actors import Actor
from audit.services import record_many
from clinic.core.clock import today_in
from clinic.core.errors import Invalid
from patients.clinical import clean_allergy, clean_condition, clean_medicine
from patients.gate import within_reach
from patients.imports.columns import Layout
from patients.imports.outcome import RowRefused, Tally, digest_of, number_of, read_day
from patients.models import Allergy, Condition, ImportBatch, ImportKind, Medicine, Patient

SNOMED, RXNORM = "SNOMED-CT", "RxNorm"
# Codes whose meaning is one of our treated conditions. No terms: their text comes with the file.
_SNOMED_CONDITIONS = {
    "278860009": "chronic_low_back_pain",
    "1121000119107": "chronic_neck_pain",
    "124171000119105": "migraine",
    "44465007": "sprain_or_strain",
}
_SNOMED_SUBSTANCES = {"111088007": "latex", "762952008": "nut", "442571000124108": "nut"}
_SYNTHEA_CATEGORIES = {"medication": "medicine"}

Row = Condition | Medicine | Allergy
Cells = dict[str, str]


@dataclass(frozen=True)
class Kind:
    """How rows of one kind are read and what they become."""

    model: type[Row]
    action: str
    start: str
    named: str
    read: Callable[[Cells, bool, ImportBatch], dict[str, Any]]


@dataclass
class HistoryRows:
    """Takes rows of one clinical kind."""

    batch: ImportBatch
    by: Actor
    layout: Layout
    _occurrences: dict[int, int] = field(default_factory=dict)
    _contents: set[int] = field(default_factory=set)

    @property
    def kind(self) -> Kind:
        return KINDS[ImportKind(self.batch.kind)]

    def take(self, rows: list[tuple[int, Cells]], tally: Tally) -> None:
        patients = self._patients(rows)
        wanted: dict[str, Row] = {}
        for number, cells in rows:
            try:
                row = self._read(cells, patients)
            except RowRefused as refusal:
                tally.refuse(number, refusal)
                continue
            if row is None:
                tally.unchanged += 1
            else:
                wanted[str(row.import_key)] = row
        self._write(wanted, tally)

    def _patients(self, rows: list[tuple[int, Cells]]) -> dict[str, Patient]:
        old_ids = {cells["patient_old_id"] for _, cells in rows}
        found = within_reach(self.by).filter(source=self.batch.source, old_id__in=old_ids - {""})
        return {patient.old_id: patient for patient in found}

    def _read(self, cells: Cells, patients: dict[str, Patient]) -> Row | None:
        """None for a row the file has already had, cell for cell."""
        patient = patients.get(cells["patient_old_id"])
        if patient is None:
            message = "No patient of this source with this old id is known here. Import the patients first."
            raise RowRefused("unknown_patient", message, "patient_old_id")
        try:
            entries = self.kind.read(cells, self.layout.is_synthea, self.batch)
        except Invalid as problem:
            raise RowRefused.from_invalid(problem) from None
        what = f"{entries['code_system']}|{entries['code']}" if cells.get("code") else entries[self.kind.named]
        same = digest_of(self.batch.kind, self.batch.source, patient.old_id, what, entries[self.kind.start])
        content = digest_of(*sorted(cells.items()))
        whole = number_of(same, content)
        if whole in self._contents:
            return None
        self._contents.add(whole)
        return self.kind.model(patient=patient, import_key=self._key(same), import_digest=content, **entries)

    def _key(self, same: str) -> str:
        # One medicine may be prescribed twice on a day: the file's order tells the prescriptions apart.
        short = number_of(same)
        self._occurrences[short] = occurrence = self._occurrences.get(short, 0) + 1
        return f"{same}:{occurrence}"

    def _write(self, wanted: dict[str, Row], tally: Tally) -> None:
        model: Any = self.kind.model
        standing: dict[str, Row] = {row.import_key: row for row in model.objects.filter(import_key__in=wanted)}
        created, updated = [], []
        for key, row in wanted.items():
            known = standing.get(key)
            if known is None:
                created.append(row)
            elif known.import_digest == row.import_digest:
                tally.unchanged += 1
            else:
                row.pk, row.public_id, row.created_at = known.pk, known.public_id, known.created_at
                row.updated_at = timezone.now()
                updated.append(row)
        model.objects.bulk_create(created)
        written = [column.name for column in model._meta.concrete_fields if column.name not in _NEVER_REWRITTEN]
        model.objects.bulk_update(updated, written)
        tally.created += len(created)
        tally.updated += len(updated)
        self._note("imported", created)
        self._note("reimported", updated)

    def _note(self, verb: str, rows: list[Row]) -> None:
        record_many(
            actor=self.by,
            action=f"{self.kind.action}.{verb}",
            subjects=[(row, row.patient) for row in rows],
            locations=[self.batch.location],
            facts={"import_id": str(self.batch.public_id)},
        )


_NEVER_REWRITTEN = {"id", "public_id", "created_at", "patient", "import_key"}


def _code(cells: Cells, system: str) -> dict[str, str]:
    code = cells.get("code", "")
    named = cells.get("code_system", "") or system
    if code and not named:
        raise RowRefused("invalid", "Say which system the code belongs to.", "code", "code_system")
    return {"code": code, "code_system": named if code else ""}


def _read_condition(cells: Cells, is_synthea: bool, batch: ImportBatch) -> dict[str, Any]:
    code = _code(cells, SNOMED if is_synthea else "")
    mapped = _SNOMED_CONDITIONS.get(code["code"]) if code["code_system"] == SNOMED else None
    entries = {
        "kind": cells.get("kind", "") or mapped or "other",
        "text": cells["text"],
        "side": cells.get("side", "") or "none",
        "onset_on": read_day(cells.get("onset_on", ""), "onset_on"),
        "ended_on": read_day(cells.get("ended_on", ""), "ended_on"),
        "chronicity": cells.get("chronicity", "") or "unknown",
        "diagnosed_by": cells.get("diagnosed_by", "") or "unknown",
        **code,
    }
    return clean_condition(entries, today=today_in(batch.location.timezone))


def _read_medicine(cells: Cells, is_synthea: bool, batch: ImportBatch) -> dict[str, Any]:
    entries = {
        "name": cells["name"],
        "dose": cells.get("dose", ""),
        "reason": cells.get("reason", ""),
        "started_on": read_day(cells.get("started_on", ""), "started_on"),
        "ended_on": read_day(cells.get("ended_on", ""), "ended_on"),
        **_code(cells, RXNORM if is_synthea else ""),
    }
    return clean_medicine(entries)


def _read_allergy(cells: Cells, is_synthea: bool, batch: ImportBatch) -> dict[str, Any]:
    code = _code(cells, "")
    category = cells["category"].casefold()
    if is_synthea:
        category = _SYNTHEA_CATEGORIES.get(category, category)
    if code["code_system"] == SNOMED:
        category = _SNOMED_SUBSTANCES.get(code["code"], category)
    reactions = [cells.get(name, "") for name in ("reaction", "second_reaction")]
    entries = {
        "substance": cells["substance"],
        "category": category,
        "reaction": "; ".join(reaction for reaction in reactions if reaction),
        "severity": cells.get("severity", "").casefold(),
        "noted_on": read_day(cells.get("noted_on", ""), "noted_on"),
        "ended_on": read_day(cells.get("ended_on", ""), "ended_on"),
        **code,
    }
    return clean_allergy(entries)


KINDS = {
    ImportKind.CONDITIONS: Kind(Condition, "condition", "onset_on", "text", _read_condition),
    ImportKind.MEDICINES: Kind(Medicine, "medicine", "started_on", "name", _read_medicine),
    ImportKind.ALLERGIES: Kind(Allergy, "allergy", "noted_on", "substance", _read_allergy),
}
