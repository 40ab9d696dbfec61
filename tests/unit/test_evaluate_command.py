"""``evaluate_model.py`` as its users call it, on made-up recordings and a made-up table."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from typer.testing import CliRunner

from podforecast.cli import evaluate, training_data
from podforecast.domain.catalogue import REQUIRED
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.model import artifact, describe, training
from podforecast.model.candidates import candidate
from podforecast.telemetry.recording import write_recording

QUICK = (replace(candidate("LogisticRegression"), usual={"C": 0.01, "max_iter": 30}, tries=()),)
PODS, SAMPLES, PERIOD = 12, 160, 40


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run the command in an empty folder; give exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*options):
        monkeypatch.setattr("sys.argv", ["evaluate_model.py", "--jobs", "1", *map(str, options)])
        code = evaluate.main()
        return code, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Two campaigns of pods whose memory rises for ten minutes and then kills them, or does not."""
    folder = tmp_path_factory.mktemp("data")
    for name, role, seed in (("one", "train", 1), ("two", "test", 2)):
        block, events = leaking_fleet(name, np.random.default_rng(seed))
        write_recording(folder / name, block, events, {"name": name, "role": role})
    return folder


def leaking_fleet(name, rng):
    pods = tuple(PodRef("shop", f"{name}-{k}") for k in range(PODS))
    times = 1.7e9 // 15 * 15 + 15.0 * np.arange(SAMPLES)
    phase = (np.arange(SAMPLES)[None] + rng.integers(0, PERIOD, (PODS, 1))) % PERIOD
    leaks = np.arange(PODS) % 3 > 0
    memory = 0.2 + 0.02 * rng.random((PODS, SAMPLES)) + 0.7 * leaks[:, None] * phase / PERIOD
    events = [
        {"at": float(times[sample]) - 5, "kind": "failure", "namespace": pod.namespace,
         "pod": pod.name, "cause": "oom", "first": True, "precursor": True}
        for pod, row, leaking in zip(pods, phase, leaks, strict=True)
        for sample in np.flatnonzero(row == 0)[int(row[0] == 0):]
        if leaking
    ]  # fmt: skip
    signals = {
        "memory_usage_ratio": memory,
        "cpu_usage_ratio": rng.random((PODS, SAMPLES)),
        "status_code": np.zeros((PODS, SAMPLES)),
    }
    workloads = tuple(f"shop/{name}-{k % 6}" for k in range(PODS))
    return TelemetryBlock(pods=pods, workloads=workloads, times=times, signals=signals), events


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A made-up table in which memory above 80 % fails."""
    rng = np.random.default_rng(3)
    lines = [",".join(["pod_id", *(f.name for f in REQUIRED), "target"])]
    for row in range(400):
        values = [round(rng.uniform(*f.typical)) if f.whole else rng.uniform(*f.typical)
                  for f in REQUIRED]  # fmt: skip
        fails = values[1] > 80
        values[8] = REQUIRED[8].categories[int(values[8])]
        lines.append(",".join(map(str, [f"pod-{row % 20}", *values, int(fails)])))
    path = tmp_path_factory.mktemp("table") / "mine.csv"
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def models(recordings, tmp_path_factory):
    """A model of the training campaign, saved."""
    return saved(training_data.read(recordings).dataset, tmp_path_factory.mktemp("models"))


def saved(dataset, folder):
    trained = training.train(dataset, seed=1, candidates=QUICK)
    manifest = describe.describe(trained, dataset, trained_at=datetime(2026, 1, 1, tzinfo=UTC))
    artifact.save(folder, trained.fitted.pipeline, manifest)
    return folder


def test_without_a_model_the_way_to_one_is_shown(run, recordings):
    code, stdout, stderr = run("--data", recordings)
    assert (code, stdout) == (1, "")
    assert "hint: Run `python train_model.py` first." in stderr


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        pytest.param(["--data", "nowhere"], 1, "nowhere holds no campaign", id="no-data"),
        pytest.param(["--seed", "-1"], 2, "--seed", id="seed"),
        pytest.param(["--no-such-option"], 2, "--no-such-option", id="option"),
    ],
)
def test_what_can_not_work_is_refused_without_a_traceback(run, models, options, code, says):
    found, stdout, stderr = run("--models", models, *options)
    assert (found, stdout) == (code, "")
    assert says in stderr
    assert "Traceback" not in stderr


def test_a_model_that_knows_the_test_campaign_is_refused(run, recordings, tmp_path):
    both = training_data.read_campaigns([recordings / "one", recordings / "two"])
    models = saved(both, tmp_path / "models")
    code, _, stderr = run("--models", models, "--data", recordings)
    assert code == 1
    assert "trained on two, which is to judge it" in stderr


def test_recordings_give_tables_pictures_and_reports(run, models, recordings, tmp_path):
    code, stdout, _ = run("--models", models, "--data", recordings, "--fast", "--write-model-card")
    assert code == 0
    for wanted in ("Splits side by side", "Alarms, campaign-disjoint", "Canaries", "Written:"):
        assert wanted in stdout
    written = {path.name for path in (tmp_path / "results").iterdir()}
    assert {"report.md", "report.json", "roc.png", "alarms.png"} <= written
    assert "# Model card" in (tmp_path / "docs" / "model-card.md").read_text()


def test_a_table_of_ones_own_judges_the_recipe(run, models, table):
    code, stdout, stderr = run("--models", models, "--data", table, "--fast", "--json")
    report = json.loads(stdout)
    assert code == 0
    assert report["headline_split"] in ("time", "workload-disjoint")
    assert "the saved model was not trained on mine.csv" in " ".join(stderr.split())


def test_a_results_folder_that_can_not_be_written_is_refused(run, models, table, tmp_path):
    (tmp_path / "results").write_text("a file")
    code, _, stderr = run("--models", models, "--data", table, "--fast")
    assert code == 2
    assert "results/ can not be written" in stderr


def test_help_says_what_each_option_means():
    text = CliRunner().invoke(evaluate.command, ["--help"]).output
    for option in ("--models", "--data", "--out", "--fast", "--seed", "--jobs", "--json"):
        assert option in text
