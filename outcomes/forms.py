"""What a patient answers to a follow-up."""

from django import forms
from django.utils.translation import gettext_lazy as _

from outcomes.services import EFFECT_TEXT_LENGTH


class SurveyForm(forms.Form):
    """Three taps: pain, any unexpected effect, send. The words are optional."""

    pain = forms.TypedChoiceField(
        label=_("How strong is your pain now?"),
        coerce=int,
        choices=[(level, str(level)) for level in range(11)],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a number from 0 to 10.")},
    )
    had_unexpected_effect = forms.TypedChoiceField(
        label=_("Any unexpected effect after the session?"),
        help_text=_("For example bruising, dizziness, numbness, or pain that is new or much stronger."),
        coerce=lambda answer: answer == "yes",
        choices=[("no", _("No")), ("yes", _("Yes"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose yes or no.")},
    )
    effect_text = forms.CharField(
        label=_("What did you notice?"),
        required=False,
        max_length=EFFECT_TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("Please use at most 1000 characters.")},
    )
