from datetime import timedelta

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from sessions.services import record_trigger_point
from tests.factories import PatientFactory, RoomFactory, ServiceFactory, TreatmentSessionFactory, UserFactory
from tests.sessions.factories import MONDAY_NINE, draft_session, signed_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(page_of, therapist):
    return page_of(therapist)


@pytest.fixture
def patient(therapist, location):
    return PatientFactory(locations=[location], care_team=[therapist])


def many(patient, therapist, location, count):
    known = {
        "patient": patient,
        "therapist": therapist,
        "location": location,
        "service": ServiceFactory(),
        "episode": patient.episodes.first() or TreatmentSessionFactory(patient=patient).episode,
    }
    return [
        TreatmentSessionFactory(performed_at=MONDAY_NINE + timedelta(days=number // 2), **known)
        for number in range(count)
    ]


def where(patient):
    return reverse("sessions:patient", args=[patient.public_id])


def test_lists_sessions_newest_first_page_by_page(page_of, therapist, location, patient):
    rows = many(patient, therapist, location, 45)
    page = page_of(therapist)
    seen = []
    address = where(patient)
    for size in (20, 20, 6):
        shown = page.get(address).context["page"]
        assert len(shown.sessions) == size
        seen += shown.sessions
        address = f"{where(patient)}?after={shown.older_after}"
    assert shown.older_after == ""
    in_order = sorted(patient.treatment_sessions.all(), key=lambda row: (row.performed_at, row.pk), reverse=True)
    assert seen == in_order
    assert len(rows) == 45


def test_one_visit_to_the_page_is_one_trace(page_of, therapist, location, patient):
    page = page_of(therapist)
    before = AuditEvent.objects.count()
    page.get(where(patient))
    event = AuditEvent.objects.order_by("-id").first()
    assert AuditEvent.objects.count() == before + 1
    assert (event.action, event.patient_id, event.facts) == (
        "patient.read",
        patient.public_id,
        {"screen": "sessions"},
    )


def test_the_ledger_holds_each_point_once_as_it_was_found_last(page_of, therapist, location, patient):
    first = draft_session(therapist, location, patient=patient)
    row = record_trigger_point(session=first, muscle="soleus", side="left", status="active", tenderness=3, by=therapist)
    record_trigger_point(session=first, muscle="trap_upper", side="right", status="latent", by=therapist)
    second = draft_session(therapist, location, patient=patient, starts_at=MONDAY_NINE + timedelta(days=7))
    record_trigger_point(session=second, trigger_point=row.trigger_point, status="resolved", tenderness=0, by=therapist)
    ledger = page_of(therapist).get(where(patient)).context["ledger"]
    assert [(line.muscle.key, line.latest.status, line.latest.session, line.times_seen) for line in ledger] == [
        ("trap_upper", "latent", first, 1),
        ("soleus", "resolved", second, 2),
    ]


@pytest.mark.parametrize("count", [3, 12])
def test_the_list_costs_the_same_for_any_number_of_sessions(page, patient, location, count, django_assert_num_queries):
    therapist = patient.care_team.get().therapist
    for number in range(count):
        at = MONDAY_NINE + timedelta(days=number)
        signed_session(therapist, location, patient=patient, starts_at=at, room=RoomFactory(location=location))
    page.get(where(patient))
    # session, user; patient; sessions; audit; ledger (2)
    with django_assert_num_queries(8):
        answer = page.get(where(patient))
    assert len(answer.context["page"].sessions) == count


def test_a_patient_without_sessions_is_told_where_they_begin(page_of, therapist, patient):
    assert "No sessions yet" in page_of(therapist).get(where(patient)).content.decode()


@pytest.mark.parametrize("after", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_page_after_nothing_does_not_exist(page_of, therapist, patient, after):
    assert page_of(therapist).get(f"{where(patient)}?after={after}").status_code == 404


def test_a_stranger_finds_nothing_and_the_desk_may_not(page_of, patient, location, stranger):
    assert page_of(stranger).get(where(patient)).status_code == 404
    for role in ("admin", "front_desk"):
        assert page_of(UserFactory(roles=[role], locations=[location])).get(where(patient)).status_code == 403
