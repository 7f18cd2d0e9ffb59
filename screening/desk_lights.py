"""The desk's traffic light: a colour for each patient, and nothing clinical."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from screening.models import Evaluation, Flag, FlagStatus, Light


def lights(patient_ids: Iterable[int]) -> dict[int, Light]:
    """The desk's light of each patient, by primary key. Two queries, however many patients."""
    ids = list(patient_ids)
    now = timezone.now()
    latest = (
        Evaluation.objects.whole().filter(patient_id__one_of=ids).order_by("patient_id", "-id").distinct("patient_id")
    )
    screened = {patient_id for patient_id, complete in latest.values_list("patient_id", "is_complete") if complete}
    answer = {pk: Light.GREEN if pk in screened else Light.GREY for pk in ids}
    flags = Flag.objects.filter(patient_id__one_of=ids, status__in=[FlagStatus.OPEN, FlagStatus.CLEARED])
    for flag in flags.only("patient_id", "severity", "urgency", "status", "expires_at", "cleared_until"):
        answer[flag.patient_id] = _graver(answer[flag.patient_id], _light_of(flag, now))
    return answer


_GRAVITY = {Light.RED: 3, Light.AMBER: 2, Light.GREY: 1, Light.GREEN: 0}


def _graver(one: Light, other: Light | None) -> Light:
    return one if other is None else max(one, other, key=_GRAVITY.__getitem__)


def _light_of(flag: Flag, now: datetime) -> Light | None:
    """What one open or cleared flag adds to the light; None when it no longer counts."""
    if flag.status == FlagStatus.CLEARED and (flag.cleared_until is None or flag.cleared_until > now):
        return Light.AMBER if flag.is_blocking else None
    if flag.status == FlagStatus.OPEN and flag.expires_at is not None and flag.expires_at <= now:
        return None
    return Light.RED if flag.is_blocking else Light.AMBER
