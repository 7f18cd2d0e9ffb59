"""What is typed about a product, a chaperone and consent."""

from __future__ import annotations

from typing import Any

from django import forms

from sessions import catalogue
from sessions.forms import PageForm
from sessions.models import Chaperone, ChaperoneAnswer, ConsentAnswer
from sessions.services.cosigning import REMARK_LENGTH
from sessions.services.presence import NAME_LENGTH
from sessions.services.products import REASON_LENGTH


class ProductForm(PageForm):
    """Why a product is used despite an allergy or a flag."""

    ids = "id_product_%s"

    reason = forms.CharField(label="Why it is used nevertheless", max_length=REASON_LENGTH)


class ChaperoneForm(PageForm):
    """A third person in the room."""

    ids = "id_chaperone_%s"

    answer = forms.ChoiceField(label="Chaperone", choices=ChaperoneAnswer.choices, widget=forms.RadioSelect)
    name = forms.CharField(
        label="Name", help_text="Of the person who is present.", required=False, max_length=NAME_LENGTH
    )


class ConsentForm(PageForm):
    """One region, asked about."""

    ids = "id_consent_%s"

    region = forms.ChoiceField(label="Region")
    answer = forms.ChoiceField(label="The patient", choices=ConsentAnswer.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = [(one.code, one.name) for one in catalogue.regions().values()]
        self.fields["region"].choices = [("", "Choose"), *regions]  # type: ignore[attr-defined]


class CoSignForm(PageForm):
    """A supervisor's signature."""

    ids = "id_co_sign_%s"

    remark = forms.CharField(
        label="Remark", help_text="It stands under the note.", required=False, max_length=REMARK_LENGTH
    )


def presence_forms(row: Chaperone | None) -> dict[str, PageForm]:
    """Empty, or as the chaperone was noted."""
    known = {"answer": row.answer, "name": row.name} if row else {}
    return {"chaperone": ChaperoneForm(initial=known), "consent": ConsentForm()}
