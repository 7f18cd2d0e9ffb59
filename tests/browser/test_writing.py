"""Writing a session's note on a tablet: it saves itself, and no keystroke is lost to a network or to another screen."""

import re

import pytest

from tests.browser.test_walk import DESK, THERAPIST, inspect

pytestmark = pytest.mark.browser

OFFLINE = "Not saved: no connection, kept on this device"
KEPT = "Object.keys(sessionStorage).filter(key => key.startsWith('kept:')).length"


# A patient of the demo whose last session has words, a technique and a point to carry over; the last of them, as the
# other tests take the first.
RETURNING = """
from clinic.models import Service
from screening.services import gate
from sessions.models import TreatmentSession
from staff.models import User

therapist = User.objects.get(email="therapist@demo.example")
service = Service.objects.get(name="Myofascial release")
for session in reversed(TreatmentSession.objects.visible_to(therapist).latest_of_each_patient()):
    points = session.point_observations.filter(status__in=["active", "latent"])
    if session.is_signed and session.plan and points.exists() and session.techniques.exists():
        if not gate(patient=session.patient, service=service).is_blocked:
            print(session.patient.public_id)
            break
"""


@pytest.fixture
def begun(person, clinic):
    """`begun()` is a therapist's tablet on the page of a session that has just begun."""

    def open_session(*, is_returning=False):
        patient = clinic.manage("shell", "-v", "0", "-c", RETURNING).strip() if is_returning else ""
        visit = clinic.visit_just_begun(patient_id=patient)
        desk = person(DESK)
        desk.page.goto(f"/appointments/{visit}/")
        desk.page.get_by_role("button", name=re.compile("Arrived|is here", re.I)).first.click()
        desk.page.wait_for_load_state()
        tablet = person(THERAPIST, "tablet", has_touch=True)
        tablet.page.goto("/my-day/")
        tablet.page.locator(f"form[action='/appointments/{visit}/start/'] button").click()
        tablet.page.wait_for_url(re.compile(r"/sessions/[0-9a-f-]{36}/"))
        return tablet

    return open_session


def beside(person, tablet):
    """A second tablet on the same note."""
    other = person(THERAPIST, "tablet", has_touch=True)
    other.page.goto(tablet.page.url)
    return other


def field(page, name):
    return page.locator(f"#note-form textarea[name={name}]")


def state(page):
    return page.locator("#note-state [data-words]").inner_text()


def wait_for(page, words):
    page.locator("#note-state [data-words]", has_text=words).wait_for()


def saved(page):
    """Whether the note's state says so, and what the clinic holds in each text field then."""
    wait_for(page, "Saved at")
    fields = ["subjective", "objective", "assessment", "plan"]
    html = page.request.get(page.url).text()
    return {name: re.search(rf'<textarea name="{name}".*?>\s*(.*?)</textarea>', html, re.S)[1] for name in fields}


class Posts:
    """How many saves are under way at once, and how many there were."""

    def __init__(self, page):
        self.count = self.under_way = self.most = 0
        page.on("request", lambda request: self._count(request, 1))
        page.on("requestfinished", lambda request: self._count(request, -1))
        page.on("requestfailed", lambda request: self._count(request, -1))

    def _count(self, request, change):
        if request.method == "POST" and request.url.endswith("/note/"):
            self.under_way += change
            self.count += change > 0
            self.most = max(self.most, self.under_way)


def test_the_note_saves_itself_a_moment_after_typing_stops(begun):
    page = begun().page
    posts = Posts(page)
    assert state(page) == "Nothing written yet"
    field(page, "subjective").press_sequentially("Stiff since the drive.", delay=60)
    assert state(page) == "Not saved yet"
    assert posts.count == 0
    page.locator("input[name=pain_before][value='7']").check(force=True)
    assert saved(page)["subjective"] == "Stiff since the drive."
    assert (posts.count, posts.most) == (1, 1)
    page.reload()
    assert page.locator("input[name=pain_before][value='7']").is_checked()
    assert page.evaluate(KEPT) == 0


def test_a_minute_without_connection_loses_no_keystroke(begun):
    tablet = begun()
    page = tablet.page
    page.clock.install()
    page.reload()
    posts = Posts(page)
    typed = field(page, "objective")
    typed.press_sequentially("Before. ", delay=20)
    wait_for(page, "Saved at")
    page.context.set_offline(True)
    typed.press_sequentially("During the first half. ", delay=20)
    wait_for(page, OFFLINE)
    for _ in range(6):
        page.clock.fast_forward(10_000)
        typed.press_sequentially("More. ", delay=10)
        page.wait_for_timeout(100)
    assert state(page) == OFFLINE
    assert page.evaluate(KEPT) == 1
    # Six tries at most fit into a minute of waiting twice as long each time.
    assert posts.count <= 8
    inspect(page, "a note without connection")
    tablet.shoot("note-offline")
    page.context.set_offline(False)
    assert saved(page)["objective"] == ("Before. During the first half. " + "More. " * 6).strip()
    assert posts.most == 1
    assert page.evaluate(KEPT) == 0
    tablet.complaints.clear()  # the browser itself complains about each try without a connection


def test_what_was_not_saved_outlives_the_page_and_is_forgotten_on_signing_out(begun):
    tablet = begun()
    page = tablet.page
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/note/", lambda route: route.abort())
    field(page, "plan").fill("Again in a week.")
    wait_for(page, OFFLINE)
    page.reload()
    assert field(page, "plan").input_value() == "Again in a week."
    page.unroute("**/note/")
    assert saved(page)["plan"] == "Again in a week."
    page.route("**/note/", lambda route: route.abort())
    field(page, "plan").fill("Again in two weeks.")
    wait_for(page, OFFLINE)
    assert page.evaluate(KEPT) == 1
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/sign-in/"))
    assert page.evaluate(KEPT) == 0
    tablet.complaints.clear()


def test_leaving_with_unsaved_words_asks_and_with_saved_ones_does_not(begun):
    tablet = begun()
    page = tablet.page
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    field(page, "plan").fill("Left at once.")
    page.get_by_role("link", name="All sessions").click()
    page.wait_for_url(re.compile(r"/patients/.*/sessions/"))
    assert asked == []
    page.go_back()
    assert saved(page)["plan"] == "Left at once."
    page.route("**/note/", lambda route: route.abort())
    field(page, "plan").fill("Not to be left.")
    page.get_by_role("link", name="All sessions").click()
    page.wait_for_timeout(1000)
    assert asked == ["beforeunload"]
    assert field(page, "plan").input_value() == "Not to be left."
    page.unroute("**/note/")
    wait_for(page, "Saved at")
    tablet.complaints.clear()


def test_two_tablets_on_one_draft_keep_both_texts(begun, person):
    tablet = begun()
    here, there = tablet.page, beside(person, tablet).page
    field(there, "assessment").fill("Only there.")
    field(there, "plan").fill("Written there.")
    there.locator("input[name=pain_before][value='8']").check(force=True)
    wait_for(there, "Saved at")
    field(here, "plan").press_sequentially("Written here.", delay=20)
    here.locator("input[name=pain_before][value='3']").check(force=True)
    wait_for(here, "Somebody else changed this")
    # What nobody typed here is taken over, what both wrote stands side by side.
    assert field(here, "assessment").input_value() == "Only there."
    assert [block.get_attribute("data-conflict") for block in here.locator("[data-conflict]").all()] == [
        "pain_before",
        "plan",
    ]
    field(here, "plan").press_sequentially(" And on.", delay=20)
    inspect(here, "two texts")
    tablet.shoot("note-conflict")
    here.locator("[data-conflict=pain_before] [data-keep=theirs]").click()
    here.locator("[data-conflict=plan] [data-keep=both]").click()
    assert saved(here)["plan"] == "Written here. And on.\n\nWritten there."
    here.reload()
    assert here.locator("input[name=pain_before][value='8']").is_checked()
    # The other tablet learns of it with its next word, and takes over what it did not touch itself.
    field(there, "subjective").fill("One more.")
    assert saved(there) == {
        "subjective": "One more.",
        "objective": "",
        "assessment": "Only there.",
        "plan": "Written here. And on.\n\nWritten there.",
    }
    assert field(there, "plan").input_value() == "Written here. And on.\n\nWritten there."


def test_words_that_missed_the_signature_are_shown_beside_the_signed_note(begun, person):
    tablet = begun()
    page, other = tablet.page, beside(person, tablet).page
    other.locator("input[name=pain_before][value='5']").check(force=True)
    other.locator("input[name=pain_after][value='2']").check(force=True)
    field(other, "subjective").fill("Signed words.")
    wait_for(other, "Saved at")
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/note/", lambda route: route.abort())
    field(page, "plan").fill("Too late for the signature.")
    wait_for(page, OFFLINE)
    other.get_by_text("Sign this note").click()
    other.get_by_role("button", name=re.compile("Sign as")).click()
    other.locator("textarea[name=text]").wait_for()
    page.reload()
    page.get_by_role("heading", name="Not in the signed note").wait_for()
    tablet.shoot("note-left-over")
    inspect(page, "words beside a signed note")
    page.get_by_role("button", name="Put them into the addendum").click()
    assert page.locator("textarea[name=text]").input_value() == "Plan: Too late for the signature."
    page.get_by_role("button", name="Add the addendum").click()
    page.locator("#addenda .timeline").wait_for()
    page.get_by_role("button", name="Discard them").click()
    assert page.evaluate(KEPT) == 0
    tablet.complaints.clear()


def test_what_was_carried_over_is_confirmed_one_by_one_and_then_signed(begun):
    tablet = begun(is_returning=True)
    page = tablet.page
    page.get_by_role("button", name="Start from the last session").click()
    page.locator("#carried .list").wait_for()
    tablet.shoot("carried")
    inspect(page, "carried over")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#pains summary").click()
    tablet.shoot("carried-as-on-a-phone")
    inspect(page, "carried over, as on a phone")
    page.set_viewport_size({"width": 820, "height": 1180})
    plan = field(page, "plan")
    assert plan.input_value()
    plan.press("Control+End")
    plan.press_sequentially(" Changed today.")
    wait_for(page, "Saved at")
    page.locator("[data-carried=plan]").wait_for(state="detached")
    page.locator("#carried a[href='#id_plan']").wait_for(state="detached")
    for name in ("Examine", "Not today"):
        page.locator("#carried").get_by_role("link" if name == "Examine" else "button", name=name).first.wait_for()
    page.locator("#carried").get_by_role("link", name="Examine").first.click()
    page.locator("#dialog input[name=status][value=latent]").check(force=True)
    before = page.locator("#carried li").count()
    page.get_by_role("button", name="Save the point").click()
    page.locator("#dialog").wait_for(state="hidden")
    page.locator("#carried li").nth(before - 1).wait_for(state="detached")
    assert page.locator("#points .badge", has_text="Latent").count()
    page.locator("input[name=pain_before][value='6']").check(force=True)
    page.locator("input[name=pain_after][value='3']").check(force=True)
    page.get_by_text("Sign this note").click()
    page.get_by_role("button", name=re.compile("Sign as")).click()
    page.get_by_text("To confirm:").wait_for()
    tablet.shoot("carried-refused")
    while page.locator("#carried li").count():
        left = page.locator("#carried li").count()
        page.locator("#carried").get_by_role("button", name="Still so").first.click()
        page.locator("#carried li").nth(left - 1).wait_for(state="detached")
    page.locator("[data-carried]").first.wait_for(state="detached")
    page.locator("#checklist li", has_text="Everything carried over is confirmed").get_by_label("Done:").wait_for()
    page.get_by_text("Sign this note").click()
    page.get_by_role("button", name=re.compile("Sign as")).click()
    page.locator("textarea[name=text]").wait_for()


def test_snippets_are_typed_by_shortcut_or_picked(begun):
    tablet = begun()
    page = tablet.page
    session = page.url
    page.goto("/snippets/")
    page.get_by_label("Shortcut").fill(".tt")
    page.get_by_label("Text").fill("Trigger points treated and retested.")
    page.get_by_role("button", name="Keep the snippet").click()
    page.locator("code", has_text=".tt").wait_for()
    tablet.shoot("snippets")
    inspect(page, "snippets")
    page.goto(session)
    text = field(page, "assessment")
    text.press_sequentially("Good. .tt and .unknown stays, a.nc too")
    assert text.input_value() == "Good. Trigger points treated and retested. and .unknown stays, a.nc too"
    page.keyboard.press("Control+Home")
    page.get_by_role("button", name="Insert a snippet").click()
    dialog = page.locator("#snippets")
    assert dialog.locator("[data-snippet-into]").inner_text() == "Assessment"
    tablet.shoot("snippet-picker")
    inspect(page, "snippet picker")
    dialog.locator("[data-snippet=nc]").click()
    assert saved(page)["assessment"].startswith("No change since the last session.Good. Trigger points")
    page.goto("/snippets/")
    page.on("dialog", lambda question: question.accept())
    page.get_by_role("button", name="Remove this snippet").click()
    page.locator("code", has_text=".tt").wait_for(state="detached")


def test_the_timer_fills_the_minutes_and_runs_on_while_the_page_changes(begun):
    tablet = begun()
    page = tablet.page
    page.clock.install()
    page.reload()
    timer = page.locator("[data-timer]")
    timer.get_by_role("button", name="Start the timer").click()
    page.clock.fast_forward(61_000)
    page.locator("select[name=technique]").select_option("effleurage")
    page.get_by_role("button", name="Add the technique").click()  # refused: the section is swapped
    page.locator("#techniques .has-error").first.wait_for()
    timer.locator("[data-passed]", has_text="1:0").wait_for()
    page.reload()
    page.clock.fast_forward(60_000)
    timer.locator("[data-passed]", has_text="2:0").wait_for()
    tablet.shoot("timer")
    timer.get_by_role("button", name="Stop the timer").click()
    assert page.locator("#id_technique_minutes").input_value() == "3"
    assert timer.get_by_role("status").inner_text() == "Stopped: 3 minutes"
    page.reload()
    assert timer.get_by_role("button").inner_text() == "Start the timer"


class Taps:
    """A therapist's interactions with the page, counted."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def tap(self, what):
        self.count += 1
        what.click()

    def choose(self, selector, value):
        """Tap a choice that is drawn as a button."""
        self.count += 1
        self.page.locator(f"{selector}[value='{value}']").check(force=True)

    def pick(self, selector, value):
        """Open a list and take an entry: two taps."""
        self.count += 2
        self.page.locator(selector).select_option(value)

    def write(self, where, text):
        """Tap a field and write into it."""
        self.count += 1
        where.press("Control+End")
        where.press_sequentially(text)


def test_a_returning_patients_session_is_logged_and_signed_in_25_interactions(begun):
    tablet = begun(is_returning=True)
    page, taps = tablet.page, Taps(tablet.page)
    taps.tap(page.get_by_role("button", name="Start from the last session"))
    page.locator("#carried .list").wait_for()
    taps.choose("input[name=pain_before]", "6")
    taps.write(field(page, "subjective"), " Better since.")
    page.locator("[data-carried=subjective]").wait_for(state="detached")
    # One region, at rest, before and after.
    taps.tap(page.locator("#pains summary"))
    taps.pick("#pains select[name=region]", "SHOULDER.TOP")
    taps.choose("#pains input[name=side]", "left")
    taps.choose("#pains input[name=before]", "6")
    taps.choose("#pains input[name=after]", "3")
    taps.tap(page.get_by_role("button", name="Keep the value"))
    page.locator("#pains table").wait_for()
    while page.locator("#carried li").count():
        left = page.locator("#carried li").count()
        taps.tap(page.locator("#carried").get_by_role("button", name="Still so").first)
        page.locator("#carried li").nth(left - 1).wait_for(state="detached")
    taps.choose("input[name=pain_after]", "3")
    taps.tap(page.get_by_text("Sign this note"))
    taps.tap(page.get_by_role("button", name=re.compile("Sign as")))
    page.locator("textarea[name=text]").wait_for()
    tablet.shoot("returning-signed")
    inspect(page, "a signed note with pain by region")
    assert page.locator("#pains .pain-6").count()
    assert page.locator("#techniques li").count()
    taps.write(page.locator("textarea[name=text]"), "Called afterwards.")
    taps.tap(page.get_by_role("button", name="Add the addendum"))
    page.locator("#addenda .timeline").wait_for()
    assert taps.count <= 25, f"{taps.count} interactions"
