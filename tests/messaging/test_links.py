"""The patients' door, attacked."""

import base64
import hashlib
import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.core import signing
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation

from audit.context import audit_context, current
from audit.models import AuditEvent
from audit.services import record
from messaging import links, services
from messaging.delivery import deliver
from messaging.errors import BirthDateWrong, LinkDead
from messaging.models import SignedLink, Subject
from tests.factories import PatientFactory
from tests.messaging.factories import a_link, digest_of_rows, promise, token_of

BIRTH = date(1980, 5, 17)
DEAD = b"This link no longer works"
PAGES = {"intake": "/p/intake/", "visit": "/p/visit/", "survey": "/p/survey/"}


@pytest.fixture(autouse=True)
def own_context():
    """Credentials noted outside a request end with the test."""
    with audit_context(request_id="", via=""):
        yield


def address_of(link):
    return reverse("messaging:link", args=[token_of(link)])


def enter(client, link, **answers):
    return client.post(address_of(link), answers)


def request_with(cookies, language="en"):
    request = RequestFactory().get("/p/visit/", headers={"Accept-Language": language})
    request.COOKIES.update({name: getattr(morsel, "value", morsel) for name, morsel in cookies.items()})
    return request


# The token


def test_the_token_is_256_bits_and_the_address_is_the_sites(db, settings):
    link = a_link()
    token = token_of(link)
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert services.link_url(link) == f"{settings.SITE_URL}/l/{token}/"
    assert link.digest == hashlib.sha256(token.encode()).hexdigest()


def test_another_secret_key_opens_nothing(db, settings):
    link = a_link()
    address = address_of(link)
    settings.SECRET_KEY = "another-secret-key-of-another-installation-0123456789"
    assert token_of(link) not in address


def test_two_links_to_the_same_thing_have_different_tokens(db):
    first = a_link()
    assert token_of(first) != token_of(a_link(first.patient, target_id=first.target_id))


def test_no_row_of_any_table_holds_a_token(client, db, caplog):
    caplog.set_level("DEBUG")
    link = a_link(purpose="intake")
    message = promise(link.patient, template="intake_request", context={}, link=link)
    enter(client, link, birth_on="1999-01-01")
    enter(client, link, birth_on=BIRTH.isoformat())
    links.mark_used(link=link)
    enter(client, link, birth_on=BIRTH.isoformat())
    token = token_of(link)
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE strpos(t::text, %s) > 0', [token])
            assert cursor.fetchone() == (0,), table
    assert token not in caplog.text
    assert message.link == link


def test_only_the_local_outbox_shows_a_token_because_it_is_the_letter_box(db):
    link = a_link()
    message = promise(link.patient, link=link)
    deliver(str(message.public_id))
    message.refresh_from_db()
    assert token_of(link) not in str(vars(message))


# Opening


@pytest.mark.parametrize("purpose", PAGES)
@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_shows_nothing_personal_and_changes_nothing(client, db, purpose, method):
    link = a_link(PatientFactory(given_name="Zenobia", family_name="Quill", email="zq@patients.example"), purpose)
    before = digest_of_rows()
    for _ in range(3):
        answer = getattr(client, method)(address_of(link))
    assert answer.status_code == 200
    assert digest_of_rows() == before
    assert not set(answer.cookies) - {"csrf"}
    text = answer.content.decode()
    shown = [link.patient.given_name, link.patient.family_name, link.patient.email, str(link.target_id), token_of(link)]
    assert not [word for word in shown if word in text]


def test_other_methods_are_refused(client, db):
    address = address_of(a_link())
    assert client.put(address).status_code == 405
    assert client.delete(address).status_code == 405


def test_the_token_does_not_travel_as_a_referrer(client, db):
    answer = client.get(address_of(a_link()))
    assert answer["Cache-Control"] == "no-store"
    policies = [part.split('"')[0] for part in answer.content.decode().split('name="referrer" content="')[1:]]
    assert policies[-1] == "strict-origin"


@pytest.mark.parametrize("purpose", PAGES)
def test_the_button_lets_the_person_in_and_leads_to_the_clean_page(client, db, purpose):
    link = a_link(purpose=purpose)
    answer = enter(client, link, birth_on=BIRTH.isoformat())
    assert (answer.status_code, answer["Location"]) == (302, PAGES[purpose])
    assert links.link_of(request_with(client.cookies), purpose) == link
    link.refresh_from_db()
    assert link.opened_at is not None
    event = AuditEvent.objects.get(action="link.opened")
    assert (event.actor_kind, event.actor_id, event.patient_id) == ("link", link.public_id, link.patient.public_id)


def test_without_a_csrf_token_nobody_gets_in(db):
    link = a_link()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(address_of(link)).status_code == 403
    assert not AuditEvent.objects.filter(action="link.opened").exists()
    strict.get(address_of(link))
    answer = strict.post(address_of(link), {"csrfmiddlewaretoken": strict.cookies["csrf"].value})
    assert answer.status_code == 302


def killed(how, link):
    now = timezone.now()
    if how == "expired":
        SignedLink.objects.filter(pk=link.pk).update(expires_at=now)
    if how == "revoked":
        services.revoke_links(target_id=link.target_id, purpose=link.purpose, by=link)
    if how == "used":
        links.mark_used(link=link)
    if how == "moved":
        services.supersede(key=link.subject.key)
    if how == "cancelled":
        services.supersede(key=link.subject.key, is_live=False)


WAYS_TO_DIE = ["expired", "revoked", "used", "moved", "cancelled"]


@pytest.mark.parametrize("how", WAYS_TO_DIE)
def test_a_dead_link_says_the_same_as_one_that_never_was(client, db, how):
    link = a_link(purpose="survey", subject=services.subject(key="appointment:7"))
    killed(how, link)
    never = client.get(reverse("messaging:link", args=["A" * 43]))
    before = digest_of_rows()
    for answer in (client.get(address_of(link)), enter(client, link)):
        assert answer.status_code == 404
        assert DEAD in answer.content
        assert answer.content == never.content
        assert not set(answer.cookies)
    assert digest_of_rows() == before


@pytest.mark.parametrize("how", WAYS_TO_DIE)
def test_a_cookie_stops_working_the_moment_its_link_dies(client, db, how):
    link = a_link(purpose="survey", subject=services.subject(key="appointment:7"))
    enter(client, link)
    assert links.link_of(request_with(client.cookies), "survey") == link
    killed(how, link)
    with pytest.raises(LinkDead):
        links.link_of(request_with(client.cookies), "survey")


@pytest.mark.parametrize("change", [{"version": 2}, {"is_live": False}])
def test_a_link_about_an_older_version_is_dead_even_if_nobody_revoked_it(db, change):
    link = a_link(subject=services.subject(key="appointment:7"))
    assert links.open_link(token_of(link)) == link
    Subject.objects.update(**change)
    with pytest.raises(LinkDead):
        links.open_link(token_of(link))


def test_after_use_the_thank_you_page_still_knows_who_it_is(client, db):
    link = a_link(purpose="survey")
    enter(client, link)
    links.mark_used(link=link)
    assert links.link_of(request_with(client.cookies), "survey", after_use=True) == link
    killed("revoked", link)
    with pytest.raises(LinkDead):
        links.link_of(request_with(client.cookies), "survey", after_use=True)


def test_a_visits_link_serves_more_than_once(client, db):
    link = a_link(purpose="visit")
    links.mark_used(link=link)
    assert enter(client, link).status_code == 302


def test_a_link_is_used_up_once(db):
    link = a_link(purpose="survey")
    links.mark_used(link=link)
    with pytest.raises(LinkDead):
        links.mark_used(link=link)
    assert AuditEvent.objects.filter(action="link.used").count() == 1


@pytest.mark.parametrize("position", [0, 21, 41])
def test_a_token_with_one_wrong_bit_is_unknown(client, db, position):
    link = a_link()
    token = token_of(link)
    wrong = base64.urlsafe_b64decode(token + "=")
    at = position * 31 // 41
    flipped = wrong[:at] + bytes([wrong[at] ^ 1]) + wrong[at + 1 :]
    forged = base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()
    assert forged != token
    assert client.post(reverse("messaging:link", args=[forged])).status_code == 404


@pytest.mark.parametrize("token", ["x", "%00", "é", "A" * 5000, "..%2F..", "'--"])
def test_nonsense_is_dead_too(client, db, token):
    answer = client.get(f"/l/{token}/")
    assert answer.status_code == 404


def test_the_dead_page_has_an_address_of_its_own(client, db):
    answer = client.get(reverse("messaging:link-dead"))
    assert answer.status_code == 404
    assert DEAD in answer.content


def test_known_and_unknown_tokens_cost_the_same_queries(client, db, django_assert_num_queries):
    link = a_link()
    killed("revoked", link)
    with django_assert_num_queries(1):
        client.get(address_of(link))
    with django_assert_num_queries(1):
        client.get(reverse("messaging:link", args=["A" * 43]))


# The birth date


def test_health_answers_need_the_birth_date(client, db):
    link = a_link(purpose="intake")
    page = client.get(address_of(link))
    assert b'name="birth_on"' in page.content
    for answers in ({}, {"birth_on": "17.5.1980"}, {"birth_on": "1980-02-31"}):
        answer = enter(client, link, **answers)
        assert answer.status_code == 422
        assert "birth_on" in answer.context["form"].errors
    link.refresh_from_db()
    assert link.failed_tries == 0, "what is no date is no try"


def test_a_wrong_birth_date_is_said_beside_the_field_with_the_tries_left(client, db):
    link = a_link(purpose="intake")
    answer = enter(client, link, birth_on="1980-05-18")
    assert answer.status_code == 422
    assert answer.context["form"].errors["birth_on"] == ["This is not the birth date we have. Tries left: 4."]
    assert "link-intake" not in answer.cookies
    event = AuditEvent.objects.get(action="link.birth_date_refused")
    assert (event.actor_id, event.facts) == (link.public_id, {"purpose": "intake", "failed_tries": 1})


def test_the_fifth_wrong_birth_date_kills_the_link_and_is_audited(client, db):
    link = a_link(purpose="intake")
    statuses = [enter(client, link, birth_on=f"1980-05-{day}").status_code for day in (1, 2, 3, 4, 5)]
    assert statuses == [422, 422, 422, 422, 404]
    assert enter(client, link, birth_on=BIRTH.isoformat()).status_code == 404
    link.refresh_from_db()
    assert (link.failed_tries, link.revoked_at is not None, link.opened_at) == (5, True, None)
    assert AuditEvent.objects.filter(action="link.birth_date_refused").count() == 5
    assert AuditEvent.objects.get(action="link.locked").subject_id == str(link.public_id)


def test_a_right_birth_date_does_not_give_the_tries_back(client, db):
    link = a_link(purpose="intake")
    for day in (1, 2, 3, 4):
        enter(client, link, birth_on=f"1980-05-{day}")
    assert enter(client, link, birth_on=BIRTH.isoformat()).status_code == 302
    assert enter(client, link, birth_on="1980-05-01").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_twenty_guesses_at_once_get_five_tries():
    link = a_link(purpose="intake")
    token = token_of(link)
    barrier = threading.Barrier(10)
    outcomes = []

    def guess():
        try:
            barrier.wait()
            links.exchange(token=token, birth_on=date(1980, 1, 1))
        except (BirthDateWrong, LinkDead) as refusal:
            outcomes.append(refusal.facts.get("remaining", 0))
        finally:
            connection.close()

    for _ in range(2):
        threads = [threading.Thread(target=guess) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(outcomes) == [0] * 16 + [1, 2, 3, 4]
    assert AuditEvent.objects.filter(action="link.birth_date_refused").count() == 5


# The cookie


def test_the_cookie_is_short_and_for_this_site_only(client, db):
    link = a_link()
    morsel = enter(client, link).cookies["link-visit"]
    assert (morsel["max-age"], morsel["httponly"], morsel["samesite"], morsel["path"]) == (1800, True, "Lax", "/")
    assert token_of(link) not in morsel.value


def test_in_production_the_cookie_is_host_bound_and_secure(client, db, settings):
    settings.SESSION_COOKIE_SECURE = True
    morsel = enter(client, a_link()).cookies["__Host-link-visit"]
    assert morsel["secure"] is True
    assert (morsel["path"], morsel["domain"]) == ("/", "")
    assert links.link_of(request_with(client.cookies), "visit")


@pytest.mark.parametrize("wanted", ["intake", "survey"])
def test_a_cookie_opens_its_own_purpose_only_even_under_another_name(client, db, wanted):
    enter(client, a_link(purpose="visit"))
    stolen = client.cookies["link-visit"].value
    for cookies in (client.cookies, {f"link-{wanted}": stolen}):
        with pytest.raises(LinkDead):
            links.link_of(request_with(cookies), wanted)


def test_a_cookie_signed_for_another_purpose_opens_nothing(db):
    intake = a_link(purpose="intake")
    forged = signing.dumps(str(intake.public_id), salt=links._salt("visit"))
    with pytest.raises(LinkDead):
        links.link_of(request_with({"link-intake": forged}), "intake")


@pytest.mark.parametrize("change", [lambda v: v[:-1] + ("A" if v[-1] != "A" else "B"), lambda v: "", lambda v: "a:b:c"])
def test_a_changed_cookie_opens_nothing(client, db, change):
    enter(client, a_link())
    client.cookies["link-visit"] = change(client.cookies["link-visit"].value)
    with pytest.raises(LinkDead):
        links.link_of(request_with(client.cookies), "visit")


def test_a_cookie_older_than_half_an_hour_opens_nothing(client, db):
    enter(client, a_link())
    with time_machine.travel(timezone.now() + timedelta(minutes=29, seconds=50)):
        assert links.link_of(request_with(client.cookies), "visit")
    with time_machine.travel(timezone.now() + timedelta(minutes=30, seconds=5)), pytest.raises(LinkDead):
        links.link_of(request_with(client.cookies), "visit")


def test_two_links_can_be_open_side_by_side(client, db):
    visit, survey = a_link(purpose="visit"), a_link(purpose="survey")
    enter(client, visit)
    enter(client, survey)
    assert links.link_of(request_with(client.cookies), "visit") == visit
    assert links.link_of(request_with(client.cookies), "survey") == survey


def test_closing_takes_the_cookies_away(client, db):
    answer = enter(client, a_link())
    links.close_link(answer)
    assert answer.cookies["link-visit"]["max-age"] == 0


def test_the_patients_acts_are_audited_under_the_link(client, db):
    link = a_link()
    enter(client, link)
    links.link_of(request_with(client.cookies), "visit")
    assert current().via == f"link:{link.public_id}"
    record(actor=link, action="test.done", subject=link)
    assert AuditEvent.objects.get(action="test.done").via == f"link:{link.public_id}"


# The language


def test_before_the_exchange_the_browser_decides_the_language(client, db):
    link = a_link(PatientFactory(language="es"))
    assert client.get(address_of(link), headers={"Accept-Language": "en"})["Content-Language"] == "en"
    assert client.get(address_of(link), headers={"Accept-Language": "es"})["Content-Language"] == "es"


@pytest.mark.parametrize(("chosen", "expected"), [(None, "es"), ("en", "en")])
def test_after_it_the_patients_language_unless_the_browser_chose_one(client, db, settings, chosen, expected):
    enter(client, a_link(PatientFactory(language="es")))
    cookies = dict(client.cookies)
    if chosen:
        cookies[settings.LANGUAGE_COOKIE_NAME] = chosen
    with translation.override("en"):
        links.link_of(request_with(cookies), "visit")
        assert translation.get_language() == expected
