"""The day again, in a real Chromium: each role at its own screen, and a patient on a phone."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.live import eventually

pytestmark = pytest.mark.browser

THERAPIST, DESK = "therapist@demo.example", "desk@demo.example"
ADMIN, AUDITOR = "admin@demo.example", "auditor@demo.example"
# What each role looks at, by the name of its screenshot.
SCREENS = {
    DESK: {"diary": "/diary/", "patients": "/patients/", "register": "/patients/new/", "messages": "/messages/",
           "outbox": "/messages/outbox/", "book": "/diary/book/"},
    THERAPIST: {"my-day": "/my-day/", "therapist-patients": "/patients/"},
    ADMIN: {"report": "/reports/outcomes/", "import": "/patients/import/", "tokens": "/account/tokens/",
            "setup": "/setup/", "setup-service-new": "/setup/services/new/",
            "questionnaires": "/setup/questionnaires/", "questionnaire-import": "/setup/questionnaires/import/"},
    AUDITOR: {"audit": "/audit/", "auditor-report": "/reports/outcomes/"},
}  # fmt: skip
LOOKS = [(email, name, path) for email, pages in SCREENS.items() for name, path in pages.items()]


def inspect(page, where):
    """No accessibility finding, and nothing wider than the screen."""
    findings = Axe().run(page).response["violations"]
    assert [(f["id"], f["nodes"][0]["html"][:200]) for f in findings] == [], where
    twice = "ids => ids.filter((id, at) => ids.indexOf(id) !== at)"
    ids = "[...document.querySelectorAll('[id]')].map(element => element.id)"
    assert page.evaluate(f"({twice})({ids})") == [], f"{where} uses an id twice"
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{where} scrolls sideways"


@pytest.mark.parametrize("size", ["desktop", "tablet", "phone"])
@pytest.mark.parametrize("email", list(SCREENS))
def test_every_screen_of_a_role_is_accessible_at_every_width(person, email, size):
    desk = person(email, size)
    for name, path in SCREENS[email].items():
        answer = desk.page.goto(path)
        assert answer.status == 200
        desk.shoot(name)
        inspect(desk.page, f"{name} at {size}")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_patients_pages_for_the_therapist(person, size):
    desk = person(THERAPIST, size)
    desk.page.goto("/patients/")
    desk.page.locator("main table a, main li a").first.click()
    desk.page.wait_for_load_state()
    desk.shoot("patient")
    inspect(desk.page, "patient")
    for tab in ("Screening", "Sessions", "Outcomes"):
        desk.page.get_by_role("navigation").get_by_role("link", name=tab, exact=True).click()
        desk.page.wait_for_load_state()
        desk.shoot(tab.lower())
        inspect(desk.page, tab)
    desk.page.go_back()
    desk.page.go_back()
    desk.page.get_by_role("link", name="Not fit to treat today?").click()
    desk.page.wait_for_load_state()
    assert desk.page.get_by_text("seem intoxicated or sedated").is_visible()
    desk.shoot("at-visit")
    inspect(desk.page, "at the visit")


def test_the_desk_registers_books_and_sends_the_intake_and_the_patient_answers_it(person, clinic):
    desk = person(DESK)
    page = desk.page
    page.goto("/patients/new/")
    page.get_by_label("Given name").fill("Paloma")
    page.get_by_label("Family name").fill("Browser")
    page.get_by_label("Birth date").fill("1975-04-12")
    page.get_by_label("E-mail").first.fill("paloma@patients.example")
    page.get_by_label("Language").select_option("es")
    page.get_by_role("button", name=re.compile("Register|Save")).click()
    page.wait_for_url(re.compile(r"/patients/[0-9a-f-]{36}/"))
    page.get_by_role("button", name="Send intake link").click()
    page.wait_for_load_state()
    book_in_the_diary(desk)
    mail = eventually(lambda: mail_for(desk, "paloma@patients.example", "preguntas antes"))
    on_the_phone(person, mail)
    page.goto("/patients/?q=browser+paloma")
    page.locator("main a[href^='/patients/']:visible", has_text="Paloma").first.wait_for()


def book_in_the_diary(desk):
    page = desk.page
    page.goto("/diary/book/")
    page.get_by_label("Find a patient").fill("paloma br")
    page.locator("#patient-options input[name=patient]").first.check()
    page.get_by_label("Service").select_option(label="First visit and assessment")
    page.locator("#slots input[name=slot]").first.wait_for()
    page.locator("#slots input[name=slot]").first.check(force=True)
    desk.shoot("booking")
    page.get_by_role("button", name="Book the visit").click()
    page.wait_for_url(re.compile(r"/(diary|appointments)/"))
    page.locator("main :text('Paloma Browser') >> visible=true").first.wait_for()
    desk.shoot("booked")


def mail_for(desk, address, word):
    desk.page.goto("/messages/outbox/")
    for card in desk.page.locator("article").all():
        text = card.inner_text()
        if address in text and word in text.lower():
            return card.locator("a[href*='/l/']").first.get_attribute("href")
    return None


def on_the_phone(person, address):
    phone = person(size="phone", locale="es-ES", has_touch=True, is_mobile=True)
    page = phone.page
    page.goto(address)
    inspect(page, "link")
    phone.shoot("link")
    page.locator("input[name=birth_on]").fill("1975-04-12")
    page.get_by_role("button", name="Continuar").click()
    for number in range(20):
        page.wait_for_load_state()
        if "/pages/" not in page.url:
            break
        answer_page(page)
        if number < 2:
            phone.shoot(f"intake-{number + 1}")
            inspect(page, f"intake page {number + 1}")
        page.locator("main form button.button-primary").click()
    phone.shoot("intake-review")
    inspect(page, "review")
    page.locator("form[action$='/send/'] button").click()
    page.wait_for_load_state()
    assert page.get_by_role("heading", name="Gracias").is_visible()
    phone.shoot("intake-done")


def tap_calm(group):
    """Taps a question's calm answer, or its first; opens the list it is folded into."""
    offered = group.locator("label:visible:has(input[type=radio], input[type=checkbox])")
    folded = group.locator("summary:visible")
    if not offered.count() and folded.count():
        folded.first.click()
    values = ("no", "none", "gradual", "over-3-months")
    calm = group.locator(", ".join(f"label:visible:has(input[value={value}])" for value in values))
    tap = calm if calm.count() else offered
    if tap.count():
        tap.first.click()


def answer_page(page):
    """Answers every question that is asked; follow-ups show themselves only when they matter."""
    for group in page.locator("main form fieldset:visible").all():
        if not group.locator("input:checked").count():
            tap_calm(group)
    for box in page.locator("main form input[type=number]:visible").all():
        if not box.input_value():
            box.fill("2")
    for text in page.locator("main form textarea:visible, main form input[type=text]:visible").all():
        if not text.input_value():
            text.fill("nada")


def test_the_therapist_logs_and_signs_a_session_on_a_tablet(person, clinic):
    visit = clinic.visit_just_begun()
    desk = person(DESK)
    desk.page.goto(f"/appointments/{visit}/")
    desk.page.get_by_role("button", name=re.compile("Arrived|arrived|is here", re.I)).first.click()
    desk.page.wait_for_load_state()
    tablet = person(THERAPIST, "tablet", has_touch=True)
    page = tablet.page
    page.goto("/my-day/")
    page.locator(f"form[action='/appointments/{visit}/start/'] button").click()
    page.wait_for_url(re.compile(r"/sessions/[0-9a-f-]{36}/"))
    page.locator("input[name=pain_before][value='7']").check(force=True)
    page.locator("textarea[name=subjective]").fill("Stiff after the drive.")
    page.locator("input[name=pain_after][value='4']").check(force=True)
    page.get_by_role("button", name="Save the note").click()
    page.get_by_text(re.compile("Saved")).first.wait_for()
    deep_in_the_belly(page)
    inspect(page, "session")
    tablet.shoot("session")
    page.get_by_text("Sign this note").click()
    page.get_by_role("button", name=re.compile("Sign as")).click()
    page.locator("textarea[name=text]").wait_for()
    tablet.shoot("signed")
    inspect(page, "signed session")
    assert page.locator("textarea[name=subjective]").count() == 0
    page.locator("textarea[name=text]").fill("The drive was on Sunday.")
    page.get_by_role("button", name=re.compile("Add")).last.click()
    page.get_by_text("The drive was on Sunday.").first.wait_for()


def deep_in_the_belly(page):
    """A technique in an endangerment area is kept only with its reason."""
    form = page.locator("#techniques form[action$='/techniques/add/'], #techniques form.form")
    form.locator("select[name=technique]").select_option("trigger_point_pressure")
    form.locator("select[name=region]").select_option("ABDOMEN")
    form.locator("input[name=side][value=left]").check(force=True)
    form.locator("input[name=minutes]").fill("3")
    form.locator("input[name=pressure][value='4']").check(force=True)
    form.get_by_role("button", name="Add the technique").click()
    page.get_by_text("Abdomen, over the organs.").wait_for()
    form.locator("textarea[name=despite_reason]").fill("Psoas, slowly, beside the organs.")
    form.get_by_role("button", name="Add the technique").click()
    page.get_by_text("CI-37: Psoas, slowly").wait_for()


def test_the_admin_reads_the_report_and_downloads_the_export(person):
    desk = person(ADMIN)
    page = desk.page
    page.goto("/reports/outcomes/")
    page.get_by_role("button", name=re.compile("Export")).click()
    link = page.get_by_role("link", name=re.compile("Download"))
    link.wait_for(timeout=60_000)
    desk.shoot("export-ready")
    with page.expect_download() as download:
        link.click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert len(text.splitlines()) > 5
    assert "Okafor" not in text


def test_refusals_are_pages_too(person):
    desk = person(DESK)
    assert desk.page.goto("/my-day/").status == 403
    inspect(desk.page, "403")
    assert desk.page.goto("/patients/00000000-0000-4000-8000-000000000000/").status == 404
    inspect(desk.page, "404")
    desk.shoot("not-found")
