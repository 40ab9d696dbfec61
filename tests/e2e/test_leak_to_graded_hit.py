"""A leak in a real container: announced to a real Alertmanager, killed by the kernel, graded.

The first test starts the story, and the training it waits for, and is run before all others; the
rest are run last: so a quarter of an hour of waiting passes while other tests work.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.leak_story import (
    LEAK_MINUTES,
    PATIENCE_SECONDS,
    ROOT,
    START_SECONDS,
    TOLD,
    TRAINING_SECONDS,
)

pytestmark = [
    pytest.mark.lab,
    pytest.mark.prometheus,
    pytest.mark.alertmanager,
    pytest.mark.timeout(TRAINING_SECONDS + PATIENCE_SECONDS + 300.0),
]


class Story:
    """The process that the story runs in, and what it has written down."""

    def __init__(self, folder: Path, models: Path) -> None:
        self._folder = folder
        with (folder / "story.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.leak_story", str(folder), str(models)],
                cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def goes_on(self) -> bool:
        return self._process.poll() is None

    def over(self) -> dict:
        """All of it, when it is over."""
        code = self._process.wait(TRAINING_SECONDS + START_SECONDS + PATIENCE_SECONDS)
        assert code == 0, (self._folder / "story.log").read_text()
        return self._told()

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(120)

    def _told(self) -> dict:
        return json.loads((self._folder / TOLD).read_text())


@pytest.fixture(scope="session")
def story(training, tmp_path_factory):
    told = Story(tmp_path_factory.mktemp("leak"), training[1])
    yield told
    told.end()


@pytest.fixture
def told(story):
    return story.over()


@pytest.mark.run_first
def test_the_story_begins_while_the_model_is_being_trained(story):
    assert story.goes_on


@pytest.mark.run_last
def test_the_service_watches_the_pods_and_says_that_it_knows_too_little_yet(told):
    begun = told
    assert begun["ready"]["source"]["kind"] == "prometheus"
    assert begun["ready"]["troubles"] == {}
    assert {pod["state"] for pod in begun["fleet"]["pods"]} == {"insufficient_data"}


@pytest.mark.run_last
def test_the_kernel_killed_the_pod_for_its_memory(told):
    assert (told["failure"]["cause"], told["failure"]["exit_code"]) == ("oom", 137)
    minutes = (told["killed_at"] - told["leak_at"]) / 60.0
    assert minutes == pytest.approx(LEAK_MINUTES, rel=0.3)


@pytest.mark.run_last
def test_the_alert_was_there_before_the_kill(told):
    assert told["leak_at"] < told["alerted_at"] < told["killed_at"]


@pytest.mark.run_last
def test_the_alert_says_which_pod_why_and_what_to_do(told):
    labels, prediction = told["alert"]["labels"], told["prediction"]
    assert labels["alertname"] == "PodFailureForecast"
    assert labels["namespace"] == told["leaking"]["namespace"]
    assert labels["cause"] == "memory"
    assert any("emory" in reason for reason in prediction["reasons"])
    assert prediction["recommendation"]["actions"]


@pytest.mark.run_last
def test_the_forecast_was_graded_a_hit(told):
    live = told["live"]
    assert live["notifications"] > live["false_alarms"]
    assert live["announced"] >= 1
    assert 0.0 < live["lead_minutes_median"] <= 5.0
    assert live["trouble"] is None


@pytest.mark.run_last
def test_the_page_of_the_pod_tells_it_too(told):
    (event,) = told["page"]["events"]
    assert (event["kind"], event["cause"]) == ("failure", "oom")
    assert event["announced_minutes"] > 0.0
    assert "failed" in {alarm["outcome"] for alarm in told["page"]["alarms"]}


@pytest.mark.run_last
def test_metrics_say_the_same(told):
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(told["metrics"])
        for sample in family.samples
        if not sample.labels
    }
    assert found["podforecast_ready"] == 1.0
    assert found["podforecast_live_recall"] > 0.0
    assert found["podforecast_live_lead_seconds"] > 0.0
