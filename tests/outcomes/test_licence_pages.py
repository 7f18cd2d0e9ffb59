"""The pages on which an administrator attests a licence."""

import pytest

from outcomes.models import LicenceAttestation
from tests.factories import LicenceAttestationFactory

LIST, ODI = "/setup/measures/", "/setup/measures/odi/licence/"
FILLED = {"rights_holder": "Mapi", "reference": "C-12", "mode": "paper", "expires_on": "2099-05-01"}
pytestmark = pytest.mark.django_db


def test_an_administrator_attests_and_withdraws(page_of, admin):
    page = page_of(admin)
    assert "No licence on record" in page.get(LIST).content.decode()
    assert page.post(ODI, FILLED).status_code == 302
    row = LicenceAttestation.objects.get()
    assert (row.instrument_key, row.reference, row.item_texts, row.attested_by) == ("odi", "C-12", [], admin)
    assert "C-12" in page.get(LIST).content.decode()
    page.post(f"/setup/licences/{row.public_id}/withdraw/")
    row.refresh_from_db()
    assert row.withdrawn_at is not None


def test_words_are_kept_by_item_in_both_languages(page_of, admin):
    english, spanish = "\n".join("abcdefghij"), "\r\n\r\n".join("qrstuvwxyz")
    page_of(admin).post(ODI, {**FILLED, "mode": "both", "texts_en": english, "texts_es": spanish})
    assert LicenceAttestation.objects.get().item_texts[1] == {"en": "b", "es": "r"}


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": ""}, {"expires_on": "2020-01-01"}, {"mode": "electronic"},
        {"mode": "both", "texts_en": "one"}, {"texts_en": "\n".join("abcdefghij"), "texts_es": "uno"},
    ],
    ids=str,
)  # fmt: skip
def test_what_lacks_is_said_and_nothing_is_kept(page_of, admin, changes):
    answer = page_of(admin).post(ODI, {**FILLED, **changes})
    assert answer.status_code == 422
    assert "error-summary" in answer.content.decode()
    assert not LicenceAttestation.objects.exists()


def test_nobody_else_enters(page_of, therapist):
    row = LicenceAttestationFactory()
    page = page_of(therapist)
    assert page.get(LIST).status_code == page.get(ODI).status_code == 403
    assert page.post(ODI, FILLED).status_code == 403
    assert page.post(f"/setup/licences/{row.public_id}/withdraw/").status_code == 403
    assert LicenceAttestation.objects.get().withdrawn_at is None


@pytest.mark.parametrize("key", ["nrs-now", "none"])
def test_there_is_no_licence_of_what_is_free_or_unknown(page_of, admin, key):
    assert page_of(admin).get(f"/setup/measures/{key}/licence/").status_code == 404


def test_the_list_costs_the_same_at_any_length(page_of, admin, django_assert_max_num_queries):
    page = page_of(admin)
    for _ in range(9):
        LicenceAttestationFactory()
    with django_assert_max_num_queries(7):
        page.get(LIST)
