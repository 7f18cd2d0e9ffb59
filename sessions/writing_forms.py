"""What therapists type beside the note: pain by region, short texts of their own."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from sessions import catalogue
from sessions.forms import PageForm
from sessions.models import BodySide, PainKind, RegionalPain
from sessions.services.snippets import SHORTCUT_LENGTH, SNIPPET_LENGTH


class RegionalPainForm(PageForm):
    """How much one part of the body hurts."""

    ids = "id_regional_%s"

    region = forms.ChoiceField(label="Region")
    side = forms.ChoiceField(label="Side of the patient", choices=BodySide.choices, widget=forms.RadioSelect)
    kind = forms.ChoiceField(label="When", choices=PainKind.choices, widget=forms.RadioSelect, initial=PainKind.REST)
    before = forms.IntegerField(label="Before the treatment", min_value=0, max_value=10)
    after = forms.IntegerField(label="After the treatment", required=False, min_value=0, max_value=10)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = [(region.code, region.name) for region in catalogue.regions().values()]
        cast("forms.ChoiceField", self.fields["region"]).choices = [("", "Choose"), *regions]

    @classmethod
    def of(cls, pain: RegionalPain) -> RegionalPainForm:
        """An entry to be corrected, or to be given its value after the treatment."""
        return cls(initial={name: getattr(pain, name) for name in ("region", "side", "kind", "before", "after")})


class SnippetForm(PageForm):
    """A short text and its shortcut."""

    ids = "id_snippet_%s"

    shortcut = forms.CharField(
        label="Shortcut",
        help_text="Small letters, digits or hyphens. Typed with a dot before it and a space after it: .tt",
        max_length=SHORTCUT_LENGTH + 1,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    text = forms.CharField(
        label="Text", max_length=SNIPPET_LENGTH, widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"})
    )
