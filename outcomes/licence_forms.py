"""What administrators enter about licences."""

from __future__ import annotations

from typing import Any

from django import forms

from clinic.core.errors import Invalid
from outcomes.models import PermittedMode


class AttestForm(forms.Form):
    """Whose words, under which contract, in which way, until when. For a screen: the words, a line for each item."""

    use_required_attribute = False

    rights_holder = forms.CharField(max_length=120, label="Rights holder")
    reference = forms.CharField(
        max_length=120, label="Licence reference", help_text="Contract number, or where the permission is published."
    )
    mode = forms.ChoiceField(choices=PermittedMode.choices, label="The licence allows it")
    expires_on = forms.DateField(label="Valid until", widget=forms.DateInput(attrs={"type": "date"}))
    texts_en = forms.CharField(
        required=False,
        max_length=30000,
        label="Licensed words in English",
        help_text="One line for each item. Leave empty for paper.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    texts_es = forms.CharField(
        required=False,
        max_length=30000,
        label="Licensed words in Spanish",
        help_text="One line for each item, in the same order. Leave empty if you have no licensed translation.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def clean(self) -> dict[str, Any]:
        """With `item_texts`: the words by item."""
        entered = super().clean() or self.cleaned_data
        english, spanish = (_lines(entered.pop(name, "")) for name in ("texts_en", "texts_es"))
        if spanish and len(spanish) != len(english):
            self.add_error("texts_es", "Give as many lines as in English.")
        pairs = zip(english, spanish, strict=False)
        entered["item_texts"] = [{"en": en, "es": es} for en, es in pairs] or [{"en": en} for en in english]
        return entered

    def refuse(self, refusal: Invalid) -> None:
        """Each broken rule beside its field."""
        for name, rule in refusal.fields.items():
            self.add_error("texts_en" if name == "item_texts" else name, rule)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
