"""What the Predict page says, as plain functions."""

from __future__ import annotations

import pytest

from podforecast.api_schema.predict import PredictRequest
from podforecast.domain.catalogue import CATALOGUE, OPTIONAL, REQUIRED
from podforecast.domain.forecast import RiskLevel
from podforecast.ui.cards import forecast_card
from podforecast.ui.outcomes import Connected, Declined, Unreachable
from podforecast.ui.viewmodels.connection import connection_view
from podforecast.ui.viewmodels.forecast import PAINT, as_curl, failure_view, forecast_view
from podforecast.ui.viewmodels.form import optional_groups, required_fields
from podforecast.ui.viewmodels.scenarios import SCENARIOS, values_of

GONE = Unreachable("http://localhost:1", "nothing listens there")


def every_field():
    return [*required_fields(), *(f for group in optional_groups().values() for f in group)]


class TestForm:
    def test_it_has_every_feature_once(self):
        assert sorted(f.name for f in every_field()) == sorted(f.name for f in CATALOGUE)

    def test_required_fields_come_in_the_order_of_the_catalogue(self):
        assert [f.name for f in required_fields()] == [f.name for f in REQUIRED]

    def test_every_optional_feature_is_in_one_group(self):
        assert sum(map(len, optional_groups().values())) == len(OPTIONAL)

    def test_labels_are_distinct_and_name_the_unit(self):
        labels = [field.label for field in every_field()]
        assert len(set(labels)) == len(labels)
        assert "CPU usage (% of limit)" in labels
        assert "Memory growth over 3 min (% of limit per min)" in labels

    @pytest.mark.parametrize("field", every_field(), ids=lambda field: field.name)
    def test_what_a_widget_allows_is_what_the_service_accepts(self, field):
        healthy = values_of(SCENARIOS[0])
        for value in field.choices or (field.low, field.high):
            PredictRequest(**{**healthy, field.name: value})

    @pytest.mark.parametrize("field", every_field(), ids=lambda field: field.name)
    def test_a_step_is_small_against_what_is_typical_and_visible(self, field):
        assert field.step > 0
        assert field.step >= 10**-field.digits or field.whole


class TestScenarios:
    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
    def test_the_service_accepts_each(self, scenario):
        PredictRequest(**values_of(scenario))

    def test_each_starts_from_a_healthy_pod(self):
        healthy = values_of(SCENARIOS[0])
        assert healthy["memory_usage_pct"] == 40.0
        assert healthy["autoscaler_action"] == "none"
        assert all(healthy[feature.name] is None for feature in OPTIONAL)

    def test_the_five_situations_are_there(self):
        titles = [scenario.title for scenario in SCENARIOS]
        assert titles == ["Healthy", "Warning", "Critical", "Memory leak", "Crash loop"]


class TestForecast:
    def test_it_is_said_as_a_number_in_words_and_against_the_threshold(self, make_forecast):
        view = forecast_view(make_forecast(0.9404))
        assert view.headline == "Critical risk"
        assert view.percent == "94.0 %"
        assert view.sentence == (
            "About 94 of 100 pods that look like cart-0 begin to fail within 5 minutes."
        )
        assert view.verdict == (
            "At risk: the probability is at or above the threshold of 31.0 %, the black mark."
        )

    def test_a_stable_pod_is_called_stable(self, make_forecast):
        view = forecast_view(make_forecast(0.01, prediction="stable", risk_level="low"))
        assert view.verdict.startswith("Stable: the probability is below")

    def test_a_high_risk_below_the_threshold_is_not_called_stable(self, make_forecast):
        view = forecast_view(
            make_forecast(0.7, prediction="stable", risk_level="high", threshold=0.73)
        )
        assert view.headline == "High risk"
        assert view.verdict == "No alarm yet: it takes 73.0 %, the black mark."

    @pytest.mark.parametrize(
        ("probability", "words"),
        [
            pytest.param(0.0, "Fewer than 1 of 1000", id="zero"),
            pytest.param(0.001, "About 1 of 1000", id="one-in-a-thousand"),
            pytest.param(0.0096, "About 1 of 100", id="nearly-one-in-a-hundred"),
            pytest.param(0.99, "About 99 of 100", id="nearly-certain"),
            pytest.param(1.0, "More than 99 of 100", id="certain"),
        ],
    )
    def test_no_probability_is_rounded_to_certainty(self, make_forecast, probability, words):
        assert forecast_view(make_forecast(probability)).sentence.startswith(words)

    def test_every_level_has_a_colour_and_a_shape_of_its_own(self):
        assert set(PAINT) == set(RiskLevel)
        assert len({paint.colour for paint in PAINT.values()}) == len(RiskLevel)
        assert len({paint.symbol for paint in PAINT.values()}) == len(RiskLevel)

    @pytest.mark.parametrize("level", RiskLevel)
    def test_white_text_is_legible_on_every_colour(self, level):
        channels = [int(PAINT[level].colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (luminance + 0.05) >= 4.5

    def test_the_name_of_a_pod_is_no_markup(self, make_forecast):
        forecast = make_forecast(input={"pod_id": "<script>alert(1)</script>"})
        card = forecast_card(forecast_view(forecast))
        assert "<script>" not in card
        assert "&lt;script&gt;" in card


class TestFailure:
    def test_nobody_answers(self):
        view = failure_view(GONE)
        assert view.headline == "The service does not answer"
        assert view.detail == "http://localhost:1: nothing listens there."
        assert "uvicorn app:app" in view.hint

    def test_without_a_model_the_way_to_one_is_shown(self, no_model):
        view = failure_view(Declined(no_model))
        assert (view.headline, view.detail) == ("Model not ready", "There is no model.")
        assert view.hint == "Run `python train_model.py`."
        assert view.faults == ()
        assert view.footnote == "Request r-1"

    def test_faults_are_listed_under_the_labels_of_the_form(self, bad_input):
        (fault,) = failure_view(Declined(bad_input)).faults
        assert (fault.field, fault.fault) == ("CPU usage", "must be at least 0")


class TestConnection:
    def test_down(self):
        view = connection_view(GONE)
        assert (view.tone, view.headline) == ("bad", "Not connected")
        assert view.detail.startswith("http://localhost:1: nothing listens there.")

    def test_up_without_a_model(self, no_model):
        view = connection_view(Declined(no_model))
        assert (view.tone, view.headline) == ("warning", "Connected, but not ready")
        assert "python train_model.py" in view.detail

    def test_ready(self):
        view = connection_view(Connected("http://localhost:1", "v7"))
        assert (view.tone, view.detail) == ("good", "Model v7")


def test_the_terminal_command_sends_only_what_was_measured():
    command = as_curl("http://localhost:8000", {"pod_id": "a'b", "memory_peak_pct": None})
    assert "memory_peak_pct" not in command
    assert command.startswith("curl 'http://localhost:8000/predict?explain=true' -H ")
