"""One session as its page shows it: flags, what was found before and now, what was done, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from clinic.core.clock import local
from clinic.templatetags.body_map import REGIONS
from screening.changes import ChangeLine, line_of
from screening.models import ChangeCheck, Flag, Light
from screening.services import Verdict, lights
from sessions import catalogue, content
from sessions.carried import CarriedLine, carried_lines
from sessions.consents import Presence, presence_of
from sessions.event_log import EffectQuestion, effect_question
from sessions.ledger import last_signed
from sessions.models import (
    Addendum,
    CoSignature,
    PointStatus,
    RangeOfMotion,
    TechniqueUse,
    TreatmentSession,
    TriggerPoint,
    TriggerPointObservation,
)
from sessions.pains import PainLine, pain_lines
from sessions.products import ProductWarning, product_of
from sessions.progress import MotionReading, PointChange, Sign, change_of_point, effect_on_point, readings_of
from sessions.treatments import treatments_in, verdict_on
from staff.models import User

# The figures' boxes in the drawing's own units: where each begins, and how large both are.
_BOX_X = {"front": 0.0, "back": 37.0}
_BOX_WIDTH, _BOX_HEIGHT = 35.0, 93.0
_MUSCLE_ORDER = {key: number for number, key in enumerate(catalogue.muscles())}


REQUIREMENTS = {
    "pain_before": "Pain before",
    "note": "Something written in the note",
    "pain_after": "Pain after",
    "screening": "Screening allows treatment",
    "confirmed": "Everything carried over is confirmed",
}


@dataclass(frozen=True)
class PointLine:
    """A trigger point: how it was found in this session, and the last time before."""

    number: int
    point: TriggerPoint
    now: TriggerPointObservation | None
    before: TriggerPointObservation | None

    @property
    def muscle(self) -> catalogue.Muscle:
        return catalogue.muscles()[self.point.muscle]

    @property
    def change(self) -> PointChange | None:
        """What became of it since the time before, if it was examined now."""
        return change_of_point(self.before, self.now) if self.now else None

    @property
    def effect(self) -> tuple[Sign, ...]:
        """What the treatment of this session did to it."""
        return effect_on_point(self.now) if self.now else ()

    @property
    def shown(self) -> TriggerPointObservation | None:
        return self.now or self.before

    @property
    def status(self) -> str:
        return self.shown.status if self.shown else ""

    @property
    def translate(self) -> str:
        """Where the mark stands in the drawing. A string, so that no locale turns its points into commas."""
        x = _BOX_X[self.point.view] + self.point.x * _BOX_WIDTH / 1000
        return f"translate({x:.2f} {self.point.y * _BOX_HEIGHT / 1000:.2f})"


@dataclass
class MotionLine:
    """A motion with both its sides."""

    motion: catalogue.Motion
    mode: str
    left: MotionReading | None = None
    right: MotionReading | None = None
    midline: MotionReading | None = None


@dataclass(frozen=True)
class Progress:
    """What became of the points and motions of a session."""

    trigger_points: list[PointLine]
    motions: list[MotionReading]


@dataclass(frozen=True)
class TechniqueLine:
    """A technique as it was given."""

    use: TechniqueUse
    technique: catalogue.Technique
    region: catalogue.Region


@dataclass(frozen=True)
class Requirement:
    """Something a signature asks for."""

    code: str
    label: str
    is_met: bool


@dataclass(frozen=True)
class LastSession:
    """What the therapist wants to remember of the last time."""

    session: TreatmentSession
    points: list[TriggerPointObservation]
    techniques: list[TechniqueLine]


@dataclass(frozen=True)
class Workspace:
    """Everything the page shows of one session."""

    session: TreatmentSession
    age: int
    light: Light
    flags: list[Flag]
    # Graver flags that a clearance lifts, perhaps within limits.
    limits: list[Flag]
    pains: list[PainLine]
    points: list[PointLine]
    known_points: list[PointLine]
    resolved_points: list[PointLine]
    motions: list[MotionLine]
    techniques: list[TechniqueLine]
    requirements: list[Requirement]
    # The five questions before this visit, if anybody was asked, and whether the gate misses the answers.
    change: ChangeLine | None
    changes_unasked: bool
    # Any unexpected effect after the last session: asked at this one.
    effects: EffectQuestion | None
    product: ProductWarning | None
    presence: Presence
    last: LastSession | None
    # What was carried over from the last session and nobody has confirmed.
    carried: list[CarriedLine]
    addenda: list[Addendum]
    co_signature: CoSignature | None
    is_editable: bool
    is_unaltered: bool

    @property
    def carried_notes(self) -> dict[str, CarriedLine]:
        """Unconfirmed words by the field they stand in."""
        return {line.row.note_field: line for line in self.carried if line.row.note_field}

    @property
    def carried_techniques(self) -> set[int]:
        return {line.row.technique_use_id for line in self.carried if line.row.technique_use_id}

    @property
    def total_minutes(self) -> int:
        return sum(line.use.minutes for line in self.techniques)

    @property
    def drawn_points(self) -> list[PointLine]:
        return [*self.points, *self.known_points]

    @property
    def is_ready(self) -> bool:
        return all(requirement.is_met for requirement in self.requirements)

    @property
    def blocked(self) -> set[str]:
        """The drawn areas that local flags keep hands away from."""
        return {key for flag in self.flags if flag.severity == "local" for key in _drawings(flag.regions)}


def workspace_of(*, session: TreatmentSession, user: User, now: datetime) -> Workspace:
    """Read one session for its page. The session comes with .for_page()."""
    patient = session.patient
    is_editable = not session.is_signed and session.therapist_id == user.pk
    flags = [] if session.is_signed else list(_flags(session, user, now))
    standing = [flag for flag in flags if not flag.is_cleared]  # type: ignore[attr-defined]  # counting() tells
    found = _points(session, user)
    verdict = None if session.is_signed else verdict_on(session, treatments_in(session), at=now)
    carried = carried_lines(session)
    requirements = requirements_of(session, verdict, is_confirmed=not carried) if verdict else []
    reasons = verdict.reasons if verdict else ()
    last = None if session.is_signed else _last(session, user)
    return Workspace(
        session=session,
        age=patient.age_on(local(session.performed_at, session.location.timezone).date()),
        light=lights([patient.pk])[patient.pk],
        flags=standing,
        limits=[flag for flag in flags if flag not in standing and flag.is_blocking],
        pains=pain_lines(session),
        points=[line for line in found if line.now],
        known_points=[line for line in found if is_editable and not line.now and not _is_resolved(line)],
        resolved_points=[line for line in found if is_editable and not line.now and _is_resolved(line)],
        motions=motion_lines(motion_readings(session, user)),
        techniques=technique_lines(session.techniques.order_by("id")),
        requirements=requirements,
        change=None if session.is_signed else _change(session, user),
        changes_unasked="changes_not_asked" in reasons,
        effects=effect_question(session, before=last.session if last else None),
        product=product_of(session),
        presence=presence_of(session),
        last=last,
        carried=[] if session.is_signed else carried,
        addenda=list(session.addenda.select_related("author").order_by("id")) if session.is_signed else [],
        co_signature=co_signature_of(session),
        is_editable=is_editable,
        is_unaltered=content.verify(session),
    )


def co_signature_of(session: TreatmentSession) -> CoSignature | None:
    """The second signature a signed note waits for, or bears."""
    if not session.is_signed:
        return None
    return CoSignature.objects.filter(session=session).select_related("supervisor", "signed_by").first()


def requirements_of(session: TreatmentSession, verdict: Verdict, *, is_confirmed: bool) -> list[Requirement]:
    """What a signature asks for, and whether it is there."""
    missing = session.missing_to_sign()
    met = {code: code not in missing for code in REQUIREMENTS}
    met |= {"screening": not verdict.is_blocked, "confirmed": is_confirmed}
    return [Requirement(code, label, met[code]) for code, label in REQUIREMENTS.items()]


def motion_readings(session: TreatmentSession, user: User) -> dict[int, MotionReading]:
    """The motions of a session, each read against its other side, its norm and the last time."""
    rows = list(session.motions.select_related("session", "rater"))
    if not rows:
        return {}
    seen = RangeOfMotion.objects.visible_to(user).filter(session__patient=session.patient)
    earlier = seen.exclude(session=session).filter(session__performed_at__lte=session.performed_at)
    return readings_of(rows, earlier.latest_of_each_motion())


def progress_of(*, session: TreatmentSession, user: User) -> Progress:
    """The findings of a session against what was known before."""
    examined = [line for line in _points(session, user) if line.now]
    return Progress(examined, list(motion_readings(session, user).values()))


def motion_lines(readings: dict[int, MotionReading]) -> list[MotionLine]:
    """Measurements with left beside right, head to foot."""
    lines: dict[tuple[str, str], MotionLine] = {}
    for reading in readings.values():
        row = reading.row
        key = (f"{row.joint}.{row.motion}", row.mode)
        line = lines.setdefault(key, MotionLine(catalogue.motions()[key[0]], row.mode))
        setattr(line, row.side, reading)
    order = {key: number for number, key in enumerate(catalogue.motions())}
    return sorted(lines.values(), key=lambda line: (order[line.motion.key], line.mode))


def technique_lines(rows: Iterable[TechniqueUse]) -> list[TechniqueLine]:
    """Techniques with their names."""
    return [TechniqueLine(row, catalogue.techniques()[row.technique], catalogue.regions()[row.region]) for row in rows]


def region_name(code: str) -> str:
    """A region's name, whichever vocabulary it comes from: an area of the drawing or a part of the body."""
    if code in REGIONS:
        return REGIONS[code].label
    return catalogue.regions()[code].name if code in catalogue.regions() else code


def _flags(session: TreatmentSession, user: User, now: datetime) -> Iterable[Flag]:
    counting = Flag.objects.counting(now).gravest_first().visible_to(user)
    return counting.filter(patient=session.patient).select_related("clearance")


def _change(session: TreatmentSession, user: User) -> ChangeLine | None:
    if session.appointment is None:
        return None
    rows = ChangeCheck.objects.visible_to(user).select_related("response__questionnaire", "seen_by")
    check = rows.filter(visit_id=session.appointment.public_id).exclude(answered_at=None).first()
    return line_of(check) if check else None


def _points(session: TreatmentSession, user: User) -> list[PointLine]:
    """The points of this session, then those known from before; each numbered as it is drawn."""
    rows = session.point_observations.select_related("trigger_point", "session", "rater")
    now = {row.trigger_point_id: row for row in rows}
    seen = TriggerPointObservation.objects.visible_to(user).filter(trigger_point__patient=session.patient)
    others = seen.exclude(session=session).filter(session__performed_at__lte=session.performed_at)
    before = {row.trigger_point_id: row for row in others.latest_of_each_point()}
    points = {row.trigger_point_id: row.trigger_point for row in (*now.values(), *before.values())}
    lines = [PointLine(0, point, now.get(pk), before.get(pk)) for pk, point in points.items()]
    lines.sort(key=lambda line: (_rank(line), _MUSCLE_ORDER[line.point.muscle], line.point.pk))
    return [replace(line, number=number) for number, line in enumerate(lines, start=1)]


def _rank(line: PointLine) -> int:
    """Found today, known from before, known to be over."""
    if line.now:
        return 0
    return 2 if _is_resolved(line) else 1


def _is_resolved(line: PointLine) -> bool:
    return line.status == PointStatus.RESOLVED


def _last(session: TreatmentSession, user: User) -> LastSession | None:
    last = last_signed(before=session, by=user)
    if last is None:
        return None
    points = last.point_observations.select_related("trigger_point").order_by("id")
    return LastSession(last, list(points), technique_lines(last.techniques.order_by("id")))


def _drawings(codes: Iterable[str]) -> Iterable[str]:
    """The drawn areas of some regions, left and right: a flag does not say which side it means."""
    for code in codes:
        region = catalogue.regions().get(code)
        for name in region.drawings if region else (code,):
            yield from (key for key in REGIONS if key in {name, f"{name}-left", f"{name}-right"})
