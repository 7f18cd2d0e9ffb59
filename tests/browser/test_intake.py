"""The intake on a real phone, in English and in Spanish: left in the middle, resumed by the link, sent; and what the
therapist, the desk and the admin then see."""

import json
import re
from uuid import uuid4

import pytest

from tests.browser.test_walk import inspect, mail_for, tap_calm
from tests.live import eventually

pytestmark = pytest.mark.browser

THERAPIST, DESK, ADMIN = "therapist@demo.example", "desk@demo.example", "admin@demo.example"
# What differs from the calm answers: each raises a flag whose rule is named by the review page.
TELLING = {"blood-thinner": "yes", "frail-tired": "yes", "frail-stairs": "yes", "frail-walking": "yes"}
WORDS = {
    "en": {"birth_on": "1948-03-09", "go": "Continue", "thanks": "Thank you", "mail": "questions before",
           "locale": "en-US", "title": "Check your answers", "filled": "Eliquis"},
    "es": {"birth_on": "1951-06-21", "go": "Continuar", "thanks": "Gracias", "mail": "preguntas antes",
           "locale": "es-ES", "title": "Revise sus respuestas", "filled": "Eliquis"},
}  # fmt: skip


def register(desk, language):
    """The desk registers somebody and sends the link; answers with the patient's address and the link's."""
    page = desk.page
    page.goto("/patients/new/")
    page.get_by_label("Given name").fill("Ida")
    page.get_by_label("Family name").fill(f"Intake {language}")
    page.get_by_label("Birth date").fill(WORDS[language]["birth_on"])
    page.get_by_label("E-mail").first.fill(f"intake-{language}@patients.example")
    page.get_by_label("Language").select_option(language)
    page.get_by_role("button", name=re.compile("Register|Save")).click()
    page.wait_for_url(re.compile(r"/patients/[0-9a-f-]{36}/"))
    patient = page.url
    page.get_by_role("button", name="Send intake link").click()
    page.wait_for_load_state()
    mail = eventually(lambda: mail_for(desk, f"intake-{language}@patients.example", WORDS[language]["mail"]))
    return patient, mail


# Into the therapist's care, with a first visit that began some minutes ago. Answers with the visit's id.
_VISIT = """
from datetime import timedelta
from django.utils import timezone
from audit.actors import SYSTEM
from clinic.models import Location, Service
from patients.models import Patient
from patients.services import take_into_care
from scheduling.errors import Clash
from scheduling.services import book_appointment
from staff.models import User

patient = Patient.objects.get(public_id="{patient_id}")
therapist = User.objects.get(email="therapist@demo.example")
take_into_care(patient=patient, therapist=therapist, by=SYSTEM)
now = timezone.now().replace(second=0, microsecond=0)
for minutes in range(0, 1200, 5):
    try:
        visit = book_appointment(
            patient=patient, therapist=therapist, by=SYSTEM, is_history=True,
            service=Service.objects.get(name="First visit and assessment"),
            location=Location.objects.get(name="Riverside"), starts_at=now - timedelta(minutes=minutes),
        )
        break
    except Clash:
        pass
print(visit.public_id)
"""


def book(clinic, patient):
    """The address of a visit of the patient's."""
    patient_id = patient.rstrip("/").rsplit("/", 1)[-1]
    said = clinic.manage("shell", "-v", "0", "-c", _VISIT.format(patient_id=patient_id))
    return f"/appointments/{said.strip().splitlines()[-1]}/"


def enter(person, language, link):
    phone = person(size="phone", locale=WORDS[language]["locale"], has_touch=True, is_mobile=True)
    phone.page.goto(link)
    inspect(phone.page, "link")
    phone.page.locator("input[name=birth_on]").fill(WORDS[language]["birth_on"])
    phone.page.get_by_role("button", name=WORDS[language]["go"]).click()
    phone.page.wait_for_load_state()
    return phone


def answer(page):
    """Every question that is asked on this page; answers may bring more questions."""
    for name, value in TELLING.items():
        choice = page.locator(f"label:visible:has(input[name='{name}'][value='{value}'])")
        if choice.count():
            choice.first.click()
    for _again in range(2):
        tap_open(page)
    fill_open(page)


def tap_open(page):
    for group in page.locator("main form fieldset:visible").all():
        if not group.locator("input:checked").count():
            tap_calm(group)


def fill_open(page):
    for box in page.locator("main form input[type=number]:visible").all():
        if not box.input_value():
            box.fill("2")
    for text in page.locator("main form textarea:visible, main form input[type=text]:visible").all():
        if not text.input_value():
            text.fill("Eliquis" if "thinner" in (text.get_attribute("name") or "") else "-")


def walk(phone, language, *, upto=None):
    """Page after page until the review, or until this many are done; answers with the pages seen."""
    page, seen = phone.page, []
    while "/pages/" in page.url and len(seen) != upto:
        assert page.locator("html").get_attribute("lang") == language
        name = page.url.rstrip("/").rsplit("/", 1)[-1]
        answer(page)
        phone.shoot(f"intake-{language}-{name}")
        inspect(page, f"intake page {name} in {language}")
        page.locator("main form button.button-primary").click()
        page.wait_for_load_state()
        assert not page.locator(".error-summary").count(), (name, page.locator(".error-summary").inner_text())
        seen.append(name)
        assert len(seen) < 20, "The intake has no end."
    return seen


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_patient_fills_in_the_intake_leaves_and_comes_back_and_each_sees_what_is_theirs(person, clinic, language):
    desk = person(DESK)
    patient, link = register(desk, language)
    visit = book(clinic, patient)
    first = enter(person, language, link)
    seen = walk(first, language, upto=4)
    left_at = first.page.url
    first.close()

    again = enter(person, language, link)
    assert again.page.url == left_at
    again.page.goto(again.page.url.replace(left_at.rstrip("/").rsplit("/", 1)[-1], seen[0]))
    assert again.page.locator("main form input:checked").count() > 0
    again.page.goto(left_at)
    seen += walk(again, language)
    assert len(seen) == 11
    assert "strength" in seen
    assert again.page.get_by_role("heading", name=WORDS[language]["title"]).is_visible()
    assert WORDS[language]["filled"] in again.page.locator("main").inner_text()
    again.shoot(f"intake-{language}-review")
    inspect(again.page, f"intake review in {language}")
    again.page.locator("form[action$='/send/'] button").click()
    again.page.wait_for_load_state()
    assert again.page.get_by_role("heading", name=WORDS[language]["thanks"]).is_visible()
    again.shoot(f"intake-{language}-done")
    inspect(again.page, f"intake done in {language}")

    the_therapist_sees_flags(person, patient, language)
    the_desk_sees_a_light(desk, patient, visit, language)


def the_therapist_sees_flags(person, patient, language):
    for size in ("desktop", "phone"):
        therapist = person(THERAPIST, size)
        assert therapist.page.goto(f"{patient.rstrip('/')}/screening/").status == 200
        shown = therapist.page.locator("main").inner_text()
        for words in ("Frail older adult", "Blood thinner (anticoagulant)", "Eliquis"):
            assert words in shown
        therapist.shoot(f"intake-{language}-flags")
        inspect(therapist.page, f"review page at {size}")


def the_desk_sees_a_light(desk, patient, visit, language):
    assert desk.page.goto(f"{patient.rstrip('/')}/screening/").status == 403
    desk.page.goto(patient)
    no_clinical_word(desk)
    desk.page.goto(visit)
    assert "Do not treat" in desk.page.locator(".light").first.inner_text()
    no_clinical_word(desk)
    desk.shoot(f"intake-{language}-light")
    inspect(desk.page, "the desk's page of the visit")


def no_clinical_word(desk):
    shown = desk.page.locator("main").inner_text()
    for words in ("Frail", "Blood thinner", "blood thinner", "Eliquis", "CI-"):
        assert words not in shown


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_an_admin_imports_a_form_of_the_clinics_own_and_looks_at_it(person, size):
    desk = person(ADMIN, size)
    page = desk.page
    page.goto("/setup/")
    page.get_by_role("link", name="Set up questionnaires").click()
    page.get_by_role("link", name="Import a form").click()
    page.get_by_label("Or paste it here").fill(json.dumps(own_form(kind="chioce")))
    page.get_by_role("button", name="Check and keep as a draft").click()
    page.get_by_text("item.0.item.0.type: chioce is not supported").first.wait_for()
    desk.shoot("questionnaire-refused")
    inspect(page, "a refused form")
    page.get_by_label("Or paste it here").fill(json.dumps(own_form(number=uuid4().hex)))
    page.get_by_role("button", name="Check and keep as a draft").click()
    page.get_by_role("heading", name="What patients see").wait_for()
    desk.shoot("questionnaire-draft")
    inspect(page, "a draft")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Put in use").click()
    page.get_by_text("from now on").first.wait_for()
    page.get_by_role("button", name="Retire").click()
    page.get_by_text("Nobody is asked this form any more.").wait_for()
    page.get_by_role("navigation").get_by_role("link", name="Questionnaires").click()
    page.get_by_role("link", name="Look at intake, version 1").click()
    for language, words in (("English", "Where it hurts"), ("Español", "Dónde le duele")):
        page.get_by_role("link", name=language, exact=True).click()
        page.get_by_role("heading", name=words).wait_for()
        desk.shoot(f"questionnaire-preview-{language.lower()[:2]}")
        inspect(page, f"the preview in {language}")


def own_form(kind="choice", number="1"):
    options = [{"valueCoding": {"code": code, "display": code.title()}} for code in ("yes", "no")]
    asked = {"linkId": "sport", "text": f"Do you do sport? ({number})", "type": kind, "answerOption": options}
    page = {"linkId": "page", "text": "Sport", "type": "group", "item": [asked]}
    return {"resourceType": "Questionnaire", "status": "active", "name": "sport", "item": [page]}
