"""Free text to medicine classes: a labelled list with misspellings and traps, and the Synthea medicines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from screening.medicines import DICTIONARY, dictionary, matches, normalise, prompts
from tests.screening import medicine_figures as figures
from tests.screening.medicine_figures import Figure, labelled

DOCS = Path(__file__).resolve().parents[2] / "docs/medicines.md"
THINNERS = {"anticoagulant", "antiplatelet", "thrombolytic"}
# What nobody could promise: too many slips, a wrong first letter. Listed, so that the figures count them.
LIMITS = [row for row in labelled() if row.kind == "limit"]
PROMISED = [row for row in labelled() if row.kind != "limit"]


# Every whole ATC code of clinical.md §2.5 and §2.6, with what it stands for there.
REFERENCE = """
    B01AA 03:warfarin 04:phenprocoumon 07:acenocoumarol 12:fluindione 02:phenindione 01:dicoumarol 11:tioclomarol
    B01AB 01:heparin 04:dalteparin 05:enoxaparin 06:nadroparin 07:parnaparin 08:reviparin 09:danaparoid 10:tinzaparin
    B01AB 11:sulodexide 12:bemiparin 02:antithrombin_iii
    B01AE 07:dabigatran 03:argatroban 06:bivalirudin 01:desirudin
    B01AF 01:rivaroxaban 02:apixaban 03:edoxaban 04:betrixaban 51:rivaroxaban+aspirin
    B01AX 05:fondaparinux 07:caplacizumab 01:defibrotide
    B01AC 04:clopidogrel 05:ticlopidine 06:aspirin 07:dipyridamole 08:carbasalate 22:prasugrel 23:cilostazol
    B01AC 24:ticagrelor 25:cangrelor 26:vorapaxar 18:triflusal 10:indobufen 11:iloprost 21:treprostinil 27:selexipag
    B01AC 30:dipyridamole 56:unnamed_platelet_inhibitor
    B01AD 02:alteplase 11:tenecteplase 01:streptokinase
    N02BA 01:aspirin
    C04AD 03:pentoxifylline
    L01XX 35:anagrelide
    M01AE 01:ibuprofen 02:naproxen
    M01AB 05:diclofenac
    M01AH 01:celecoxib
    N06AX 21:duloxetine 16:venlafaxine
    H02AB 07:prednisone 06:prednisolone 02:dexamethasone 04:methylprednisolone 09:hydrocortisone
    M05BA 04:alendronic_acid
    M05BX 04:denosumab 06:romosozumab
    H05AA 02:teriparatide
    M03BX 02:tizanidine 08:cyclobenzaprine
    M03AX 01:botulinum_toxin
"""
CODES = {
    group + code: {one.replace("_", " ") for one in names.split("+")}
    for group, *entries in (line.split() for line in REFERENCE.strip().splitlines())
    for code, names in (entry.split(":") for entry in entries)
}


@pytest.mark.parametrize("row", PROMISED, ids=lambda row: row.entry)
def test_the_labelled_list(row):
    found = matches(row.entry)
    assert {match.substance: match.when for match in found} == row.expected
    assert prompts(found) == row.prompts


@pytest.mark.parametrize("row", LIMITS, ids=lambda row: row.entry)
def test_a_limit_of_the_list_is_still_one(row):
    assert not matches(row.entry)


def test_the_labelled_list_is_long_enough_to_mean_something():
    kinds = [row.kind for row in labelled()]
    assert len({row.entry for row in labelled()}) == len(kinds) >= 150
    assert kinds.count("must") >= 100
    assert kinds.count("trap") >= 50
    assert kinds.count("earlier") >= 30
    assert set(kinds) == {"must", "trap", "earlier", "somebody_else", "as_needed", "prompt", "limit"}


@pytest.mark.parametrize("kind", ["must", "earlier", "somebody_else", "as_needed"])
def test_no_blood_thinner_that_must_be_found_is_missed(kind):
    missed = [
        row.entry
        for row in labelled()
        if row.kind == kind and not row.expected.keys() <= {match.substance for match in matches(row.entry)}
    ]
    assert missed == []


def test_no_trap_is_taken_for_a_medicine():
    assert [row.entry for row in labelled() if row.kind == "trap" and matches(row.entry)] == []


def test_precision_and_recall_of_the_labelled_list_are_those_of_the_docs():
    measured = figures.of_the_labelled_list()
    assert measured["antiplatelet"].recall == 1
    assert measured["anticoagulant"].missed == len(LIMITS)
    assert all(one.precision == 1 for one in measured.values())
    assert "\n".join(figures.table(measured)) in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("word", ["asa", "acova", "hibor", "aspro"])
def test_short_names_are_matched_exactly_only(word):
    assert matches(word)
    for place in range(len(word)):
        assert not matches(f"{word[:place]}q{word[place + 1 :]}")


def test_one_slip_from_six_letters_two_from_nine_and_the_first_letter_is_right():
    assert matches("plavux")
    assert not matches("plovux")
    assert not matches("blavix")
    assert matches("rivaroxoben")
    assert not matches("rivoroxoben")


def test_a_code_is_enough_without_a_name():
    found = matches("Tablet", code_system="ATC", code="B01AF02")
    assert [(match.substance, match.how, match.when) for match in found] == [("apixaban", "code", "now")]
    assert [match.substance for match in matches("x", code_system="RxNorm", code="11289")] == ["warfarin"]
    assert not matches("x", code_system="SNOMED-CT", code="11289")
    assert not matches("x", code_system="RxNorm", code="1128")


@pytest.mark.parametrize(
    ("code", "substance"),
    [
        ("B01AF99", "unnamed blood thinner"),
        ("B01AC99", "unnamed platelet inhibitor"),
        ("L01XX35", "anagrelide"),
        ("L01FX99", "unnamed cancer medicine"),
        ("M03AX01", "botulinum toxin"),
        ("M03BX02", "tizanidine"),
        ("M03BX99", "unnamed muscle relaxant"),
        ("N02AX02", "unnamed opioid"),
        ("L04AC99", "unnamed immunosuppressant"),
        ("M05BA99", "unnamed bone medicine"),
        ("A10BK99", "unnamed diabetes medicine"),
        ("A10AE04", "insulin"),
        ("H02AB13", "unnamed steroid"),
        ("N06AB06", "unnamed ssri"),
        ("m01ae01", "ibuprofen"),
    ],
)
def test_a_code_means_the_narrowest_entry_it_belongs_to(code, substance):
    assert [match.substance for match in matches("x", code_system="ATC", code=code)] == [substance]


@pytest.mark.parametrize("code", ["C05BA01", "M02AC", "M02AA15", "M01AX05", "L03AX13", "B02BX01", ""])
def test_a_code_of_another_class_means_nothing(code):
    assert not matches("x", code_system="ATC", code=code)


def test_every_name_of_the_dictionary_is_found_as_it_is_written():
    for words, substances in dictionary().by_name.items():
        assert {match.substance for match in matches(" ".join(words))} == {name for name, _ in substances}


def test_accents_and_punctuation_do_not_matter():
    assert normalise("  Ácido  acetil-salicílico® ") == "acido acetil salicilico"


def test_every_entry_of_the_dictionary_is_whole():
    raw = json.loads(DICTIONARY.read_text(encoding="utf-8"))
    substances = [entry["substance"] for entry in raw["substances"]]
    assert len(set(substances)) == len(substances)
    assert {entry["class"] for entry in raw["substances"]} == set(raw["classes"])
    for entry in raw["substances"]:
        assert entry["names"], entry
        assert len(set(entry["names"])) == len(entry["names"]), entry
        assert entry.get("surface") in {None, "skin", "any"}
    assert len(set(dictionary().codes)) == len(dictionary().codes)
    assert len(CODES) >= 60


@pytest.mark.parametrize(("code", "substances"), CODES.items(), ids=list(CODES))
def test_every_code_of_the_clinical_reference_means_what_it_says_there(code, substances):
    assert {match.substance for match in matches("x", code_system="ATC", code=code)} == substances


@pytest.mark.parametrize(
    "text", ["Ｅｌｉｑｕｉｓ", "𝐄𝐥𝐢𝐪𝐮𝐢𝐬", "Eli\u00adquis", "\u200bEliquis\ufeff", "ELIQUIS®", "«Eliquis»"]
)
def test_fancy_and_unseen_characters_hide_no_name(text):
    assert [match.substance for match in matches(text)] == ["apixaban"]


@pytest.fixture
def synthea():
    if not figures.SYNTHEA.exists():
        pytest.skip(
            f"SYNTHEA DATA MISSING: {figures.SYNTHEA.name} not found; the proof on imported medicines did not run"
        )
    return figures.synthea()


def test_synthea_clopidogrel_and_enoxaparin_are_found_and_no_other_blood_thinner(synthea):
    found = [name for name in synthea if any(one.medicine_class in THINNERS for one in matches(name))]
    assert sorted(found) == [
        "0.4 ML Enoxaparin sodium 100 MG/ML Prefilled Syringe",
        "1 ML Enoxaparin sodium 150 MG/ML Prefilled Syringe",
        "Clopidogrel 75 MG Oral Tablet",
        "Clopidogrel 75 MG Oral Tablet",
    ]
    assert len(synthea) == 663


def test_precision_and_recall_on_synthea_are_those_of_the_docs(synthea):
    measured = figures.of_synthea()
    assert measured == {
        "anticoagulant": Figure(right=2, wrong=0, missed=0),
        "antiplatelet": Figure(right=2, wrong=0, missed=0),
        "near_neighbour": Figure(right=2, wrong=0, missed=0),
        "opioid": Figure(right=13, wrong=0, missed=0),
    }
    assert "\n".join(figures.table(measured)) in DOCS.read_text(encoding="utf-8")
