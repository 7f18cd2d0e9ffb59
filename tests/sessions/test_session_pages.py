from datetime import timedelta

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from sessions.models import Addendum, TreatmentSession
from sessions.services import add_addendum, record_trigger_point, save_note
from tests.factories import CareTeamMemberFactory, UserFactory
from tests.sessions.factories import MONDAY_NINE, NOTE, draft_session, full_draft, raise_flag, signed_session

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def draft(therapist, location):
    return draft_session(therapist, location)


@pytest.fixture
def page(page_of, therapist):
    return page_of(therapist)


def address(name, session, *more):
    return reverse(f"sessions:{name}", args=[session.public_id, *more])


def note(**changes):
    blank = {"subjective": "", "objective": "", "assessment": "", "plan": "", "lubricant": ""}
    return {"version": 1, **blank, **changes}


def text_of(answer):
    return answer.content.decode()


def test_the_workspace_shows_flags_last_time_and_what_is_missing(page, therapist, location, draft):
    earlier = signed_session(therapist, location, patient=draft.patient, starts_at=MONDAY_NINE - timedelta(days=7))
    raise_flag(draft.patient, severity="local", title="Open wound", action="Keep away from it.", regions=["LEG.POST"])
    html = text_of(page.get(address("session", draft)))
    for words in (
        draft.patient.full_name,
        "45 years",
        "Mon 12 Jan 2026, 09:00 (New York time)",
        "Open wound",
        "Keep away from it.",
        "Calf",
        NOTE["plan"],
        earlier.get_absolute_url(),
        "Upper trapezius, left",
        "Known from before, not checked today",
        "Nothing written yet",
    ):
        assert words in html
    # The four drawn areas of both calves' three parts are marked as places to keep away from.
    assert html.count('<use class="region is-blocked"') == 6


def test_an_unscreened_patient_is_never_shown_as_clear(page, draft):
    html = text_of(page.get(address("session", draft)))
    assert "Not screened yet" in html
    assert "No flag stands" not in html


def test_opening_a_session_leaves_one_trace(page, therapist, draft):
    before = AuditEvent.objects.count()
    page.get(address("session", draft))
    event = AuditEvent.objects.order_by("-id").first()
    assert AuditEvent.objects.count() == before + 1
    assert (event.action, event.patient_id) == ("patient.read", draft.patient.public_id)
    assert (event.actor_id, event.facts) == (therapist.public_id, {"screen": "session"})


def test_saving_by_htmx_swaps_the_state_and_the_checklist(page, draft):
    answer = page.post(address("save-note", draft), note(plan="Rest", pain_before=4), headers=HTMX)
    assert answer.status_code == 200
    html = text_of(answer)
    assert "Saved at" in html
    assert '<input type="hidden" name="version" value="2">' in html
    assert 'class="list checklist"' in html
    assert "Something written in the note" in html
    fresh = TreatmentSession.objects.get()
    assert (fresh.plan, fresh.pain_before, fresh.pain_after) == ("Rest", 4, None)


def test_saving_without_scripts_leads_back(page, draft):
    answer = page.post(address("save-note", draft), note(plan="Rest"))
    assert (answer.status_code, answer["Location"]) == (302, draft.get_absolute_url())
    assert TreatmentSession.objects.get().plan == "Rest"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_wrong_value_is_told_beside_its_field(page, draft, headers):
    answer = page.post(address("save-note", draft), note(plan="Typed", pain_before=12), headers=headers)
    assert answer.status_code == 422
    html = text_of(answer)
    assert "Ensure this value is less than or equal to 10." in html
    assert "Typed" in html
    assert TreatmentSession.objects.get().version == 1


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_two_tablets_see_both_texts_and_nothing_is_lost(page, therapist, draft, headers):
    save_note(session=draft, changes={"plan": "From the other", "pain_before": 8}, expected_version=1, by=therapist)
    answer = page.post(address("save-note", draft), note(plan="From this one", subjective="Only here"), headers=headers)
    assert answer.status_code == 412
    html = text_of(answer)
    for words in ("From the other", "From this one", "Only here", "saved on another screen"):
        assert words in html
    assert '<input type="hidden" name="version" value="2">' in html
    # What the script needs to put each value beside the typed one, and only where they differ.
    for name, there in (("plan", "From the other"), ("pain_before", "8"), ("subjective", "")):
        assert f'data-conflict="{name}" data-there="{there}"' in html
    assert 'data-conflict="objective"' not in html
    assert TreatmentSession.objects.get().plan == "From the other"
    if headers:
        assert answer["HX-Retarget"] == "#note"


def test_after_both_texts_were_shown_mine_can_be_saved(page, therapist, draft):
    save_note(session=draft, changes={"plan": "From the other"}, expected_version=1, by=therapist)
    answer = page.post(address("save-note", draft), note(version=2, plan="Both together"), headers=HTMX)
    assert answer.status_code == 200
    assert "Saved on the other screen" not in text_of(answer)
    assert TreatmentSession.objects.get().plan == "Both together"


def test_signing_saves_what_stands_on_the_page(page, draft):
    answer = page.post(address("sign", draft), note(plan="Last words", pain_before=5, pain_after=2))
    assert (answer.status_code, answer["Location"]) == (302, draft.get_absolute_url())
    fresh = TreatmentSession.objects.get()
    assert (fresh.state, fresh.plan) == ("signed", "Last words")


def test_a_note_that_is_not_ready_keeps_what_was_typed(page, draft):
    answer = page.post(address("sign", draft), note(plan="Last words"))
    assert answer.status_code == 422
    html = text_of(answer)
    assert "Last words" in html
    assert "Missing: pain before, pain after." in html
    fresh = TreatmentSession.objects.get()
    assert (fresh.state, fresh.plan) == ("draft", "")


def test_a_flag_stops_the_signature_on_the_page(page, draft):
    raise_flag(draft.patient)
    answer = page.post(address("sign", draft), note(plan="Last words", pain_before=5, pain_after=2))
    assert answer.status_code == 409
    assert "Screening does not allow this session" in text_of(answer)
    assert "Last words" in text_of(answer)
    assert TreatmentSession.objects.get().state == "draft"


def test_a_note_changed_elsewhere_is_not_signed(page, therapist, draft):
    save_note(session=draft, changes={"plan": "From the other"}, expected_version=1, by=therapist)
    answer = page.post(address("sign", draft), note(plan="Mine", pain_before=5, pain_after=2))
    assert answer.status_code == 412
    assert "From the other" in text_of(answer)
    assert TreatmentSession.objects.get().state == "draft"


def test_a_signed_note_is_read_only_with_its_signature(page, therapist, location):
    therapist.licence_number = "LMT-7"
    therapist.save()
    signed = signed_session(therapist, location)
    add_addendum(session=signed, text="Slept badly too.", by=therapist)
    html = text_of(page.get(address("session", signed)))
    for words in (
        f"Signed by <strong>{therapist.full_name}</strong>, licence LMT-7, Mon 12 Jan 2026, 09:50 (New York time)",
        "Unaltered since it was signed",
        signed.content_digest[:12],
        NOTE["assessment"],
        "Upper trapezius, left",
        "55°",
        "12 min",
        "Slept badly too.",
    ):
        assert words in html
    for words in ("Save the note", "Add the motion", "data-tap", "Remove this"):
        assert words not in html


def test_a_colleague_reads_a_draft_and_changes_nothing(page_of, draft, location):
    colleague = UserFactory(locations=[location])
    CareTeamMemberFactory(patient=draft.patient, therapist=colleague)
    page = page_of(colleague)
    assert "Unsigned draft" in text_of(page.get(address("session", draft)))
    assert page.post(address("save-note", draft), note(plan="Mine")).status_code == 403
    assert TreatmentSession.objects.get().plan == ""


def test_an_auditor_of_the_location_reads(page_of, auditor, therapist, location):
    signed = signed_session(therapist, location)
    html = text_of(page_of(auditor).get(address("session", signed)))
    assert "Unaltered since it was signed" in html
    assert "Add the addendum" not in html


def test_an_addendum_is_added_on_the_page(page, therapist, location):
    signed = signed_session(therapist, location)
    answer = page.post(address("add-addendum", signed), {"text": "The right side, not the left."}, headers=HTMX)
    assert answer["HX-Retarget"] == "#addenda"
    assert "The right side, not the left." in text_of(answer)
    empty = page.post(address("add-addendum", signed), {"text": " "}, headers=HTMX)
    assert empty.status_code == 422
    assert Addendum.objects.count() == 1


def test_a_signed_note_refuses_every_form(page, therapist, location):
    signed = signed_session(therapist, location)
    before = AuditEvent.objects.count()
    point, motion, technique = (rows.get() for rows in (signed.point_observations, signed.motions, signed.techniques))
    for name, more, body in (
        ("save-note", (), note(plan="Late")),
        ("sign", (), note(plan="Late", pain_before=1, pain_after=1)),
        ("new-point", (), {"muscle": "soleus", "side": "left", "status": "latent"}),
        ("known-point", (point.trigger_point.public_id,), {"status": "latent"}),
        ("add-motion", (), {"motion": "cervical.rotation", "side": "left", "end": 55}),
        ("add-technique", (), {"technique": "effleurage", "region": "HAND", "side": "left", "minutes": 5}),
        ("remove-point", (point.public_id,), {}),
        ("remove-motion", (motion.public_id,), {}),
        ("remove-technique", (technique.public_id,), {}),
    ):
        assert page.post(address(name, signed, *more), body, headers=HTMX).status_code == 409, name
    assert AuditEvent.objects.count() == before
    assert (signed.point_observations.count(), signed.motions.count(), signed.techniques.count()) == (1, 1, 1)


@pytest.mark.parametrize("count", [1, 8])
def test_the_workspace_costs_the_same_for_any_number_of_findings(
    page, therapist, location, count, django_assert_num_queries
):
    first = full_draft(therapist, location)
    second = full_draft(therapist, location, patient=first.patient, starts_at=MONDAY_NINE + timedelta(days=7))
    for session in (first, second):
        for number in range(count):
            record_trigger_point(
                session=session, muscle="soleus", side="left", view="back", x=number, y=9, status="active", by=therapist
            )
    where = address("session", second)
    page.get(where)
    # session, user; the session; audit; points now, points before, motions, motions before, techniques,
    # techniques on points, who may have measured; flags, lights (2), gate (4);
    # the last signed session; what has changed and, not asked yet, the questions
    # what is carried over; pain by region, snippets
    with django_assert_num_queries(27):
        page.get(where)
