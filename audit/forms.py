"""Filters of the trail."""

from django import forms


class TrailFilter(forms.Form):
    action = forms.CharField(label="Act", required=False, max_length=60, help_text="Such as patient.read")
    patient = forms.UUIDField(label="Patient id", required=False)
    actor = forms.UUIDField(label="Actor id", required=False)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput())
