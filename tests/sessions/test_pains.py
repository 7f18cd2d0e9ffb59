"""Pain by region, before and after the treatment."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotFound
from sessions.errors import AlreadySigned
from sessions.models import RegionalPain
from sessions.services import record_regional_pain, remove_regional_pain
from tests.sessions.factories import draft_session, signed_session

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
NECK = {"region": "SHOULDER.TOP", "side": "left", "kind": "rest"}


@pytest.fixture
def draft(therapist, location):
    return draft_session(therapist, location)


def address(name, session, *more):
    return reverse(f"sessions:{name}", args=[session.public_id, *more])


def test_before_is_told_first_and_after_is_added(draft, therapist):
    first = record_regional_pain(session=draft, by=therapist, before=7, **NECK)
    again = record_regional_pain(session=draft, by=therapist, before=7, after=0, **NECK)
    assert first == again == RegionalPain.objects.get()
    assert (again.before, again.after) == (7, 0)
    actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))[-2:]
    assert actions == ["regional_pain.recorded", "regional_pain.corrected"]
    assert "SHOULDER" not in str(AuditEvent.objects.latest("id").facts)


def test_each_kind_and_each_side_is_its_own(draft, therapist):
    for side in ("left", "right"):
        for kind in ("rest", "movement", "worst"):
            record_regional_pain(session=draft, by=therapist, region="HAND", side=side, kind=kind, before=0)
    assert RegionalPain.objects.count() == 6


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"region": "MOON"}, "region"),
        ({"side": "both"}, "side"),
        ({"kind": "now"}, "kind"),
        ({"before": 11}, "before"),
        ({"before": True}, "before"),
        ({"after": -1}, "after"),
        ({"kind": "worst", "after": 2}, "after"),
    ],
)
def test_what_makes_no_sense_is_refused(draft, therapist, changes, field):
    events = AuditEvent.objects.count()
    with pytest.raises(Invalid) as refusal:
        record_regional_pain(session=draft, by=therapist, **{**NECK, "before": 5, **changes})
    assert set(refusal.value.fields) == {field}
    assert not RegionalPain.objects.exists()
    assert AuditEvent.objects.count() == events


def test_it_is_taken_back_once(draft, therapist):
    row = record_regional_pain(session=draft, by=therapist, before=7, **NECK)
    remove_regional_pain(pain=row, by=therapist)
    events = AuditEvent.objects.count()
    with pytest.raises(NotFound):
        remove_regional_pain(pain=row, by=therapist)
    assert not RegionalPain.objects.exists()
    assert AuditEvent.objects.count() == events


def test_a_signed_session_keeps_its_pains(therapist, location):
    signed = signed_session(therapist, location)
    row = signed.regional_pains.get()
    with pytest.raises(AlreadySigned):
        record_regional_pain(session=signed, by=therapist, before=1, **NECK)
    with pytest.raises(AlreadySigned):
        remove_regional_pain(pain=row, by=therapist)
    row.refresh_from_db()
    assert (row.before, row.after) == (6, 3)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"before": 11}, "regional_pain_before_0_to_10"),
        ({"after": 11}, "regional_pain_after_0_to_10"),
        ({"kind": "worst", "after": 1}, "regional_pain_worst_has_no_after"),
        ({"kind": "now"}, "regional_pain_kind_known"),
        ({"side": "both"}, "regional_pain_side_known"),
    ],
)
def test_the_database_says_so_too(draft, changes, constraint):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        RegionalPain.objects.create(session=draft, **{**NECK, "before": 5, **changes})
    assert refusal.value.__cause__.diag.constraint_name == constraint


def test_on_the_page_it_is_added_changed_and_removed(page_of, draft, therapist):
    page = page_of(therapist)
    answer = page.post(address("add-pain", draft), {**NECK, "before": 7}, headers=HTMX)
    assert answer["HX-Retarget"] == "#pains"
    assert "Shoulder, top, left" in answer.content.decode()
    row = RegionalPain.objects.get()
    form = page.get(address("change-pain", draft, row.public_id), headers=HTMX).content.decode()
    assert 'value="7" id="id_regional_before_7" checked' in form
    assert "Change a value" in form
    assert "Change a value" in page.get(address("change-pain", draft, row.public_id)).content.decode()
    page.post(address("add-pain", draft), {**NECK, "before": 7, "after": 2}, headers=HTMX)
    row.refresh_from_db()
    assert row.after == 2
    wrong = page.post(address("add-pain", draft), {**NECK, "kind": "worst", "before": 7, "after": 2}, headers=HTMX)
    assert wrong.status_code == 422
    assert "has no value after" in wrong.content.decode()
    page.post(address("remove-pain", draft, row.public_id), headers=HTMX)
    assert not RegionalPain.objects.exists()


def test_the_signed_note_shows_it(page_of, therapist, location):
    signed = signed_session(therapist, location)
    html = page_of(therapist).get(address("session", signed)).content.decode()
    assert "Shoulder, top, left" in html
    assert "Keep the value" not in html


def test_the_api_does_the_same(api, draft, therapist):
    client = api(therapist)
    base = f"/api/v1/sessions/{draft.public_id}"
    made = client.post(f"{base}/regional-pains/", {**NECK, "before": 7}, format="json")
    assert (made.status_code, made.json()["after"]) == (201, None)
    assert client.get(f"{base}/").json()["regional_pains"] == [made.json()]
    assert client.post(f"{base}/regional-pains/", {**NECK, "before": 11}, format="json").status_code == 400
    assert client.delete(f"{base}/regional-pains/{made.json()['id']}/").status_code == 204
    assert client.get(f"{base}/regional-pains/").json()["results"] == []


@pytest.mark.parametrize("count", [1, 8])
def test_the_page_asks_for_all_pains_at_once(page_of, draft, therapist, count, django_assert_num_queries):
    for number in range(count):
        side = ("left", "right", "midline")[number % 3]
        kind = ("rest", "movement", "worst")[number // 3]
        record_regional_pain(session=draft, by=therapist, region="HAND", side=side, kind=kind, before=number)
    page = page_of(therapist)
    page.get(address("session", draft))
    with django_assert_num_queries(26):
        page.get(address("session", draft))
