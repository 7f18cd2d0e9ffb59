"""Rows only these tests need, and files to import."""

import io
from datetime import date

import factory

from patients.models import Allergy, EarlierTreatment, EmergencyContact
from patients.names import name_keys
from tests.factories import PatientFactory


class AllergyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Allergy

    patient = factory.SubFactory(PatientFactory)
    substance = "Almond oil"
    category = "nut"


class EarlierTreatmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EarlierTreatment

    patient = factory.SubFactory(PatientFactory)
    kind = "physiotherapy"


class EmergencyContactFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EmergencyContact

    patient = factory.SubFactory(PatientFactory)
    name = "Luis"
    phone = "+12125550123"


def named(given, family, *, born=date(1980, 5, 17), **parts):
    """A patient whose keys are those of the name."""
    straight, swapped = name_keys(given_name=given, family_name=family)
    return PatientFactory(
        given_name=given, family_name=family, birth_on=born, name_key=straight, name_key_reversed=swapped, **parts
    )


def csv_file(*lines):
    """A file as the import reads it."""
    return io.StringIO("\n".join(lines) + "\n", newline="")
