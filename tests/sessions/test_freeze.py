"""Past the services: the database itself refuses to change a signed note, whoever asks and however."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from sessions.content import verify
from sessions.models import (
    Addendum,
    RangeOfMotion,
    RegionalPain,
    TechniqueUse,
    TreatmentSession,
    TriggerPoint,
    TriggerPointObservation,
)
from sessions.services import add_addendum, record_trigger_point
from tests.factories import PatientFactory
from tests.sessions.factories import (
    MONDAY_NINE,
    MOTION_CHANGES,
    POINT_CHANGES,
    draft_session,
    full_draft,
    signed_session,
)

pytestmark = pytest.mark.django_db
TUESDAY_NINE = MONDAY_NINE.replace(day=13)
FINDINGS = [TriggerPointObservation, RangeOfMotion, TechniqueUse, RegionalPain]


def refused(constraint, act):
    """The act raises an ordinary IntegrityError that names the constraint."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        act()
    assert refusal.value.__cause__.diag.constraint_name == constraint
    assert refusal.value.__cause__.sqlstate == "23514"


def execute(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.fixture
def signed(therapist, location):
    return signed_session(therapist, location)


def resave(row, **changes):
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()


SESSION_ACTS = {
    "save": lambda row: resave(row, plan="x"),
    "save one field": lambda row: row.save(update_fields=["updated_at"]),
    "reopen": lambda row: resave(row, state="draft", signed_at=None, signed_by=None),
    "update": lambda row: TreatmentSession.objects.filter(pk=row.pk).update(pain_after=0),
    "bulk update": lambda row: TreatmentSession.objects.bulk_update([row], ["plan"]),
    "raw update": lambda row: execute("UPDATE treatment_sessions_treatmentsession SET plan = plan"),
    "raw delete": lambda row: execute("DELETE FROM treatment_sessions_treatmentsession WHERE id = %s", row.pk),
    "upsert": lambda row: TreatmentSession.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["id"], update_fields=["plan"]
    ),
}


@pytest.mark.parametrize("name", SESSION_ACTS)
def test_a_signed_session_is_frozen(signed, name):
    refused("session_signed_is_frozen", lambda: SESSION_ACTS[name](signed))
    assert verify(TreatmentSession.objects.get())


def test_a_signed_session_without_findings_cannot_be_deleted_by_the_orm(signed):
    refused("session_signed_is_frozen", lambda: TreatmentSession.objects.filter(pk=signed.pk)._raw_delete("default"))
    assert TreatmentSession.objects.get() == signed


FINDING_ACTS = {
    "save": lambda row: row.save(),
    "update": lambda row: type(row).objects.update(updated_at=MONDAY_NINE),
    "bulk update": lambda row: type(row).objects.bulk_update([row], ["created_at"]),
    "delete": lambda row: row.delete(),
    "bulk delete": lambda row: type(row).objects.all().delete(),
    "raw update": lambda row: execute(f"UPDATE {row._meta.db_table} SET public_id = public_id"),
    "raw delete": lambda row: execute(f"DELETE FROM {row._meta.db_table}"),
}


@pytest.mark.parametrize("model", FINDINGS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("name", FINDING_ACTS)
def test_the_findings_of_a_signed_session_are_frozen(signed, model, name):
    refused("session_signed_findings_are_frozen", lambda: FINDING_ACTS[name](model.objects.get()))
    assert verify(TreatmentSession.objects.get())


@pytest.mark.parametrize(
    ("table", "change"),
    [
        *[("triggerpointobservation", change) for change in POINT_CHANGES],
        *[("rangeofmotion", change) for change in MOTION_CHANGES],
    ],
)
def test_no_column_of_a_signed_finding_can_be_written(signed, table, change):
    refused("session_signed_findings_are_frozen", lambda: execute(f"UPDATE treatment_sessions_{table} SET {change}"))
    assert verify(TreatmentSession.objects.get())


def copy_of(row, session):
    """The same finding once more, in another session or beside the first."""
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    for name in ("id", "public_id"):
        fields.pop(name)
    if isinstance(row, RangeOfMotion):
        fields["mode"] = "passive"
    if isinstance(row, RegionalPain):
        fields["kind"] = "movement"
    if isinstance(row, TriggerPointObservation):
        fields["trigger_point_id"] = TriggerPoint.objects.create(
            patient=session.patient, muscle="soleus", side="left", view="back", x=1, y=1
        ).pk
    return type(row)(**{**fields, "session_id": session.pk})


@pytest.mark.parametrize("model", FINDINGS, ids=lambda model: model.__name__)
def test_nothing_is_added_to_a_signed_session(signed, model):
    row = copy_of(model.objects.get(), signed)
    refused("session_signed_findings_are_frozen", row.save)
    refused("session_signed_findings_are_frozen", lambda: model.objects.bulk_create([row]))
    assert model.objects.count() == 1


@pytest.mark.parametrize("model", FINDINGS, ids=lambda model: model.__name__)
def test_no_finding_is_moved_into_or_out_of_a_signed_session(signed, therapist, location, model):
    other = full_draft(therapist, location, starts_at=TUESDAY_NINE)
    theirs, ours = model.objects.get(session=other), model.objects.get(session=signed)
    refused("session_signed_findings_are_frozen", lambda: resave(theirs, session=signed))
    refused("session_signed_findings_are_frozen", lambda: resave(ours, session=other))
    assert model.objects.filter(session=signed).count() == model.objects.filter(session=other).count() == 1


@pytest.mark.parametrize("model", FINDINGS, ids=lambda model: model.__name__)
def test_a_draft_is_free(therapist, location, model):
    draft = full_draft(therapist, location)
    row = model.objects.get()
    row.save()
    copy_of(row, draft).save()
    model.objects.all().delete()
    assert not model.objects.exists()


@pytest.mark.parametrize(
    "act",
    [
        lambda row: resave(row, text="x"),
        lambda row: Addendum.objects.update(text="x"),
        lambda row: row.delete(),
        lambda row: execute("UPDATE treatment_sessions_addendum SET text = text"),
        lambda row: execute("DELETE FROM treatment_sessions_addendum"),
    ],
)
def test_an_addendum_is_never_changed(signed, therapist, act):
    addendum = add_addendum(session=signed, text="Added", by=therapist)
    refused("addendum_is_append_only", lambda: act(addendum))
    assert Addendum.objects.get().text == "Added"


def test_a_draft_takes_no_addendum(therapist, location):
    draft = draft_session(therapist, location)
    refused(
        "addendum_needs_a_signed_session",
        lambda: Addendum.objects.create(session=draft, author=therapist, text="Early"),
    )
    assert not Addendum.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"x": 1}, {"y": 1}, {"side": "right"}, {"view": "front"}, {"muscle": "soleus"}, {"place": "lower"}]
)
def test_a_point_seen_in_a_signed_session_stays_where_it_is(signed, changes):
    refused("trigger_point_signed_stays_in_place", lambda: resave(TriggerPoint.objects.get(), **changes))
    refused("trigger_point_signed_stays_in_place", lambda: TriggerPoint.objects.update(**changes))
    assert verify(TreatmentSession.objects.get())


def test_a_point_is_not_given_to_another_patient(signed):
    other = PatientFactory()
    refused("trigger_point_signed_stays_in_place", lambda: TriggerPoint.objects.update(patient=other))
    assert TriggerPoint.objects.get().patient == signed.patient


def test_a_point_seen_only_in_drafts_may_still_be_moved(therapist, location):
    draft = draft_session(therapist, location)
    record_trigger_point(session=draft, muscle="soleus", side="left", status="active", by=therapist)
    assert TriggerPoint.objects.update(x=333) == 1


@pytest.mark.django_db(transaction=True)
def test_the_triggers_can_be_taken_away_and_put_back():
    call_command("migrate", "treatment_sessions", "0001", verbosity=0)
    call_command("migrate", "treatment_sessions", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE "
            "'treatment_sessions_%' GROUP BY tgname ORDER BY tgname"
        )
        assert cursor.fetchall() == [
            ("addendum_is_append_only", 1),
            ("adverse_event_is_append_only", 1),
            ("adverse_event_seen_is_append_only", 1),
            ("care_plan_is_append_only", 1),
            ("co_signature_stays", 1),
            ("discharge_is_append_only", 1),
            ("effect_check_is_append_only", 1),
            ("goal_rating_is_append_only", 1),
            ("plan_goal_is_append_only", 1),
            ("session_signed_findings_are_frozen", 8),
            ("session_signed_has_nothing_unconfirmed", 1),
            ("session_signed_is_frozen", 1),
            ("trigger_point_signed_stays_in_place", 1),
        ]
