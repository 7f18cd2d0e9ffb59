"""Every door, tried by somebody it is not for: what is hidden does not exist, and nothing changes."""

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from questionnaires.services.publishing import load_shipped
from screening.changes import QUESTIONS
from sessions.models import (
    Addendum,
    RangeOfMotion,
    RegionalPain,
    TechniqueUse,
    TreatmentSession,
    TriggerPoint,
    TriggerPointObservation,
)
from sessions.services import add_addendum
from tests.factories import UserFactory
from tests.sessions.factories import MONDAY_NINE, arrived_visit, full_draft, signed_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(therapist, location):
    load_shipped()
    draft = full_draft(therapist, location)
    signed = signed_session(therapist, location, starts_at=MONDAY_NINE.replace(day=13))
    visit = arrived_visit(therapist, location, starts_at=MONDAY_NINE.replace(day=14))
    return {"draft": draft, "signed": signed, "visit": visit}


def pages(rows):
    """Method, address, body of every page about a session or patient."""
    draft, signed, visit = rows["draft"], rows["signed"], rows["visit"]
    point = draft.point_observations.get()
    note = {"version": 1, "plan": "x", "pain_before": 1, "pain_after": 1}
    finding = {"muscle": "soleus", "side": "left", "status": "active"}
    motion = {"motion": "knee.flexion", "side": "left", "end": 9}
    technique = {"technique": "effleurage", "region": "HAND", "side": "left", "minutes": 3}

    def at(name, session, *more):
        return reverse(f"sessions:{name}", args=[session.public_id, *more])

    return [
        ("post", at("start", visit), {}),
        ("get", reverse("sessions:patient", args=[draft.patient.public_id]), {}),
        ("get", at("session", draft), {}),
        ("get", at("session", signed), {}),
        ("post", at("save-note", draft), note),
        ("post", at("sign", draft), note),
        ("post", at("changes", draft), dict.fromkeys(QUESTIONS, "no")),
        ("post", at("add-addendum", signed), {"text": "x"}),
        ("get", at("new-point", draft), {}),
        ("post", at("new-point", draft), finding),
        ("get", at("known-point", draft, point.trigger_point.public_id), {}),
        ("post", at("known-point", draft, point.trigger_point.public_id), {"status": "latent"}),
        ("post", at("remove-point", draft, point.public_id), {}),
        ("post", at("add-pain", draft), {"region": "HAND", "side": "left", "kind": "rest", "before": 1}),
        ("get", at("change-pain", draft, draft.regional_pains.get().public_id), {}),
        ("post", at("remove-pain", draft, draft.regional_pains.get().public_id), {}),
        ("post", at("add-motion", draft), motion),
        ("post", at("remove-motion", draft, draft.motions.get().public_id), {}),
        ("post", at("add-technique", draft), technique),
        ("post", at("remove-technique", draft, draft.techniques.get().public_id), {}),
    ]


def api_doors(rows):
    """Method, address, body of every API door about a session."""
    draft, signed, visit = rows["draft"], rows["signed"], rows["visit"]
    finding = {"muscle": "soleus", "side": "left", "status": "active"}
    motion = {"joint": "knee", "motion": "flexion", "side": "left", "end": 9}
    technique = {"technique": "effleurage", "region": "HAND", "side": "left", "minutes": 3}

    def at(session, *more):
        return "/".join(["/api/v1/sessions", str(session.public_id), *map(str, more), ""])

    return [
        ("post", "/api/v1/sessions/", {"appointment_id": str(visit.public_id)}),
        ("get", at(draft), None),
        ("patch", at(draft), {"plan": "x"}),
        ("post", at(draft, "sign"), None),
        ("post", at(draft, "changes"), {"answers": dict.fromkeys(QUESTIONS, "no")}),
        ("get", at(draft, "trigger-points"), None),
        ("post", at(draft, "trigger-points"), finding),
        ("delete", at(draft, "trigger-points", draft.point_observations.get().public_id), None),
        ("get", at(draft, "regional-pains"), None),
        ("post", at(draft, "regional-pains"), {"region": "HAND", "side": "left", "kind": "rest", "before": 1}),
        ("delete", at(draft, "regional-pains", draft.regional_pains.get().public_id), None),
        ("get", at(draft, "motions"), None),
        ("post", at(draft, "motions"), motion),
        ("delete", at(draft, "motions", draft.motions.get().public_id), None),
        ("get", at(draft, "techniques"), None),
        ("post", at(draft, "techniques"), technique),
        ("delete", at(draft, "techniques", draft.techniques.get().public_id), None),
        ("get", at(draft, "progress"), None),
        ("get", f"/api/v1/patients/{draft.patient.public_id}/trigger-points/", None),
        ("get", at(signed, "addenda"), None),
        ("post", at(signed, "addenda"), {"text": "x"}),
    ]


def untouched(rows, events):
    assert AuditEvent.objects.count() == events
    draft = TreatmentSession.objects.get(pk=rows["draft"].pk)
    assert (draft.state, draft.version, draft.plan) == ("draft", rows["draft"].version, rows["draft"].plan)
    assert (draft.point_observations.count(), draft.motions.count(), draft.techniques.count()) == (1, 1, 1)
    assert draft.regional_pains.get().before == 6
    assert not rows["signed"].addenda.exists()
    rows["visit"].refresh_from_db()
    assert rows["visit"].status == "arrived"
    assert TreatmentSession.objects.count() == 2


def test_a_stranger_finds_no_page_and_reads_no_name(page_of, rows, stranger):
    events = AuditEvent.objects.count()
    page = page_of(stranger)
    for method, address, body in pages(rows):
        answer = getattr(page, method)(address, body)
        assert answer.status_code == 404, (method, address)
        assert rows["draft"].patient.family_name not in answer.content.decode()
    untouched(rows, events)


def test_a_colleague_who_does_not_care_for_the_patient_finds_no_page(page_of, rows, location):
    events = AuditEvent.objects.count()
    page = page_of(UserFactory(locations=[location]))
    for method, address, body in pages(rows):
        assert getattr(page, method)(address, body).status_code == 404, (method, address)
    untouched(rows, events)


@pytest.mark.parametrize("role", ["admin", "front_desk"])
def test_the_desk_and_admins_may_see_no_page(page_of, rows, location, role):
    events = AuditEvent.objects.count()
    page = page_of(UserFactory(roles=[role], locations=[location]))
    for method, address, body in pages(rows):
        assert getattr(page, method)(address, body).status_code == 403, (method, address)
    untouched(rows, events)


def test_an_auditor_writes_nothing(page_of, api, rows, auditor):
    page, client = page_of(auditor), api(auditor)
    events = AuditEvent.objects.count()
    for method, address, body in pages(rows):
        if method == "post":
            assert page.post(address, body).status_code == 403, address
    for method, address, body in api_doors(rows):
        if method != "get":
            answer = getattr(client, method)(address, body, format="json", headers={"If-Match": '"2"'})
            assert answer.status_code == 403, (method, address)
    untouched(rows, events)


def test_a_stranger_finds_nothing_in_the_api(api, rows, stranger):
    events = AuditEvent.objects.count()
    client = api(stranger)
    for method, address, body in api_doors(rows):
        answer = getattr(client, method)(address, body, format="json", headers={"If-Match": '"2"'})
        assert answer.status_code == 404, (method, address)
    assert client.get("/api/v1/sessions/").json()["results"] == []
    untouched(rows, events)


@pytest.mark.parametrize("role", ["admin", "front_desk"])
def test_the_desk_and_admins_get_nothing_clinical_from_the_api(api, rows, location, role):
    events = AuditEvent.objects.count()
    client = api(UserFactory(roles=[role], locations=[location]))
    for method, address, body in api_doors(rows):
        answer = getattr(client, method)(address, body, format="json", headers={"If-Match": '"2"'})
        assert answer.status_code in {403, 404}, (method, address)
    assert client.get("/api/v1/sessions/").json()["results"] == []
    untouched(rows, events)


def test_nobody_signed_in_is_sent_away(client, api, rows):
    for method, address, body in pages(rows):
        answer = getattr(client, method)(address, body)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith("/sign-in/")
    for method, address, body in api_doors(rows):
        assert getattr(api(), method)(address, body, format="json").status_code == 401


def test_rows_of_a_session_are_seen_by_whoever_sees_the_session(rows, request):
    add_addendum(session=rows["signed"], text="x", by=request.getfixturevalue("therapist"))
    models = (
        TreatmentSession,
        TriggerPoint,
        TriggerPointObservation,
        RangeOfMotion,
        RegionalPain,
        TechniqueUse,
        Addendum,
    )
    for model in models:
        everything = model.objects.count()
        for name in ("therapist", "auditor", "stranger", "admin", "front_desk"):
            seen = everything if name in {"therapist", "auditor"} else 0
            assert model.objects.visible_to(request.getfixturevalue(name)).count() == seen, (model, name)
