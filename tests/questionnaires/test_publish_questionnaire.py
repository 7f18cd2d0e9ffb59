"""Publishing: checked by the FHIR models and by our own rules, each problem named by its path; versions; frozen."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from audit.actors import SYSTEM
from audit.models import AuditEvent
from clinic.core.errors import NotAllowed
from questionnaires import definitions
from questionnaires.errors import BadDefinition
from questionnaires.form import in_language
from questionnaires.models import Questionnaire, QuestionnaireResponse
from questionnaires.services import publishing, save_answers, start_response, submit_response
from questionnaires.services.publishing import load_shipped, publish_questionnaire
from tests.factories import PatientFactory
from tests.questionnaires.test_form import question, when

pytestmark = pytest.mark.django_db


def definition(*items, name="check", **more):
    return {
        "resourceType": "Questionnaire",
        "status": "active",
        "name": name,
        "item": [{"linkId": "page", "text": "Page", "type": "group", "item": list(items) or [question("a")]}],
        **more,
    }


def refused(bad, path, words=""):
    with pytest.raises(BadDefinition) as refusal:
        publish_questionnaire(definition=bad, by=SYSTEM)
    assert any(path in where and words in what for where, what in refusal.value.fields.items()), refusal.value.fields
    assert not Questionnaire.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_good_form_is_published_as_version_one():
    published = publish_questionnaire(definition=definition(), by=SYSTEM)
    assert (published.key, published.number, published.status) == ("check", 1, "published")
    assert AuditEvent.objects.get().action == "questionnaire.published"


def test_the_same_form_again_changes_nothing():
    first = publish_questionnaire(definition=definition(), by=SYSTEM)
    assert publish_questionnaire(definition=definition(), by=SYSTEM) == first
    assert Questionnaire.objects.count() == AuditEvent.objects.count() == 1


def test_a_changed_form_is_a_new_version_and_retires_the_old():
    publish_questionnaire(definition=definition(), by=SYSTEM)
    publish_questionnaire(definition=definition(question("b")), by=SYSTEM)
    rows = Questionnaire.objects.order_by("number").values_list("number", "status")
    assert list(rows) == [(1, "retired"), (2, "published")]


@pytest.mark.parametrize("user", ["therapist", "front_desk", "auditor"])
def test_only_administrators_publish(user, request):
    with pytest.raises(NotAllowed):
        publish_questionnaire(definition=definition(), by=request.getfixturevalue(user))
    assert not Questionnaire.objects.exists()


def test_an_administrator_publishes(admin):
    assert publish_questionnaire(definition=definition(), by=admin).number == 1


@pytest.mark.parametrize(
    ("bad", "path", "words"),
    [
        ({"resourceType": "Patient"}, "", ""),
        ({}, "", ""),
        (definition(status="retired"), "status", "draft or active"),
        (definition(status=5), "status", ""),
        (definition(question("a", enableBehavior="some")), "enableBehavior", "all or any"),
        (definition(question("a", "integer"), question("b", enableWhen=[when("a", "~", answerInteger=3)])), "b", "~"),
        (definition({"linkId": "a", "type": "choice", "required": "perhaps"}), "required", ""),
        (definition({"text": "No id", "type": "string"}), "linkId", ""),
        (definition(item=[]), "item", "at least one group"),
        (definition(item=[question("a")]), "item.0.type", "groups only"),
        (definition(question("a"), question("a")), "item.0.item.1.linkId", "used twice"),
        (definition(question("Größe")), "linkId", "lower-case"),
        (definition(question("a", "attachment")), "item.0.item.0.type", "not supported"),
        (definition({"linkId": "a", "text": "a", "type": "choice"}), "a.answerOption", "needs answers"),
        (definition({"linkId": "a", "text": "a", "type": "choice", "answerValueSet": "#gone"}), "a.answerOption", ""),
        (definition(question("a", enableWhen=[when("gone")])), "a.enableWhen", "no question gone"),
        (definition(question("a", enableWhen=[when("page")])), "a.enableWhen", "no question page"),
        (
            definition(question("a"), question("b", enableWhen=[when("a", answerCoding={"code": "maybe"})])),
            "b.enableWhen",
            "no answer maybe",
        ),
        (
            definition(question("a"), question("b", enableWhen=[when("a", ">", answerInteger=3)])),
            "b.enableWhen",
            "cannot be compared",
        ),
        (
            definition(question("a", "integer"), question("b", enableWhen=[when("a", "=", answerString="3")])),
            "b.enableWhen",
            "is a integer",
        ),
        (
            definition(question("a", enableWhen=[when("b")]), question("b", enableWhen=[when("a")])),
            "a.enableWhen",
            "depends on itself",
        ),
        (definition(question("a", enableWhen=[when("a")])), "a.enableWhen", "depends on itself"),
        (definition(name="x" * 41), "name", "40"),
    ],
)
def test_a_bad_form_is_refused_with_the_path_of_each_error(bad, path, words):
    refused(bad, path, words)


def test_every_error_of_a_form_is_named_at_once():
    bad = definition(question("a", enableWhen=[when("x")]), {"linkId": "b", "text": "b", "type": "choice"})
    assert set(definitions.problems_of(bad)) == {"a.enableWhen", "b.answerOption"}


def test_the_shipped_forms_are_loaded_once_and_again_changes_nothing(capsys):
    call_command("load_questionnaires")
    call_command("load_questionnaires")
    once = [f"{key} version 1 is in use" for key in ("at-visit", "change-check", "intake")]
    assert capsys.readouterr().out.splitlines() == once * 2
    assert Questionnaire.objects.count() == AuditEvent.objects.count() == len(once)


def test_a_form_the_clinic_replaced_stays_replaced():
    load_shipped()
    publish_questionnaire(definition=definition(name="intake"), by=SYSTEM)
    assert {row.key: row.number for row in load_shipped()}["intake"] == 2
    assert Questionnaire.objects.get(key="intake", status="published").number == 2


def shipping(folder, monkeypatch, *forms, before=()):
    """Ship these forms instead of our own."""
    for number, form in enumerate(forms):
        (folder / f"{number}.json").write_text(json.dumps(form))
    monkeypatch.setattr(publishing, "SHIPPED", folder)
    monkeypatch.setattr(publishing, "SHIPPED_BEFORE", frozenset(before))


def test_a_newer_shipped_form_replaces_the_one_shipped_before(tmp_path, monkeypatch):
    old = publish_questionnaire(definition=definition(), by=SYSTEM)
    shipping(tmp_path, monkeypatch, definition(question("b")), before=[old.definition_digest])
    assert [(row.number, row.status) for row in load_shipped()] == [(2, "published")]
    assert [row.number for row in load_shipped()] == [2]


def test_a_newer_shipped_form_does_not_replace_a_clinics_own(tmp_path, monkeypatch):
    old = publish_questionnaire(definition=definition(), by=SYSTEM)
    own = publish_questionnaire(definition=definition(question("own")), by=SYSTEM)
    shipping(tmp_path, monkeypatch, definition(question("b")), before=[old.definition_digest])
    assert load_shipped() == [own]
    assert Questionnaire.objects.count() == 2


def test_a_form_the_clinic_retired_is_not_brought_back_by_a_newer_one(tmp_path, monkeypatch):
    old = publish_questionnaire(definition=definition(), by=SYSTEM)
    Questionnaire.objects.update(status="retired")
    shipping(tmp_path, monkeypatch, definition(question("b")), before=[old.definition_digest])
    assert load_shipped() == []
    assert Questionnaire.objects.count() == 1


def test_the_command_names_what_is_wrong(tmp_path, monkeypatch):
    (tmp_path / "bad.json").write_text(json.dumps(definition(question("a", enableWhen=[when("x")]))))
    monkeypatch.setattr(publishing, "SHIPPED", tmp_path)
    with pytest.raises(CommandError, match=r"a\.enableWhen: There is no question x\."):
        call_command("load_questionnaires")


def test_everything_shipped_is_in_english_and_spanish_and_nothing_is_called_proven():
    forms = {row.key: row.form() for row in load_shipped()}
    for item in (item for form in forms.values() for item in form.items.values()):
        texts = [
            item.texts,
            *([item.help_texts] if item.help_texts else []),
            *(option.texts for option in item.options),
        ]
        if item.is_hidden:
            continue
        for one in texts:
            assert one["en"], item.link_id
            assert one["es"], item.link_id
            assert "proven" not in one["en"].lower()
            assert "demostrad" not in one["es"].lower()
    assert in_language(forms["intake"].items["evidence"].texts, "en").startswith(
        "Research on this treatment is limited and mixed."
    )


def test_the_database_freezes_a_published_form_and_a_sent_response():
    form = publish_questionnaire(definition=definition(), by=SYSTEM)
    response = start_response(patient=PatientFactory(), key="check", by=SYSTEM)
    save_answers(response=response, answers={"a": "yes"}, by=SYSTEM)
    submit_response(response=response, by=SYSTEM)
    changed = copy.deepcopy(form.definition) | {"title": "Other"}
    attempts = {
        "questionnaire_published_is_frozen": [
            lambda: Questionnaire.objects.update(definition=changed),
            lambda: Questionnaire.objects.update(number=9),
        ],
        "questionnaire_response_submitted_is_frozen": [
            lambda: QuestionnaireResponse.objects.update(answers={"a": "no"}),
            lambda: QuestionnaireResponse.objects.all().delete(),
        ],
    }
    for constraint, acts in attempts.items():
        for act in acts:
            with pytest.raises(IntegrityError) as refusal, transaction.atomic():
                act()
            assert refusal.value.__cause__.diag.constraint_name == constraint
    assert QuestionnaireResponse.objects.get().answers == {"a": "yes"}


def test_the_web_does_not_load_the_fhir_library():
    code = (
        "import django, sys; django.setup(); from django.urls import resolve; resolve('/healthz');"
        "print(any(name.startswith('fhir') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
