"""What staff type into the account screens."""

from django import forms

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
