"""The smallest sets of facts that make a condition of a rule hold, derived from the condition itself.

A rule that is added later is taken apart the same way, so the decision table covers it or says that it cannot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any

from screening.rulebook import Case, Expression, Rule, rulebook
from tests.screening.factories import CALM
from tests.screening.facts import TODAY, facts_of, shipped_form

LONG_AGO = TODAY - timedelta(days=3650)
# A name of each class that is on sale, two where a rule counts substances.
NAMES = {
    "anticoagulant": ("Warfarin 5 mg",),
    "thrombolytic": ("Alteplase",),
    "antiplatelet": ("Clopidogrel 75 mg", "Ticagrelor 90 mg"),
    "bone_medicine": ("Alendronic acid 70 mg",),
    "glucocorticoid": ("Prednisone 10 mg",),
    "aromatase_inhibitor": ("Letrozole 2.5 mg",),
    "cancer_medicine": ("Capecitabine 500 mg",),
    "diabetes_medicine": ("Metformin 500 mg",),
    "botulinum_toxin": ("Botox",),
    "near_neighbour": ("Ibuprofen 400 mg",),
    "immunosuppressant": ("Azathioprine 50 mg",),
    "opioid": ("Tramadol 50 mg",),
    "muscle_relaxant": ("Tizanidine 2 mg",),
}
# Follow-up answers that add nothing: what a witness does not speak of is answered like this.
HARMLESS: dict[str, Any] = {
    "wound-where": ["HAND"], "burn-large": "no", "skin-infection-where": ["HAND"], "skin-infection-spreading": "no",
    "skin-fragile-where": ["HAND"], "bruise-where": ["HAND"], "fracture-healed": "yes",
    "fracture-since": "over-12-weeks", "fracture-bone": ["other"], "fracture-where": ["HAND"],
    "bones-kind": "osteopenia", "surgery-since": "over-12-weeks", "surgery-kind": "other", "surgery-where": ["HAND"],
    "device-where": ["HAND"], "leg-symptom-kind": ["sore"], "varicose-where": ["HAND"],
    "limb-swelling-where": ["HAND"], "bleeding-severe": "no", "pressure-today": "no", "joints-hot": "no",
    "diabetes-trouble": "no", "nerve-where": ["HAND"], "polio-new": "no", "cancer-5-years": "no",
    "cancer-where": ["HAND"], "pregnant-weeks": 20, "pregnant-problems": "no", "pregnant-alarm": "no",
    "injections-where": ["HAND"], "product-allergy-which": ["other"], "bladder-new": "no", "bladder-assessed": "yes",
    "dizzy-new": "no", "dizzy-turning": "no", "head-knock-signs": "no", "injury-3-days": "no", "injury-hard": "no",
    "injury-unable": "no", "blood-thinner-which": "Clopidogrel 75 mg",
}  # fmt: skip
# The same of what is asked or seen at a visit.
HARMLESS_AT_VISIT = {
    "seen-impaired": "no", "seen-no-consent": "no", "contact-now": "yes", "change-infection": "no",
    "change-pregnant": "no",
}  # fmt: skip
AT_VISIT_FORMS = ("at-visit.v1", "change-check.v1")
# What makes the form ask a follow-up where the rule rests on the follow-up alone.
LEADING: dict[str, dict[str, Any]] = {
    "injury-3-days": {"onset": "injury"},
    "injury-unable": {"onset": "injury"},
    "injury-hard": {"onset": "injury"},
    "dizzy-new": {"dizzy": "yes"},
    "bladder-new": {"bladder": "yes"},
    "bladder-assessed": {"bladder": "yes"},
    "pregnant-alarm": {"pregnant": "yes"},
    "medicines": {"medicines-any": "yes"},
    "blood-thinner-which": {"blood-thinner": "yes"},
    "head-knock-signs": {"head-knock": "yes"},
}
ASKED_FROM_AGE = {"headache-over-50": 50}


@dataclass(frozen=True)
class Witness:
    """Facts that make a condition hold: answers, questions left open, an age, rows of the record."""

    answers: dict[str, Any] = field(default_factory=dict)
    open: frozenset[str] = frozenset()
    age: int | None = None
    medicines: tuple[dict[str, Any], ...] = ()
    conditions: tuple[dict[str, Any], ...] = ()
    allergies: tuple[tuple[str, str], ...] = ()
    at_visit: dict[str, str] = field(default_factory=dict)
    # Rules that have to have found something, and how grave: they fire by the facts above.
    found: frozenset[tuple[str, str]] = frozenset()
    # Facts that a calm intake holds as well: without them nothing changes.
    spare: frozenset[str] = frozenset()

    def with_(self, other: Witness) -> Witness | None:
        """Both at once; None where they contradict each other."""
        answers = dict(self.answers)
        for link_id, value in other.answers.items():
            before = answers.get(link_id, value)
            both = list(dict.fromkeys([*before, *value])) if isinstance(value, list) else value
            if not isinstance(value, list) and before != value:
                return None
            answers[link_id] = both
        still_open = self.open | other.open
        at_visit = {**self.at_visit, **other.at_visit}
        if any(at_visit[link_id] != value for link_id, value in self.at_visit.items()):
            return None
        if still_open & {*answers, *at_visit} or (self.age and other.age and self.age != other.age):
            return None
        return Witness(
            answers=answers, open=still_open, age=self.age or other.age, medicines=self.medicines + other.medicines,
            conditions=self.conditions + other.conditions, allergies=self.allergies + other.allergies,
            at_visit=at_visit, found=self.found | other.found, spare=self.spare | other.spare,
        )  # fmt: skip

    def facts(self, **answers: Any) -> Any:
        """A calm intake and record changed by these facts alone, as the form would keep it."""
        given = {link_id: value for link_id, value in self.answers.items() if link_id not in self.open}
        led: dict[str, Any] = {}
        for link_id in self.answers:
            led |= LEADING.get(link_id, {})
        ages = [ASKED_FROM_AGE[link_id] for link_id in self.answers if link_id in ASKED_FROM_AGE]
        return facts_of(
            {**HARMLESS, **led, **given, **answers}, age=max([self.age or 45, *ages]), medicines=self.medicines,
            conditions=self.conditions, allergies=self.allergies, without=tuple(self.open),
            at_visit={
                name: value for name, value in {**HARMLESS_AT_VISIT, **self.at_visit}.items() if name not in self.open
            },
        )  # fmt: skip

    def without_one(self) -> Iterator[tuple[str, Witness]]:
        """The same with one of its facts taken away, for each that the form does not ask first."""
        first = {name for link_id in self.answers for name in LEADING.get(link_id, {})}
        for link_id in set(self.answers) - first - self.spare:
            rest = {name: value for name, value in self.answers.items() if name != link_id}
            yield link_id, self._but(answers=rest)
        for link_id in self.open - self.spare:
            yield link_id, self._but(open=self.open - {link_id})
        for link_id in self.at_visit:
            yield link_id, self._but(at_visit={name: value for name, value in self.at_visit.items() if name != link_id})
        for name in ("medicines", "conditions", "allergies"):
            rows = getattr(self, name)
            for place in range(len(rows)):
                yield f"{name}[{place}]", self._but(**{name: rows[:place] + rows[place + 1 :]})

    def leaving_open(self, link_id: str) -> Witness:
        """The same with one of its questions asked and left without an answer."""
        return self._but(open=self.open | {link_id})

    def unsure(self) -> Witness | None:
        """The same with every yes and tick turned into not sure; None where there is none."""
        answers: dict[str, Any] = {}
        for link_id, value in self.answers.items():
            if link_id == "health-list" and value != ["not-sure"]:
                answers |= {"health-list": ["not-sure"], "health-unsure": value}
            else:
                answers[link_id] = "not-sure" if value == "yes" and link_id not in NOT_A_QUESTION_OF_DOUBT else value
        at_visit = {name: "not-sure" if value == "yes" else value for name, value in self.at_visit.items()}
        doubtful = self._but(answers=answers, at_visit=at_visit)
        return doubtful if doubtful != self else None

    def _but(self, **changes: Any) -> Witness:
        return replace(self, **changes)


# Whether a clinician has examined it is no sign of danger: to be unsure of it is as good as no.
NOT_A_QUESTION_OF_DOUBT = {"clinician-examined", "bladder-assessed", "fracture-healed"}


def witnesses(case: Case) -> list[Witness]:
    """Every smallest set of facts that makes the case's condition hold."""
    return list(_of(case.when))


def _of(expression: Expression) -> Iterator[Witness]:
    ((operator, body),) = expression.items()
    if operator == "any":
        for part in body:
            yield from _of(part)
    elif operator == "all":
        yield from _together([list(_of(part)) for part in body])
    elif operator == "at_least":
        for chosen in combinations(body["of"], body["count"]):
            yield from _together([list(_of(part)) for part in chosen])
    elif operator == "not":
        yield from _of_not(body)
    else:
        yield from _LEAVES[operator](body)


def _together(parts: list[list[Witness]]) -> Iterator[Witness]:
    for chosen in product(*parts):
        merged: Witness | None = Witness()
        for one in chosen:
            merged = merged.with_(one) if merged is not None else None
        if merged is not None:
            yield merged


def _of_not(expression: Expression) -> Iterator[Witness]:
    """What is true when the condition is not: another answer, and none."""
    ((operator, body),) = expression.items()
    if operator == "answered":
        yield Witness(open=frozenset({body}))
    elif operator == "answer":
        others = sorted(shipped_form().items[body["of"]].codes - set(body["in"]))
        is_calm = CALM.get(body["of"]) in others
        spare = frozenset({body["of"]}) if is_calm else frozenset[str]()
        for code in others:
            yield Witness(answers={body["of"]: code}, spare=spare)
        yield Witness(open=frozenset({body["of"]}), spare=spare)
    elif operator == "at_visit":
        yield Witness(open=frozenset({body["of"]}))
    elif operator == "only_medicines":
        yield Witness(answers={body["of"]: "the small pink one"})
        yield Witness(open=frozenset({body["of"]}))
    else:
        raise AssertionError(f"Say in witnesses.py what makes `not {operator}` true.")


def _in_question(link_id: str, value: Any) -> Witness:
    return Witness(answers={link_id: [value] if shipped_form().items[link_id].repeats else value})


def _choices(body: Expression) -> Iterator[Witness]:
    for code in body["in"]:
        yield _in_question(body["of"], code)


def _answered(link_id: str) -> Iterator[Witness]:
    codes = sorted(shipped_form().items[link_id].codes)
    yield _in_question(link_id, codes[0] if codes else "Please ask first.")


def _number(body: Expression) -> Iterator[Witness]:
    yield Witness(answers={body["of"]: body["below"] - 1 if "below" in body else body["at_least"]})


def _age(body: Expression) -> Iterator[Witness]:
    yield Witness(age=body["below"] - 1 if "below" in body else body["at_least"])


def _medicines(body: Expression) -> Iterator[Witness]:
    for kind in body["class"]:
        names = NAMES[kind][: body.get("substances", 1)]
        times: dict[str, date] = {}
        if "ended_within_days" in body:
            times = {"ended_on": TODAY - timedelta(days=body["ended_within_days"])}
        if "started_within_days" in body:
            times = {"started_on": TODAY - timedelta(days=body["started_within_days"])}
        certainty = body.get("certainty", ["named"])
        if "ask" in certainty and not times:
            yield Witness(answers={"medicines": f"stopped {names[0]}"})
        if "named" in certainty:
            yield Witness(medicines=tuple({"name": name, **times} for name in names))


def _conditions(body: Expression) -> Iterator[Witness]:
    times: dict[str, date] = {}
    if body.get("over"):
        times = {"ended_on": LONG_AGO}
    elif "within_days" in body:
        times = {"onset_on": TODAY - timedelta(days=body["within_days"])}
    for kind in body.get("kinds", []):
        yield Witness(conditions=({"kind": kind, **times},))
    for code in body.get("codes", []):
        yield Witness(conditions=({"text": "Named by its code", "code": code, **times},))
    for term in body.get("terms", []):
        yield Witness(conditions=({"text": term.capitalize(), **times},))


def _allergies(body: Expression) -> Iterator[Witness]:
    for category in body.get("categories", []):
        yield Witness(allergies=((category, "Named by its kind"),))
    for term in body.get("terms", []):
        yield Witness(allergies=(("environment", term.capitalize()),))


def _at_visit(body: Expression) -> Iterator[Witness]:
    for value in body["in"]:
        yield Witness(at_visit={body["of"]: value})


def _found(body: Expression) -> Iterator[Witness]:
    """One set of facts for each case of each rule that would do."""
    for rule in rulebook().rules:
        is_named = rule.id in body.get("rules", [rule.id]) and rule.id not in body.get("not_rules", [])
        if is_named and not rule.rests_on_others:
            for case in rule.cases:
                if case.severity in body.get("severities", [case.severity]):
                    yield replace(_plainest(rule, witnesses(case)), found=frozenset({(rule.id, case.severity)}))


def _plainest(rule: Rule, every: list[Witness]) -> Witness:
    """An answer rather than a row of the record, and few rather than many."""
    assert every, rule.id
    return min(every, key=lambda one: (len(one.conditions) + len(one.medicines), len(one.answers) + len(one.open)))


_LEAVES = {
    "yes": lambda link_id: [_in_question(link_id, "yes")],
    "unsure": lambda link_id: [_in_question(link_id, "not-sure")],
    "answered": _answered,
    "answer": _choices,
    "ticked": lambda body: [Witness(answers={body["of"]: [body["code"]]})],
    "tick_unsure": lambda body: [Witness(answers={"health-list": ["not-sure"], body["unsure"]: [body["code"]]})],
    "number": _number,
    "age": _age,
    "medicine": _medicines,
    "condition": _conditions,
    "allergy": _allergies,
    "at_visit": _at_visit,
    "found": _found,
}
