"""The what-if row as plain functions."""

from __future__ import annotations

import pytest

from podforecast.domain.catalogue import CATALOGUE
from podforecast.ui.cards import whatif_card
from podforecast.ui.outcomes import Answered, Declined, Unreachable
from podforecast.ui.viewmodels.form import field_of
from podforecast.ui.viewmodels.scenarios import SCENARIOS, values_of
from podforecast.ui.viewmodels.whatif import (
    ALWAYS,
    MOST_SLIDERS,
    NoWhatIf,
    changed,
    sliders,
    whatif_view,
)

MEASURED = values_of(SCENARIOS[2])
TYPICAL = {feature.name: feature.typical for feature in CATALOGUE}


def names(row):
    return [slider.field.name for slider in row]


class TestSliders:
    def test_what_raises_the_risk_comes_first(self, make_explained, make_reason):
        forecast = make_explained(
            reasons=[
                make_reason("error_log_rate", 3.0),
                make_reason("deployment_uptime_hrs", -2.0),
                make_reason("cpu_usage_pct", 1.0),
            ]
        )
        assert names(sliders(forecast, MEASURED)) == [
            "error_log_rate", "cpu_usage_pct", "memory_usage_pct", "request_latency_ms",
            "restart_count_24h",
        ]  # fmt: skip

    def test_without_reasons_there_are_the_usual_ones(self, make_explained):
        assert names(sliders(make_explained(reasons=[]), MEASURED)) == list(ALWAYS)

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
    def test_there_are_three_to_five_and_each_spans_its_value(
        self, make_explained, make_reason, scenario
    ):
        measured = values_of(scenario)
        forecast = make_explained(reasons=[make_reason(name, 1.0) for name in measured])
        row = sliders(forecast, measured)
        assert 3 <= len(row) <= MOST_SLIDERS
        assert all(slider.low <= slider.start <= slider.high for slider in row)

    @pytest.mark.parametrize(
        "feature",
        [
            pytest.param("disk_usage_pct", id="not-measured"),
            pytest.param("autoscaler_action", id="category"),
            pytest.param("pod_id", id="name"),
            pytest.param("of_a_newer_service", id="unknown-feature"),
        ],
    )
    def test_what_has_no_number_has_no_slider(self, make_explained, make_reason, feature):
        forecast = make_explained(reasons=[make_reason(feature, 3.0)])
        assert feature not in names(sliders(forecast, MEASURED))

    def test_a_value_beyond_what_is_typical_widens_the_slider(self, make_explained):
        measured = MEASURED | {"request_latency_ms": 90_000.0}
        [slider] = [
            s
            for s in sliders(make_explained(reasons=[]), measured)
            if s.field.name == "request_latency_ms"
        ]
        assert (slider.low, slider.high) == (TYPICAL["request_latency_ms"][0], 90_000.0)

    def test_unit_help_and_step_are_those_of_the_form(self, make_explained):
        for slider in sliders(make_explained(), MEASURED):
            [feature] = [f for f in CATALOGUE if f.name == slider.field.name]
            assert slider.field == field_of(feature)

    def test_only_what_was_moved_is_changed(self, make_explained):
        row = sliders(make_explained(), MEASURED)
        values = {slider.field.name: slider.start for slider in row}
        assert changed(row, values) == {}
        assert changed(row, values | {"memory_usage_pct": 50.0}) == {"memory_usage_pct": 50.0}


class TestComparison:
    def test_both_probabilities_and_the_difference_are_said(self, make_explained, make_forecast):
        after = make_forecast(0.31, prediction="stable", risk_level="medium", threshold=0.5)
        view = whatif_view(make_explained(0.94, threshold=0.5), Answered(after))
        assert (view.before, view.after, view.difference) == ("94.0 %", "31.0 %", "-63.0 points")
        assert view.level == "Medium risk"
        assert view.verdict == "That brings it below the threshold of 50.0 %."
        assert "94.0 %" in whatif_card(view)

    @pytest.mark.parametrize(
        ("probability", "prediction", "verdict"),
        [
            pytest.param(0.9, "at_risk", "Still at or above the threshold of 50.0 %.", id="worse"),
            pytest.param(
                0.4, "stable", "That brings it below the threshold of 50.0 %.", id="better"
            ),
        ],
    )
    def test_what_becomes_of_the_alarm_is_said(
        self, make_explained, make_forecast, probability, prediction, verdict
    ):
        after = make_forecast(probability, prediction=prediction, threshold=0.5)
        view = whatif_view(make_explained(0.8, threshold=0.5), Answered(after))
        assert view.verdict == verdict

    def test_no_difference_is_called_none(self, make_explained, make_forecast):
        view = whatif_view(make_explained(0.94), Answered(make_forecast(0.9403)))
        assert view.difference == "no change"

    def test_answers_of_two_models_are_not_compared(self, make_explained, make_forecast):
        view = whatif_view(make_explained(), Answered(make_forecast(0.1, model_version="fake-2")))
        assert "Another model answers now (fake-2)" in view.verdict

    def test_without_an_answer_the_last_forecast_stands(self, make_explained):
        view = whatif_view(make_explained(0.94), Unreachable("http://x", "nothing listens there"))
        assert isinstance(view, NoWhatIf)
        assert view.headline == "No answer for the moved values: the service does not answer"
        assert view.detail.endswith(
            "The forecast of 94.0 % above is the last one, for the measured values."
        )

    def test_a_service_without_a_model_is_said(self, make_explained, no_model):
        view = whatif_view(make_explained(), Declined(no_model))
        assert "model not ready" in view.headline
        assert "python train_model.py" in view.detail
        assert "  " not in view.detail
