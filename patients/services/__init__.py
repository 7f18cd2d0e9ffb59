"""Every act on a patient's record."""

from patients.services.circle import (
    add_emergency_contact,
    end_emergency_contact,
    join_care_team,
    leave_care_team,
    record_consent,
    take_into_care,
)
from patients.services.health import (
    add_allergy,
    add_condition,
    add_earlier_treatment,
    add_medicine,
    close_episode,
    end_allergy,
    end_condition,
    end_earlier_treatment,
    end_medicine,
    open_episode,
)
from patients.services.register import (
    edit_patient,
    note_patient_read,
    note_search,
    register_patient,
    share_patient,
)

__all__ = [
    "add_allergy",
    "add_condition",
    "add_earlier_treatment",
    "add_emergency_contact",
    "add_medicine",
    "close_episode",
    "edit_patient",
    "end_allergy",
    "end_condition",
    "end_earlier_treatment",
    "end_emergency_contact",
    "end_medicine",
    "join_care_team",
    "leave_care_team",
    "note_patient_read",
    "note_search",
    "open_episode",
    "record_consent",
    "register_patient",
    "share_patient",
    "take_into_care",
]
