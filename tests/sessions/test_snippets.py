"""Short texts: the therapist's own, and a few that ship."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from sessions.models import Snippet
from sessions.services import keep_snippet, remove_snippet
from sessions.services.snippets import MOST_SNIPPETS
from sessions.snippets import shipped, snippets_for
from tests.factories import UserFactory
from tests.sessions.factories import draft_session

pytestmark = pytest.mark.django_db
PAGE = "/snippets/"


def offered(user):
    return {one.shortcut: one.text for one in snippets_for(user)}


def test_a_text_is_kept_under_its_shortcut_and_replaced_by_it(therapist):
    keep_snippet(shortcut=".TT", text="Trigger points treated.\r\nRetest.", by=therapist)
    keep_snippet(shortcut="tt", text="Retested.", by=therapist)
    row = Snippet.objects.get()
    assert (row.owner, row.shortcut, row.text) == (therapist, "tt", "Retested.")
    assert [event.action for event in AuditEvent.objects.all()] == ["snippet.kept"] * 2
    assert "Retested" not in str([event.facts for event in AuditEvent.objects.all()])


def test_own_texts_stand_beside_and_before_the_shipped_ones(therapist):
    assert offered(therapist) == shipped()
    keep_snippet(shortcut="nc", text="As before.", by=therapist)
    keep_snippet(shortcut="tt", text="Retested.", by=therapist)
    assert offered(therapist) == {**shipped(), "nc": "As before.", "tt": "Retested."}
    assert offered(UserFactory()) == shipped()


@pytest.mark.parametrize(
    ("shortcut", "text", "field"),
    [
        ("", "x", "shortcut"),
        ("a b", "x", "shortcut"),
        ("ä", "x", "shortcut"),
        ("x" * 21, "x", "shortcut"),
        ("tt", " ", "text"),
        ("tt", "x" * 2001, "text"),
        ("tt", "a\x00b", "text"),
    ],
)
def test_what_cannot_be_typed_or_says_nothing_is_refused(therapist, shortcut, text, field):
    with pytest.raises(Invalid) as refusal:
        keep_snippet(shortcut=shortcut, text=text, by=therapist)
    assert set(refusal.value.fields) == {field}
    assert not Snippet.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_hundred_are_enough_but_each_can_still_be_changed(therapist):
    Snippet.objects.bulk_create(
        Snippet(owner=therapist, shortcut=f"s{number}", text="x") for number in range(MOST_SNIPPETS)
    )
    with pytest.raises(Invalid):
        keep_snippet(shortcut="more", text="x", by=therapist)
    assert Snippet.objects.count() == MOST_SNIPPETS
    assert keep_snippet(shortcut="s1", text="y", by=therapist).text == "y"


def test_nobody_removes_or_reads_another_ones(therapist, api, page_of):
    row = keep_snippet(shortcut="tt", text="Mine alone.", by=therapist)
    colleague = UserFactory(locations=therapist.locations.all())
    events = AuditEvent.objects.count()
    with pytest.raises(NotFound):
        remove_snippet(snippet=row, by=colleague)
    client = api(colleague)
    assert client.get("/api/v1/snippets/").json()["results"] == []
    assert client.delete(f"/api/v1/snippets/{row.public_id}/").status_code == 404
    page = page_of(colleague)
    assert "Mine alone." not in page.get(PAGE).content.decode()
    assert page.post(reverse("sessions:remove-snippet", args=[row.public_id])).status_code == 404
    assert Snippet.objects.get() == row
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize("role", ["admin", "front_desk", "auditor"])
def test_who_writes_no_notes_keeps_none(api, page_of, location, role):
    member = UserFactory(roles=[role], locations=[location])
    with pytest.raises(NotAllowed):
        keep_snippet(shortcut="tt", text="x", by=member)
    page = page_of(member)
    assert page.get(PAGE).status_code == 403
    assert page.post(PAGE, {"shortcut": "tt", "text": "x"}).status_code == 403
    answer = api(member).post("/api/v1/snippets/", {"shortcut": "tt", "text": "x"}, format="json")
    assert answer.status_code == 403
    assert not Snippet.objects.exists()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [({"shortcut": "A b"}, "snippet_shortcut_can_be_typed"), ({"text": ""}, "snippet_says_something")],
)
def test_the_database_says_so_too(therapist, changes, constraint):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Snippet.objects.create(**{"owner": therapist, "shortcut": "tt", "text": "x", **changes})
    assert refusal.value.__cause__.diag.constraint_name == constraint


def test_on_the_page_a_text_is_kept_changed_and_removed(page_of, therapist):
    page = page_of(therapist)
    assert shipped()["nc"] in page.get(PAGE).content.decode()
    assert page.post(PAGE, {"shortcut": ".tt", "text": "Retested."})["Location"] == PAGE
    html = page.get(f"{PAGE}?change=tt").content.decode()
    assert "Change a snippet" in html
    assert 'value="tt"' in html
    wrong = page.post(PAGE, {"shortcut": "t t", "text": "Retested."})
    assert wrong.status_code == 422
    assert "small letters, digits or hyphens." in wrong.content.decode()
    row = Snippet.objects.get()
    assert page.post(reverse("sessions:remove-snippet", args=[row.public_id]))["Location"] == PAGE
    assert not Snippet.objects.exists()


def test_the_session_page_offers_them_escaped(page_of, therapist, location):
    draft = draft_session(therapist, location)
    keep_snippet(shortcut="tt", text='Less than "<b>"', by=therapist)
    html = page_of(therapist).get(draft.get_absolute_url()).content.decode()
    assert 'data-snippet="tt" data-text="Less than &quot;&lt;b&gt;&quot;"' in html


def test_the_api_does_the_same(api, therapist):
    client = api(therapist)
    made = client.post("/api/v1/snippets/", {"shortcut": "tt", "text": "Retested."}, format="json")
    assert made.status_code == 201
    assert client.get("/api/v1/snippets/").json()["results"] == [made.json()]
    assert client.delete(f"/api/v1/snippets/{made.json()['id']}/").status_code == 204
    assert client.get("/api/v1/snippets/").json()["results"] == []


@pytest.mark.parametrize("count", [3, 12])
def test_the_page_asks_for_all_of_them_at_once(page_of, therapist, count, django_assert_num_queries):
    for number in range(count):
        keep_snippet(shortcut=f"s{number}", text="x", by=therapist)
    page = page_of(therapist)
    page.get(PAGE)
    with django_assert_num_queries(3):
        page.get(PAGE)
