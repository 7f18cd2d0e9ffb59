"""Valid rows without meaning: a test states what matters to it."""

from datetime import UTC, date, datetime, time, timedelta

import factory

from clinic.models import Location, Room, Service
from messaging.models import Subject
from outcomes.models import LicenceAttestation, Measurement, MeasurementScore, PainScore, Survey
from patients.models import CareTeamMember, Condition, Consent, Episode, Medicine, Patient
from scheduling.models import Appointment, WorkingHours
from sessions.models import TreatmentSession
from staff.models import User

# A Monday morning in New York, far from any change of clocks.
NINE = datetime(2027, 1, 11, 14, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


class LocationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Location

    name = factory.Sequence(lambda n: f"Location {n}")
    timezone = "America/New_York"


class RoomFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Room

    location = factory.SubFactory(LocationFactory)
    name = factory.Sequence(lambda n: f"Room {n}")


class ServiceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Service

    name = factory.Sequence(lambda n: f"Service {n}")
    technique_family = "myofascial_release"
    duration_minutes = 50
    for_unscreened_patients = True


class UserFactory(factory.django.DjangoModelFactory):
    """A therapist, unless `roles` says otherwise. `locations=[…]` and `services=[…]` are set after creation."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@clinic.example")
    given_name = factory.Sequence(lambda n: f"Given{n}")
    family_name = factory.Sequence(lambda n: f"Family{n}")
    roles = ["therapist"]
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def locations(self, create, extracted, **kwargs):
        if create and extracted:
            self.locations.set(extracted)

    @factory.post_generation
    def services(self, create, extracted, **kwargs):
        if create and extracted:
            self.services.set(extracted)


class PatientFactory(factory.django.DjangoModelFactory):
    """`locations=[…]` and `care_team=[therapist, …]` are set after creation."""

    class Meta:
        model = Patient
        skip_postgeneration_save = True

    given_name = factory.Sequence(lambda n: f"Ana{n}")
    family_name = factory.Sequence(lambda n: f"Lopez{n}")
    name_key = factory.LazyAttribute(lambda row: f"{row.family_name} {row.given_name}".lower())
    name_key_reversed = factory.LazyAttribute(lambda row: f"{row.given_name} {row.family_name}".lower())
    birth_on = date(1980, 5, 17)
    email = factory.LazyAttribute(lambda row: f"{row.given_name.lower()}@patients.example")

    @factory.post_generation
    def locations(self, create, extracted, **kwargs):
        if create and extracted:
            self.locations.set(extracted)

    @factory.post_generation
    def care_team(self, create, extracted, **kwargs):
        for therapist in extracted or []:
            CareTeamMemberFactory(patient=self, therapist=therapist)


class CareTeamMemberFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CareTeamMember

    patient = factory.SubFactory(PatientFactory)
    therapist = factory.SubFactory(UserFactory)
    started_on = date(2026, 1, 1)


class ConditionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Condition

    patient = factory.SubFactory(PatientFactory)
    kind = "other"
    text = "Tension"


class MedicineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Medicine

    patient = factory.SubFactory(PatientFactory)
    name = "Paracetamol"


class EpisodeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Episode

    patient = factory.SubFactory(PatientFactory)
    opened_on = date(2026, 1, 1)


class ConsentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Consent

    patient = factory.SubFactory(PatientFactory)
    kind = "email"
    is_given = True
    recorded_at = datetime(2026, 1, 1, tzinfo=UTC)


class SubjectFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Subject

    key = factory.Sequence(lambda n: f"test:{n}")


class WorkingHoursFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WorkingHours

    therapist = factory.SubFactory(UserFactory)
    location = factory.SubFactory(LocationFactory)
    weekday = 0
    starts_at_local = time(9)
    ends_at_local = time(17)
    valid_from = date(2026, 1, 1)


class AppointmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Appointment

    patient = factory.SubFactory(PatientFactory)
    therapist = factory.SubFactory(UserFactory)
    location = factory.SubFactory(LocationFactory)
    room = factory.SubFactory(RoomFactory, location=factory.SelfAttribute("..location"))
    service = factory.SubFactory(ServiceFactory)
    starts_at = NINE
    ends_at = factory.LazyAttribute(lambda row: row.starts_at + timedelta(minutes=50))
    busy_from = factory.LazyAttribute(lambda row: row.starts_at)
    busy_until = factory.LazyAttribute(lambda row: row.ends_at)


class TreatmentSessionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TreatmentSession

    patient = factory.SubFactory(PatientFactory)
    episode = factory.SubFactory(EpisodeFactory, patient=factory.SelfAttribute("..patient"))
    therapist = factory.SubFactory(UserFactory)
    location = factory.SubFactory(LocationFactory)
    service = factory.SubFactory(ServiceFactory)
    performed_at = NINE


class PainScoreFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PainScore

    patient = factory.SubFactory(PatientFactory)
    episode = factory.SubFactory(EpisodeFactory, patient=factory.SelfAttribute("..patient"))
    score = 6
    moment = "before"
    measured_at = NINE
    source_key = factory.Sequence(lambda n: f"test:{n}")


class SurveyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Survey

    patient = factory.SubFactory(PatientFactory)
    episode = factory.SubFactory(EpisodeFactory, patient=factory.SelfAttribute("..patient"))
    therapist = factory.SubFactory(UserFactory)
    session_id = factory.Faker("uuid4")
    due_at = NINE
    expires_at = NINE + timedelta(days=3)


class LicenceAttestationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LicenceAttestation

    instrument_key = "odi"
    rights_holder = "Rights holder"
    reference = "Contract 1"
    mode = "paper"
    expires_on = date(2099, 1, 1)
    attested_by = factory.SubFactory(UserFactory, roles=["admin"])


class MeasurementFactory(factory.django.DjangoModelFactory):
    """With one score, `score__value=…`."""

    class Meta:
        model = Measurement
        skip_postgeneration_save = True

    patient = factory.SubFactory(PatientFactory)
    episode = factory.SubFactory(EpisodeFactory, patient=factory.SelfAttribute("..patient"))
    instrument_key = "nrs-now"
    moment = "session"
    measured_at = NINE
    mode = "electronic"
    answers = {"1": 6}
    source_key = factory.Sequence(lambda n: f"made:{n}")
    score = factory.RelatedFactory("tests.factories.MeasurementScoreFactory", "measurement")


class MeasurementScoreFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MeasurementScore

    measurement = factory.SubFactory(MeasurementFactory, score=None)
    number = 1
    instrument_version = 1
    value = 6
    answered = 1
