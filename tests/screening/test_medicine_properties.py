"""What must hold for every name of the dictionary and for any text at all."""

from __future__ import annotations

import re
import string
import time
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from screening.medicines import _close_names, dictionary, matches, normalise, segments
from tests.screening.medicine_figures import labelled

NAMES = sorted(" ".join(words) for words in dictionary().by_name)
SINGLE = [name for name in NAMES if " " not in name and len(name) >= 6]
THINNERS = sorted(
    name
    for name in NAMES
    if any(kind in {"anticoagulant", "antiplatelet"} for _, kind in dictionary().by_name[tuple(name.split())])
)
STRENGTHS = ["", " 5", " 5 mg", " 2.5mg", " 2,5 MG", " 10 MG/ML", " 1000 IU", " 40 mg/0.4 ml", " 75MCG"]
FORMS = [
    "",
    " tablet",
    " tabs",
    " capsules",
    " oral tablet",
    " comprimidos",
    " cápsulas",
    " injection",
    " prefilled syringe",
]
OVER_BEFORE = [
    *("stopped", "I stopped taking", "quit", "no", "not on", "no longer on", "used to take", "never", "I don't take"),
    *("allergic to", "allergy to", "previously on", "dejé de tomar", "ya no tomo", "no tomo", "nunca", "alérgica a"),
]
OVER_AFTER = [
    "stopped",
    "was stopped",
    "discontinued",
    ", stopped in 2019",
    "(stopped last year)",
    "allergy",
    "suspendido",
]
STILL = ["never stopped", "I haven't stopped taking", "not stopped", "no he dejado", "nunca dejé de tomar"]
EVIL = {
    "one word": "a" * 100,
    "a word like a name": "warfarin" * 15,
    "spaces": " " * 100,
    "a slash and spaces": "/" + " " * 100,
    "slashes": "/ 5 " * 25,
    "names": "warfarin " * 12,
    "aspirin, which looks for its reason": "aspirin " * 13,
    "cues": "stopped taking the my " * 5,
    "afterthoughts": ", stopped" * 12,
    "separators": ",;.\n/" * 20,
    "digits": "5" * 100,
    "initials": "a." * 50,
    "accents": "é" * 100,
    "combining marks": "e" + "\u0301\u0323" * 50,
    "combining marks of one letter": "\u0301\u0323" * 50,
    "unseen characters": "\u200b" * 100,
    "a letter that becomes many": "\ufdfa" * 50,
    "names nobody knows": "warfqrjn eliquxs " * 6,
}


def meant_by(name):
    return {substance for substance, _ in dictionary().by_name[tuple(name.split())]}


def moments(text):
    return {match.substance: match.when for match in matches(text)}


def with_accents(name, places):
    marked = [
        letter + "\u0301" if place in places and letter in "aeiou" else letter for place, letter in enumerate(name)
    ]
    return unicodedata.normalize("NFC", "".join(marked))


@given(
    name=st.sampled_from(NAMES),
    strength=st.sampled_from(STRENGTHS),
    form=st.sampled_from(FORMS),
    case=st.sampled_from([str.lower, str.upper, str.title, str.swapcase]),
    places=st.sets(st.integers(0, 20)),
)
def test_strengths_forms_case_and_accents_never_change_a_match(name, strength, form, case, places):
    assert moments(case(with_accents(name, places)) + strength + form) == dict.fromkeys(meant_by(name), "now")


@given(name=st.sampled_from([name for name in NAMES if re.search("[a-z]{3}$", name)]), strength=st.integers(1, 5000))
def test_a_strength_may_stick_to_the_name(name, strength):
    assert moments(f"{name}{strength}mg") == dict.fromkeys(meant_by(name), "now")


@given(name=st.sampled_from(SINGLE), data=st.data())
def test_one_slip_after_the_first_letter_loses_no_name(name, data):
    place = data.draw(st.integers(1, len(name) - 1))
    slip = data.draw(st.sampled_from(["put", "drop", "change", "swap"]))
    letter = data.draw(st.sampled_from(string.ascii_lowercase))
    written = {
        "put": name[:place] + letter + name[place:],
        "drop": name[:place] + name[place + 1 :],
        "change": name[:place] + letter + name[place + 1 :],
        "swap": name[: place - 1] + name[place] + name[place - 1] + name[place + 1 :] if place > 1 else name,
    }[slip]
    assume(len(written) >= 6)
    known = dictionary()
    assume((written,) not in known.words["never_like"])
    assume((written,) not in known.by_name or written == name)
    assert meant_by(name) & moments(written).keys()


@given(name=st.sampled_from(NAMES), cue=st.sampled_from(OVER_BEFORE), strength=st.sampled_from(STRENGTHS))
def test_a_name_that_is_denied_or_over_is_earlier(name, cue, strength):
    assert moments(f"{cue} {name}{strength}") == dict.fromkeys(meant_by(name), "earlier")


@given(
    name=st.sampled_from(NAMES),
    cue=st.sampled_from(OVER_AFTER),
    strength=st.sampled_from(STRENGTHS),
    form=st.sampled_from(FORMS),
)
def test_a_name_said_to_be_over_afterwards_is_earlier(name, cue, strength, form):
    assert moments(f"{name}{strength}{form} {cue}") == dict.fromkeys(meant_by(name), "earlier")


@given(name=st.sampled_from(NAMES), cue=st.sampled_from(STILL))
def test_never_stopped_is_now(name, cue):
    assert moments(f"{cue} {name}") == dict.fromkeys(meant_by(name), "now")


@given(name=st.sampled_from(NAMES), other=st.sampled_from(THINNERS), cue=st.sampled_from(OVER_BEFORE))
def test_what_is_over_never_softens_what_is_taken_now(name, other, cue):
    found = moments(f"{cue} {name}\n{other} 5 mg")
    assert {found[substance] for substance in meant_by(other)} == {"now"}


@given(text=st.text(max_size=200), name=st.sampled_from(THINNERS), is_first=st.booleans())
def test_nothing_on_another_line_hides_a_blood_thinner(text, name, is_first):
    lines = [f"{name} 5 mg", text] if is_first else [text, f"{name} 5 mg"]
    found = moments("\n".join(lines))
    assert {found.get(substance) for substance in meant_by(name)} == {"now"}


@given(text=st.text(max_size=300))
def test_any_text_is_read_without_an_error_and_always_the_same(text):
    assert matches(text) == matches(text)
    for part in segments(text):
        assert all(re.fullmatch("[a-z0-9]+|-", word) for word in part)


@given(text=st.text(alphabet=string.ascii_letters + " ,./;\n-'", max_size=120))
def test_words_that_are_no_name_and_like_no_name_match_nothing(text):
    for match in matches(text):
        assert match.written in normalise(text) or match.written in " ".join(sum(segments(text), ()))


def cost(work):
    """Processor time, the least of some runs: other programs at the same time do not count."""
    runs = []
    for _ in range(4):
        _close_names.cache_clear()
        start = time.process_time()
        work()
        runs.append(time.process_time() - start)
    return min(runs)


@pytest.mark.parametrize("piece", EVIL.values(), ids=list(EVIL))
def test_text_eight_times_as_long_takes_about_eight_times_as_long(piece):
    # Where time grew with the square this would be sixty-four.
    assert cost(lambda: matches(piece * 240)) < 24 * cost(lambda: matches(piece * 30))


@pytest.mark.parametrize("piece", EVIL.values(), ids=list(EVIL))
def test_the_longest_answer_costs_little_more_than_a_page_of_names(piece):
    longest = (piece * 100)[:4000]
    page = "\n".join(row.entry for row in labelled())[:4000]
    assert cost(lambda: matches(longest)) < 20 * cost(lambda: matches(page))


def test_words_too_long_for_a_name_are_not_remembered():
    _close_names.cache_clear()
    matches(" ".join(letter * 5000 for letter in string.ascii_lowercase))
    assert _close_names.cache_info().currsize == 0


def test_a_hundred_entries_cost_a_small_multiple_of_reading_their_spelling():
    entries = [row.entry for row in labelled()][:100]
    spelling = cost(lambda: [normalise(entry) for entry in entries for _ in range(20)]) / 20
    assert cost(lambda: [matches(entry) for entry in entries]) < 120 * spelling
