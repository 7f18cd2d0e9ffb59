"""A clinic of any size for benchmarks, written straight into the tables: a thousand visits a second is too slow here.

Every visit obeys the same constraints as a booked one; there are no messages and no trail. The same size gives the
same clinic, except for its dates, which lie around today.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta

from django.db import connection, transaction
from django.utils import timezone

from clinic.models import Location, Room, Service, TechniqueFamily
from scheduling.models import WorkingHours
from staff.models import Role, User

ZONE = "America/New_York"
# Therapists of each location: the diary of forty, any of twenty, and the rest of a hundred.
PEOPLE = (40, 20, 40)
THERAPISTS = sum(PEOPLE)
SLOTS_A_DAY = 16  # half hours from nine to five
TAKEN_PER_MILLE = 735
DAYS_AHEAD = 90
FAMILY_NAMES = 4000
Tell = Callable[[str], None]


def build_bulk(*, appointments: int, patients: int, tell: Tell) -> None:
    """Fill an empty database with this many appointments (as near as whole days allow) and patients."""
    with transaction.atomic():
        service = _setting()
    tell(f"{patients} patients")
    with transaction.atomic():
        _patients(patients)
    days = working_days(appointments, today=timezone.now().date())
    tell(f"about {appointments} appointments on {len(days)} days")
    # A few weeks at a time: the constraints' indexes stay in memory and an interruption is noticed soon.
    for start in range(0, len(days), 40):
        with transaction.atomic():
            _appointments(days[start : start + 40], first_number=start, patients=patients, service=service)
    tell("statistics")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def working_days(appointments: int, *, today: date) -> list[date]:
    """The weekdays that hold so many visits: up to 90 days ahead and as far back as it takes; a small clinic has
    only days to come, so that what is searched is filled at every size."""
    wanted = max(1, round(appointments / (THERAPISTS * SLOTS_A_DAY * TAKEN_PER_MILLE / 1000)))
    ahead = [day for number in range(1, DAYS_AHEAD + 1) if (day := today + timedelta(days=number)).weekday() < 5]
    if wanted <= len(ahead):
        return ahead[:wanted]
    days, day = ahead[::-1], today
    while len(days) < wanted:
        if day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]


def _setting() -> Service:
    service = Service.objects.create(
        name="Myofascial release",
        technique_family=TechniqueFamily.MYOFASCIAL_RELEASE,
        duration_minutes=30,
        for_unscreened_patients=True,
    )
    opened = timezone.now().date() - timedelta(days=2000)
    for number, count in enumerate(PEOPLE):
        location = Location.objects.create(name=f"Location {number}", timezone=ZONE)
        desk = User(email=f"desk{number}@bulk.example", given_name="Desk", family_name=str(number))
        desk.roles = [Role.FRONT_DESK]
        desk.set_unusable_password()
        desk.save()
        desk.locations.set([location])
        therapists = [_therapist(number, each) for each in range(count)]
        User.objects.bulk_create(therapists)
        for therapist in therapists:
            therapist.locations.set([location])
            therapist.services.set([service])
        Room.objects.bulk_create(Room(location=location, name=f"Room {each}") for each in range(count))
        WorkingHours.objects.bulk_create(
            WorkingHours(
                therapist=therapist, location=location, weekday=weekday,
                starts_at_local=time(9), ends_at_local=time(17), valid_from=opened,
            )
            for therapist in therapists
            for weekday in range(5)
        )  # fmt: skip
    return service


def _therapist(location: int, number: int) -> User:
    therapist = User(
        email=f"t{location}-{number}@bulk.example", given_name=f"Given{number:02}", family_name="Therapist"
    )
    therapist.roles = [Role.THERAPIST]
    therapist.set_unusable_password()
    return therapist


def _patients(count: int) -> None:
    """Family names as unevenly spread as people's: the n-th is 1/n as common as the first."""
    with connection.cursor() as cursor:
        cursor.execute(_PATIENTS, {"count": count, "families": FAMILY_NAMES})
        cursor.execute(_KNOWN_AT)


def _appointments(days: list[date], *, first_number: int, patients: int, service: Service) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _APPOINTMENTS,
            {
                "days": days, "first": first_number, "slots": SLOTS_A_DAY, "patients": patients,
                "service": service.pk, "zone": ZONE, "taken": TAKEN_PER_MILLE, "today": timezone.now().date(),
            },
        )  # fmt: skip


_PATIENTS = """
INSERT INTO patients_patient (public_id, created_at, updated_at, version, given_name, family_name, name_key,
    name_key_reversed, namesake_number, birth_on, sex, email, phone, address, postal_code, language, channel,
    source, old_id, import_digest)
SELECT gen_random_uuid(), now() - n * interval '1 second', now() - n * interval '1 second', 1,
       initcap(given), initcap(family), family || ' ' || given, given || ' ' || family, n %% 32768, born, 'unknown',
       'p' || n || '@bulk.example', '+1212' || lpad(n::text, 7, '0'), '', '', 'en', 'email', '', '', ''
FROM (
    SELECT n,
           -- Two syllables out of forty each; sixteen hundred given names.
           translate(lpad(to_hex(abs(hashint8(n * 31)::bigint) %% 1600), 3, '0'),
               '0123456789abcdef', 'aeioulmnrstkdvbc') || 'na' AS given,
           translate(lpad(to_hex(floor(power(%(families)s::float8,
               (abs(hashint8(n * 17)::bigint) %% 1000000) / 1000000.0))::int * 7919 %% 65536), 4, '0'),
               '0123456789abcdef', 'aeioulmnrstkdvbc') || 'son' AS family,
           date '1940-01-01' + (abs(hashint8(n * 13)::bigint) %% 24000)::int AS born
    FROM generate_series(1, %(count)s) AS n
) AS person
"""

_KNOWN_AT = """
INSERT INTO patients_patient_locations (patient_id, location_id)
SELECT patient.id, location.id FROM patients_patient patient CROSS JOIN clinic_location location
"""

# In one half hour no two therapists get the same patient: neighbours in number differ by one.
_APPOINTMENTS = """
WITH therapist AS (
    SELECT staff.user_id AS id, staff.location_id,
           row_number() OVER (ORDER BY staff.user_id) - 1 AS number,
           row_number() OVER (PARTITION BY staff.location_id ORDER BY staff.user_id) AS place
    FROM staff_user_locations staff JOIN staff_user person ON person.id = staff.user_id
    WHERE 'therapist' = ANY(person.roles)
), room AS (
    SELECT id, location_id, row_number() OVER (PARTITION BY location_id ORDER BY id) AS place FROM clinic_room
), patient AS (
    SELECT min(id) AS first FROM patients_patient
), slot AS (
    SELECT day, (%(first)s + ordinal - 1) * %(slots)s + part AS number,
           (day + time '09:00' + part * interval '30 minutes') AT TIME ZONE %(zone)s AS starts_at
    FROM unnest(%(days)s::date[]) WITH ORDINALITY AS days (day, ordinal)
    CROSS JOIN generate_series(0, %(slots)s - 1) AS part
)
INSERT INTO scheduling_appointment (public_id, created_at, updated_at, version, patient_id, therapist_id, room_id,
    service_id, location_id, starts_at, ends_at, busy_from, busy_until, status, agreed_at, cancel_reason,
    cancelled_at)
SELECT gen_random_uuid(), starts_at - interval '20 days', starts_at - interval '20 days', 1,
       patient.first + (slot.number * 7919 + therapist.number) %% %(patients)s,
       therapist.id, room.id, %(service)s, therapist.location_id,
       starts_at, starts_at + interval '30 minutes', starts_at, starts_at + interval '30 minutes',
       CASE WHEN dice %% 50 = 0 THEN 'cancelled' WHEN day >= %(today)s THEN 'booked'
            WHEN dice %% 50 = 1 THEN 'no_show' ELSE 'completed' END,
       starts_at - interval '20 days', CASE WHEN dice %% 50 = 0 THEN 'clinic' ELSE '' END,
       CASE WHEN dice %% 50 = 0 THEN starts_at - interval '2 days' END
FROM slot CROSS JOIN patient CROSS JOIN therapist
JOIN room ON room.location_id = therapist.location_id AND room.place = therapist.place
CROSS JOIN LATERAL (SELECT abs(hashint8(slot.number * 1000 + therapist.number)::bigint) / 1000 AS dice,
                           abs(hashint8(slot.number * 1000 + therapist.number)::bigint) %% 1000 AS share) AS chance
WHERE share < %(taken)s
"""
