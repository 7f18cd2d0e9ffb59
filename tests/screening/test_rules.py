"""The decision table over every shipped rule: yes, no, not sure, unanswered; and the collisions."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pytest

from screening.engine import unanswered
from screening.rulebook import rulebook
from screening.treatment import ENDANGERMENT, PELVIC_WORK, Treatment, objections
from tests.screening.facts import NOW, TODAY, facts_of, fired, said

ABSOLUTE, RELATIVE, LOCAL, CAUTION = "absolute", "relative", "local", "caution"
YES, NO, UNSURE = "yes", "no", "not-sure"
FRAIL = ("frail-tired", "frail-stairs", "frail-walking", "frail-illnesses", "frail-weight")


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def tick(*codes: str, **more: object) -> dict[str, object]:
    return {"health-list": list(codes), **{name.replace("_", "-"): value for name, value in more.items()}}


def untick(*codes: str, **more: object) -> dict[str, object]:
    return tick("not-sure", health_unsure=list(codes), **more)


# rule, answers and record, what it says: (severity, urgency) or None
TABLE: list[tuple[str, dict[str, object], dict[str, object], tuple[str, str] | None]] = [
    ("RF-01", {"saddle-numb": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-01", {"saddle-numb": UNSURE}, {}, (ABSOLUTE, "emergency")),
    ("RF-01", {"bladder": YES, "bladder-new": YES, "bladder-assessed": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-01", {"bladder": YES, "bladder-new": UNSURE, "bladder-assessed": YES}, {}, (ABSOLUTE, "emergency")),
    (
        "RF-01",
        {"bladder": YES, "bladder-new": NO, "bladder-assessed": YES, "weakness": YES},
        {},
        (ABSOLUTE, "emergency"),
    ),
    ("RF-01", {"bladder": YES, "bladder-new": NO, "bladder-assessed": NO}, {}, (RELATIVE, "same_day")),
    ("RF-01", {"bladder": YES, "bladder-new": NO, "bladder-assessed": UNSURE}, {}, (RELATIVE, "same_day")),
    (
        "RF-01",
        {"bladder": YES, "bladder-new": NO, "bladder-assessed": YES, "pain-where": ["BACK.LOW"]},
        {},
        (RELATIVE, "same_day"),
    ),
    ("RF-01", {"bladder": YES, "bladder-new": NO, "bladder-assessed": YES}, {}, None),
    ("RF-02", {"onset": "injury", "injury-unable": YES}, {}, (RELATIVE, "same_day")),
    ("RF-02", {"onset": "injury", "injury-unable": UNSURE}, {}, (RELATIVE, "same_day")),
    ("RF-02", {"onset": "injury", "injury-unable": NO, "injury-hard": YES}, {"age": 65}, (RELATIVE, "same_day")),
    ("RF-02", {"onset": "injury", "injury-unable": NO, "injury-hard": YES}, {"age": 64}, None),
    (
        "RF-02",
        {"onset": "injury", "injury-unable": NO, "injury-hard": YES, "clinician-examined": NO},
        {},
        (RELATIVE, "same_day"),
    ),
    ("RF-02", {"small-bump": YES, "steroids": YES}, {}, (RELATIVE, "same_day")),
    ("RF-02", {"small-bump": UNSURE, "bones": YES, "bones-kind": "osteoporosis"}, {}, (RELATIVE, "same_day")),
    ("RF-02", {"small-bump": YES}, {}, None),
    ("RF-03", {"cancer": YES, "cancer-5-years": NO, "weight-loss": YES}, {}, (RELATIVE, "same_day")),
    ("RF-03", {"weight-loss": UNSURE, "pain-night": UNSURE}, {}, (RELATIVE, "same_day")),
    ("RF-03", {"trajectory": "worsening", "pain-night": YES}, {}, (RELATIVE, "same_day")),
    ("RF-03", {"trajectory": "worsening"}, {}, None),
    ("RF-03", {"cancer": YES, "cancer-5-years": YES}, {}, None),
    ("RF-04", {"fever-pain": YES}, {}, (RELATIVE, "same_day")),
    ("RF-04", {"fever-pain": UNSURE}, {}, (RELATIVE, "same_day")),
    ("RF-04", {"infection-risk": YES, "fever": YES}, {}, (RELATIVE, "same_day")),
    ("RF-04", {"infection-risk": YES, "pain-night": UNSURE}, {}, (RELATIVE, "same_day")),
    ("RF-04", {"infection-risk": YES}, {}, None),
    ("RF-05", {"stroke-signs": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-05", {"stroke-signs": UNSURE}, {}, (ABSOLUTE, "emergency")),
    ("RF-05", {"headache-new": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-05", {"dizzy": YES, "dizzy-new": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-05", {"dizzy": YES, "dizzy-new": NO}, {}, None),
    ("RF-06", {"leg-symptom": YES, "leg-symptom-kind": ["swollen"]}, {}, (ABSOLUTE, "same_day")),
    ("RF-06", {"leg-symptom": YES, "leg-symptom-kind": ["warm", "sore"]}, {}, (ABSOLUTE, "same_day")),
    ("RF-06", {"leg-symptom": YES, "leg-symptom-kind": ["red"]}, {}, (ABSOLUTE, "same_day")),
    ("RF-06", {"leg-symptom": YES, "leg-symptom-kind": ["not-sure"]}, {}, (ABSOLUTE, "same_day")),
    ("RF-06", {"leg-symptom": UNSURE}, {}, (ABSOLUTE, "same_day")),
    ("RF-06", {"leg-symptom": YES, "leg-symptom-kind": ["sore"]}, {}, (RELATIVE, "same_day")),
    ("RF-06", {"leg-symptom": YES, "leg-symptom-kind": ["sore"], "vein-past": YES}, {}, (ABSOLUTE, "same_day")),
    (
        "RF-06",
        {"leg-symptom": YES, "leg-symptom-kind": ["sore"], "clot-risks": ["bed-or-cast"]},
        {},
        (ABSOLUTE, "same_day"),
    ),
    ("RF-06", {"clot-risks": ["bed-or-cast"], "vein-past": YES}, {}, None),
    ("RF-07", {"breath": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-07", {"breath": UNSURE}, {}, (ABSOLUTE, "emergency")),
    ("RF-08", {"heart": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-08", {"heart": UNSURE}, {}, (ABSOLUTE, "emergency")),
    ("RF-09", {"weakness": YES}, {}, (RELATIVE, "same_day")),
    ("RF-09", {"weakness": UNSURE}, {}, (RELATIVE, "same_day")),
    ("RF-10", {"tearing": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-10", {"tearing": UNSURE}, {}, (ABSOLUTE, "emergency")),
    ("RF-11", {"headache-alarm": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-11", {"headache-alarm": UNSURE}, {}, (ABSOLUTE, "emergency")),
    ("RF-11", {"headache-over-50": YES}, {"age": 50}, (RELATIVE, "same_day")),
    ("RF-11", {"headache-over-50": YES}, {"age": 49}, None),
    ("RF-12", {"pregnant": YES, "pregnant-alarm": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-12", {"pregnant": YES, "pregnant-alarm": UNSURE}, {}, (ABSOLUTE, "emergency")),
    ("RF-12", {"pregnant": NO, "pregnant-alarm": YES}, {}, None),
    ("RF-13", {"dark-urine": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-13", {"dark-urine": UNSURE}, {}, (ABSOLUTE, "emergency")),
    ("RF-14", {"hot-joint": YES}, {}, (RELATIVE, "same_day")),
    ("RF-14", {"hot-joint": UNSURE}, {}, (RELATIVE, "same_day")),
    ("RF-15", {"head-knock": YES, "head-knock-signs": YES}, {}, (ABSOLUTE, "emergency")),
    ("RF-15", {"head-knock": YES, "head-knock-signs": NO}, {}, (RELATIVE, "same_day")),
    ("RF-15", {"head-knock": UNSURE, "head-knock-signs": NO}, {}, (RELATIVE, "same_day")),
    ("CI-01", {"wound": YES, "burn-large": NO}, {}, (LOCAL, "routine")),
    ("CI-01", {"wound": UNSURE, "burn-large": NO}, {}, (LOCAL, "routine")),
    ("CI-01", {"wound": YES, "burn-large": YES}, {}, (RELATIVE, "routine")),
    ("CI-01", {"wound": YES, "burn-large": UNSURE}, {}, (RELATIVE, "routine")),
    ("CI-01", {}, {"conditions": ({"text": "Open wound of hand", "onset_on": days_ago(5)},)}, (LOCAL, "routine")),
    ("CI-01", {}, {"conditions": ({"text": "Open wound of hand", "onset_on": days_ago(91)},)}, None),
    (
        "CI-02",
        {"fracture": YES, "fracture-healed": NO, "fracture-since": "under-12-weeks", "fracture-bone": ["other"]},
        {},
        (RELATIVE, "routine"),
    ),
    (
        "CI-02",
        {"fracture": YES, "fracture-healed": UNSURE, "fracture-since": "over-12-weeks", "fracture-bone": ["rib"]},
        {},
        (RELATIVE, "routine"),
    ),
    (
        "CI-02",
        {"fracture": YES, "fracture-healed": NO, "fracture-since": "over-12-weeks", "fracture-bone": ["other"]},
        {},
        (LOCAL, "routine"),
    ),
    (
        "CI-02",
        {"fracture": UNSURE, "fracture-healed": NO, "fracture-since": "not-sure", "fracture-bone": ["other"]},
        {},
        (RELATIVE, "routine"),
    ),
    ("CI-02", {"fracture": YES, "fracture-healed": YES, "fracture-since": "under-12-weeks"}, {}, None),
    ("CI-02", {}, {"conditions": ({"text": "Fracture of ankle", "onset_on": days_ago(30)},)}, (RELATIVE, "routine")),
    ("CI-02", {}, {"conditions": ({"text": "Fracture of rib", "onset_on": days_ago(300)},)}, (RELATIVE, "routine")),
    ("CI-02", {}, {"conditions": ({"text": "Fracture of ankle", "onset_on": days_ago(300)},)}, (LOCAL, "routine")),
    ("CI-02", {}, {"conditions": ({"text": "Fracture of ankle", "onset_on": days_ago(400)},)}, None),
    (
        "CI-02",
        {},
        {"conditions": ({"text": "Fracture of rib", "onset_on": days_ago(60), "ended_on": days_ago(1)},)},
        None,
    ),
    ("CI-03", {"bones": YES, "bones-kind": "osteoporosis"}, {}, (RELATIVE, "routine")),
    ("CI-03", {"bones": UNSURE, "bones-kind": "not-sure"}, {}, (RELATIVE, "routine")),
    ("CI-03", {"bones": YES, "bones-kind": "osteopenia"}, {}, (CAUTION, "routine")),
    ("CI-03", {"bone-medicine": YES}, {}, (RELATIVE, "routine")),
    ("CI-03", {"bone-medicine": UNSURE}, {}, (RELATIVE, "routine")),
    ("CI-03", {}, {"medicines": ("Fosamax 70 mg",)}, (RELATIVE, "routine")),
    ("CI-03", {}, {"conditions": ({"text": "Osteoporosis (disorder)"},)}, (RELATIVE, "routine")),
    ("CI-03", {}, {"conditions": ({"kind": "other", "text": "x", "code": "M81.0"},)}, (RELATIVE, "routine")),
    ("CI-03", {}, {"conditions": ({"text": "Family history of osteoporosis"},)}, None),
    ("CI-03", {}, {"medicines": ("Anastrozole 1 mg",)}, (CAUTION, "routine")),
    ("CI-03", {}, {"medicines": ("Capecitabine",)}, (CAUTION, "routine")),
    ("CI-04", {"clot-now": YES}, {}, (ABSOLUTE, "routine")),
    ("CI-04", {"clot-now": UNSURE}, {}, (ABSOLUTE, "routine")),
    ("CI-04", {}, {"conditions": ({"text": "Deep venous thrombosis of left leg"},)}, (ABSOLUTE, "routine")),
    ("CI-04", {}, {"conditions": ({"text": "x", "code": "I82.401"},)}, (ABSOLUTE, "routine")),
    ("CI-04", {}, {"conditions": ({"text": "DVT", "ended_on": days_ago(183)},)}, (ABSOLUTE, "routine")),
    ("CI-04", {}, {"conditions": ({"text": "DVT", "ended_on": days_ago(184)},)}, None),
    ("CI-04", {}, {"conditions": ({"text": "History of DVT"},)}, None),
    ("CI-05", {"vein-past": YES}, {}, (RELATIVE, "routine")),
    ("CI-05", {"vein-past": UNSURE}, {}, (RELATIVE, "routine")),
    ("CI-05", {"clot-risks": ["bed-or-cast"]}, {}, (RELATIVE, "routine")),
    ("CI-05", {"clot-risks": ["cancer-treatment"]}, {}, (RELATIVE, "routine")),
    ("CI-05", {"clot-risks": ["not-sure"]}, {}, (RELATIVE, "routine")),
    ("CI-05", {"clot-risks": ["long-journey", "oestrogen"]}, {}, (RELATIVE, "routine")),
    ("CI-05", {"clot-risks": ["oestrogen"]}, {}, (CAUTION, "routine")),
    ("CI-05", {}, {"conditions": ({"text": "DVT", "ended_on": days_ago(900)},)}, (RELATIVE, "routine")),
    ("CI-05", {}, {"conditions": ({"text": "History of deep vein thrombosis"},)}, (RELATIVE, "routine")),
    ("CI-05", {}, {"conditions": ({"text": "x", "code": "Z86.718"},)}, (RELATIVE, "routine")),
    ("CI-06a", {"blood-thinner": YES}, {}, (RELATIVE, "routine")),
    ("CI-06a", {"blood-thinner": UNSURE}, {}, (RELATIVE, "routine")),
    ("CI-06a", {"blood-thinner": YES, "blood-thinner-which": "the small pink one"}, {}, (RELATIVE, "routine")),
    ("CI-06a", {"blood-thinner": YES, "blood-thinner-which": "Eliquis"}, {}, (RELATIVE, "routine")),
    ("CI-06a", {"blood-thinner": YES, "blood-thinner-which": "clopidogrel"}, {}, None),
    ("CI-06a", {"blood-thinner": YES, "blood-thinner-which": "clopidogrel and a pink one"}, {}, (RELATIVE, "routine")),
    ("CI-06a", {"medicines-any": YES, "medicines": "Coumadin 5 mg"}, {}, (RELATIVE, "routine")),
    ("CI-06a", {}, {"medicines": ("0.4 ML Enoxaparin sodium 100 MG/ML Prefilled Syringe",)}, (RELATIVE, "routine")),
    ("CI-06a", {}, {"medicines": ("Warfarin sodium 5 MG Oral Tablet",)}, (RELATIVE, "routine")),
    ("CI-06a", {}, {"medicines": ({"name": "Warfarin", "ended_on": days_ago(0)},)}, (RELATIVE, "routine")),
    ("CI-06a", {}, {"medicines": ({"name": "Warfarin", "ended_on": days_ago(30)},)}, (CAUTION, "routine")),
    ("CI-06a", {}, {"medicines": ({"name": "Warfarin", "ended_on": days_ago(31)},)}, None),
    ("CI-06a", {"medicines-any": YES, "medicines": "stopped warfarin"}, {}, (CAUTION, "routine")),
    ("CI-06a", {}, {"conditions": ({"text": "x", "code": "Z79.01"},)}, (RELATIVE, "routine")),
    ("CI-06a", {}, {"conditions": ({"text": "Atrial fibrillation, on warfarin"},)}, (CAUTION, "routine")),
    ("CI-06b", {"blood-thinner": YES, "blood-thinner-which": "Plavix"}, {}, (CAUTION, "routine")),
    ("CI-06b", {}, {"medicines": ("Clopidogrel 75 MG Oral Tablet",)}, (CAUTION, "routine")),
    ("CI-06b", {}, {"medicines": ("Clopidogrel 75 MG", "Aspirin 81 mg")}, (RELATIVE, "routine")),
    ("CI-06b", {}, {"medicines": ("Aggrenox",)}, (RELATIVE, "routine")),
    ("CI-06b", {}, {"medicines": ("Aspirin 81 mg", "Eliquis")}, (RELATIVE, "routine")),
    ("CI-06b", {"medicines-any": YES, "medicines": "aspirin when I have a headache"}, {}, (CAUTION, "routine")),
    ("CI-06b", {}, {"medicines": ({"name": "Plavix", "ended_on": days_ago(31)},)}, None),
    ("CI-06c", {}, {"medicines": ("Ibuprofen 400 mg",)}, (CAUTION, "routine")),
    ("CI-06c", {"medicines-any": YES, "medicines": "fish oil, vitamin E"}, {}, (CAUTION, "routine")),
    ("CI-06c", {"medicines-any": YES, "medicines": "stopped ibuprofen"}, {}, None),
    ("CI-06c", {}, {"allergies": (("medicine", "Ibuprofen"),)}, None),
    ("CI-06c", {}, {"medicines": ({"name": "Sertraline 50 mg", "ended_on": days_ago(1)},)}, None),
    ("CI-07", {"bleeding": YES, "bleeding-severe": NO}, {}, (RELATIVE, "routine")),
    ("CI-07", {"bleeding": UNSURE, "bleeding-severe": NO}, {}, (RELATIVE, "routine")),
    ("CI-07", {"bleeding": YES, "bleeding-severe": UNSURE}, {}, (ABSOLUTE, "routine")),
    ("CI-07", {}, {"conditions": ({"text": "Von Willebrand disease"},)}, (RELATIVE, "routine")),
    ("CI-08", dict.fromkeys(FRAIL[:3], YES), {"age": 65}, (RELATIVE, "routine")),
    ("CI-08", {FRAIL[0]: YES, FRAIL[1]: UNSURE, FRAIL[2]: UNSURE}, {"age": 80}, (RELATIVE, "routine")),
    ("CI-08", dict.fromkeys(FRAIL[:2], YES), {"age": 65}, (CAUTION, "routine")),
    ("CI-08", {FRAIL[0]: UNSURE}, {"age": 65}, (CAUTION, "routine")),
    ("CI-08", {}, {"age": 65}, None),
    ("CI-08", dict.fromkeys(FRAIL, YES), {"age": 64}, None),
    ("CI-08", {}, {"age": 65, "conditions": ({"text": "Frailty"},)}, (CAUTION, "routine")),
    ("CI-09", {"product-allergy": YES, "product-allergy-which": ["oil"]}, {}, (CAUTION, "routine")),
    ("CI-09", {"product-allergy": UNSURE, "product-allergy-which": ["other"]}, {}, (CAUTION, "routine")),
    ("CI-09", {}, {"allergies": (("environment", "Latex (substance)"),)}, (CAUTION, "routine")),
    ("CI-09", {}, {"allergies": (("food", "Peanut (substance)"),)}, (CAUTION, "routine")),
    ("CI-09", {}, {"allergies": (("lotion", "Some balm"),)}, (CAUTION, "routine")),
    ("CI-09", {}, {"allergies": (("environment", "Grass pollen (substance)"),)}, None),
    ("CI-10", {"cancer": YES, "cancer-5-years": YES}, {}, (ABSOLUTE, "routine")),
    ("CI-10", {"cancer": UNSURE, "cancer-5-years": UNSURE}, {}, (ABSOLUTE, "routine")),
    ("CI-10", {"clot-risks": ["cancer-treatment"]}, {}, (ABSOLUTE, "routine")),
    ("CI-10", {"cancer": YES, "cancer-5-years": NO}, {}, (CAUTION, "routine")),
    ("CI-10", {}, {"conditions": ({"text": "Malignant neoplasm of breast"},)}, (ABSOLUTE, "routine")),
    ("CI-10", {}, {"conditions": ({"text": "Malignant neoplasm", "ended_on": days_ago(3000)},)}, (CAUTION, "routine")),
    ("CI-10", {}, {"conditions": ({"text": "Suspected lung cancer (situation)"},)}, None),
    ("CI-10", {}, {"conditions": ({"text": "Family history of cancer"},)}, None),
    ("CI-10", {}, {"medicines": ("Letrozole 2.5 mg",)}, (RELATIVE, "routine")),
    ("CI-10", {"medicines-any": YES, "medicines": "finished chemo in 2024"}, {}, (CAUTION, "routine")),
    ("CI-10", {}, {"medicines": ({"name": "Taxol", "ended_on": days_ago(1826)},)}, (CAUTION, "routine")),
    ("CI-10", {}, {"medicines": ({"name": "Taxol", "ended_on": days_ago(1827)},)}, None),
    ("CI-11b", {}, {"medicines": ("Methotrexate 15 mg",)}, (CAUTION, "routine")),
    ("CI-11b", {"medicines-any": YES, "medicines": "Humira"}, {"answered_days_ago": 100}, (CAUTION, "routine")),
    ("CI-11b", {"medicines-any": YES, "medicines": "stopped Humira"}, {}, (CAUTION, "routine")),
    ("CI-11b", {}, {"medicines": ({"name": "Humira", "ended_on": days_ago(30)},)}, (CAUTION, "routine")),
    ("CI-11b", {}, {"medicines": ({"name": "Humira", "ended_on": days_ago(31)},)}, None),
    ("CI-11", {"fever": YES}, {}, (ABSOLUTE, "routine")),
    ("CI-11", {"fever": UNSURE}, {}, (ABSOLUTE, "routine")),
    ("CI-11", {"fever": YES}, {"answered_days_ago": 6}, (ABSOLUTE, "routine")),
    ("CI-11", {"fever": YES}, {"answered_days_ago": 7}, None),
    ("CI-11", {}, {"at_visit": {"change-infection": YES}}, (ABSOLUTE, "routine")),
    ("CI-11", {}, {"at_visit": {"change-infection": UNSURE}}, (ABSOLUTE, "routine")),
    ("CI-11", {}, {"at_visit": {"change-infection": NO}}, None),
    ("CI-11", {}, {"at_visit": {"change-infection": YES}, "said_hours_ago": 167.9}, (ABSOLUTE, "routine")),
    ("CI-11", {}, {"at_visit": {"change-infection": YES}, "said_hours_ago": 168}, None),
    ("CI-12", {"skin-infection": YES, "skin-infection-spreading": NO}, {}, (LOCAL, "routine")),
    ("CI-12", {"skin-infection": UNSURE, "skin-infection-spreading": NO}, {}, (LOCAL, "routine")),
    ("CI-12", {"skin-infection": YES, "skin-infection-spreading": UNSURE}, {}, (ABSOLUTE, "routine")),
    ("CI-12", {}, {"conditions": ({"text": "Cellulitis of leg"},)}, (ABSOLUTE, "routine")),
    ("CI-13", tick("bone-infection"), {}, (ABSOLUTE, "routine")),
    ("CI-13", untick("bone-infection"), {}, (ABSOLUTE, "routine")),
    ("CI-14", tick("aneurysm"), {}, (ABSOLUTE, "routine")),
    ("CI-14", untick("aneurysm"), {}, (ABSOLUTE, "routine")),
    ("CI-14", {}, {"conditions": ({"text": "Abdominal aortic aneurysm"},)}, (ABSOLUTE, "routine")),
    ("CI-15", tick("heart-event"), {}, (ABSOLUTE, "routine")),
    ("CI-15", untick("heart-event"), {}, (ABSOLUTE, "routine")),
    ("CI-15", {}, {"conditions": ({"text": "Stroke", "onset_on": days_ago(91)},)}, (ABSOLUTE, "routine")),
    (
        "CI-15",
        {},
        {"conditions": ({"text": "Stroke", "onset_on": days_ago(60), "ended_on": days_ago(50)},)},
        (ABSOLUTE, "routine"),
    ),
    ("CI-15", {}, {"conditions": ({"text": "Myocardial Infarction", "onset_on": days_ago(92)},)}, None),
    ("CI-16", tick("pressure", pressure_today=NO), {}, (RELATIVE, "routine")),
    ("CI-16", untick("pressure", pressure_today=NO), {}, (RELATIVE, "routine")),
    ("CI-16", tick("pressure", pressure_today=UNSURE), {}, (ABSOLUTE, "routine")),
    ("CI-17", tick("diabetes", diabetes_trouble=NO), {}, (CAUTION, "routine")),
    ("CI-17", untick("diabetes", diabetes_trouble=NO), {}, (CAUTION, "routine")),
    ("CI-17", tick("diabetes", diabetes_trouble=YES), {}, (RELATIVE, "routine")),
    ("CI-17", tick("diabetes", diabetes_trouble=UNSURE), {}, (RELATIVE, "routine")),
    ("CI-17", {}, {"medicines": ("Insulin glargine [Lantus]",)}, (CAUTION, "routine")),
    ("CI-17", {"medicines-any": YES, "medicines": "stopped metformin"}, {}, (CAUTION, "routine")),
    ("CI-17", {}, {"conditions": ({"text": "Prediabetes"},)}, None),
    ("CI-18", {"surgery": YES, "surgery-since": "under-6-weeks", "surgery-kind": "other"}, {}, (RELATIVE, "routine")),
    ("CI-18", {"surgery": UNSURE, "surgery-since": "not-sure", "surgery-kind": "other"}, {}, (RELATIVE, "routine")),
    ("CI-18", {"surgery": YES, "surgery-since": "6-12-weeks", "surgery-kind": "joint"}, {}, (RELATIVE, "routine")),
    ("CI-18", {"surgery": YES, "surgery-since": "6-12-weeks", "surgery-kind": "other"}, {}, (LOCAL, "routine")),
    ("CI-18", {"surgery": YES, "surgery-since": "over-12-weeks", "surgery-kind": "spine"}, {}, (LOCAL, "routine")),
    (
        "CI-18",
        {"surgery": YES, "surgery-since": "over-12-weeks", "surgery-kind": "spine", "onset": "surgery"},
        {},
        (RELATIVE, "routine"),
    ),
    ("CI-19", {"bruise": YES}, {}, (LOCAL, "routine")),
    ("CI-19", {"bruise": UNSURE}, {}, (LOCAL, "routine")),
    ("CI-20", {"limb-swelling": YES}, {}, (RELATIVE, "routine")),
    ("CI-20", {"limb-swelling": UNSURE}, {}, (RELATIVE, "routine")),
    ("CI-21", {"steroids": YES}, {}, (CAUTION, "routine")),
    ("CI-21", {"steroids": UNSURE}, {}, (CAUTION, "routine")),
    ("CI-21", {"injections": ["steroid"]}, {}, (LOCAL, "routine")),
    ("CI-21", {"injections": ["not-sure"]}, {}, (LOCAL, "routine")),
    ("CI-21", {"steroids": YES, "bone-medicine": YES}, {}, (RELATIVE, "routine")),
    ("CI-21", {}, {"medicines": ("Prednisone 10 mg",)}, (CAUTION, "routine")),
    ("CI-21", {}, {"medicines": ("Hydrocortisone 10 MG/ML Topical Cream",)}, None),
    ("CI-21", {}, {"medicines": ("120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler",)}, None),
    ("CI-22", tick("arthritis", joints_hot=YES), {}, (ABSOLUTE, "routine")),
    ("CI-22", tick("arthritis", joints_hot=UNSURE), {}, (ABSOLUTE, "routine")),
    ("CI-22", {**tick("arthritis", joints_hot=NO), "pain-where": ["NECK.POST"]}, {}, (RELATIVE, "routine")),
    ("CI-22", tick("arthritis", joints_hot=NO), {}, (CAUTION, "routine")),
    ("CI-22", untick("arthritis", joints_hot=NO), {}, (CAUTION, "routine")),
    ("CI-23", {"pregnant": YES, "pregnant-weeks": 20, "pregnant-problems": NO}, {}, (CAUTION, "routine")),
    ("CI-23", {"pregnant": YES, "pregnant-weeks": 13, "pregnant-problems": NO}, {}, (LOCAL, "routine")),
    ("CI-23", {"pregnant": YES, "pregnant-weeks": 14, "pregnant-problems": NO}, {}, (CAUTION, "routine")),
    ("CI-23", {"pregnant": UNSURE, "pregnant-problems": NO}, {}, (LOCAL, "routine")),
    ("CI-23", {"pregnant": YES, "pregnant-weeks": 20, "pregnant-problems": YES}, {}, (RELATIVE, "routine")),
    ("CI-23", {"pregnant": YES, "pregnant-problems": UNSURE}, {}, (RELATIVE, "routine")),
    ("CI-23", {"pregnant": YES}, {"sex": "male"}, None),
    ("CI-23", {}, {"conditions": ({"text": "Normal pregnancy", "onset_on": days_ago(100)},)}, (CAUTION, "routine")),
    ("CI-23", {}, {"conditions": ({"text": "Normal pregnancy", "onset_on": days_ago(400)},)}, None),
    ("CI-23", {}, {"at_visit": {"change-pregnant": YES}}, (LOCAL, "routine")),
    ("CI-23", {}, {"at_visit": {"change-pregnant": UNSURE}, "said_hours_ago": 5000}, (LOCAL, "routine")),
    ("CI-23", {}, {"at_visit": {"change-pregnant": NO}}, None),
    (
        "CI-23",
        {"pregnant": YES, "pregnant-weeks": 20, "pregnant-problems": NO},
        {"at_visit": {"change-pregnant": YES}},
        (CAUTION, "routine"),
    ),
    ("CI-24", {"device": YES}, {}, (LOCAL, "routine")),
    ("CI-24", {"device": UNSURE}, {}, (LOCAL, "routine")),
    ("CI-25", {"skin-fragile": YES}, {}, (LOCAL, "routine")),
    ("CI-25", {"skin-fragile": UNSURE}, {}, (LOCAL, "routine")),
    ("CI-26", {"varicose": YES}, {}, (LOCAL, "routine")),
    ("CI-26", {"varicose": UNSURE}, {}, (LOCAL, "routine")),
    ("CI-27", tick("nerve"), {}, (LOCAL, "routine")),
    ("CI-27", untick("nerve"), {}, (LOCAL, "routine")),
    ("CI-28", {}, {"at_visit": {"seen-impaired": YES}}, (ABSOLUTE, "routine")),
    ("CI-28", {}, {"at_visit": {"seen-impaired": UNSURE}}, (ABSOLUTE, "routine")),
    ("CI-28", {}, {"at_visit": {"seen-impaired": NO}}, None),
    ("CI-28", {}, {"at_visit": {"seen-impaired": YES}, "said_hours_ago": 11.9}, (ABSOLUTE, "routine")),
    ("CI-28", {}, {"at_visit": {"seen-impaired": YES}, "said_hours_ago": 12}, None),
    ("CI-28", {}, {}, None),
    ("CI-29", {}, {"at_visit": {"seen-no-consent": YES}}, (ABSOLUTE, "routine")),
    ("CI-29", {}, {"at_visit": {"seen-no-consent": UNSURE}}, (ABSOLUTE, "routine")),
    ("CI-29", {}, {"at_visit": {"seen-no-consent": YES}, "said_hours_ago": 12}, None),
    ("CI-29", {"contact-doctor": NO}, {}, None),
    ("CI-29", {"contact-doctor": NO, "vein-past": YES}, {}, (ABSOLUTE, "routine")),
    ("CI-29", {"contact-doctor": NO, "clot-now": YES}, {}, (ABSOLUTE, "routine")),
    ("CI-29", {"contact-doctor": NO, "fever": YES}, {}, None),
    ("CI-29", {"contact-doctor": NO, "varicose": YES}, {}, None),
    ("CI-29", {"contact-doctor": NO}, {"age": 17}, None),
    ("CI-29", {"vein-past": YES}, {}, None),
    ("CI-29", {"vein-past": YES}, {"at_visit": {"contact-now": NO}, "said_hours_ago": 900}, (ABSOLUTE, "routine")),
    ("CI-29", {"contact-doctor": NO, "vein-past": YES}, {"at_visit": {"contact-now": YES}}, None),
    ("CI-30", tick("muscle-disease"), {}, (RELATIVE, "routine")),
    ("CI-30", untick("muscle-disease"), {}, (RELATIVE, "routine")),
    ("CI-31", tick("heart-kidney"), {}, (CAUTION, "routine")),
    ("CI-31", untick("heart-kidney"), {}, (CAUTION, "routine")),
    ("CI-31", {**tick("heart-kidney"), "limb-swelling": UNSURE}, {}, (RELATIVE, "routine")),
    ("CI-32", {"injections": ["toxin"]}, {}, (LOCAL, "routine")),
    ("CI-32", {"injections": ["not-sure"]}, {}, (LOCAL, "routine")),
    ("CI-32", {"injections": ["toxin"]}, {"answered_days_ago": 14}, None),
    ("CI-32", {}, {"medicines": ({"name": "Botox", "started_on": days_ago(14)},)}, (LOCAL, "routine")),
    ("CI-32", {}, {"medicines": ({"name": "Botox", "started_on": days_ago(15)},)}, None),
    ("CI-32", {}, {"medicines": ("Botox",)}, (CAUTION, "routine")),
    ("CI-32", {"medicines-any": YES, "medicines": "Botox"}, {}, (CAUTION, "routine")),
    ("CI-32", {"medicines-any": YES, "medicines": "Botox"}, {"answered_days_ago": 14}, None),
    (
        "CI-28b",
        {},
        {"medicines": ("Acetaminophen 325 MG / Oxycodone Hydrochloride 10 MG [Percocet]",)},
        (CAUTION, "routine"),
    ),
    ("CI-28b", {"medicines-any": YES, "medicines": "un relajante muscular"}, {}, (CAUTION, "routine")),
    ("CI-28b", {"medicines-any": YES, "medicines": "stopped tramadol"}, {}, None),
    ("CI-33", tick("hypermobile"), {}, (CAUTION, "routine")),
    ("CI-33", untick("hypermobile"), {}, (CAUTION, "routine")),
    ("CI-34", {"touch-notes": "Please no oil on my face."}, {}, (CAUTION, "routine")),
    ("CI-35", {"clinician-examined": NO}, {}, (CAUTION, "routine")),
    ("CI-35", {"clinician-examined": UNSURE}, {}, (CAUTION, "routine")),
    ("CI-35", {"clinician-examined": NO}, {"age": 17}, (RELATIVE, "routine")),
    ("CI-35", {"clinician-examined": NO, "weight-loss": UNSURE}, {}, (RELATIVE, "routine")),
    ("CI-36", {"onset": "injury", "injury-3-days": YES}, {}, (LOCAL, "routine")),
    ("CI-36", {"onset": "injury", "injury-3-days": UNSURE}, {}, (LOCAL, "routine")),
    ("CI-36", {"onset": "injury", "injury-3-days": YES}, {"answered_days_ago": 3}, None),
    ("CI-38", {"dizzy": YES, "dizzy-new": NO}, {}, (CAUTION, "routine")),
    ("CI-38", {"dizzy": UNSURE, "dizzy-new": NO}, {}, (CAUTION, "routine")),
    ("CI-38", {}, {"conditions": ({"kind": "dizziness"},)}, (CAUTION, "routine")),
    ("CI-39", tick("polio"), {}, (CAUTION, "routine")),
    ("CI-39", untick("polio"), {}, (CAUTION, "routine")),
    ("CI-39", {}, {"conditions": ({"kind": "post_polio_syndrome"},)}, (CAUTION, "routine")),
    ("CI-40", {"home-devices": ["massage-gun"]}, {}, (CAUTION, "routine")),
    ("CI-40", {"home-devices": ["not-sure"]}, {}, (CAUTION, "routine")),
    ("CI-40", {"home-devices": ["tens"], "blood-thinner": YES}, {}, (CAUTION, "routine")),
    ("CI-40", {"blood-thinner": YES}, {}, None),
    ("CI-42", {}, {"age": 17}, (RELATIVE, "routine")),
    ("CI-42", {}, {"age": 18}, None),
    ("CI-43", tick("seizures"), {}, (CAUTION, "routine")),
    ("CI-43", untick("seizures"), {}, (CAUTION, "routine")),
]


@pytest.mark.parametrize(
    ("rule_id", "answers", "record", "expected"), TABLE, ids=[f"{row[0]}-{n}" for n, row in enumerate(TABLE)]
)
def test_a_rule_says_what_the_table_says(rule_id, answers, record, expected):
    assert said(rule_id, answers, **record) == expected


def test_the_table_reaches_every_case_of_every_rule():
    reached = {(rule_id, expected) for rule_id, _answers, _record, expected in TABLE if expected}
    shipped = {(rule.id, (case.severity, case.urgency)) for rule in rulebook().rules for case in rule.cases}
    assert shipped - reached == set()


@pytest.mark.parametrize(("age", "sex"), [(45, "female"), (45, "male"), (70, "female"), (64, "unknown")])
def test_an_intake_of_noes_fires_nothing_and_leaves_nothing_open(age, sex):
    facts = facts_of(age=age, sex=sex)
    assert fired(facts) == {}
    assert unanswered(facts, rulebook()) == ()


# Where a rule rests on follow-ups only: the answers that make the form ask them.
LEADING_THERE = {"RF-12": {"pregnant": YES}, "CI-36": {"onset": "injury"}}


@pytest.mark.parametrize("rule_id", [rule.id for rule in rulebook().rules if rule.asks])
def test_an_unanswered_question_neither_fires_nor_counts_as_no(rule_id):
    leading = LEADING_THERE.get(rule_id, {})
    not_asked = facts_of(leading, age=70 if rule_id == "CI-08" else 45).not_asked
    asked = [link_id for link_id in rulebook().rule(rule_id).asks - not_asked if link_id not in leading]
    assert asked
    facts = facts_of(leading, age=70 if rule_id == "CI-08" else 45, without=tuple(asked))
    assert set(asked) - rulebook().rule(rule_id).newer_questions <= set(unanswered(facts, rulebook()))
    assert rule_id not in fired(facts) or fired(facts)[rule_id].evidence == []


@pytest.mark.parametrize("link_id", ["saddle-numb", "stroke-signs", "breath", "heart", "tearing", "clot-now", "fever"])
def test_not_sure_is_yes_for_absolute_and_emergency(link_id):
    assert fired(facts_of({link_id: UNSURE})).keys() >= fired(facts_of({link_id: YES})).keys() - {"CI-35"}


def test_every_yes_no_unsure_question_that_is_not_a_follow_up_fires_something_when_not_sure():
    silent = []
    for link_id in (key for key, value in facts_of().answers.items() if value == NO):
        if not fired(facts_of({link_id: UNSURE}, age=59, sex="female")):
            silent.append(link_id)
    # A small bump counts with a risk; the others together with a second sign.
    assert sorted(silent) == ["infection-risk", "medicines-any", "pain-night", "small-bump", "weight-loss"]


# Every rule of the clinical reference §2 that is no file: it belongs to a technique, and the treatment gate asks it.
OF_TECHNIQUES = {ENDANGERMENT, PELVIC_WORK}
RED_FLAGS = {f"RF-{number:02}" for number in range(1, 16)}
CONTRAINDICATIONS = {f"CI-{number:02}" for number in range(1, 44)} - {"CI-06"} | {"CI-06a", "CI-06b"}
# What medicines make one ask for, where the rule of that number looks at something else.
BESIDE_OTHERS = {"CI-06c", "CI-11b", "CI-28b"}


def test_every_rule_of_the_clinical_reference_ships():
    files = {rule.id for rule in rulebook().rules}
    assert files | OF_TECHNIQUES == RED_FLAGS | CONTRAINDICATIONS | BESIDE_OTHERS
    assert not files & OF_TECHNIQUES
    asked = {one.rule_id for one in objections([], [Treatment(region="ABDOMEN"), Treatment(region="PELVIS")])}
    assert asked == OF_TECHNIQUES


# Collisions between what the clinic treats and what the red flags ask (clinical reference §2.2).


def test_long_standing_assessed_incontinence_is_no_alarm():
    answers = {"bladder": YES, "bladder-new": NO, "bladder-assessed": YES, "pain-where": ["PELVIS"]}
    record = {"conditions": ({"kind": "urinary_incontinence"},)}
    assert fired(facts_of(answers, **record)) == {}


def test_new_incontinence_is_an_emergency_even_where_it_is_the_complaint():
    answers = {"bladder": YES, "bladder-new": YES, "bladder-assessed": YES, "pain-where": ["PELVIS"]}
    record = {"conditions": ({"kind": "urinary_incontinence"},)}
    assert said("RF-01", answers, **record) == (ABSOLUTE, "emergency")


def test_long_standing_incontinence_with_another_sign_is_an_alarm_all_the_same():
    usual = {"bladder": YES, "bladder-new": NO, "bladder-assessed": YES, "pain-where": ["PELVIS"]}
    record = {"conditions": ({"kind": "urinary_incontinence"},)}
    for sign in ("saddle-numb", "weakness"):
        assert said("RF-01", {**usual, sign: YES}, **record) == (ABSOLUTE, "emergency")
    for place in ("BACK.LOW", "LEG.POST"):
        assert said("RF-01", {**usual, "pain-where": [place]}, **record) == (RELATIVE, "same_day")


def test_the_usual_vertigo_is_a_caution_and_a_new_one_an_emergency():
    usual, new = {"dizzy": YES, "dizzy-new": NO}, {"dizzy": YES, "dizzy-new": UNSURE}
    assert {rule: one.severity for rule, one in fired(facts_of(usual)).items()} == {"CI-38": CAUTION}
    assert said("RF-05", new) == (ABSOLUTE, "emergency")
    assert said("RF-05", {**usual, "stroke-signs": YES}) == (ABSOLUTE, "emergency")
    record = {"conditions": ({"kind": "dizziness"},)}
    assert fired(facts_of(usual, **record)).keys() == {"CI-38"}
    assert said("RF-05", new, **record) == (ABSOLUTE, "emergency")


def test_the_usual_migraine_raises_nothing_and_a_new_headache_does():
    record = {"conditions": ({"kind": "migraine"},)}
    assert fired(facts_of({"pain-where": ["HEAD.TEMPLE"]}, **record)) == {}
    assert said("RF-05", {"headache-new": YES}, **record) == (ABSOLUTE, "emergency")
    assert said("RF-11", {"headache-alarm": YES}, **record) == (ABSOLUTE, "emergency")


def test_old_cancer_alone_is_a_caution_and_with_a_warning_feature_a_red_flag():
    old = {"cancer": YES, "cancer-5-years": NO}
    assert {rule: one.severity for rule, one in fired(facts_of(old)).items()} == {"CI-10": CAUTION}
    for feature in ({"weight-loss": YES}, {"pain-night": YES}, {"trajectory": "worsening"}):
        assert said("RF-03", {**old, **feature}) == (RELATIVE, "same_day")
        assert said("RF-03", feature) is None
    features: list[dict[str, object]] = [{"weight-loss": YES}, {"pain-night": YES}, {"trajectory": "worsening"}]
    for one, other in combinations(features, 2):
        assert said("RF-03", {**one, **other}) == (RELATIVE, "same_day")


def test_a_sore_calf_is_looked_at_before_it_is_touched_and_a_swollen_one_stops_everything():
    calf = {"pain-where": ["LEG.POST"], "leg-symptom": YES}
    for kind in ("swollen", "warm", "red"):
        assert said("RF-06", {**calf, "leg-symptom-kind": [kind]}) == (ABSOLUTE, "same_day")
    assert said("RF-06", {**calf, "leg-symptom-kind": ["sore"]}) == (RELATIVE, "same_day")
    assert said("RF-06", {"pain-where": ["LEG.POST"]}) is None


def test_a_sore_chest_muscle_is_never_taken_for_one_when_the_heart_speaks():
    chest = {"pain-where": ["CHEST"]}
    assert fired(facts_of(chest)) == {}
    for answer in (YES, UNSURE):
        assert said("RF-08", {**chest, "heart": answer}) == (ABSOLUTE, "emergency")
        assert said("RF-07", {**chest, "breath": answer}) == (ABSOLUTE, "emergency")


def test_scar_work_waits_for_a_closed_wound_and_the_surgeon():
    scar = {"onset": "surgery", "surgery": YES, "surgery-since": "over-12-weeks", "surgery-kind": "joint"}
    scar = {**scar, "surgery-where": ["THIGH.ANT"]}
    record = {"conditions": ({"kind": "scar_tissue"}, {"kind": "post_surgical_rehabilitation"})}
    cleared_first = fired(facts_of(scar, **record))
    assert {rule: one.severity for rule, one in cleared_first.items()} == {"CI-18": RELATIVE}
    assert cleared_first["CI-18"].regions == ("THIGH.ANT",)
    still_open = fired(facts_of({**scar, "wound": YES, "burn-large": NO, "wound-where": ["THIGH.ANT"]}, **record))
    assert (still_open["CI-01"].severity, still_open["CI-01"].regions) == (LOCAL, ("THIGH.ANT",))
    assert fired(facts_of(conditions=({"kind": "scar_tissue"},))) == {}


def test_post_polio_is_a_caution_and_its_thin_bones_still_need_a_clearance():
    record = {"conditions": ({"kind": "post_polio_syndrome"},)}
    assert {rule: one.severity for rule, one in fired(facts_of(**record)).items()} == {"CI-39": CAUTION}
    thin = fired(facts_of({"bones": YES, "bones-kind": "osteoporosis"}, **record))
    assert {rule: one.severity for rule, one in thin.items()} == {"CI-03": RELATIVE, "CI-39": CAUTION}


def test_an_acute_sprain_alone_is_local_and_with_a_risk_a_possible_fracture():
    sprain = {"onset": "injury", "injury-3-days": YES, "injury-hard": NO, "injury-unable": NO}
    assert {rule: one.severity for rule, one in fired(facts_of(sprain)).items()} == {"CI-36": LOCAL}
    assert fired(facts_of(sprain))["CI-36"].regions == ("SHOULDER.TOP",)
    fall = {**sprain, "injury-hard": YES}
    assert said("RF-02", fall) is None
    for risk in ({"steroids": YES}, {"bone-medicine": YES}, {"injury-unable": YES}):
        assert said("RF-02", {**fall, **risk}) == (RELATIVE, "same_day")
    assert said("RF-02", fall, age=65) == (RELATIVE, "same_day")


def test_a_low_clot_score_never_clears_a_leg_symptom_and_risks_alone_are_ci_05():
    assert said("RF-06", {"leg-symptom": YES, "leg-symptom-kind": ["swollen"], "clot-risks": ["none"]})
    risks = fired(facts_of({"clot-risks": ["bed-or-cast", "paralysis"]}))
    assert {rule: one.severity for rule, one in risks.items()} == {"CI-05": RELATIVE}


# What a finding carries.


def test_a_finding_names_the_answer_and_the_place():
    found = fired(facts_of({"wound": YES, "burn-large": NO, "wound-where": ["HAND", "ARM.ANT"]}))["CI-01"]
    assert found.regions == ("HAND", "ARM.ANT")
    assert found.evidence == [{"kind": "answer", "link_id": "wound", "value": "yes"}]


def test_a_finding_names_the_medicine_on_record():
    found = fired(facts_of(medicines=("Coumadin 5 mg",)))["CI-06a"]
    assert found.evidence == [
        {
            "kind": "medicine",
            "id": "m0",
            "text": "Coumadin 5 mg",
            "substance": "warfarin",
            "class": "anticoagulant",
            "certainty": "named",
        }
    ]


def test_urgent_cases_tell_the_patient_what_to_do_in_both_languages():
    for rule in rulebook().rules:
        for case in rule.cases:
            if case.urgency != "routine":
                assert set(case.patient_words) == {"en", "es"}
                assert "proven" not in case.patient_words["en"].lower()


def test_what_was_said_at_a_visit_passes_by_the_hour_and_the_longest_evidence_counts():
    seen = fired(facts_of(at_visit={"seen-impaired": YES}, said_hours_ago=2))["CI-28"]
    assert seen.expires_at == NOW + timedelta(hours=10)
    assert seen.evidence == [{"kind": "visit", "link_id": "seen-impaired", "value": "yes"}]
    both = facts_of({"fever": YES}, answered_days_ago=6, at_visit={"change-infection": YES}, said_hours_ago=24)
    assert fired(both)["CI-11"].expires_at == NOW + timedelta(hours=144)
    assert fired(facts_of(at_visit={"change-pregnant": YES}))["CI-23"].expires_at is None


def test_a_rule_that_rests_on_others_names_them():
    found = fired(facts_of({"contact-doctor": NO, "vein-past": YES, "blood-thinner": YES}))["CI-29"]
    assert found.evidence[0] == {"kind": "answer", "link_id": "contact-doctor", "value": "no"}
    assert [one["id"] for one in found.evidence[1:]] == ["CI-05", "CI-06a"]


@pytest.mark.parametrize(
    ("risk", "advises_against"),
    [
        ({}, False),
        ({"bones": YES, "bones-kind": "osteoporosis"}, True),
        ({"clot-now": YES}, True),
        ({"vein-past": YES}, True),
        ({"clot-risks": ["oestrogen"]}, False),
        ({"blood-thinner": YES}, True),
        ({"device": YES}, True),
        ({"varicose": YES}, False),
    ],
)
def test_a_device_at_home_is_limited_or_advised_against(risk, advises_against):
    for device in ("massage-gun", "roller", "tens"):
        action = fired(facts_of({"home-devices": [device], **risk}))["CI-40"].action
        assert action.startswith("Advise against" if advises_against else "Written limits")


def test_an_intake_from_before_the_question_about_devices_is_whole():
    facts = facts_of(without=("home-devices",))
    assert (unanswered(facts, rulebook()), fired(facts)) == ((), {})


def test_a_passing_state_says_when_it_must_be_asked_again():
    assert fired(facts_of({"fever": YES}))["CI-11"].expires_on == TODAY + timedelta(days=7)
    assert fired(facts_of({"breath": YES}))["RF-07"].expires_on is None


def test_electrical_and_percussive_devices_are_ruled_out_with_a_pacemaker():
    found = fired(facts_of({"device": YES, "device-where": ["CHEST"]}))["CI-24"]
    assert found.techniques == ("electrical", "magnetic", "percussive")
    assert found.regions == ("CHEST",)


def test_the_frailty_questions_are_asked_from_65():
    assert "frail-tired" in facts_of(age=65).answers
    assert "frail-tired" not in facts_of(age=64).answers
    assert "frail-tired" in unanswered(facts_of(age=65, without=("frail-tired",)), rulebook())
    assert unanswered(facts_of(age=64, without=("frail-tired",)), rulebook()) == ()
