"""What the clinic treats beside what the red flags ask (clinical reference §2.2): all that fires, nothing more."""

from __future__ import annotations

import pytest

from screening.engine import unanswered
from screening.rulebook import rulebook
from tests.screening.facts import facts_of, fired

YES, NO, UNSURE = "yes", "no", "not-sure"
EMERGENCY, TODAY_RED, BLOCK = "absolute emergency", "relative same_day", "relative routine"
LOCAL, CAUTION, NEVER = "local routine", "caution routine", "absolute routine"

INCONTINENT = {"conditions": ({"kind": "urinary_incontinence"},)}
OLD_LEAK = {"bladder": YES, "bladder-new": NO, "bladder-assessed": YES, "pain-where": ["PELVIS"]}
DIZZY = {"conditions": ({"kind": "dizziness"},)}
USUAL_DIZZY = {"dizzy": YES, "dizzy-new": NO}
MIGRAINE = {"conditions": ({"kind": "migraine"},)}
OLD_CANCER = {"cancer": YES, "cancer-5-years": NO, "cancer-where": ["CHEST"]}
CALF = {"pain-where": ["LEG.POST"]}
SPRAIN = {"onset": "injury", "injury-3-days": YES, "injury-hard": NO, "injury-unable": NO}
FALL = {**SPRAIN, "injury-hard": YES}
POLIO = {"conditions": ({"kind": "post_polio_syndrome"},)}
SCAR = {"conditions": ({"kind": "scar_tissue"},)}
REHAB = {"onset": "surgery"}


def operated(since, kind="other"):
    return {"surgery": YES, "surgery-since": since, "surgery-kind": kind, "surgery-where": ["ABDOMEN"]}


# What is told, the answers, the record, all that fires.
COLLISIONS = [
    ("long-standing, assessed leaking is treatable", OLD_LEAK, INCONTINENT, {}),
    ("new leaking is not", {**OLD_LEAK, "bladder-new": YES}, INCONTINENT, {"RF-01": EMERGENCY}),
    ("nor leaking that may be new", {**OLD_LEAK, "bladder-new": UNSURE}, INCONTINENT, {"RF-01": EMERGENCY}),
    ("nor with saddle numbness", {**OLD_LEAK, "saddle-numb": UNSURE}, INCONTINENT, {"RF-01": EMERGENCY}),
    ("with back pain a doctor looks today", {**OLD_LEAK, "pain-where": ["BACK.LOW"]}, INCONTINENT,
     {"RF-01": TODAY_RED}),
    ("with leg pain, too", {**OLD_LEAK, "pain-where": ["PELVIS", "LEG.LAT"]}, INCONTINENT, {"RF-01": TODAY_RED}),
    ("with weakness it is an emergency", {**OLD_LEAK, "weakness": YES}, INCONTINENT,
     {"RF-01": EMERGENCY, "RF-09": TODAY_RED}),
    ("never assessed, a doctor looks today", {**OLD_LEAK, "bladder-assessed": NO}, INCONTINENT, {"RF-01": TODAY_RED}),
    ("perhaps assessed is not assessed", {**OLD_LEAK, "bladder-assessed": UNSURE}, INCONTINENT,
     {"RF-01": TODAY_RED}),
    ("the complaint on record alone says nothing", {"pain-where": ["PELVIS"]}, INCONTINENT, {}),
    ("the usual vertigo is a caution", USUAL_DIZZY, DIZZY, {"CI-38": CAUTION}),
    ("vertigo on record alone is a caution", {}, DIZZY, {"CI-38": CAUTION}),
    ("new vertigo is an emergency", {**USUAL_DIZZY, "dizzy-new": YES}, DIZZY, {"CI-38": CAUTION, "RF-05": EMERGENCY}),
    ("perhaps new vertigo, too", {**USUAL_DIZZY, "dizzy-new": UNSURE}, DIZZY,
     {"CI-38": CAUTION, "RF-05": EMERGENCY}),
    ("unsure of being dizzy at all, and new", {"dizzy": UNSURE, "dizzy-new": YES}, {},
     {"CI-38": CAUTION, "RF-05": EMERGENCY}),
    ("the usual vertigo with any other sign", {**USUAL_DIZZY, "stroke-signs": YES}, DIZZY,
     {"CI-38": CAUTION, "RF-05": EMERGENCY}),
    ("the usual vertigo with a new headache", {**USUAL_DIZZY, "headache-new": YES}, DIZZY,
     {"CI-38": CAUTION, "RF-05": EMERGENCY}),
    ("the usual migraine raises nothing", {"pain-where": ["HEAD.TEMPLE"]}, MIGRAINE, {}),
    ("a headache unlike any before", {"headache-new": UNSURE}, MIGRAINE, {"RF-05": EMERGENCY}),
    ("the worst headache ever", {"headache-alarm": YES}, MIGRAINE, {"RF-11": EMERGENCY}),
    ("a new headache over 50", {"headache-over-50": YES}, {**MIGRAINE, "age": 50}, {"RF-11": TODAY_RED}),
    ("old cancer alone is a caution", OLD_CANCER, {}, {"CI-10": CAUTION}),
    ("with weight loss", {**OLD_CANCER, "weight-loss": YES}, {}, {"CI-10": CAUTION, "RF-03": TODAY_RED}),
    ("with perhaps weight loss", {**OLD_CANCER, "weight-loss": UNSURE}, {}, {"CI-10": CAUTION, "RF-03": TODAY_RED}),
    ("with night pain", {**OLD_CANCER, "pain-night": YES}, {}, {"CI-10": CAUTION, "RF-03": TODAY_RED}),
    ("with worsening", {**OLD_CANCER, "trajectory": "worsening"}, {}, {"CI-10": CAUTION, "RF-03": TODAY_RED}),
    ("one feature without a history", {"weight-loss": YES}, {}, {}),
    ("two features without a history", {"weight-loss": YES, "pain-night": YES}, {}, {"RF-03": TODAY_RED}),
    ("recent cancer stops everything", {**OLD_CANCER, "cancer-5-years": YES}, {}, {"CI-10": NEVER}),
    ("a calf point alone", CALF, {}, {}),
    *((f"a calf that is {kind}", {**CALF, "leg-symptom": YES, "leg-symptom-kind": [kind]}, {},
       {"RF-06": "absolute same_day"}) for kind in ("swollen", "warm", "red", "not-sure")),
    ("a calf that is only sorer", {**CALF, "leg-symptom": YES, "leg-symptom-kind": ["sore"]}, {},
     {"RF-06": TODAY_RED}),
    ("a sore calf after a clot", {**CALF, "leg-symptom": YES, "leg-symptom-kind": ["sore"], "vein-past": YES}, {},
     {"RF-06": "absolute same_day", "CI-05": BLOCK}),
    ("clot risks without a leg symptom", {**CALF, "clot-risks": ["bed-or-cast", "paralysis"]}, {}, {"CI-05": BLOCK}),
    ("chest pain that may be the heart", {"pain-where": ["CHEST"], "heart": UNSURE}, {}, {"RF-08": EMERGENCY}),
    ("a chest trigger point alone", {"pain-where": ["CHEST"]}, {}, {}),
    ("an acute sprain alone is local", SPRAIN, {}, {"CI-36": LOCAL}),
    ("a fall a doctor has looked at is local", FALL, {}, {"CI-36": LOCAL}),
    ("a fall with steroids", {**FALL, "steroids": YES}, {}, {"CI-36": LOCAL, "CI-21": CAUTION, "RF-02": TODAY_RED}),
    ("a fall with thin bones", {**FALL, "bones": YES, "bones-kind": "osteoporosis"}, {},
     {"CI-36": LOCAL, "CI-03": BLOCK, "RF-02": TODAY_RED}),
    ("a fall with osteopenia", {**FALL, "bones": YES, "bones-kind": "osteopenia"}, {},
     {"CI-36": LOCAL, "CI-03": CAUTION}),
    ("a fall at 65", FALL, {"age": 65}, {"CI-36": LOCAL, "RF-02": TODAY_RED}),
    ("a fall at 64", FALL, {"age": 64}, {"CI-36": LOCAL}),
    ("a sprain that cannot be stood on", {**SPRAIN, "injury-unable": YES}, {}, {"CI-36": LOCAL, "RF-02": TODAY_RED}),
    ("a scar without an operation lately", {}, SCAR, {}),
    ("scar work on a fresh wound", operated("under-6-weeks"), SCAR, {"CI-18": BLOCK}),
    ("scar work within twelve weeks of the belly", operated("6-12-weeks", "abdomen"), SCAR, {"CI-18": BLOCK}),
    ("scar work on an open place", {**operated("over-12-weeks"), "wound": YES, "burn-large": NO,
     "wound-where": ["ABDOMEN"]}, SCAR, {"CI-18": LOCAL, "CI-01": LOCAL}),
    ("scar work on a closed wound", operated("over-12-weeks"), SCAR, {"CI-18": LOCAL}),
    ("rehabilitation needs the surgeon", {**operated("over-12-weeks"), **REHAB}, {}, {"CI-18": BLOCK}),
    ("post-polio is a caution", {}, POLIO, {"CI-39": CAUTION}),
    ("post-polio with weak bones", {"bone-medicine": YES}, POLIO, {"CI-39": CAUTION, "CI-03": BLOCK}),
    ("post-polio with new weakness", {"weakness": YES}, POLIO, {"CI-39": CAUTION, "RF-09": TODAY_RED}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "record", "expected"), [row[1:] for row in COLLISIONS], ids=[r[0] for r in COLLISIONS]
)
def test_the_complaint_and_the_red_flag(answers, record, expected):
    facts = facts_of(answers, **record)
    assert {rule: f"{one.severity} {one.urgency}" for rule, one in fired(facts).items()} == expected


@pytest.mark.parametrize("follow_up", ["bladder-new", "dizzy-new", "leg-symptom-kind", "cancer-5-years"])
def test_a_deciding_question_left_open_never_clears(follow_up):
    """Silent where the answer would decide: either the red flag, or an intake that is not complete."""
    leading = follow_up.rsplit("-", 1)[0] if follow_up.endswith("new") else follow_up.removesuffix("-kind")
    leading = "cancer" if follow_up.startswith("cancer") else leading
    facts = facts_of({leading: YES, "bladder-assessed": YES}, without=(follow_up,))
    assert follow_up not in facts.answers
    assert follow_up in unanswered(facts, rulebook())
