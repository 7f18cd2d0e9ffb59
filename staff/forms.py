"""What staff type into the account screens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from staff.models import User
from staff.services import LONGEST_TOKEN_LIFE_DAYS


class SignInForm(forms.Form):
    email = forms.EmailField(
        label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class ApiTokenForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, help_text="Which script will use it?")
    can_write = forms.BooleanField(label="May change things", required=False)
    days = forms.IntegerField(label="Valid for (days)", min_value=1, max_value=LONGEST_TOKEN_LIFE_DAYS, initial=90)


class SupervisorForm(forms.Form):
    """Who co-signs for whom, from the therapists of the admin's locations."""

    use_required_attribute = False

    therapist = forms.ChoiceField(label="Therapist")
    supervisor = forms.ChoiceField(label="Supervisor", required=False, help_text="Nobody: no second signature.")

    def __init__(self, *args: Any, therapists: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(person.public_id): person for person in therapists}
        names = [(key, person.full_name) for key, person in self.known.items()]
        cast("forms.ChoiceField", self.fields["therapist"]).choices = [("", "Choose"), *names]
        cast("forms.ChoiceField", self.fields["supervisor"]).choices = [("", "Nobody"), *names]

    @property
    def chosen(self) -> dict[str, Any]:
        """The arguments of the service."""
        return {name: self.known.get(self.cleaned_data[name]) for name in ("therapist", "supervisor")}
