"""Every act on outcomes."""

from outcomes.services.following import (
    EFFECT_TEXT_LENGTH,
    answer_survey,
    mark_effect_seen,
    plan_survey,
    record_pain_score,
)
from outcomes.services.licences import attest_licence, withdraw_attestation
from outcomes.services.measuring import Sheet, record_measurement, rescore

__all__ = [
    "EFFECT_TEXT_LENGTH",
    "Sheet",
    "answer_survey",
    "attest_licence",
    "mark_effect_seen",
    "plan_survey",
    "record_measurement",
    "record_pain_score",
    "rescore",
    "withdraw_attestation",
]
