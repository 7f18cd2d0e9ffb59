"""What happened in the treatment room."""

from sessions.models.findings import (
    MotionMode,
    ObservationQuerySet,
    PointStatus,
    RangeOfMotion,
    TriggerPoint,
    TriggerPointObservation,
    Unit,
    View,
)
from sessions.models.session import (
    Addendum,
    BodySide,
    OfSessionQuerySet,
    SessionState,
    TechniqueUse,
    TreatmentSession,
    TreatmentSessionQuerySet,
)

__all__ = [
    "Addendum",
    "BodySide",
    "MotionMode",
    "ObservationQuerySet",
    "OfSessionQuerySet",
    "PointStatus",
    "RangeOfMotion",
    "SessionState",
    "TechniqueUse",
    "TreatmentSession",
    "TreatmentSessionQuerySet",
    "TriggerPoint",
    "TriggerPointObservation",
    "Unit",
    "View",
]
