"""Starting from the last session: nothing old is signed as if it were of today."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.models import AuditEvent
from clinic.core.errors import NotFound
from sessions.content import content_of, verify
from sessions.errors import AlreadySigned, NothingToCarry, NotTheAuthor, Unconfirmed
from sessions.models import CarriedValue, TreatmentSession
from sessions.services import (
    confirm_carried,
    copy_forward,
    drop_carried,
    record_trigger_point,
    remove_technique,
    save_note,
    sign_session,
)
from tests.factories import CareTeamMemberFactory, UserFactory
from tests.sessions.factories import MONDAY_NINE, NOTE, draft_session, raise_flag, signed_session
from tests.sessions.test_races import at_once

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SCORES = {"pain_before": 5, "pain_after": 2}


@pytest.fixture
def last(therapist, location):
    return signed_session(therapist, location, starts_at=MONDAY_NINE - timedelta(days=7))


@pytest.fixture
def draft(therapist, location, last):
    return draft_session(therapist, location, patient=last.patient)


def address(name, session, *more):
    return reverse(f"sessions:{name}", args=[session.public_id, *more])


def codes(session):
    return [row.code.partition(":")[0] + ":" + row.note_field for row in session.carried.for_page()]


def carried(session, kind):
    return next(row for row in session.carried.for_page() if row.kind == kind)


ALL = ["note:subjective", "note:objective", "note:assessment", "note:plan", "trigger_point:", "technique:"]


def test_words_points_and_techniques_come_along_unconfirmed(draft, last, therapist):
    copy_forward(session=draft, by=therapist)
    fresh = TreatmentSession.objects.get(pk=draft.pk)
    assert (fresh.subjective, fresh.plan, fresh.version) == (NOTE["subjective"], NOTE["plan"], 2)
    # Pain is asked anew, motions are measured anew, a point is examined anew.
    assert (fresh.pain_before, fresh.pain_after) == (None, None)
    assert (fresh.motions.count(), fresh.point_observations.count()) == (0, 0)
    technique = fresh.techniques.get()
    assert (technique.technique, technique.region, technique.minutes) == ("sustained_pressure", "SHOULDER.TOP", 12)
    assert codes(fresh) == ALL
    assert {row.source for row in fresh.carried.all()} == {last}
    event = AuditEvent.objects.get(action="session.copied_forward")
    assert {name: event.facts[name] for name in ("note", "technique", "trigger_point")} == {
        "note": 4, "technique": 1, "trigger_point": 1,
    }  # fmt: skip
    assert NOTE["plan"] not in str(event.facts)


def test_twice_is_once_and_what_is_written_stays(draft, therapist):
    save_note(session=draft, changes={"plan": "Mine"}, expected_version=1, by=therapist)
    copy_forward(session=draft, by=therapist)
    assert copy_forward(session=draft, by=therapist) == []
    fresh = TreatmentSession.objects.get(pk=draft.pk)
    assert (fresh.plan, fresh.version, fresh.techniques.count()) == ("Mine", 3, 1)
    assert codes(fresh) == [code for code in ALL if code != "note:plan"]
    assert AuditEvent.objects.filter(action="session.copied_forward").count() == 1


@pytest.mark.django_db(transaction=True)
def test_copied_by_two_taps_at_once_it_is_once(draft, therapist):
    outcomes = at_once(*[lambda: copy_forward(session=draft, by=therapist)] * 2)
    assert sorted(len(outcome) for outcome in outcomes) == [0, 6]
    assert codes(draft) == ALL
    assert draft.techniques.count() == 1


def test_what_screening_bars_today_is_left_out(draft, therapist):
    raise_flag(draft.patient, severity="local", rule_id="CI-26", regions=["SHOULDER.TOP"])
    copy_forward(session=draft, by=therapist)
    assert codes(draft) == ALL[:-1]
    assert not draft.techniques.exists()


def test_without_an_earlier_session_there_is_nothing_to_carry(therapist, location):
    draft = draft_session(therapist, location)
    events = AuditEvent.objects.count()
    with pytest.raises(NothingToCarry):
        copy_forward(session=draft, by=therapist)
    assert not CarriedValue.objects.exists()
    assert AuditEvent.objects.count() == events


def test_a_signature_is_refused_and_names_what_is_unconfirmed(draft, therapist):
    copy_forward(session=draft, by=therapist)
    rows = list(draft.carried.for_page())
    with pytest.raises(Unconfirmed) as refusal:
        sign_session(session=draft, changes={**SCORES, "plan": "Written anew."}, by=therapist)
    assert refusal.value.facts["unconfirmed"] == [row.code for row in rows if row.note_field != "plan"]
    fresh = TreatmentSession.objects.get(pk=draft.pk)
    # All or nothing: neither the words that came with the signature were kept, nor what they would have confirmed.
    assert (fresh.state, fresh.plan, codes(fresh)) == ("draft", NOTE["plan"], ALL)


def test_each_is_confirmed_by_writing_examining_removing_or_saying_so(draft, therapist):
    copy_forward(session=draft, by=therapist)
    save_note(session=draft, changes={"plan": "Written anew.", "objective": ""}, expected_version=2, by=therapist)
    assert codes(draft) == ["note:subjective", "note:assessment", "trigger_point:", "technique:"]
    point = carried(draft, "trigger_point").trigger_point
    record_trigger_point(session=draft, trigger_point=point, status="latent", by=therapist)
    remove_technique(technique_use=draft.techniques.get(), by=therapist)
    assert codes(draft) == ["note:subjective", "note:assessment"]
    for row in draft.carried.all():
        confirm_carried(carried=row, by=therapist)
    assert AuditEvent.objects.filter(action="session.carried_confirmed").count() == 2
    signed = sign_session(session=draft, changes=SCORES, by=therapist)
    assert verify(signed)
    assert "carried" not in str(content_of(signed))


def test_the_same_words_saved_again_confirm_nothing(draft, therapist):
    copy_forward(session=draft, by=therapist)
    save_note(session=draft, changes={"plan": NOTE["plan"]}, expected_version=2, by=therapist)
    assert codes(draft) == ALL


def test_a_point_that_is_still_so_is_found_as_the_last_time(draft, therapist):
    copy_forward(session=draft, by=therapist)
    confirm_carried(carried=carried(draft, "trigger_point"), by=therapist)
    found = draft.point_observations.get()
    assert (found.status, found.tenderness, found.note) == ("active", 3, "")
    assert "trigger_point:" not in codes(draft)


def test_what_is_not_so_today_goes(draft, therapist):
    copy_forward(session=draft, by=therapist)
    for row in draft.carried.for_page():
        if row.note_field in {"", "plan"}:
            drop_carried(carried=row, by=therapist)
    fresh = TreatmentSession.objects.get(pk=draft.pk)
    assert (fresh.plan, fresh.version) == ("", 3)
    assert not fresh.techniques.exists()
    assert not fresh.point_observations.exists()
    assert codes(fresh) == ALL[:3]


def test_confirmed_meanwhile_it_is_not_found(draft, therapist):
    copy_forward(session=draft, by=therapist)
    row = carried(draft, "technique")
    confirm_carried(carried=row, by=therapist)
    events = AuditEvent.objects.count()
    for act in (confirm_carried, drop_carried):
        with pytest.raises(NotFound):
            act(carried=row, by=therapist)
    assert draft.techniques.count() == 1
    assert AuditEvent.objects.count() == events


def test_only_the_author_and_only_in_a_draft(draft, last, therapist, location):
    copy_forward(session=draft, by=therapist)
    row = carried(draft, "technique")
    colleague = UserFactory(locations=[location])
    CareTeamMemberFactory(patient=draft.patient, therapist=colleague)
    events = AuditEvent.objects.count()
    for act in (
        lambda: copy_forward(session=draft, by=colleague),
        lambda: confirm_carried(carried=row, by=colleague),
        lambda: drop_carried(carried=row, by=colleague),
    ):
        with pytest.raises(NotTheAuthor):
            act()
    with pytest.raises(AlreadySigned):
        copy_forward(session=last, by=therapist)
    assert codes(draft) == ALL
    assert AuditEvent.objects.count() == events


def test_the_database_itself_signs_nothing_unconfirmed(draft, therapist):
    copy_forward(session=draft, by=therapist)
    held = TreatmentSession.objects.filter(pk=draft.pk)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        held.update(state="signed", signed_at=MONDAY_NINE, signed_by=therapist, content_digest="x")
    assert refusal.value.__cause__.diag.constraint_name == "session_signed_has_nothing_unconfirmed"
    assert held.get().state == "draft"


def test_the_database_carries_nothing_into_a_signed_session(last, draft):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        CarriedValue.objects.create(session=last, source=last, note_field="plan")
    assert refusal.value.__cause__.diag.constraint_name == "session_signed_findings_are_frozen"
    assert not CarriedValue.objects.exists()


@pytest.mark.parametrize("wrong", [{}, {"note_field": "pain"}, {"note_field": "plan", "technique_use": True}])
def test_a_carried_value_is_one_thing(draft, last, therapist, wrong):
    if "technique_use" in wrong:
        wrong = {**wrong, "technique_use": last.techniques.get()}
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        CarriedValue.objects.create(session=draft, source=last, **wrong)
    assert refusal.value.__cause__.diag.constraint_name == "carried_value_is_one_thing"


def test_the_page_marks_names_and_confirms(page_of, draft, therapist):
    page = page_of(therapist)
    assert "Start from the last session" in page.get(address("session", draft)).content.decode()
    answer = page.post(address("copy-forward", draft))
    assert (answer.status_code, answer["Location"]) == (302, f"{draft.get_absolute_url()}#carried")
    html = page.get(address("session", draft)).content.decode()
    assert 'data-carried="plan"' in html
    assert "Sustained pressure, Shoulder, top, left, 12 min" in html
    assert html.count(">Still so<") == 6 + 4
    assert html.count('class="badge badge-warning"') >= 5
    row = carried(draft, "technique")
    answer = page.post(address("confirm-carried", draft, row.public_id), headers=HTMX)
    html = answer.content.decode()
    assert str(row.public_id) not in html
    assert 'id="techniques"' in html
    assert 'id="checklist"' in html
    point = carried(draft, "trigger_point")
    html = page.post(address("drop-carried", draft, point.public_id), headers=HTMX).content.decode()
    assert 'id="points"' in html
    assert codes(draft) == ALL[:4]


def test_the_page_says_what_keeps_it_from_being_signed(page_of, draft, therapist):
    copy_forward(session=draft, by=therapist)
    blank = {"objective": "", "assessment": "", "subjective": "", "plan": "New", "lubricant": ""}
    answer = page_of(therapist).post(address("sign", draft), {"version": 2, **blank, **SCORES})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Not confirmed yet" in html
    assert "To confirm: " in html
    assert TreatmentSession.objects.get(pk=draft.pk).state == "draft"


def test_a_save_tells_which_words_are_still_to_confirm(page_of, draft, therapist):
    copy_forward(session=draft, by=therapist)
    kept = {name: NOTE[name] for name in ("objective", "assessment", "subjective")}
    body = {"version": 2, "plan": "New", "lubricant": "", **kept}
    html = page_of(therapist).post(address("save-note", draft), body, headers=HTMX).content.decode()
    assert 'data-still-carried="subjective objective assessment   "' in html


def test_the_api_does_the_same(api, draft, therapist):
    client = api(therapist)
    base = f"/api/v1/sessions/{draft.public_id}"
    body = client.post(f"{base}/copy-forward/").json()
    assert [row["kind"] for row in body["unconfirmed"]] == ["note"] * 4 + ["trigger_point", "technique"]
    assert body["plan"] == NOTE["plan"]
    refusal = client.post(f"{base}/sign/")
    assert refusal.status_code == 422
    client.patch(f"{base}/", SCORES, format="json", headers={"If-Match": '"2"'})
    refusal = client.post(f"{base}/sign/")
    assert (refusal.status_code, refusal.json()["code"]) == (422, "session_unconfirmed")
    listed = client.get(f"{base}/carried-values/").json()["results"]
    assert len(listed) == 6
    for row in listed:
        if row["kind"] == "trigger_point":
            assert client.delete(f"{base}/carried-values/{row['id']}/").status_code == 204
        else:
            assert client.post(f"{base}/carried-values/{row['id']}/confirm/").status_code == 204
    assert client.post(f"{base}/sign/").json()["state"] == "signed"


def test_nobody_else_finds_it(page_of, api, draft, therapist, stranger):
    copy_forward(session=draft, by=therapist)
    row, events = carried(draft, "technique"), AuditEvent.objects.count()
    page, client = page_of(stranger), api(stranger)
    for name, more in (("copy-forward", ()), ("confirm-carried", (row.public_id,)), ("drop-carried", (row.public_id,))):
        assert page.post(address(name, draft, *more)).status_code == 404
    assert page.get(address("carried", draft)).status_code == 404
    base = f"/api/v1/sessions/{draft.public_id}"
    for method, path in (
        ("post", "copy-forward/"),
        ("get", "carried-values/"),
        ("delete", f"carried-values/{row.public_id}/"),
        ("post", f"carried-values/{row.public_id}/confirm/"),
    ):
        assert getattr(client, method)(f"{base}/{path}").status_code == 404, path
    assert CarriedValue.objects.visible_to(stranger).count() == 0
    assert CarriedValue.objects.visible_to(therapist).count() == 6
    assert codes(draft) == ALL
    assert AuditEvent.objects.count() == events
