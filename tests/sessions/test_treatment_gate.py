"""A technique meets the screening gate when it is recorded and again when the note is signed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from clinic.core.errors import Invalid
from patients.services import record_consent
from screening.models import Clearance, Flag
from sessions.errors import LeadDecides, ScreeningBlocks, TreatmentBarred
from sessions.models import TechniqueUse, TreatmentSession, TriggerPointObservation
from sessions.products import product_warning
from sessions.services import explain_product, record_technique, record_trigger_point, save_note, sign_session
from tests.sessions.factories import NOTE, draft_session, full_draft, raise_flag

pytestmark = pytest.mark.django_db
CALF = {"technique": "sustained_pressure", "region": "LEG.POST", "side": "left", "minutes": 5}
OILY = {"technique": "effleurage", "region": "HAND", "side": "left", "minutes": 5}
BELLY = {"technique": "trigger_point_pressure", "region": "ABDOMEN", "side": "left", "minutes": 5, "pressure": 4}
PELVIC = {"technique": "sustained_pressure", "region": "PELVIS", "side": "midline", "minutes": 5, "pressure": 2}
DRUMMED = {"technique": "tapotement", "region": "HAND", "side": "left", "minutes": 5}


@pytest.fixture
def draft(therapist, location):
    return draft_session(therapist, location)


def refused(draft, error, known, by, **more):
    events = AuditEvent.objects.count()
    with pytest.raises(error) as refusal:
        record_technique(session=draft, by=by, **known, **more)
    assert not TechniqueUse.objects.exists()
    assert AuditEvent.objects.count() == events
    return refusal.value


def lift(patient, by, **limits):
    """A relative flag lifted by a letter with limits."""
    until = timezone.now() + timedelta(days=30)
    clearance = Clearance.objects.create(
        patient=patient, rule_ids=["CI-05"], issuer_name="Dr Chen", decision="with_limits",
        answered_at=timezone.now(), entered_by=by, valid_until=until, **limits,
    )  # fmt: skip
    raise_flag(patient, severity="relative", rule_id="CI-05")
    Flag.objects.filter(patient=patient, rule_id="CI-05").update(
        status="cleared", reason="Letter", closed_by=by, closed_at=timezone.now(), cleared_until=until,
        clearance=clearance,
    )  # fmt: skip


def test_a_region_a_flag_guards_is_refused_and_others_are_not(draft, therapist):
    raise_flag(draft.patient, severity="local", rule_id="CI-26", regions=["LEG.POST"])
    barred = refused(draft, TreatmentBarred, CALF, therapist)
    assert (barred.facts["reasons"], barred.facts["rule_ids"]) == (["region_barred"], ["CI-26"])
    record_technique(session=draft, by=therapist, **{**CALF, "region": "HAND"})
    assert TechniqueUse.objects.get().despite_rules == []


def test_a_therapist_who_looked_records_it_with_a_reason_that_stays(draft, therapist):
    raise_flag(draft.patient, severity="local", rule_id="CI-26", regions=["LEG.POST"])
    row = record_technique(session=draft, by=therapist, despite_reason=" Vein is at the other side ", **CALF)
    assert (row.despite_reason, row.despite_rules) == ("Vein is at the other side", ["CI-26"])
    event = AuditEvent.objects.get(action="technique.recorded")
    assert event.facts["despite_rules"] == ["CI-26"]
    assert "Vein" not in str(event.facts)
    save_note(session=draft, changes=NOTE, expected_version=1, by=therapist)
    assert sign_session(session=draft, by=therapist).is_signed


def test_a_reason_nobody_asked_for_is_not_kept(draft, therapist):
    assert record_technique(session=draft, by=therapist, despite_reason="Just so", **CALF).despite_reason == ""


@pytest.mark.parametrize("reason", ["x" * 301, "a\x00b"])
def test_a_reason_has_bounds(draft, therapist, reason):
    raise_flag(draft.patient, severity="local", rule_id="CI-26", regions=["LEG.POST"])
    assert set(refused(draft, Invalid, CALF, therapist, despite_reason=reason).fields) == {"despite_reason"}


def test_an_allergy_to_products_bars_oily_techniques_only(draft, therapist):
    raise_flag(draft.patient, severity="caution", rule_id="CI-09", techniques=["lubricant"])
    assert refused(draft, TreatmentBarred, OILY, therapist).facts["reasons"] == ["lubricant_barred"]
    record_technique(session=draft, by=therapist, **CALF)


def test_a_named_product_meets_the_allergy_when_the_note_is_signed(therapist, location):
    draft = full_draft(therapist, location)
    raise_flag(draft.patient, severity="caution", rule_id="CI-09", techniques=["lubricant"])
    with pytest.raises(TreatmentBarred) as refusal:
        sign_session(session=draft, changes={"lubricant": "Almond oil"}, expected_version=2, by=therapist)
    assert refusal.value.facts["reasons"] == ["lubricant_barred"]
    left = TreatmentSession.objects.get()
    assert (left.state, left.lubricant) == ("draft", "")
    assert sign_session(session=draft, by=therapist).is_signed


def test_only_the_lead_excuses_what_a_device_forbids(draft, therapist):
    raise_flag(draft.patient, severity="local", rule_id="CI-24", techniques=["percussive"])
    refused(draft, LeadDecides, DRUMMED, therapist, despite_reason="Far away from it")
    therapist.is_clinical_lead = True
    row = record_technique(session=draft, by=therapist, despite_reason="Asked the maker", **DRUMMED)
    assert row.despite_rules == ["CI-24"]


@pytest.mark.parametrize(
    ("limits", "known", "reason"),
    [
        ({"allowed_regions": ["HAND"]}, CALF, "region_not_cleared"),
        ({"forbidden_regions": ["LEG.POST"]}, CALF, "region_not_cleared"),
        ({"forbidden_kinds": ["lubricant"]}, OILY, "kind_not_cleared"),
        ({"max_pressure": 2}, {**CALF, "pressure": 3}, "pressure_not_cleared"),
    ],
)
def test_a_doctors_limits_hold_whatever_the_therapist_says(draft, therapist, limits, known, reason):
    lift(draft.patient, therapist, **limits)
    assert refused(draft, TreatmentBarred, known, therapist).facts["reasons"] == [reason]
    refused(draft, LeadDecides, known, therapist, despite_reason="It will be fine")


def test_what_a_doctor_excludes_after_the_therapist_wrote_a_reason_is_not_signed_away(therapist, location):
    """The reason answered a flag that guards the region; that a doctor excluded it came later, and is the lead's."""
    draft = full_draft(therapist, location)
    lift(draft.patient, therapist)
    Flag.objects.filter(patient=draft.patient).update(regions=["LEG.POST"])
    row = record_technique(session=draft, by=therapist, despite_reason="Looked at it: only the outer side", **CALF)
    assert row.despite_rules == ["CI-05"]
    Clearance.objects.update(forbidden_regions=["LEG.POST"])
    with pytest.raises(TreatmentBarred) as refusal:
        sign_session(session=draft, by=therapist)
    assert refusal.value.facts == {"reasons": ["region_not_cleared"], "rule_ids": ["CI-05"]}
    assert TreatmentSession.objects.get().state == "draft"


@pytest.mark.parametrize("is_lead", [False, True])
def test_what_a_doctor_excludes_later_is_the_leads_on_a_point_as_on_its_region(therapist, location, is_lead):
    """A point is answered by the reason beside the technique of its region, as far as that reason goes."""
    therapist.is_clinical_lead = is_lead
    therapist.save()
    draft = full_draft(therapist, location)
    lift(draft.patient, therapist)
    Flag.objects.filter(patient=draft.patient).update(regions=["LEG.POST"])
    record_technique(session=draft, by=therapist, despite_reason="Only the outer side", **CALF)
    Clearance.objects.update(forbidden_regions=["LEG.POST"])
    point = {"muscle": "soleus", "side": "left", "status": "active", "technique": CALF["technique"]}
    if is_lead:
        assert record_trigger_point(session=draft, by=therapist, **point).technique == CALF["technique"]
        assert sign_session(session=draft, by=therapist).is_signed
        return
    seen, events = TriggerPointObservation.objects.count(), AuditEvent.objects.count()
    with pytest.raises(TreatmentBarred) as refusal:
        record_trigger_point(session=draft, by=therapist, **point)
    assert refusal.value.facts["reasons"] == ["region_not_cleared"]
    assert (TriggerPointObservation.objects.count(), AuditEvent.objects.count()) == (seen, events)


@pytest.mark.parametrize("is_lead", [False, True])
def test_a_product_a_doctor_excludes_after_the_reason_waits_for_the_lead(therapist, location, is_lead):
    therapist.is_clinical_lead = is_lead
    therapist.save()
    draft = full_draft(therapist, location)
    lift(draft.patient, therapist)
    Flag.objects.filter(patient=draft.patient).update(techniques=["lubricant"])
    draft = save_note(session=draft, changes={"lubricant": "Jojoba wax"}, expected_version=None, by=therapist)
    explain_product(session=draft, reason="Known to be fine", by=therapist)
    assert product_warning(draft).is_answered
    Clearance.objects.update(forbidden_kinds=["lubricant"])
    assert product_warning(draft).is_answered is is_lead
    if is_lead:
        assert sign_session(session=draft, by=therapist).is_signed
        return
    with pytest.raises(TreatmentBarred) as refusal:
        sign_session(session=draft, by=therapist)
    assert "kind_not_cleared" in refusal.value.facts["reasons"]
    assert TreatmentSession.objects.get().state == "draft"


def test_a_limited_pressure_has_to_be_said_even_by_the_lead(draft, therapist):
    lift(draft.patient, therapist, max_pressure=2)
    therapist.is_clinical_lead = True
    refused(draft, TreatmentBarred, CALF, therapist, despite_reason="No need")
    record_technique(session=draft, by=therapist, pressure=2, **CALF)


def test_deep_pressure_in_an_endangerment_area_needs_a_reason_that_stays(draft, therapist):
    barred = refused(draft, TreatmentBarred, BELLY, therapist)
    assert (barred.facts["reasons"], barred.facts["rule_ids"]) == (["endangered_deep"], ["CI-37"])
    row = record_technique(session=draft, by=therapist, despite_reason="Psoas, slowly, beside the organs", **BELLY)
    assert (row.despite_rules, row.despite_reason) == (["CI-37"], "Psoas, slowly, beside the organs")
    save_note(session=draft, changes=NOTE, expected_version=1, by=therapist)
    assert sign_session(session=draft, by=therapist).is_signed


def test_light_pressure_in_an_endangerment_area_needs_none(draft, therapist):
    assert record_technique(session=draft, by=therapist, **{**BELLY, "pressure": 3}).despite_rules == []
    unsaid = {**BELLY, "pressure": None, "region": "NECK.ANT"}
    with pytest.raises(TreatmentBarred) as refusal:
        record_technique(session=draft, by=therapist, **unsaid)
    assert refusal.value.facts["reasons"] == ["endangered_unsaid"]
    assert TechniqueUse.objects.count() == 1


def test_pelvic_work_waits_for_a_consent_of_its_own(draft, therapist):
    therapist.is_clinical_lead = True
    barred = refused(draft, TreatmentBarred, PELVIC, therapist, despite_reason="In my licence; chaperone offered")
    assert barred.facts["rule_ids"] == ["CI-41"]
    record_consent(patient=draft.patient, kind="pelvic", is_given=True, by=therapist)
    assert refused(draft, TreatmentBarred, PELVIC, therapist).facts["reasons"] == ["pelvic_scope"]
    row = record_technique(session=draft, by=therapist, despite_reason="In my licence; chaperone offered", **PELVIC)
    assert row.despite_rules == ["CI-41"]


def test_a_pelvic_consent_taken_back_stops_the_signature(draft, therapist):
    record_consent(patient=draft.patient, kind="pelvic", is_given=True, by=therapist)
    record_technique(session=draft, by=therapist, despite_reason="In my licence; chaperone offered", **PELVIC)
    save_note(session=draft, changes=NOTE, expected_version=1, by=therapist)
    record_consent(patient=draft.patient, kind="pelvic", is_given=False, by=therapist)
    with pytest.raises(TreatmentBarred):
        sign_session(session=draft, by=therapist)
    assert TreatmentSession.objects.get().state == "draft"


def test_teaching_and_breathing_lay_no_hand_on(draft, therapist):
    raise_flag(draft.patient, severity="local", rule_id="CI-26", regions=["LEG.POST"])
    record_technique(session=draft, by=therapist, **{**CALF, "technique": "breathing"})


def test_a_block_that_came_during_the_session_stops_the_next_entry(draft, therapist):
    raise_flag(draft.patient, severity="absolute")
    refused(draft, ScreeningBlocks, CALF, therapist, despite_reason="Nearly done")


def test_a_flag_that_came_after_the_entry_stops_the_signature(therapist, location):
    draft = full_draft(therapist, location)
    raise_flag(draft.patient, severity="local", rule_id="CI-01", regions=["SHOULDER.TOP"])
    with pytest.raises(TreatmentBarred):
        sign_session(session=draft, by=therapist)
    assert TreatmentSession.objects.get().state == "draft"


def test_the_page_says_what_speaks_against_it_and_asks_why(page_of, draft, therapist):
    page = page_of(therapist)
    raise_flag(draft.patient, severity="local", rule_id="CI-26", regions=["LEG.POST"])
    address = reverse("sessions:add-technique", args=[draft.public_id])
    asked = page.post(address, CALF, headers={"HX-Request": "true"})
    assert asked.status_code == 422
    html = asked.content.decode()
    assert "A flag keeps hands away from this region." in html
    assert 'name="despite_reason"' in html
    assert not TechniqueUse.objects.exists()
    done = page.post(address, {**CALF, "despite_reason": "Vein is elsewhere"}, headers={"HX-Request": "true"})
    assert "CI-26: Vein is elsewhere" in done.content.decode()


def test_the_page_names_the_endangerment_area_before_anything_is_saved(page_of, draft, therapist):
    page = page_of(therapist)
    address = reverse("sessions:add-technique", args=[draft.public_id])
    asked = page.post(address, {**BELLY, "region": "LEG.POST"}, headers={"HX-Request": "true"})
    assert asked.status_code == 422
    html = asked.content.decode()
    assert "Back of the knee. No deep pressure in an endangerment area" in html
    assert 'name="despite_reason"' in html
    assert not TechniqueUse.objects.exists()
    page.post(address, {**BELLY, "region": "LEG.POST", "despite_reason": "Mid calf"}, headers={"HX-Request": "true"})
    assert TechniqueUse.objects.get().despite_rules == ["CI-37"]


def test_the_page_asks_for_the_pelvic_consent_and_for_nothing_else_first(page_of, draft, therapist):
    address = reverse("sessions:add-technique", args=[draft.public_id])
    asked = page_of(therapist).post(address, PELVIC, headers={"HX-Request": "true"})
    assert asked.status_code == 422
    html = asked.content.decode()
    assert "Pelvic work needs a consent of its own" in html
    assert "Why it is done nevertheless" not in html
    assert "Only the clinical lead can record it." not in html
    assert not TechniqueUse.objects.exists()


def test_what_was_typed_is_not_lost_when_a_treatment_stops_the_signature(page_of, therapist, location):
    draft = full_draft(therapist, location)
    raise_flag(draft.patient, severity="local", rule_id="CI-01", regions=["SHOULDER.TOP"])
    typed = {"version": draft.version, "plan": "Typed just now", "pain_before": 5, "pain_after": 2}
    answer = page_of(therapist).post(reverse("sessions:sign", args=[draft.public_id]), typed)
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "Typed just now" in html
    assert "Screening speaks against this treatment" in html
    assert TreatmentSession.objects.get().state == "draft"


def test_what_only_the_lead_may_decide_is_not_asked(page_of, draft, therapist):
    lift(draft.patient, therapist, allowed_regions=["HAND"])
    address = reverse("sessions:add-technique", args=[draft.public_id])
    asked = page_of(therapist).post(address, {**CALF, "despite_reason": "Please"}, headers={"HX-Request": "true"})
    assert asked.status_code == 422
    assert "Only the clinical lead can record it." in asked.content.decode()
    assert not TechniqueUse.objects.exists()


def test_the_api_names_the_rules(api, draft, therapist):
    raise_flag(draft.patient, severity="local", rule_id="CI-26", regions=["LEG.POST"])
    client = api(therapist)
    address = f"/api/v1/sessions/{draft.public_id}/techniques/"
    answer = client.post(address, CALF, format="json", headers={"Idempotency-Key": "one"})
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["facts"]["rule_ids"]) == ("treatment_barred", ["CI-26"])
    body = {**CALF, "despite_reason": "Vein is elsewhere"}
    answer = client.post(address, body, format="json", headers={"Idempotency-Key": "two"})
    assert answer.status_code == 201
    assert answer.json()["despite_rules"] == ["CI-26"]


def test_the_session_page_shows_what_a_clearance_restricts(page_of, draft, therapist):
    lift(draft.patient, therapist, allowed_regions=["HAND", "HEAD.JAW"], max_pressure=2)
    html = page_of(therapist).get(draft.get_absolute_url()).content.decode()
    assert "Only: Hand, Jaw" in html
    assert "Pressure at most 2 of 5" in html
    assert "No flag stands" not in html
