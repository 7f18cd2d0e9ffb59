"""Running the rules for a patient: what is kept, and what becomes of the flags."""

from __future__ import annotations

import threading
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import NotAllowed, NotFound
from patients.models import Allergy, Condition, Medicine
from screening import evaluations, rulebook
from screening.models import Evaluation, Flag, FlagStatus
from screening.rescreening import changed_patients, screen_changed
from screening.services import clear_flag, screen, screen_many
from screening.tasks import screen_changed_patients
from tests.factories import ConditionFactory, MedicineFactory, PatientFactory, UserFactory
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db


def flags_of(patient, **which):
    return sorted(Flag.objects.filter(patient=patient, **which).values_list("rule_id", "status"))


def test_an_intake_of_noes_is_complete_and_raises_nothing(patient):
    evaluation = sent_intake(patient)
    assert evaluation.is_complete
    assert evaluation.fired == []
    assert evaluation.inputs["unanswered"] == []
    assert evaluation.answered_at == evaluation.response.submitted_at
    assert flags_of(patient) == []


def test_an_evaluation_keeps_rule_version_answers_and_who(patient):
    evaluation = sent_intake(patient, clot_now="yes")
    assert evaluation.rule_set_version == rulebook.rulebook().version
    assert evaluation.inputs["answers"]["clot-now"] == "yes"
    assert evaluation.fired == [
        {
            "rule_id": "CI-04",
            "rule_version": 1,
            "title": "Blood clot in a deep vein or inflamed vein",
            "severity": "absolute",
            "urgency": "routine",
            "action": "No session, nowhere on the body. Inform the physician.",
            "regions": [],
            "techniques": [],
            "evidence": [{"kind": "answer", "link_id": "clot-now", "value": "yes"}],
            "expires_on": None,
        }
    ]
    assert (evaluation.actor_kind, evaluation.cause) == ("system", "intake")


def test_a_flag_opens_once_and_is_audited(patient):
    sent_intake(patient, clot_now="yes")
    screen(patient=patient, by=SYSTEM)
    flag = Flag.objects.get(patient=patient)
    assert (flag.rule_id, flag.severity, flag.status) == ("CI-04", "absolute", "open")
    opened = AuditEvent.objects.get(action="flag.opened")
    assert opened.subject_id == str(flag.public_id)
    assert opened.facts == {"rule_id": "CI-04", "rule_version": 1, "severity": "absolute", "urgency": "routine"}


def test_a_flag_whose_rule_no_longer_fires_is_resolved(patient):
    sent_intake(patient, clot_now="yes")
    sent_intake(patient, clot_now="no")
    assert flags_of(patient) == [("CI-04", "resolved")]
    assert Flag.objects.get().closed_at is not None
    assert AuditEvent.objects.filter(action="flag.resolved").count() == 1


def test_a_graver_finding_replaces_the_flag(patient):
    sent_intake(patient, wound="yes", burn_large="no", wound_where=["HAND"])
    sent_intake(patient, wound="yes", burn_large="yes", wound_where=["HAND"])
    rows = Flag.objects.filter(patient=patient).order_by("pk").values_list("severity", "status")
    assert list(rows) == [("local", "replaced"), ("relative", "open")]


def test_a_cleared_flag_stays_cleared_while_nothing_is_new(patient, therapist, in_a_month):
    sent_intake(patient, vein_past="yes")
    clear_flag(flag=Flag.objects.get(), reason="Seen", clearance_from="Dr Chen", cleared_until=in_a_month, by=therapist)
    sent_intake(patient, vein_past="yes")
    assert flags_of(patient) == [("CI-05", "cleared")]


def test_a_cleared_flag_comes_back_with_new_evidence(patient, therapist, in_a_month):
    sent_intake(patient, vein_past="yes")
    clear_flag(flag=Flag.objects.get(), reason="Seen", clearance_from="Dr Chen", cleared_until=in_a_month, by=therapist)
    sent_intake(patient, vein_past="yes", clot_risks=["bed-or-cast"])
    assert flags_of(patient) == [("CI-05", "open"), ("CI-05", "replaced")]
    old = Flag.objects.get(status="replaced")
    assert (old.reason, old.clearance_from, old.closed_by) == ("Seen", "Dr Chen", therapist)


def test_a_cleared_flag_comes_back_when_its_clearance_ran_out(patient, therapist, in_a_month):
    sent_intake(patient, vein_past="yes")
    clear_flag(flag=Flag.objects.get(), reason="Seen", clearance_from="Dr Chen", cleared_until=in_a_month, by=therapist)
    with time_machine.travel(in_a_month + timedelta(hours=1)):
        screen(patient=patient, by=SYSTEM)
    assert flags_of(patient) == [("CI-05", "open"), ("CI-05", "replaced")]


def test_a_cleared_flag_that_is_no_longer_true_keeps_who_cleared_it(patient, therapist):
    sent_intake(patient, varicose="yes", varicose_where=["LEG.POST"])
    clear_flag(flag=Flag.objects.get(), reason="Only spider veins", by=therapist)
    sent_intake(patient)
    flag = Flag.objects.get()
    assert (flag.status, flag.reason, flag.closed_by) == ("resolved", "Only spider veins", therapist)


def test_a_fever_stops_counting_after_a_week_without_anybody_acting(patient):
    evaluation = sent_intake(patient, fever="yes")
    flag = Flag.objects.get()
    assert flag.expires_at.date() == evaluation.answered_at.date() + timedelta(days=7)
    assert Flag.objects.standing().count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert Flag.objects.filter(expires_at__gt=timezone.now()).count() == 0
        assert Flag.objects.standing(timezone.now()).count() == 0


def test_the_record_counts_without_an_intake(patient):
    MedicineFactory(patient=patient, name="Warfarin sodium 5 MG Oral Tablet")
    Allergy.objects.create(patient=patient, substance="Latex (substance)", category="latex")
    evaluation = screen(patient=patient, by=SYSTEM)
    assert not evaluation.is_complete
    assert flags_of(patient) == [("CI-06a", "open"), ("CI-09", "open")]


def test_a_medicine_that_ended_is_mentioned_and_flags_nothing(patient):
    MedicineFactory(patient=patient, name="Clopidogrel 75 MG", ended_on=timezone.now().date() - timedelta(days=60))
    evaluation = screen(patient=patient, by=SYSTEM)
    assert flags_of(patient) == []
    assert [(one["substance"], one["is_past"]) for one in evaluation.inputs["mentions"]] == [("clopidogrel", True)]


def test_an_ended_allergy_and_condition_count_no_more(patient):
    yesterday = timezone.now().date() - timedelta(days=1)
    Allergy.objects.create(patient=patient, substance="Latex", category="latex", ended_on=yesterday)
    ConditionFactory(patient=patient, text="Abdominal aortic aneurysm", ended_on=yesterday)
    assert screen(patient=patient, by=SYSTEM).fired == []


def test_an_old_evaluation_says_the_same_after_three_versions_of_the_rules(patient, tmp_path):
    evaluation = sent_intake(patient, clot_now="yes")
    before = (evaluation.fired, evaluation.inputs, evaluation.rule_set_version)
    for number in (2, 3, 4):
        folder = tmp_path / str(number)
        folder.mkdir()
        for path in rulebook.RULES.glob("*.json"):
            text = path.read_text(encoding="utf-8")
            if path.name == "CI-04.json":
                text = text.replace('"version": 1', f'"version": {number}').replace("No session", f"No {number}")
            (folder / path.name).write_text(text, encoding="utf-8")
        changed = rulebook.read_rulebook(folder)
        with mock.patch.object(evaluations, "rulebook", return_value=changed):
            newest = screen(patient=patient, by=SYSTEM)
        assert newest.fired[0]["rule_version"] == number
        assert newest.rule_set_version == changed.version != before[2]
    evaluation.refresh_from_db()
    assert (evaluation.fired, evaluation.inputs, evaluation.rule_set_version) == before
    assert Flag.objects.get(status="open").rule_version == 4


def test_the_database_refuses_to_change_or_delete_an_evaluation(patient):
    evaluation = sent_intake(patient)
    for act in (
        lambda: Evaluation.objects.update(cause="requested"),
        lambda: Evaluation.objects.filter(pk=evaluation.pk).delete(),
    ):
        with pytest.raises(IntegrityError) as refusal, transaction.atomic():
            act()
        assert refusal.value.__cause__.diag.constraint_name == "evaluation_is_frozen"
    assert Evaluation.objects.get().cause == "intake"


@pytest.mark.parametrize("role", ["front_desk", "admin", "auditor"])
def test_only_therapists_may_run_the_rules(patient, location, role):
    with pytest.raises(NotAllowed):
        screen(patient=patient, by=UserFactory(roles=[role], locations=[location]))
    assert not Evaluation.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_therapist_of_nobody_here_finds_no_patient(patient, stranger):
    with pytest.raises(NotFound):
        screen(patient=patient, by=stranger)
    assert not Evaluation.objects.exists()


def test_many_are_screened_and_the_dead_are_not(patient):
    MedicineFactory(patient=patient, name="Lovenox")
    calm = PatientFactory()
    dead = PatientFactory(died_on=timezone.now().date())
    done = screen_many(patients=[patient, calm, dead], by=SYSTEM)
    assert (done.evaluated, done.flagged) == (2, 1)
    assert not Evaluation.objects.filter(patient=dead).exists()


def test_the_command_screens_an_imports_patients(capsys):
    imported = PatientFactory(source="synthea", old_id="1")
    PatientFactory()
    MedicineFactory(patient=imported, name="1 ML Enoxaparin sodium 150 MG/ML Prefilled Syringe")
    call_command("screen_patients", "--source", "synthea")
    assert capsys.readouterr().out == "1 patients screened, 1 with at least one flag\n"
    assert flags_of(imported) == [("CI-06a", "open")]
    assert AuditEvent.objects.filter(via="command", action="evaluation.made").count() == 1


def test_a_changed_record_is_found_and_screened_once(patient):
    sent_intake(patient)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert list(changed_patients()) == []
        MedicineFactory(patient=patient, name="Xarelto")
        assert list(changed_patients()) == [patient]
        assert screen_changed() == 1
        assert flags_of(patient) == [("CI-06a", "open")]
        assert screen_changed() == 0
        assert Evaluation.objects.filter(patient=patient).count() == 2


def test_a_patient_never_screened_with_something_on_record_is_found(patient):
    PatientFactory()
    ConditionFactory(patient=patient, text="Osteoporosis")
    screen_changed_patients()
    assert flags_of(patient) == [("CI-03", "open")]
    assert Evaluation.objects.count() == 1
    assert Evaluation.objects.get().actor_kind == "system"


def test_an_ended_medicine_resolves_its_flag_by_itself(patient):
    medicine = MedicineFactory(patient=patient, name="Xarelto")
    screen_changed()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        medicine.ended_on = timezone.now().date() - timedelta(days=40)
        medicine.save(update_fields=["ended_on", "updated_at"])
        screen_changed()
    assert flags_of(patient) == [("CI-06a", "resolved")]


def test_a_new_rule_set_screens_everybody_again(patient):
    sent_intake(patient)
    with mock.patch("screening.rescreening.rulebook") as newer:
        newer.return_value.version = "newer"
        assert list(changed_patients()) == [patient]


def test_no_more_than_asked_for_are_screened_at_a_time():
    for _ in range(3):
        MedicineFactory(name="Xarelto")
    assert screen_changed(at_most=2) == 2
    assert screen_changed(at_most=2) == 1
    assert Medicine.objects.count() == Evaluation.objects.count() == 3


def test_a_run_reads_each_list_once(patient, django_assert_max_num_queries):
    sent_intake(patient)
    for _ in range(3):
        MedicineFactory(patient=patient)
        ConditionFactory(patient=patient)
    assert Condition.objects.count() == 3
    with django_assert_max_num_queries(14):
        screen(patient=patient, by=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_open_one_flag():
    patient = MedicineFactory(name="Warfarin").patient
    start = threading.Barrier(2)
    failures = []

    def run():
        try:
            start.wait()
            screen(patient=patient, by=SYSTEM)
        except Exception as problem:
            failures.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Flag.objects.filter(status=FlagStatus.OPEN).count() == 1
    assert Evaluation.objects.count() == 2
