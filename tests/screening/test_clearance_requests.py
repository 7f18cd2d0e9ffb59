"""Letters that ask for a clearance: who may, what they say, what closes them."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from pypdf import PdfReader

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from screening.errors import RequestClosed
from screening.letters import QUESTIONS, print_letter
from screening.models import Clearance, ClearanceRequest, Flag
from screening.services import (
    clear_flag,
    gate,
    handle_alarm,
    record_refusal,
    request_clearance,
    withdraw_clearance_request,
)
from screening.terms import Terms
from tests.factories import LocationFactory, MedicineFactory, PatientFactory, ServiceFactory, UserFactory
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db
ADDRESSEE = "Dr Chen\nHaematology, City Hospital"


@pytest.fixture
def flags(patient):
    """A blood thinner and past vein problems: two flags that need a clearance."""
    MedicineFactory(patient=patient, name="Coumadin 5 mg")
    sent_intake(patient, vein_past="yes")
    return list(Flag.objects.order_by("rule_id"))


def asked(flags, by, **entries):
    patient = flags[0].patient
    known = {"patient": patient, "flags": flags, "addressee": ADDRESSEE, "by": by}
    return request_clearance(**known | {"service": entries.pop("service", None) or ServiceFactory()} | entries)


def cleared(flag, by, until, **more):
    return clear_flag(flag=flag, reason="Letter read", clearance_from="Dr Chen", cleared_until=until, by=by, **more)


def text_of(request):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(print_letter(request))).pages)


def refused(error, call, **entries):
    before = [list(model.objects.order_by("pk").values()) for model in (ClearanceRequest, Clearance, Flag, AuditEvent)]
    with pytest.raises(error) as refusal:
        call(**entries)
    after = [list(model.objects.order_by("pk").values()) for model in (ClearanceRequest, Clearance, Flag, AuditEvent)]
    assert after == before
    return refusal.value


def test_a_request_is_kept_with_its_flags_and_who_asked(flags, therapist):
    request = asked(flags, therapist, kinds=["stretching"], regions=["LEG.POST"], remark="Is the INR stable?")
    request.refresh_from_db()
    assert (request.state, request.asked_by, request.addressee) == ("open", therapist, ADDRESSEE)
    assert list(request.flags.order_by("rule_id")) == flags
    assert (request.kinds, request.regions, request.remark) == (["stretching"], ["LEG.POST"], "Is the INR stable?")
    event = AuditEvent.objects.get(action="clearance_request.made")
    assert (event.actor_id, event.patient_id) == (therapist.public_id, flags[0].patient.public_id)
    assert sorted(event.facts["rule_ids"]) == ["CI-05", "CI-06a"]


def test_the_letter_says_who_what_is_planned_what_was_found_and_what_is_asked(flags, therapist, location):
    location.address, location.phone = "12 Main Street, New York", "+12125550100"
    location.save(update_fields=["address", "phone"])
    therapist.licence_number = "NY-4711"
    therapist.save(update_fields=["licence_number"])
    with time_machine.travel(datetime(2026, 12, 1, 3, 0, tzinfo=UTC), tick=False):
        request = asked(
            flags, therapist, kinds=["stretching"], regions=["LEG.POST", "BACK.LOW"], remark="Is the INR stable?",
            service=ServiceFactory(name="Release, one hour"),
        )  # fmt: skip
    said = " ".join(text_of(request).split())
    for words in (
        "Fascia Clinic, Downtown",
        "12 Main Street, New York",
        "+12125550100",
        "Dr Chen",
        "Haematology, City Hospital",
        # Still the day before in New York.
        "30 November 2026",
        f"{request.patient.full_name}, born 17 May 1980",
        "Blood thinner (anticoagulant) (we treat only with a clearance)",
        "Medicine: Coumadin 5 mg (warfarin)",
        "Release, one hour: Myofascial release",
        "Ways of treating: Stretching.",
        "Regions: Calf, Back, lower.",
        "Research on myofascial release is limited and mixed",
        *QUESTIONS,
        "Is the INR stable?",
        f"{therapist.full_name} Therapist, licence NY-4711",
        "Yes, within the limits below",
        "Pressure at most",
        "Percussion and vibration",
        "Last day (at most a year):",
        "Signature:",
        f"Reference {request.reference}",
        "Page 2 of 2",
    ):
        assert words in said, words


def test_the_letter_says_nothing_else_of_the_record(flags, therapist):
    MedicineFactory(patient=flags[0].patient, name="Sertraline")
    said = text_of(asked(flags[:1], therapist))
    assert "Sertraline" not in said
    assert flags[0].patient.email not in said
    assert flags[1].title not in said


def test_the_letter_is_printed_as_it_was_written_and_each_time_the_same(flags, therapist):
    request = asked(flags, therapist)
    first, name = print_letter(request), request.patient.full_name
    request.patient.given_name = "Other"
    request.patient.save(update_fields=["given_name"])
    again = ClearanceRequest.objects.get(pk=request.pk)
    assert print_letter(again) == first
    assert name in text_of(again)


def test_what_people_type_is_printed_and_never_read_as_markup(flags, therapist):
    typed = '#strong[x] = $a$ *b* \\ "q" <l> @c // d'
    request = asked(flags, therapist, addressee=typed, remark=typed)
    assert text_of(request).count(typed) >= 2


@pytest.mark.parametrize("name", ["漢字", "🙂", "a\x0bb\x1f", "Ąžuolas Ünïcödé Ελλάδα Жанна"])
def test_a_sign_no_font_has_does_not_stop_the_letter(flags, therapist, name):
    said = text_of(asked(flags, therapist, addressee=f"Dr {name} of the hospital"))
    assert "of the hospital" in said


def test_the_letter_comes_from_where_therapist_and_patient_are_known(flags, therapist, patient):
    patient.locations.add(LocationFactory(name="Annex"))
    assert "Fascia Clinic, Downtown" in text_of(asked(flags, therapist))
    patient.locations.clear()
    request = asked(flags, therapist, remark="Again")
    assert request.letter["sender"] == {"name": "Fascia Clinic", "lines": []}


def test_the_same_letter_asked_for_twice_is_one(flags, therapist):
    service = ServiceFactory()
    first = asked(flags, therapist, service=service)
    assert asked(flags, therapist, service=service, addressee=" Dr Chen \n\nHaematology, City Hospital\n") == first
    assert asked(flags[:1], therapist, service=service) != first
    assert AuditEvent.objects.filter(action="clearance_request.made").count() == 2


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({"addressee": "  \n "}, "addressee"),
        ({"addressee": "x" * 301}, "addressee"),
        ({"addressee": "\n".join("abcdefg")}, "addressee"),
        ({"addressee": "a\x00b"}, "addressee"),
        ({"remark": "x" * 501}, "remark"),
        ({"remark": "\x00"}, "remark"),
        ({"kinds": ["magic"]}, "kinds"),
        ({"regions": ["TAIL"]}, "regions"),
        ({"flags": []}, "flags"),
    ],
)
def test_what_a_request_has_to_say(flags, therapist, entries, field):
    service = ServiceFactory()
    given = {"patient": flags[0].patient, "flags": flags, "addressee": ADDRESSEE, "service": service, "by": therapist}
    assert set(refused(Invalid, request_clearance, **{**given, **entries}).fields) == {field}


def test_only_flags_of_this_patient_that_stand_are_asked_about(flags, therapist, in_a_month):
    other = PatientFactory(care_team=[therapist])
    sent_intake(other, vein_past="yes")
    given = {"patient": flags[0].patient, "addressee": ADDRESSEE, "service": ServiceFactory(), "by": therapist}
    strange = [*flags, Flag.objects.get(patient=other)]
    assert set(refused(Invalid, request_clearance, flags=strange, **given).fields) == {"flags"}
    cleared(flags[0], therapist, in_a_month)
    assert set(refused(Invalid, request_clearance, flags=flags, **given).fields) == {"flags"}


def test_an_emergency_is_called_about_before_anybody_writes(patient, therapist):
    sent_intake(patient, saddle_numb="yes")
    flags = list(Flag.objects.all())
    given = {"patient": patient, "flags": flags, "addressee": ADDRESSEE, "service": ServiceFactory(), "by": therapist}
    assert set(refused(Invalid, request_clearance, **given).fields) == {"flags"}
    handle_alarm(patient=patient, note="Seen in the emergency department", by=therapist)
    assert "we do not treat before it is looked into" in text_of(request_clearance(**given))


@pytest.mark.parametrize("role", ["front_desk", "admin", "auditor"])
def test_only_therapists_ask_and_settle(flags, therapist, stranger, location, role):
    user, service = UserFactory(roles=[role], locations=[location]), ServiceFactory()
    request = asked(flags, therapist, service=service)
    given = {"patient": flags[0].patient, "flags": flags, "addressee": "Dr X", "service": service}
    answer = {"request": request, "decision": "declined", "issuer_name": "Dr Chen", "reason": "No"}
    for by, error in ((user, NotAllowed), (SYSTEM, NotAllowed), (stranger, NotFound)):
        refused(error, request_clearance, by=by, **given)
        refused(error, withdraw_clearance_request, request=request, by=by)
        refused(error, record_refusal, by=by, **answer)


def test_clearing_the_last_of_its_flags_answers_the_letter(flags, therapist, in_a_month):
    request = asked(flags, therapist, remark="Is the INR stable?")
    cleared(flags[0], therapist, in_a_month)
    request.refresh_from_db()
    assert request.state == "open"
    cleared(flags[1], therapist, in_a_month, terms=Terms(max_pressure=2))
    request.refresh_from_db()
    assert (request.state, request.closed_by) == ("answered", therapist)
    assert request.closed_at is not None
    answers = list(request.clearances.order_by("pk"))
    assert [one.decision for one in answers] == ["cleared", "with_limits"]
    assert (answers[0].requested_by, answers[0].requested_at) == (therapist, request.created_at)
    assert answers[0].question.splitlines() == [*QUESTIONS, "Is the INR stable?"]
    assert AuditEvent.objects.filter(action="clearance_request.answered").count() == 1


def test_a_clearance_nobody_asked_for_answers_no_letter(flags, therapist, in_a_month):
    request = asked(flags[:1], therapist)
    cleared(flags[1], therapist, in_a_month)
    request.refresh_from_db()
    assert request.state == "open"
    assert Clearance.objects.get().request is None
    assert Clearance.objects.get().requested_at is None


def test_a_letter_whose_question_fell_away_is_withdrawn_by_itself(patient, therapist):
    sent_intake(patient, vein_past="yes")
    request = asked(list(Flag.objects.all()), therapist)
    sent_intake(patient)
    request.refresh_from_db()
    assert (request.state, request.closed_by) == ("withdrawn", None)
    assert AuditEvent.objects.get(action="clearance_request.withdrawn").actor_kind == "system"


def test_a_rule_that_fires_anew_leaves_the_letter_open(patient, therapist, in_a_month):
    sent_intake(patient, vein_past="yes")
    request = asked(list(Flag.objects.all()), therapist)
    sent_intake(patient, vein_past="not-sure")
    request.refresh_from_db()
    assert request.state == "open"
    cleared(Flag.objects.standing().get(), therapist, in_a_month)
    request.refresh_from_db()
    assert request.state == "answered"


@pytest.mark.parametrize("decision", ["declined", "need_more"])
def test_an_answer_that_grants_nothing_is_kept_and_the_flags_stand(flags, therapist, service, decision):
    request = asked(flags, therapist)
    answer = record_refusal(
        request=request, decision=decision, issuer_name=" Dr Chen ", issuer_role="Haematology", reason="INR too high",
        by=therapist,
    )  # fmt: skip
    assert (answer.decision, answer.issuer_name, answer.reason) == (decision, "Dr Chen", "INR too high")
    assert (answer.rule_ids, answer.request, answer.entered_by) == (["CI-05", "CI-06a"], request, therapist)
    request.refresh_from_db()
    assert (request.state, request.closed_by) == ("answered", therapist)
    assert Flag.objects.standing().count() == 2
    assert gate(patient=request.patient, service=service).level == "block"


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({"decision": "cleared"}, "decision"),
        ({"decision": ""}, "decision"),
        ({"issuer_name": " "}, "issuer_name"),
        ({"issuer_role": "x" * 121}, "issuer_role"),
        ({"reason": ""}, "reason"),
        ({"reason": "\x00"}, "reason"),
    ],
)
def test_what_such_an_answer_has_to_say(flags, therapist, entries, field):
    request = asked(flags, therapist)
    given = {"request": request, "decision": "declined", "issuer_name": "Dr Chen", "reason": "No", "by": therapist}
    assert set(refused(Invalid, record_refusal, **{**given, **entries}).fields) == {field}


def test_a_closed_letter_is_closed_once(flags, therapist):
    request = asked(flags, therapist)
    assert withdraw_clearance_request(request=request, by=therapist).state == "withdrawn"
    refused(RequestClosed, withdraw_clearance_request, request=request, by=therapist)
    answer = {"decision": "declined", "issuer_name": "Dr Chen", "reason": "No"}
    refused(RequestClosed, record_refusal, request=request, by=therapist, **answer)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"state": "lost"}, "clearance_request_state_known|clearance_request_open"),
        ({"state": "answered"}, "clearance_request_open_or_closed_when"),
        ({"addressee": ""}, "clearance_request_names_somebody"),
    ],
)
def test_the_database_holds_what_a_request_is(flags, therapist, changes, rule):
    request = asked(flags, therapist)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        ClearanceRequest.objects.filter(pk=request.pk).update(**changes)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_write_one_letter(flags, therapist):
    service, barrier = ServiceFactory(), threading.Barrier(2)

    def click():
        barrier.wait()
        asked(flags, therapist, service=service)
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ClearanceRequest.objects.count() == 1
