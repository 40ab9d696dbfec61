"""The Predict page in each of its states."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from podforecast.ui.outcomes import Answered, Connected, Declined, Unreachable
from podforecast.ui.viewmodels.scenarios import SCENARIOS, values_of

ADDRESS = "http://service:8000"
GONE = Unreachable(ADDRESS, "nothing listens there")


class FakeService:
    """Not the service: answers what it was told to, and remembers what it was asked."""

    address = ADDRESS

    def __init__(self, outcome, connection):
        self.outcome, self.state, self.asked = outcome, connection, []

    def predict(self, measurements):
        self.asked.append(dict(measurements))
        return self.outcome

    def connection(self):
        return self.state


def _script(service):
    from podforecast.ui.pages import predict

    predict.render(service)


@pytest.fixture
def service(make_forecast):
    return FakeService(Answered(make_forecast()), Connected(ADDRESS, "fake-1"))


@pytest.fixture
def page(service):
    app = AppTest.from_function(_script, kwargs={"service": service}, default_timeout=20)
    return app.run()


def forecast(page):
    return page.button(key="FormSubmitter:predict.form-Forecast").click().run()


def shown(page):
    assert not page.exception
    return "\n".join(element.value for element in (*page.error, *page.markdown, *page.info))


class TestWithoutAForecast:
    def test_the_service_is_down(self, page, service):
        service.outcome = service.state = GONE
        forecast(page)
        assert "The service does not answer" in shown(page)
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

    def test_at_first_it_says_how_to_begin(self, page, service):
        assert "Start from a situation" in page.caption[0].value
        assert not service.asked


class TestForecast:
    def test_the_risk_is_shown_in_number_words_and_colour(self, page):
        text = shown(forecast(page))
        assert "94.0 %" in text
        assert "Critical risk" in text
        assert "About 94 of 100" in text
        assert "#a3123a" in text

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
        assert page.code[0].value.startswith("curl http://service:8000/predict")
