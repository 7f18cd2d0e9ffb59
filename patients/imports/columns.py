"""Which columns each kind of file has: our own names, the usual ones elsewhere, and Synthea's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patients.errors import BrokenFile
from patients.models import ImportKind

SYNTHEA_HEADINGS: Mapping[str, frozenset[str]] = {
    ImportKind.PATIENTS: frozenset({"birthdate", "deathdate", "first", "last"}),
    ImportKind.CONDITIONS: frozenset({"start", "stop", "patient", "code", "description"}),
    ImportKind.MEDICINES: frozenset({"start", "stop", "patient", "code", "description"}),
    ImportKind.ALLERGIES: frozenset({"start", "stop", "patient", "code", "description"}),
}

# field → headings; the first is our own. A field in REQUIRED must have a column.
COLUMNS: Mapping[str, Mapping[str, Sequence[str]]] = {
    ImportKind.PATIENTS: {
        "old_id": ("old_id", "id"),
        "given_name": ("given_name", "first_name", "first"),
        "family_name": ("family_name", "last_name", "last"),
        "birth_on": ("birth_on", "date_of_birth", "birthdate"),
        "died_on": ("died_on", "deathdate"),
        "sex": ("sex", "gender"),
        "email": ("email",),
        "phone": ("phone", "mobile"),
        "address": ("address",),
        "city": ("city",),
        "state": ("state",),
        "postal_code": ("postal_code", "post_code", "zip"),
        "language": ("language",),
        "channel": ("channel",),
        "is_another_person": ("is_another_person",),
    },
    ImportKind.CONDITIONS: {
        "patient_old_id": ("patient_old_id", "patient"),
        "kind": ("kind",),
        "text": ("text", "description"),
        "code_system": ("code_system", "system"),
        "code": ("code",),
        "side": ("side",),
        "onset_on": ("onset_on", "start"),
        "ended_on": ("ended_on", "stop"),
        "chronicity": ("chronicity",),
        "diagnosed_by": ("diagnosed_by",),
    },
    ImportKind.MEDICINES: {
        "patient_old_id": ("patient_old_id", "patient"),
        "name": ("name", "description"),
        "dose": ("dose",),
        "reason": ("reason", "reasondescription"),
        "code_system": ("code_system", "system"),
        "code": ("code",),
        "started_on": ("started_on", "start"),
        "ended_on": ("ended_on", "stop"),
    },
    ImportKind.ALLERGIES: {
        "patient_old_id": ("patient_old_id", "patient"),
        "substance": ("substance", "description"),
        "category": ("category",),
        "reaction": ("reaction", "description1"),
        "second_reaction": ("second_reaction", "description2"),
        "severity": ("severity", "severity1"),
        "code_system": ("code_system", "system"),
        "code": ("code",),
        "noted_on": ("noted_on", "start"),
        "ended_on": ("ended_on", "stop"),
    },
}
REQUIRED: Mapping[str, Sequence[str]] = {
    ImportKind.PATIENTS: ("old_id", "given_name", "family_name", "birth_on"),
    ImportKind.CONDITIONS: ("patient_old_id", "text"),
    ImportKind.MEDICINES: ("patient_old_id", "name"),
    ImportKind.ALLERGIES: ("patient_old_id", "substance", "category"),
}


@dataclass(frozen=True)
class Layout:
    """Where each field of a kind stands in this file."""

    kind: str
    header: Sequence[str]
    places: Mapping[str, int]
    is_synthea: bool

    @property
    def ignored(self) -> list[str]:
        """Headings nobody reads."""
        read = set(self.places.values())
        return [name[:60] for place, name in enumerate(self.header) if place not in read]

    def cells(self, row: Sequence[str]) -> dict[str, str]:
        """The row's cells by field, trimmed."""
        return {field: row[place].strip() for field, place in self.places.items()}

    def heading(self, field: str) -> str:
        """The file's own name of a field's column."""
        place = self.places.get(field)
        return (COLUMNS[self.kind].get(field) or [field])[0] if place is None else self.header[place][:60]


def find_layout(kind: str, header: Sequence[str]) -> Layout:
    """Match the heading against a kind's columns. Raises BrokenFile when one is missing or there twice."""
    names = [name.casefold() for name in header]
    places: dict[str, int] = {}
    for field, headings in COLUMNS[kind].items():
        found = [names.index(heading) for heading in headings if heading in names]
        if len(found) > 1:
            raise BrokenFile(f"Two columns mean {headings[0]}: keep one.", column=headings[0])
        if found:
            places[field] = found[0]
    missing = [COLUMNS[kind][field][0] for field in REQUIRED[kind] if field not in places]
    if missing:
        raise BrokenFile(f"The file has no column {', '.join(missing)}.", columns=missing)
    return Layout(kind, header, places, SYNTHEA_HEADINGS[kind] <= set(names))
