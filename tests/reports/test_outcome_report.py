"""The report's numbers: both denominators, labels, small cells, and who may ask."""

from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest

from clinic.core.errors import Invalid, NotAllowed, NotFound
from reports.cohort import Activity, Cohort, Episodes, Pair
from reports.outcome import completeness_label, compute, outcome_report
from reports.suppression import minimum_cell, reveal, reveal_share
from tests.factories import LocationFactory, PatientFactory, UserFactory

BASELINE = [7, 6, 8, 5, 7, 9, 6, 4, 8, 7]
LAST = [4, 5, 3, 5, 4, 6, 2, 4, 5, 3]
JANUARY = Cohort(user=None, from_on=date(2027, 1, 1), to_on=date(2027, 1, 31))
NOTHING = Activity(0, 0, 0, 0, 0)


def report_of(pairs, activity=NOTHING):
    rows = [Pair(*pair, 1) for pair in pairs]
    return compute(JANUARY, Episodes(started=len(rows), pairs=rows), activity)


def indicator(report, code):
    return next(row for row in report.indicators if row.code == code)


def test_the_vector_of_the_reference_comes_out_to_three_decimals():
    report = report_of(zip(BASELINE * 2, LAST * 2, strict=True))
    assert report.change.n == 20
    assert report.change.mean == pytest.approx(-2.6)
    assert report.median is None
    ten = report_of(zip(BASELINE, LAST, strict=True))
    assert (ten.change.interval.low, ten.change.interval.high) == pytest.approx((-3.825, -1.375), abs=5e-4)
    assert ten.change.srm == pytest.approx(-1.518, abs=5e-4)
    assert ten.change.effect_size == pytest.approx(-1.740, abs=5e-4)
    assert ten.median.value == -3


def test_responders_of_the_vector_are_counted(settings):
    doubled = report_of(zip(BASELINE * 2, LAST * 2, strict=True))
    assert indicator(doubled, "fell_2_points").of_completers.count.value == 14
    assert indicator(doubled, "fell_30_percent").of_completers.count.value == 14
    assert indicator(doubled, "fell_50_percent").of_completers.count.value == 6
    assert indicator(doubled, "responded").of_completers.count.value == 14
    assert indicator(doubled, "rose_2_points").of_completers.count.value == 0


def test_both_denominators_are_printed_and_a_missing_score_counts_as_no():
    pairs = [(8, 2)] * 45 + [(8, 7)] * 15 + [(8, None)] * 40
    share = indicator(report_of(pairs), "fell_2_points")
    assert (share.of_completers.count.value, share.of_completers.total.value) == (45, 60)
    assert (share.of_completers.low, share.of_completers.high) == pytest.approx((62.77, 84.22), abs=5e-3)
    assert (share.of_all.count.value, share.of_all.total.value, share.of_all.percent) == (45, 100, 45)


def test_percent_shares_leave_out_a_baseline_of_zero():
    pairs = [(0, 0)] * 10 + [(10, 7)] * 10 + [(10, 8)] * 10
    report = report_of(pairs)
    assert indicator(report, "fell_30_percent").of_all.total.value == 20
    assert indicator(report, "fell_30_percent").of_all.count.value == 10
    assert indicator(report, "fell_2_points").of_all.total.value == 30
    assert report.low_baselines.value == 10


def test_exactly_30_percent_counts_whatever_floats_would_say():
    report = report_of([(10, 7)] * 10 + [(10, 8)] * 10)
    assert indicator(report, "fell_30_percent").of_all.count.value == 10


def test_worsening_is_printed():
    report = report_of([(3, 5)] * 10 + [(3, 4)] * 10)
    assert indicator(report, "rose_2_points").of_completers.percent == 50


@pytest.mark.parametrize(
    ("paired", "missing", "label"), [(59, 41, "low"), (60, 40, "caution"), (79, 21, "caution"), (80, 20, "good")]
)
def test_completeness_is_labelled(paired, missing, label):
    report = report_of([(5, 5)] * paired + [(5, None)] * missing)
    assert report.completeness.percent == paired
    assert report.completeness_label == label


def test_without_anybody_there_is_no_percentage():
    report = report_of([])
    assert report.is_empty
    assert completeness_label(None) == ""
    assert (report.change, report.median, report.mean_baseline_of_all) == (None, None, None)
    assert all(row.of_all.percent is None for row in report.indicators)


class TestSmallCells:
    def test_one_to_four_people_are_fewer_than_5(self):
        assert [reveal(count).text for count in (0, 1, 4, 5, 1234)] == [
            "0",
            "fewer than 5",
            "fewer than 5",
            "5",
            "1,234",
        ]
        assert [reveal(count).value for count in (0, 1, 4, 5)] == [0, None, None, 5]

    def test_the_minimum_can_be_raised_but_not_lowered(self, settings):
        settings.REPORT_MINIMUM_CELL = 11
        assert (minimum_cell(), reveal(10).text) == (11, "fewer than 11")
        settings.REPORT_MINIMUM_CELL = 1
        assert minimum_cell() == 5

    def test_the_rest_is_hidden_too_when_it_would_be_told_by_subtraction(self):
        share = reveal_share(18, 20)
        assert (share.count.value, share.count.text) == (None, "all but fewer than 5")
        assert (share.percent, share.low, share.high) == (None, None, None)

    def test_a_hidden_part_has_no_percentage_or_interval(self):
        share = reveal_share(3, 20)
        assert (share.count.text, share.percent, share.low) == ("fewer than 5", None, None)

    def test_nobody_and_everybody_are_printed(self):
        assert (reveal_share(0, 20).percent, reveal_share(20, 20).percent) == (0, 100)

    def test_few_people_have_no_means(self):
        report = report_of([(7, 4)] * 4)
        assert (report.change, report.median, report.mean_baseline_of_all) == (None, None, None)
        assert report.flow.with_baseline.text == "fewer than 5"
        assert report_of([(7, 4)] * 5).change is not None

    def test_a_mean_that_would_tell_the_score_of_few_leavers_is_hidden(self):
        assert report_of([(7, 4)] * 20 + [(3, None)] * 4).mean_baseline_of_all is None
        assert report_of([(7, 4)] * 20 + [(2, None)] * 5).mean_baseline_of_all == 6

    def test_effects_of_few_people_have_no_rate(self):
        report = report_of([], Activity(100, 50, 40, 9, 4))
        assert (report.effects.effects.text, report.effects.per_thousand_sessions) == ("fewer than 5", None)

    def test_effects_of_enough_people_have_a_rate(self):
        report = report_of([], Activity(1850, 300, 900, 12, 10))
        assert report.effects.effects.value == 12
        assert report.effects.per_thousand_sessions == pytest.approx(6.486, abs=5e-4)
        assert report.effects.per_thousand_answers == pytest.approx(13.333, abs=5e-4)

    def test_no_effect_in_many_sessions_is_a_zero(self):
        assert report_of([], Activity(500, 100, 400, 0, 0)).effects.per_thousand_sessions == 0


@pytest.mark.django_db
class TestWhoMayAsk:
    def ask(self, user, **changes):
        usual = {"from_on": date(2027, 1, 1), "to_on": date(2027, 1, 31)}
        return outcome_report(user=user, **usual | changes)

    def test_admins_and_auditors_count_their_locations(self, admin, auditor, make_course):
        for _ in range(6):
            make_course(baseline=7, last=4)
        for user in (admin, auditor):
            report = self.ask(user)
            assert report.flow.people.value == 6
            assert report.change.mean == -3
            assert report.generated_at <= datetime.now(UTC)

    @pytest.mark.parametrize("role", ["therapist", "front_desk"])
    def test_others_may_not(self, location, role):
        with pytest.raises(NotAllowed):
            self.ask(UserFactory(roles=[role], locations=[location]))

    def test_an_admin_elsewhere_counts_nobody_here(self, stranger, make_course):
        for _ in range(6):
            make_course(baseline=7, last=4)
        assert self.ask(stranger).is_empty

    def test_a_location_that_is_not_ones_own_is_not_found(self, admin):
        with pytest.raises(NotFound):
            self.ask(admin, location=LocationFactory())

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"to_on": date(2026, 12, 31)}, "to"),
            ({"from_on": date(1999, 1, 1)}, "from"),
            ({"to_on": date(2101, 1, 1)}, "to"),
        ],
    )
    def test_ranges_that_make_no_sense_are_refused(self, admin, changes, field):
        with pytest.raises(Invalid) as refusal:
            self.ask(admin, **changes)
        assert list(refusal.value.fields) == [field]

    def test_the_cost_does_not_grow(self, admin, make_course, django_assert_num_queries):
        for count in (3, 12):
            for _ in range(count):
                make_course(baseline=7, last=4)
            with django_assert_num_queries(4):  # places and histogram, places and activity
                self.ask(admin)

    def test_nothing_in_it_names_a_person(self, admin, make_course):
        patient = PatientFactory(given_name="Zebulon", locations=admin.locations.all())
        make_course(baseline=7, last=4, patient=patient)
        assert patient.given_name not in repr(asdict(self.ask(admin)))
