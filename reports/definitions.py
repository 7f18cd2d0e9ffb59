"""The words of the outcome report: what each number means, and what it must not be read as.

Printed beside the numbers, and kept in every export's manifest so that the file explains itself.
"""

from __future__ import annotations

from outcomes.models import BASELINE_WINDOW, LAST_AFTER, LAST_AFTER_VISITS, MEANINGFUL_PERCENT, MEANINGFUL_POINTS

COHORT_RULES = (
    "Unit: an episode of care, one person's one problem. It belongs to the day and the location of its first signed "
    "treatment. Every number about scores uses each person's first episode of the range, so nobody counts twice.",
    f"Baseline: the last pain score on the day of, or at most {BASELINE_WINDOW.days} days before, the first "
    "treatment and taken before it. A score taken after the first treatment is never a baseline.",
    f"Last score: the final score at least {LAST_AFTER.days} days after the baseline and after at least "
    f"{LAST_AFTER_VISITS} treatments. Scores taken right after a session measure the session, not the course: they "
    "are neither baseline nor last.",
    "People who refused de-identified use of their record are not counted.",
)

PITFALLS = (
    "No control group. Back pain falls on its own and with any care: these numbers describe the people treated here "
    "and do not show that the treatment caused the change.",
    "Regression to the mean: people come when it is worst, and scores drift back without any treatment.",
    "Those who stay are not those who leave. Read the shares of everybody with a baseline (a missing last score "
    "counts as no response) beside those of people with both scores.",
    f"{MEANINGFUL_POINTS} points or {MEANINGFUL_PERCENT} % is what matters to one person (0-10 scale). It is not a "
    "yardstick for a mean of a group, and other studies found other values.",
    "A baseline of 1 cannot fall by 2 points, and a percentage of a small number jumps: shares in percent leave out "
    "people whose baseline was 0.",
    "Medicines, injections or surgery during the episode are not taken out.",
    "Many numbers stand here. Decide before you look which one counts; the others are exploratory.",
    "More visits may be a result of response: do not compare people by their number of visits.",
    "Unexpected effects are known only from answered follow-ups. Trials report minor effects in about one patient in "
    "four: a low rate means low recording until proven otherwise.",
)

EVIDENCE = (
    "Research on this treatment is limited and mixed. We measure progress so that you and we can see whether it helps."
)

# Every column an outcome export has: its name, and what it holds. Nothing that is not listed leaves.
OUTCOME_COLUMNS = {
    "row_code": "Random for this file; not derived from anything and kept nowhere else.",
    "location_code": "L and a number, the same place in every file of the clinic; not its name.",
    "is_first_episode_of_person": "1 for the episode that counts in the report's shares and means.",
    "age_band": "Ten years wide on the day of the first treatment; 90+ from 90.",
    "sex": "female, male, other or unknown.",
    "condition_kind": "The key of the clinic's catalogue; not_recorded without a condition. Never free text.",
    "chronicity": "acute, subacute, chronic, unknown, or not_recorded.",
    "baseline": "Pain 0-10 by the baseline rule; empty when there is none.",
    "last": "Pain 0-10 by the rule for the last score; empty when there is none.",
    "change": "last minus baseline; below zero is less pain.",
    "session_count": "Signed sessions of the episode.",
    "days_from_baseline_to_first_treatment": "Days; dates themselves are not exported.",
    "days_from_baseline_to_last": "Days.",
    "fell_2_points": "1 when change is -2 or less, 0 when not, empty without both scores.",
    "fell_30_percent": "1 when the fall is at least 30 % of the baseline; empty when the baseline is 0.",
    "fell_50_percent": "1 when the fall is at least 50 % of the baseline; empty when the baseline is 0.",
    "rose_2_points": "1 when change is 2 or more.",
}
