"""The diary in a real Chromium: by mouse, by keyboard, beside another desk."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_walk import ADMIN, DESK, inspect

pytestmark = pytest.mark.browser


def quiet_day(weeks):
    """A Tuesday some weeks from now, beyond the demo's visits."""
    today = datetime.now(UTC).date()
    return today + timedelta(days=(1 - today.weekday()) % 7 + 7 * weeks)


def open_diary(desk, day, view="grid"):
    desk.page.goto(f"/diary/?date={day.isoformat()}&view={view}")
    desk.page.wait_for_load_state()
    return desk.page


def book(page, slot, name):
    """Book the first patient of this name at a free place, with a click."""
    time = slot.get_attribute("aria-label")[-5:]
    slot.click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Find a patient").press_sequentially(name, delay=30)
    dialog.locator("#patient-options label").first.click()
    dialog.locator("#hold", has_text="Kept for you").wait_for()
    dialog.get_by_role("button", name="Book the visit").click()
    dialog.wait_for(state="hidden")
    page.locator(".diary .visit", has_text=f"{time}–").wait_for()


def free(page, time):
    return page.get_by_role("link", name=re.compile(f"^Book .* at {time}"))


def visits(page):
    """Each card's time, in order."""
    return sorted(page.locator(".diary .visit [data-time]").all_inner_texts())


def drag(page, from_, dy, dx=0, at="middle"):
    from_.evaluate("card => card.scrollIntoView({block: 'center'})")
    box = from_.bounding_box()
    x = box["x"] + box["width"] / 2
    y = box["y"] + (box["height"] / 2 if at == "middle" else box["height"] - 3)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2, steps=4)
    page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()


def hour_height(page):
    return page.evaluate("document.querySelector('.diary-lane').clientHeight") / page.evaluate(
        "getComputedStyle(document.querySelector('.diary')).getPropertyValue('--until')"
        " - getComputedStyle(document.querySelector('.diary')).getPropertyValue('--from')"
    )


def test_a_visit_is_moved_by_dragging_made_longer_and_refused_onto_another(person):
    desk = person(DESK)
    page = open_diary(desk, quiet_day(6))
    column = page.locator(".diary-column", has=free(page, "10:00")).filter(has=free(page, "14:00")).first
    whose = column.get_attribute("data-therapist")
    column = page.locator(f".diary-column[data-therapist='{whose}']")
    book(page, column.get_by_role("link", name=re.compile("at 10:00")), "dora rey")
    book(page, column.get_by_role("link", name=re.compile("at 14:00")), "dora rey")
    (first, first_end), (second, _) = [time.split("–") for time in visits(page)]
    assert (first, second) == ("10:00", "14:00")
    hour, dialog = hour_height(page), page.locator("#dialog")

    drag(page, column.locator(".visit").first, 2 * hour)
    dialog.get_by_text("Move the visit of").wait_for()
    desk.shoot("diary-drag")
    inspect(page, "the question after a drag")
    assert page.locator(".visit.is-carried").count() == 1
    dialog.get_by_role("button", name="Move the visit").click()
    dialog.wait_for(state="hidden")
    page.locator(".visit", has_text="12:00–").wait_for()
    page.locator(".visit.is-carried").first.wait_for(state="detached")

    drag(page, column.locator(".visit", has_text="12:00–"), hour / 2, at="edge")
    dialog.get_by_role("button", name="Move the visit").click()
    dialog.wait_for(state="hidden")
    length = int(first_end[:2]) * 60 + int(first_end[3:]) - 600
    until = 720 + length + 30
    page.locator(".visit", has_text=re.compile(f"12:00–{until // 60}:{until % 60 // 15 * 15:02}")).wait_for()

    before = visits(page)
    drag(page, column.locator(".visit", has_text="12:00–"), 1.75 * hour)
    dialog.get_by_role("button", name="Move the visit").click()
    dialog.get_by_role("alert").wait_for()
    desk.shoot("diary-drag-refused")
    inspect(page, "a refused drag")
    dialog.get_by_role("button", name="Leave it where it is").click()
    dialog.wait_for(state="hidden")
    page.locator(".visit.is-carried, .visit.is-picked-up").first.wait_for(state="detached")
    assert visits(page) == before


def test_the_day_by_keyboard_alone(person):
    desk = person(DESK)
    page = open_diary(desk, quiet_day(7))
    page.locator(".diary a[tabindex='0']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    dialog = page.locator("#dialog")
    dialog.get_by_label("Find a patient").wait_for()
    while not page.evaluate("document.activeElement.name === 'q'"):
        page.keyboard.press("Tab")
    page.keyboard.type("dora rey")
    dialog.locator("#patient-options input").first.wait_for()
    while not page.evaluate("document.activeElement.name === 'patient'"):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    dialog.locator("#hold", has_text="Kept for you").wait_for()
    while page.evaluate("document.activeElement.innerText") != "Book the visit":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    dialog.wait_for(state="hidden")
    page.locator(".diary .visit").wait_for()
    booked = visits(page)[0][:5]

    page.locator(".diary .visit-link").focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("+")
    assert page.locator(".visit.is-carried").count() == 1
    assert "Enter to move" in page.locator("#diary-said").inner_text()
    page.keyboard.press("Escape")
    page.locator(".visit.is-carried").first.wait_for(state="detached")
    assert visits(page)[0][:5] == booked

    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    dialog.get_by_text("Move the visit of").wait_for()
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    dialog.wait_for(state="hidden")
    minutes = int(booked[:2]) * 60 + int(booked[3:]) + 30
    page.locator(".visit", has_text=f"{minutes // 60:02}:{minutes % 60:02}–").wait_for()


def test_another_desks_booking_appears_by_itself(person):
    here, there = person(DESK), person(ADMIN)
    day = quiet_day(8)
    page, other = open_diary(here, day), open_diary(there, day)
    assert visits(page) == []
    book(other, other.locator(".diary-column").first.get_by_role("link", name=re.compile("at 11:00")), "dora rey")
    page.locator(".diary .visit", has_text="11:00–").wait_for(timeout=13_000)


def test_a_new_patient_is_registered_inside_the_dialog(person):
    desk = person(DESK)
    page = open_diary(desk, quiet_day(10))
    page.locator(".diary-column").first.get_by_role("link", name=re.compile("at 10:00")).click()
    dialog = page.locator("#dialog")
    dialog.get_by_text("New patient").click()
    dialog.get_by_label("Given name").fill("Newton")
    dialog.get_by_role("button", name="Register and choose").click()
    dialog.get_by_text("This field is required").first.wait_for()
    desk.shoot("booking-newcomer-refused")
    inspect(page, "a new patient with gaps")
    dialog.get_by_label("Family name").fill("Dialog")
    dialog.get_by_label("Birth date").fill("1988-05-05")
    dialog.get_by_label("Phone").fill("212 555 0177")
    dialog.get_by_role("button", name="Register and choose").click()
    dialog.get_by_text("is registered and chosen").wait_for()
    dialog.locator("#hold", has_text="Kept for you").wait_for()
    desk.shoot("booking-newcomer")
    dialog.get_by_label("Service").select_option(label="First visit and assessment")
    dialog.get_by_role("button", name="Book the visit").click()
    dialog.wait_for(state="hidden")
    page.locator(".diary .visit", has_text="Newton Dialog").wait_for()


def test_a_visit_is_cancelled(person):
    desk = person(DESK)
    page = open_diary(desk, quiet_day(9))
    book(page, page.locator(".diary-column").first.get_by_role("link", name=re.compile("at 10:00")), "dora rey")
    page.locator(".diary .visit-link").click()
    page.locator("#dialog").get_by_role("link", name="Move or cancel").click()
    page.locator("#cancel").wait_for()
    page.get_by_label("Tell the patient that the visit is off").uncheck()
    page.get_by_role("button", name="Cancel the visit").click()
    page.get_by_text(re.compile("is cancelled")).first.wait_for()
    open_diary(desk, quiet_day(9))
    assert page.locator(".diary .visit").count() == 0


@pytest.mark.parametrize("size", ["desktop", "tablet", "phone"])
def test_every_view_is_accessible_at_every_width(person, size):
    desk = person(DESK, size)
    today = datetime.now(UTC).date()
    # On a phone every view is the list.
    for view in ["list"] if size == "phone" else ["rooms", "week", "list", "grid"]:
        page = open_diary(desk, today + timedelta(days=(7 - today.weekday()) % 7), view)
        desk.shoot(f"diary-{view}")
        inspect(page, f"{view} at {size}")
    if size == "desktop":
        page.get_by_role("button", name="Keys").click()
        assert Axe().run(page).response["violations"] == []
        desk.shoot("diary-keys")


def test_the_wait_list_from_joining_to_yes_on_the_telephone(person):
    desk = person(DESK)
    page = open_diary(desk, quiet_day(11))
    book(page, page.locator(".diary-column").first.get_by_role("link", name=re.compile("at 10:00")), "dora rey")
    page.locator(".diary .visit-link").click()
    page.locator("#dialog").get_by_role("link", name="Move or cancel").click()
    page.get_by_role("link", name="None suits: put on the wait-list").wait_for()
    visit = page.url
    page.goto("/diary/wait-list/new/")
    page.get_by_label("Find a patient").fill("priya her")
    page.locator("#patient-options label").first.click()
    page.get_by_label("Service").select_option(label="First visit and assessment")
    page.get_by_label("Until").fill(quiet_day(12).isoformat())
    desk.shoot("wait-list-join")
    inspect(page, "joining the wait-list")
    page.get_by_role("button", name="Put on the list").click()
    page.get_by_text("is on the wait-list").first.wait_for()
    desk.shoot("wait-list")
    inspect(page, "the wait-list")
    page.goto(visit)
    page.get_by_label("Tell the patient that the visit is off").uncheck()
    page.get_by_role("button", name="Cancel the visit").click()
    page.get_by_text("Who waits for this time").wait_for()
    assert page.get_by_text("Notice that the visit is off").count() == 0
    desk.shoot("visit-offer")
    inspect(page, "offering a time")
    page.get_by_role("button", name="Offer the time").click()
    page.get_by_role("button", name=re.compile("said yes")).wait_for()
    desk.shoot("wait-list-offered")
    inspect(page, "an offer that is out")
    page.get_by_role("button", name=re.compile("said yes")).click()
    page.get_by_text("is booked.").first.wait_for()
    open_diary(desk, quiet_day(11))
    page.locator(".diary .visit", has_text="10:00–").wait_for()


def test_taking_something_back_asks_first(person):
    desk = person(ADMIN)
    page = desk.page
    page.goto("/setup/")
    page.get_by_role("link", name="Set up Riverside").click()
    closures = page.locator("#closures")
    for name in ("First day", "Last day"):
        closures.get_by_label(name).fill(quiet_day(40).isoformat())
    closures.get_by_role("button", name="Close on these days").click()
    taking_back = page.get_by_role("button", name=re.compile("^Take back the closure"))
    taking_back.wait_for()

    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    taking_back.click()
    page.reload()
    assert asked == ["Open on these days after all?"]
    assert taking_back.count() == 1

    page.once("dialog", lambda dialog: dialog.accept())
    taking_back.click()
    page.get_by_text("It is taken back.").wait_for()
    assert taking_back.count() == 0


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_an_admin_sets_up_a_location_a_room_and_a_therapist(person, size):
    desk = person(ADMIN, size)
    page = desk.page
    page.goto("/setup/")
    page.get_by_role("link", name="Set up Riverside").click()
    page.get_by_role("heading", name="Opening hours").wait_for()
    desk.shoot("setup-location")
    inspect(page, f"a location at {size}")
    page.locator("#hours").get_by_label("Monday").fill("nine")
    page.locator("#hours").get_by_role("button", name="Set the hours").click()
    page.get_by_text("Write hours as 09:00–12:00").first.wait_for()
    desk.shoot("setup-location-refused")
    inspect(page, f"refused hours at {size}")
    page.locator("#rooms").get_by_role("link").first.click()
    page.get_by_label("In use").wait_for()
    inspect(page, f"a room at {size}")
    page.goto("/setup/")
    page.get_by_role("link", name=re.compile("^Hours of .* at Riverside")).first.click()
    page.get_by_role("heading", name="Absences").wait_for()
    desk.shoot("setup-therapist")
    inspect(page, f"a therapist at {size}")
    page.goto("/setup/")
    page.get_by_role("link", name=re.compile("^Change ")).first.click()
    page.get_by_role("button", name="Save who gives it").wait_for()
    desk.shoot("setup-service")
    inspect(page, f"a service at {size}")
