"""A clinic's own forms on pages and through the API: refused to the last error, previewed, put in use, retired."""

from __future__ import annotations

import copy
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.actors import SYSTEM
from audit.models import AuditEvent
from questionnaires.errors import BadDefinition, NotADraft, NotInUse
from questionnaires.models import Questionnaire
from questionnaires.services import start_response
from questionnaires.services.publishing import SHIPPED, discard_draft, load_shipped, retire_questionnaire
from screening.errors import FormIsNeeded
from screening.services import import_form, put_in_use, retire_form
from tests.factories import PatientFactory, UserFactory
from tests.pages import text_of
from tests.questionnaires.test_form import question, spanish, when
from tests.questionnaires.test_publish_questionnaire import definition

pytestmark = pytest.mark.django_db
IMPORT = "/setup/questionnaires/import/"
DRAFTS = "/api/v1/questionnaire-drafts/"


@pytest.fixture
def shipped_intake():
    return json.loads((SHIPPED / "intake.v2.json").read_text(encoding="utf-8"))


def kept():
    return list(Questionnaire.objects.order_by("pk").values()), AuditEvent.objects.count()


def item_of(raw, link_id):
    """The raw item of a definition."""
    for item in raw.get("item", []):
        found = item if item["linkId"] == link_id else item_of(item, link_id)
        if found:
            return found
    return None


def pruned(raw, link_id):
    if "item" not in raw:
        return raw
    return {**raw, "item": [pruned(item, link_id) for item in raw["item"] if item["linkId"] != link_id]}


def page(public_id, name="form"):
    return reverse(f"screening:{name}", args=[public_id])


# importing


def test_the_set_up_page_leads_to_the_forms_and_they_name_every_version(admin, page_of):
    load_shipped()
    client = page_of(admin)
    assert reverse("screening:forms") in text_of(client.get("/setup/"))
    shown = text_of(client.get(reverse("screening:forms")))
    assert shown.count("In use") == 3
    for key in ("intake", "change-check"):
        assert f"Look at {key}, version 1" in shown


@pytest.mark.parametrize("count", [3, 12])
def test_the_list_takes_the_same_few_queries(admin, page_of, django_assert_num_queries, count):
    for number in range(count):
        import_form(definition=definition(question(f"q{number}")), by=admin)
    client = page_of(admin)
    with django_assert_num_queries(6):
        assert text_of(client.get(reverse("screening:forms"))).count("Draft") == count


@pytest.mark.parametrize("how", ["pasted", "file"])
def test_a_good_form_is_kept_as_a_draft_that_nobody_is_asked(admin, page_of, how):
    text = json.dumps(definition(question("a", text="¿Größe?"), name="own"), ensure_ascii=False)
    posted = {"definition": text} if how == "pasted" else {"file": SimpleUploadedFile("own.json", text.encode())}
    answer = page_of(admin).post(IMPORT, posted)
    draft = Questionnaire.objects.get()
    assert answer["Location"] == page(draft.public_id)
    assert (draft.key, draft.number, draft.status) == ("own", 1, "draft")
    assert draft.form().items["a"].texts["en"] == "¿Größe?"
    assert not Questionnaire.objects.current("own").exists()
    assert AuditEvent.objects.get().action == "questionnaire.drafted"


def test_the_same_form_imported_again_is_the_same_draft(admin):
    assert import_form(definition=definition(), by=admin) == import_form(definition=definition(), by=admin)
    assert Questionnaire.objects.count() == AuditEvent.objects.count() == 1


BAD = definition(
    question("a", enableWhen=[when("gone"), when("gone-too")]),
    question("a", "attachment"),
    question("b", "integer", maxLength=9999),
    question("c", enableBehavior="some"),
    status="retired",
)
WRONG = {
    "a.enableWhen": ["There is no question gone."],
    "item.0.item.1.linkId": ["a is used twice."],
    "item.0.item.1.type": ["attachment is not supported"],
    "item.0.item.3.enableBehavior": ["all or any"],
    "b.maxLength": ["Use 1 to 4000."],
    "status": ["Only a draft or active form"],
}


def test_a_bad_form_is_refused_with_the_path_of_every_error_beside_the_field_and_nothing_typed_is_lost(admin, page_of):
    # Of two items with one linkId the second is read: its conditions are checked once the ids are right.
    bad = copy.deepcopy(BAD)
    bad["item"][0]["item"][:2] = reversed(bad["item"][0]["item"][:2])
    answer = page_of(admin).post(IMPORT, {"definition": json.dumps(bad)})
    assert answer.status_code == 422
    errors = answer.context["form"].errors["definition"]
    shown = text_of(answer)
    wrong = {**WRONG, "item.0.item.0.type": WRONG["item.0.item.1.type"]}
    del wrong["item.0.item.1.type"]
    for path, words in wrong.items():
        for each in words:
            assert any(line.startswith(f"{path}: ") and each in line for line in errors), (path, errors)
    assert any("gone-too" in line for line in errors)
    assert len(errors) == len(wrong)
    assert all(line in shown for line in errors)
    assert '"gone-too"' in shown
    assert kept() == ([], 0)


def test_a_file_that_is_refused_is_shown_as_text_to_be_put_right(admin, page_of):
    upload = SimpleUploadedFile("own.json", b'{"resourceType": "Questionnaire", "status": "active"}')
    shown = text_of(page_of(admin).post(IMPORT, {"file": upload}))
    assert '{"resourceType": "Questionnaire", "status": "active"}' in shown
    assert kept() == ([], 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Choose a file, or paste the form."),
        ("{", "Not JSON: Expecting property name enclosed in double quotes, line 1, column 2."),
        ("[]", "Questionnaire: A Questionnaire is a JSON object."),
        ('"x"', "Questionnaire: A Questionnaire is a JSON object."),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 60 + "1" + "}" * 60, "nested too deeply"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": 1e999}', "a: This number is too large."),
        ('{"a": null}', "a: FHIR JSON has no null"),
        ('{"a": "\\u0000"}', "a: This contains a character that cannot be stored."),
        ('{"a": "\\ud800"}', "a: This contains a character that cannot be stored."),
        ('{"\\ud800": "a"}', "?: The name contains a character that cannot be stored."),
        ('{"a": 1, "a": 2}', "“a” stands twice in one object."),
        ('{"a": ' + "9" * 5000 + "}", "a number is too long"),
    ],
)
def test_what_is_no_form_at_all_is_refused_in_words(admin, page_of, text, words):
    answer = page_of(admin).post(IMPORT, {"definition": text})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert kept() == ([], 0)


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (SimpleUploadedFile("x.json", b"\xff\xfe{}"), "not UTF-8"),
        (SimpleUploadedFile("x.json", b"x" * (1024 * 1024 + 1)), "larger than 1024 kB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(admin, page_of, upload, words):
    answer = page_of(admin).post(IMPORT, {"file": upload})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert kept() == ([], 0)


def test_a_file_and_a_text_at_once_are_refused(admin, page_of):
    posted = {"file": SimpleUploadedFile("x.json", b"{}"), "definition": "{}"}
    answer = page_of(admin).post(IMPORT, posted)
    assert "not both" in text_of(answer)
    assert kept() == ([], 0)


@pytest.mark.parametrize(
    ("item", "path"),
    [
        (question("a", required="false"), "item.0.item.0.required"),
        (question("a", maxLength="5"), "item.0.item.0.maxLength"),
        (question("a", answerOption=[{"valueCoding": {"display": "no code"}}]), "valueCoding"),
        (question("a", enableWhen=[when("b", answerInteger="1")]), "answerInteger"),
        (
            question(
                "a",
                "integer",
                extension=[{"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueDate": "2026-01-01"}],
            ),
            "extension.0",
        ),
        (
            question(
                "a",
                extension=[
                    {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl", "valueString": "x"}
                ],
            ),
            "extension.0",
        ),
    ],
)
def test_what_the_fhir_library_forgives_is_still_named(admin, item, path):
    with pytest.raises(BadDefinition) as refusal:
        import_form(definition=definition(item), by=admin)
    assert any(path in where for where in refusal.value.fields), refusal.value.fields
    assert kept() == ([], 0)


def test_a_contained_resource_nobody_knows_is_refused(admin):
    with pytest.raises(BadDefinition):
        import_form(definition=definition(contained=[{"resourceType": "Bogus"}]), by=admin)
    assert kept() == ([], 0)


# what the rules read


def test_the_shipped_intake_in_other_words_and_with_more_questions_is_fine(admin, shipped_intake):
    item_of(shipped_intake, "heart")["text"] = "Does your chest hurt?"
    shipped_intake["item"].append({"linkId": "ours", "type": "group", "text": "Ours", "item": [question("shoe-size")]})
    assert import_form(definition=shipped_intake, by=admin).status == "draft"


@pytest.mark.parametrize(
    ("link_id", "read_by"),
    [("heart", "RF-08"), ("frail-stairs", "CI-08"), ("pregnant-weeks", "CI-23"), ("wound-where", "CI-01")],
)
def test_an_intake_without_a_safety_question_is_refused_and_the_question_named(admin, shipped_intake, link_id, read_by):
    with pytest.raises(BadDefinition) as refusal:
        import_form(definition=pruned(shipped_intake, link_id), by=admin)
    assert list(refusal.value.fields) == [link_id]
    assert refusal.value.fields[link_id].startswith("This question must be asked. It is read by ")
    assert read_by in refusal.value.fields[link_id]
    assert kept() == ([], 0)


@pytest.mark.parametrize(
    ("link_id", "change", "words"),
    [
        ("heart", {"required": False}, "Keep it required"),
        ("heart", {"type": "boolean"}, "Keep its type."),
        ("heart", {"initial": [{"valueCoding": {"code": "no"}}]}, "No answer may stand there"),
        ("heart", {"enableWhen": [when("dizzy")]}, "Ask it whenever"),
        (
            "frail-tired",
            {"enableWhen": [{"question": "patient-age", "operator": ">=", "answerInteger": 80}]},
            "Ask it whenever",
        ),
        ("heart", {"answerOption": [{"valueCoding": {"code": code}} for code in ("yes", "no")]}, "not-sure"),
        (
            "heart",
            {"answerOption": [{"valueCoding": {"code": code}} for code in ("yes", "no", "not-sure", "sometimes")]},
            "No rule understands these answers: sometimes.",
        ),
        ("patient-age", {"code": [{"system": "urn:clinic:prefill", "code": "sex"}]}, "from the record"),
        ("pain-where", {"repeats": False}, "several answers"),
    ],
)
def test_a_safety_question_changed_so_that_no_rule_hears_it_is_refused(admin, shipped_intake, link_id, change, words):
    item = item_of(shipped_intake, link_id)
    if "answerOption" in change:
        item.pop("answerValueSet", None)
    item.update(change)
    with pytest.raises(BadDefinition) as refusal:
        import_form(definition=shipped_intake, by=admin)
    assert words in refusal.value.fields[link_id]
    assert kept() == ([], 0)


def test_a_safety_question_in_a_group_that_is_not_always_asked_is_refused(admin, shipped_intake):
    item_of(shipped_intake, "signs-head")["enableWhen"] = [when("weight-loss")]
    with pytest.raises(BadDefinition) as refusal:
        import_form(definition=shipped_intake, by=admin)
    assert "heart" in refusal.value.fields
    assert "weakness" not in refusal.value.fields


def test_a_follow_up_may_be_asked_of_everybody(admin, shipped_intake):
    del item_of(shipped_intake, "dizzy-new")["enableWhen"]
    assert import_form(definition=shipped_intake, by=admin).status == "draft"


def test_the_change_check_keeps_its_five_questions(admin):
    raw = json.loads((SHIPPED / "change-check.v1.json").read_text(encoding="utf-8"))
    with pytest.raises(BadDefinition) as refusal:
        import_form(definition=pruned(pruned(raw, "change-injury"), "change-injury-what"), by=admin)
    assert "change-injury" in refusal.value.fields
    assert kept() == ([], 0)


def test_a_small_form_called_intake_names_every_question_it_lacks(admin, page_of):
    answer = page_of(admin).post(IMPORT, {"definition": json.dumps(definition(name="intake"))})
    lines = answer.context["form"].errors["definition"]
    assert len(lines) > 80
    for link_id in ("heart", "clot-now", "medicines", "consent-treatment", "frail-weight"):
        assert any(line.startswith(f"{link_id}: ") for line in lines)
    assert kept() == ([], 0)


def test_a_form_of_another_name_asks_what_it_likes(admin):
    assert import_form(definition=definition(name="hobbies"), by=admin).key == "hobbies"


# in use and out of use


def test_a_draft_is_put_in_use_in_place_of_the_version_before(admin, page_of):
    first = put_in_use(questionnaire=import_form(definition=definition(), by=admin), by=admin)
    second = import_form(definition=definition(question("b")), by=admin)
    answer = page_of(admin).post(page(second.public_id, "form-publish"))
    assert answer["Location"] == page(second.public_id)
    rows = Questionnaire.objects.order_by("number").values_list("pk", "number", "status")
    assert list(rows) == [(first.pk, 1, "retired"), (second.pk, 2, "published")]


def test_a_retired_version_comes_back_as_a_new_one_and_stays_itself(admin):
    first = put_in_use(questionnaire=import_form(definition=definition(), by=admin), by=admin)
    put_in_use(questionnaire=import_form(definition=definition(question("b")), by=admin), by=admin)
    first.refresh_from_db()
    again = put_in_use(questionnaire=first, by=admin)
    rows = Questionnaire.objects.order_by("number").values_list("number", "status")
    assert list(rows) == [(1, "retired"), (2, "retired"), (3, "published")]
    assert again.definition == first.definition


def test_putting_in_use_twice_is_once(admin):
    draft = import_form(definition=definition(), by=admin)
    for _ in range(2):
        put_in_use(questionnaire=draft, by=admin)
    assert AuditEvent.objects.filter(action="questionnaire.published").count() == 1


def test_a_draft_of_an_intake_that_the_rules_have_outgrown_is_not_put_in_use(admin, page_of):
    load_shipped()
    old = definition(name="intake")
    draft = Questionnaire.objects.create(key="intake", number=2, definition=old, definition_digest="x")
    before = kept()
    answer = page_of(admin).post(page(draft.public_id, "form-publish"))
    assert answer.status_code == 422
    assert "heart" in text_of(answer)
    assert kept() == before


def test_a_form_nobody_needs_is_retired_and_its_answers_stay(admin, page_of):
    form = put_in_use(questionnaire=import_form(definition=definition(), by=admin), by=admin)
    response = start_response(patient=PatientFactory(), key="check", by=SYSTEM)
    client = page_of(admin)
    assert "1 patient is in the middle of it" in text_of(client.get(page(form.public_id)))
    client.post(page(form.public_id, "form-retire"))
    client.post(page(form.public_id, "form-retire"))
    form.refresh_from_db()
    assert form.status == "retired"
    response.refresh_from_db()
    assert response.status == "in_progress"
    assert AuditEvent.objects.filter(action="questionnaire.retired").count() == 1


@pytest.mark.parametrize("key", ["intake", "change-check"])
def test_what_the_screening_asks_is_never_without_a_version(admin, page_of, key):
    load_shipped()
    form = Questionnaire.objects.get(key=key)
    before = kept()
    with pytest.raises(FormIsNeeded):
        retire_form(questionnaire=form, by=admin)
    client = page_of(admin)
    assert client.post(page(form.public_id, "form-retire")).status_code == 409
    assert page(form.public_id, "form-retire") not in text_of(client.get(page(form.public_id)))
    assert kept() == before


def test_a_draft_is_thrown_away_and_nothing_else_is(admin, page_of):
    form = put_in_use(questionnaire=import_form(definition=definition(), by=admin), by=admin)
    draft = import_form(definition=definition(question("b")), by=admin)
    with pytest.raises(NotInUse):
        retire_questionnaire(questionnaire=draft, by=admin)
    page_of(admin).post(page(draft.public_id, "form-discard"))
    assert Questionnaire.objects.get() == form
    before = kept()
    with pytest.raises(NotADraft):
        discard_draft(questionnaire=form, by=admin)
    assert kept() == before


def test_a_draft_like_a_shipped_form_does_not_stand_in_for_it(admin, shipped_intake):
    import_form(definition=shipped_intake, by=admin)
    assert {row.key: row.number for row in load_shipped()} == {"at-visit": 1, "change-check": 1, "intake": 2}


@pytest.mark.parametrize("roles", [["therapist"], ["front_desk"], ["auditor"]])
def test_only_admins_enter_and_others_change_nothing(admin, page_of, api, client, roles):
    draft = import_form(definition=definition(), by=admin)
    other = UserFactory(roles=roles, locations=list(admin.locations.all()))
    before = kept()
    acts = [page(draft.public_id, f"form-{name}") for name in ("publish", "retire", "discard")]
    for address in (reverse("screening:forms"), IMPORT, page(draft.public_id), page(draft.public_id, "form-json")):
        assert page_of(other).get(address).status_code == 403
    for address in (*acts, IMPORT):
        assert page_of(other).post(address, {"definition": json.dumps(definition(name="x"))}).status_code == 403
    script = api(other)
    assert script.post(DRAFTS, {"definition": definition(name="x")}, format="json").status_code == 403
    assert script.delete(f"{DRAFTS}{draft.public_id}/").status_code == 403
    for name in ("publish", "retire"):
        assert script.post(f"/api/v1/questionnaires/{draft.public_id}/{name}/").status_code == 403
    client.logout()
    assert client.get(IMPORT).url.startswith("/sign-in/")
    assert kept() == before


# the preview


def test_the_preview_shows_every_question_in_both_languages_and_takes_nothing(admin, page_of):
    intake = load_shipped()[-1]
    client = page_of(admin)
    english, spanish_page = (text_of(client.get(page(intake.public_id), {"language": code})) for code in ("en", "es"))
    for item in intake.form().items.values():
        if not item.is_hidden:
            assert item.texts["en"] in english, item.link_id
            assert item.texts["es"] in spanish_page, item.link_id
    for shown in (english, spanish_page):
        fields = [one for one in re.findall(r"<(?:input|textarea|select)\b[^>]*>", shown) if "csrf" not in one]
        assert len(fields) > 300
        for one in re.split(r"<fieldset[^>]*disabled", shown)[0].split("<main")[1:]:
            assert 'type="radio"' not in one
    assert "Only if “Age in years” is at least 65" in english
    assert "Only if “Do you get dizzy, or does the room spin?” is Yes or" in spanish_page
    assert "Not everything is in" not in english


def test_the_preview_names_what_is_not_translated(admin, page_of):
    items = (question("a", _text=spanish("¿A?")), question("b", "string"))
    draft = import_form(definition=definition(*items), by=admin)
    shown = text_of(page_of(admin).get(page(draft.public_id)))
    assert "Not everything is in Español" in shown
    assert "<code>b</code>" in shown


def test_a_forms_texts_are_never_markup(admin, page_of):
    evil = "<b id=evil>x</b>"
    helped = question("a", text=evil, item=[{"linkId": "a.help", "type": "display", "text": evil}])
    draft = import_form(definition=definition(helped), by=admin)
    shown = page_of(admin).get(page(draft.public_id)).content.decode()
    assert "<b id=evil>" not in shown
    assert shown.count("&lt;b id=evil&gt;") == 2


def test_a_form_is_downloaded_as_it_was_imported(admin, page_of):
    draft = import_form(definition=definition(), by=admin)
    answer = page_of(admin).get(page(draft.public_id, "form-json"))
    assert json.loads(answer.content) == definition()
    assert answer["Content-Disposition"] == 'attachment; filename="check-1.json"'


# the same for scripts


def test_a_script_imports_publishes_retires_and_discards(admin, api):
    client = api(admin)
    made = client.post(DRAFTS, {"definition": definition()}, format="json")
    assert made.status_code == 201
    assert (made.json()["status"], made.json()["number"]) == ("draft", 1)
    address = f"/api/v1/questionnaires/{made.json()['id']}"
    assert client.post(f"{address}/publish/").json()["status"] == "published"
    assert client.post(f"{address}/retire/").json()["status"] == "retired"
    draft = client.post(DRAFTS, {"definition": definition(question("b"))}, format="json").json()
    assert client.delete(f"{DRAFTS}{draft['id']}/").status_code == 204
    assert client.delete(f"{DRAFTS}{draft['id']}/").status_code == 404
    assert Questionnaire.objects.count() == 1


def test_a_script_is_refused_as_a_page_is(admin, api, page_of, shipped_intake):
    for bad in (BAD, pruned(shipped_intake, "heart")):
        answer = api(admin).post(DRAFTS, {"definition": bad}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_questionnaire")
        on_page = page_of(admin).post(IMPORT, {"definition": json.dumps(bad)}).context["form"].errors["definition"]
        assert [f"{path}: {what}" for path, what in answer.json()["fields"].items()] == list(on_page)
    assert kept() == ([], 0)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"definition": []}',
        '{"definition": {"a": "\\u0000"}}',
        '{"definition": {"a": "\\ud800"}}',
        '{"definition": {"\\ud800": 1}}',
        '{"definition": {"a": 1e999}}',
        '{"definition": ' + '{"a":' * 3000 + "1" + "}" * 3000 + "}",
        '{"definition": ' + '{"a":' * 300 + "1" + "}" * 300 + "}",
    ],
)
@pytest.mark.parametrize("key", ["", "once"])
def test_a_script_sends_nonsense_and_hears_what_is_wrong(admin, api, body, key):
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    answer = api(admin).post(DRAFTS, body, content_type="application/json", **headers)
    assert answer.status_code in {400, 422}
    assert answer.json()["code"]
    assert kept() == ([], 0)
