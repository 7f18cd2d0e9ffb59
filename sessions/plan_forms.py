"""The plan of care as it is typed."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from clinic.core.errors import Invalid
from sessions.finding_forms import SIDES, motions_by_joint
from sessions.forms import PageForm
from sessions.goals import PlanStanding
from sessions.models import CloseReason, GoalMeasure, MotionMode
from sessions.services.plans import (
    GOAL_LENGTH,
    LONGEST_DAYS_BETWEEN,
    MOST_GOALS,
    MOST_VISITS,
    PROBLEM_LENGTH,
    SUMMARY_LENGTH,
)

_NUMBER = {"inputmode": "numeric", "autocomplete": "off"}
# Empty rows below the goals that are there.
_BLANK_ROWS = 2


class PlanForm(PageForm):
    """What the plan is about, and how often. `number` is the version the page was made from."""

    ids = "id_plan_%s"

    number = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    problem = forms.CharField(
        label="Problem", help_text="What the patient comes for, in a sentence or two.", max_length=PROBLEM_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )  # fmt: skip
    planned_visits = forms.IntegerField(
        label="Planned visits", min_value=1, max_value=MOST_VISITS, widget=forms.NumberInput(attrs=_NUMBER)
    )
    days_between_visits = forms.IntegerField(
        label="One every … days", min_value=1, max_value=LONGEST_DAYS_BETWEEN, widget=forms.NumberInput(attrs=_NUMBER)
    )


class GoalForm(forms.Form):
    """One goal; an empty row is no goal."""

    use_required_attribute = False

    goal_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    words = forms.CharField(
        label="Goal", help_text="In the patient’s own words. Empty it to drop the goal.", required=False,
        max_length=GOAL_LENGTH,
    )  # fmt: skip
    measure = forms.ChoiceField(label="Measured by", choices=[("", "Choose"), *GoalMeasure.choices], required=False)
    motion = forms.ChoiceField(label="Motion", required=False)
    side = forms.ChoiceField(label="Side", choices=[("", "–"), *SIDES], required=False)
    mode = forms.ChoiceField(label="Moved", choices=MotionMode.choices, required=False)
    baseline = forms.IntegerField(
        label="Begins at", help_text="Empty: as last measured.", required=False, widget=forms.NumberInput(attrs=_NUMBER)
    )
    target = forms.IntegerField(label="Target", required=False, widget=forms.NumberInput(attrs=_NUMBER))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["motion"]).choices = [("", "–"), *motions_by_joint()]

    @property
    def is_meant(self) -> bool:
        return bool(self.cleaned_data.get("words"))

    @property
    def entry(self) -> dict[str, Any]:
        """What the service is given."""
        entry = dict(self.cleaned_data)
        joint, _, motion = entry["motion"].partition(".")
        if entry["measure"] != GoalMeasure.MOTION:
            joint = motion = entry["side"] = entry["mode"] = ""
        return {**entry, "joint": joint, "motion": motion}


GoalForms = forms.formset_factory(GoalForm, extra=_BLANK_ROWS, max_num=MOST_GOALS, absolute_max=MOST_GOALS)


class RatingForm(PageForm):
    """How near a goal is, as the patient says."""

    ids = "id_rating_%s"

    goal_id = forms.UUIDField(widget=forms.HiddenInput)
    score = forms.IntegerField(label="Rating", min_value=0, max_value=10, widget=forms.NumberInput(attrs=_NUMBER))


class DischargeForm(PageForm):
    """The end of an episode."""

    ids = "id_discharge_%s"

    reason = forms.ChoiceField(label="Reason", choices=[("", "Choose"), *CloseReason.choices])
    summary = forms.CharField(
        label="Summary", help_text="What was done, what was reached, what comes next.", max_length=SUMMARY_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
    )  # fmt: skip
    discharged_on = forms.DateField(
        label="Day", help_text="Empty: today.", required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip


def plan_forms(standing: PlanStanding, posted: Any = None) -> tuple[PlanForm, Any]:
    """The plan and its goals, as they stand or as they were typed."""
    plan = standing.plan
    if posted is not None:
        return PlanForm(posted), GoalForms(posted, prefix="goal")
    names = ("problem", "planned_visits", "days_between_visits")
    known = {name: getattr(plan, name) for name in names} if plan else {}
    goals = [
        {
            **{name: getattr(one.goal, name) for name in ("goal_id", "words", "measure", "side", "mode")},
            "baseline": one.goal.baseline,
            "target": one.goal.target,
            "motion": f"{one.goal.joint}.{one.goal.motion}" if one.goal.joint else "",
        }
        for one in standing.goals
    ]
    return PlanForm(initial={"number": plan.number if plan else 0, **known}), GoalForms(initial=goals, prefix="goal")


def show_plan_refusal(form: PlanForm, rows: list[GoalForm], refusal: Invalid) -> None:
    """A refusal beside the fields it names: `goals.2.target` is the target of the second goal that was meant."""
    for name, rule in refusal.fields.items():
        _, _, rest = name.partition("goals.")
        position, _, field = rest.partition(".")
        if position.isdigit():
            row = rows[int(position) - 1]
            row.add_error(field if field in row.fields else "words", rule)
        else:
            form.add_error(name if name in form.fields else None, rule)
