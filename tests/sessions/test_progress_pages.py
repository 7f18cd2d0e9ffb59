"""Findings in full on the page: what was typed, what it is read against, and a point's course."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from sessions import catalogue
from sessions.errors import TreatmentBarred
from sessions.models import TechniqueUse, TriggerPoint, TriggerPointObservation
from sessions.services import record_motion, record_technique, record_trigger_point, remove_technique, sign_session
from tests.factories import ConditionFactory, UserFactory
from tests.sessions.factories import MONDAY_NINE, draft_session, full_draft, raise_flag

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FINDING = {"muscle": "soleus", "side": "left", "status": "active", "tenderness": "3", "list": 1}
GAUGED = {
    "threshold_readings": "3.2 3,4; 3.1",
    "threshold_unit": "kgf/cm2",
    "threshold_device": "Gauge 7",
    "probe_area_cm2": "1",
}
KPA = {"threshold_unit": "kPa", "threshold_device": "Gauge 7", "probe_area_cm2": Decimal(1)}


@pytest.fixture
def draft(therapist, location):
    return draft_session(therapist, location)


@pytest.fixture
def later(therapist, location, draft):
    return draft_session(therapist, location, patient=draft.patient, starts_at=MONDAY_NINE + timedelta(days=7))


@pytest.fixture
def page(page_of, therapist):
    return page_of(therapist)


def address(name, session, *more):
    return reverse(f"sessions:{name}", args=[session.public_id, *more])


def text_of(answer):
    return " ".join(answer.content.decode().split())


def find(session, by, *, kpa=None, **changes):
    trials = {} if kpa is None else {**KPA, "threshold_readings": [Decimal(kpa)]}
    known = {"muscle": "soleus", "side": "left", "status": "active", **trials}
    return record_trigger_point(session=session, by=by, **{**known, **changes})


def test_all_of_a_point_is_saved_from_the_form_and_shown(page, draft, location):
    colleague = UserFactory(locations=[location])
    more = {
        "has_twitch_response": "yes",
        "palpation_pain": "7",
        "technique": "trigger_point_pressure",
        "seconds_held": "90",
        "tenderness_after": "1",
        "palpation_pain_after": "3",
        "threshold_readings_after": "3.5",
        "rater": str(colleague.public_id),
    }
    answer = page.post(address("new-point", draft), {**FINDING, **GAUGED, **more}, headers=HTMX)
    assert answer.status_code == 200
    row = draft.point_observations.get()
    assert row.threshold_trials == [Decimal("313.813"), Decimal("333.426"), Decimal("304.006")]
    assert (row.technique, row.seconds_held, row.rater) == ("trigger_point_pressure", 90, colleague)
    html = text_of(answer)
    assert "tenderness 3/4, pain when pressed 7/10, local twitch" in html
    assert "Pressure threshold 317.1 kPa (3.20, 3.40, 3.10 kgf/cm²; Gauge 7, probe 1.00 cm²)" in html
    assert "Trigger-point pressure release, 90 s" in html
    assert "tenderness 3 to 1, pain when pressed 7 to 3" in html
    assert "pressure threshold 317.1 to 343.2 kPa, inside measurement error (61 kPa)" in html
    assert f"Examined by {colleague.full_name}" in html


def test_the_form_of_a_point_shows_it_again_as_it_was_typed(page, draft):
    page.post(address("new-point", draft), {**FINDING, **GAUGED, "has_twitch_response": "no"}, headers=HTMX)
    point = TriggerPoint.objects.get()
    html = text_of(page.get(address("known-point", draft, point.public_id), headers=HTMX))
    assert 'name="threshold_readings" value="3.20 3.40 3.10"' in html
    assert '<option value="kgf/cm2" selected>' in html
    assert 'value="no" id="id_point_has_twitch_response_1" checked' in html
    assert html.count("<details") == 2
    assert html.count('<details class="disclosure" open>') == 1


def test_the_same_gauge_is_offered_next_time_and_the_extra_fields_stay_folded(page, draft):
    page.post(address("new-point", draft), {**FINDING, **GAUGED}, headers=HTMX)
    html = text_of(page.get(address("new-point", draft), {"list": 1}, headers=HTMX))
    assert 'name="threshold_device" value="Gauge 7"' in html
    assert '<option value="kgf/cm2" selected>' in html
    assert '<details class="disclosure" open>' not in html


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threshold_device": ""}, "Name the gauge"),
        ({"probe_area_cm2": ""}, "The probe&#x27;s area, 0.1 to 20 cm²."),
        ({"threshold_readings": "hard"}, "Write numbers with spaces between them."),
        ({"threshold_readings": "NaN"}, "Write numbers with spaces between them."),
        ({"threshold_readings": "900"}, "check the unit."),
        ({"threshold_readings": "1e99"}, "Each trial is a number from 0 up."),
        ({"seconds_held": "60"}, "Say which technique was held."),
        ({"palpation_pain": "11"}, "less than or equal to 10"),
        ({"rater": "00000000-0000-4000-8000-000000000000"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_told_in_the_unfolded_form(page, draft, changes, words):
    answer = page.post(address("new-point", draft), {**FINDING, **GAUGED, **changes}, headers=HTMX)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert '<details class="disclosure" open>' in text_of(answer)
    assert not TriggerPoint.objects.exists()


def test_a_known_point_that_is_refused_is_asked_again(page, therapist, draft, later):
    row = find(draft, therapist)
    known = address("known-point", later, row.trigger_point.public_id)
    answer = page.post(known, {"status": "active", **GAUGED, "threshold_device": ""}, headers=HTMX)
    assert answer.status_code == 422
    assert not later.point_observations.exists()


def test_complaints_shorten_the_list_and_the_patients_own_comes_first(page, draft):
    ConditionFactory(patient=draft.patient, kind="plantar_fasciitis", text="")
    html = text_of(page.get(address("new-point", draft), {"list": 1}, headers=HTMX))
    assert html.index("heel and sole") < html.index("neck pain")
    html = text_of(page.get(address("new-point", draft), {"list": 1, "complaint": "plantar"}, headers=HTMX))
    offered = [part.split('"')[0] for part in html.split('name="muscle" value="')[1:]]
    assert offered == ["soleus", "gastrocnemius", "quad_plantae", "abd_hallucis"]
    assert "all muscles" in html
    answer = page.post(
        address("new-point", draft), {**FINDING, "complaint": "plantar", "muscle": "masseter"}, headers=HTMX
    )
    assert answer.status_code == 200, "a hint, never a validator"


def test_a_technique_on_a_point_passes_screening_like_any_other(page, draft, therapist):
    raise_flag(draft.patient, severity="local", rule_id="CI-26", regions=["LEG.POST"])
    events = AuditEvent.objects.count()
    asked = {**FINDING, "technique": "sustained_pressure", "seconds_held": 60}
    answer = page.post(address("new-point", draft), asked, headers=HTMX)
    assert answer.status_code == 422
    assert "A flag keeps hands away from this region. Enter it under Techniques first" in text_of(answer)
    assert not TriggerPoint.objects.exists()
    assert AuditEvent.objects.count() == events
    known = {"technique": "sustained_pressure", "region": "LEG.POST", "side": "left", "minutes": 5}
    record_technique(session=draft, by=therapist, despite_reason="Clear of the scar.", **known)
    assert page.post(address("new-point", draft), asked, headers=HTMX).status_code == 200


def test_a_note_is_not_signed_with_a_point_treated_where_a_flag_now_stands(therapist, location):
    draft = full_draft(therapist, location)
    find(draft, therapist, technique="sustained_pressure", seconds_held=60)
    raise_flag(draft.patient, severity="local", rule_id="CI-26", regions=["LEG.POST"])
    with pytest.raises(TreatmentBarred) as barred:
        sign_session(session=draft, by=therapist)
    assert barred.value.facts["rule_ids"] == ["CI-26"]
    draft.refresh_from_db()
    assert not draft.is_signed
    known = {"technique": "sustained_pressure", "region": "LEG.POST", "side": "left", "minutes": 5}
    excused = record_technique(session=draft, by=therapist, despite_reason="Clear of the scar.", **known)
    remove_technique(technique_use=excused, by=therapist)
    with pytest.raises(TreatmentBarred):
        sign_session(session=draft, by=therapist)
    record_technique(session=draft, by=therapist, despite_reason="Clear of the scar.", **known)
    assert sign_session(session=draft, by=therapist).is_signed


def test_exercises_taught_for_a_point_lay_no_hand_on_it(therapist, draft):
    raise_flag(draft.patient, severity="local", rule_id="CI-26", regions=["LEG.POST"])
    taught = next(key for key, one in catalogue.techniques().items() if not one.is_hands_on)
    assert find(draft, therapist, technique=taught).technique == taught
    assert not TechniqueUse.objects.exists()


def test_a_point_says_what_became_of_it_since_the_last_time(page, therapist, draft, later):
    row = find(draft, therapist, tenderness=3, palpation_pain=6, kpa=200)
    find(later, therapist, trigger_point=row.trigger_point, muscle="", side="", tenderness=2, palpation_pain=6, kpa=230)
    html = text_of(page.get(address("session", later)))
    assert '<span class="badge badge-success">Better</span>' in html
    assert (
        "tenderness 3 to 2, pain when pressed still 6, pressure threshold 200.0 to 230.0 kPa, inside measurement error"
        in html
    )


def test_a_threshold_of_another_gauge_is_not_compared(page, therapist, draft, later):
    row = find(draft, therapist, kpa=200)
    find(later, therapist, trigger_point=row.trigger_point, muscle="", side="", kpa=500, threshold_device="Other")
    html = text_of(page.get(address("session", later)))
    assert "not comparable: another gauge, probe or examiner" in html
    assert '<span class="badge">Same</span>' in html


def test_a_motion_is_read_against_the_other_side_then_the_norm_then_the_last_time(page, therapist, draft, later):
    for session, left in ((draft, 48), (later, 60)):
        for side, end in (("left", left), ("right", 80)):
            record_motion(
                session=session, joint="cervical", motion="rotation", side=side, end=end, device="crom", by=therapist
            )
    html = text_of(page.get(address("session", later)))
    said = ["75 % of the right side", "as usual", "12° further than Mon 12 Jan 2026; beyond measurement error (5.4°)"]
    assert sorted(said, key=html.index) == said
    assert "unchanged since Mon 12 Jan 2026" in html
    assert "of the left side" not in html


def test_a_motion_is_saved_in_full_and_asked_alike_for_the_other_side(page, draft):
    more = {
        "device": "inclinometer",
        "position": "supine",
        "end_feel": "empty",
        "pain": "6",
        "pain_onset": "before",
        "note": "knee bent",
    }
    answer = page.post(
        address("add-motion", draft), {"motion": "hip.flexion", "side": "left", "end": 90, **more}, headers=HTMX
    )
    html = text_of(answer)
    assert "20° below usual" in html
    assert (
        "pain 6/10, pain before resistance, end feel: empty: pain stops it, nothing resists, on the back, "
        "inclinometer, knee bent" in html
    )
    assert "think of a red flag" in html
    assert '<option value="inclinometer" selected>' in html
    assert draft.motions.get().is_painful


def test_a_vertebra_is_chosen_instead_of_an_angle(page, therapist, draft, later):
    hand = {"motion": "shoulder.hand_behind_back", "side": "left"}
    seventh = catalogue.LEVELS.index("T7")
    record_motion(
        session=draft, joint="shoulder", motion="hand_behind_back", side="left", end=seventh - 2, by=therapist
    )
    html = text_of(page.post(address("add-motion", later), {**hand, "level": seventh}, headers=HTMX))
    assert "<strong>T7</strong>" in html
    assert '<details class="disclosure" open>' in html, "the other side is asked for its vertebra, too"
    assert "2 vertebrae higher than Mon 12 Jan 2026; measurement error not known" in html
    for wrong in ({**hand, "end": 40}, {"motion": "knee.flexion", "side": "left", "level": seventh}):
        answer = page.post(address("add-motion", later), wrong, headers=HTMX)
        assert answer.status_code == 422
    assert later.motions.count() == 1


def test_the_ledger_draws_each_points_course_and_says_the_same_in_words(page, therapist, draft, later):
    row = find(draft, therapist, tenderness=4)
    find(later, therapist, trigger_point=row.trigger_point, muscle="", side="", status="resolved")
    html = text_of(page.get(reverse("sessions:patient", args=[draft.patient.public_id])))
    assert 'aria-label="Mon 12 Jan 2026 active, tenderness 4 of 4; Mon 19 Jan 2026 resolved"' in html
    assert '<polyline class="course-line" points="6.0,6.0 114.0,26.0"/>' in html
    assert '<span class="badge badge-success">Resolved</span>' in html
    assert "style=" not in html
    assert "is no measure of recovery" in html


def test_a_course_is_the_last_twelve_findings_oldest_first(page, therapist, location, draft):
    row = find(draft, therapist, tenderness=4)
    for number in range(1, 14):
        session = draft_session(
            therapist, location, patient=draft.patient, starts_at=MONDAY_NINE + timedelta(days=number)
        )
        find(session, therapist, trigger_point=row.trigger_point, muscle="", side="", tenderness=number % 5)
    [line] = page.get(reverse("sessions:patient", args=[draft.patient.public_id])).context["now"].ledger
    assert [one.tenderness for one in line.course] == [number % 5 for number in range(2, 14)]
    assert line.times_seen == TriggerPointObservation.objects.count() == 14
    assert line.change.kind == "worse"
