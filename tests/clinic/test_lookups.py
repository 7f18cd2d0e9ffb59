"""One array instead of a placeholder per key."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Patient
from screening.models import Flag
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db


def test_one_of_finds_what_in_finds():
    wanted = [PatientFactory(), PatientFactory()]
    PatientFactory()
    keys = [one.pk for one in wanted]
    assert set(Patient.objects.filter(pk__one_of=keys)) == set(wanted)
    assert set(Patient.objects.filter(public_id__one_of=[one.public_id for one in wanted])) == set(wanted)
    assert not Patient.objects.filter(pk__one_of=[]).exists()


def test_one_of_sends_one_value_and_reaches_through_a_relation():
    with CaptureQueriesContext(connection) as sent:
        assert not Flag.objects.filter(patient_id__one_of=range(1, 400)).exists()
    [statement] = [query["sql"] for query in sent.captured_queries]
    assert "= ANY(" in statement
    assert " IN (" not in statement


def test_one_of_uses_the_index():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Patient.objects.filter(pk__one_of=[1, 2]).explain()
    assert "Index" in plan
