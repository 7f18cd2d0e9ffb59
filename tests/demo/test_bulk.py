"""The benchmark's clinic: any size, the constraints' word for every visit, and never beside a real one."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from clinic.models import Location
from demo.bulk import THERAPISTS, working_days
from patients.models import Patient
from patients.searching import read_term
from scheduling.availability import free_slots
from scheduling.models import Appointment
from staff.models import User
from tests.factories import LocationFactory

TODAY = date(2026, 11, 26)


def test_days_fill_what_is_searched_first_and_then_the_past():
    small, large = working_days(10_000, today=TODAY), working_days(1_000_000, today=TODAY)
    assert small[0] == date(2026, 11, 27)
    assert large[-1] == date(2027, 2, 24)
    assert len(large) == round(1_000_000 / (100 * 16 * 0.735))
    assert large == sorted(set(large))
    assert all(day.weekday() < 5 for day in large)
    assert set(small) < set(large)


@pytest.mark.django_db
def test_refuses_a_database_with_a_clinic_and_adds_nothing():
    LocationFactory()
    with pytest.raises(CommandError):
        call_command("build_bulk", appointments=10, patients=10)
    assert Location.objects.count() == 1
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_small_one_is_a_clinic_people_could_search_and_book_in(capsys):
    call_command("build_bulk", appointments=2_500, patients=600)
    assert User.objects.therapists().count() == THERAPISTS
    assert abs(Appointment.objects.count() - 2_500) < 300
    assert Patient.objects.count() == 600
    with connection.cursor() as cursor:  # the patients' and therapists' own times, by another way than the constraints
        cursor.execute(
            """SELECT count(*) FROM scheduling_appointment a JOIN scheduling_appointment b
               ON a.id < b.id AND a.starts_at = b.starts_at
               WHERE a.patient_id = b.patient_id OR a.therapist_id = b.therapist_id OR a.room_id = b.room_id"""
        )
        assert cursor.fetchone()[0] == 0
    visit = Appointment.objects.select_related("location", "service", "therapist").first()
    soon = timezone.now() + timedelta(days=1)
    slots = free_slots(
        service=visit.service,
        location=visit.location,
        therapist=visit.therapist,
        from_=soon,
        to=soon + timedelta(weeks=1),
    )
    assert slots
    someone = Patient.objects.first()
    found = Patient.objects.search(read_term(f"{someone.given_name} {someone.family_name[:3]}"))
    assert someone in found
