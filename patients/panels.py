"""A patient's lists as cards: who reads and writes each, its form, its acts, and what it prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from clinic.core.clock import today_in
from clinic.models import Location
from patients import services
from patients.catalogue import condition_name
from patients.forms import (
    AllergyForm,
    CareTeamForm,
    ConditionForm,
    ConsentForm,
    EarlierTreatmentForm,
    EmergencyContactForm,
    MedicineForm,
    PanelForm,
    ShareForm,
)
from patients.models import (
    CLINICAL_CONSENTS,
    Allergy,
    CareTeamMember,
    Condition,
    Consent,
    ConsentKind,
    EarlierTreatment,
    EmergencyContact,
    Medicine,
    Patient,
)
from staff.models import User


@dataclass(frozen=True)
class Panel:
    """One kind of row: who reads and writes it, its form and its acts."""

    noun: str
    title: str
    icon: str
    add_label: str
    empty: str
    model: Any
    form: type[PanelForm]
    add: Callable[..., Any]
    end: Callable[..., Any] | None = None
    end_label: str = "End"
    reads: str = "is_active"
    writes: str = "registers_patients"
    order: tuple[str, ...] = ("-id",)
    related: tuple[str, ...] = ()

    @property
    def ends(self) -> bool:
        """Whether its rows can end. (A template would call `end` itself.)"""
        return self.end is not None

    @property
    def row_template(self) -> str:
        return f"patients/_{self.noun.replace('-', '_')}_row.html"

    def rows(self, patient: Patient, user: User) -> Any:
        rows = self.model.objects.visible_to(user).filter(patient=patient).order_by(*self.order)
        return rows.select_related(*self.related) if self.related else rows

    def ending_rows(self, patient: Patient, user: User) -> Any:
        """The rows that can end."""
        rows = self.rows(patient, user)
        return rows if self.ends else rows.none()

    def finish(self, row: Any, *, by: User, ended_on: date | None) -> None:
        """End a row."""
        if self.end is not None:
            self.end(row, by=by, ended_on=ended_on)


def _clinical(noun: str, title: str, **parts: Any) -> Panel:
    return Panel(noun=noun, title=title, reads="reads_clinical", writes="writes_clinical", **parts)


PANELS = {
    panel.noun: panel
    for panel in (
        _clinical(
            "conditions", "Conditions", icon="body", add_label="Add a condition", empty="No condition is recorded.",
            model=Condition, form=ConditionForm, add=services.add_condition, end_label="End",
            end=lambda row, **acts: services.end_condition(condition=row, **acts), order=("-onset_on", "-id"),
        ),
        _clinical(
            "medicines", "Medicines", icon="pill", add_label="Add a medicine", empty="No medicine is recorded.",
            model=Medicine, form=MedicineForm, add=services.add_medicine, end_label="Stop",
            end=lambda row, **acts: services.end_medicine(medicine=row, **acts), order=("name", "-id"),
        ),
        _clinical(
            "allergies", "Allergies", icon="warning", add_label="Add an allergy", empty="No allergy is recorded.",
            model=Allergy, form=AllergyForm, add=services.add_allergy, end_label="End",
            end=lambda row, **acts: services.end_allergy(allergy=row, **acts), order=("substance", "-id"),
        ),
        _clinical(
            "earlier-treatments", "Earlier treatments", icon="repeat", add_label="Add a treatment",
            empty="Nothing was tried before, as far as is recorded.", model=EarlierTreatment,
            form=EarlierTreatmentForm, add=services.add_earlier_treatment, end_label="End",
            end=lambda row, **acts: services.end_earlier_treatment(earlier_treatment=row, **acts),
            order=("-started_on", "-id"),
        ),
        Panel(
            "care-team", "Care team", icon="hand", add_label="Add a therapist",
            empty="No therapist cares for the patient yet.",
            model=CareTeamMember, form=CareTeamForm, add=services.join_care_team, end_label="End care",
            end=lambda row, **acts: services.leave_care_team(member=row, **acts), related=("therapist",),
        ),
        Panel(
            "emergency-contacts", "Emergency contacts", icon="phone", add_label="Add a contact",
            empty="Nobody to call is recorded.",
            model=EmergencyContact, form=EmergencyContactForm, add=services.add_emergency_contact, end_label="Remove",
            end=lambda row, **acts: services.end_emergency_contact(contact=row, **acts), order=("name", "id"),
        ),
        Panel(
            "consents", "Consents", icon="sign", add_label="Record an answer", empty="The patient was not asked yet.",
            model=Consent, form=ConsentForm, add=services.record_consent, order=("-recorded_at", "-id"),
        ),
    )
}  # fmt: skip


def panel_context(
    panel: Panel, patient: Patient, user: User, *, form: PanelForm | None = None, ending: Any = None
) -> dict[str, Any]:
    """What a panel prints: current rows, past rows, and the form that is open, if any."""
    rows = list(panel.rows(patient, user))
    today = today_in("UTC")
    context = {
        "panel": panel,
        "patient": patient,
        "may_write": getattr(user, panel.writes),
        "form": form,
        "ending": ending,
        "current": [row for row in rows if not _is_past(row, today)],
        "past": [row for row in rows if _is_past(row, today)],
    }
    if panel.model is Condition:
        for row in rows:
            row.name = condition_name(row.kind, row.text)
    if panel.model is Consent:
        context |= _standing_consents(rows)
    return context


def _is_past(row: Any, today: date) -> bool:
    ended_on = getattr(row, "ended_on", None)
    return ended_on is not None and ended_on <= today


def _standing_consents(rows: list[Consent]) -> dict[str, Any]:
    """The newest answer per kind, in the kinds' order; the rest is history."""
    newest: dict[str, Consent] = {}
    for row in rows:
        newest.setdefault(row.kind, row)
    return {
        "current": [newest[kind] for kind in ConsentKind.values if kind in newest],
        "past": [row for row in rows if newest[row.kind] is not row],
        "not_asked": [
            label for kind, label in ConsentKind.choices if kind not in newest and kind not in CLINICAL_CONSENTS
        ],
    }


def detail_context(patient: Patient, user: User, *, opened: dict[str, Any] | None = None) -> dict[str, Any]:
    """The whole record, with one panel perhaps opened."""
    shown = [panel for panel in PANELS.values() if getattr(user, panel.reads)]
    panels = [opened if opened and opened["panel"] is panel else panel_context(panel, patient, user) for panel in shown]
    return {
        "patient": patient,
        "patient_locations": Location.objects.visible_to(user).filter(patients=patient).in_order(),
        "clinical_panels": [each for each in panels if each["panel"].reads == "reads_clinical"],
        "other_panels": [each for each in panels if each["panel"].reads != "reads_clinical"],
        "share_form": ShareForm(patient=patient) if user.is_administrator else None,
    }
