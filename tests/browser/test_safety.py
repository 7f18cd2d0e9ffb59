"""Safety and plan in a real Chromium: the next visit's question, an event, a plan, a product, a second signature."""

import re

import pytest

from tests.browser.test_walk import ADMIN, THERAPIST, inspect

pytestmark = pytest.mark.browser


@pytest.fixture
def session(clinic):
    """A returning patient's draft, begun just now."""
    script = """
from django.utils import timezone
from patients.services import add_allergy
from sessions.models import TreatmentSession
from staff.models import User
therapist = User.objects.get(email="therapist@demo.example")
last = TreatmentSession.objects.visible_to(therapist).signed().filter(therapist=therapist)
last = last.newest_first().first()
draft = TreatmentSession.objects.create(
    patient=last.patient, episode=last.episode, therapist=therapist, location=last.location, service=last.service,
    performed_at=timezone.now(),
)
if not last.patient.allergies.filter(substance="Almond oil").exists():
    add_allergy(patient=last.patient, substance="Almond oil", category="nut", reaction="Rash", by=therapist)
print(draft.get_absolute_url())
"""
    return clinic.manage("shell", "-v", "0", "-c", script).strip().splitlines()[-1]


@pytest.mark.parametrize("size", ["phone", "tablet", "desktop"])
def test_the_next_visit_asks_warns_and_keeps(person, session, size):
    desk = person(THERAPIST, size)
    page = desk.page
    page.goto(session)
    desk.shoot("session-asks")
    inspect(page, f"session at {size}")
    page.locator("#effects").get_by_role("button", name="No").click()
    page.locator("#effects :text('No unexpected effect')").wait_for()
    page.get_by_label("Oil, gel or lotion used").fill("Almond oil")
    page.get_by_role("button", name="Save the note").click()
    page.locator("#product :text('The patient is allergic to')").wait_for()
    desk.shoot("session-product")
    inspect(page, f"product at {size}")
    page.locator("#product input[name=reason]").fill("Patch test was calm")
    page.locator("#product").get_by_role("button", name="Keep the reason").click()
    page.locator("#product :text('Used nevertheless because')").wait_for()
    page.locator("#presence summary").first.click()
    page.locator("#presence").get_by_label("Present", exact=True).check(force=True)
    page.locator("#presence").get_by_label("Name").fill("Maria Cruz")
    page.locator("#presence").get_by_role("button", name="Keep").first.click()
    page.locator("#presence :text('present, Maria Cruz')").wait_for()
    desk.shoot("session-presence")
    inspect(page, f"presence at {size}")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_an_event_is_recorded_corrected_and_listed(person, session, size):
    desk = person(THERAPIST, size)
    page = desk.page
    page.goto(session)
    page.get_by_role("link", name="Yes: record it").click()
    page.get_by_label("What happened").select_option("nerve")
    page.get_by_label("In words").fill("Numb little finger since the evening.")
    page.get_by_label("Moderate: medium").check(force=True)
    page.get_by_label("Caused by the treatment").select_option("possible")
    page.get_by_label("How it is now").select_option("recovering")
    desk.shoot("event-form")
    inspect(page, f"event form at {size}")
    page.get_by_role("button", name="Record the event").click()
    page.get_by_role("link", name="An unexpected effect was recorded").click()
    page.wait_for_load_state()
    desk.shoot("event")
    inspect(page, f"event at {size}")
    page.goto("/adverse-events/")
    desk.shoot("events")
    inspect(page, f"events at {size}")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_plan_is_agreed_rated_and_read(person, session, size):
    desk = person(THERAPIST, size)
    page = desk.page
    page.goto(session)
    page.get_by_role("link", name="Plan", exact=True).click()
    page.wait_for_url(re.compile("/plan/$"))
    page.locator("main a", has_text=re.compile("Agree on a plan|Change the plan")).first.click()
    page.get_by_label("Problem").fill("Stiff neck after months at a desk.")
    page.get_by_label("Planned visits").fill("6")
    page.get_by_label("One every").fill("7")
    page.locator("[name=goal-0-words]").fill("Lift my child without pain")
    page.locator("[name=goal-0-measure]").select_option("rating")
    page.locator("[name=goal-0-baseline]").fill("2")
    page.locator("[name=goal-0-target]").fill("8")
    desk.shoot("plan-form")
    inspect(page, f"plan form at {size}")
    page.get_by_role("button", name="Keep the plan").click()
    page.get_by_label("Rating now").first.fill("5")
    page.get_by_role("button", name=re.compile("^Keep")).first.click()
    page.locator("progress").first.wait_for()
    desk.shoot("plan")
    inspect(page, f"plan at {size}")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_who_co_signs_for_whom(person, size):
    desk = person(ADMIN, size)
    desk.page.goto("/setup/supervision/")
    desk.shoot("supervision")
    inspect(desk.page, f"supervision at {size}")
