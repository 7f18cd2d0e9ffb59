from datetime import timedelta

import pytest

from audit.models import AuditEvent
from clinic.core.errors import Changed, Invalid, NotAllowed, NotFound
from outcomes.models import PainScore, Survey
from sessions.content import digest_of, verify
from sessions.errors import AlreadySigned, Incomplete, NotTheAuthor, ScreeningBlocks
from sessions.models import TreatmentSession
from sessions.services import save_note, sign_session
from tests.factories import CareTeamMemberFactory, UserFactory
from tests.sessions.factories import MONDAY_NINE, NOTE, draft_session, full_draft, raise_flag, signed_session

pytestmark = pytest.mark.django_db
FIFTY_PAST = MONDAY_NINE + timedelta(minutes=50)


@pytest.fixture
def draft(therapist, location):
    return full_draft(therapist, location)


def nothing_happened(draft):
    fresh = TreatmentSession.objects.get(pk=draft.pk)
    assert (fresh.state, fresh.signed_at, fresh.signed_by, fresh.content_digest) == ("draft", None, None, "")
    assert fresh.version == draft.version
    assert fresh.appointment.status == "in_session"
    assert not PainScore.objects.exists()
    assert not Survey.objects.exists()
    assert not AuditEvent.objects.filter(action="session.signed").exists()


def test_stamps_the_note_and_closes_the_visit(draft, therapist):
    signed = sign_session(session=draft, by=therapist, at=FIFTY_PAST)
    fresh = TreatmentSession.objects.get()
    assert (fresh.state, fresh.signed_at, fresh.signed_by) == ("signed", FIFTY_PAST, therapist)
    assert fresh.version == draft.version + 1
    assert fresh.content_digest == signed.content_digest == digest_of(fresh)
    assert verify(fresh)
    assert fresh.appointment.status == "completed"
    event = AuditEvent.objects.get(action="session.signed")
    assert event.facts == {"session_id": str(draft.public_id), "content_digest": fresh.content_digest}


def test_both_pains_become_scores_at_the_time_they_were_felt(draft, therapist):
    sign_session(session=draft, by=therapist, at=MONDAY_NINE + timedelta(days=2))
    scores = PainScore.objects.order_by("measured_at").values_list("moment", "score", "measured_at", "source_key")
    key = f"session:{draft.public_id}"
    assert list(scores) == [("before", 6, MONDAY_NINE, key), ("after", 3, FIFTY_PAST, key)]
    assert {score.episode for score in PainScore.objects.all()} == {draft.episode}


def test_signed_before_the_planned_end_the_second_score_is_of_that_moment(draft, therapist):
    early = MONDAY_NINE + timedelta(minutes=30)
    sign_session(session=draft, by=therapist, at=early)
    assert PainScore.objects.get(moment="after").measured_at == early


def test_the_follow_up_is_due_a_day_after_the_treatment(draft, therapist):
    sign_session(session=draft, by=therapist, at=FIFTY_PAST)
    survey = Survey.objects.get()
    assert (survey.session_id, survey.due_at) == (draft.public_id, MONDAY_NINE + timedelta(hours=24))
    assert (survey.therapist, survey.episode, survey.state) == (therapist, draft.episode, "planned")


def test_signing_twice_is_refused_and_changes_nothing(therapist, location):
    signed = signed_session(therapist, location)
    events = AuditEvent.objects.count()
    with pytest.raises(AlreadySigned) as refusal:
        sign_session(session=signed, by=therapist)
    assert refusal.value.http_status == 409
    assert TreatmentSession.objects.get().signed_at == signed.signed_at
    assert PainScore.objects.count() == 2
    assert Survey.objects.count() == 1
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize("name", ["pain_before", "pain_after"])
def test_both_pains_are_needed(therapist, location, name):
    draft = draft_session(therapist, location)
    draft = save_note(session=draft, changes={**NOTE, name: None}, expected_version=1, by=therapist)
    with pytest.raises(Incomplete) as refusal:
        sign_session(session=draft, by=therapist)
    assert refusal.value.facts == {"missing": [name]}
    nothing_happened(draft)


def test_no_pain_at_all_is_a_score_too(therapist, location):
    draft = draft_session(therapist, location)
    draft = save_note(
        session=draft, changes={**NOTE, "pain_before": 0, "pain_after": 0}, expected_version=1, by=therapist
    )
    assert sign_session(session=draft, by=therapist).is_signed


def test_an_empty_note_is_not_signed(therapist, location):
    draft = draft_session(therapist, location)
    draft = save_note(session=draft, changes={"pain_before": 5, "pain_after": 5}, expected_version=1, by=therapist)
    with pytest.raises(Incomplete) as refusal:
        sign_session(session=draft, by=therapist)
    assert refusal.value.facts == {"missing": ["note"]}
    nothing_happened(draft)


@pytest.mark.parametrize("name", ["subjective", "objective", "assessment", "plan"])
def test_one_field_of_the_note_is_enough(therapist, location, name):
    draft = draft_session(therapist, location)
    said = {name: "Something", "pain_before": 5, "pain_after": 5}
    draft = save_note(session=draft, changes=said, expected_version=1, by=therapist)
    assert sign_session(session=draft, by=therapist).is_signed


def test_a_flag_raised_during_the_session_stops_the_signature(draft, therapist):
    raise_flag(draft.patient)
    with pytest.raises(ScreeningBlocks) as refusal:
        sign_session(session=draft, by=therapist)
    assert "absolute_flag" in refusal.value.facts["reasons"]
    nothing_happened(draft)


def test_the_last_changes_are_signed_with_it(draft, therapist):
    signed = sign_session(
        session=draft, changes={"plan": "Rest"}, expected_version=draft.version, by=therapist, at=FIFTY_PAST
    )
    assert TreatmentSession.objects.get().plan == "Rest"
    assert verify(TreatmentSession.objects.get())
    assert signed.version == draft.version + 2


def test_what_another_screen_saved_is_not_signed_unseen(draft, therapist):
    save_note(session=draft, changes={"plan": "Theirs"}, expected_version=draft.version, by=therapist)
    with pytest.raises(Changed):
        sign_session(session=draft, changes={"plan": "Mine"}, expected_version=draft.version, by=therapist)
    draft.version += 1
    nothing_happened(draft)
    assert TreatmentSession.objects.get().plan == "Theirs"


def test_a_refused_signature_keeps_nothing_of_the_last_changes(draft, therapist):
    with pytest.raises(Invalid):
        sign_session(session=draft, changes={"pain_after": 12}, expected_version=draft.version, by=therapist)
    with pytest.raises(Incomplete):
        sign_session(
            session=draft, changes={"pain_after": None, "plan": "Gone"}, expected_version=draft.version, by=therapist
        )
    assert TreatmentSession.objects.get().plan == NOTE["plan"]
    nothing_happened(draft)


def test_only_the_author_signs(draft, location, stranger):
    colleague = UserFactory(locations=[location])
    CareTeamMemberFactory(patient=draft.patient, therapist=colleague)
    for person, refusal in ((colleague, NotTheAuthor), (stranger, NotFound)):
        with pytest.raises(refusal):
            sign_session(session=draft, by=person)
    for role in ("admin", "front_desk", "auditor"):
        with pytest.raises(NotAllowed):
            sign_session(session=draft, by=UserFactory(roles=[role], locations=[location]))
    nothing_happened(draft)
