"""What is read between sessions, in a real Chromium: the patient's courses, the note on paper."""

import pytest

from tests.browser.test_walk import THERAPIST, inspect

pytestmark = pytest.mark.browser


@pytest.fixture
def patient_page(clinic):
    """The sessions of the patient whose motions were measured most often."""
    script = """
from django.db.models import Count
from django.urls import reverse
from sessions.models import RangeOfMotion
from staff.models import User
seen = RangeOfMotion.objects.visible_to(User.objects.get(email="therapist@demo.example"))
most = seen.values("session__patient__public_id").annotate(times=Count("id")).order_by("-times")[0]
print(reverse("sessions:patient", args=[most["session__patient__public_id"]]))
"""
    return clinic.manage("shell", "-v", "0", "-c", script).strip().splitlines()[-1]


@pytest.mark.parametrize("size", ["phone", "tablet", "desktop"])
def test_a_patient_is_read_at_a_glance(person, patient_page, size):
    desk = person(THERAPIST, size)
    page = desk.page
    page.goto(patient_page)
    page.locator("h2:text('Since last time')").wait_for()
    page.locator(".chart.is-drawn").wait_for()
    desk.shoot("patient-sessions")
    inspect(page, f"patient's sessions at {size}")
    print_(desk, "patient-sessions-print")
    page.locator("a:text('Open')").first.click()
    page.locator("#note-title").wait_for()
    print_(desk, "session-print")
    with page.expect_download() as download:
        page.locator("a:text('PDF')").click()
    assert download.value.suggested_filename.startswith("session-")


def print_(desk, name):
    """As it would be on paper: the whole width is for what is read, and nothing is cut off."""
    page = desk.page
    page.emulate_media(media="print")
    desk.shoot(name)
    share = page.evaluate("document.querySelector('main').getBoundingClientRect().width / document.body.clientWidth")
    assert share > 0.9, f"{name} is squeezed"
    cut = "[...document.querySelectorAll('.table-region')].filter(one => getComputedStyle(one).overflowX !== 'visible')"
    assert page.evaluate(f"{cut}.length") == 0, f"{name} cuts a table"
    page.emulate_media(media="screen")
