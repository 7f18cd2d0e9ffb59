"""A clearance as a record with limits: what it allows, when it ends, when it is withdrawn."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from clinic.core.errors import Invalid
from screening.models import Clearance, Flag
from screening.regions import REGIONS
from screening.services import clear_flag, gate, reopen_flag
from screening.terms import Terms
from screening.treatment import Treatment
from sessions import catalogue
from tests.factories import ConsentFactory
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db

HAND, CALF = Treatment(region="HAND", pressure=2), Treatment(region="LEG.POST", pressure=2)


def cleared(patient, by, until, **terms):
    sent_intake(patient, vein_past="yes")
    flag = Flag.objects.get(patient=patient, status="open")
    return clear_flag(
        flag=flag, reason="Letter read", clearance_from="Dr Chen", cleared_until=until, terms=Terms(**terms), by=by
    )


def test_regions_are_those_of_the_body_map_and_of_the_intake(intake_form):
    assert {code: region.name for code, region in catalogue.regions().items()} == REGIONS
    assert {option.code for option in intake_form.items["pain-where"].options} == set(REGIONS)


def test_what_was_granted_is_kept_as_a_record(patient, therapist, in_a_month):
    flag = cleared(
        patient,
        therapist,
        in_a_month,
        issuer_role="Haematology",
        issuer_licence="H 12",
        forbidden_regions=("LEG.POST",),
    )
    row = Clearance.objects.get()
    assert flag.clearance == row
    assert (row.patient, row.rule_ids, row.issuer_name, row.issuer_role) == (
        patient, [flag.rule_id], "Dr Chen", "Haematology",
    )  # fmt: skip
    assert (row.decision, row.entered_by, row.valid_until) == ("with_limits", therapist, in_a_month)
    assert row.answered_at is not None
    assert row.has_limits


def test_a_clearance_without_limits_says_so(patient, therapist, in_a_month, service):
    cleared(patient, therapist, in_a_month)
    assert Clearance.objects.get().decision == "cleared"
    verdict = gate(patient=patient, service=service, treatments=[HAND])
    assert (verdict.level, verdict.reasons) == ("warn", ("cleared_with_limits",))


def test_the_gate_keeps_a_treatment_within_the_limits(patient, therapist, in_a_month, service):
    cleared(patient, therapist, in_a_month, allowed_regions=("HAND",), max_pressure=2, forbidden_kinds=("kneading",))
    assert gate(patient=patient, service=service, treatments=[HAND]).level == "warn"
    too_hard = Treatment(region="HAND", pressure=3)
    kneaded = Treatment(region="HAND", kinds=frozenset({"kneading"}))
    for treatment, reason in (
        (CALF, "region_not_cleared"), (too_hard, "pressure_not_cleared"), (kneaded, "kind_not_cleared"),
    ):  # fmt: skip
        verdict = gate(patient=patient, service=service, treatments=[HAND, treatment])
        assert verdict.is_blocked
        assert verdict.level == "warn"
        assert reason in {one.reason for one in verdict.objections}
        assert {one.rule_id for one in verdict.objections} == {"CI-05"}


@pytest.mark.parametrize(
    "case",
    [
        ({"forbidden_regions": ("LEG.POST",)}, ["region_barred", "region_not_cleared"]),
        ({"allowed_regions": ("LEG.POST",)}, []),
        ({"max_pressure": 1}, ["region_barred", "pressure_not_cleared"]),
        ({}, ["region_barred"]),
    ],
    ids=["forbidden", "allowed", "pressure", "none"],
)
def test_the_gate_reads_every_limit(patient, therapist, in_a_month, service, case):
    terms, reasons = case
    cleared(patient, therapist, in_a_month, **terms)
    verdict = gate(patient=patient, service=service, treatments=[CALF])
    assert [one.reason for one in verdict.objections] == reasons


def test_a_flag_nobody_cleared_has_no_limits(patient, service):
    sent_intake(patient, varicose="yes", varicose_where=["LEG.POST"])
    verdict = gate(patient=patient, service=service, treatments=[HAND, CALF])
    assert [(one.reason, one.rule_id) for one in verdict.objections] == [("region_barred", "CI-26")]
    assert (verdict.level, verdict.is_blocked) == ("warn", True)
    assert not gate(patient=patient, service=service, treatments=[HAND]).is_blocked


def test_the_gate_asks_for_the_consent_to_pelvic_work_and_for_no_other(patient, service):
    sent_intake(patient)
    pelvic = Treatment(region="PELVIS", pressure=2, excused=frozenset({"CI-41"}))
    asked = {"patient": patient, "service": service, "treatments": [pelvic]}
    assert [one.reason for one in gate(**asked).objections] == ["pelvic_consent_missing"]
    ConsentFactory(patient=patient, kind="pelvic")
    assert gate(**asked).objections == ()


def test_limits_end_with_the_clearance(patient, therapist, in_a_month, service):
    cleared(patient, therapist, in_a_month, allowed_regions=("HAND",))
    late = gate(patient=patient, service=service, treatments=[CALF], at=in_a_month + timedelta(minutes=1))
    assert late.reasons == ("relative_flag",)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"allowed_regions": ("MOON",)}, "allowed_regions"),
        ({"forbidden_regions": ("MOON",)}, "forbidden_regions"),
        ({"allowed_regions": ("HAND",), "forbidden_regions": ("HAND",)}, "forbidden_regions"),
        ({"forbidden_kinds": ("magic",)}, "forbidden_kinds"),
        ({"max_pressure": 0}, "max_pressure"),
        ({"max_pressure": 6}, "max_pressure"),
        ({"max_pressure": True}, "max_pressure"),
        ({"issuer_role": "x" * 121}, "issuer_role"),
        ({"issuer_licence": "x" * 61}, "issuer_licence"),
        ({"issuer_role": "a\x00b"}, "issuer_role"),
    ],
)
def test_limits_that_mean_nothing_are_refused(patient, therapist, in_a_month, terms, field):
    with pytest.raises(Invalid) as refusal:
        cleared(patient, therapist, in_a_month, **terms)
    assert set(refusal.value.fields) == {field}
    assert not Clearance.objects.exists()
    assert Flag.objects.get().status == "open"


def test_a_clearance_is_withdrawn_when_something_graver_than_a_caution_is_new(patient, therapist, in_a_month, service):
    """clinical.md §2.7: what the clinician said was said about what was known then."""
    flag = cleared(patient, therapist, in_a_month)
    sent_intake(patient, vein_past="yes", product_allergy="yes", product_allergy_which=["oil"])
    assert Clearance.objects.get().withdrawn_at is None
    sent_intake(patient, vein_past="yes", bleeding="yes", bleeding_severe="no")
    flag.refresh_from_db()
    assert flag.status == "replaced"
    assert Clearance.objects.get().withdrawn_at is not None
    assert set(Flag.objects.standing().values_list("rule_id", flat=True)) == {"CI-05", "CI-07"}
    assert gate(patient=patient, service=service).is_blocked


def test_the_same_intake_again_withdraws_nothing(patient, therapist, in_a_month):
    flag = cleared(patient, therapist, in_a_month)
    sent_intake(patient, vein_past="yes")
    flag.refresh_from_db()
    assert flag.status == "cleared"
    assert Clearance.objects.get().withdrawn_at is None


def test_opening_a_flag_again_ends_its_clearance(patient, therapist, in_a_month):
    flag = cleared(patient, therapist, in_a_month)
    reopen_flag(flag=flag, by=therapist)
    assert Clearance.objects.get().withdrawn_at is not None


def test_a_clearance_given_anew_is_a_second_record(patient, therapist, in_a_month):
    flag = cleared(patient, therapist, in_a_month)
    with time_machine.travel(in_a_month + timedelta(days=1)):
        clear_flag(
            flag=flag, reason="New letter", clearance_from="Dr Woo", cleared_until=in_a_month + timedelta(days=9),
            by=therapist,
        )  # fmt: skip
    assert list(Clearance.objects.order_by("pk").values_list("issuer_name", flat=True)) == ["Dr Chen", "Dr Woo"]
