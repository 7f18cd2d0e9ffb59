"""How it went: pain, follow-ups, measures."""

from outcomes.models.following import (
    BASELINE_WINDOW,
    LAST_AFTER,
    LAST_AFTER_VISITS,
    MEANINGFUL_PERCENT,
    MEANINGFUL_POINTS,
    Moment,
    PainScore,
    PainScoreQuerySet,
    Survey,
    SurveyQuerySet,
    SurveyState,
)
from outcomes.models.measures import (
    Administration,
    LicenceAttestation,
    Measurement,
    MeasurementScore,
    MeasureMoment,
    PermittedMode,
)

__all__ = [
    "BASELINE_WINDOW",
    "LAST_AFTER",
    "LAST_AFTER_VISITS",
    "MEANINGFUL_PERCENT",
    "MEANINGFUL_POINTS",
    "Administration",
    "LicenceAttestation",
    "MeasureMoment",
    "Measurement",
    "MeasurementScore",
    "Moment",
    "PainScore",
    "PainScoreQuerySet",
    "PermittedMode",
    "Survey",
    "SurveyQuerySet",
    "SurveyState",
]
