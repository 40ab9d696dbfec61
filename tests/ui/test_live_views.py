"""What the Model page says of forecasts that were graded, as plain functions."""

from __future__ import annotations

import pytest

from podforecast.ui import model_charts
from podforecast.ui.palette import INKS
from podforecast.ui.viewmodels.live import UNKNOWN, live_view


@pytest.fixture
def view_of(make_model, make_live):
    """Word the figures; a test names only what it is about."""

    def view(recall_in_training=None, **changes):
        point = {
            "per_1000_pods_per_day": 1200,
            "threshold": 0.4,
            "recall": recall_in_training,
            "lead_minutes_median": None,
            "resolvable": True,
        }
        model = make_model(live=make_live(**changes), operating_points=[point])
        return live_view(model)

    return view


@pytest.fixture
def figures_of(view_of):
    def figures(**changes):
        rows = view_of(**changes).figures
        return {figure.label: figure for row in rows for figure in row}

    return figures


class TestNothingToShow:
    def test_without_a_watcher(self, make_model):
        view = live_view(make_model(live=None))
        assert [notice.headline for notice in view.notices] == ["Nothing is graded here"]
        assert (view.figures, view.calibration) == ((), None)

    @pytest.mark.parametrize(
        ("scans", "said"),
        [
            pytest.param(0, "0 scans wait for that", id="none"),
            pytest.param(1, "1 scan waits for that", id="one"),
            pytest.param(22, "22 scans wait for that", id="many"),
        ],
    )
    def test_before_the_first_grade(self, make_model, nothing_graded, scans, said):
        live = nothing_graded.model_copy(update={"ungraded_scans": scans})
        (notice,) = live_view(make_model(live=live)).notices
        assert notice.headline == "Nothing graded yet"
        assert said in notice.detail

    def test_a_store_that_is_gone_comes_first(self, make_model, nothing_graded):
        live = nothing_graded.model_copy(update={"trouble": "the database is locked"})
        first, _ = live_view(make_model(live=live)).notices
        assert (first.tone, first.headline) == ("warning", "Forecasts are not being graded now")
        assert first.detail.startswith("The database is locked. ")


class TestFigures:
    @pytest.mark.parametrize(
        ("label", "value", "rests_on"),
        [
            ("Precision", "75 %", "9 of 12 notifications right / 95 % interval: 47 to 91 %"),
            ("Recall", "60 %", "9 of 15 failures announced / 95 % interval: 36 to 80 %"),
            (
                "Lead time",
                "3.5 minutes",
                "median of those announced / one in ten: 1.2 minutes or less",
            ),
            (
                "False alarms",
                "3.3 per 100 pod-hours",
                "791 per 1 000 pods and day / budget: 1 200",
            ),
            ("Graded", "21 840 forecasts", "91.0 pod-hours"),
            ("Forecasts of", "2026-01-03 12:00", "to 15:10 UTC"),
            ("Calibration error", "0.9 points", "Brier score 0.0080"),
            ("Prevalence", "1.1 %", "of forecasts before a failure"),
        ],
    )
    def test_each_says_what_it_rests_on(self, figures_of, label, value, rests_on):
        figure = figures_of()[label]
        assert (figure.value, " / ".join(figure.rests_on)) == (value, rests_on)

    @pytest.mark.parametrize(
        ("changes", "label", "rests_on"),
        [
            ({"notifications": 0, "precision": None}, "Precision", "no pod was at risk"),
            (
                {"failures": 0, "recall": None},
                "Recall",
                "no pod has failed that was scored before",
            ),
            (
                {"lead_minutes_median": None, "lead_minutes_p10": None},
                "Lead time",
                "no failure was announced",
            ),
            ({"false_alarms_per_100_pod_hours": None}, "False alarms", "no time has passed"),
            ({"calibration_error": None}, "Calibration error", ""),
            ({"prevalence": None}, "Prevalence", ""),
            ({"since": None}, "Forecasts of", ""),
        ],
        ids=lambda value: value if isinstance(value, str) and value.istitle() else "",
    )
    def test_what_is_unknown_is_not_zero(self, figures_of, changes, label, rests_on):
        figure = figures_of(**changes)[label]
        assert (figure.value, " / ".join(figure.rests_on)) == (UNKNOWN, rests_on)

    def test_one_of_one_is_singular(self, figures_of):
        one = {"value": 1.0, "low": 0.2065, "high": 1.0}
        figure = figures_of(notifications=1, false_alarms=0, precision=one)["Precision"]
        assert figure.rests_on == ("1 of 1 notification right", "95 % interval: 21 to 100 %")

    def test_a_period_over_midnight_names_both_days(self, figures_of):
        figure = figures_of(until="2026-01-04T00:10:00Z")["Forecasts of"]
        assert figure.rests_on == ("to 2026-01-04 00:10 UTC",)


class TestDropped:
    @pytest.mark.parametrize(
        ("in_training", "warned"),
        [
            pytest.param(0.9, True, id="by-more-than-chance-explains"),
            pytest.param(0.79, False, id="within-the-interval"),
            pytest.param(0.3, False, id="better-than-in-training"),
            pytest.param(None, False, id="training-does-not-say"),
        ],
    )
    def test_fewer_failures_announced_than_in_training(self, view_of, in_training, warned):
        headlines = [notice.headline for notice in view_of(in_training).notices]
        assert ("Fewer failures are announced than in training" in headlines) == warned

    def test_it_is_not_said_of_another_threshold(self, make_model, make_live):
        point = {"per_1000_pods_per_day": 9, "threshold": 0.9, "recall": 1.0,
                 "lead_minutes_median": None, "resolvable": True}  # fmt: skip
        assert live_view(make_model(live=make_live(), operating_points=[point])).notices == ()

    def test_without_failures_there_is_nothing_to_compare(self, view_of):
        assert view_of(0.9, failures=0, recall=None).notices == ()


class TestCalibration:
    def test_the_axes_end_at_the_highest_bin(self, view_of):
        assert view_of().calibration.end == pytest.approx(1.05 * 0.62)

    def test_forecasts_of_nothing_but_zero_still_have_axes(self, view_of):
        nothing = [{"forecast": 0.0, "observed": 0.0, "forecasts": 9}]
        assert view_of(calibration=nothing).calibration.end == 1.0

    @pytest.mark.parametrize("scheme", INKS)
    def test_points_are_named_after_what_they_count(self, scheme, view_of):
        plot = view_of().calibration
        drawn = model_charts.calibration_chart(plot, scheme, counted="forecasts").to_dict()
        assert drawn["description"] == plot.sentence
        assert "'title': 'forecasts'" in str(drawn)
