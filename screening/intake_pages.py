"""The intake as the patient walks through it: which page is next, how far it is, what to say to a warning sign."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from questionnaires.form import Form, Page
from questionnaires.forms import PageForm
from questionnaires.models import QuestionnaireResponse
from screening.engine import Finding
from screening.evaluations import urgent_findings

REVIEW = "review"


@dataclass(frozen=True)
class Warning:
    """Plain words about what to do at once."""

    words: str
    is_emergency: bool


@dataclass
class Walk:
    """A response on its way from the first page to the review."""

    response: QuestionnaireResponse
    language: str
    form: Form = field(init=False)

    def __post_init__(self) -> None:
        self.form = self.response.questionnaire.form()

    @property
    def pages(self) -> tuple[Page, ...]:
        return self.form.open_pages(self.response.answers)

    def page(self, link_id: str) -> Page | None:
        """The page of that name, if this patient is asked it."""
        return next((page for page in self.pages if page.link_id == link_id), None)

    def resume_at(self) -> str:
        """The address of the first page with something still to answer, or of the review."""
        answers = self.response.answers
        page = next((page for page in self.pages if self.form.missing(answers, page)), None)
        return _address(page.link_id if page else REVIEW)

    def after(self, page: Page) -> str:
        """The address that follows a page."""
        ids = [one.link_id for one in self.pages] + [REVIEW]
        return _address(ids[ids.index(page.link_id) + 1])

    def before(self, link_id: str) -> str:
        """The address of the page before, empty on the first."""
        ids = [one.link_id for one in self.pages] + [REVIEW]
        place = ids.index(link_id)
        return _address(ids[place - 1]) if place else ""

    def number(self, page: Page) -> int:
        return [one.link_id for one in self.pages].index(page.link_id) + 1

    def page_form(self, page: Page, posted: Any = None) -> PageForm:
        return PageForm(posted, form=self.form, page=page, answers=self.response.answers, language=self.language)

    def context_of(self, page: Page, form: PageForm) -> dict[str, Any]:
        """What a page prints."""
        return {
            "form": form,
            "page_title": page.title(self.language),
            "number": self.number(page),
            "total": len(self.pages),
            "back": self.before(page.link_id),
        }

    def warnings(self) -> tuple[Warning, ...]:
        """What the answers given so far make us say at once, emergencies first."""
        return warnings_in(urgent_findings(self.response), self.language)


def warnings_in(findings: Iterable[Finding], language: str) -> tuple[Warning, ...]:
    """The words of urgent findings, each once."""
    found = {
        Warning(finding.patient_words.get(language) or finding.patient_words["en"], finding.urgency == "emergency")
        for finding in findings
        if finding.is_urgent
    }
    return tuple(sorted(found, key=lambda one: (not one.is_emergency, one.words)))


def _address(link_id: str) -> str:
    if link_id == REVIEW:
        return reverse("screening:intake-review")
    return reverse("screening:intake-page", args=[link_id])
