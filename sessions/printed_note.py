"""A session's note on paper: everything its page says, who signed it, and the fingerprint of what was signed.

It says what the page says, in the page's words. English, like the record.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from clinic.core.documents import pdf
from clinic.letterhead import day_words, paper_of, sender_of
from clinic.templatetags.clinic_ui import local_date, local_time
from sessions.models import TreatmentSession
from sessions.pains import PainLine
from sessions.printed_map import map_picture
from sessions.progress import MotionReading
from sessions.templatetags.session_progress import (
    how_words,
    motion_change_words,
    norm_words,
    other_side_words,
    rater_words,
    sign_words,
    threshold_words,
    treated_words,
)
from sessions.templatetags.session_words import mode_words, reach_words, side_words, signs_words, status_words
from sessions.workspace import MotionLine, PointLine, TechniqueLine, Workspace, region_name, workspace_of
from staff.models import User

_TEMPLATE = "sessions/documents/note.typ"
_NOTE = {"subjective": "Subjective", "objective": "Objective", "assessment": "Assessment", "plan": "Plan"}


def print_note(*, session: TreatmentSession, user: User, now: datetime) -> bytes:
    """The note as a PDF. A signed one is the same bytes however often it is printed, until something is added.

    The session comes with .for_page().
    """
    desk = workspace_of(session=session, user=user, now=now)
    return pdf(template=_TEMPLATE, facts=facts_of(desk, now=now), written_at=_written_at(desk, now))


def facts_of(desk: Workspace, *, now: datetime) -> dict[str, Any]:
    """Everything the paper says, as words."""
    session, patient = desk.session, desk.session.patient
    return {
        "paper": paper_of(session.location),
        "sender": sender_of(session.location),
        "reference": str(session.public_id),
        "is_draft": not session.is_signed,
        "printed_at": "" if session.is_signed else local_time(now, session.location),
        "patient": {"name": patient.full_name, "birth_on": day_words(patient.birth_on)},
        "visit": _visit(session),
        "note": [[label, getattr(session, name) or "–"] for name, label in _NOTE.items()],
        "pain": {"before": _level(session.pain_before), "after": _level(session.pain_after)},
        "pains": [_pain(line) for line in desk.pains],
        "map": map_picture(desk.points) if desk.points else "",
        "points": [_point(line) for line in desk.points],
        "motions": [_motion(line) for line in desk.motions],
        "techniques": [_technique(line) for line in desk.techniques],
        "minutes": desk.total_minutes,
        "care": _care(desk),
        "addenda": [
            {"head": f"{local_time(one.created_at, session.location)}, {one.author.full_name}", "text": one.text}
            for one in desk.addenda
        ],
        "signature": _signature(desk),
        "co_signature": _co_signature(desk),
    }


def _written_at(desk: Workspace, now: datetime) -> datetime:
    """When the last word of it was written; a draft may still change: when it is printed."""
    second = desk.co_signature.signed_at if desk.co_signature else None
    moments = [desk.session.signed_at, second, *(one.created_at for one in desk.addenda)]
    return max((at for at in moments if at), default=now)


def _visit(session: TreatmentSession) -> list[list[str]]:
    room = f", {session.appointment.room.name}" if session.appointment else ""
    return [
        ["Session", f"{local_time(session.performed_at, session.location)}"],
        ["Treatment", f"{session.service.name}{room}"],
        ["Therapist", _with_licence(session.therapist)],
    ]


def _pain(line: PainLine) -> dict[str, Any]:
    values = [
        [kind, _level(row.before) if row.after is None else f"{row.before} before, {row.after} after"]
        for kind, row in line.cells
        if row
    ]
    return {"region": f"{line.region.name}, {side_words(line.side)}", "values": values}


def _point(line: PointLine) -> dict[str, Any]:
    row = line.now
    assert row is not None, "only what was found in the session is printed"  # noqa: S101
    after = ", ".join(map(sign_words, line.effect))
    treated = [f"treated: {treated_words(row)}" if treated_words(row) else "", f"after: {after}" if after else ""]
    words = [signs_words(row), line.point.place, threshold_words(row), *treated, row.note]
    rater = rater_words(row)
    return {
        "number": line.number,
        "name": f"{line.muscle.name}, {side_words(line.point.side)}",
        "status": status_words(line.status),
        "words": _joined([*words, f"examined by {rater}" if rater else ""]),
        "before": _before(line),
    }


def _before(line: PointLine) -> str:
    """How it was found the last time, if it was."""
    if line.before is None:
        return ""
    on = local_date(line.before.session.performed_at, line.before.session.location)
    return f"{status_words(line.before.status)} ({on})"


def _motion(line: MotionLine) -> dict[str, Any]:
    mode = "" if line.mode == "active" else f" ({mode_words(line.mode)})"
    unit = "°" if line.motion.unit == "deg" else " mm"
    sides = [line.left, line.right] if line.motion.is_sided else [line.midline]
    return {
        "name": f"{line.motion.name}{mode}",
        "sides": [_measured(reading) for reading in sides],
        "norm": f"{line.motion.norm}{unit}" if line.motion.norm else "–",
    }


def _measured(reading: MotionReading | None) -> dict[str, str]:
    if reading is None:
        return {"reach": "–", "words": ""}
    row = reading.row
    change = motion_change_words(reading.change) if reading.change else ""
    words = [other_side_words(reading), norm_words(reading), change, how_words(row)]
    return {"reach": f"{reach_words(row)}{', painful' if row.is_painful else ''}", "words": _joined(words)}


def _technique(line: TechniqueLine) -> dict[str, Any]:
    use = line.use
    pressure = f", pressure {use.pressure}/5" if use.pressure else ""
    despite = f"Despite {', '.join(use.despite_rules)}: {use.despite_reason}" if use.despite_rules else ""
    return {
        "name": line.technique.name,
        "where": f"{line.region.name}, {side_words(use.side)}{pressure}",
        "minutes": use.minutes,
        "despite": despite,
    }


def _care(desk: Workspace) -> list[list[str]]:
    """What else stands in the note: the product and why, the chaperone, consent by region, effects of the last time."""
    lines = [["Oil, gel or lotion", desk.session.lubricant or "none"]]
    if desk.product and desk.product.reason:
        lines.append(["Used nevertheless because", desk.product.reason.reason])
    if chaperone := desk.presence.chaperone:
        lines.append(["Chaperone", _joined([str(chaperone.get_answer_display()), chaperone.name], ", ")])
    lines += [[f"Consent: {region_name(row.region)}", row.get_answer_display()] for row in desk.presence.consents]
    if desk.effects and desk.effects.answer:
        had_effect = desk.effects.answer.had_effect
        lines.append(["Unexpected effect of the last session", "Yes, recorded as an event" if had_effect else "None"])
    return lines


def _signature(desk: Workspace) -> dict[str, Any] | None:
    session = desk.session
    if session.signed_by is None:
        return None
    return {
        "by": _with_licence(session.signed_by),
        "at": local_time(session.signed_at, session.location),
        "digest": session.content_digest,
        "is_unaltered": desk.is_unaltered,
    }


def _co_signature(desk: Workspace) -> str:
    second = desk.co_signature
    if second is None:
        return ""
    if second.signed_by is None:
        return f"Waits for the co-signature of {second.supervisor.full_name}."
    at = local_time(second.signed_at, desk.session.location)
    remark = f": {second.remark}" if second.remark else ""
    return f"Co-signed by {_with_licence(second.signed_by)}, {at}{remark}"


def _with_licence(person: User) -> str:
    return f"{person.full_name}, licence {person.licence_number}" if person.licence_number else person.full_name


def _level(pain: int | None) -> str:
    return "–" if pain is None else f"{pain}/10"


def _joined(words: Iterable[str], by: str = " · ") -> str:
    return by.join(word for word in words if word)
