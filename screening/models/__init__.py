"""What the rules and the patients said, and what was asked and decided about it."""

from screening.models.flags import (
    GRANTING,
    Cause,
    Clearance,
    ClearanceDecision,
    ClearanceQuerySet,
    Evaluation,
    EvaluationQuerySet,
    Flag,
    FlagQuerySet,
    FlagStatus,
    Light,
    Severity,
    Urgency,
)
from screening.models.requests import (
    CallIn,
    CallInQuerySet,
    ClearanceRequest,
    ClearanceRequestQuerySet,
    RequestState,
)
from screening.models.visits import ChangeCheck, ChangeCheckQuerySet, GateOverride

__all__ = [
    "GRANTING",
    "CallIn",
    "CallInQuerySet",
    "Cause",
    "ChangeCheck",
    "ChangeCheckQuerySet",
    "Clearance",
    "ClearanceDecision",
    "ClearanceQuerySet",
    "ClearanceRequest",
    "ClearanceRequestQuerySet",
    "Evaluation",
    "EvaluationQuerySet",
    "Flag",
    "FlagQuerySet",
    "FlagStatus",
    "GateOverride",
    "Light",
    "RequestState",
    "Severity",
    "Urgency",
]
