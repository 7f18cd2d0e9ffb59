"""A person's episode with sessions and scores, in one call."""

from datetime import timedelta

from sessions.models import TreatmentSession
from tests.factories import NINE, EpisodeFactory, PainScoreFactory, PatientFactory, TreatmentSessionFactory


def treated(*, patient, episode, therapist, location, service, performed_at, is_signed=True):
    """A session as a row, signed or a draft; signing itself is tested in tests/sessions."""
    signature = {"state": "signed", "signed_at": performed_at, "signed_by": therapist, "content_digest": "0" * 64}
    return TreatmentSessionFactory(
        patient=patient,
        episode=episode,
        therapist=therapist,
        location=location,
        service=service,
        performed_at=performed_at,
        **(signature if is_signed else {}),
    )


def course(
    *,
    location,
    therapist,
    service,
    baseline=None,
    last=None,
    patient=None,
    sessions=3,
    first_at=NINE,
    condition=None,
    is_signed=True,
):
    """An episode of weekly sessions: `baseline` before the first, `last` a week after the last one."""
    patient = patient or PatientFactory(locations=[location])
    episode = EpisodeFactory(patient=patient, condition=condition, opened_on=first_at.date(), closed_on=first_at.date())
    rows: list[TreatmentSession] = [
        treated(
            patient=patient,
            episode=episode,
            therapist=therapist,
            location=location,
            service=service,
            performed_at=first_at + timedelta(weeks=number),
            is_signed=is_signed,
        )
        for number in range(sessions)
    ]
    if baseline is not None:
        PainScoreFactory(
            patient=patient,
            episode=episode,
            score=baseline,
            moment="before",
            measured_at=first_at,
            source_key=f"session:{rows[0].public_id}",
        )
    if last is not None:
        PainScoreFactory(
            patient=patient,
            episode=episode,
            score=last,
            moment="follow_up",
            measured_at=first_at + timedelta(weeks=sessions),
        )
    return episode
