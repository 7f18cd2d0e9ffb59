from datetime import timedelta

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from patients.models import Medicine
from sessions.motion_courses import motion_courses_of
from sessions.services import record_motion, record_trigger_point, save_note, sign_session
from sessions.templatetags.motion_picture import motion_picture
from tests.factories import PatientFactory, RoomFactory, ServiceFactory, TreatmentSessionFactory, UserFactory
from tests.sessions.factories import MONDAY_NINE, NOTE, draft_session, raise_flag, signed_session

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
    ledger = page_of(therapist).get(where(patient)).context["now"].ledger
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
    # session, user; patient; sessions; episodes; audit; ledger (2); motions, medicines, flags, light (2), two, pain
    with django_assert_num_queries(15):
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


def test_what_changed_since_the_last_time_stands_first(page_of, therapist, location, patient):
    weekly = [MONDAY_NINE + timedelta(days=7 * number) for number in range(2)]
    first, second = (draft_session(therapist, location, patient=patient, starts_at=at) for at in weekly)
    row = record_trigger_point(session=first, muscle="soleus", side="left", status="active", tenderness=3, by=therapist)
    record_trigger_point(session=second, trigger_point=row.trigger_point, status="latent", tenderness=3, by=therapist)
    same = record_trigger_point(session=first, muscle="infraspinatus", side="left", status="latent", by=therapist)
    record_trigger_point(session=second, trigger_point=same.trigger_point, status="latent", by=therapist)
    for session, knee, neck in ((first, 100, 50), (second, 130, 52)):
        record_motion(session=session, joint="knee", motion="flexion", side="left", end=knee, by=therapist)
        record_motion(session=session, joint="cervical", motion="flexion", side="midline", end=neck, by=therapist)
        save_note(session=session, changes=NOTE, expected_version=1, by=therapist)
        sign_session(session=session, by=therapist, at=session.performed_at + timedelta(minutes=50))
    Medicine.objects.create(patient=patient, name="Ibuprofen", dose="400 mg")
    Medicine.objects.create(patient=patient, name="Naproxen", ended_on=MONDAY_NINE.date())
    raise_flag(patient, severity="relative", title="Thins the blood")
    answer = page_of(therapist).get(where(patient))
    shown = answer.context["now"]
    assert (shown.since_last.last, shown.since_last.before) == (second, first)
    assert [line.muscle.key for line in shown.since_last.points] == ["soleus"]
    # Two degrees of the neck are within measurement error.
    assert [(one.motion.key, one.since_last.end) for one in shown.since_last.motions] == [("knee.flexion", 30)]
    assert [one.name for one in shown.medicines] == ["Ibuprofen"]
    assert [(point.before, point.after) for point in shown.pain] == [(6, 3), (6, 3)]
    html = answer.content.decode()
    for words in ("Thins the blood", "30° further", "Ibuprofen 400 mg", NOTE["plan"], "100°", "130°"):
        assert words in html
    assert "Naproxen" not in html
    assert html.index("Since last time") < html.index("Sessions</h2>")


def test_each_motion_has_its_course_with_what_is_usual_and_its_error(therapist, location, patient):
    for number, end in enumerate((100, 104, 130)):
        at = MONDAY_NINE + timedelta(days=7 * number)
        session = draft_session(therapist, location, patient=patient, starts_at=at)
        record_motion(session=session, joint="knee", motion="flexion", side="left", end=end, by=therapist)
        record_motion(session=session, joint="jaw", motion="opening", side="midline", end=30 + number, by=therapist)
    knee, mouth = motion_courses_of(patient=patient, user=therapist)
    assert [row.end for row in knee.course] == [100, 104, 130]
    assert (knee.since_first.end, knee.since_last.end) == (30, 26)
    picture = motion_picture(knee)
    low = 100 - knee.since_first.error
    # The highest of all is the norm's upper end, 150; the lowest what may be error below the first.
    assert picture.norm.y == "6.0"
    assert float(picture.error.y) + float(picture.error.height) == pytest.approx(50, abs=0.2)
    assert float(picture.dots[2][1]) == pytest.approx(50 - 44 * (130 - low) / (150 - low), abs=0.1)
    assert picture.words.endswith("130°")
    # Nobody has said how well the mouth can be measured: no band.
    assert (mouth.motion.unit, motion_picture(mouth).error) == ("mm", None)


def test_a_later_page_of_the_list_repeats_nothing(page_of, therapist, location, patient):
    many(patient, therapist, location, 25)
    page = page_of(therapist)
    shown = page.get(where(patient)).context["page"]
    answer = page.get(f"{where(patient)}?after={shown.older_after}")
    assert answer.context["now"] is None
    assert "Since last time" not in answer.content.decode()
