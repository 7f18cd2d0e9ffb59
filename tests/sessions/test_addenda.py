import pytest

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from sessions.errors import NotSignedYet
from sessions.models import Addendum
from sessions.services import add_addendum
from sessions.services.notes import ADDENDUM_LENGTH
from tests.factories import CareTeamMemberFactory, UserFactory
from tests.sessions.factories import draft_session, signed_session

pytestmark = pytest.mark.django_db


def nothing_happened():
    assert not Addendum.objects.exists()
    assert not AuditEvent.objects.filter(action="session.addendum_added").exists()


def test_the_author_adds_to_a_signed_note(therapist, location):
    session = signed_session(therapist, location)
    addendum = add_addendum(session=session, text="  The other side.\r\nNot the left. ", by=therapist)
    assert (addendum.session, addendum.author) == (session, therapist)
    assert addendum.text == "The other side.\nNot the left."
    event = AuditEvent.objects.get(action="session.addendum_added")
    assert event.subject_id == str(addendum.public_id)
    assert event.facts == {"session_id": str(session.public_id)}


def test_a_colleague_of_the_care_team_may_add(therapist, location):
    session = signed_session(therapist, location)
    colleague = UserFactory(locations=[location])
    CareTeamMemberFactory(patient=session.patient, therapist=colleague)
    assert add_addendum(session=session, text="Seen today as well.", by=colleague).author == colleague


def test_a_draft_is_changed_not_added_to(therapist, location):
    with pytest.raises(NotSignedYet):
        add_addendum(session=draft_session(therapist, location), text="Late", by=therapist)
    nothing_happened()


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (ADDENDUM_LENGTH + 1), "a\x00"])
def test_it_says_something_and_not_too_much(therapist, location, text):
    session = signed_session(therapist, location)
    with pytest.raises(Invalid) as refusal:
        add_addendum(session=session, text=text, by=therapist)
    assert list(refusal.value.fields) == ["text"]
    nothing_happened()


def test_nobody_else_adds(therapist, location, stranger):
    session = signed_session(therapist, location)
    with pytest.raises(NotFound):
        add_addendum(session=session, text="Hello", by=stranger)
    for role in ("admin", "front_desk", "auditor"):
        with pytest.raises(NotAllowed):
            add_addendum(session=session, text="Hello", by=UserFactory(roles=[role], locations=[location]))
    nothing_happened()
