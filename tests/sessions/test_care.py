"""A product despite an allergy, a chaperone, and consent region by region: in the note, in its signature, frozen."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from audit.models import AuditEvent
from clinic.core.errors import Invalid
from patients.services import add_allergy, end_allergy
from sessions.content import content_of, verify
from sessions.errors import AlreadySigned, ConsentRefused, LeadDecides, NotTheAuthor, ProductAllergy, TreatmentBarred
from sessions.models import Chaperone, ProductReason, RegionConsent, TechniqueUse, TreatmentSession
from sessions.products import matching_allergies
from sessions.services import (
    explain_product,
    record_chaperone,
    record_region_consent,
    record_technique,
    remove_region_consent,
    save_note,
    sign_session,
)
from tests.factories import CareTeamMemberFactory, UserFactory
from tests.sessions.factories import full_draft, raise_flag
from tests.sessions.test_treatment_gate import lift

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(therapist, location):
    return full_draft(therapist, location)


def use(draft, product, by):
    return save_note(session=draft, changes={"lubricant": product}, expected_version=None, by=by)


def allergic(draft, by, substance="Almond oil", category="nut"):
    return add_allergy(patient=draft.patient, substance=substance, category=category, by=by)


def unchanged(draft, act, error):
    audited, state = AuditEvent.objects.count(), TreatmentSession.objects.get(pk=draft.pk).state
    kept = [list(model.objects.order_by("pk").values()) for model in (ProductReason, Chaperone, RegionConsent)]
    with pytest.raises(error) as refusal:
        act()
    assert AuditEvent.objects.count() == audited
    assert kept == [list(model.objects.order_by("pk").values()) for model in (ProductReason, Chaperone, RegionConsent)]
    assert TreatmentSession.objects.get(pk=draft.pk).state == state
    return refusal.value


@pytest.mark.parametrize(
    ("product", "substance", "category", "is_match"),
    [
        ("Sweet almond oil", "Almonds", "nut", True),
        ("Coconut butter", "Tree nuts", "nut", True),
        ("Arnica gel", "Ultrasound gel", "gel", True),
        ("Body cream", "Some lotion", "lotion", True),
        ("Lavender oil", "Lavender", "fragrance", True),
        ("Aceite de ÁRNICA", "árnica", "other", True),
        ("Jojoba wax", "Penicillin", "medicine", False),
        ("Jojoba wax", "Nickel and the like", "other", False),
        ("Water", "Almond oil", "nut", False),
    ],
)
def test_which_products_speak_of_an_allergy(draft, product, substance, category, is_match):
    allergy = allergic(draft, draft.therapist, substance, category)
    assert matching_allergies(product, [allergy]) == ([allergy] if is_match else [])


def test_a_product_that_matches_an_allergy_is_signed_only_with_a_reason(draft, therapist):
    allergy = allergic(draft, therapist)
    use(draft, "Almond oil", therapist)
    error = unchanged(draft, lambda: sign_session(session=draft, by=therapist), ProductAllergy)
    assert error.facts == {"allergy_ids": [str(allergy.public_id)]}
    row = explain_product(session=draft, reason=" Patch test was calm ", by=therapist)
    assert (row.product, row.reason, row.allergy_ids) == ("Almond oil", "Patch test was calm", [allergy.public_id])
    signed = sign_session(session=draft, by=therapist)
    assert content_of(signed)["product_reason"]["reason"] == "Patch test was calm"
    assert verify(signed)


def test_another_product_needs_another_reason_and_an_ended_allergy_none(draft, therapist):
    allergy = allergic(draft, therapist)
    use(draft, "Almond oil", therapist)
    explain_product(session=draft, reason="Tested", by=therapist)
    use(draft, "Peanut oil", therapist)
    unchanged(draft, lambda: sign_session(session=draft, by=therapist), ProductAllergy)
    end_allergy(allergy=allergy, by=therapist)
    assert sign_session(session=draft, by=therapist).is_signed


def test_a_flag_against_lubricants_is_answered_by_the_same_reason(draft, therapist):
    raise_flag(draft.patient, severity="caution", rule_id="CI-09", techniques=["lubricant"])
    use(draft, "Jojoba wax", therapist)
    unchanged(draft, lambda: sign_session(session=draft, by=therapist), TreatmentBarred)
    assert explain_product(session=draft, reason="Known to be fine", by=therapist).rule_ids == ["CI-09"]
    assert sign_session(session=draft, by=therapist).is_signed


def test_what_a_clearance_excludes_only_the_lead_excuses(draft, therapist):
    lift(draft.patient, therapist, forbidden_kinds=["lubricant"])
    use(draft, "Jojoba wax", therapist)
    unchanged(draft, lambda: explain_product(session=draft, reason="x", by=therapist), LeadDecides)
    therapist.is_clinical_lead = True
    explain_product(session=draft, reason="Spoke with the doctor", by=therapist)
    assert ProductReason.objects.get().rule_ids == ["CI-05"]


def test_a_reason_says_something_and_answers_something(draft, therapist):
    unchanged(draft, lambda: explain_product(session=draft, reason="x", by=therapist), Invalid)
    allergic(draft, therapist)
    use(draft, "Almond oil", therapist)
    unchanged(draft, lambda: explain_product(session=draft, reason=" ", by=therapist), Invalid)


def test_a_chaperone_is_offered_present_by_name_or_declined(draft, therapist):
    record_chaperone(session=draft, answer="offered", by=therapist)
    record_chaperone(session=draft, answer="present", name="Maria Cruz", by=therapist)
    row = Chaperone.objects.get()
    assert (row.answer, row.name) == ("present", "Maria Cruz")
    assert AuditEvent.objects.filter(action="chaperone.recorded").last().facts["answer"] == "present"
    unchanged(draft, lambda: record_chaperone(session=draft, answer="present", by=therapist), Invalid)
    unchanged(draft, lambda: record_chaperone(session=draft, answer="maybe", by=therapist), Invalid)
    assert record_chaperone(session=draft, answer="declined", name="x", by=therapist).name == ""


@pytest.mark.parametrize("answer", ["refused", "withdrawn"])
def test_hands_stay_away_from_a_region_the_patient_refused(draft, therapist, answer):
    row = record_region_consent(session=draft, region="HAND", answer=answer, by=therapist)
    treat = {"technique": "effleurage", "region": "HAND", "side": "left", "minutes": 3}
    error = unchanged(draft, lambda: record_technique(session=draft, by=therapist, **treat), ConsentRefused)
    assert error.facts == {"region": "HAND"}
    assert TechniqueUse.objects.count() == 1
    remove_region_consent(region_consent=row, by=therapist)
    record_technique(session=draft, by=therapist, **treat)


def test_a_treated_region_is_withdrawn_and_not_refused(draft, therapist):
    refuse = {"region": "SHOULDER.TOP", "by": therapist}
    unchanged(draft, lambda: record_region_consent(session=draft, answer="refused", **refuse), Invalid)
    record_region_consent(session=draft, answer="withdrawn", **refuse)
    signed = sign_session(session=draft, by=therapist)
    assert content_of(signed)["region_consents"] == [{"region": "SHOULDER.TOP", "answer": "withdrawn"}]


@pytest.mark.parametrize(("entries", "field"), [({"region": "MOON"}, "region"), ({"answer": "maybe"}, "answer")])
def test_what_is_not_a_consent(draft, therapist, entries, field):
    known = {"region": "HAND", "answer": "given", **entries}
    error = unchanged(draft, lambda: record_region_consent(session=draft, by=therapist, **known), Invalid)
    assert list(error.fields) == [field]


@pytest.fixture
def signed(draft, therapist):
    allergic(draft, therapist)
    use(draft, "Almond oil", therapist)
    explain_product(session=draft, reason="Tested", by=therapist)
    record_chaperone(session=draft, answer="present", name="Maria Cruz", by=therapist)
    record_region_consent(session=draft, region="SHOULDER.TOP", answer="given", by=therapist)
    return sign_session(session=draft, by=therapist)


TABLES = {"productreason": "reason = 'x'", "chaperone": "name = 'x'", "regionconsent": "answer = 'refused'"}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET {}"])
def test_they_are_frozen_with_the_note(signed, table, act):
    statement = act.format(f"treatment_sessions_{table}", TABLES[table])
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert refusal.value.__cause__.diag.constraint_name == "session_signed_findings_are_frozen"
    assert verify(signed)


@pytest.mark.parametrize("table", TABLES)
def test_whoever_gets_past_the_triggers_is_still_found_out(signed, table):
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"UPDATE treatment_sessions_{table} SET {TABLES[table]}")
        cursor.execute("SET session_replication_role = origin")
    assert not verify(TreatmentSession.objects.for_page().get())


def acts(session, by):
    return [
        lambda: explain_product(session=session, reason="x", by=by),
        lambda: record_chaperone(session=session, answer="declined", by=by),
        lambda: record_region_consent(session=session, region="HAND", answer="given", by=by),
    ]


def test_only_its_author_and_only_a_draft(signed, therapist, location):
    for act in acts(signed, therapist):
        unchanged(signed, act, AlreadySigned)
    colleague = UserFactory(locations=[location])
    CareTeamMemberFactory(patient=signed.patient, therapist=colleague)
    for act in acts(signed, colleague):
        unchanged(signed, act, NotTheAuthor)


def test_the_page_warns_takes_the_reason_and_signs(page_of, draft, therapist):
    allergic(draft, therapist)
    page = page_of(therapist)
    note = {"version": draft.version, "plan": "x", "pain_before": 6, "pain_after": 3, "lubricant": "Almond oil"}
    saved = page.post(
        reverse("sessions:save-note", args=[draft.public_id]), note, headers={"HX-Request": "true"}
    ).content.decode()
    assert 'id="product"' in saved
    assert "The patient is allergic to" in saved
    draft.refresh_from_db()
    note["version"] = draft.version
    refusal = page.post(reverse("sessions:sign", args=[draft.public_id]), note)
    assert refusal.status_code == 409
    assert "may be allergic" in refusal.content.decode()
    page.post(reverse("sessions:explain-product", args=[draft.public_id]), {"reason": "Tested"})
    assert page.post(reverse("sessions:sign", args=[draft.public_id]), note).status_code == 302
    assert "Tested" in page.get(draft.get_absolute_url()).content.decode()


def test_the_page_keeps_chaperone_and_consent(page_of, draft, therapist):
    page = page_of(therapist)

    def at(name, *more):
        return reverse(f"sessions:{name}", args=[draft.public_id, *more])

    assert page.post(at("chaperone"), {"answer": "present", "name": ""}).status_code == 422
    page.post(at("chaperone"), {"answer": "present", "name": "Maria Cruz"})
    assert page.post(at("consent"), {"region": "SHOULDER.TOP", "answer": "refused"}).status_code == 422
    page.post(at("consent"), {"region": "HAND", "answer": "given"})
    shown = page.get(draft.get_absolute_url()).content.decode()
    assert "present, Maria Cruz" in shown
    page.post(at("remove-consent", RegionConsent.objects.get().public_id))
    assert not RegionConsent.objects.exists()


def test_the_api_does_the_same_and_strangers_find_nothing(api, draft, therapist, stranger):
    allergic(draft, therapist)
    use(draft, "Almond oil", therapist)
    address = f"/api/v1/sessions/{draft.public_id}/"
    bodies = {
        "product-reason": {"reason": "Tested"},
        "chaperone": {"answer": "declined"},
        "consents": {"region": "HAND", "answer": "given"},
    }
    audited = AuditEvent.objects.count()
    for name, body in bodies.items():
        assert api(stranger).post(f"{address}{name}/", body, format="json").status_code == 404
        assert api(stranger).get(f"{address}{name}/").status_code == 404
    assert AuditEvent.objects.count() == audited
    assert [model.objects.count() for model in (ProductReason, Chaperone, RegionConsent)] == [0, 0, 0]
    assert api(therapist).post(f"{address}sign/").json()["code"] == "product_allergy"
    for name, body in bodies.items():
        assert api(therapist).post(f"{address}{name}/", body, format="json").status_code == 201
        assert len(api(therapist).get(f"{address}{name}/").json()["results"]) == 1
    row = RegionConsent.objects.get()
    assert api(therapist).delete(f"{address}consents/{row.public_id}/").status_code == 204
    assert api(therapist).post(f"{address}sign/").status_code == 200
