"""Reading the trail."""

import pytest
from django.urls import reverse

from audit.actors import SYSTEM
from audit.services import record


def events(place, count, **kwargs):
    for _ in range(count):
        record(actor=kwargs.get("actor", SYSTEM), action=kwargs.get("action", "test.done"), subject=place)


@pytest.mark.parametrize("reader", ["auditor", "admin"])
def test_auditors_and_admins_read_it(request, page_of, location, reader):
    events(location, 3)
    answer = page_of(request.getfixturevalue(reader)).get(reverse("audit:trail"))
    assert answer.status_code == 200
    assert [event.action for event, *_ in answer.context["rows"]].count("test.done") == 3


@pytest.mark.parametrize("reader", ["therapist", "front_desk"])
def test_others_may_not(request, page_of, api, reader):
    user = request.getfixturevalue(reader)
    assert page_of(user).get(reverse("audit:trail")).status_code == 403
    assert api(user).get("/api/v1/audit-events/").status_code == 403


def test_a_visitor_is_sent_to_sign_in(client, db):
    assert client.get(reverse("audit:trail")).status_code == 302


def test_filters_by_act_and_pages_by_key(page_of, auditor, location):
    events(location, 60)
    events(location, 2, action="test.other")
    reader = page_of(auditor)
    first = reader.get(reverse("audit:trail"), {"action": "test.done"})
    assert len(first.context["rows"]) == 50
    second = reader.get(reverse("audit:trail") + first.context["page"]["next"])
    assert len(second.context["rows"]) == 10
    assert {event.action for event, *_ in second.context["rows"]} == {"test.done"}


def test_a_bad_filter_is_refused_beside_the_field(page_of, auditor):
    answer = page_of(auditor).get(reverse("audit:trail"), {"patient": "not-an-id"})
    assert answer.status_code == 422
    assert "patient" in answer.context["form"].errors


@pytest.mark.parametrize("count", [3, 12])
def test_the_screen_takes_the_same_queries_however_many_rows(
    page_of, auditor, location, count, django_assert_num_queries
):
    events(location, count, actor=auditor)
    reader = page_of(auditor)
    reader.get(reverse("audit:trail"))
    with django_assert_num_queries(4):
        reader.get(reverse("audit:trail"))


def test_the_api_lists_and_filters(api, auditor, location):
    events(location, 3)
    answer = api(auditor).get("/api/v1/audit-events/", {"action": "test.done", "per_page": 2})
    assert [row["action"] for row in answer.data["results"]] == ["test.done"] * 2
    assert answer.data["next"]


def test_the_api_refuses_a_bad_filter(api, auditor):
    answer = api(auditor).get("/api/v1/audit-events/", {"patient": "x"})
    assert answer.status_code == 400
    assert "patient" in answer.data["fields"]
