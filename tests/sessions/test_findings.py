from decimal import Decimal

import pytest

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotFound
from sessions import catalogue
from sessions.errors import AlreadySigned, NotTheAuthor
from sessions.models import RangeOfMotion, TechniqueUse, TriggerPoint, TriggerPointObservation
from sessions.services import (
    record_motion,
    record_technique,
    record_trigger_point,
    remove_motion,
    remove_technique,
    remove_trigger_point,
)
from tests.factories import CareTeamMemberFactory, UserFactory
from tests.sessions.factories import MONDAY_NINE, draft_session, signed_session

pytestmark = pytest.mark.django_db
TUESDAY_NINE = MONDAY_NINE.replace(day=13)
GAUGE = {
    "threshold_readings": [Decimal("3.2"), Decimal("3.4"), Decimal("3.1")],
    "threshold_unit": "kgf/cm2",
    "threshold_device": "Gauge 7",
    "probe_area_cm2": Decimal("1.00"),
}


@pytest.fixture
def draft(therapist, location):
    return draft_session(therapist, location)


def acts(prefix):
    return list(AuditEvent.objects.filter(action__startswith=prefix).order_by("id").values_list("action", flat=True))


def test_a_point_is_kept_where_it_was_tapped(draft, therapist):
    row = record_trigger_point(
        session=draft,
        muscle="trap_upper",
        side="left",
        view="back",
        x=311,
        y=166,
        place="near the edge",
        status="active",
        tenderness=3,
        has_taut_band=True,
        has_referred_pain=False,
        note=" jumps ",
        by=therapist,
    )
    point = TriggerPoint.objects.get()
    assert (point.patient, point.muscle, point.side, point.view) == (draft.patient, "trap_upper", "left", "back")
    assert (point.x, point.y, point.place) == (311, 166, "near the edge")
    assert (row.session, row.trigger_point, row.status, row.tenderness) == (draft, point, "active", 3)
    assert (row.has_taut_band, row.has_referred_pain, row.is_recognised_by_patient) == (True, False, None)
    assert row.note == "jumps"
    event = AuditEvent.objects.get(action="trigger_point.observed")
    assert event.facts == {"session_id": str(draft.public_id), "trigger_point_id": str(point.public_id)}


@pytest.mark.parametrize(("side", "x"), [("left", 320), ("right", 566)])
def test_a_point_from_the_list_lies_where_the_muscle_usually_has_it(draft, therapist, side, x):
    record_trigger_point(session=draft, muscle="trap_upper", side=side, status="latent", by=therapist)
    point = TriggerPoint.objects.get()
    assert (point.view, point.x, point.y) == ("back", x, 160)


def test_found_again_in_the_next_session_it_is_the_same_point(draft, therapist, location):
    first = record_trigger_point(session=draft, muscle="soleus", side="right", status="active", by=therapist)
    later = draft_session(therapist, location, patient=draft.patient, starts_at=TUESDAY_NINE)
    by_id = record_trigger_point(session=later, trigger_point=first.trigger_point, status="latent", by=therapist)
    by_place = record_trigger_point(session=later, muscle="soleus", side="right", status="resolved", by=therapist)
    assert TriggerPoint.objects.get() == first.trigger_point
    assert by_id == by_place
    assert [row.status for row in TriggerPointObservation.objects.order_by("id")] == ["active", "resolved"]
    assert acts("trigger_point") == ["trigger_point.observed", "trigger_point.observed", "trigger_point.corrected"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"muscle": "heart"}, "muscle"),
        ({"muscle": ""}, "muscle"),
        ({"side": "midline"}, "side"),
        ({"side": "both"}, "side"),
        ({"view": "top"}, "view"),
        ({"x": 1001, "y": 3}, "x"),
        ({"x": 3, "y": None}, "x"),
        ({"place": "x" * 121}, "place"),
        ({"status": "gone"}, "status"),
        ({"tenderness": 5}, "tenderness"),
        ({"tenderness": True}, "tenderness"),
        ({"tenderness_after": 5}, "tenderness_after"),
        ({"palpation_pain": 11}, "palpation_pain"),
        ({"palpation_pain_after": -1}, "palpation_pain_after"),
        ({"technique": "magic"}, "technique"),
        ({"seconds_held": 60}, "technique"),
        ({"technique": "pin_and_stretch", "seconds_held": 0}, "seconds_held"),
        ({"technique": "pin_and_stretch", "seconds_held": 1801}, "seconds_held"),
        ({**GAUGE, "threshold_device": " "}, "threshold_device"),
        ({**GAUGE, "threshold_device": "x" * 61}, "threshold_device"),
        ({**GAUGE, "threshold_unit": "psi"}, "threshold_unit"),
        ({**GAUGE, "probe_area_cm2": None}, "probe_area_cm2"),
        ({**GAUGE, "probe_area_cm2": Decimal(0)}, "probe_area_cm2"),
        ({**GAUGE, "threshold_readings": [Decimal(-1)]}, "threshold_readings"),
        ({**GAUGE, "threshold_readings": [Decimal("NaN")]}, "threshold_readings"),
        ({**GAUGE, "threshold_readings": [Decimal("1e40")]}, "threshold_readings"),
        ({**GAUGE, "threshold_readings": [Decimal(3)] * 7}, "threshold_readings"),
        ({**GAUGE, "threshold_readings": [Decimal(250)]}, "threshold_readings"),
        ({**GAUGE, "threshold_readings_after": [Decimal(250)]}, "threshold_readings_after"),
        ({"note": "x" * 301}, "note"),
    ],
)
def test_refuses_a_point_that_breaks_a_rule(draft, therapist, changes, field):
    with pytest.raises(Invalid) as refusal:
        record_trigger_point(
            session=draft, by=therapist, **{"muscle": "trap_upper", "side": "left", "status": "active", **changes}
        )
    assert list(refusal.value.fields) == [field]
    assert not TriggerPoint.objects.exists()
    assert acts("trigger_point") == []


def test_another_patients_point_does_not_exist_here(draft, therapist, location):
    other = draft_session(therapist, location, starts_at=TUESDAY_NINE)
    theirs = record_trigger_point(session=other, muscle="soleus", side="left", status="active", by=therapist)
    with pytest.raises(NotFound):
        record_trigger_point(session=draft, trigger_point=theirs.trigger_point, status="active", by=therapist)
    assert not draft.point_observations.exists()


def test_a_point_never_seen_elsewhere_goes_with_its_finding(draft, therapist):
    row = record_trigger_point(session=draft, muscle="soleus", side="right", status="active", by=therapist)
    remove_trigger_point(observation=row, by=therapist)
    assert not TriggerPointObservation.objects.exists()
    assert not TriggerPoint.objects.exists()
    assert acts("trigger_point")[-1] == "trigger_point.removed"


def test_a_point_of_an_earlier_session_stays(draft, therapist, location):
    first = record_trigger_point(session=draft, muscle="soleus", side="right", status="active", by=therapist)
    later = draft_session(therapist, location, patient=draft.patient, starts_at=TUESDAY_NINE)
    second = record_trigger_point(session=later, trigger_point=first.trigger_point, status="latent", by=therapist)
    remove_trigger_point(observation=second, by=therapist)
    assert TriggerPoint.objects.get() == first.trigger_point
    assert TriggerPointObservation.objects.get() == first


@pytest.mark.parametrize("motion", catalogue.motions().values(), ids=lambda motion: motion.key)
def test_every_motion_of_the_catalogue_can_be_recorded_in_its_unit(draft, therapist, motion):
    side = motion.sides[-1]
    end = 15 if motion.norm_high is None else motion.norm_high
    row = record_motion(session=draft, joint=motion.joint, motion=motion.motion, side=side, end=end, by=therapist)
    assert (row.unit, row.start, row.end, row.side, row.mode) == (motion.unit, 0, end, side, "active")


def test_a_motion_measured_again_is_corrected(draft, therapist):
    record_motion(session=draft, joint="knee", motion="flexion", side="left", end=110, by=therapist)
    record_motion(session=draft, joint="knee", motion="flexion", side="left", end=120, is_painful=True, by=therapist)
    record_motion(session=draft, joint="knee", motion="flexion", side="left", end=130, mode="passive", by=therapist)
    rows = RangeOfMotion.objects.order_by("id").values_list("mode", "end", "is_painful")
    assert list(rows) == [("active", 120, True), ("passive", 130, False)]
    assert acts("motion") == ["motion.recorded", "motion.corrected", "motion.recorded"]


def test_limits_are_signed_from_neutral_zero(draft, therapist):
    beyond = record_motion(session=draft, joint="knee", motion="flexion", side="left", start=-5, end=135, by=therapist)
    short = record_motion(session=draft, joint="knee", motion="flexion", side="right", start=10, end=120, by=therapist)
    lag = record_motion(session=draft, joint="knee", motion="extension", side="right", end=-10, by=therapist)
    assert [(row.start, row.end) for row in (beyond, short, lag)] == [(-5, 135), (10, 120), (-10, -10)]


def test_a_motion_of_the_middle_needs_no_side(draft, therapist):
    assert record_motion(session=draft, joint="cervical", motion="flexion", end=40, by=therapist).side == "midline"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"motion": "wiggle"}, "motion"),
        ({"joint": "tail"}, "motion"),
        ({"side": "midline"}, "side"),
        ({"side": ""}, "side"),
        ({"mode": "forced"}, "mode"),
        ({"end": 201}, "end"),
        ({"end": -181}, "end"),
        ({"start": 20, "end": 10}, "end"),
        ({"start": 181, "end": 190}, "start"),
        ({"joint": "jaw", "motion": "opening", "side": "", "end": -1}, "end"),
        ({"unit": "mm"}, "unit"),
        ({"joint": "jaw", "motion": "opening", "side": "", "unit": "deg"}, "unit"),
        ({"joint": "shoulder", "motion": "hand_behind_back", "end": 20}, "end"),
        ({"pain": 11}, "pain"),
        ({"pain_onset": "later"}, "pain_onset"),
        ({"end_feel": "nice"}, "end_feel"),
        ({"position": "hanging"}, "position"),
        ({"device": "phone"}, "device"),
        ({"note": "x" * 121}, "note"),
    ],
)
def test_refuses_a_motion_that_breaks_a_rule(draft, therapist, changes, field):
    known = {"joint": "knee", "motion": "flexion", "side": "left", "end": 100}
    with pytest.raises(Invalid) as refusal:
        record_motion(session=draft, by=therapist, **{**known, **changes})
    assert field in refusal.value.fields
    assert not RangeOfMotion.objects.exists()
    assert acts("motion") == []


def test_a_point_is_recorded_in_full(draft, therapist, location):
    colleague = UserFactory(locations=[location])
    row = record_trigger_point(
        session=draft,
        muscle="trap_upper",
        side="left",
        status="active",
        tenderness=3,
        has_twitch_response=True,
        palpation_pain=7,
        **GAUGE,
        threshold_readings_after=[Decimal("4.0")],
        tenderness_after=1,
        palpation_pain_after=3,
        technique="trigger_point_pressure",
        seconds_held=90,
        rater=colleague,
        by=therapist,
    )
    row.refresh_from_db()
    assert row.threshold_trials == [Decimal("313.813"), Decimal("333.426"), Decimal("304.006")]
    assert (row.threshold, row.threshold_after) == (Decimal("317.1"), Decimal("392.3"))
    assert (row.threshold_unit, row.threshold_device, row.probe_area_cm2) == ("kgf/cm2", "Gauge 7", Decimal("1.00"))
    assert (row.has_twitch_response, row.palpation_pain, row.palpation_pain_after) == (True, 7, 3)
    assert (row.tenderness, row.tenderness_after, row.technique, row.seconds_held) == (
        3,
        1,
        "trigger_point_pressure",
        90,
    )
    assert row.rater == colleague


def test_a_gauge_that_was_not_used_says_nothing(draft, therapist):
    row = record_trigger_point(
        session=draft,
        muscle="soleus",
        side="left",
        status="latent",
        by=therapist,
        **{**GAUGE, "threshold_readings": ()},
    )
    row.refresh_from_db()
    assert (row.threshold_trials, row.threshold, row.threshold_device, row.threshold_unit) == ([], None, "", "")
    assert row.probe_area_cm2 is None
    assert row.rater == therapist


@pytest.mark.parametrize("rater_of", ["stranger", "front_desk"])
def test_only_a_therapist_who_works_here_can_have_examined(draft, therapist, request, rater_of):
    rater = request.getfixturevalue(rater_of)
    for act, what in (
        (record_trigger_point, {"muscle": "soleus", "side": "left", "status": "active"}),
        (record_motion, {"joint": "knee", "motion": "flexion", "side": "left", "end": 100}),
    ):
        with pytest.raises(Invalid) as refusal:
            act(session=draft, rater=rater, by=therapist, **what)
        assert list(refusal.value.fields) == ["rater"]
    assert not TriggerPoint.objects.exists()
    assert not RangeOfMotion.objects.exists()


def test_a_motion_is_recorded_in_full(draft, therapist, location):
    colleague = UserFactory(locations=[location])
    row = record_motion(
        session=draft,
        joint="shoulder",
        motion="abduction",
        side="left",
        end=110,
        pain=4,
        pain_onset="with",
        end_feel="springy_block",
        position="sitting",
        device="goniometer",
        rater=colleague,
        note=" blade held ",
        by=therapist,
    )
    row.refresh_from_db()
    assert (row.pain, row.pain_onset, row.is_painful, row.end_feel) == (4, "with", True, "springy_block")
    assert (row.position, row.device, row.rater, row.note) == ("sitting", "goniometer", colleague, "blade held")


def test_a_jaw_may_be_measured_in_centimetres_and_a_hand_behind_the_back_in_vertebrae(draft, therapist):
    jaw = record_motion(session=draft, joint="jaw", motion="opening", end=4, unit="cm", by=therapist)
    hand = record_motion(
        session=draft,
        joint="shoulder",
        motion="hand_behind_back",
        side="left",
        end=catalogue.LEVELS.index("T7"),
        by=therapist,
    )
    assert (jaw.unit, jaw.end, hand.unit, hand.end) == ("cm", 4, "level", 13)


def test_painless_is_kept_as_zero(draft, therapist):
    row = record_motion(session=draft, joint="knee", motion="flexion", side="left", end=100, pain=0, by=therapist)
    assert (row.pain, row.is_painful) == (0, False)


def test_the_same_technique_twice_is_two_entries_and_one_can_go(draft, therapist):
    known = {"technique": "effleurage", "region": "BACK.LOW", "side": "midline"}
    first = record_technique(session=draft, minutes=5, by=therapist, **known)
    record_technique(session=draft, minutes=7, pressure=2, by=therapist, **known)
    assert list(TechniqueUse.objects.order_by("id").values_list("minutes", "pressure")) == [(5, None), (7, 2)]
    remove_technique(technique_use=first, by=therapist)
    assert TechniqueUse.objects.get().minutes == 7
    assert acts("technique") == ["technique.recorded", "technique.recorded", "technique.removed"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"technique": "magic"}, "technique"),
        ({"region": "NOSE"}, "region"),
        ({"side": "both"}, "side"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 181}, "minutes"),
        ({"minutes": True}, "minutes"),
        ({"pressure": 0}, "pressure"),
        ({"pressure": 6}, "pressure"),
    ],
)
def test_refuses_a_technique_that_breaks_a_rule(draft, therapist, changes, field):
    known = {"technique": "effleurage", "region": "BACK.LOW", "side": "left", "minutes": 5}
    with pytest.raises(Invalid) as refusal:
        record_technique(session=draft, by=therapist, **{**known, **changes})
    assert list(refusal.value.fields) == [field]
    assert not TechniqueUse.objects.exists()
    assert acts("technique") == []


def records(session, by):
    return (
        lambda: record_trigger_point(session=session, muscle="soleus", side="left", status="active", by=by),
        lambda: record_motion(session=session, joint="knee", motion="flexion", side="left", end=9, by=by),
        lambda: record_technique(session=session, technique="effleurage", region="HAND", side="left", minutes=3, by=by),
    )


def removals(session, by):
    return (
        lambda: remove_trigger_point(observation=session.point_observations.get(), by=by),
        lambda: remove_motion(motion=session.motions.get(), by=by),
        lambda: remove_technique(technique_use=session.techniques.get(), by=by),
    )


def counts(session):
    return session.point_observations.count(), session.motions.count(), session.techniques.count()


@pytest.mark.parametrize("number", range(3))
def test_nothing_is_added_to_a_signed_note(therapist, location, number):
    signed = signed_session(therapist, location)
    before = AuditEvent.objects.count()
    with pytest.raises(AlreadySigned):
        records(signed, therapist)[number]()
    with pytest.raises(AlreadySigned):
        removals(signed, therapist)[number]()
    assert counts(signed) == (1, 1, 1)
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("number", range(3))
def test_nobody_else_adds_to_a_draft(draft, location, stranger, number):
    colleague = UserFactory(locations=[location])
    CareTeamMemberFactory(patient=draft.patient, therapist=colleague)
    before = AuditEvent.objects.count()
    with pytest.raises(NotTheAuthor):
        records(draft, colleague)[number]()
    with pytest.raises(NotFound):
        records(draft, stranger)[number]()
    assert counts(draft) == (0, 0, 0)
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("number", range(3))
def test_what_is_gone_cannot_be_removed_again(therapist, location, number):
    draft = draft_session(therapist, location)
    for record in records(draft, therapist):
        record()
    removal = removals(draft, therapist)[number]
    row = (draft.point_observations, draft.motions, draft.techniques)[number].get()
    removal()
    again = (
        lambda: remove_trigger_point(observation=row, by=therapist),
        lambda: remove_motion(motion=row, by=therapist),
        lambda: remove_technique(technique_use=row, by=therapist),
    )[number]
    with pytest.raises(NotFound):
        again()
