"""The Predict page in each of its states."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from podforecast.ui.outcomes import Answered, Connected, Declined, Unreachable
from podforecast.ui.viewmodels.scenarios import SCENARIOS, values_of
from podforecast.ui.whatif_panel import INVITATION

ADDRESS = "http://service:8000"
GONE = Unreachable(ADDRESS, "nothing listens there")
SLOW = Unreachable(ADDRESS, "it did not answer in time")
MEMORY = "whatif.1.memory_usage_pct"


class FakeService:
    """Not the service: answers what it was told to, and remembers what it was asked."""

    address = ADDRESS

    def __init__(self, outcome, whatif, connection):
        self.outcome, self.whatif, self.state = outcome, whatif, connection
        self.asked, self.supposed = [], []

    def explained(self, measurements):
        self.asked.append(dict(measurements))
        return self.outcome

    def predict(self, measurements):
        self.supposed.append(dict(measurements))
        return self.whatif

    def connection(self):
        return self.state


def _script(service):
    import streamlit as st

    from podforecast.ui.pages import predict

    if not st.checkbox("on another page", key="elsewhere"):
        predict.render(service)


@pytest.fixture
def service(make_explained, make_forecast):
    lower = make_forecast(0.31, prediction="stable", risk_level="medium", threshold=0.5)
    return FakeService(
        Answered(make_explained(threshold=0.5)), Answered(lower), Connected(ADDRESS, "fake-1")
    )


@pytest.fixture
def page(service):
    app = AppTest.from_function(_script, kwargs={"service": service}, default_timeout=20)
    return app.run()


def forecast(page):
    return page.button(key="FormSubmitter:predict.form-Forecast").click().run()


def shown(page):
    assert not page.exception
    elements = (*page.error, *page.warning, *page.markdown, *page.info)
    return "\n".join(element.value for element in elements)


class TestWhatIsAhead:
    def test_trouble_and_status_are_told_with_their_confidence(self, page):
        text = shown(forecast(page))
        assert "**▤ Resource exhaustion · 80.0 %**" in text
        assert "**Running · 70.0 %**" in text

    def test_a_model_without_targets_says_nothing_of_them(self, page, service, make_explained):
        service.outcome = Answered(make_explained(issue_type=None, pod_status=None))
        assert "What kind of trouble" not in shown(forecast(page))


class TestWithoutAForecast:
    @pytest.mark.parametrize(
        ("outcome", "words"),
        [
            pytest.param(GONE, "nothing listens there", id="down"),
            pytest.param(SLOW, "it did not answer in time", id="slow"),
        ],
    )
    def test_nobody_answers(self, page, service, outcome, words):
        service.outcome = service.state = outcome
        forecast(page)
        assert "The service does not answer" in shown(page)
        assert words in shown(page)
        assert "uvicorn app:app" in shown(page)

    def test_the_service_has_no_model(self, page, service, no_model):
        service.outcome = service.state = Declined(no_model)
        forecast(page)
        assert "Model not ready" in shown(page)
        assert "python train_model.py" in shown(page)

    def test_a_refused_field_is_listed(self, page, service, bad_input):
        service.outcome = Declined(bad_input)
        forecast(page)
        assert "- **CPU usage** must be at least 0. Send it again." in shown(page)

    def test_no_forecast_of_another_pod_is_left_beside_the_refusal(self, page, service):
        forecast(page)
        service.outcome = GONE
        forecast(page)
        assert "94.0 %" not in shown(page)
        assert "What if" not in shown(page)

    def test_at_first_it_says_how_to_begin(self, page, service):
        assert "Start from a situation" in page.caption[0].value
        assert "The forecast will be here" in shown(page)
        assert not service.asked
        assert not service.supposed


class TestForecast:
    def test_the_risk_is_shown_in_number_words_and_colour(self, page):
        text = shown(forecast(page))
        assert "94.0 %" in text
        assert "Critical risk" in text
        assert "About 94 of 100" in text
        assert "At risk: " in text
        assert "#a3123a" in text

    def test_a_stable_pod_is_called_so(self, page, service, make_explained):
        service.outcome = Answered(
            make_explained(0.02, prediction="stable", risk_level="low", threshold=0.5)
        )
        text = shown(forecast(page))
        assert "Low risk" in text
        assert "Stable: " in text

    def test_an_untouched_form_asks_about_a_healthy_pod(self, page, service):
        forecast(page)
        assert service.asked == [values_of(SCENARIOS[0])]

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
    def test_a_scenario_fills_the_form_and_asks_at_once(self, page, service, scenario):
        page.button(key=f"predict.scenario.{scenario.title}").click().run()
        assert service.asked == [values_of(scenario)]
        assert scenario.story in page.caption[0].value
        assert "94.0 %" in shown(page)

    def test_a_scenario_leaves_nothing_of_the_one_before(self, page, service):
        page.button(key="predict.scenario.Memory leak").click().run()
        page.button(key="predict.scenario.Healthy").click().run()
        assert service.asked[-1] == values_of(SCENARIOS[0])

    def test_what_is_typed_is_what_is_asked(self, page, service):
        page.text_input(key="predict.pod_id").input("cart-0")
        page.number_input(key="predict.cpu_usage_pct").set_value(88.5)
        page.number_input(key="predict.restart_count_24h").set_value(3)
        page.selectbox(key="predict.autoscaler_action").set_value("scale_up")
        page.number_input(key="predict.memory_peak_pct").set_value(97.0)
        page.selectbox(key="predict.last_termination_reason").set_value("oom_killed")
        forecast(page)
        assert service.asked[-1] == values_of(SCENARIOS[0]) | {
            "pod_id": "cart-0",
            "cpu_usage_pct": 88.5,
            "restart_count_24h": 3,
            "autoscaler_action": "scale_up",
            "memory_peak_pct": 97.0,
            "last_termination_reason": "oom_killed",
        }

    def test_the_same_request_can_be_copied_for_a_terminal(self, page):
        assert page.code[0].value.startswith("curl 'http://service:8000/predict?explain=true'")

    def test_it_is_still_there_with_its_numbers_after_a_visit_to_another_page(self, page, service):
        page.button(key="predict.scenario.Critical").click().run()
        page.checkbox(key="elsewhere").check().run()
        assert not page.number_input
        page.checkbox(key="elsewhere").uncheck().run()
        assert page.number_input(key="predict.memory_usage_pct").value == 98.5
        assert "94.0 %" in shown(page)
        assert len(service.asked) == 1

    def test_a_forecast_of_another_service_is_not_shown(self, page, service):
        forecast(page)
        service.address = "http://other:1"
        assert "94.0 %" not in shown(page.run())


class TestWhy:
    def test_each_reason_is_a_sentence_with_direction_and_size(self, page):
        text = shown(forecast(page))
        assert "Memory usage is 95.2 % of its limit" in text
        assert "usually 10 to 70 %" in text
        assert "▲ raises \N{MULTIPLICATION SIGN} 7.4" in text
        assert "▼ lowers ÷ 2.0" in text
        assert "Everything else together" in text

    def test_the_first_remedy_is_open_and_the_others_are_folded(self, page):
        text = shown(forecast(page))
        assert "**1. Memory is close to its limit**" in text
        assert "- Raise the memory limit." in text
        assert [e.label for e in page.expander][-1] == "2. It keeps restarting"

    def test_commands_can_be_copied(self, page):
        forecast(page)
        commands = [code.value for code in page.code]
        assert "kubectl top pod cart-0 --containers" in commands
        assert "kubectl describe pod cart-0" in commands

    def test_a_pod_without_reasons_is_called_typical(self, page, service, make_explained):
        service.outcome = Answered(make_explained(0.03, reasons=[], other=0.0))
        assert "This pod is like a typical one, which has 3.0 %." in shown(forecast(page))


class TestWhatIf:
    def test_nothing_is_asked_before_a_slider_moves(self, page, service):
        assert INVITATION in shown(forecast(page))
        assert not service.supposed

    def test_the_sliders_start_where_the_pod_is(self, page):
        page.button(key="predict.scenario.Critical").click().run()
        row = {s.label: s.value for s in page.slider if s.key.startswith("whatif.")}
        assert row["Memory usage (% of limit)"] == 98.5
        assert row["Restart count in 24 h"] == 4
        assert len(row) == 5

    def test_a_moved_slider_asks_again_and_shows_the_difference(self, page, service):
        page.button(key="predict.scenario.Critical").click().run()
        page.slider(key=MEMORY).set_value(60.0).run()
        assert service.supposed == [values_of(SCENARIOS[2]) | {"memory_usage_pct": 60.0}]
        text = shown(page)
        assert "94.0 %" in text
        assert "31.0 %" in text
        assert "-63.0 points" in text
        assert "Medium risk" in text
        assert "That brings it below the threshold of 50.0 %." in text
        assert len(service.asked) == 1

    def test_it_can_be_taken_back(self, page, service):
        page.button(key="predict.scenario.Critical").click().run()
        page.slider(key=MEMORY).set_value(60.0).run()
        page.button(key="whatif.1.back").click().run()
        assert page.slider(key=MEMORY).value == 98.5
        assert INVITATION in shown(page)

    def test_a_new_forecast_starts_it_anew(self, page, service):
        page.button(key="predict.scenario.Critical").click().run()
        page.slider(key=MEMORY).set_value(60.0).run()
        page.button(key="predict.scenario.Memory leak").click().run()
        assert page.slider(key="whatif.2.memory_usage_pct").value == 94.0
        assert INVITATION in shown(page)

    @pytest.mark.parametrize("outcome", [GONE, SLOW], ids=["down", "slow"])
    def test_while_nobody_answers_the_last_forecast_stays(self, page, service, outcome):
        forecast(page)
        service.whatif = outcome
        page.slider(key=MEMORY).set_value(60.0).run()
        text = shown(page)
        assert "Critical risk" in text
        assert "No answer for the moved values: the service does not answer" in text
        assert "The forecast of 94.0 % above is the last one, for the measured values." in text

    def test_a_refused_value_is_named(self, page, service, bad_input):
        forecast(page)
        service.whatif = Declined(bad_input)
        page.slider(key=MEMORY).set_value(60.0).run()
        assert "CPU usage must be at least 0." in page.warning[0].value
