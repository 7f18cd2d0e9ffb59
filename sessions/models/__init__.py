"""What happened in the treatment room, and what its author has still to confirm."""

from sessions.models.session import (
    Addendum,
    BodySide,
    MotionMode,
    ObservationQuerySet,
    OfSessionQuerySet,
    PointStatus,
    RangeOfMotion,
    SessionState,
    TechniqueUse,
    TreatmentSession,
    TreatmentSessionQuerySet,
    TriggerPoint,
    TriggerPointObservation,
    Unit,
    View,
)
from sessions.models.writing import CarriedQuerySet, CarriedValue, PainKind, RegionalPain, Snippet

__all__ = [
    "Addendum",
    "BodySide",
    "CarriedQuerySet",
    "CarriedValue",
    "MotionMode",
    "ObservationQuerySet",
    "OfSessionQuerySet",
    "PainKind",
    "PointStatus",
    "RangeOfMotion",
    "RegionalPain",
    "SessionState",
    "Snippet",
    "TechniqueUse",
    "TreatmentSession",
    "TreatmentSessionQuerySet",
    "TriggerPoint",
    "TriggerPointObservation",
    "Unit",
    "View",
]
