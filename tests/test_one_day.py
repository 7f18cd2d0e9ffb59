"""One whole clinic day over HTTP, against the running web server, worker and clock. Nothing is patched."""

from __future__ import annotations

import concurrent.futures
import csv
import io
import math
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.live import LiveClinic, eventually, live_clinic, start_clock
from tests.pages import Form, form_with, forms_of

API = "/api/v1"
TODAY = datetime.now(UTC).date()
CALM = ("no", "none", "gradual", "over-3-months", "steady")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    with live_clinic(
        tmp_path_factory.mktemp("day"),
        name="live_one_day",
        queue=7,
        demo=["--patients", "24"],
        processes=("web",),
        SURVEY_DELAY_MINUTES="0",
    ) as running:
        yield running


class Script:
    """A program with an API token made on the tokens page."""

    def __init__(self, clinic: LiveClinic, email: str) -> None:
        self.browser = clinic.staff(email)
        page = self.browser.get("/account/tokens/")
        form = form_with(page.text, "days")
        answer = submit(self.browser, form, page, name="One day", days="30", can_write="on")
        token = re.search(r"<code>(mfc_[^<]+)</code>", answer.text).group(1)
        self.http = httpx.Client(base_url=clinic.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def get(self, path: str, expect: int = 200, **query) -> httpx.Response:
        answer = self.http.get(f"{API}/{path}", params=query or None)
        assert answer.status_code == expect, answer.text
        return answer

    def all(self, path: str, **query) -> list[dict]:
        return self.get(path, **query).json()["results"]

    def post(self, path: str, body: dict | None = None, expect: int = 201, **headers) -> httpx.Response:
        answer = self.http.post(f"{API}/{path}", json=body or {}, headers=headers)
        assert answer.status_code == expect, answer.text
        return answer

    def patch(self, path: str, body: dict, etag: str, expect: int = 200) -> httpx.Response:
        answer = self.http.patch(f"{API}/{path}", json=body, headers={"If-Match": etag})
        assert answer.status_code == expect, answer.text
        return answer


def submit(browser: httpx.Client, form: Form, page: httpx.Response, **entries) -> httpx.Response:
    data = {name: values for name, values in form.values.items() if values}
    data.update(entries)
    return browser.post(str(page.url.join(form.action)) if form.action else str(page.url), data=data)


def open_link(clinic: LiveClinic, address: str, *, birth_on: str = "", language: str = "en") -> tuple:
    """A patient's phone: opens the link, presses the button, is on the clean address."""
    phone = clinic.visitor()
    phone.headers["Accept-Language"] = language
    page = phone.get(address)
    assert page.status_code == 200, page.text
    assert "Lopez" not in page.text, "nothing personal before the button"
    form = form_with(page.text, "csrfmiddlewaretoken")
    inside = submit(phone, form, page, **({"birth_on": birth_on} if birth_on else {}))
    assert inside.status_code == 200, inside.text
    assert "/l/" not in str(inside.url)
    return phone, inside


def mails_to(desk: Script, address: str) -> list[str]:
    """The demo's outbox page: what was sent to an address, newest first."""
    page = desk.browser.get("/messages/outbox/").text
    cards = re.findall(r"<article.*?</article>", page, flags=re.S)
    assert cards or "article" not in page
    return [card for card in cards if address in card]


def first_mail(desk: Script, word: str) -> str | None:
    """The newest mail to the day's patient that carries a link and says a word."""
    mails = mails_to(desk, "ana@patients.example")
    return next((mail for mail in mails if "/l/" in mail and word in mail.lower()), None)


def link_in(mail: str) -> str:
    return re.search(r"https?://[^\"\s<]+/l/[^\"\s<]+", mail).group(0)


def answer_intake(phone: httpx.Client, page: httpx.Response, **special) -> httpx.Response:
    """Page by page: calm answers, and what makes this patient different."""
    for _ in range(20):
        if "/pages/" not in str(page.url):
            return page
        form = next(form for form in forms_of(page.text) if len(form.kinds) > 3)
        entries = {}
        for name, kind in form.kinds.items():
            if name in special:
                entries[name] = special[name]
            elif form.choices.get(name):
                entries[name] = next((code for code in CALM if code in form.choices[name]), form.choices[name][0])
            elif kind == "number":
                entries[name] = "2"
        page = submit(phone, form, page, **entries)
        assert page.status_code == 200, page.text
    raise AssertionError("The intake does not end.")


@pytest.mark.worker
@pytest.mark.timeout(300)
def test_one_whole_clinic_day(clinic):
    therapist, desk = Script(clinic, "therapist@demo.example"), Script(clinic, "desk@demo.example")
    admin, auditor = Script(clinic, "admin@demo.example"), Script(clinic, "auditor@demo.example")
    sign_in_step(clinic, therapist, desk, auditor)
    patient = patients_step(desk, therapist, admin)
    visits = booking_step(clinic, desk, therapist, patient)
    # The worker and its clock start now, with a lead that makes the first visit's reminder due in a minute.
    lead = math.floor((visits["starts_at"] - datetime.now(UTC)).total_seconds() / 60) - 1
    start_clock(clinic, APPOINTMENT_REMINDER_MINUTES=str(lead))
    moved_to = move_before_the_reminder(desk, visits)
    screening_step(clinic, desk, therapist, patient)
    session = session_step(clinic, desk, therapist, patient)
    survey_step(clinic, desk, therapist, patient, session)
    outcomes_step(clinic, therapist, admin, patient)
    reminder_step(clinic, desk, patient, moved_to)
    audit_step(clinic, auditor, patient)


def sign_in_step(clinic: LiveClinic, therapist: Script, desk: Script, auditor: Script) -> None:
    """1. Roles are seen in what is offered and what is refused."""
    assert "My day" in therapist.browser.get("/").text
    assert desk.browser.get("/my-day/").status_code == 403
    assert desk.browser.get("/audit/").status_code == 403
    assert auditor.browser.get("/audit/").status_code == 200
    assert clinic.visitor().get("/patients/").url.path == "/sign-in/"
    assert httpx.get(f"{clinic.url}{API}/patients/").status_code == 401
    schema = therapist.http.get("/api/schema/")
    assert schema.status_code == 200
    assert "/api/v1/appointments/" in schema.text
    assert "swagger-ui" in therapist.browser.get("/api/docs/").text


def patients_step(desk: Script, therapist: Script, admin: Script) -> dict:
    """2. Register, search, edit with If-Match, duplicates, health lists, import."""
    location = next(row for row in desk.all("locations/") if row["name"] == "Riverside")
    body = {
        "given_name": "Ána",
        "family_name": "Lopez-Vega",
        "birth_on": "1980-05-17",
        "email": "ana@patients.example",
        "phone": "212 555 0134",
        "language": "es",
        "location_id": location["id"],
    }
    patient = desk.post("patients/", body, **{"Idempotency-Key": "ana"}).json()
    assert desk.post("patients/", body, **{"Idempotency-Key": "ana"}).json()["id"] == patient["id"]
    clash = desk.post("patients/", body, expect=409).json()
    assert clash["facts"]["candidate_ids"] == [patient["id"]]
    for words in ("lopez ana", "ana lop", "1980-05-17", "2125550134"):
        assert [row["id"] for row in desk.all("patients/", search=words)] == [patient["id"]], words
    fresh = desk.get(f"patients/{patient['id']}/")
    edited = desk.patch(f"patients/{patient['id']}/", {"address": "4 Elm Street"}, fresh.headers["ETag"])
    assert edited.json()["address"] == "4 Elm Street"
    desk.patch(f"patients/{patient['id']}/", {"address": "5 Elm Street"}, fresh.headers["ETag"], expect=412)
    me = therapist.get("me/").json()
    assert therapist.get(f"patients/{patient['id']}/", expect=404).json()["code"] == "not_found"
    desk.post(f"patients/{patient['id']}/care-team/", {"therapist_id": me["id"]})
    desk.post(f"patients/{patient['id']}/emergency-contacts/", {"name": "Luz Vega", "phone": "+12125550135"})
    for kind in ("email", "surveys"):
        desk.post(f"patients/{patient['id']}/consents/", {"kind": kind, "is_given": True})
    desk.post(f"patients/{patient['id']}/medicines/", {"name": "Ibuprofen"}, expect=403)
    therapist.post(f"patients/{patient['id']}/medicines/", {"name": "Ibuprofen 400 mg"})
    therapist.post(f"patients/{patient['id']}/earlier-treatments/", {"kind": "botulinum_toxin", "benefit": "none"})
    condition = {"kind": "chronic_neck_pain", "chronicity": "chronic", "diagnosed_by": "clinician"}
    assert therapist.post(f"patients/{patient['id']}/conditions/", condition).json()["code"] == "M54.2"
    assert len(therapist.get("condition-catalogue/").json()) >= 22
    import_step(admin, location)
    return patient


def import_step(admin: Script, location: dict) -> None:
    """2b. A file is tried, taken, and taken again without doubling."""
    rows = "old_id,given_name,family_name,birth_on\nA-1,Rosa,Imported,1971-02-03\nA-2,,Nameless,1971-02-03\n"
    body = {"kind": "patients", "source": "old system", "location_id": location["id"], "csv": rows}
    tried = admin.post("patient-imports/", {**body, "is_dry_run": True}).json()
    assert (tried["created_count"], tried["refused_count"]) == (1, 1)
    assert admin.all("patients/", search="imported") == []
    taken = admin.post("patient-imports/", {**body, "is_dry_run": False}).json()
    again = admin.post("patient-imports/", {**body, "is_dry_run": False}).json()
    assert (taken["created_count"], again["created_count"], again["unchanged_count"]) == (1, 0, 1)
    rosa = admin.all("patients/", search="imported rosa")
    assert [row["old_id"] for row in rosa] == ["A-1"]
    pills = "old_id,patient_old_id,name,started_on\nM-1,A-1,Warfarin 5 mg,2026-01-02\n"
    medicines = {**body, "kind": "medicines", "csv": pills, "is_dry_run": False}
    assert admin.post("patient-imports/", medicines).json()["created_count"] == 1


def booking_step(clinic: LiveClinic, desk: Script, therapist: Script, patient: dict) -> dict:
    """4. Free slots, book, 409 for 49 of 50, move, cancel; unscreened patients only get a first visit."""
    location = next(row for row in desk.all("locations/") if row["name"] == "Riverside")
    services = {row["name"]: row for row in desk.all("services/")}
    me = therapist.get("me/").json()
    first = services["First visit and assessment"]
    free = desk.get(
        "availability/",
        service=first["id"],
        location=location["id"],
        therapist=me["id"],
        **{"from": str(TODAY + timedelta(days=2)), "to": str(TODAY + timedelta(days=9))},
    ).json()
    assert free["timezone"] == "America/New_York"
    slot = with_room_after_it(free["results"])
    body = {
        "patient_id": patient["id"],
        "therapist_id": me["id"],
        "service_id": first["id"],
        "location_id": location["id"],
        "starts_at": slot["starts_at"],
    }
    unscreened = {**body, "service_id": services["Myofascial release"]["id"]}
    assert desk.post("appointments/", unscreened, expect=422).json()["code"] == "screening_blocks"

    def book(_number: int) -> int:
        return desk.http.post(f"{API}/appointments/", json=body).status_code

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(book, range(50)))
    assert sorted(answers) == [201] + [409] * 49
    booked = desk.all("appointments/", patient=patient["id"])
    assert [row["starts_at"] for row in booked] == [slot["starts_at"]]
    clash = desk.post("appointments/", body, expect=409).json()
    assert clash["code"].endswith("_taken")
    assert len(clash["facts"]["alternatives"]) == 3
    other = desk.post("appointments/", {**body, "starts_at": free["results"][-1]["starts_at"]}).json()
    cancelled = desk.post(f"appointments/{other['id']}/cancel/", {"reason": "patient_asked"}, expect=200).json()
    assert cancelled["status"] == "cancelled"
    assert slot["starts_at"] not in [
        each["starts_at"]
        for each in desk.get(
            "availability/",
            service=first["id"],
            location=location["id"],
            therapist=me["id"],
            **{"from": str(TODAY + timedelta(days=2)), "to": str(TODAY + timedelta(days=9))},
        ).json()["results"]
    ]
    return {
        "id": booked[0]["id"],
        "starts_at": datetime.fromisoformat(slot["starts_at"]),
        "body": body,
    }


def with_room_after_it(slots: list[dict]) -> dict:
    """A free time that may begin a little later, too: the demo's diary is another one every day."""
    begins = {datetime.fromisoformat(slot["starts_at"]): slot for slot in slots}
    quarters = [timedelta(minutes=15 * number) for number in (1, 2, 3)]
    return next(slot for at, slot in sorted(begins.items()) if all(at + later in begins for later in quarters))


def move_before_the_reminder(desk: Script, visit: dict) -> datetime:
    """6a. The promise moves with the visit: only the new time will be reminded."""
    later = visit["starts_at"] + timedelta(minutes=1)
    etag = desk.get(f"appointments/{visit['id']}/").headers["ETag"]
    moved = desk.patch(f"appointments/{visit['id']}/", {"starts_at": later.isoformat()}, etag).json()
    assert datetime.fromisoformat(moved["starts_at"]) == later
    assert moved["id"] == visit["id"]
    return later


def screening_step(clinic: LiveClinic, desk: Script, therapist: Script, patient: dict) -> None:
    """3. The intake on a phone, in Spanish; flags; the desk's light; clearing with a reason."""
    desk.post("intake-requests/", {"patient_id": patient["id"]})
    mail = eventually(lambda: first_mail(desk, "preguntas antes"))
    phone, page = open_link(clinic, link_in(mail), birth_on="1980-05-17", language="es")
    special = {"wound": "yes", "wound-where": ["LEG.ANT"], "blood-thinner": "yes", "blood-thinner-which": "Xarelto"}
    agreed = dict.fromkeys(("consent-treatment", "consent-email", "consent-surveys", "contact-doctor"), "yes")
    done = answer_intake(phone, page, **special, **agreed)
    form = next(form for form in forms_of(done.text) if form.action.endswith("/send/"))
    thanks = submit(phone, form, done)
    assert "Gracias" in thanks.text
    flags = {flag["rule_id"]: flag for flag in therapist.all("flags/", patient=patient["id"])}
    assert flags["CI-01"]["severity"] == "local"
    assert flags["CI-06a"]["severity"] == "relative"
    desk.get("flags/", expect=403, patient=patient["id"])
    lights = desk.get("screening-lights/", patient=patient["id"]).json()
    assert "red" in str(lights)
    assert "Xarelto" not in str(lights)
    therapist.post(f"flags/{flags['CI-06a']['id']}/clear/", {"reason": ""}, expect=400)
    clearance = {
        "reason": "Haematologist agrees to light pressure.",
        "clearance_from": "Dr. Hale",
        "cleared_until": (datetime.now(UTC) + timedelta(days=90)).isoformat(),
    }
    therapist.post(f"flags/{flags['CI-06a']['id']}/clear/", clearance, expect=200)
    assert "red" not in str(desk.get("screening-lights/", patient=patient["id"]).json())
    clinic.manage("screen_patients", "--all")
    admin = Script(clinic, "admin@demo.example")
    rosa = admin.all("patients/", search="imported rosa")[0]
    assert "red" in str(desk.get("screening-lights/", patient=rosa["id"]).json())


def session_step(clinic: LiveClinic, desk: Script, therapist: Script, patient: dict) -> dict:
    """5. Arrive, start, log, sign, frozen, addendum."""
    visit = clinic.visit_just_begun(patient_id=patient["id"])
    desk.post(f"appointments/{visit}/arrive/", expect=200)
    started = therapist.post("sessions/", {"appointment_id": visit})
    session = started.json()
    path = f"sessions/{session['id']}/"
    note = {"subjective": "Stiff neck", "plan": "Same next week", "pain_before": 7, "pain_after": 4}
    saved = therapist.patch(path, note, started.headers["ETag"])
    therapist.patch(path, {"plan": "Other"}, started.headers["ETag"], expect=412)
    point = {"muscle": "trap_upper", "side": "left", "status": "active", "tenderness": 3}
    therapist.post(f"{path}trigger-points/", point)
    therapist.post(
        f"{path}motions/", {"joint": "cervical", "motion": "rotation", "side": "left", "end": 55, "is_painful": True}
    )
    technique = {"technique": "sustained_pressure", "region": "SHOULDER.TOP", "side": "left", "minutes": 25}
    therapist.post(f"{path}techniques/", technique)
    page = therapist.browser.get(f"/{path}")
    assert page.status_code == 200
    assert "Upper trapezius" in page.text
    signed = therapist.http.post(
        f"{API}/{path}sign/", headers={"If-Match": therapist.get(path).headers["ETag"]}, json={}
    )
    assert signed.status_code == 200, signed.text
    assert signed.json()["state"] == "signed"
    therapist.patch(path, {"plan": "Changed"}, signed.headers["ETag"], expect=409)
    therapist.post(f"{path}techniques/", technique, expect=409)
    therapist.post(f"{path}addenda/", {"text": "Left and right were mixed up in the plan."})
    assert "mixed up" in therapist.browser.get(f"/{path}").text
    assert saved.json()["version"] > session["version"]
    assert desk.browser.get(f"/{path}").status_code in {403, 404}
    return session


def survey_step(clinic: LiveClinic, desk: Script, therapist: Script, patient: dict, session: dict) -> None:
    """6b. The follow-up question goes out by itself, is answered on a phone, once."""

    mail = eventually(lambda: first_mail(desk, "pregunta breve"), seconds=90)
    phone, page = open_link(clinic, link_in(mail), language="es")
    form = form_with(page.text, "pain")
    refused = submit(phone, form, page, had_unexpected_effect="no")
    assert refused.status_code == 422
    thanks = submit(phone, form, page, pain="3", had_unexpected_effect="yes", effect_text="Un hematoma pequeño")
    assert thanks.status_code == 200
    scores = therapist.all("pain-scores/", patient=patient["id"])
    assert {(row["moment"], row["score"]) for row in scores} >= {("before", 7), ("after", 4), ("follow_up", 3)}
    surveys = therapist.all("surveys/", patient=patient["id"])
    assert [row["had_unexpected_effect"] for row in surveys] == [True]
    assert len([m for m in mails_to(desk, "ana@patients.example") if "pregunta breve" in m.lower()]) == 1


def outcomes_step(clinic: LiveClinic, therapist: Script, admin: Script, patient: dict) -> None:
    """7. The pain curve, the report, and its export built by the worker."""
    curve = therapist.browser.get(f"/patients/{patient['id']}/outcomes/")
    assert curve.status_code == 200
    assert "<table" in curve.text
    wanted = {"from": str(TODAY - timedelta(days=380)), "to": str(TODAY + timedelta(days=1))}
    report = admin.get("outcome-report/", **wanted).json()
    assert report["from_on"] == wanted["from"]
    assert admin.browser.get("/reports/outcomes/", params=wanted).status_code == 200
    therapist.get("outcome-report/", expect=403, **wanted)
    job = admin.post("exports/", {"kind": "outcomes", **wanted}).json()

    def ready() -> dict | None:
        now = admin.get(f"exports/{job['id']}/").json()
        assert now["state"] in {"queued", "building", "ready"}, now
        return now if now["state"] == "ready" else None

    eventually(ready, seconds=60)
    file = admin.http.get(f"{API}/exports/{job['id']}/file/")
    assert file.status_code == 200
    rows = list(csv.DictReader(io.StringIO(file.text.lstrip("\ufeff"))))
    assert len(rows) >= 5
    assert "Lopez" not in file.text
    assert therapist.http.get(f"{API}/exports/{job['id']}/file/").status_code in {403, 404}


def reminder_step(clinic: LiveClinic, desk: Script, patient: dict, moved_to: datetime) -> None:
    """6c. Moved before its reminder: reminded once, for the new time; confirmed by link."""

    def reminders() -> list[dict]:
        rows = desk.all("messages/", patient=patient["id"])
        return [row for row in rows if row["template"] == "appointment_reminder"]

    eventually(lambda: [row for row in reminders() if row["state"] == "sent"], seconds=200, every=2)
    assert len(reminders()) == 1
    mails = [m for m in mails_to(desk, "ana@patients.example") if "recordatorio" in m.lower()]
    assert len(mails) == 1
    phone, page = open_link(clinic, link_in(mails[0]), language="es")
    form = next(form for form in forms_of(page.text) if "confirm" in form.action or "answer" in form.kinds)
    submit(phone, form, page, **({"answer": "confirm"} if "answer" in form.kinds else {}))
    visit = next(row for row in desk.all("appointments/", patient=patient["id"], status="confirmed"))
    assert datetime.fromisoformat(visit["starts_at"]) == moved_to


def audit_step(clinic: LiveClinic, auditor: Script, patient: dict) -> None:
    """8. Every write and every reading of this patient is in the trail, and the chain holds."""
    seen, address = set(), f"audit-events/?patient={patient['id']}&per_page=100"
    for _ in range(50):
        page = auditor.get(address).json()
        seen |= {row["action"] for row in page["results"]}
        if not page["next"]:
            break
        address = page["next"].split(f"{API}/")[1]
    assert seen >= {
        "patient.registered",
        "patient.edited",
        "patient.read",
        "medicine.added",
        "condition.added",
        "consent.recorded",
        "appointment.booked",
        "appointment.moved",
        "appointment.cancelled",
        "appointment.arrived",
        "appointment.confirmed",
        "questionnaire_response.submitted",
        "flag.opened",
        "flag.cleared",
        "session.started",
        "session.signed",
        "session.addendum_added",
        "survey.answered",
    }
    assert "The chain holds" in clinic.manage("verify_audit")
