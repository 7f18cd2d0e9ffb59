"""Supervised therapists: their signed notes wait for the supervisor, who signs once and changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from sessions.content import verify
from sessions.errors import AlreadyCoSigned, NotWhatWasSigned
from sessions.models import CoSignature, TreatmentSession
from sessions.my_day import day_of
from sessions.services import co_sign
from staff.models import User
from staff.supervision import set_supervisor
from tests.factories import CareTeamMemberFactory, LocationFactory, UserFactory
from tests.sessions.factories import MONDAY_NINE, signed_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor(location):
    return UserFactory(locations=[location])


@pytest.fixture
def waiting(therapist, location, supervisor, admin):
    set_supervisor(therapist=therapist, supervisor=supervisor, by=admin)
    therapist.refresh_from_db()
    signed_session(therapist, location)
    return CoSignature.objects.get()


def refused(error, row, by, **more):
    audited = AuditEvent.objects.count()
    before = CoSignature.objects.filter(pk=row.pk).values().get()
    with pytest.raises(error):
        co_sign(co_signature=row, by=by, **more)
    assert CoSignature.objects.filter(pk=row.pk).values().get() == before
    assert AuditEvent.objects.count() == audited


def test_only_supervised_notes_wait(therapist, location, waiting, supervisor):
    assert (waiting.supervisor, waiting.signed_at) == (supervisor, None)
    assert AuditEvent.objects.get(action="co_signature.asked").patient_id == waiting.session.patient.public_id
    signed_session(supervisor, location, starts_at=MONDAY_NINE + timedelta(days=1))
    assert CoSignature.objects.count() == 1


def test_a_second_signature_is_dated_and_leaves_the_note_as_it_was(waiting, supervisor):
    before = TreatmentSession.objects.filter(pk=waiting.session.pk).values().get()
    signed = co_sign(co_signature=waiting, remark=" Well done. ", by=supervisor)
    assert (signed.signed_by, signed.remark) == (supervisor, "Well done.")
    assert signed.signed_at is not None
    assert signed.content_digest == waiting.session.content_digest
    assert TreatmentSession.objects.filter(pk=waiting.session.pk).values().get() == before
    assert verify(TreatmentSession.objects.for_page().get())
    facts = AuditEvent.objects.get(action="session.co_signed").facts
    assert facts["content_digest"] == before["content_digest"]
    refused(AlreadyCoSigned, waiting, supervisor)


def test_the_supervisor_reads_what_was_put_to_them_and_nothing_more(waiting, supervisor):
    assert list(CoSignature.objects.visible_to(supervisor)) == [waiting]
    assert not TreatmentSession.objects.visible_to(supervisor).exists()


def test_who_may_not_co_sign(waiting, therapist, stranger, auditor, location):
    colleague = UserFactory(locations=[location])
    CareTeamMemberFactory(patient=waiting.session.patient, therapist=colleague)
    refused(NotAllowed, waiting, therapist)
    refused(NotAllowed, waiting, colleague)
    refused(NotAllowed, waiting, auditor)
    refused(NotFound, waiting, stranger)
    therapist.is_clinical_lead = True
    refused(NotAllowed, waiting, therapist)


def test_a_lead_of_the_care_team_signs_when_the_supervisor_cannot(waiting, location):
    lead = UserFactory(locations=[location], is_clinical_lead=True)
    refused(NotFound, waiting, lead)
    CareTeamMemberFactory(patient=waiting.session.patient, therapist=lead)
    assert co_sign(co_signature=waiting, by=lead).signed_by == lead


def test_nobody_vouches_for_what_was_altered(waiting, supervisor):
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE treatment_sessions_treatmentsession SET plan = 'x'")
        cursor.execute("SET session_replication_role = origin")
    refused(NotWhatWasSigned, waiting, supervisor)


def test_a_remark_has_its_limits(waiting, supervisor):
    refused(Invalid, waiting, supervisor, remark="x" * 501)


@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET remark = 'x'"])
def test_the_database_keeps_a_second_signature(waiting, supervisor, act):
    co_sign(co_signature=waiting, by=supervisor)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(act.format("treatment_sessions_cosignature"))
    assert refusal.value.__cause__.diag.constraint_name == "co_signature_stays"


def test_the_day_lists_what_waits(page_of, waiting, supervisor, therapist):
    assert day_of(therapist=supervisor, now=timezone.now()).to_co_sign == [waiting]
    assert day_of(therapist=therapist, now=timezone.now()).to_co_sign == []
    page = page_of(supervisor)
    assert waiting.get_absolute_url() in page.get(reverse("sessions:my-day")).content.decode()
    note = page.get(waiting.get_absolute_url())
    assert "Neck stiff since Friday." in note.content.decode()
    assert AuditEvent.objects.filter(action="patient.read", facts__screen="co-signature").count() == 1
    assert page.post(waiting.get_absolute_url(), {"remark": "Seen"}).status_code == 302
    assert waiting.get_absolute_url() not in page.get(reverse("sessions:my-day")).content.decode()


def test_the_note_says_that_it_waits_and_then_who_co_signed(page_of, waiting, therapist, supervisor):
    page, address = page_of(therapist), waiting.session.get_absolute_url()
    assert f"Waits for the co-signature of {supervisor.full_name}" in page.get(address).content.decode()
    co_sign(co_signature=waiting, remark="Well done", by=supervisor)
    shown = page.get(address).content.decode()
    assert f"Co-signed by <strong>{supervisor.full_name}</strong>" in shown
    assert "Well done" in shown


def test_the_api_lists_and_signs(api, waiting, supervisor, stranger, front_desk):
    address = f"/api/v1/co-signatures/{waiting.public_id}/sign/"
    assert api(stranger).post(address, {}, format="json").status_code == 404
    assert api(front_desk).post(address, {}, format="json").status_code == 403
    assert CoSignature.objects.get().signed_at is None
    waits = api(supervisor).get("/api/v1/co-signatures/?waiting=true").json()["results"]
    assert [one["session_id"] for one in waits] == [str(waiting.session.public_id)]
    assert api(supervisor).post(address, {"remark": "Seen"}, format="json").json()["signed_by_id"]
    assert api(supervisor).get("/api/v1/co-signatures/?waiting=true").json()["results"] == []


def test_strangers_and_the_desk_find_no_page(page_of, waiting, stranger, front_desk):
    audited = AuditEvent.objects.count()
    for user, status in ((stranger, 404), (front_desk, 403)):
        page = page_of(user)
        assert page.get(waiting.get_absolute_url()).status_code == status
        assert page.post(waiting.get_absolute_url(), {"remark": "x"}).status_code == status
    assert CoSignature.objects.get().signed_at is None
    assert AuditEvent.objects.count() == audited


@pytest.fixture
def pair(location):
    return UserFactory(locations=[location]), UserFactory(locations=[location])


def unset(error, by, **who):
    audited = AuditEvent.objects.count()
    before = list(User.objects.order_by("pk").values_list("supervisor_id", flat=True))
    with pytest.raises(error):
        set_supervisor(by=by, **who)
    assert list(User.objects.order_by("pk").values_list("supervisor_id", flat=True)) == before
    assert AuditEvent.objects.count() == audited


def test_an_admin_sets_and_takes_away_a_supervisor_once(pair, admin):
    novice, senior = pair
    for _ in range(2):
        set_supervisor(therapist=novice, supervisor=senior, by=admin)
    assert User.objects.get(pk=novice.pk).supervisor == senior
    assert AuditEvent.objects.filter(action="user.supervisor_set").count() == 1
    assert set_supervisor(therapist=novice, supervisor=None, by=admin).supervisor is None


def test_who_may_not_supervise_whom(pair, admin, front_desk, location):
    novice, senior = pair
    set_supervisor(therapist=novice, supervisor=senior, by=admin)
    third = UserFactory(locations=[location])
    unset(NotAllowed, senior, therapist=third, supervisor=senior)
    unset(Invalid, admin, therapist=third, supervisor=third)
    unset(Invalid, admin, therapist=third, supervisor=front_desk)
    unset(Invalid, admin, therapist=front_desk, supervisor=senior)
    unset(Invalid, admin, therapist=third, supervisor=novice)
    unset(Invalid, admin, therapist=senior, supervisor=third)
    unset(NotFound, admin, therapist=third, supervisor=UserFactory(locations=[LocationFactory()]))


def test_a_page_and_the_api_set_it_for_admins_only(page_of, api, pair, admin):
    novice, senior = pair
    chosen = {"therapist": novice.public_id, "supervisor": senior.public_id}
    body, address = {"supervisor_id": str(senior.public_id)}, f"/api/v1/staff/{novice.public_id}/supervisor/"
    assert page_of(senior).post(reverse("staff:supervision"), chosen).status_code == 403
    assert api(senior).post(address, body, format="json").status_code == 403
    assert User.objects.get(pk=novice.pk).supervisor is None
    assert page_of(admin).post(reverse("staff:supervision"), chosen).status_code == 302
    assert f"by {senior.full_name}" in page_of(admin).get(reverse("staff:supervision")).content.decode()
    wrong = page_of(admin).post(reverse("staff:supervision"), {**chosen, "supervisor": novice.public_id})
    assert wrong.status_code == 422
    assert api(admin).post(address, {"supervisor_id": None}, format="json").json()["supervisor_id"] is None
    assert api(admin).post(address, body, format="json").json()["supervisor_id"] == str(senior.public_id)
