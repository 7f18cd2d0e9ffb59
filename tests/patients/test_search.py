from datetime import date, timedelta

import pytest
from django.db import connection

from audit.models import AuditEvent
from patients.models import Patient
from patients.searching import HINT_DATE, HINT_SHORT, SearchTerm, read_date, read_term
from tests.factories import LocationFactory, PatientFactory
from tests.patients.factories import named


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("ana lop", SearchTerm(words=("ana", "lop"))),
        ("Ló", SearchTerm(words=("lo",))),
        ("López, Ana", SearchTerm(words=("lopez", "ana"))),
        ("1980-05-17", SearchTerm(birth_on=date(1980, 5, 17))),
        ("lopez 1980-05-17", SearchTerm(words=("lopez",), birth_on=date(1980, 5, 17))),
        ("17.5.1980", SearchTerm(birth_on=date(1980, 5, 17))),
        ("5/17/1980", SearchTerm(birth_on=date(1980, 5, 17))),
        ("0123", SearchTerm(digits="0123")),
        ("(212) 555-0123", SearchTerm(digits="2125550123")),
        ("+1 212 555 0123", SearchTerm(digits="12125550123")),
        ("Maynard46", SearchTerm(words=("maynard46",))),
        ("a", SearchTerm(hint=HINT_SHORT)),
        ("***", SearchTerm(hint=HINT_SHORT)),
        ("123", SearchTerm(hint=HINT_SHORT)),
        ("5/17/80", SearchTerm(hint=HINT_DATE)),
        ("1980-02-30", SearchTerm(hint=HINT_DATE)),
        ("1980-05-17 1980-05-18", SearchTerm(hint=HINT_DATE)),
        ("a b c d e", SearchTerm(words=("a", "b", "c", "d"))),
    ],
)
def test_reads_what_was_typed(text, term):
    assert read_term(text) == term


@pytest.mark.parametrize(
    ("text", "countries", "day"),
    [
        ("5/6/1980", {"US"}, date(1980, 5, 6)),
        ("5/6/1980", {"ES"}, date(1980, 6, 5)),
        ("5/6/1980", {"US", "ES"}, None),
        ("5/6/1980", set(), None),
        ("17/5/1980", {"US"}, date(1980, 5, 17)),
        ("5/17/1980", {"ES"}, date(1980, 5, 17)),
        ("6/6/1980", {"US", "ES"}, date(1980, 6, 6)),
        ("05-06-1980", {"US"}, date(1980, 5, 6)),
        ("5.6.1980", {"US"}, date(1980, 6, 5)),
        ("1980/5/6", {"US"}, date(1980, 5, 6)),
        ("5/6-1980", {"US"}, None),
        ("0/6/1980", {"US"}, None),
        ("99/99/9999", {"US"}, None),
    ],
)
def test_a_date_is_read_as_the_location_writes_it_or_not_at_all(text, countries, day):
    assert read_date(text, countries=countries) == day


def test_the_trail_learns_the_kind_of_search_only():
    assert read_term("ana 1980-05-17").kind == "name+birth_on"
    assert read_term("0123").kind == "phone"
    assert read_term("a").kind == "unreadable"


@pytest.fixture
def people(location):
    return {
        "ana": named("Ana", "López", locations=[location], phone="+12125550123"),
        "maria": named("Ana María", "García López", locations=[location], born=date(1990, 1, 2)),
        "lopa": named("Lopa", "Anand", locations=[location], phone="+34612345678"),
        "conor": named("Conor", "O'Brien", locations=[location]),
    }


def found(text, user, people, countries=("US",)):
    rows = Patient.objects.visible_to(user).search(read_term(text, countries=countries), countries=countries)
    return {name for name, patient in people.items() if patient in set(rows)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("lop", {"ana", "lopa"}),
        ("LÓPEZ", {"ana"}),
        ("ana", {"ana", "maria", "lopa"}),
        ("ana lop", {"ana", "lopa"}),
        ("lop ana", {"ana", "lopa"}),
        ("lopez ana", {"ana"}),
        ("López, Ana", {"ana"}),
        ("ana garcia", {"maria"}),
        ("garcia lopez ana", {"maria"}),
        ("ana maria garcia", {"maria"}),
        ("ana maria garcia lopez", {"maria"}),
        ("o'brien", {"conor"}),
        ("obr", {"conor"}),
        ("pez", set()),
        ("ana lopez 1980-05-17", {"ana"}),
        ("ana 1990-01-02", {"maria"}),
        ("1990-01-02", {"maria"}),
        ("0123", {"ana"}),
        ("555 0123", {"ana"}),
        ("212555", {"ana"}),
        ("+12125550123", {"ana"}),
        ("612 345", set()),
        ("+34 612", {"lopa"}),
        ("5678", {"lopa"}),
        ("0000", set()),
        ("a", set()),
        ("%", set()),
        ("_na", set()),
    ],
)
def test_finds(text, names, people, front_desk):
    assert found(text, front_desk, people) == names


@pytest.mark.django_db
def test_a_number_may_be_typed_as_in_its_own_country(people, front_desk):
    assert found("612 345", front_desk, people, countries=("ES",)) == {"lopa"}


@pytest.mark.django_db
def test_search_never_leaves_the_circle_of_what_one_may_see(people, stranger, therapist):
    assert found("lopez", stranger, people) == set()
    assert found("0123", therapist, people) == set()


@pytest.fixture
def crowd(db):
    """Enough patients for the planner to think about indexes."""
    people = PatientFactory.build_batch(3000)
    for number, person in enumerate(people):
        person.phone = f"+1212{number:07}"
        person.birth_on = date(1940, 1, 1) + timedelta(days=number * 7)
    Patient.objects.bulk_create(people)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE patients_patient")


def plan_of(rows):
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


# Names are also in the index of the constraint on name and birth date; the planner may take either.
BY_NAME = {"patient_by_name", "patient_same_name_and_birth_date_once"}


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize(
    ("text", "indexes"),
    [
        ("lopez17 ana17", [BY_NAME, {"patient_by_given_name"}]),
        ("lopez177", [BY_NAME, {"patient_by_given_name"}]),
        ("1980-05-17", [{"patient_by_birth_date"}]),
        ("0000123", [{"patient_by_phone"}, {"patient_by_phone_ending"}]),
    ],
)
def test_an_index_serves_every_kind_of_search(text, indexes):
    plan = plan_of(Patient.objects.search(read_term(text)))
    assert "Seq Scan" not in plan
    for either in indexes:
        assert any(f"on {name} " in plan or f"using {name} " in plan for name in either), plan


@pytest.mark.usefixtures("crowd")
def test_the_next_page_is_an_index_walk_without_sorting_or_skipping():
    edge = Patient.objects.by_name()[1500]
    for page in (Patient.objects.after(edge)[:26], Patient.objects.before(edge)[:26], Patient.objects.by_name()[:26]):
        plan = plan_of(page)
        assert "using patient_by_name " in plan
        assert "Sort" not in plan
        assert "OFFSET" not in str(page.query)


@pytest.mark.django_db
def test_pages_by_name_meet_without_gap_or_overlap_even_among_namesakes(location):
    rows = [named("Ana", "López", born=date(1980, 1, day), locations=[location]) for day in range(1, 6)]
    rows += [named("Zoë", "Zar", locations=[location]), named("Ana", "Abad", locations=[location])]
    ordered = list(Patient.objects.by_name())
    assert [row.family_name for row in ordered[:2]] == ["Abad", "López"]
    for place, row in enumerate(ordered):
        assert list(Patient.objects.after(row)) == ordered[place + 1 :]
        assert list(Patient.objects.before(row)) == ordered[:place][::-1]


@pytest.mark.django_db
def test_typing_suggests_at_most_eight_and_audits_without_the_text(location, front_desk, page_of):
    for number in range(9):
        named(f"Ana{number}", "López", locations=[location], born=date(1980, 1, number + 1))
    answer = page_of(front_desk).get("/patients/search/", {"q": "lopez"})
    assert answer.status_code == 200
    assert answer.content.decode().count("<li>") == 8
    assert "There are more" in answer.content.decode()
    event = AuditEvent.objects.get()
    assert (event.action, event.patient_id, event.facts) == ("patients.searched", None, {"by": "name"})
    assert event.subject_id == str(front_desk.public_id)


@pytest.mark.django_db
def test_suggestions_lead_where_the_screen_asks(location, front_desk, page_of):
    patient = named("Ana", "López", locations=[location])
    browser = page_of(front_desk)
    page = browser.get("/patients/search/", {"q": "ana"}).content.decode()
    assert f'href="/patients/{patient.public_id}/"' in page
    asked = {"q": "ana", "target": "/diary/book/?location=5&patient=old", "in": "dialog"}
    page = browser.get("/patients/search/", asked).content.decode()
    assert f'hx-get="/diary/book/?location=5&amp;patient={patient.public_id}"' in page
    page = browser.get("/patients/search/", {"q": "ana", "as": "radio"}).content.decode()
    assert f'<input type="radio" name="patient" value="{patient.public_id}" required>' in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example", "evil.example"]
)
def test_suggestions_never_lead_out_of_the_clinic(target, location, front_desk, page_of):
    patient = named("Ana", "López", locations=[location])
    page = page_of(front_desk).get("/patients/search/", {"q": "ana", "target": target}).content.decode()
    assert f'href="/patients/{patient.public_id}/"' in page
    assert "evil" not in page
    assert "javascript" not in page


@pytest.mark.django_db
def test_suggestions_show_nobody_hidden(location, stranger, page_of):
    named("Ana", "López", locations=[location])
    assert "Nobody found." in page_of(stranger).get("/patients/search/", {"q": "ana"}).content.decode()


@pytest.mark.django_db
def test_an_unreadable_text_is_answered_by_a_hint_and_an_empty_one_by_nothing(front_desk, page_of):
    browser = page_of(front_desk)
    assert HINT_DATE in browser.get("/patients/search/", {"q": "5/6/80"}).content.decode()
    assert browser.get("/patients/search/", {"q": "  "}).content == b""


@pytest.mark.django_db
def test_a_member_of_two_countries_is_asked_to_write_the_date_plainly(location, front_desk, page_of):
    front_desk.locations.add(LocationFactory(country="ES"))
    assert HINT_DATE in page_of(front_desk).get("/patients/search/", {"q": "5/6/1980"}).content.decode()


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_suggestions(
    location, front_desk, page_of, django_assert_num_queries
):
    browser = page_of(front_desk)
    browser.get("/patients/search/")
    for number in range(3):
        named(f"Ana{number}", "López", locations=[location], born=date(1980, 1, number + 1))
    for born in (2, 3):
        with django_assert_num_queries(5):  # session, user, countries, trail, patients
            browser.get("/patients/search/", {"q": "lopez"})
        for number in range(9):
            named(f"Eva{number}", "López", locations=[location], born=date(1980, born, number + 1))
