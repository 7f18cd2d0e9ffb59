"""Trigger points, motions and techniques on the page of a draft."""

from datetime import timedelta

import pytest
from django.urls import reverse

from sessions import catalogue
from sessions.models import RangeOfMotion, TechniqueUse, TriggerPoint
from sessions.services import record_trigger_point
from tests.sessions.factories import MONDAY_NINE, draft_session, full_draft

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


def text_of(answer):
    return answer.content.decode()


def test_a_tap_offers_the_muscles_of_that_place(page, draft):
    html = text_of(page.get(address("new-point", draft), {"view": "back", "x": 575, "y": 160}, headers=HTMX))
    assert '<input type="radio" name="muscle" value="trap_upper"' in html
    assert '<input type="radio" name="side" value="right" id="id_point_side_1" required checked>' in html
    assert '<input type="hidden" name="x" value="575"' in html
    assert "<html" not in html


def test_the_list_offers_every_muscle_without_a_picture(page, draft):
    html = text_of(page.get(address("new-point", draft), {"list": 1}))
    assert "<html" in html
    assert html.count("<optgroup") == 35 + len(catalogue.FAMILIES)
    assert '<option value="quad_lumborum">Quadratus lumborum</option>' in html


@pytest.mark.parametrize("query", [{"view": "top", "x": 1, "y": 1}, {"view": "back", "x": "?", "y": 1}, {"x": 9999}])
def test_a_tap_outside_the_map_opens_the_list(page, draft, query):
    answer = page.get(address("new-point", draft), query)
    assert answer.status_code == 200
    assert "<optgroup" in text_of(answer)


def test_a_point_is_saved_from_the_dialog(page, draft):
    tapped = {"view": "back", "x": 311, "y": 162, "muscle": "trap_upper", "side": "left"}
    finding = {"status": "active", "tenderness": "3", "has_taut_band": "yes", "has_referred_pain": "no", "note": ""}
    answer = page.post(address("new-point", draft), {**tapped, **finding}, headers=HTMX)
    assert answer.status_code == 200
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#points", "outerHTML")
    assert "dialog-close" in answer["HX-Trigger-After-Swap"]
    html = text_of(answer)
    assert "Upper trapezius, left" in html
    assert "tenderness 3/4, taut band, no referred pain" in html
    point = TriggerPoint.objects.get()
    assert (point.x, point.y) == (311, 162)
    # The picture is drawn from the same rows: the same number on both.
    assert 'transform="translate(47.88 15.07)"' in html


def test_a_point_is_saved_without_scripts(page, draft):
    chosen = {"muscle": "soleus", "side": "left", "status": "latent", "list": 1}
    answer = page.post(address("new-point", draft), chosen)
    assert (answer.status_code, answer["Location"]) == (302, f"{draft.get_absolute_url()}#points")
    assert TriggerPoint.objects.get().muscle == "soleus"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": ""}, "This field is required."),
        ({"muscle": "heart"}, "Select a valid choice."),
        ({"side": "midline"}, "This muscle has: left, right."),
        ({"tenderness": "7"}, "Select a valid choice."),
    ],
)
def test_a_wrong_point_is_asked_again(page, draft, changes, words):
    chosen = {"muscle": "soleus", "side": "left", "status": "latent", "list": 1, **changes}
    answer = page.post(address("new-point", draft), chosen, headers=HTMX)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not TriggerPoint.objects.exists()


def test_a_known_point_shows_how_it_was_and_is_checked(page, therapist, location, draft):
    later = draft_session(therapist, location, patient=draft.patient, starts_at=MONDAY_NINE + timedelta(days=7))
    row = record_trigger_point(session=draft, muscle="soleus", side="left", status="active", tenderness=4, by=therapist)
    known = address("known-point", later, row.trigger_point.public_id)
    html = text_of(page.get(known, headers=HTMX))
    assert "Mon 12 Jan 2026: <strong>active</strong>, tenderness 4/4" in html
    assert "possible clot" in html.lower()
    answer = page.post(known, {"status": "resolved", "tenderness": "0"}, headers=HTMX)
    assert answer.status_code == 200
    assert later.point_observations.get().status == "resolved"
    again = text_of(page.get(known, headers=HTMX))
    assert '<input type="radio" name="status" value="resolved" id="id_point_status_2" required checked>' in again


def test_a_resolved_point_waits_folded_away(page, therapist, location, draft):
    record_trigger_point(session=draft, muscle="soleus", side="left", status="resolved", by=therapist)
    later = draft_session(therapist, location, patient=draft.patient, starts_at=MONDAY_NINE + timedelta(days=7))
    html = text_of(page.get(address("session", later)))
    assert "Resolved earlier (1)" in html
    assert "Known from before" not in html


def test_findings_of_later_sessions_are_not_shown_as_before(page, therapist, location, draft):
    later = draft_session(therapist, location, patient=draft.patient, starts_at=MONDAY_NINE + timedelta(days=7))
    record_trigger_point(session=later, muscle="soleus", side="left", status="active", by=therapist)
    html = text_of(page.get(address("session", draft)))
    assert "Soleus, left" not in html


def test_left_and_right_stand_side_by_side_and_the_form_asks_for_the_other(page, draft):
    measured = {"motion": "cervical.rotation", "side": "left", "end": 55}
    answer = page.post(address("add-motion", draft), measured, headers=HTMX)
    html = text_of(answer)
    assert answer["HX-Retarget"] == "#motions"
    assert "<strong>55°</strong>" in html
    assert '<option value="cervical.rotation" selected>' in html
    assert '<input type="radio" name="side" value="right" id="id_motion_side_1" checked>' in html
    page.post(address("add-motion", draft), {**measured, "side": "right", "end": 70, "is_painful": "on"}, headers=HTMX)
    assert list(RangeOfMotion.objects.order_by("id").values_list("side", "end", "is_painful")) == [
        ("left", 55, False),
        ("right", 70, True),
    ]
    html = text_of(page.get(address("session", draft)))
    assert html.count("Neck rotation</th>") == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"end": ""}, "This field is required."),
        ({"end": "wide"}, "Enter a whole number."),
        ({"side": ""}, "This motion has: left, right."),
        ({"start": 80}, "The motion ends at or after its start."),
        ({"motion": "tail.wag"}, "Select a valid choice."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_wrong_motion_is_asked_again(page, draft, changes, words, headers):
    known = {"motion": "cervical.rotation", "side": "left", "end": 55}
    answer = page.post(address("add-motion", draft), {**known, **changes}, headers=headers)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not RangeOfMotion.objects.exists()


def test_minutes_add_up(page, draft):
    known = {"technique": "effleurage", "region": "BACK.LOW", "side": "midline"}
    page.post(address("add-technique", draft), {**known, "minutes": 12}, headers=HTMX)
    answer = page.post(address("add-technique", draft), {**known, "minutes": 9, "pressure": "2"}, headers=HTMX)
    assert "21 min in total" in text_of(answer)
    assert "pressure 2/5" in text_of(answer)


@pytest.mark.parametrize("changes", [{"minutes": 0}, {"minutes": ""}, {"region": "NOSE"}, {"side": ""}])
def test_a_wrong_technique_is_asked_again(page, draft, changes):
    known = {"technique": "effleurage", "region": "BACK.LOW", "side": "midline", "minutes": 5}
    answer = page.post(address("add-technique", draft), {**known, **changes}, headers=HTMX)
    assert answer.status_code == 422
    assert not TechniqueUse.objects.exists()


def test_findings_can_be_taken_back(page, therapist, location):
    draft = full_draft(therapist, location)
    for name, rows in (
        ("remove-point", draft.point_observations),
        ("remove-motion", draft.motions),
        ("remove-technique", draft.techniques),
    ):
        answer = page.post(address(name, draft, rows.get().public_id), headers=HTMX)
        assert answer.status_code == 200
        assert not rows.exists()


def test_a_finding_of_another_session_is_not_found_under_this_one(page, therapist, location, draft):
    other = full_draft(therapist, location, starts_at=MONDAY_NINE + timedelta(days=1))
    for name, rows in (
        ("remove-point", other.point_observations),
        ("remove-motion", other.motions),
        ("remove-technique", other.techniques),
    ):
        assert page.post(address(name, draft, rows.get().public_id)).status_code == 404
        assert rows.exists()
    point = TriggerPoint.objects.get()
    assert page.get(address("known-point", draft, point.public_id)).status_code == 404
