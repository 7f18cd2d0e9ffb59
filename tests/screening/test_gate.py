"""May this patient be treated: every severity, urgency and state, for every kind of service; and the desk's light."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audit.actors import SYSTEM
from questionnaires.services import start_response
from questionnaires.services.publishing import load_shipped
from screening.changes import HOLDS_FOR
from screening.models import Cause, Evaluation, Flag, Light
from screening.services import Verdict, clear_flag, gate, gates_at, gates_of, lights, save_intake_page, screen
from screening.services.gates import SCREENING_HOLDS_FOR
from tests.factories import MedicineFactory, PatientFactory
from tests.screening.factories import sent_intake
from tests.screening.test_clear_flag import ANSWERS

pytestmark = pytest.mark.django_db

LEVEL = {"absolute": "block", "relative": "block", "local": "warn", "caution": "warn"}
LIGHT = {"absolute": Light.RED, "relative": Light.RED, "local": Light.AMBER, "caution": Light.AMBER}


def light_of(patient):
    return lights([patient.pk])[patient.pk]


def raise_flag(patient, **kwargs):
    evaluation = Evaluation.objects.filter(patient=patient).order_by("-id").first()
    given = {"rule_id": "RF-99", "rule_version": 1, "severity": "caution", "title": "x", "action": "x", **kwargs}
    return Flag.objects.create(patient=patient, evaluation=evaluation, **given)


def test_a_screened_patient_without_flags_is_let_through(patient, service, first_visit):
    sent_intake(patient)
    assert gate(patient=patient, service=service) == Verdict("allow")
    assert gate(patient=patient, service=first_visit) == Verdict("allow")
    allowed = gate(patient=patient, service=service)
    assert (allowed.reasons, allowed.rule_ids, allowed.objections, allowed.blocking) == ((), (), (), ())
    assert allowed.is_overridden is False
    assert light_of(patient) == Light.GREEN


@pytest.mark.parametrize("severity", list(LEVEL))
def test_each_severity_has_its_verdict_and_light(patient, service, severity):
    sent_intake(patient, **ANSWERS[severity])
    rule_id = Flag.objects.get().rule_id
    assert gate(patient=patient, service=service) == Verdict(LEVEL[severity], (f"{severity}_flag",), (rule_id,))
    assert light_of(patient) == LIGHT[severity]


def test_an_emergency_blocks_whatever_the_severity(patient, service):
    sent_intake(patient)
    raise_flag(patient, urgency="emergency")
    assert gate(patient=patient, service=service).reasons == ("emergency_flag", "caution_flag")
    assert gate(patient=patient, service=service).is_blocked
    assert light_of(patient) == Light.RED


def test_a_same_day_caution_warns(patient, service):
    sent_intake(patient)
    raise_flag(patient, urgency="same_day")
    assert gate(patient=patient, service=service).level == "warn"
    assert light_of(patient) == Light.AMBER


def test_nobody_unscreened_is_let_into_a_service_that_needs_it(patient, service, first_visit):
    assert gate(patient=patient, service=service) == Verdict("block", ("not_screened",))
    assert gate(patient=patient, service=first_visit) == Verdict("warn", ("not_screened",))
    assert light_of(patient) == Light.GREY


def test_a_run_without_an_intake_is_no_screening(patient, service):
    screen(patient=patient, by=SYSTEM)
    assert gate(patient=patient, service=service) == Verdict("block", ("not_screened",))
    assert light_of(patient) == Light.GREY


def test_an_imported_patient_on_a_blood_thinner_is_red_and_on_a_platelet_inhibitor_amber(first_visit):
    warfarin, plavix = MedicineFactory(name="Warfarin").patient, MedicineFactory(name="Plavix").patient
    for one in (warfarin, plavix):
        screen(patient=one, by=SYSTEM, cause=Cause.IMPORTED)
    assert lights([warfarin.pk, plavix.pk]) == {warfarin.pk: Light.RED, plavix.pk: Light.AMBER}
    assert gate(patient=warfarin, service=first_visit).reasons == ("relative_flag", "not_screened")
    assert gate(patient=plavix, service=first_visit).level == "warn"


def test_a_missing_safety_answer_is_grey_never_green(patient, service):
    evaluation = sent_intake(patient)
    Evaluation.objects.create(
        patient=patient,
        response=evaluation.response,
        cause="requested",
        rule_set_version="newer",
        inputs={"unanswered": ["a-new-question"]},
        inputs_digest="x",
        fired=[],
        is_complete=False,
        answered_at=evaluation.answered_at,
        actor_kind="system",
        actor_id=SYSTEM.public_id,
    )
    assert light_of(patient) == Light.GREY
    assert gate(patient=patient, service=service) == Verdict("block", ("not_screened",))


def test_an_unfinished_intake_neither_screens_nor_unscreens(patient, service):
    load_shipped()
    response = start_response(patient=patient, by=SYSTEM)
    save_intake_page(response=response, answers={"breath": "yes"}, by=SYSTEM)
    assert gate(patient=patient, service=service).reasons == ("emergency_flag", "absolute_flag", "not_screened")
    assert light_of(patient) == Light.RED
    calm = PatientFactory()
    sent_intake(calm)
    again = start_response(patient=calm, by=SYSTEM)
    save_intake_page(response=again, answers={"dizzy": "no"}, by=SYSTEM)
    assert light_of(calm) == Light.GREEN


def test_a_cleared_flag_that_needed_clearance_still_warns_until_it_ends(patient, service, therapist, in_a_month):
    sent_intake(patient, **ANSWERS["relative"])
    clear_flag(flag=Flag.objects.get(), reason="ok", clearance_from="Dr Chen", cleared_until=in_a_month, by=therapist)
    assert gate(patient=patient, service=service) == Verdict("warn", ("cleared_with_limits",), ("CI-05",))
    assert light_of(patient) == Light.AMBER
    after = in_a_month + timedelta(seconds=1)
    assert gate(patient=patient, service=service, at=after) == Verdict("block", ("relative_flag",), ("CI-05",))
    assert gate(patient=patient, service=service, at=in_a_month).is_blocked


def test_a_cleared_caution_leaves_no_trace_in_gate_and_light(patient, service, therapist):
    sent_intake(patient, **ANSWERS["caution"])
    clear_flag(flag=Flag.objects.get(), reason="Uses olive oil every day", by=therapist)
    assert gate(patient=patient, service=service) == Verdict("allow")
    assert light_of(patient) == Light.GREEN


def test_a_fever_blocks_this_week_and_not_the_next(patient, service):
    sent_intake(patient, fever="yes")
    now = timezone.now()
    assert gate(patient=patient, service=service, at=now + timedelta(days=6)).is_blocked
    assert gate(patient=patient, service=service, at=now + timedelta(days=8)) == Verdict("allow")


def test_resolved_and_replaced_flags_do_not_count(patient, service):
    sent_intake(patient, **ANSWERS["absolute"])
    sent_intake(patient)
    assert gate(patient=patient, service=service) == Verdict("allow")
    assert light_of(patient) == Light.GREEN


def test_a_screening_older_than_half_a_year_warns(patient, service):
    """clinical.md §2.1: every 180 days."""
    assert timedelta(days=180) == SCREENING_HOLDS_FOR
    sent_intake(patient)
    at = timezone.now() + SCREENING_HOLDS_FOR
    assert gate(patient=patient, service=service, at=at - timedelta(minutes=1)) == Verdict("allow")
    late = gate(patient=patient, service=service, at=at + timedelta(minutes=1))
    assert late == Verdict("warn", ("screening_out_of_date",))


def test_an_intake_of_the_last_three_days_says_what_has_changed(patient, service):
    sent_at = sent_intake(patient).answered_at
    held = {"patient": patient, "service": service, "is_held": True}
    assert gate(**held, at=sent_at + HOLDS_FOR) == Verdict("allow")
    late = gate(**held, at=sent_at + HOLDS_FOR + timedelta.resolution)
    assert late == Verdict("warn", ("changes_not_asked",))


def test_reasons_are_codes_without_rules_and_each_is_said_once(patient, service):
    sent_intake(patient, clot_now="yes", vein_past="yes", bleeding="yes", bleeding_severe="no")
    verdict = gate(patient=patient, service=service)
    assert verdict.reasons == ("absolute_flag", "relative_flag")
    assert verdict.rule_ids == ("CI-04", "CI-05", "CI-07")


def test_the_gate_asks_two_queries_at_most(patient, service, django_assert_max_num_queries):
    sent_intake(patient, **ANSWERS["relative"])
    with django_assert_max_num_queries(2):
        gate(patient=patient, service=service)


def test_many_instants_get_the_verdicts_the_gate_gives_one_by_one(
    patient, service, therapist, django_assert_max_num_queries
):
    sent_intake(patient)
    now = timezone.now()
    raise_flag(patient, severity="absolute", expires_at=now + timedelta(days=10))
    cleared_until = now + timedelta(days=40)
    raise_flag(
        patient, severity="relative", status="cleared", cleared_until=cleared_until, closed_by=therapist,
        closed_at=now, reason="x",
    )  # fmt: skip
    screened = Evaluation.objects.get().answered_at
    edges = [now + timedelta(days=10), cleared_until, screened + SCREENING_HOLDS_FOR]
    instants = [edge + timedelta(microseconds=step) for edge in edges for step in (-1, 0, 1)]
    instants += [now + timedelta(days=3 * number) for number in range(80)]

    with django_assert_max_num_queries(2 + 4 * 2):
        answers = gates_at(patient=patient, service=service, instants=instants)

    assert len({verdict.reasons for verdict in answers.values()}) == 4
    assert answers == {instant: gate(patient=patient, service=service, at=instant) for instant in instants}


@pytest.mark.parametrize("days", [0, 400])
def test_of_a_patient_without_a_screening_every_instant_says_so(patient, service, days):
    later = timezone.now() + timedelta(days=days)
    assert gates_at(patient=patient, service=service, instants=[later]) == {later: Verdict("block", ("not_screened",))}
    screen(patient=patient, by=SYSTEM)
    assert gates_at(patient=patient, service=service, instants=[later]) == {later: Verdict("block", ("not_screened",))}


def test_no_instant_no_verdict(patient, service, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        assert gates_at(patient=patient, service=service, instants=[]) == {}
    assert gates_of(wanted=[]) == {}


def test_a_passed_fever_leaves_the_desks_light(patient):
    sent_intake(patient, fever="yes")
    assert light_of(patient) == Light.RED
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert light_of(patient) == Light.GREEN


def test_an_unfinished_intake_makes_a_standing_flag_no_milder(patient, service):
    sent_intake(patient, head_knock="yes", head_knock_signs="yes")
    again = start_response(patient=patient, by=SYSTEM)
    save_intake_page(response=again, answers={"head-knock": "yes", "head-knock-signs": "no"}, by=SYSTEM)
    assert Evaluation.objects.newest_first().first().cause == Cause.WARNING_SIGN
    assert list(Flag.objects.values_list("urgency", "status")) == [("emergency", "open")]
    assert gate(patient=patient, service=service).reasons == ("emergency_flag", "absolute_flag")


def test_many_patients_get_the_verdicts_the_gate_gives_one_by_one(
    service, first_visit, therapist, django_assert_num_queries
):
    now = timezone.now()
    unscreened, plain, warned, blocked, cleared = (PatientFactory() for _ in range(5))
    for patient in (plain, warned, blocked, cleared):
        sent_intake(patient)
    raise_flag(warned, severity="local")
    raise_flag(blocked, severity="absolute")
    raise_flag(
        cleared, severity="relative", status="cleared", reason="ok", closed_by=therapist, closed_at=now,
        cleared_until=now + timedelta(days=3),
    )  # fmt: skip
    patients = [unscreened, plain, warned, blocked, cleared]
    wanted = [(patient, offered) for patient in patients for offered in (service, first_visit)]
    levels = set()
    for instant in (now, now + timedelta(days=3), now + SCREENING_HOLDS_FOR + timedelta(days=1)):
        with django_assert_num_queries(2):
            verdicts = gates_of(wanted=wanted, at=instant)
        assert verdicts == {
            (patient.pk, offered.pk): gate(patient=patient, service=offered, at=instant) for patient, offered in wanted
        }
        levels |= {verdict.level for verdict in verdicts.values()}
    assert levels == {"allow", "warn", "block"}


@pytest.mark.parametrize("count", [3, 12])
def test_lights_take_two_queries_however_many_patients(count, django_assert_num_queries):
    patients = [PatientFactory() for _ in range(count)]
    for one in patients[:3]:
        sent_intake(one, **ANSWERS["caution"])
    with django_assert_num_queries(2):
        found = lights([one.pk for one in patients])
    assert list(found.values()) == [Light.AMBER] * 3 + [Light.GREY] * (count - 3)


def test_the_gravest_flag_decides_the_light(patient):
    sent_intake(patient, **ANSWERS["caution"], **ANSWERS["local"])
    assert light_of(patient) == Light.AMBER
    raise_flag(patient, severity="absolute")
    assert light_of(patient) == Light.RED
    assert lights([]) == {}
