"""The plan of care: versions, goals measured from the records, ratings, discharge; and its doors."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from audit.models import AuditEvent
from clinic.core.errors import Changed, Invalid, NotAllowed, NotFound
from outcomes.services import record_pain_score
from patients.errors import NoSuchPatient
from patients.models import Episode
from patients.services import open_episode
from sessions.errors import EpisodeClosed, NotesUnsigned
from sessions.goals import standing_of
from sessions.models import CarePlan, Discharge, GoalRating
from sessions.services import discharge_episode, rate_goal, save_plan
from tests.sessions.factories import MONDAY_NINE, draft_session, signed_session

pytestmark = pytest.mark.django_db
LIFT = {"words": "Lift my child", "measure": "rating", "baseline": 2, "target": 8}
PAIN = {"words": "Less pain", "measure": "pain", "target": 2}
TURN = {
    "words": "Look over my shoulder", "measure": "motion", "joint": "cervical", "motion": "rotation", "side": "right",
    "target": 75,
}  # fmt: skip
PLAN = {"problem": "Stiff neck.", "planned_visits": 6, "days_between_visits": 7}


@pytest.fixture
def session(therapist, location):
    return signed_session(therapist, location)


@pytest.fixture
def episode(session):
    return session.episode


def agree(episode, by, goals=(LIFT,), number=0, **more):
    return save_plan(episode=episode, goals=goals, expected_number=number, by=by, **{**PLAN, **more})


def goals_of(episode, by):
    return standing_of(episode=episode, user=by).goals


def refused(error, episode, act, **counts):
    audited = AuditEvent.objects.count()
    before = (CarePlan.objects.count(), GoalRating.objects.count(), Discharge.objects.count())
    with pytest.raises(error) as refusal:
        act()
    assert (CarePlan.objects.count(), GoalRating.objects.count(), Discharge.objects.count()) == before
    assert AuditEvent.objects.count() == audited
    return refusal.value


def test_goals_begin_where_the_records_stand(episode, therapist):
    plan = agree(episode, therapist, [PAIN, TURN, LIFT])
    assert [(goal.baseline, goal.target) for goal in plan.goals.order_by("position")] == [(6, 2), (55, 75), (2, 8)]
    assert AuditEvent.objects.get(action="plan.agreed").facts == {
        "episode_id": str(episode.public_id), "number": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("begins_ends_now", "percent", "is_worse"),
    [
        ((8, 2, 8), 0, False),
        ((8, 2, 5), 50, False),
        ((8, 2, 2), 100, False),
        ((8, 2, 0), 100, False),
        ((8, 2, 9), 0, True),
        ((2, 8, 1), 0, True),
        ((2, 8, 4), 33, False),
    ],
)
def test_progress_is_the_share_of_the_way(episode, therapist, begins_ends_now, percent, is_worse):
    baseline, target, now = begins_ends_now
    goal = agree(episode, therapist, [{**LIFT, "baseline": baseline, "target": target}]).goals.get()
    rate_goal(episode=episode, goal_id=goal.goal_id, score=now, by=therapist)
    one = goals_of(episode, therapist)[0]
    assert (one.percent, one.is_reached, one.is_worse) == (percent, percent == 100, is_worse)


def test_pain_just_after_a_session_says_nothing_about_the_course(episode, therapist, session):
    agree(episode, therapist, [PAIN])
    assert goals_of(episode, therapist)[0].now.value == 6
    record_pain_score(
        patient=session.patient, episode=episode, score=4, moment="follow_up", by=therapist,
        measured_at=session.performed_at + timedelta(days=2), source_key=f"survey:{uuid.uuid4()}",
    )  # fmt: skip
    one = goals_of(episode, therapist)[0]
    assert (one.now.value, one.percent) == (4, 50)


def test_a_change_is_a_new_version_and_ratings_stay_with_their_goal(episode, therapist):
    goal = agree(episode, therapist).goals.get()
    rate_goal(episode=episode, goal_id=goal.goal_id, score=5, by=therapist)
    agree(episode, therapist, [PAIN, {**LIFT, "goal_id": goal.goal_id, "target": 10}], number=1, planned_visits=8)
    assert [(one.number, one.planned_visits) for one in CarePlan.objects.order_by("number")] == [(1, 6), (2, 8)]
    assert [one.now.value for one in goals_of(episode, therapist)] == [6, 5]
    assert AuditEvent.objects.filter(action="plan.changed").count() == 1


def test_of_two_changes_of_one_version_one_wins(episode, therapist):
    agree(episode, therapist)
    error = refused(Changed, episode, lambda: agree(episode, therapist))
    assert error.facts == {"current_version": 1}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"problem": " "}, "problem"),
        ({"planned_visits": 0}, "planned_visits"),
        ({"days_between_visits": 91}, "days_between_visits"),
        ({"goals": []}, "goals"),
        ({"goals": [LIFT] * 7}, "goals"),
        ({"goals": [{**LIFT, "words": ""}]}, "goals.1.words"),
        ({"goals": [LIFT, {**LIFT, "measure": "hope"}]}, "goals.2.measure"),
        ({"goals": [{**LIFT, "target": 11}]}, "goals.1.target"),
        ({"goals": [{**LIFT, "target": 2}]}, "goals.1"),
        ({"goals": [{**LIFT, "baseline": None}]}, "goals.1"),
        ({"goals": [{**LIFT, "goal_id": uuid.uuid4()}]}, "goals"),
        ({"goals": [{**TURN, "motion": "bowing"}]}, "goals.1.motion"),
        ({"goals": [{**TURN, "side": "midline"}]}, "goals.1.side"),
        ({"goals": [{**TURN, "mode": "x"}]}, "goals.1.mode"),
    ],
)
def test_what_is_not_a_plan(episode, therapist, more, field):
    error = refused(Invalid, episode, lambda: agree(episode, therapist, **more))
    assert list(error.fields) == [field]


def test_only_goals_the_patient_rates_are_rated(episode, therapist):
    pain = agree(episode, therapist, [PAIN]).goals.get()
    for goal_id in (pain.goal_id, uuid.uuid4()):
        refused(
            NotFound,
            episode,
            lambda goal_id=goal_id: rate_goal(episode=episode, goal_id=goal_id, score=1, by=therapist),
        )


def test_a_rating_is_0_to_10(episode, therapist):
    goal = agree(episode, therapist).goals.get()
    refused(Invalid, episode, lambda: rate_goal(episode=episode, goal_id=goal.goal_id, score=11, by=therapist))


def test_a_discharge_closes_the_episode_and_the_next_visit_opens_a_new_one(episode, therapist):
    agree(episode, therapist)
    row = discharge_episode(episode=episode, reason="improved", summary="Neck free.", by=therapist)
    episode.refresh_from_db()
    assert (episode.closed_on, episode.close_reason) == (row.discharged_on, "improved")
    assert open_episode(patient=episode.patient, by=therapist) != episode
    assert AuditEvent.objects.filter(action__in=["episode.closed", "episode.discharged"]).count() == 2
    refused(EpisodeClosed, episode, lambda: agree(episode, therapist, number=1))
    refused(
        EpisodeClosed, episode, lambda: discharge_episode(episode=episode, reason="cost", summary="x", by=therapist)
    )


def test_no_discharge_while_a_note_is_unsigned(episode, therapist, location):
    draft_session(therapist, location, patient=episode.patient, starts_at=MONDAY_NINE + timedelta(days=7))
    refused(
        NotesUnsigned, episode, lambda: discharge_episode(episode=episode, reason="cost", summary="x", by=therapist)
    )
    assert Episode.objects.get(pk=episode.pk).closed_on is None


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({"reason": "bored"}, "reason"),
        ({"summary": ""}, "summary"),
        ({"discharged_on": date(2099, 1, 1)}, "discharged_on"),
        ({"discharged_on": date(1999, 1, 1)}, "discharged_on"),
    ],
)
def test_what_is_not_a_discharge(episode, therapist, entries, field):
    known = {"reason": "cost", "summary": "x", **entries}
    error = refused(Invalid, episode, lambda: discharge_episode(episode=episode, by=therapist, **known))
    assert list(error.fields) == [field]


def test_only_a_therapist_of_the_care_team(episode, stranger, auditor):
    refused(NoSuchPatient, episode, lambda: agree(episode, stranger))
    refused(NotAllowed, episode, lambda: agree(episode, auditor))


@pytest.mark.parametrize("table", ["careplan", "plangoal", "goalrating", "discharge"])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET created_at = now()"])
def test_the_database_refuses_every_change(episode, therapist, table, act):
    goal = agree(episode, therapist).goals.get()
    rate_goal(episode=episode, goal_id=goal.goal_id, score=5, by=therapist)
    discharge_episode(episode=episode, reason="improved", summary="x", by=therapist)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(act.format(f"treatment_sessions_{table}"))
    assert refusal.value.__cause__.diag.constraint_name.endswith("_is_append_only")


def form_of(goals, **more):
    rows = {f"goal-{place}-{name}": value for place, goal in enumerate(goals) for name, value in goal.items()}
    return {"goal-TOTAL_FORMS": len(goals), "goal-INITIAL_FORMS": 0, "number": 0, **PLAN, **rows, **more}


def test_a_page_agrees_on_a_plan_shows_progress_and_keeps_ratings(page_of, episode, therapist):
    page = page_of(therapist)
    turn = {**TURN, "motion": "cervical.rotation"}
    answer = page.post(reverse("sessions:edit-plan", args=[episode.public_id]), form_of([LIFT, turn, {"words": ""}]))
    assert answer.status_code == 302
    goal = CarePlan.objects.get().goals.get(measure="rating")
    page.post(reverse("sessions:rate-goal", args=[episode.public_id]), {"goal_id": goal.goal_id, "score": 5})
    shown = page.get(reverse("sessions:plan", args=[episode.public_id])).content.decode()
    assert "Lift my child: 50 percent of the way" in shown
    assert "Look over my shoulder: 0 percent of the way" in shown
    assert "of 6 planned visits signed" in shown


def test_a_form_that_is_wrong_says_where_and_one_that_came_late_is_refused(page_of, episode, therapist):
    page, address = page_of(therapist), reverse("sessions:edit-plan", args=[episode.public_id])
    answer = page.post(address, form_of([LIFT, {**LIFT, "target": 12}]))
    assert answer.status_code == 422
    assert answer.context["goals"][1].errors == {"target": ["A whole number from 0 to 10."]}
    assert not CarePlan.objects.exists()
    agree(episode, therapist)
    assert page.post(address, form_of([LIFT])).status_code == 412
    assert CarePlan.objects.count() == 1


def test_a_page_discharges(page_of, episode, therapist):
    page, address = page_of(therapist), reverse("sessions:discharge", args=[episode.public_id])
    assert page.post(address, {"reason": "", "summary": "x"}).status_code == 422
    page.post(address, {"reason": "moved", "summary": "Moved to the coast."})
    assert Discharge.objects.get().reason == "moved"
    assert "Moved to the coast." in page.get(reverse("sessions:plan", args=[episode.public_id])).content.decode()


def test_the_api_reads_and_writes_the_same(api, episode, therapist):
    client, address = api(therapist), f"/api/v1/episodes/{episode.public_id}/"
    whole = {**PLAN, "goals": [LIFT, TURN]}
    assert client.put(f"{address}plan/", whole, format="json").status_code == 428
    made = client.put(f"{address}plan/", whole, format="json", headers={"If-Match": '"0"'})
    assert (made.status_code, made["ETag"]) == (200, '"1"'), made.json()
    assert client.put(f"{address}plan/", whole, format="json", headers={"If-Match": '"0"'}).status_code == 412
    goal_id = made.json()["goals"][0]["goal_id"]
    rated = client.post(f"{address}ratings/", {"goal_id": goal_id, "score": 8}, format="json")
    assert rated.status_code == 201
    read = client.get(f"{address}plan/").json()
    assert [(one["now"], one["percent"], one["is_reached"]) for one in read["goals"]] == [
        (8, 100, True),
        (55, 0, False),
    ]
    ended = client.post(f"{address}discharge/", {"reason": "improved", "summary": "Done"}, format="json")
    assert ended.json()["discharge"]["reason"] == "improved"
    assert client.get("/api/v1/episodes/").json()["results"][0]["close_reason"] == "improved"


def doors(episode):
    def at(name):
        return reverse(f"sessions:{name}", args=[episode.public_id])

    return [
        ("get", at("plan"), None), ("get", at("edit-plan"), None), ("post", at("edit-plan"), form_of([LIFT])),
        ("post", at("rate-goal"), {"goal_id": uuid.uuid4(), "score": 1}),
        ("post", at("discharge"), {"reason": "cost", "summary": "x"}),
    ]  # fmt: skip


def api_doors(episode):
    address = f"/api/v1/episodes/{episode.public_id}/"
    return [
        ("get", address, None), ("get", f"{address}plan/", None), ("put", f"{address}plan/", {**PLAN, "goals": [LIFT]}),
        ("post", f"{address}ratings/", {"goal_id": str(uuid.uuid4()), "score": 1}),
        ("post", f"{address}discharge/", {"reason": "cost", "summary": "x"}),
    ]  # fmt: skip


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("front_desk", 403)])
def test_to_others_it_does_not_exist(request, episode, who, status):
    page_of, api = request.getfixturevalue("page_of"), request.getfixturevalue("api")
    user = request.getfixturevalue(who)
    audited = AuditEvent.objects.count()
    for method, address, body in doors(episode):
        assert getattr(page_of(user), method)(address, body).status_code == status, address
    for method, address, body in api_doors(episode):
        answer = getattr(api(user), method)(address, body, format="json", headers={"If-Match": '"0"'})
        assert answer.status_code == status, (method, address)
    assert AuditEvent.objects.count() == audited
    assert not CarePlan.objects.exists()
    assert Episode.objects.get(pk=episode.pk).closed_on is None
