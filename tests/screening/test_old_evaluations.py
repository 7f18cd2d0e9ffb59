"""An evaluation says for ever what it said: through newer rules, newer forms and newer answers."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date, datetime

import pytest
from django.urls import reverse

from audit.actors import SYSTEM
from questionnaires.presenting import readable
from questionnaires.services.publishing import publish_questionnaire
from screening import rulebook as books
from screening.engine import evaluate, unanswered
from screening.facts import AllergyFact, ConditionFact, Facts, MedicineFact, VisitAnswer
from screening.models import Evaluation, Flag
from screening.rescreening import screen_changed
from screening.rulebook import read_rulebook
from screening.services import gate, record_at_visit, screen
from tests.factories import ConditionFactory, MedicineFactory
from tests.pages import text_of
from tests.screening.factories import sent_intake

pytestmark = pytest.mark.django_db
ANSWERS = {"vein_past": "yes", "product_allergy": "yes", "product_allergy_which": ["oil"], "touch_notes": "No oil."}
VEINS = "CI-05.json"


@pytest.fixture
def rules(tmp_path, monkeypatch):
    """`rules(change)` puts the next version of the rules in use: the present files, changed."""
    present = [books.RULES]

    def put_in_use(change):
        folder = tmp_path / str(len(present))
        shutil.copytree(present[-1], folder)
        change(folder)
        present.append(folder)
        monkeypatch.setattr(books, "RULES", folder)
        books.rulebook.cache_clear()

    yield put_in_use
    monkeypatch.undo()
    books.rulebook.cache_clear()


def graver(folder):
    rule = json.loads((folder / VEINS).read_text())
    rule |= {"version": 2, "title": "Veins, said anew"}
    rule["cases"][0] |= {"severity": "absolute", "action": "Something else."}
    (folder / VEINS).write_text(json.dumps(rule))


def gone(folder):
    (folder / VEINS).unlink()


def about_something_else(folder):
    case = {"severity": "caution", "when": {"yes": "varicose"}, "action": "Look."}
    rule = {"id": "CI-05", "version": 4, "title": "Bulging veins", "source": "x", "cases": [case]}
    (folder / VEINS).write_text(json.dumps(rule))


def publish_other_words(before):
    """The form an evaluation rests on, with every text changed and one question no longer asked."""
    definition = before.response.questionnaire.definition

    def reworded(items):
        kept = [item for item in items if item["linkId"] != "touch-notes"]
        return [
            {
                **{name: value for name, value in item.items() if name != "item"},
                **({"text": f"Anew: {item['text']}"} if "text" in item else {}),
                **({"item": reworded(item["item"])} if "item" in item else {}),
            }
            for item in kept
        ]

    return publish_questionnaire(definition={**definition, "item": reworded(definition["item"])}, by=SYSTEM)


def facts_told_by(evaluation):
    """What an evaluation saw, from its own record."""
    seen = evaluation.inputs

    def day(value):
        return date.fromisoformat(value) if value else None

    def rows(kind, name, *dates):
        return tuple(kind(**{**row, **{one: day(row[one]) for one in dates}}) for row in seen[name])

    return Facts(
        today=day(seen["today"]),
        now=evaluation.evaluated_at,
        age=seen["age"],
        answers=seen["answers"],
        answered_on=day(seen["answered_on"]),
        not_asked=frozenset(seen["not_asked"]),
        medicines=rows(MedicineFact, "medicines", "started_on", "ended_on"),
        conditions=rows(ConditionFact, "conditions", "onset_on", "ended_on"),
        allergies=rows(AllergyFact, "allergies"),
        at_visit={
            link_id: VisitAnswer(one["value"], datetime.fromisoformat(one["said_at"]))
            for link_id, one in seen["at_visit"].items()
        },
    )


def as_read(evaluation, client):
    """The row, what the API says of it, and the answers in the words the patient read."""
    response = Evaluation.objects.select_related("response__questionnaire").get(pk=evaluation.pk).response
    return (
        Evaluation.objects.values().get(pk=evaluation.pk),
        client.get(f"/api/v1/evaluations/{evaluation.public_id}/").json(),
        readable(response.questionnaire.form(), response.answers, "en"),
    )


def said_by(page):
    """A page without what is drawn by lot for each answer."""
    return re.sub(r'(nonce|value|content|hx-headers)=("[^"]{20,}"|\'[^\']{20,}\')', "", text_of(page))


@pytest.fixture
def first(patient):
    """An evaluation under the rules that ship, over answers and a record."""
    MedicineFactory(patient=patient, name="Warfarin 5 mg")
    ConditionFactory(patient=patient, text="Epilepsy", onset_on=date(2020, 2, 1))
    return sent_intake(patient, **ANSWERS)


def test_it_is_repeated_from_its_own_record(first):
    """`inputs` hold everything the rules looked at: the same rules say the same of them again."""
    book, facts = books.rulebook(), facts_told_by(first)
    assert first.rule_set_version == book.version
    assert [finding.snapshot() for finding in evaluate(facts, book)] == first.fired
    assert {one["rule_id"] for one in first.fired} == {"CI-05", "CI-06a", "CI-09", "CI-34", "CI-43"}
    assert list(unanswered(facts, book)) == first.inputs["unanswered"] == []
    assert {**facts.snapshot(), "unanswered": []} == first.inputs


def test_what_was_seen_at_a_visit_is_repeated_too(first, patient, therapist):
    told = {"seen-impaired": "yes", "seen-no-consent": "no", "contact-now": "no"}
    again = record_at_visit(patient=patient, answers=told, by=therapist)
    assert {one["rule_id"] for one in again.fired} - {one["rule_id"] for one in first.fired} == {"CI-28", "CI-29"}
    assert [finding.snapshot() for finding in evaluate(facts_told_by(again), books.rulebook())] == again.fired
    assert [finding.snapshot() for finding in evaluate(facts_told_by(first), books.rulebook())] == first.fired


def test_it_says_the_same_after_three_rule_versions_and_a_new_form(first, patient, therapist, rules, api):
    client, shipped, before = api(therapist), books.rulebook(), as_read(first, api(therapist))
    said_then = Flag.objects.get(evaluation=first, rule_id="CI-05")
    spoken = []
    for change in (graver, gone, about_something_else):
        rules(change)
        assert screen_changed() == 1
        again = Evaluation.objects.newest_first().first()
        spoken.append({(one["severity"], one["rule_version"]) for one in again.fired if one["rule_id"] == "CI-05"})
        assert again.rule_set_version != first.rule_set_version
        assert as_read(first, client) == before
    assert spoken == [{("absolute", 2)}, set(), set()]

    publish_other_words(first)
    sent_intake(patient, varicose="yes", varicose_where=["LEG.POST"])
    newest = Evaluation.objects.newest_first().first()
    assert ("CI-05", "Bulging veins", 4) in {
        (one["rule_id"], one["title"], one["rule_version"]) for one in newest.fired
    }
    assert newest.response.questionnaire.number == first.response.questionnaire.number + 1
    assert as_read(first, client) == before
    assert [finding.snapshot() for finding in evaluate(facts_told_by(first), shipped)] == first.fired

    stood = Flag.objects.get(pk=said_then.pk)
    kept = ("evaluation_id", "rule_id", "rule_version", "title", "severity", "urgency", "action", "regions", "evidence")
    assert {name: getattr(stood, name) for name in kept} == {name: getattr(said_then, name) for name in kept}
    assert (said_then.status, stood.status) == ("open", "replaced")
    assert Flag.objects.filter(patient=patient, rule_id="CI-05").count() == 3


def test_a_read_of_it_needs_neither_the_rules_nor_the_form_of_today(first, therapist, api, rules, page_of):
    """The review shows the answers in the words in which they were asked, though no rule and no form is left."""
    before = as_read(first, api(therapist))
    address = reverse("screening:patient", args=[first.patient.public_id])
    asked = said_by(page_of(therapist).get(address))

    def nothing_left(folder):
        for file in folder.glob("*.json"):
            file.unlink()

    rules(nothing_left)
    assert publish_other_words(first).status == "published"
    assert as_read(first, api(therapist)) == before
    assert said_by(page_of(therapist).get(address)) == asked
    assert "No oil." in asked


def test_the_gate_decides_by_flags_on_record_until_the_rules_ran_again(first, patient, service, rules):
    before = gate(patient=patient, service=service)
    rules(graver)
    assert gate(patient=patient, service=service) == before
    screen(patient=patient, by=SYSTEM)
    assert "absolute_flag" in gate(patient=patient, service=service).reasons


def test_rules_read_from_a_copy_are_the_same_rules(tmp_path):
    shutil.copytree(books.RULES, tmp_path / "copy")
    assert read_rulebook(tmp_path / "copy") == books.rulebook()
