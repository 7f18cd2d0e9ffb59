"""The set work of outcome reports, done by PostgreSQL: which episodes count, and their first and last score.

Aggregate only. Admins and auditors of a location may count outcomes but not read a person's: scores are read here
across care teams, and what leaves is a histogram, totals, or the de-identified rows of an export. Nothing in here
selects a name, an address, an outside id or free text. Every statement starts at
`Patient.objects.visible_to(user)` and at the user's own locations. People who refused de-identified use of their
record are in none of it.

Rules (clinical.md 7.1): an episode belongs to the day and place of its first signed treatment; its baseline and
last score follow the rule in outcomes.models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db import connection
from psycopg import sql

from clinic.models import Location
from outcomes.models import BASELINE_WINDOW, LAST_AFTER, LAST_AFTER_VISITS, PainScore, Survey
from patients.models import Condition, Consent, ConsentKind, Episode, Patient
from sessions.models import TreatmentSession
from staff.models import User


@dataclass(frozen=True)
class Cohort:
    """Whose episodes: those a user may count, by the local date of the first treatment, at one or all places."""

    user: User
    from_on: date
    to_on: date
    location: Location | None = None


class Pair(NamedTuple):
    """How many people share a baseline and a last score; None is a score that was not taken."""

    baseline: int | None
    last: int | None
    people: int


class Episodes(NamedTuple):
    """Episodes that started, and the scores of each person's first one."""

    started: int
    pairs: list[Pair]


class Activity(NamedTuple):
    """What happened in the sessions of the range."""

    sessions: int
    people: int
    answered_surveys: int
    unexpected_effects: int
    people_with_effects: int


class EpisodeRow(NamedTuple):
    """One de-identified episode, as an export prints it."""

    total: int
    row_code: str
    location_id: int
    is_first_episode: bool
    age: int
    sex: str
    condition_kind: str | None
    chronicity: str | None
    baseline: int | None
    last: int | None
    session_count: int
    days_to_first_treatment: int | None
    days_to_last: int | None


# The `visible` part is the query Django compiles from Patient.objects.visible_to; it comes first because its
# parameters are positional.
_SCOPE = """
WITH visible (patient_id) AS MATERIALIZED ({visible}),
asked AS (
    SELECT %s::date AS from_on, %s::date AS to_on, %s::interval AS baseline_window, %s::interval AS last_after
),
places AS (SELECT id, timezone FROM {locations} WHERE id = ANY(%s)),
performed AS (
    SELECT session.id, session.public_id, session.patient_id, session.episode_id, session.location_id,
           session.performed_at, session.performed_at AT TIME ZONE place.timezone AS performed_local
    FROM {sessions} AS session
    JOIN places AS place ON place.id = session.location_id
    CROSS JOIN asked
    WHERE session.state = 'signed'
      -- Wide enough for any zone, so that the index serves; the local date decides.
      AND session.performed_at >= asked.from_on::timestamptz - interval '1 day'
      AND session.performed_at < asked.to_on::timestamptz + interval '2 days'
      AND (session.performed_at AT TIME ZONE place.timezone)::date BETWEEN asked.from_on AND asked.to_on
      AND session.patient_id IN (SELECT visible.patient_id FROM visible)
)
"""

# LATERAL, so that each episode costs three short index scans whatever the planner believes about how many there
# are: joined as sets, one wrong estimate of the first step made twelve thousand episodes take minutes.
_COHORT = """,
starts AS MATERIALIZED (
    SELECT first.*, 'session:' || first.public_id AS source_key,
           row_number() OVER (PARTITION BY patient_id ORDER BY performed_at, id) = 1 AS is_first_episode
    FROM performed AS first
    WHERE NOT EXISTS (
        SELECT FROM {sessions} AS earlier
        WHERE earlier.episode_id = first.episode_id AND earlier.state = 'signed'
          AND (earlier.performed_at, earlier.id) < (first.performed_at, first.id)
    )
),
courses AS (
    SELECT starts.*, visits.session_count, baseline.score AS baseline, baseline.measured_at AS baseline_at,
           last.score AS last, last.measured_at AS last_at
    FROM starts
    CROSS JOIN asked
    CROSS JOIN LATERAL (
        SELECT count(*) AS session_count,
               (array_agg(session.performed_at ORDER BY session.performed_at, session.id))[{visit_number}] AS enough_at
        FROM {sessions} AS session
        WHERE session.episode_id = starts.episode_id AND session.state = 'signed'
    ) AS visits
    LEFT JOIN LATERAL (
        SELECT score.score, score.measured_at
        FROM {scores} AS score
        WHERE score.episode_id = starts.episode_id AND score.moment <> 'after'
          AND (score.source_key = starts.source_key OR score.measured_at
               BETWEEN starts.performed_at - asked.baseline_window AND starts.performed_at)
        ORDER BY score.source_key = starts.source_key DESC, score.measured_at DESC, score.id DESC
        LIMIT 1
    ) AS baseline ON true
    LEFT JOIN LATERAL (
        SELECT score.score, score.measured_at
        FROM {scores} AS score
        WHERE score.episode_id = starts.episode_id AND score.moment <> 'after'
          AND score.measured_at >= baseline.measured_at + asked.last_after
          AND score.measured_at > visits.enough_at
        ORDER BY score.measured_at DESC, score.id DESC
        LIMIT 1
    ) AS last ON true
)
"""

_HISTOGRAM = """
SELECT is_first_episode, baseline, last, count(*) FROM courses GROUP BY is_first_episode, baseline, last
"""

_ACTIVITY = """
SELECT count(*), count(DISTINCT performed.patient_id), count(survey.id),
       count(*) FILTER (WHERE survey.had_unexpected_effect),
       count(DISTINCT performed.patient_id) FILTER (WHERE survey.had_unexpected_effect)
FROM performed
LEFT JOIN {surveys} AS survey ON survey.session_id = performed.public_id AND survey.state = 'answered'
"""

# A random code for each row, and the rows in its order: neither says who came first.
_ROWS = """
SELECT count(*) OVER (), coded.* FROM (
    SELECT replace(gen_random_uuid()::text, '-', '') AS row_code, courses.location_id, courses.is_first_episode,
           date_part('year', age(courses.performed_local::date, patient.birth_on))::int AS age, patient.sex,
           condition.kind, condition.chronicity, courses.baseline, courses.last, courses.session_count,
           courses.performed_at::date - courses.baseline_at::date, courses.last_at::date - courses.baseline_at::date
    FROM courses
    JOIN {patients} AS patient ON patient.id = courses.patient_id
    JOIN {episodes} AS episode ON episode.id = courses.episode_id
    LEFT JOIN {conditions} AS condition ON condition.id = episode.condition_id
) AS coded ORDER BY row_code
"""


def read_episodes(cohort: Cohort) -> Episodes:
    """Every started episode counted, and each person's first one by its pair of scores: at most 133 rows."""
    with connection.cursor() as cursor:
        cursor.execute(*_statement(_SCOPE + _COHORT + _HISTOGRAM, cohort))
        rows = cursor.fetchall()
    return Episodes(
        started=sum(count for *_, count in rows),
        pairs=[Pair(baseline, last, count) for is_first, baseline, last, count in rows if is_first],
    )


def read_activity(cohort: Cohort) -> Activity:
    """Sessions of the range, and what the surveys about them said."""
    with connection.cursor() as cursor:
        cursor.execute(*_statement(_SCOPE + _ACTIVITY, cohort))
        return Activity(*cursor.fetchone())


def stream_rows(cohort: Cohort, *, chunk_size: int) -> Iterator[list[EpisodeRow]]:
    """The cohort's episodes in chunks, from a cursor on the server: constant memory at any size."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(*_statement(_SCOPE + _COHORT + _ROWS, cohort))
        while chunk := cursor.fetchmany(chunk_size):
            yield [EpisodeRow(*row) for row in chunk]


def _statement(text: str, cohort: Cohort) -> tuple[str, list[Any]]:
    newest = Consent.objects.filter(kind=ConsentKind.RESEARCH).order_by("patient", "-recorded_at", "-id")
    refusals = Consent.objects.filter(pk__in=newest.distinct("patient").values("pk"), is_given=False)
    people = Patient.objects.visible_to(cohort.user).exclude(pk__in=refusals.values("patient"))
    visible, visible_parameters = people.values("pk").query.sql_with_params()
    places = Location.objects.visible_to(cohort.user)
    if cohort.location is not None:
        places = places.filter(pk=cohort.location.pk)
    composed = sql.SQL(text).format(
        visible=sql.SQL(visible),
        visit_number=sql.Literal(LAST_AFTER_VISITS),
        **{name: sql.Identifier(model._meta.db_table) for name, model in _TABLES.items()},
    )
    parameters = [
        *visible_parameters,
        cohort.from_on,
        cohort.to_on,
        BASELINE_WINDOW,
        LAST_AFTER,
        list(places.values_list("pk", flat=True)),
    ]
    return composed.as_string(), parameters


_TABLES = {
    "conditions": Condition,
    "episodes": Episode,
    "locations": Location,
    "patients": Patient,
    "scores": PainScore,
    "sessions": TreatmentSession,
    "surveys": Survey,
}
