"""What admins enter about forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from questionnaires.definition_json import MOST_BYTES, read_json

_MOST_SHOWN = 200


class ImportForm(forms.Form):
    """A FHIR R4 Questionnaire, as a file or pasted. A file that is refused is shown as text, to be put right here."""

    use_required_attribute = False

    file = forms.FileField(
        required=False,
        max_length=200,
        label="File",
        widget=forms.FileInput(attrs={"accept": ".json,application/json,application/fhir+json"}),
        help_text=f"FHIR R4 Questionnaire, JSON in UTF-8, at most {MOST_BYTES // 1024} kB.",
    )
    definition = forms.CharField(
        required=False,
        strip=False,
        max_length=MOST_BYTES,
        label="Or paste it here",
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean_file(self) -> str:
        """The text of the file."""
        upload = self.cleaned_data["file"]
        if upload is None:
            return ""
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(f"This file is larger than {MOST_BYTES // 1024} kB.")
        try:
            return str(upload.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise forms.ValidationError("This file is not UTF-8 text.") from None

    def clean(self) -> dict[str, Any]:
        """With `questionnaire`: what was read."""
        entered = super().clean() or self.cleaned_data
        if self.errors:
            return entered
        text, pasted = entered.get("file") or "", entered.get("definition") or ""
        if bool(text.strip()) == bool(pasted.strip()):
            both = "Give a file or paste text, not both." if text.strip() else "Choose a file, or paste the form."
            self.add_error("file" if text.strip() else "definition", both)
            return entered
        if text:
            self._keep(text)
        try:
            entered["questionnaire"] = read_json(text or pasted)
        except ValueError as problem:
            self.add_error("definition", str(problem))
        return entered

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Each problem with its path, beside the text."""
        lines = [f"{path}: {what}" for path, what in problems.items()]
        if len(lines) > _MOST_SHOWN:
            lines = [*lines[:_MOST_SHOWN], f"And {len(lines) - _MOST_SHOWN} more."]
        self.add_error("definition", lines)

    def _keep(self, text: str) -> None:
        """Show what was in the file, for a browser forgets the file of a refused form."""
        self.data = MultiValueDict({"definition": [text]})
