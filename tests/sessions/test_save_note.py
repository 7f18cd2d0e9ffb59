import pytest

from audit.models import AuditEvent
from clinic.core.errors import Changed, Invalid, NotAllowed, NotFound
from sessions.errors import AlreadySigned, NotTheAuthor
from sessions.models import TreatmentSession
from sessions.services import save_note
from sessions.services.notes import NOTE_LENGTH
from tests.factories import CareTeamMemberFactory, UserFactory
from tests.sessions.factories import draft_session, signed_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(therapist, location):
    return draft_session(therapist, location)


def saves():
    return AuditEvent.objects.filter(action="session.note_saved").count()


def unchanged(session):
    fresh = TreatmentSession.objects.get(pk=session.pk)
    assert (fresh.subjective, fresh.plan, fresh.pain_before, fresh.version) == ("", "", None, 1)
    assert saves() == 0


def test_keeps_what_changed_one_version_later(draft, therapist):
    saved = save_note(
        session=draft, changes={"subjective": " Stiff\r\nneck ", "pain_before": 7}, expected_version=1, by=therapist
    )
    fresh = TreatmentSession.objects.get()
    assert (fresh.subjective, fresh.pain_before, fresh.plan, fresh.version) == ("Stiff\nneck", 7, "", 2)
    assert saved.etag == '"2"'
    event = AuditEvent.objects.get(action="session.note_saved")
    assert event.facts == {"session_id": str(draft.public_id), "fields": ["pain_before", "subjective"]}


def test_the_same_text_again_is_no_change_whatever_the_version(draft, therapist):
    save_note(session=draft, changes={"plan": "Again"}, expected_version=1, by=therapist)
    again = save_note(session=draft, changes={"plan": "Again"}, expected_version=1, by=therapist)
    assert again.version == 2
    assert saves() == 1


def test_another_screens_save_is_not_overwritten(draft, therapist):
    save_note(session=draft, changes={"plan": "Theirs"}, expected_version=1, by=therapist)
    with pytest.raises(Changed) as refusal:
        save_note(session=draft, changes={"plan": "Mine"}, expected_version=1, by=therapist)
    assert refusal.value.facts == {"current_version": 2}
    assert TreatmentSession.objects.get().plan == "Theirs"
    assert saves() == 1


def test_a_score_can_be_taken_back(draft, therapist):
    save_note(session=draft, changes={"pain_after": 3}, expected_version=1, by=therapist)
    save_note(session=draft, changes={"pain_after": None}, expected_version=2, by=therapist)
    assert TreatmentSession.objects.get().pain_after is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pain_before": 11}, "pain_before"),
        ({"pain_before": -1}, "pain_before"),
        ({"pain_after": True}, "pain_after"),
        ({"pain_after": "3"}, "pain_after"),
        ({"plan": "x" * (NOTE_LENGTH + 1)}, "plan"),
        ({"subjective": "a\x00b"}, "subjective"),
        ({"lubricant": "x" * 81}, "lubricant"),
        ({"state": "signed"}, "state"),
        ({"signed_by": None}, "signed_by"),
    ],
)
def test_refuses_what_breaks_a_rule_beside_its_field(draft, therapist, changes, field):
    with pytest.raises(Invalid) as refusal:
        save_note(session=draft, changes={"subjective": "Kept out too", **changes}, expected_version=1, by=therapist)
    assert list(refusal.value.fields) == [field]
    unchanged(draft)


def test_only_the_author_writes(draft, location):
    colleague = UserFactory(locations=[location])
    CareTeamMemberFactory(patient=draft.patient, therapist=colleague)
    with pytest.raises(NotTheAuthor):
        save_note(session=draft, changes={"plan": "Mine"}, expected_version=1, by=colleague)
    unchanged(draft)


def test_a_stranger_finds_nothing(draft, stranger):
    with pytest.raises(NotFound):
        save_note(session=draft, changes={"plan": "Mine"}, expected_version=1, by=stranger)
    unchanged(draft)


@pytest.mark.parametrize("role", ["admin", "front_desk", "auditor"])
def test_no_other_role_writes(draft, location, role):
    with pytest.raises(NotAllowed):
        save_note(
            session=draft,
            changes={"plan": "Mine"},
            expected_version=1,
            by=UserFactory(roles=[role], locations=[location]),
        )
    unchanged(draft)


def test_a_signed_note_is_closed(therapist, location):
    signed = signed_session(therapist, location)
    before = saves()
    with pytest.raises(AlreadySigned):
        save_note(session=signed, changes={"plan": "Late"}, expected_version=signed.version, by=therapist)
    assert TreatmentSession.objects.get().plan == signed.plan
    assert saves() == before
