"""What the Model page says and draws, as plain functions."""

from __future__ import annotations

import pytest

from podforecast.ui import model_charts
from podforecast.ui.palette import INKS
from podforecast.ui.viewmodels.curves import Point, curves_view
from podforecast.ui.viewmodels.model import model_view

NO_ALARMS = {"threshold": [], "false_alarms_per_100_pod_hours": [], "failures_announced": []}


class TestComparison:
    def test_a_rival_within_the_intervals_is_named(self, make_model):
        text = model_view(make_model()).comparison
        assert text == (
            "RandomForest ranks best, but XGBoost can not be told from it:"
            " its interval contains the value of RandomForest."
            " NeuralNetwork is compared only: no promise."
        )

    def test_where_the_best_ranking_is_not_kept_the_reason_is_told(self, make_model):
        first, second = make_model().candidates[:2]
        text = model_view(make_model(candidates=[second, first])).comparison
        assert text == (
            "RandomForest ranks best, but can not be told from XGBoost, which is kept because it"
            " catches more failures within the alert budget."
        )

    def test_one_that_could_not_be_kept_is_marked_and_no_rival(self, make_model):
        rows = model_view(make_model()).candidates
        assert [row.cells[""] for row in rows] == ["✔ answers", "", "", "compared only"]

    def test_a_clear_winner_is_called_one(self, make_model):
        ahead = [make_model().candidates[0], make_model().candidates[2]]
        assert "is ahead of the others" in model_view(make_model(candidates=ahead)).comparison

    def test_an_only_candidate_was_compared_with_nothing(self, make_model):
        only = make_model().candidates[:1]
        assert model_view(make_model(candidates=only)).comparison == (
            "RandomForest was the only candidate."
        )

    def test_failures_of_a_plain_table_are_not_called_none(self, make_model):
        data = make_model().data.model_copy(update={"failures": 0})
        facts = {fact.label: fact.value for fact in model_view(make_model(data=data)).data}
        assert facts["Failures"] == "not counted"


class TestCurves:
    def test_the_threshold_is_marked_on_both_curves(self, make_curves, make_model):
        view = curves_view(make_curves(), make_model())
        assert view.roc.operating == Point(0.012, 0.62)
        assert view.precision_recall.operating == Point(0.62, 0.75)

    def test_a_threshold_that_no_moment_reaches_is_said_and_not_drawn(
        self, make_curves, make_model
    ):
        nothing = {"false_positive_rate": 0, "recall": 0, "precision": None}
        view = curves_view(make_curves(at_threshold=nothing), make_model())
        assert view.precision_recall.operating is None
        assert view.precision_recall.sentence.startswith("No moment reaches the threshold")

    def test_chance_is_the_prevalence_for_precision(self, make_curves, make_model):
        assert curves_view(make_curves(), make_model()).precision_recall.chance == (
            Point(0, 0.053),
            Point(1, 0.053),
        )

    def test_calibration_says_how_many_moments_and_how_far_off(self, make_curves, make_model):
        plot = curves_view(make_curves(), make_model()).calibration
        assert "within 5 minutes" in plot.sentence
        assert "each of about 31 000 moments" in plot.sentence
        assert "farther than 2.0 percentage points" in plot.sentence

    def test_the_budget_is_read_in_the_unit_of_the_axis(self, make_curves, make_model):
        plot = curves_view(make_curves(), make_model()).alarms
        assert plot.budget == 5.0
        assert plot.operating == Point(4, 0.5)
        assert "4 times as many would announce 70 %" in plot.sentence

    def test_a_table_without_single_failures_says_why_there_is_no_line(
        self, make_curves, make_model
    ):
        plot = curves_view(make_curves(alarms=NO_ALARMS), make_model()).alarms
        assert (plot.points, plot.operating) == ((), None)
        assert "do not say which failure" in plot.sentence

    def test_groups_keep_the_names_of_their_features(self, make_curves, make_model):
        bar = curves_view(make_curves(), make_model()).importances.bars[0]
        assert (bar.label, bar.features) == ("memory (2)", "memory_usage_pct, memory_peak_pct")


@pytest.mark.parametrize("scheme", INKS)
class TestCharts:
    def test_candidates_differ_in_dash_and_not_in_colour_alone(
        self, scheme, make_curves, make_model
    ):
        plot = curves_view(make_curves(), make_model()).roc
        drawn = model_charts.roc_chart(plot, scheme).to_dict()
        lines = next(layer for layer in drawn["layer"] if "strokeDash" in layer["encoding"])
        dashes = lines["encoding"]["strokeDash"]["scale"]
        assert dashes["domain"][0] == "RandomForest"
        assert len({tuple(dash) for dash in dashes["range"]}) == 4

    def test_every_chart_is_described_for_whoever_does_not_see_it(
        self, scheme, make_curves, make_model
    ):
        view = curves_view(make_curves(), make_model())
        drawn = [
            model_charts.roc_chart(view.roc, scheme),
            model_charts.precision_recall_chart(view.precision_recall, scheme),
            model_charts.calibration_chart(view.calibration, scheme),
            model_charts.alarms_chart(view.alarms, scheme),
            model_charts.importances_chart(view.importances, scheme),
            model_charts.candidates_chart(model_view(make_model()).candidates, scheme),
        ]
        assert all(chart.to_dict()["description"] for chart in drawn)

    def test_without_single_failures_the_budget_is_still_drawn(
        self, scheme, make_curves, make_model
    ):
        plot = curves_view(make_curves(alarms=NO_ALARMS), make_model()).alarms
        assert "present budget" in str(model_charts.alarms_chart(plot, scheme).to_dict())
