"""What a clinic's own form must keep: a question that is not asked, or asked so that no rule understands the answer,
would silence a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from questionnaires.form import Condition, Form, Item
from questionnaires.services.publishing import shipped_form
from screening.at_visit import AT_VISIT
from screening.changes import CHANGES, QUESTIONS
from screening.evaluations import INTAKE
from screening.facts import MEDICINE_QUESTIONS
from screening.rulebook import rulebook

# Forms the screening asks by itself: one version of each is always in use.
NEEDED = (INTAKE, CHANGES, AT_VISIT)
# What is read beside the rules: names of medicines, consents, the change check.
_ALSO_READ = {
    INTAKE: (*MEDICINE_QUESTIONS, "medicine-allergies", "consent-treatment", "consent-email", "consent-surveys"),
    CHANGES: QUESTIONS,
    AT_VISIT: (),
}

# One group of conditions: all of them, or any.
_Group = tuple[frozenset[Condition], bool]


def silenced_by(form: Form, key: str) -> dict[str, str]:
    """Which safety questions of the shipped form a form leaves out or changes, by linkId, and what to keep."""
    shipped = _shipped(key)
    if shipped is None:
        return {}
    found: dict[str, str] = {}
    for link_id, read_by in _safety_questions(key).items():
        problems = " ".join(_of_question(form, shipped, link_id))
        if problems:
            found[link_id] = f"{problems} It is read by {read_by}."
    return found


@cache
def _shipped(key: str) -> Form | None:
    return shipped_form(key=key) if key in NEEDED else None


@cache
def _safety_questions(key: str) -> dict[str, str]:
    """linkIds in reading order, each with who reads it."""
    shipped = _shipped(key)
    if shipped is None:
        return {}
    readers: dict[str, list[str]] = {}
    for rule in rulebook().rules:
        for link_id in rule.reads:
            readers.setdefault(link_id, []).append(rule.id)
    for link_id in _ALSO_READ[key]:
        readers.setdefault(link_id, []).append("the screening")
    for link_id in _depended_on(shipped, readers):
        readers.setdefault(link_id, []).append("other questions")
    return {item.link_id: ", ".join(readers[item.link_id]) for item in shipped.questions() if item.link_id in readers}


def _depended_on(form: Form, link_ids: Iterable[str]) -> set[str]:
    """Questions whose answers decide whether these are asked, however far."""
    reached: set[str] = set()
    waiting = [link_id for link_id in link_ids if link_id in form.items]
    while waiting:
        new = {one.question for group, _all in _chain(form, waiting.pop()) for one in group} - reached
        reached |= new
        waiting.extend(new)
    return reached


def _chain(form: Form, link_id: str) -> set[_Group]:
    """Every group of conditions that must hold before a question is asked: its own and those of what it is in."""
    item = form.items[link_id]
    around = (*(form.items[parent] for parent in item.parents), item)
    return {(frozenset(one.conditions), one.needs_all or len(one.conditions) == 1) for one in around if one.conditions}


def _of_question(form: Form, shipped: Form, link_id: str) -> Iterator[str]:
    own, needed = form.items.get(link_id), shipped.items[link_id]
    if own is None or not own.is_question:
        yield "This question must be asked."
        return
    yield from (words for differs, words in _CHECKS if differs(own, needed))
    if not needed.codes <= own.codes:
        yield f"Keep these answers: {', '.join(sorted(needed.codes - own.codes))}."
    if not needed.repeats and own.codes - needed.codes:
        yield f"No rule understands these answers: {', '.join(sorted(own.codes - needed.codes))}."
    if not _chain(form, link_id) <= _chain(shipped, link_id):
        yield "Ask it whenever the form that comes with the product asks it, or always."


_CHECKS: tuple[tuple[Callable[[Item, Item], bool], str], ...] = (
    (lambda own, needed: own.type != needed.type, "Keep its type."),
    (lambda own, needed: own.repeats != needed.repeats, "Keep whether several answers may be given."),
    (lambda own, needed: needed.is_required and not own.is_required, "Keep it required: silence is never “no”."),
    (lambda own, needed: own.is_hidden != needed.is_hidden, "Keep whether patients see it."),
    (lambda own, needed: own.prefill != needed.prefill, "Keep what fills it from the record."),
    (lambda own, needed: own.initial is not None, "No answer may stand there from the start."),
)
