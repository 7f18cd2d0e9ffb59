"""What has changed since the last visit, on the therapist's pages and in a session's API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.core.errors import Invalid
from messaging.services import subject
from questionnaires.services.publishing import load_shipped
from screening.changes import QUESTIONS
from screening.models import ChangeCheck
from screening.services import request_change_check
from sessions.errors import AlreadySigned, NotTheAuthor
from sessions.services import record_changes
from tests.factories import UserFactory
from tests.screening.test_changes import CONTEXT, NEW_MEDICINE, sent
from tests.sessions.factories import arrived_visit, draft_session, signed_session

pytestmark = pytest.mark.django_db
SAME = dict.fromkeys(QUESTIONS, "no")
HTMX = {"HX-Request": "true"}
UNASKED = "Not asked yet"


@pytest.fixture(autouse=True)
def forms(db):
    load_shipped()


@pytest.fixture
def draft(therapist, location):
    now = timezone.now()
    return draft_session(therapist, location, starts_at=now, at=now)


def page_address(session):
    return reverse("sessions:session", args=[session.public_id])


def asking(session):
    return reverse("sessions:changes", args=[session.public_id])


def test_the_page_asks_where_nobody_has_and_shows_the_answers(page_of, therapist, draft):
    page = page_of(therapist)
    assert UNASKED in page.get(page_address(draft)).content.decode()
    answer = page.post(asking(draft), SAME, headers=HTMX)
    assert answer.status_code == 200
    assert "Nothing has changed" in answer.content.decode()
    check = ChangeCheck.objects.get()
    assert (check.visit_id, check.has_changes) == (draft.appointment.public_id, False)
    assert UNASKED not in page.get(page_address(draft)).content.decode()


def test_a_change_told_in_the_room_stands_on_the_page(page_of, therapist, draft):
    page = page_of(therapist)
    page.post(asking(draft), NEW_MEDICINE)
    html = page.get(page_address(draft)).content.decode()
    assert "Warfarin since Monday" in html
    assert f"Looked at by {therapist.full_name}" in html


def test_a_question_left_open_is_named_and_nothing_is_kept(page_of, therapist, draft):
    answer = page_of(therapist).post(asking(draft), {**SAME, "change-injury": ""}, headers=HTMX)
    assert answer.status_code == 422
    assert set(answer.context["changes_form"].errors) == {"change-injury"}
    assert not ChangeCheck.objects.exists()


def test_only_the_sessions_therapist_while_it_is_a_draft(therapist, location, draft):
    colleague = UserFactory(roles=["therapist"], locations=[location])
    draft.patient.care_team.create(therapist=colleague, started_on="2026-01-01")
    with pytest.raises(NotTheAuthor):
        record_changes(session=draft, answers=SAME, by=colleague)
    signed = signed_session(therapist, location)
    with pytest.raises(AlreadySigned):
        record_changes(session=signed, answers=SAME, by=therapist)
    assert not ChangeCheck.objects.exists()


def test_a_session_without_a_visit_has_nothing_to_answer_for(therapist, draft, page_of):
    type(draft).objects.filter(pk=draft.pk).update(appointment=None)
    draft.refresh_from_db()
    with pytest.raises(Invalid):
        record_changes(session=draft, answers=SAME, by=therapist)
    assert page_of(therapist).post(asking(draft), SAME).status_code == 404
    assert not ChangeCheck.objects.exists()


def test_my_day_leads_to_what_has_changed_before_the_session_starts(page_of, therapist, location, client):
    visit = arrived_visit(therapist, location, starts_at=timezone.now() + timedelta(minutes=5))
    check = request_change_check(
        patient=visit.patient,
        visit_id=visit.public_id,
        visit_at=visit.starts_at,
        subject=subject(key=f"appointment:{visit.public_id}"),
        context=CONTEXT,
        by=therapist,
    )
    sent(client, check, NEW_MEDICINE)
    html = page_of(therapist).get(reverse("sessions:my-day")).content.decode()
    assert "Something has changed" in html
    assert reverse("sessions:start", args=[visit.public_id]) not in html


def test_through_the_api(api, therapist, front_desk, stranger, draft):
    address = f"/api/v1/sessions/{draft.public_id}/changes/"
    for user in (front_desk, stranger):
        assert api(user).post(address, {"answers": SAME}, format="json").status_code in {403, 404}
    refused = api(therapist).post(address, {"answers": {"change-injury": "perhaps"}}, format="json")
    assert refused.status_code == 422
    assert not ChangeCheck.objects.exists()
    kept = api(therapist).post(address, {"answers": SAME}, format="json")
    assert kept.status_code == 201
    assert kept.json()["has_changes"] is False
    again = api(therapist).post(address, {"answers": NEW_MEDICINE}, format="json")
    assert (again.status_code, again.json()["has_changes"]) == (201, True)
    assert ChangeCheck.objects.get().has_changes is True
