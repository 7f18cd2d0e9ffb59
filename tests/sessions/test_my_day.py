from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from screening.services import acknowledge_flag
from sessions.models import TreatmentSession
from sessions.my_day import day_of
from tests.factories import (
    CareTeamMemberFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    SurveyFactory,
    UserFactory,
)
from tests.sessions.factories import (
    arrived_visit,
    booked_visit,
    draft_session,
    full_draft,
    raise_flag,
    signed_session,
)

pytestmark = pytest.mark.django_db
# Ten in the morning in New York.
NOW = datetime(2026, 1, 12, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def visits(day):
    return [visit for place in day.places for visit in place.visits]


@pytest.fixture
def page(page_of, therapist, monkeypatch):
    """The therapist's browser, on that Monday morning."""
    monkeypatch.setattr("sessions.views.my_day.timezone.now", lambda: NOW)
    return page_of(therapist)


def test_shows_the_day_it_is_at_each_location_in_its_own_clock(therapist, location):
    tokyo = LocationFactory(name="Tokyo", timezone="Asia/Tokyo")
    therapist.locations.add(tokyo)
    # It is ten in the morning on Monday in New York, and midnight of Tuesday in Tokyo.
    here = booked_visit(therapist, location, starts_at=datetime(2026, 1, 13, 4, 59, tzinfo=UTC))
    booked_visit(therapist, location, starts_at=datetime(2026, 1, 13, 5, 50, tzinfo=UTC))
    there = booked_visit(therapist, tokyo, starts_at=datetime(2026, 1, 13, 2, 0, tzinfo=UTC))
    booked_visit(therapist, tokyo, starts_at=datetime(2026, 1, 12, 14, 0, tzinfo=UTC))

    day = day_of(therapist=therapist, now=NOW)

    assert [(place.location, str(place.today)) for place in day.places] == [
        (location, "2026-01-12"),
        (tokyo, "2026-01-13"),
    ]
    assert [visit.appointment for visit in visits(day)] == [here, there]


def test_leaves_out_cancelled_visits_and_those_of_colleagues(therapist, location):
    booked_visit(therapist, location, starts_at=NOW, status="cancelled", cancelled_at=NOW, cancel_reason="clinic")
    colleague = UserFactory(locations=[location])
    theirs = booked_visit(colleague, location, starts_at=NOW)
    CareTeamMemberFactory(patient=theirs.patient, therapist=therapist)
    assert visits(day_of(therapist=therapist, now=NOW)) == []


def test_leaves_out_a_patient_who_left_the_therapists_care(therapist, location):
    booked_visit(therapist, location, starts_at=NOW, patient=PatientFactory(locations=[location]))
    assert visits(day_of(therapist=therapist, now=NOW)) == []


def test_the_action_follows_the_visit(therapist, location):
    signed = signed_session(therapist, location, starts_at=NOW - 3 * HOUR)
    draft = draft_session(therapist, location, starts_at=NOW - 2 * HOUR)
    arrived_visit(therapist, location, starts_at=NOW - HOUR)
    flagged = arrived_visit(therapist, location, starts_at=NOW)
    raise_flag(flagged.patient)
    booked_visit(therapist, location, starts_at=NOW + HOUR)
    booked_visit(therapist, location, starts_at=NOW + 2 * HOUR, status="no_show")
    found = visits(day_of(therapist=therapist, now=NOW))
    assert [visit.action for visit in found] == ["open", "continue", "start", "review", "wait", ""]
    assert [visit.session for visit in found] == [signed, draft, None, None, None, None]


def test_the_next_patient_is_the_first_who_is_not_done(therapist, location):
    signed_session(therapist, location, starts_at=NOW - 3 * HOUR)
    booked_visit(therapist, location, starts_at=NOW - 2 * HOUR)  # never came, nobody said so
    here = arrived_visit(therapist, location, starts_at=NOW - HOUR)
    booked_visit(therapist, location, starts_at=NOW + HOUR)
    assert [visit.appointment for visit in visits(day_of(therapist=therapist, now=NOW)) if visit.is_next] == [here]


def test_remembers_the_last_signed_session_and_its_flags(therapist, location):
    visit = booked_visit(therapist, location, starts_at=NOW)
    patient = visit.patient
    signed_session(therapist, location, patient=patient, starts_at=NOW - timedelta(days=14))
    latest = signed_session(therapist, location, patient=patient, starts_at=NOW - timedelta(days=7))
    full_draft(therapist, location, patient=patient, starts_at=NOW - timedelta(days=3))
    raise_flag(patient, severity="caution", rule_id="CI-08", title="Frail")
    raise_flag(patient, severity="local", rule_id="CI-01", title="Open wound")
    raise_flag(patient, severity="caution", rule_id="CI-09", title="Over", status="resolved")
    (found,) = visits(day_of(therapist=therapist, now=NOW))
    assert found.last == latest
    assert [flag.title for flag in found.flags] == ["Open wound", "Frail"]
    assert found.light == "amber"


def test_unsigned_notes_of_other_days_wait_below(therapist, location):
    old = draft_session(therapist, location, starts_at=NOW - timedelta(days=9))
    newer = draft_session(therapist, location, starts_at=NOW - timedelta(days=2))
    draft_session(therapist, location, starts_at=NOW - HOUR)
    signed_session(therapist, location, starts_at=NOW - timedelta(days=5))
    colleague = UserFactory(locations=[location])
    theirs = draft_session(colleague, location, starts_at=NOW - timedelta(days=4))
    CareTeamMemberFactory(patient=theirs.patient, therapist=therapist)
    assert day_of(therapist=therapist, now=NOW).unsigned == [old, newer]


def a_full_day(therapist, location, count):
    for number in range(count):
        starts_at = NOW - timedelta(days=7) + number * HOUR / 2
        patient = PatientFactory(locations=[location], care_team=[therapist])
        room = RoomFactory(location=location)
        known = {"patient": patient, "room": room, "ends_at": starts_at + HOUR / 2}
        signed_session(therapist, location, starts_at=starts_at, **known)
        raise_flag(patient, severity="caution")
        known["ends_at"] += timedelta(days=7)
        arrived_visit(therapist, location, starts_at=starts_at + timedelta(days=7), **known)


@pytest.mark.parametrize("count", [3, 12])
def test_the_page_costs_the_same_for_any_number_of_visits(page, therapist, location, count, django_assert_num_queries):
    a_full_day(therapist, location, count)
    address = reverse("sessions:my-day")
    page.get(address)
    # session, user; locations, visits, sessions, last sessions, flags, lights (2), changes, unsigned, effects, alarms
    with django_assert_num_queries(14):
        answer = page.get(address)
    assert len(visits(answer.context["day"])) == count


def test_the_page_shows_what_the_therapist_needs(page, therapist, location):
    visit = arrived_visit(therapist, location, starts_at=NOW)
    signed_session(therapist, location, patient=visit.patient, starts_at=NOW - timedelta(days=7))
    raise_flag(visit.patient, severity="caution", title="Bruises easily")
    draft_session(therapist, location, starts_at=NOW - timedelta(days=1))
    html = page.get(reverse("sessions:my-day")).content.decode()
    for words in (
        visit.patient.full_name,
        visit.service.name,
        visit.room.name,
        "10:00",
        "Monday 12 January",
        "Bruises easily",
        "Again in a week.",
        "Unsigned notes",
        reverse("sessions:start", args=[visit.public_id]),
    ):
        assert words in html


def test_an_empty_day_says_so(page):
    answer = page.get(reverse("sessions:my-day"))
    assert "No visits today" in answer.content.decode()


@pytest.mark.parametrize("role", ["admin", "front_desk", "auditor"])
def test_the_day_is_for_therapists(page_of, location, role):
    answer = page_of(UserFactory(roles=[role], locations=[location])).get(reverse("sessions:my-day"))
    assert answer.status_code == 403


def test_starting_leads_to_the_session(page_of, therapist, location):
    visit = arrived_visit(therapist, location)
    answer = page_of(therapist).post(reverse("sessions:start", args=[visit.public_id]))
    session = TreatmentSession.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == session.get_absolute_url()


def test_starting_by_htmx_leads_there_too_and_a_refusal_is_a_notice(page_of, therapist, location):
    page = page_of(therapist)
    here, away = arrived_visit(therapist, location), booked_visit(therapist, location, starts_at=NOW + HOUR)
    answer = page.post(reverse("sessions:start", args=[here.public_id]), headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == TreatmentSession.objects.get().get_absolute_url()
    refused = page.post(reverse("sessions:start", args=[away.public_id]), headers={"HX-Request": "true"})
    assert refused.status_code == 409
    assert refused["HX-Retarget"] == "#alerts"
    assert TreatmentSession.objects.count() == 1


def test_an_unexpected_effect_stands_on_the_day_of_its_therapist_until_it_is_read(page, therapist, location):
    patient = PatientFactory(locations=[location], care_team=[therapist])
    survey = SurveyFactory(
        patient=patient, therapist=therapist, state="answered", pain=6, had_unexpected_effect=True,
        effect_text="Bruise on the arm", answered_at=NOW, due_at=NOW - HOUR,
    )  # fmt: skip
    address = reverse("sessions:my-day")
    assert "Bruise on the arm" in page.get(address).content.decode()
    page.post(reverse("outcomes:effect-seen", args=[survey.public_id]))
    assert "Bruise on the arm" not in page.get(address).content.decode()


def test_an_effect_reported_to_a_colleague_is_not_on_this_day(page, therapist, location):
    colleague = UserFactory(locations=[location])
    patient = PatientFactory(locations=[location], care_team=[therapist, colleague])
    SurveyFactory(
        patient=patient, therapist=colleague, state="answered", pain=6, had_unexpected_effect=True,
        effect_text="Bruise on the arm", answered_at=NOW, due_at=NOW - HOUR,
    )  # fmt: skip
    assert "Bruise on the arm" not in page.get(reverse("sessions:my-day")).content.decode()


def test_a_flag_somebody_has_acknowledged_says_so(page, therapist, location):
    visit = booked_visit(therapist, location, starts_at=NOW + HOUR)
    flag = raise_flag(visit.patient, severity="caution", title="Reaction to oils")
    address = reverse("sessions:my-day")
    assert "Reaction to oils (acknowledged)" not in page.get(address).content.decode()
    acknowledge_flag(flag=flag, by=therapist)
    assert "Reaction to oils (acknowledged)" in page.get(address).content.decode()
