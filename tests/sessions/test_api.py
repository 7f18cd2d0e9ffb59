from datetime import timedelta

import pytest

from audit.models import AuditEvent
from sessions import catalogue
from sessions.content import verify
from sessions.models import Addendum, TreatmentSession, TriggerPoint, TriggerPointObservation
from sessions.services import add_addendum, record_motion, record_trigger_point, save_note
from tests.factories import UserFactory
from tests.sessions.factories import (
    MONDAY_NINE,
    NOTE,
    arrived_visit,
    booked_visit,
    draft_session,
    full_draft,
    raise_flag,
    signed_session,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(api, therapist):
    return api(therapist)


@pytest.fixture
def draft(therapist, location):
    return draft_session(therapist, location)


def where(session, *more):
    return "/".join(["/api/v1/sessions", str(session.public_id), *map(str, more), ""])


def test_starts_a_session_from_an_appointment(client, therapist, location):
    visit = arrived_visit(therapist, location)
    answer = client.post("/api/v1/sessions/", {"appointment_id": str(visit.public_id)}, format="json")
    session = TreatmentSession.objects.get()
    assert answer.status_code == 201
    assert answer["ETag"] == '"1"'
    body = answer.json()
    assert body["id"] == str(session.public_id)
    assert body["appointment_id"] == str(visit.public_id)
    assert body["state"] == "draft"
    assert body["missing"] == ["pain_before", "note", "pain_after"]
    again = client.post("/api/v1/sessions/", {"appointment_id": str(visit.public_id)}, format="json")
    assert again.json()["id"] == body["id"]
    assert TreatmentSession.objects.count() == 1


def test_the_same_key_gives_the_same_answer(client, draft):
    body = {"technique": "effleurage", "region": "HAND", "side": "left", "minutes": 5}
    key = {"Idempotency-Key": "tablet-1"}
    first = client.post(where(draft, "techniques"), body, format="json", headers=key)
    second = client.post(where(draft, "techniques"), body, format="json", headers=key)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert draft.techniques.count() == 1


def test_a_refused_start_is_a_problem_with_its_code(client, therapist, location):
    visit = booked_visit(therapist, location)
    answer = client.post("/api/v1/sessions/", {"appointment_id": str(visit.public_id)}, format="json")
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["facts"]) == ("appointment_not_arrived", {"status": "booked"})
    assert not TreatmentSession.objects.exists()


def test_the_note_is_saved_in_parts_with_the_version_read(client, draft):
    answer = client.patch(where(draft), {"plan": "Rest", "pain_before": 4}, format="json", headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    assert answer["ETag"] == '"2"'
    assert (answer.json()["plan"], answer.json()["pain_before"], answer.json()["version"]) == ("Rest", 4, 2)


def test_without_the_version_nothing_is_saved(client, draft):
    assert client.patch(where(draft), {"plan": "Rest"}, format="json").status_code == 428
    assert TreatmentSession.objects.get().plan == ""


def test_an_old_version_is_refused(client, draft, therapist):
    save_note(session=draft, changes={"plan": "Theirs"}, expected_version=1, by=therapist)
    answer = client.patch(where(draft), {"plan": "Mine"}, format="json", headers={"If-Match": '"1"'})
    assert answer.status_code == 412
    assert answer.json()["facts"] == {"current_version": 2}
    assert TreatmentSession.objects.get().plan == "Theirs"


@pytest.mark.parametrize("body", [{"pain_before": 11}, {"state": "signed"}, {"plan": None}, {"pain_after": "a lot"}])
def test_a_wrong_note_is_refused_by_field(client, draft, body):
    answer = client.patch(where(draft), body, format="json", headers={"If-Match": '"1"'})
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == list(body)
    assert TreatmentSession.objects.get().version == 1


def test_reading_one_session_gives_all_of_it_and_leaves_a_trace(client, therapist, location):
    signed = signed_session(therapist, location)
    add_addendum(session=signed, text="Later thought", by=therapist)
    before = AuditEvent.objects.count()
    answer = client.get(where(signed))
    body = answer.json()
    assert answer["ETag"] == signed.etag
    assert {name: body[name] for name in NOTE} == NOTE
    assert body["performed_at"] == "2026-01-12T14:00:00.000000Z"
    assert body["signed_by_id"] == str(therapist.public_id)
    assert body["content_digest"] == signed.content_digest
    assert [(row["muscle"], row["side"], row["x"]) for row in body["trigger_points"]] == [("trap_upper", "left", 320)]
    assert [(row["joint"], row["end"], row["unit"]) for row in body["motions"]] == [("cervical", 55, "deg")]
    assert [row["minutes"] for row in body["techniques"]] == [12]
    assert [row["text"] for row in body["addenda"]] == ["Later thought"]
    assert AuditEvent.objects.count() == before + 1
    assert AuditEvent.objects.order_by("-id").first().facts == {"screen": "session"}


def test_the_list_carries_nothing_clinical_and_filters(client, therapist, location):
    signed = signed_session(therapist, location)
    draft = draft_session(therapist, location, starts_at=MONDAY_NINE + timedelta(days=1))
    rows = client.get("/api/v1/sessions/").json()["results"]
    assert {row["id"] for row in rows} == {str(signed.public_id), str(draft.public_id)}
    assert not {"subjective", "pain_before", "trigger_points"} & set(rows[0])
    by_state = client.get("/api/v1/sessions/", {"state": "signed"}).json()["results"]
    assert [row["id"] for row in by_state] == [str(signed.public_id)]
    by_patient = client.get("/api/v1/sessions/", {"patient": str(draft.patient.public_id)}).json()["results"]
    assert [row["id"] for row in by_patient] == [str(draft.public_id)]
    since = client.get("/api/v1/sessions/", {"updated_since": draft.updated_at.isoformat()}).json()["results"]
    assert [row["id"] for row in since] == [str(draft.public_id)]


@pytest.mark.parametrize("query", [{"state": "lost"}, {"patient": "nobody"}, {"updated_since": "yesterday"}])
def test_a_filter_that_means_nothing_is_refused(client, query):
    answer = client.get("/api/v1/sessions/", query)
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == list(query)


@pytest.mark.parametrize("count", [3, 12])
def test_the_list_costs_the_same_for_any_number(client, therapist, location, count, django_assert_num_queries):
    for number in range(count):
        draft_session(therapist, location, starts_at=MONDAY_NINE + timedelta(days=number))
    with django_assert_num_queries(1):
        answer = client.get("/api/v1/sessions/")
    assert len(answer.json()["results"]) == count


def test_findings_are_recorded_listed_and_removed(client, draft):
    bodies = {
        "trigger-points": {"muscle": "soleus", "side": "left", "status": "active", "tenderness": 2},
        "motions": {"joint": "knee", "motion": "flexion", "side": "left", "start": -5, "end": 130},
        "techniques": {"technique": "leg_pull", "region": "HIP.LAT", "side": "left", "minutes": 6, "pressure": 2},
    }
    for noun, body in bodies.items():
        made = client.post(where(draft, noun), body, format="json")
        assert made.status_code == 201, made.json()
        assert body.items() <= made.json().items()
        listed = client.get(where(draft, noun)).json()["results"]
        assert listed == [made.json()]
        assert client.delete(where(draft, noun, made.json()["id"])).status_code == 204
        assert client.get(where(draft, noun)).json()["results"] == []
        assert client.delete(where(draft, noun, made.json()["id"])).status_code == 404


def test_a_known_point_is_found_again_by_its_id(client, draft, therapist, location):
    first = client.post(
        where(draft, "trigger-points"), {"muscle": "soleus", "side": "left", "status": "active"}, format="json"
    ).json()
    later = draft_session(therapist, location, patient=draft.patient, starts_at=MONDAY_NINE + timedelta(days=7))
    again = {"trigger_point_id": first["trigger_point_id"], "status": "resolved"}
    second = client.post(where(later, "trigger-points"), again, format="json")
    assert second.status_code == 201
    assert second.json()["trigger_point_id"] == first["trigger_point_id"]
    assert TriggerPoint.objects.count() == 1
    assert TriggerPointObservation.objects.count() == 2


def test_a_point_of_another_patient_does_not_exist(client, draft, therapist, location):
    other = full_draft(therapist, location, starts_at=MONDAY_NINE + timedelta(days=1))
    theirs = TriggerPoint.objects.get()
    answer = client.post(
        where(draft, "trigger-points"), {"trigger_point_id": str(theirs.public_id), "status": "active"}, format="json"
    )
    assert answer.status_code == 404
    assert not draft.point_observations.exists()
    stolen = other.techniques.get().public_id
    assert client.delete(where(draft, "techniques", stolen)).status_code == 404
    assert other.techniques.exists()


@pytest.mark.parametrize(
    ("noun", "body", "refusal"),
    [
        ("trigger-points", {"status": "active"}, (400, "non_field_errors")),
        ("trigger-points", {"muscle": "heart", "side": "left", "status": "active"}, (422, "muscle")),
        ("trigger-points", {"muscle": "soleus", "side": "left", "status": "gone"}, (400, "status")),
        ("trigger-points", {"muscle": "soleus", "side": "left", "status": "active", "colour": "red"}, (400, "colour")),
        ("motions", {"joint": "tail", "motion": "wag", "end": 3}, (422, "motion")),
        ("motions", {"joint": "knee", "motion": "flexion", "side": "left"}, (400, "end")),
        ("motions", {"joint": "knee", "motion": "flexion", "end": 3}, (422, "side")),
        ("techniques", {"technique": "magic", "region": "HAND", "side": "left", "minutes": 3}, (422, "technique")),
        ("techniques", {"technique": "effleurage", "region": "HAND", "side": "left", "minutes": 0}, (400, "minutes")),
    ],
)
def test_a_wrong_finding_is_refused_by_field(client, draft, noun, body, refusal):
    answer = client.post(where(draft, noun), body, format="json")
    assert (answer.status_code, *answer.json()["fields"]) == refusal
    assert not TriggerPoint.objects.exists()
    assert not draft.motions.exists()
    assert not draft.techniques.exists()


def test_signs_and_then_takes_only_addenda(client, therapist, location):
    draft = full_draft(therapist, location)
    answer = client.post(where(draft, "sign"))
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["missing"]) == ("signed", [])
    fresh = TreatmentSession.objects.get()
    assert answer["ETag"] == fresh.etag
    assert verify(fresh)
    again = client.post(where(draft, "sign"))
    assert (again.status_code, again.json()["code"]) == (409, "session_already_signed")
    late = client.patch(where(draft), {"plan": "Late"}, format="json", headers={"If-Match": fresh.etag})
    assert (late.status_code, late.json()["code"]) == (409, "session_already_signed")
    added = client.post(where(draft, "addenda"), {"text": "Later thought"}, format="json")
    assert added.status_code == 201
    assert added.json()["author_id"] == str(therapist.public_id)
    assert client.get(where(draft, "addenda")).json()["results"] == [added.json()]
    assert client.delete(where(draft, "addenda", added.json()["id"])).status_code in {404, 405}
    assert Addendum.objects.count() == 1


def test_signing_what_was_not_read_is_refused(client, therapist, location):
    draft = full_draft(therapist, location)
    answer = client.post(where(draft, "sign"), headers={"If-Match": '"1"'})
    assert answer.status_code == 412
    assert TreatmentSession.objects.get().state == "draft"


def test_an_unfinished_or_blocked_note_is_not_signed(client, draft, therapist, location):
    answer = client.post(where(draft, "sign"))
    assert answer.status_code == 422
    assert answer.json()["code"] == "session_incomplete"
    assert answer.json()["facts"] == {"missing": ["pain_before", "note", "pain_after"]}
    full = full_draft(therapist, location, starts_at=MONDAY_NINE + timedelta(days=1))
    raise_flag(full.patient)
    blocked = client.post(where(full, "sign"))
    assert (blocked.status_code, blocked.json()["code"]) == (409, "screening_blocks_session")
    assert "absolute_flag" in blocked.json()["facts"]["reasons"]
    assert set(TreatmentSession.objects.values_list("state", flat=True)) == {"draft"}


@pytest.mark.parametrize(
    ("noun", "count", "first"),
    [("muscles", 63, "masseter"), ("motions", 41, "cervical"), ("techniques", 23, "sustained_pressure")],
)
def test_the_catalogues_are_read_by_every_member_of_staff(api, location, noun, count, first):
    for role in ("admin", "therapist", "front_desk", "auditor"):
        body = api(UserFactory(roles=[role], locations=[location])).get(f"/api/v1/{noun}/").json()
        assert (body["next"], body["previous"], len(body["results"])) == (None, None, count)
        assert first in body["results"][0].values()
    assert api().get(f"/api/v1/{noun}/").status_code == 401


def test_the_body_regions_are_read_too(client):
    body = client.get("/api/v1/body-regions/").json()
    assert len(body["results"]) == 35
    assert body["results"][0] == {"code": "HEAD.JAW", "name": "Jaw"}


def test_a_point_is_recorded_in_full_by_the_api(client, draft, therapist):
    body = {
        "muscle": "soleus",
        "side": "left",
        "status": "active",
        "tenderness": 3,
        "tenderness_after": 1,
        "palpation_pain": 6,
        "threshold_readings": ["10", 11, 12.5],
        "threshold_unit": "lbf",
        "threshold_device": "Gauge 7",
        "probe_area_cm2": "0.50",
        "technique": "trigger_point_pressure",
        "seconds_held": 60,
        "rater_id": str(therapist.public_id),
    }
    answer = client.post(where(draft, "trigger-points"), body, format="json")
    assert answer.status_code == 201, answer.json()
    said = answer.json()
    assert said["threshold_trials_kpa"] == ["889.644", "978.609", "1112.055"]
    assert (said["threshold_kpa"], said["threshold_after_kpa"]) == ("993.4", None)
    assert (said["threshold_unit"], said["probe_area_cm2"], said["rater_id"]) == (
        "lbf",
        "0.50",
        str(therapist.public_id),
    )
    assert client.get(where(draft)).json()["trigger_points"][0]["seconds_held"] == 60


@pytest.mark.parametrize(
    ("noun", "changes", "refusal"),
    [
        ("trigger-points", {"threshold_readings": ["3"]}, (422, "threshold_unit")),
        ("trigger-points", {"threshold_readings": ["x"]}, (400, "threshold_readings")),
        ("trigger-points", {"palpation_pain": 11}, (400, "palpation_pain")),
        ("trigger-points", {"seconds_held": 30}, (422, "technique")),
        ("trigger-points", {"rater_id": "00000000-0000-4000-8000-000000000000"}, (400, "rater_id")),
        ("motions", {"end_feel": "nice"}, (400, "end_feel")),
        ("motions", {"unit": "mm"}, (422, "unit")),
    ],
)
def test_a_finding_in_full_is_refused_by_field(client, draft, noun, changes, refusal):
    known = {
        "trigger-points": {"muscle": "soleus", "side": "left", "status": "active"},
        "motions": {"joint": "knee", "motion": "flexion", "side": "left", "end": 100},
    }[noun]
    status, field = refusal
    answer = client.post(where(draft, noun), {**known, **changes}, format="json")
    assert answer.status_code == status, answer.json()
    assert field in answer.json()["fields"]
    assert not TriggerPointObservation.objects.exists()
    assert not draft.motions.exists()


def test_progress_tells_what_became_of_points_and_motions(client, therapist, location):
    first = full_draft(therapist, location)
    later = draft_session(therapist, location, patient=first.patient, starts_at=MONDAY_NINE + timedelta(days=7))
    point = TriggerPoint.objects.get()
    known = {"trigger_point_id": str(point.public_id), "status": "active", "tenderness": 1, "tenderness_after": 0}
    client.post(where(later, "trigger-points"), known, format="json")
    motion = {"joint": "cervical", "motion": "rotation", "side": "right", "end": 70}
    client.post(where(later, "motions"), motion, format="json")
    before = AuditEvent.objects.count()
    body = client.get(where(later, "progress")).json()
    assert AuditEvent.objects.count() == before + 1
    sign = {"name": "tenderness", "before": "3.0", "now": "1.0", "verdict": "better"}
    assert body["trigger_points"] == [
        {
            "id": str(later.point_observations.get().public_id),
            "trigger_point_id": str(point.public_id),
            "change": {"kind": "better", "signs": [sign]},
            "effect": [{**sign, "before": "1.0", "now": "0.0"}],
        }
    ]
    assert body["motions"] == [
        {
            "id": str(later.motions.get().public_id),
            "percent_of_other_side": None,
            "from_norm": 0,
            "change": {
                "session_id": str(first.public_id),
                "end": 15,
                "start": 0,
                "unit": "deg",
                "error": 8.0,
                "is_beyond_error": True,
            },
        }
    ]


@pytest.mark.parametrize("count", [3, 9])
def test_a_session_and_its_progress_cost_the_same_for_any_number(
    client, therapist, location, count, django_assert_num_queries
):
    draft = draft_session(therapist, location)
    for muscle in list(catalogue.muscles())[:count]:
        record_trigger_point(session=draft, muscle=muscle, side="left", status="active", by=therapist)
    for motion in list(catalogue.motions().values())[:count]:
        record_motion(
            session=draft, joint=motion.joint, motion=motion.motion, side=motion.sides[0], end=9, by=therapist
        )
    # the session; points, where they are, who examined; motions, who measured; techniques; addenda; audit
    with django_assert_num_queries(11):
        client.get(where(draft))
    # the session; audit; points now and before; motions now and before
    with django_assert_num_queries(6):
        client.get(where(draft, "progress"))


def test_the_ledger_of_a_patient_is_read_by_those_who_treat(client, api, therapist, location):
    first = full_draft(therapist, location)
    ledger = f"/api/v1/patients/{first.patient.public_id}/trigger-points/"
    [line] = client.get(ledger).json()["results"]
    assert (line["muscle"], line["side"], line["times_seen"]) == ("trap_upper", "left", 1)
    assert line["change"] == {"kind": "new", "signs": []}
    assert [(one["status"], one["tenderness"]) for one in line["course"]] == [("active", 3)]
    events = AuditEvent.objects.count()
    desk = api(UserFactory(roles=["front_desk"], locations=[location]))
    assert desk.get(ledger).status_code == 403
    assert AuditEvent.objects.count() == events


def test_complaints_are_a_catalogue(client):
    rows = client.get("/api/v1/complaints/").json()["results"]
    assert [row["key"] for row in rows] == list(catalogue.complaints())
