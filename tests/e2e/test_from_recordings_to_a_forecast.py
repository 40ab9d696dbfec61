"""What a new user does: train on the recordings, start the service, ask."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def service(trained):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port)]
    environment = {"PODFORECAST_MODEL_DIR": str(trained[0]), "PATH": "/usr/bin:/bin"}
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url + "/readyz")
        yield url
    finally:
        child.terminate()
        child.wait(10)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{url} is not ready after a minute")


def test_candidates_that_promise_monotone_risk_may_be_kept_the_network_is_compared(trained):
    _, report = trained
    *others, last = report["candidates"]
    assert {one["name"] for one in others} == {
        "LogisticRegression", "RandomForest", "XGBoost", "LogReg+XGBoost"
    }  # fmt: skip
    assert not any(one["note"] for one in others)
    assert last["name"] == "NeuralNetwork"
    assert last["note"].startswith("compared only")


def test_the_candidate_that_is_kept_ranks_and_catches_as_well_as_the_best_ranked(trained):
    _, report = trained
    kept, *others = (one for one in report["candidates"] if not one["note"])
    assert report["algorithm"] == kept["name"]
    best = max([kept, *others], key=lambda one: one["roc_auc"])
    assert kept["roc_auc_high"] >= best["roc_auc"]
    assert kept["recall"] >= best["recall"] > 0.0


def test_the_test_campaign_was_not_trained_on(trained):
    _, report = trained
    roles = {f.parent.name: json.loads(f.read_text())["role"]
             for f in (ROOT / "data").glob("*/campaign.json")}  # fmt: skip
    assert "test" in roles.values()
    assert set(report["data"]["campaigns"]) == {n for n, role in roles.items() if role == "train"}


def test_trouble_and_statuses_are_learned_better_than_their_baselines(trained):
    _, report = trained
    assert report["targets_left_out"] == {}
    assert set(report["targets"]) == {"issue_type", "pod_status"}
    for target in report["targets"].values():
        best, baseline = target["candidates"][0], target["baseline"]
        assert best["log_loss_high"] < baseline["log_loss_low"]
        assert len({one["name"] for one in target["candidates"]}) == 3


def test_the_example_explained_names_trouble_and_status(service):
    example = (ROOT / "example.json").read_bytes()
    body = httpx.post(service + "/predict?explain=true", content=example, timeout=10).json()
    for told in (body["issue_type"], body["pod_status"]):
        assert sum(told["distribution"].values()) == pytest.approx(1.0)
    assert body["issue_type"]["distribution"]["none"] == pytest.approx(
        1 - body["failure_probability"]
    )
    assert httpx.get(service + "/readyz").json()["targets_missing"] == {}


def test_the_example_is_answered_as_documented(service):
    example = (ROOT / "example.json").read_bytes()
    answer = httpx.post(service + "/predict", content=example, timeout=10,
                        headers={"Content-Type": "application/json"})  # fmt: skip
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"input", "failure_probability", "prediction", "risk_level", "threshold",
                         "horizon_minutes", "model_version"}  # fmt: skip
    assert 0.0 <= body["failure_probability"] <= 1.0
    assert body["horizon_minutes"] == 5


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        pytest.param("memory_usage_pct", 20.0, 99.0, id="memory"),
        pytest.param("restart_count_24h", 0, 30, id="restarts"),
        pytest.param("node_pressure_score", 0.0, 1.0, id="node-pressure"),
    ],
)
def test_the_probability_never_falls_when_one_of_these_rises_alone(service, field, low, high):
    example = json.loads((ROOT / "example.json").read_text())
    values = [low + (high - low) * k / 10 for k in range(11)]
    if isinstance(low, int):
        values = sorted({round(value) for value in values})
    risks = [
        httpx.post(service + "/predict", json={**example, field: value}, timeout=10).json()[
            "failure_probability"
        ]
        for value in values
    ]
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(risks))
