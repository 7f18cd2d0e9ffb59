"""A real Chromium, and a running clinic for it to look at."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.live import DEMO_PASSWORD, live_clinic

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SCREENS = Path(__file__).resolve().parents[2] / "test-screens"
WIDTHS = {"desktop": (1280, 900), "tablet": (820, 1180), "phone": (390, 844)}


def chromium_path():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def clinic(tmp_path_factory):
    if chromium_path() is None:
        pytest.skip("THERE IS NO CHROMIUM ON THIS MACHINE: the browser tests did not run. Install chromium.")
    with live_clinic(
        tmp_path_factory.mktemp("browser"), name="live_browser", queue=8, demo=["--patients", "30"]
    ) as running:
        yield running


@pytest.fixture(scope="session")
def chromium(clinic):
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


class Desk:
    """A person at a screen: what went wrong on the console is kept and asserted on."""

    def __init__(self, chromium, clinic, size, **options):
        width, height = WIDTHS[size]
        self.size = size
        self.context = chromium.new_context(base_url=clinic.url, viewport={"width": width, "height": height}, **options)
        self.page = self.context.new_page()
        self.complaints = []
        self.foreign = []
        self.page.on("console", self._note)
        self.page.on("request", lambda request: self._watch(clinic, request.url))

    def _note(self, message):
        expected = ("422", "409", "412", "404", "403")
        # Taking a screenshot of a page with htmx sets and empties a style attribute; nothing of ours does.
        if "Applying inline style" in message.text:
            return
        if message.type == "error" and not any(f"status of {code}" in message.text for code in expected):
            self.complaints.append(message.text)

    def _watch(self, clinic, url):
        if not url.startswith((clinic.url, "data:", "blob:")):
            self.foreign.append(url)

    def sign_in(self, email):
        self.page.goto("/sign-in/")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(DEMO_PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_load_state()
        return self

    def shoot(self, name):
        SCREENS.mkdir(exist_ok=True)
        self.page.wait_for_timeout(250)
        self.page.screenshot(path=SCREENS / f"{name}-{self.size}.png", full_page=True)

    def close(self):
        assert self.complaints == [], "the console complained"
        assert self.foreign == [], "something was asked of another host"
        self.context.close()


@pytest.fixture
def person(chromium, clinic):
    """`person(email, size)` is somebody at a screen."""
    opened = []

    def at(email="", size="desktop", **options):
        desk = Desk(chromium, clinic, size, **options)
        opened.append(desk)
        return desk.sign_in(email) if email else desk

    yield at
    for desk in opened:
        desk.close()
