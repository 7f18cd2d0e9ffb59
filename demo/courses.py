"""How treatment goes for made-up patients: some improve, some do not, some stop coming."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

# Share of patients, change of pain per visit, and how many visits they have.
TRAJECTORIES = {
    "improves": (0.42, -0.75, (3, 6)),
    "improves a little": (0.22, -0.3, (2, 3)),
    "stays the same": (0.18, 0.0, (2, 4)),
    "gets worse": (0.05, 0.3, (2, 3)),
    "stops coming": (0.13, -0.2, (1, 2)),
}
# Condition of the catalogue: muscles that are examined, and a motion with its restricted end of range.
COMPLAINTS: dict[str, tuple[tuple[str, str], tuple[str, str, int]]] = {
    "chronic_neck_pain": (("trap_upper", "levator_scap"), ("cervical", "rotation", 68)),
    "chronic_low_back_pain": (("quad_lumborum", "glut_med"), ("thoracolumbar", "flexion", 72)),
    "chronic_upper_back_pain": (("rhomboids", "trap_middle"), ("thoracolumbar", "rotation", 38)),
    "shoulder_restriction": (("infraspinatus", "subscapularis"), ("shoulder", "abduction", 130)),
    "hip_restriction": (("tfl", "glut_min"), ("hip", "flexion", 100)),
    "migraine": (("suboccipitals", "trap_upper"), ("cervical", "flexion", 40)),
    "plantar_fasciitis": (("soleus", "gastrocnemius"), ("ankle", "dorsiflexion", 10)),
    "tmj_dysfunction": (("masseter", "temporalis"), ("jaw", "opening", 34)),
    "myofascial_pain_syndrome": (("trap_upper", "infraspinatus"), ("shoulder", "flexion", 150)),
}
_WEIGHTS = (22, 24, 10, 14, 8, 6, 6, 4, 12)


@dataclass(frozen=True)
class Visit:
    """What a visit will find: pain before and after, the answer a day later (None: not answered)."""

    before: int
    after: int
    follow_up: int | None
    had_unexpected_effect: bool


@dataclass(frozen=True)
class Course:
    """One patient's problem and its visits."""

    complaint: str
    side: str
    trajectory: str
    visits: tuple[Visit, ...]
    weeks_between: int


def course(random: Random) -> Course:
    """A course of care."""
    complaint = random.choices(list(COMPLAINTS), _WEIGHTS)[0]
    shares = [share for share, _, _ in TRAJECTORIES.values()]
    trajectory = random.choices(list(TRAJECTORIES), shares)[0]
    _, drift, (fewest, most) = TRAJECTORIES[trajectory]
    level = random.gauss(6.2, 1.2)
    visits = []
    for _ in range(random.randint(fewest, most)):
        visits.append(_visit(level, random))
        level += random.gauss(drift, 0.6)
    return Course(complaint, random.choice(["left", "right"]), trajectory, tuple(visits), random.choice([1, 1, 2]))


def _visit(level: float, random: Random) -> Visit:
    before = _score(level + random.gauss(0, 0.5))
    after = _score(before - abs(random.gauss(1.4, 0.8)))
    answered = random.random() < 0.66
    follow_up = _score((before + after) / 2 + random.gauss(0, 0.7)) if answered else None
    return Visit(before, after, follow_up, answered and random.random() < 0.03)


def _score(level: float) -> int:
    return max(0, min(10, round(level)))
