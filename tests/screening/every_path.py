"""Everything that books, moves, starts, records or signs, and every state of a patient it meets: the parts of a matrix.

An `Act` prepares what it needs while nothing speaks against it, and is tried afterwards; what comes of it is one word.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from clinic.core.errors import ClinicError
from messaging.models import SignedLink
from questionnaires.services import start_response
from scheduling import services
from scheduling.models import Appointment
from scheduling.series_changes import Change
from screening.changes import CHANGES
from screening.models import ChangeCheck, Evaluation, Flag
from screening.services import record_at_visit
from sessions import services as sessions
from tests.factories import UserFactory
from tests.scheduling.factories import at, make_desk
from tests.scheduling.waiting import cancelled, offered, waits
from tests.screening.factories import sent_intake
from tests.sessions.factories import NOTE

REASON = "The specialist agreed on the telephone"
OURS = {app.label for app in apps.get_app_configs() if not app.name.startswith("django.")}


class World:
    """A clinic at work, a screened patient, and a member of each role who sees that patient."""

    def __init__(self) -> None:
        self.desk = make_desk(for_unscreened_patients=False)
        self.patient = self.desk.patient
        care = [self.desk.therapist, UserFactory(locations=[self.desk.location], is_clinical_lead=True)]
        for one in care:
            self.patient.care_team.create(therapist=one, started_on="2026-01-01")
        self.roles = {
            "admin": self.desk.admin,
            "therapist": care[0],
            "front_desk": self.desk.front_desk,
            "auditor": UserFactory(roles=["auditor"], locations=[self.desk.location]),
            "lead": care[1],
            # Holds a link, is no member.
            "patient": None,
        }
        self.evaluation = sent_intake(self.patient)
        self.another = self.desk.new_patient()
        sent_intake(self.another)

    def flag(self, severity: str, **more: Any) -> Flag:
        known = {"rule_id": "CI-99", "rule_version": 1, "title": "x", "action": "x", **more}
        return Flag.objects.create(patient=self.patient, evaluation=self.evaluation, severity=severity, **known)

    def cleared_flag(self, days: int) -> None:
        now = timezone.now()
        self.flag(
            "relative", status="cleared", reason="Letter", closed_by=self.roles["lead"], closed_at=now,
            cleared_until=now + timedelta(days=days),
        )  # fmt: skip

    def unscreened(self) -> None:
        copied = ("response", "cause", "rule_set_version", "inputs", "fired", "answered_at", "actor_kind", "actor_id")
        Evaluation.objects.create(
            patient=self.patient, inputs_digest="x", is_complete=False,
            **{name: getattr(self.evaluation, name) for name in copied},
        )  # fmt: skip

    def seen(self, what: str) -> None:
        """What a therapist sees in the room today."""
        fit = {"seen-impaired": "no", "seen-no-consent": "no"}
        record_at_visit(patient=self.patient, answers={**fit, what: "yes"}, by=self.roles["therapist"])

    def told_of_changes(self) -> None:
        """The five questions of every visit of the patient are answered with a change nobody has looked at."""
        response = start_response(patient=self.patient, key=CHANGES, by=self.roles["lead"])
        for visit in Appointment.objects.filter(patient=self.patient):
            ChangeCheck.objects.create(
                patient=self.patient, visit_id=visit.public_id, visit_at=visit.starts_at, response=response,
                has_changes=True, answered_at=timezone.now(),
            )  # fmt: skip


# What speaks against a patient, what is said of a visit in three weeks, and of a session that is held now.
STATES: dict[str, tuple[Callable[[World], Any], str, str]] = {
    "nothing": (lambda world: None, "allow", "allow"),
    "caution": (lambda world: world.flag("caution"), "warn", "warn"),
    "local": (lambda world: world.flag("local"), "warn", "warn"),
    "caution, same day": (lambda world: world.flag("caution", urgency="same_day"), "warn", "warn"),
    "relative": (lambda world: world.flag("relative"), "block", "block"),
    "relative, same day": (lambda world: world.flag("relative", urgency="same_day"), "block", "block"),
    "absolute": (lambda world: world.flag("absolute"), "block", "block"),
    "absolute emergency": (lambda world: world.flag("absolute", urgency="emergency"), "stands", "stands"),
    "caution emergency": (lambda world: world.flag("caution", urgency="emergency"), "stands", "stands"),
    "clearance that holds": (lambda world: world.cleared_flag(90), "warn", "warn"),
    "clearance that runs out before": (lambda world: world.cleared_flag(3), "block", "warn"),
    "passing fever": (
        lambda world: world.flag("absolute", expires_at=timezone.now() + timedelta(days=3)), "allow", "block"
    ),
    "not screened": (lambda world: world.unscreened(), "block", "block"),
    "drunk today": (lambda world: world.seen("seen-impaired"), "allow", "block"),
    "cannot consent today": (lambda world: world.seen("seen-no-consent"), "allow", "block"),
    "changes nobody looked at": (lambda world: world.told_of_changes(), "allow", "block"),
}  # fmt: skip


@dataclass(frozen=True)
class Act:
    """One way to get a patient treated."""

    prepare: Callable[[World, Any], Any]
    run: Callable[[World, Any, Any], Any]
    # Who may at all; the others are refused whatever speaks against the patient.
    roles: frozenset[str]
    # Whether it is asked for a session held now rather than for a visit to come.
    is_held: bool = False
    # The code by which it says that screening is in the way.
    blocked: str = "screening_blocks"


BOOKERS = frozenset({"admin", "therapist", "front_desk", "lead"})
THERAPISTS = frozenset({"therapist", "lead"})
PATIENT = frozenset({"patient"})
SESSION = {"roles": THERAPISTS, "is_held": True, "blocked": "screening_blocks_session"}


def nothing(world: World, by: Any) -> None:
    return None


def booked(world: World, by: Any = None) -> Appointment:
    return world.desk.book(at(9))


def arrived(world: World, by: Any) -> Appointment:
    return services.mark_arrived(appointment=booked(world), by=world.desk.front_desk)


def draft(world: World, by: Any) -> Any:
    """The note of whoever may write one; that of the therapist for those who may not."""
    author = by if by is not None and by.writes_clinical else world.roles["therapist"]
    return sessions.start_session(appointment=arrived(world, by), by=author)


def whole_draft(world: World, by: Any) -> Any:
    session = draft(world, by)
    sessions.save_note(session=session, changes=NOTE, expected_version=1, by=session.therapist)
    return session


def series(world: World, by: Any) -> Any:
    return book_series(world, None, world.desk.front_desk)


def book_series(world: World, _: Any, by: Any) -> Any:
    desk = world.desk
    return services.book_series(
        patient=world.patient, therapist=desk.therapist, service=desk.service, location=desk.location,
        rule="FREQ=WEEKLY;COUNT=2", first_at=at(9), by=by,
    )  # fmt: skip


def move_series(world: World, series: Any, by: Any) -> Any:
    start = series.appointments.order_by("starts_at").first()
    return services.move_series(series=series, scope="all", start=start, change=Change(days=1), by=by)[0]


def hold(world: World, by: Any, patient: Any = None) -> Any:
    desk = world.desk
    return services.hold_slot(
        therapist=desk.therapist, service=desk.service, location=desk.location, starts_at=at(9), patient=patient, by=by
    )


def offer(world: World, by: Any) -> Any:
    """An offer that is out to the patient; by its link where the patient is the one to answer."""
    entry, visit = waiting(world, by)
    return offered(world.desk, [entry], visit=visit).offers.get()


def waiting(world: World, by: Any) -> Any:
    return waits(world.desk, patient=world.patient), cancelled(world.desk, patient=world.another)


def make_offer(world: World, prepared: Any, by: Any) -> Any:
    entry, visit = prepared
    return services.offer_vacancy(visit=visit, entries=[entry], mode="one_by_one", answer_minutes=60, by=by)


def accept_by_link(world: World, offer: Any, by: Any) -> Any:
    link = SignedLink.objects.filter(target_id=offer.public_id).latest("pk")
    return services.accept_offer(offer=offer, by=link)


def off(world: World, by: Any) -> Appointment:
    return services.cancel_appointment(
        appointment=booked(world), reason="clinic", notify=False, by=world.desk.front_desk
    )


def touch(world: World, session: Any, by: Any) -> Any:
    return sessions.record_technique(
        session=session, technique="effleurage", region="HAND", side="left", minutes=5, pressure=1, by=by
    )


def treat_point(world: World, session: Any, by: Any) -> Any:
    return sessions.record_trigger_point(
        session=session, muscle="trap_upper", side="left", status="active", technique="sustained_pressure", by=by
    )


def carrying_draft(world: World) -> Any:
    """A draft after a signed session in which hands were laid on."""
    by = world.roles["therapist"]
    earlier = world.desk.book(at(11), by=by)
    first = sessions.start_session(appointment=services.mark_arrived(appointment=earlier, by=by), by=by)
    touch(world, first, by)
    sessions.save_note(session=first, changes=NOTE, expected_version=None, by=by)
    sessions.sign_session(session=first, by=by)
    return draft(world, by)


def harm(world: World, session: Any, by: Any) -> Any:
    entries = {
        "kind": "bruise", "severity": "minor", "causality": "probable", "outcome": "recovering",
        "description": "Blue spot on the calf.",
    }  # fmt: skip
    return sessions.record_adverse_event(patient=world.patient, session=session, entries=entries, by=by)


ACTS: dict[str, Act] = {
    "book": Act(nothing, lambda world, _, by: world.desk.book(at(9), by=by), BOOKERS),
    "hold for a patient": Act(nothing, lambda world, _, by: hold(world, by, world.patient), BOOKERS),
    "book what is held": Act(
        lambda world, by: hold(world, world.desk.front_desk),
        lambda world, held, by: services.book_held(hold=held, patient=world.patient, by=by),
        BOOKERS,
    ),
    "book a series": Act(nothing, book_series, BOOKERS, blocked="series_refused"),
    "move": Act(booked, lambda _, visit, by: services.move_appointment(appointment=visit, starts_at=at(14), by=by),
                BOOKERS),
    "make longer": Act(booked, lambda _, visit, by: services.move_appointment(appointment=visit, minutes=80, by=by),
                       BOOKERS),
    "move a series": Act(series, move_series, BOOKERS, blocked="series_refused"),
    "take back a cancellation": Act(
        off, lambda _, visit, by: services.restore_appointment(appointment=visit, by=by), BOOKERS
    ),
    "offer a free time": Act(waiting, make_offer, BOOKERS, blocked="nobody_suits"),
    "accept for the patient": Act(
        offer, lambda _, offer, by: services.accept_offer(offer=offer, by=by), BOOKERS
    ),
    "accept by the link": Act(offer, accept_by_link, PATIENT),
    "start the session": Act(
        arrived, lambda _, visit, by: sessions.start_session(appointment=visit, by=by), **SESSION
    ),
    "record a technique": Act(draft, touch, **SESSION),
    "treat a point": Act(draft, treat_point, **SESSION),
    "sign": Act(whole_draft, lambda _, session, by: sessions.sign_session(session=session, by=by), **SESSION),
}  # fmt: skip


@contextmanager
def undone() -> Any:
    """Whatever happens inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def everything() -> dict[str, str]:
    """A fingerprint of every row of every table of ours."""
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.app_label in OURS]
    rows = "md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
    each = [f"SELECT '{name}', {rows} FROM \"{name}\" t" for name in sorted(tables)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return dict(cursor.fetchall())


def outcome(attempt: Callable[[], Any]) -> str:
    """`done`, or the code of the refusal."""
    try:
        with transaction.atomic():
            attempt()
    except ClinicError as refusal:
        return refusal.code
    return "done"
