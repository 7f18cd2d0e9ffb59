"""No path books, moves, starts, records or signs past a block: every path, every role, every state of a patient.

A block gives way to the clinical lead alone, for a reason, on record; an emergency to nobody.
"""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from audit.models import AuditEvent
from clinic.core.errors import NotAllowed
from scheduling import services as scheduling_services
from scheduling.services import let_visit_pass, mark_arrived
from screening.changes import HOLDS_FOR
from screening.models import ChangeCheck, Flag, GateOverride, Light
from screening.rulebook import rulebook
from screening.services import gate, gates_at, gates_of, lights
from sessions import services as session_services
from sessions.services import start_session
from tests.scheduling.factories import at
from tests.screening.every_path import (
    ACTS,
    REASON,
    STATES,
    World,
    booked,
    carrying_draft,
    everything,
    harm,
    off,
    outcome,
    undone,
    whole_draft,
)

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
MAY_NOT = {"not_allowed", "not_found", "not_the_author"}

# Acts of scheduling and sessions that bring nobody nearer to a treatment, and why screening is not asked.
UNGATED = {
    "cancel_appointment": "gives time back", "cancel_series": "gives time back", "decline_offer": "gives time back",
    "end_vacancy": "gives time back", "release_hold": "gives time back", "leave_wait_list": "gives a wish up",
    "mark_no_show": "says that nobody came", "confirm_appointment": "the visit stands already",
    "extend_hold": "a hold is no visit, and booking it asks", "ask_for_another_time": "the visit stays as it is",
    "settle_move_request": "the visit stays as it is", "join_wait_list": "a wish; offering and accepting ask",
    "change_wait_list_entry": "a wish; offering and accepting ask",
    "mark_arrived": "the patient is here all the same: it tells, and the session does not start",
    "begin_appointment": "called by start_session alone", "complete_appointment": "called by sign_session alone",
    "let_visit_pass": "the lead's decision itself", "set_limits": "hours", "set_opening_hours": "hours",
    "set_opening_week": "hours", "add_closure": "hours", "remove_closure": "hours", "add_extra_hours": "hours",
    "remove_extra_hours": "hours", "add_time_off": "hours", "remove_time_off": "hours", "set_working_hours": "hours",
    "set_working_week": "hours",
    "save_note": "words; signing asks", "explain_product": "words about a product; signing asks",
    "record_regional_pain": "a finding", "remove_regional_pain": "takes back",
    "record_adverse_event": "harm is told whatever stands", "correct_adverse_event": "harm is told whatever stands",
    "acknowledge_adverse_event": "the lead has read of harm", "record_no_effect": "an answer about the last session",
    "record_chaperone": "who else is in the room", "record_region_consent": "may forbid a region, frees none",
    "remove_region_consent": "takes back", "save_plan": "what is meant to come; booking asks",
    "rate_goal": "how it went", "discharge_episode": "ends it", "keep_snippet": "words", "remove_snippet": "words",
    "confirm_carried": "what a hand finds, no technique", "drop_carried": "takes back",
    "co_sign": "a second signature to what is signed",
    "record_motion": "a finding; signing asks", "remove_trigger_point": "takes back", "remove_motion": "takes back",
    "record_changes": "answers, read by the therapist who asks",
    "remove_technique": "takes back", "add_addendum": "words to what is signed",
}  # fmt: skip
GATED = {
    "book_appointment", "book_held", "hold_slot", "book_series", "move_appointment", "move_series",
    "restore_appointment", "offer_vacancy", "accept_offer", "start_session",
    "record_technique", "record_trigger_point", "copy_forward",
    "sign_session",
}  # fmt: skip
NO_ACTS = {"Pick", "Wish"}


@pytest.fixture
def world(db):
    return World()


def test_every_act_of_scheduling_and_sessions_is_gated_or_says_why_not():
    acts = {*scheduling_services.__all__, *session_services.__all__} - NO_ACTS
    assert acts == GATED | set(UNGATED)
    assert not GATED & set(UNGATED)


def writers(*names):
    """Modules of the code that make or change rows of these models, by what they call."""
    found = set()
    for path in ROOT.glob("*/**/*.py"):
        place = path.relative_to(ROOT)
        if place.parts[0] in {"tests", "bench", "ops", ".venv"} or "migrations" in place.parts:
            continue
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            text = ast.unparse(call.func)
            made = text in names
            stored = text.startswith(tuple(f"{name}.objects." for name in names)) and text.endswith(
                (".create", ".bulk_create", ".update", ".get_or_create", ".update_or_create", ".bulk_update")
            )
            if made or stored:
                found.add((str(place), text.split("(")[0].replace("select_for_update", "…")))
    return found


def test_nothing_else_makes_a_visit_a_hold_a_session_or_a_technique():
    treated = ("TreatmentSession", "TechniqueUse", "TriggerPointObservation")
    makers = {place for place, _ in writers("Appointment", "SlotHold", *treated)}
    assert makers == {
        "scheduling/services/booking.py",
        "scheduling/services/holds.py",
        "scheduling/services/series.py",
        "sessions/services/notes.py",
        "sessions/services/points.py",
        "sessions/services/techniques.py",
    }


def callers(name):
    return {
        str(path.relative_to(ROOT))
        for app in ("scheduling", "sessions", "reports", "outcomes", "demo", "screening", "clinic")
        for path in (ROOT / app).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == name
    }


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("begin_appointment", {"sessions/services/notes.py"}),
        ("complete_appointment", {"sessions/services/notes.py"}),
        ("override_gate", {"scheduling/services/passing.py"}),
        ("let_pass", {"scheduling/services/booking.py", "scheduling/services/passing.py"}),
    ],
)
def test_what_does_not_ask_itself_is_called_by_what_does(name, by):
    assert callers(name) == by


# The matrix.


def expected(act, role, level):
    if role not in act.roles:
        return "may not"
    return act.blocked if level in {"block", "stands"} else "done"


# The therapist meets every state on every path; the other roles every path, and one state of each kind.
KINDS_OF_STATE = ("nothing", "local", "relative", "absolute emergency")


def states_for(role):
    return STATES if role in {"therapist", "patient"} else {name: STATES[name] for name in KINDS_OF_STATE}


@pytest.mark.parametrize("name", list(ACTS))
def test_each_role_in_each_state(world, name):
    act = ACTS[name]
    roles = ["patient"] if "patient" in act.roles else [role for role in world.roles if role != "patient"]
    found, wanted = {}, {}
    for role in roles:
        by = world.roles[role]
        with undone():
            prepared = act.prepare(world, by)
            for state, (speak, planned, held) in states_for(role).items():
                with undone():
                    speak(world)
                    before = everything()
                    said = outcome(lambda by=by, prepared=prepared: act.run(world, prepared, by))
                    found[role, state] = "may not" if said in MAY_NOT else said
                    wanted[role, state] = expected(act, role, held if act.is_held else planned)
                    assert (everything() == before) == (said != "done"), (role, state)
    assert found == wanted


@pytest.mark.parametrize("state", list(STATES))
def test_what_is_carried_over_brings_no_technique_past_a_block(world, state):
    """Nothing is refused: the words come along, the technique only where it might be recorded anew."""
    draft = carrying_draft(world)
    speak, _, held = STATES[state]
    speak(world)
    carried = session_services.copy_forward(session=draft, by=world.roles["therapist"])
    assert "note" in {row.kind for row in carried}
    is_carried = held not in {"block", "stands"}
    assert ("technique" in {row.kind for row in carried}) is is_carried
    assert draft.techniques.exists() is is_carried


@pytest.mark.parametrize("state", list(STATES))
def test_a_product_and_harm_are_written_down_in_every_state_and_signing_asks(world, state):
    """A reason for the product answers the product: it does not let the session pass."""
    by, draft = world.roles["therapist"], whole_draft(world, world.roles["therapist"])
    session_services.save_note(session=draft, changes={"lubricant": "Jojoba wax"}, expected_version=None, by=by)
    speak, _, held = STATES[state]
    speak(world)
    world.flag("caution", rule_id="CI-09", techniques=["lubricant"])
    assert outcome(lambda: session_services.sign_session(session=draft, by=by)) == "treatment_barred"
    assert outcome(lambda: session_services.explain_product(session=draft, reason="Tested", by=by)) == "done"
    assert outcome(lambda: harm(world, draft, by)) == "done"
    assert outcome(lambda: session_services.sign_session(session=draft, by=by)) == (
        "screening_blocks_session" if held in {"block", "stands"} else "done"
    )


@pytest.mark.parametrize("state", list(STATES))
def test_booking_despite_it_is_the_leads_alone_and_leaves_a_trace(world, state):
    speak, planned, _ = STATES[state]
    speak(world)
    for role, by in world.roles.items():
        if role == "patient":
            continue
        before = everything()
        with undone():
            said = outcome(lambda by=by: world.desk.book(at(9), by=by, screening_reason=REASON))
            rows = list(GateOverride.objects.values_list("by", "reason"))
            events = AuditEvent.objects.filter(action="gate.overridden").count()
        passes = role == "lead" and planned == "block"
        assert rows == ([(by.pk, REASON)] if passes else []), role
        assert events == len(rows)
        if role == "auditor":
            assert said == "not_allowed"
        elif planned == "stands":
            assert said == ("emergency_not_overridable" if role == "lead" else "screening_blocks")
        else:
            assert said == ("done" if passes or planned != "block" else "screening_blocks"), role
        assert everything() == before


@pytest.mark.parametrize("state", list(STATES))
def test_letting_a_visit_pass_is_the_leads_alone_and_leaves_a_trace(world, state):
    visit = booked(world)
    speak, planned, _ = STATES[state]
    speak(world)
    wanted = {"block": "done", "stands": "emergency_not_overridable"}.get(planned, "nothing_to_override")
    for role, by in world.roles.items():
        if role == "patient":
            continue
        before = everything()
        for reason in ("", "  "):
            assert outcome(
                lambda by=by, reason=reason: let_visit_pass(appointment=visit, screening_reason=reason, by=by)
            ) == ("invalid" if role == "lead" else "not_allowed")
            assert everything() == before
        with undone():
            said = outcome(lambda by=by: let_visit_pass(appointment=visit, screening_reason=REASON, by=by))
            rows = list(GateOverride.objects.values_list("by", "reason", "visit_id"))
        assert said == (wanted if role == "lead" else "not_allowed")
        assert rows == ([(by.pk, REASON, visit.public_id)] if said == "done" else [])
        assert everything() == before


LATER = (
    "move", "make longer", "take back a cancellation", "start the session", "record a technique", "treat a point",
    "sign",
)  # fmt: skip


@pytest.mark.parametrize("name", LATER)
def test_what_was_let_pass_for_a_visit_passes_on_every_later_path_of_it_and_of_no_other(world, name):
    act, lead = ACTS[name], world.roles["lead"]
    prepared = act.prepare(world, lead)
    visit = getattr(prepared, "appointment", prepared)
    for state in ("relative", "absolute", "not screened"):
        with undone():
            STATES[state][0](world)
            let_visit_pass(appointment=visit, screening_reason=REASON, by=lead)
            assert outcome(lambda: world.desk.book(at(11))) == "screening_blocks"
            assert outcome(lambda: act.run(world, prepared, lead)) == "done", state
    for state in ("absolute emergency", "caution emergency"):
        with undone():
            world.flag("relative", rule_id="CI-98")
            let_visit_pass(appointment=visit, screening_reason=REASON, by=lead)
            STATES[state][0](world)
            assert outcome(lambda: act.run(world, prepared, lead)) == act.blocked, state
    with undone():
        world.flag("relative", rule_id="CI-98")
        let_visit_pass(appointment=visit, screening_reason=REASON, by=lead)
        world.flag("relative")
        assert outcome(lambda: act.run(world, prepared, lead)) == act.blocked


def test_what_changed_is_read_before_a_visit_is_let_pass(world):
    visit = booked(world)
    world.flag("absolute")
    let_visit_pass(appointment=visit, screening_reason=REASON, by=world.roles["lead"])
    mark_arrived(appointment=visit, by=world.desk.front_desk)
    world.told_of_changes()
    before = everything()
    assert outcome(lambda: start_session(appointment=visit, by=world.roles["lead"])) == "screening_blocks_session"
    assert everything() == before


@pytest.mark.parametrize("state", list(STATES))
def test_checking_in_always_succeeds_and_says_whether_the_session_may_start(world, state):
    """Asked for the visit's time; who may book may check in, and nobody else."""
    visit = booked(world)
    speak, planned, _ = STATES[state]
    speak(world)
    for role, by in world.roles.items():
        if role == "patient":
            continue
        before = everything()
        with undone():
            if role == "auditor":
                with pytest.raises(NotAllowed):
                    mark_arrived(appointment=visit, by=by)
                assert everything() == before
                continue
            here = mark_arrived(appointment=visit, by=by)
            assert here.status == "arrived"
            waits_for_a_look = state == "changes nobody looked at"
            assert here.is_screening_blocked == (planned in {"block", "stands"} or waits_for_a_look)
            level = "block" if here.is_screening_blocked else "warn"
            assert AuditEvent.objects.filter(action="appointment.arrived").latest("id").facts == {"screening": level}
        visit.refresh_from_db()


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=30)])
def test_a_change_nobody_looked_at_is_told_at_the_desk_however_old_it_is(world, late):
    visit = booked(world)
    world.told_of_changes()
    ChangeCheck.objects.update(answered_at=visit.starts_at - HOLDS_FOR - late)
    here = mark_arrived(appointment=visit, by=world.desk.front_desk)
    assert (here.is_screening_blocked, here.screening_reasons) == (True, ("changes_not_looked_at",))


# Every case of every rule before the pure gate, and the desk's light.

CASES = [(rule.id, case) for rule in rulebook().rules for case in rule.cases]
LEVELS = {"absolute": "block", "relative": "block", "local": "warn", "caution": "warn"}
LIGHTS = {"block": Light.RED, "warn": Light.AMBER}


def test_every_case_of_every_rule_before_every_reader_of_the_gate(world):
    """One patient after the other would say the same: the gate reads flags, and these are the flags of the rules."""
    service, patient = world.desk.service, world.patient
    visit = booked(world)
    for rule_id, case in CASES:
        with undone():
            world.flag(case.severity, urgency=case.urgency, rule_id=rule_id, regions=list(case.regions))
            is_emergency = case.urgency == "emergency"
            level = "block" if is_emergency else LEVELS[case.severity]
            verdict = gate(patient=patient, service=service, at=at(9))
            reasons = (*(["emergency_flag"] if is_emergency else []), f"{case.severity}_flag")
            assert (verdict.level, verdict.reasons, verdict.rule_ids) == (level, reasons, (rule_id,))
            assert verdict.blocking == ((rule_id,) if LEVELS[case.severity] == "block" else ())
            assert gates_at(patient=patient, service=service, instants=[at(9)]) == {at(9): verdict}
            assert gates_of(wanted=[(patient, service)], at=at(9)) == {(patient.pk, service.pk): verdict}
            assert gate(patient=patient, service=service, visit_id=visit.public_id, is_held=True).level == level
            assert lights([patient.pk]) == {patient.pk: LIGHTS[level]}


def test_a_visit_taken_back_is_the_same_visit_and_keeps_what_was_let_pass(world):
    visit = off(world, None)
    world.flag("relative")
    assert outcome(lambda: ACTS["take back a cancellation"].run(world, visit, world.desk.front_desk)) == (
        "screening_blocks"
    )
    let_visit_pass(appointment=visit, screening_reason=REASON, by=world.roles["lead"])
    assert outcome(lambda: ACTS["take back a cancellation"].run(world, visit, world.desk.front_desk)) == "done"
    assert Flag.objects.get().status == "open"
