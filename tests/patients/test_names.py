import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.names import NAME_KEY_LENGTH, name_key, name_keys


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("  Ana   López ", "ana lopez"),
        ("MÜLLER", "mueller"),
        ("Mu\u0308ller", "mueller"),
        ("Agüero", "aguero"),
        ("Güiraldes", "guiraldes"),
        ("Groß", "gross"),
        ("Sørensen", "soerensen"),
        ("Łukasz", "lukasz"),
        ("O'Brien", "obrien"),
        ("O’Brien", "obrien"),
        ("Saint-Étienne", "saint etienne"),
        ("García_Márquez, Jr.", "garcia marquez jr"),
        ("ﬁona", "fiona"),
        ("Иванов", "иванов"),
        ("***", ""),
    ],
)
def test_one_spelling_for_comparing(written, key):
    assert name_key(written) == key


def test_keys_are_family_first_and_given_first():
    assert name_keys(given_name="Ana María", family_name="López") == ("lopez ana maria", "ana maria lopez")


@given(st.text(max_size=80))
def test_a_key_is_its_own_key_and_never_has_two_spaces(text):
    key = name_key(text)
    assert name_key(key) == key
    assert "  " not in key
    assert key == key.strip()


@given(st.text(max_size=80), st.text(max_size=80))
def test_keys_always_fit_their_column(given_name, family_name):
    assert all(len(key) <= NAME_KEY_LENGTH for key in name_keys(given_name=given_name, family_name=family_name))
