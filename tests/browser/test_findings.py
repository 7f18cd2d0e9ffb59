"""Findings in full, in a real Chromium: entered on a tablet, read against the last time, accessible everywhere."""

import re

import pytest

from tests.browser.conftest import SCREENS
from tests.browser.test_walk import THERAPIST, inspect

pytestmark = pytest.mark.browser

_MOST_TREATED = """
from django.db.models import Count
from clinic.models import Service
from patients.models import Patient
from screening.services import gate
from staff.models import User
therapist = User.objects.get(email="therapist@demo.example")
service = Service.objects.get(name="Myofascial release")
known = Patient.objects.visible_to(therapist).annotate(count=Count("treatment_sessions")).order_by("-count", "pk")
print(next(each for each in known if not gate(patient=each, service=service).is_blocked).public_id)
"""
_BEGUN = """
from scheduling.models import Appointment
from scheduling.services import mark_arrived
from sessions.services import start_session
visit = Appointment.objects.get(public_id="{visit}")
mark_arrived(appointment=visit, by=visit.therapist)
print(start_session(appointment=Appointment.objects.get(pk=visit.pk), by=visit.therapist).get_absolute_url())
"""


@pytest.fixture(scope="module")
def patient_id(clinic):
    return clinic.manage("shell", "-v", "0", "-c", _MOST_TREATED).strip().splitlines()[-1]


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_ledger_shows_each_points_course(person, patient_id, size):
    desk = person(THERAPIST, size)
    desk.page.goto(f"/patients/{patient_id}/sessions/")
    desk.page.locator("svg.course").first.wait_for()
    desk.shoot("ledger")
    inspect(desk.page, f"ledger at {size}")


def test_a_point_and_a_motion_are_entered_in_full(person, clinic, patient_id):
    desk = person(THERAPIST, "tablet")
    page = desk.page
    visit = clinic.visit_just_begun(patient_id=patient_id)
    page.goto(clinic.manage("shell", "-v", "0", "-c", _BEGUN.format(visit=visit)).strip().splitlines()[-1])
    point = page.get_by_role("link", name=re.compile("^Check"))
    point.first.click()
    dialog = page.locator("#dialog-body")
    dialog.locator("summary").first.wait_for()
    dialog.get_by_label("Latent", exact=True).check(force=True)
    for summary in dialog.locator("summary").all():
        summary.click()
    dialog.get_by_label("Pain when pressed, 0–10", exact=True).fill("3")
    dialog.get_by_label("Pressure threshold, each trial").fill("4.1 4.0 4.3")
    dialog.get_by_label("Gauge", exact=True).fill("Algometer 1")
    dialog.get_by_label("Probe area").fill("1")
    page.wait_for_timeout(200)
    SCREENS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENS / "point-form-tablet.png")
    inspect(page, "point form")
    dialog.get_by_role("button", name="Save the point").click()
    page.locator("#points :text('Pressure threshold')").first.wait_for()
    motions = page.locator("#motions")
    motions.get_by_label("Joint and motion").select_option("shoulder.hand_behind_back")
    motions.get_by_label("Left", exact=True).check(force=True)
    motions.locator("summary").click()
    motions.get_by_label("Vertebra reached").select_option(label="T9")
    motions.get_by_role("button", name="Add the motion").click()
    motions.get_by_text("T9", exact=True).first.wait_for()
    desk.shoot("findings")
    inspect(page, "session")
    page.get_by_role("link", name="Add from the list").click()
    page.get_by_role("link", name="neck pain").click()
    page.locator("input[name=muscle][value=levator_scap]").wait_for()
    page.screenshot(path=SCREENS / "point-picker-tablet.png")
    inspect(page, "muscle picker")
