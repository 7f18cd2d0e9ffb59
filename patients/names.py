"""One spelling for comparing and sorting names. Pure; register, edit, import and search all use it."""

import re
import unicodedata

NAME_KEY_LENGTH = 170

# What NFKD does not take apart, and the usual two-letter spellings.
_LETTERS = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "æ": "ae",
        "œ": "oe",
        "ø": "oe",
        "å": "aa",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
    }
)
# Spanish "güe" and "güi" only mark that the u is spoken: Agüero is Aguero.
_SPOKEN_U = re.compile("gü(?=[eéií])")
_APOSTROPHES = re.compile("['’‘ʼ`´]")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def name_key(text: str) -> str:
    """Lower case, without accents, apostrophes or punctuation, one space between words."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    spelled = _SPOKEN_U.sub("gu", folded).translate(_LETTERS)
    taken_apart = unicodedata.normalize("NFKD", spelled)
    bare = "".join(letter for letter in taken_apart if not unicodedata.combining(letter))
    return _BETWEEN_WORDS.sub(" ", _APOSTROPHES.sub("", bare)).strip()


def name_keys(*, given_name: str, family_name: str) -> tuple[str, str]:
    """The keys "family given" and "given family"."""
    given, family = name_key(given_name), name_key(family_name)
    return f"{family} {given}"[:NAME_KEY_LENGTH], f"{given} {family}"[:NAME_KEY_LENGTH]
