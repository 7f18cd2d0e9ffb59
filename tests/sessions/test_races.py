"""Two at once: the locks give one effect, and what is signed is what was hashed."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import AuditEvent
from clinic.core.errors import Changed, ClinicError
from outcomes.models import PainScore, Survey
from sessions.content import verify
from sessions.errors import AlreadySigned
from sessions.models import TechniqueUse, TreatmentSession, TriggerPoint
from sessions.services import record_technique, record_trigger_point, save_note, sign_session, start_session
from tests.sessions.factories import NOTE, arrived_visit, draft_session, full_draft

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """Run the acts in threads that start together; what each gave or raised, in their order."""
    barrier = threading.Barrier(len(acts))
    outcomes = [None] * len(acts)

    def run(number, act):
        try:
            barrier.wait(timeout=20)
            outcomes[number] = act()
        except (ClinicError, IntegrityError) as refusal:
            outcomes[number] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def test_started_by_two_taps_there_is_one_note(therapist, location):
    visit = arrived_visit(therapist, location)
    first, second = at_once(*[lambda: start_session(appointment=visit, by=therapist)] * 2)
    assert first == second == TreatmentSession.objects.get()
    assert AuditEvent.objects.filter(action="session.started").count() == 1


def test_signed_by_two_taps_there_is_one_signature(therapist, location):
    draft = full_draft(therapist, location)
    outcomes = at_once(*[lambda: sign_session(session=draft, by=therapist)] * 2)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadySigned", "TreatmentSession"]
    assert AuditEvent.objects.filter(action="session.signed").count() == 1
    assert PainScore.objects.count() == 2
    assert Survey.objects.count() == 1
    assert verify(TreatmentSession.objects.get())


def test_saved_on_two_tablets_one_learns_of_the_other(therapist, location):
    draft = draft_session(therapist, location)
    outcomes = at_once(
        *[
            lambda text=text: save_note(session=draft, changes={"plan": text}, expected_version=1, by=therapist)
            for text in ("one", "two")
        ]
    )
    assert sum(isinstance(outcome, Changed) for outcome in outcomes) == 1
    winner = next(outcome for outcome in outcomes if isinstance(outcome, TreatmentSession))
    fresh = TreatmentSession.objects.get()
    assert (fresh.plan, fresh.version) == (winner.plan, 2)


@pytest.mark.parametrize("attempt", range(3))
def test_saving_while_signing_is_signed_with_it_or_refused(therapist, location, attempt):
    draft = full_draft(therapist, location)
    saved, signed = at_once(
        lambda: save_note(session=draft, changes={"plan": "Late"}, expected_version=None, by=therapist),
        lambda: sign_session(session=draft, by=therapist),
    )
    fresh = TreatmentSession.objects.get()
    assert isinstance(signed, TreatmentSession)
    assert verify(fresh)
    assert fresh.plan == ("Late" if isinstance(saved, TreatmentSession) else NOTE["plan"])
    assert isinstance(saved, TreatmentSession | AlreadySigned)


@pytest.mark.parametrize("attempt", range(3))
def test_a_finding_written_while_signing_is_hashed_or_refused(therapist, location, attempt):
    draft = full_draft(therapist, location)
    known = {"technique": "effleurage", "region": "HAND", "side": "left", "minutes": 3}
    written, signed = at_once(
        lambda: record_technique(session=draft, by=therapist, **known),
        lambda: sign_session(session=draft, by=therapist),
    )
    assert isinstance(signed, TreatmentSession)
    assert TechniqueUse.objects.count() == (2 if isinstance(written, TechniqueUse) else 1)
    assert verify(TreatmentSession.objects.get())


def test_a_raw_finding_waits_for_the_signature_and_is_then_refused(therapist, location):
    draft = full_draft(therapist, location)
    wrote = threading.Event()
    outcome = []

    def write():
        try:
            TechniqueUse.objects.create(session=draft, technique="effleurage", region="HAND", side="left", minutes=3)
            outcome.append(None)
        except IntegrityError as refusal:
            outcome.append(refusal.__cause__.diag.constraint_name)
        finally:
            wrote.set()
            connection.close()

    with transaction.atomic():
        sign_session(session=draft, by=therapist)
        thread = threading.Thread(target=write)
        thread.start()
        assert not wrote.wait(timeout=1.5)  # it waits for us instead of slipping in
    thread.join(timeout=30)
    assert outcome == ["session_signed_findings_are_frozen"]
    assert TechniqueUse.objects.count() == 1
    assert verify(TreatmentSession.objects.get())


def test_the_same_point_tapped_twice_is_one_point(therapist, location):
    draft = draft_session(therapist, location)
    at_once(
        *[
            lambda: record_trigger_point(
                session=draft,
                muscle="trap_upper",
                side="left",
                view="back",
                x=300,
                y=150,
                status="active",
                by=therapist,
            )
        ]
        * 2
    )
    assert TriggerPoint.objects.count() == 1
    assert draft.point_observations.count() == 1
