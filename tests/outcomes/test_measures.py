"""Recording a measure, scoring it again, and the licence behind it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import AuditEvent
from clinic.core.errors import Invalid, NotAllowed, NotFound
from outcomes.errors import InstrumentNeedsNoLicence, InstrumentNotLicensed, MeasurementAlreadyRecorded
from outcomes.instruments import INSTRUMENTS
from outcomes.licensing import offer_of
from outcomes.models import LicenceAttestation, Measurement, MeasurementScore
from outcomes.services import Sheet, attest_licence, record_measurement, rescore, withdraw_attestation
from tests.factories import (
    EpisodeFactory,
    LicenceAttestationFactory,
    MeasurementFactory,
)

pytestmark = pytest.mark.django_db
ATTESTED = {"instrument_key": "odi", "rights_holder": "Mapi", "reference": "C-12", "mode": "paper"}
NEXT_YEAR = date(2099, 5, 1)


def sheet(**changes):
    whole = Sheet("nrs-now", "baseline", timezone.now(), "electronic", {"1": 7}, "test:1", region="neck", side="left")
    return replace(whole, **changes)


def odi(**changes):
    answers = {str(item): 2 for item in range(1, 11)}
    return sheet(instrument_key="odi", answers=answers, mode="paper", region="", side="", **changes)


def test_a_measure_keeps_its_answers_and_scores_them(patient, episode, therapist):
    row = record_measurement(patient=patient, episode=episode, sheet=sheet(), by=therapist)
    assert (row.patient, row.episode, row.moment, row.region, row.side) == (
        patient, episode, "baseline", "neck", "left",
    )  # fmt: skip
    assert row.answers == {"1": 7}
    score = row.current
    assert (score.number, score.instrument_version, score.value, score.is_estimate) == (1, 1, 7, False)
    event = AuditEvent.objects.get()
    assert (event.action, event.facts) == ("measurement.recorded", {"instrument": "nrs-now", "moment": "baseline"})


def test_each_region_has_its_own_score(patient, episode, therapist):
    for place in ({}, {"side": "right"}, {"region": "jaw", "side": ""}):
        record_measurement(patient=patient, episode=episode, sheet=sheet(**place), by=therapist)
    assert Measurement.objects.count() == 3


def test_the_same_answers_again_are_the_same_row(patient, episode, therapist):
    first = record_measurement(patient=patient, episode=episode, sheet=sheet(), by=therapist)
    assert record_measurement(patient=patient, episode=episode, sheet=sheet(), by=therapist) == first
    assert MeasurementScore.objects.count() == AuditEvent.objects.count() == 1


def test_other_answers_from_the_same_source_are_refused(patient, episode, therapist):
    record_measurement(patient=patient, episode=episode, sheet=sheet(), by=therapist)
    with pytest.raises(MeasurementAlreadyRecorded):
        record_measurement(patient=patient, episode=episode, sheet=sheet(answers={"1": 3}), by=therapist)
    assert Measurement.objects.get().answers == {"1": 7}
    assert MeasurementScore.objects.count() == 1


WRONG = [
    ({"instrument_key": "guess"}, "instrument"), ({"moment": "never"}, "moment"), ({"mode": "spoken"}, "mode"),
    ({"answers": {"1": 11}}, "answers.1"), ({"answers": {"2": 1}}, "answers.2"), ({"region": "Neck!"}, "region"),
    ({"region": "", "side": "left"}, "side"), ({"side": "up"}, "side"), ({"source_key": ""}, "source_key"),
    ({"measured_at": datetime(2999, 1, 1, tzinfo=UTC)}, "measured_at"), ({"activities": {"1": "x"}}, "activities"),
    ({"instrument_key": "sleep"}, "region"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "field"), WRONG, ids=str)
def test_what_makes_no_sense_is_refused_with_its_field(patient, episode, therapist, changes, field):
    with pytest.raises(Invalid) as refusal:
        record_measurement(patient=patient, episode=episode, sheet=sheet(**changes), by=therapist)
    assert field in refusal.value.fields
    assert not Measurement.objects.exists()
    assert not AuditEvent.objects.exists()


def test_an_episode_of_somebody_else_is_refused(patient, therapist):
    with pytest.raises(Invalid):
        record_measurement(patient=patient, episode=EpisodeFactory(), sheet=sheet(), by=therapist)
    assert not Measurement.objects.exists()


def test_only_a_therapist_who_cares_may_record(patient, episode, stranger, front_desk):
    for by, refusal in ((stranger, NotFound), (front_desk, NotAllowed)):
        with pytest.raises(refusal):
            record_measurement(patient=patient, episode=episode, sheet=sheet(), by=by)
    assert not Measurement.objects.exists()


def test_activities_are_named_by_the_patient(patient, episode, therapist):
    named = {"1": "Climbing stairs", "2": "Lifting my child ", "3": "Sleeping on the left"}
    whole = sheet(instrument_key="activities", region="", side="", answers={"1": 2, "2": 4, "3": 5}, activities=named)
    for wrong in ({}, {**named, "3": " "}, {"1": "a", "2": "b"}, {**named, "2": "climbing  STAIRS"}):
        with pytest.raises(Invalid):
            record_measurement(patient=patient, episode=episode, sheet=replace(whole, activities=wrong), by=therapist)
    assert not Measurement.objects.exists()
    row = record_measurement(patient=patient, episode=episode, sheet=whole, by=therapist)
    assert row.activities["2"] == "Lifting my child"
    assert row.current.value == Decimal("3.67")


def test_a_re_score_is_one_more_row_and_the_old_one_stays(patient, episode, therapist):
    row = MeasurementFactory(patient=patient, episode=episode, answers={"1": 7}, score__value=3)
    assert rescore(measurement=row, by=therapist).current.value == 7
    assert list(row.scores.order_by("number").values_list("number", "value")) == [(1, 3), (2, 7)]
    assert AuditEvent.objects.get().facts["number"] == 2
    rescore(measurement=row, by=therapist)
    assert row.scores.count() == 2
    row.refresh_from_db()
    assert row.answers == {"1": 7}


def test_a_stranger_re_scores_nothing(stranger):
    row = MeasurementFactory(answers={"1": 7}, score__value=3)
    with pytest.raises(NotFound):
        rescore(measurement=row, by=stranger)
    assert row.scores.count() == 1


@pytest.mark.parametrize("change", [{"answers": {"1": 1}}, {"moment": "discharge"}])
def test_the_database_keeps_answers_as_they_were(change):
    row = MeasurementFactory()
    with pytest.raises(IntegrityError, match="kept as it was"), transaction.atomic():
        Measurement.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(IntegrityError, match="kept as it was"), transaction.atomic():
        MeasurementScore.objects.update(value=1)
    with pytest.raises(IntegrityError, match="kept as it was"), transaction.atomic():
        MeasurementScore.objects.all().delete()
    row.refresh_from_db()
    assert row.answers == {"1": 6}
    assert row.current.value == 6


def test_a_shell_is_not_given_without_an_attestation(patient, episode, therapist, admin):
    with pytest.raises(InstrumentNotLicensed):
        record_measurement(patient=patient, episode=episode, sheet=odi(), by=therapist)
    assert not Measurement.objects.exists()
    attest_licence(**ATTESTED, expires_on=NEXT_YEAR, by=admin)
    assert record_measurement(patient=patient, episode=episode, sheet=odi(), by=therapist).current.value == 40
    on_screen = replace(odi(source_key="test:2"), mode="electronic")
    with pytest.raises(InstrumentNotLicensed):
        record_measurement(patient=patient, episode=episode, sheet=on_screen, by=therapist)
    assert Measurement.objects.count() == 1


@pytest.mark.parametrize("ended", [{"expires_on": date(2020, 1, 1)}, {"withdrawn_at": timezone.now()}])
def test_when_the_licence_ends_new_use_ends_and_old_scores_stay(patient, episode, therapist, ended):
    LicenceAttestationFactory(**ended)
    old = MeasurementFactory(patient=patient, episode=episode, instrument_key="odi", answers=odi().answers)
    with pytest.raises(InstrumentNotLicensed):
        record_measurement(patient=patient, episode=episode, sheet=odi(), by=therapist)
    assert Measurement.objects.get() == old
    assert rescore(measurement=old, by=therapist).current.value == 40


def test_one_attestation_for_paper_and_one_for_a_screen_stand_side_by_side():
    words = [{"en": f"Item {number}"} for number in range(10)]
    LicenceAttestationFactory(mode="electronic", item_texts=words, expires_on=date(2030, 1, 2))
    LicenceAttestationFactory(mode="paper", expires_on=date(2030, 1, 1))
    day = date(2029, 12, 1)
    assert offer_of(INSTRUMENTS["odi"], day, "electronic").modes == ["electronic"]
    assert offer_of(INSTRUMENTS["odi"], day, "paper").modes == ["paper"]
    assert offer_of(INSTRUMENTS["odi"], day).expires_soon
    assert not offer_of(INSTRUMENTS["odi"], date(2029, 1, 1)).expires_soon
    assert offer_of(INSTRUMENTS["odi"], date(2030, 1, 2)).is_usable
    assert not offer_of(INSTRUMENTS["odi"], date(2030, 1, 3)).is_usable


def test_only_administrators_attest_and_withdraw(therapist):
    row = LicenceAttestationFactory()
    with pytest.raises(NotAllowed):
        attest_licence(**ATTESTED, expires_on=NEXT_YEAR, by=therapist)
    with pytest.raises(NotAllowed):
        withdraw_attestation(attestation=row, by=therapist)
    assert LicenceAttestation.objects.get().withdrawn_at is None


@pytest.mark.parametrize(
    "changes",
    [
        {"rights_holder": " "}, {"reference": "x" * 121}, {"mode": "spoken"}, {"expires_on": date(2020, 1, 1)},
        {"mode": "electronic"}, {"mode": "both", "item_texts": [{"en": "one"}]}, {"instrument_key": "guess"},
        {"item_texts": [{"es": "uno"}] * 10}, {"item_texts": [{"en": " "}] * 10}, {"item_texts": ["one"] * 10},
    ],
    ids=str,
)  # fmt: skip
def test_an_attestation_that_says_too_little_is_refused(admin, changes):
    with pytest.raises(Invalid):
        attest_licence(**{**ATTESTED, "expires_on": NEXT_YEAR, **changes}, by=admin)
    assert not LicenceAttestation.objects.exists()
    assert not AuditEvent.objects.exists()


def test_what_is_free_needs_no_attestation(admin):
    with pytest.raises(InstrumentNeedsNoLicence):
        attest_licence(**{**ATTESTED, "instrument_key": "nrs-now"}, expires_on=NEXT_YEAR, by=admin)
    assert not LicenceAttestation.objects.exists()


def test_an_attestation_is_withdrawn_once_and_never_edited(admin):
    row = attest_licence(**ATTESTED, expires_on=NEXT_YEAR, by=admin)
    first = withdraw_attestation(attestation=row, by=admin)
    assert withdraw_attestation(attestation=row, by=admin).withdrawn_at == first.withdrawn_at
    assert [event.action for event in AuditEvent.objects.order_by("id")] == ["licence.attested", "licence.withdrawn"]
    with pytest.raises(IntegrityError, match="kept as it was"), transaction.atomic():
        LicenceAttestation.objects.update(expires_on=date(2199, 1, 1))
    assert LicenceAttestation.objects.get().expires_on == NEXT_YEAR


def test_instruments_over_the_api(api, therapist, django_assert_num_queries):
    LicenceAttestationFactory(expires_on=timezone.now().date() + timedelta(days=9))
    with django_assert_num_queries(1):
        rows = {row["id"]: row for row in api(therapist).get("/api/v1/instruments/").data}
    assert len(rows) == 16
    assert (rows["odi"]["is_usable"], rows["odi"]["modes"], rows["odi"]["expires_soon"]) == (True, ["paper"], True)
    assert (rows["ndi"]["is_usable"], rows["ndi"]["texts"]) == (False, [])
    assert rows["nrs-now"]["texts"][0]["es"].startswith("¿")
    assert api(therapist).get("/api/v1/instruments/peg/").data["loinc"] == "91147-9"
    assert api(therapist).get("/api/v1/instruments/none/").status_code == 404


def test_attestations_over_the_api(api, admin, auditor, therapist):
    address = "/api/v1/licence-attestations/"
    body = {"instrument": "odi", "rights_holder": "Mapi", "reference": "C-12", "mode": "paper",
            "expires_on": "2099-05-01"}  # fmt: skip
    for user in (therapist, auditor):
        assert api(user).post(address, body, format="json").status_code == 403
    assert not LicenceAttestation.objects.exists()
    made = api(admin).post(address, body, format="json")
    assert made.status_code == 201
    assert api(auditor).get(address).data["results"][0]["id"] == made.data["id"]
    assert api(therapist).get(address).status_code == 403
    assert api(auditor).post(f"{address}{made.data['id']}/withdraw/").status_code == 403
    assert LicenceAttestation.objects.get().withdrawn_at is None
    assert api(admin).post(f"{address}{made.data['id']}/withdraw/").data["withdrawn_at"] is not None


def test_measurements_over_the_api(api, therapist, stranger, front_desk, episode):
    address = "/api/v1/measurements/"
    body = {"episode_id": str(episode.public_id), "instrument": "nrs-now", "moment": "baseline", "mode": "electronic",
            "measured_at": timezone.now().isoformat(), "answers": {"1": 7}, "source_key": "test:1"}  # fmt: skip
    assert api(stranger).post(address, body, format="json").status_code == 400
    assert api(front_desk).post(address, body, format="json").status_code == 403
    assert api(therapist).post(address, {**body, "score": 2}, format="json").status_code == 400
    assert api(therapist).post(address, {**body, "answers": {"1": 11}}, format="json").status_code == 422
    assert not Measurement.objects.exists()
    made = api(therapist).post(address, body, format="json")
    assert made.status_code == 201
    assert made.data["score"]["value"] == "7.00"
    one = f"{address}{made.data['id']}/"
    assert api(stranger).get(one).status_code == 404
    assert api(stranger).post(f"{one}rescore/").status_code == 404
    assert api(therapist).get(one).data["answers"] == {"1": 7}
    assert len(api(therapist).post(f"{one}rescore/").data["scores"]) == 1


def test_a_list_of_measurements_costs_the_same_at_any_length(
    api, therapist, patient, episode, django_assert_num_queries
):
    for count in (3, 9):
        while Measurement.objects.count() < count:
            MeasurementFactory(patient=patient, episode=episode)
        with django_assert_num_queries(2):
            assert len(api(therapist).get("/api/v1/measurements/").data["results"]) == count
