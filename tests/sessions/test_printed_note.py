"""The note as PDF: it says what the record says, a draft says that it is one, and reading it leaves a trace."""

import io
from datetime import timedelta

import pytest
from django.urls import reverse
from pypdf import PdfReader

from audit.models import AuditEvent
from clinic.templatetags.clinic_ui import local_time
from sessions.models import TreatmentSession
from sessions.printed_map import map_picture
from sessions.printed_note import print_note
from sessions.services import add_addendum, record_chaperone
from sessions.workspace import workspace_of
from tests.factories import UserFactory
from tests.sessions.factories import NOTE, draft_session, full_draft, signed_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def therapist(location):
    return UserFactory(roles=["therapist"], locations=[location], licence_number="NY-4711")


@pytest.fixture
def signed(therapist, location):
    return signed_session(therapist, location)


def as_paper(session, user, *, minutes=90):
    """The document, printed some time after the session."""
    row = TreatmentSession.objects.for_page().get(pk=session.pk)
    return print_note(session=row, user=user, now=row.performed_at + timedelta(minutes=minutes))


def text_in(content):
    """Its words on one line: where a line is broken says nothing."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def where(name, session):
    return reverse(f"sessions:{name}", args=[session.public_id])


def test_it_says_who_what_was_told_found_and_done(signed, therapist, location):
    words = text_in(as_paper(signed, therapist))
    patient = signed.patient
    for expected in (
        location.name,
        f"Patient: {patient.full_name}, born 17 May 1980",
        "Mon 12 Jan 2026, 09:00 (New York time)",
        signed.service.name,
        f"{therapist.full_name}, licence NY-4711",
        "6/10 before, 3/10 after",
        *(NOTE[name] for name in ("subjective", "objective", "assessment", "plan")),
        "at rest 6 before, 3 after",
        "1. Upper trapezius, left: Active tenderness 3/4",
        "Neck rotation",
        "55°",
        "Sustained pressure",
        "In total 12 minutes.",
        "Oil, gel or lotion none",
    ):
        assert expected in words, expected


def test_it_is_signed_with_name_licence_time_and_the_fingerprint_of_what_was_signed(signed, therapist):
    content = as_paper(signed, therapist)
    words = text_in(content)
    signature = f"Signed by {therapist.full_name}, licence NY-4711, Mon 12 Jan 2026, 09:50"
    assert signature in words
    assert signed.content_digest in words.replace(" ", "")
    assert "Unaltered since it was signed." in words
    assert "DRAFT" not in words
    assert PdfReader(io.BytesIO(content)).metadata.title == "Session note"


def test_every_page_of_a_draft_says_that_it_is_one(therapist, location):
    draft = full_draft(therapist, location)
    draft.objective = "Long. " * 900
    draft.save(update_fields=["objective"])
    content = as_paper(draft, therapist)
    pages = PdfReader(io.BytesIO(content)).pages
    assert len(pages) > 1
    assert all(page.extract_text().count("DRAFT") >= 2 for page in pages)
    assert "Not signed." in text_in(content)
    assert "Signed by" not in text_in(content)


def test_addenda_follow_with_author_and_date_and_an_unchanged_note_is_the_same_bytes(signed, therapist):
    first = as_paper(signed, therapist)
    assert as_paper(signed, therapist, minutes=9000) == first
    row = add_addendum(session=signed, text="It was the right shoulder.", by=therapist)
    words = text_in(as_paper(signed, therapist))
    assert f", {therapist.full_name} {row.text}" in words
    assert local_time(row.created_at, signed.location) in words.split("Addenda")[1]


def test_an_altered_note_says_so(signed, therapist):
    """Whoever gets past the trigger does not get past the fingerprint."""
    altered = TreatmentSession.objects.for_page().get(pk=signed.pk)
    altered.content_digest = "0" * 64
    words = text_in(print_note(session=altered, user=therapist, now=altered.performed_at))
    assert "This is not what was signed." in words
    assert "Unaltered" not in words


def test_a_chaperone_is_printed(therapist, location):
    draft = draft_session(therapist, location)
    record_chaperone(session=draft, answer="present", name="Robin Vale", by=therapist)
    words = text_in(as_paper(draft, therapist))
    assert "Chaperone Present, Robin Vale" in words
    assert "None was recorded." in words


def test_the_map_on_paper_is_the_map_of_the_page(page_of, signed, therapist):
    """The same mark at the same place, and the same outlines as the sprite the page draws from."""
    row = TreatmentSession.objects.for_page().get(pk=signed.pk)
    desk = workspace_of(session=row, user=therapist, now=row.performed_at)
    picture = map_picture(desk.points)
    page = page_of(therapist).get(signed.get_absolute_url()).content.decode()
    place = f'transform="{desk.points[0].translate}'
    assert place in picture
    assert place in page
    assert picture.count("<path d=") == page.count('<use class="region"')


def test_the_page_offers_the_file_and_reading_it_leaves_one_trace(page_of, signed, therapist):
    page = page_of(therapist)
    assert where("note-pdf", signed) in page.get(signed.get_absolute_url()).content.decode()
    before = AuditEvent.objects.count()
    answer = page.get(where("note-pdf", signed))
    event = AuditEvent.objects.order_by("-id").first()
    assert AuditEvent.objects.count() == before + 1
    assert (event.action, event.facts) == ("patient.read", {"screen": "session_pdf"})
    assert (event.patient_id, event.actor_id) == (signed.patient.public_id, therapist.public_id)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="session-{signed.public_id}.pdf"'
    assert answer["Cache-Control"] == "no-store"
    assert NOTE["plan"] in text_in(answer.content)


def test_the_api_gives_the_same_file_and_leaves_the_same_trace(api, signed, therapist):
    address = f"/api/v1/sessions/{signed.public_id}/pdf/"
    answer = api(therapist).get(address, headers={"Accept": "application/pdf"})
    assert answer.status_code == 200
    assert answer.content == as_paper(signed, therapist)
    assert AuditEvent.objects.order_by("-id").first().facts == {"screen": "session_pdf"}


def test_an_auditor_reads_the_file(page_of, signed, auditor):
    assert page_of(auditor).get(where("note-pdf", signed)).status_code == 200


@pytest.mark.parametrize("who", ["front_desk", "stranger"])
def test_nobody_else_gets_the_file_and_nothing_is_noted(page_of, api, signed, request, who):
    user = request.getfixturevalue(who)
    page, client = page_of(user), api(user)
    before = AuditEvent.objects.count()
    assert page.get(where("note-pdf", signed)).status_code in {403, 404}
    answer = client.get(f"/api/v1/sessions/{signed.public_id}/pdf/", headers={"Accept": "application/pdf"})
    assert answer.status_code == 404
    assert AuditEvent.objects.count() == before


def test_a_therapist_of_another_patient_finds_nothing(page_of, signed, location):
    colleague = UserFactory(roles=["therapist"], locations=[location])
    assert page_of(colleague).get(where("note-pdf", signed)).status_code == 404
