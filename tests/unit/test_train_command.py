"""``train_model.py`` as its users call it, on a made-up table and made-up recordings."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from podforecast.cli import train, training_data
from podforecast.domain.catalogue import CATALOGUE, REQUIRED
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import STEP, TelemetryBlock
from podforecast.errors import DataUnusable
from podforecast.model import scorer, training
from podforecast.model.candidates import candidate
from podforecast.pipeline.examples import WARM_UP
from podforecast.telemetry.recording import write_recording

QUICK = (replace(candidate("LogisticRegression"), usual={"C": 0.01, "max_iter": 30}, tries=()),)


@pytest.fixture(autouse=True)
def quick_candidates(monkeypatch):
    """What is compared is tested elsewhere; here one fast candidate will do."""
    whole = training.train
    monkeypatch.setattr(
        training, "train", lambda *args, **options: whole(*args, candidates=QUICK, **options)
    )


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command; give exit code, stdout and stderr."""

    def call(*options):
        monkeypatch.setattr("sys.argv", ["train_model.py", *map(str, options)])
        code = train.main()
        return code, *capsys.readouterr()

    return call


def table(path, *, meaningful=True, pods=12, rows=25):
    """A made-up table: memory above 80 % fails, or nothing means anything."""
    rng = np.random.default_rng(3)
    lines = [",".join(["pod_id", "colour", *(f.name for f in REQUIRED), "target"])]
    for row in range(pods * rows):
        values = [round(rng.uniform(*f.typical)) if f.whole else rng.uniform(*f.typical)
                  for f in REQUIRED]  # fmt: skip
        values[8] = CATALOGUE[8].categories[int(values[8])]
        fails = values[1] > 80 if meaningful else rng.random() < 0.2
        lines.append(",".join(map(str, [f"pod-{row % pods}", "red", *values, int(fails)])))
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        pytest.param(["--target", "issues"], 2, "--target issues is not among", id="target"),
        pytest.param(["--target", "issue_type"], 1, "there is no manifest.json", id="no-model"),
        pytest.param(["--budget", "0"], 2, "leaves no threshold", id="budget"),
        pytest.param(["--seed", "x"], 2, "--seed", id="seed"),
        pytest.param(["--no-such-option"], 2, "--no-such-option", id="option"),
        pytest.param(["--data", "nowhere"], 1, "nowhere holds no campaign", id="no-data"),
    ],
)
def test_what_can_not_work_is_refused_in_two_sentences(run, tmp_path, options, code, says):
    found, stdout, stderr = run("--out", tmp_path / "models", *options)
    assert found == code
    assert says in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
    assert not (tmp_path / "models").exists()


def test_a_hint_follows_the_error(run):
    _, _, stderr = run("--data", "nowhere")
    assert stderr.splitlines()[-1].startswith("hint: Give a folder of recordings")


def test_json_goes_to_stdout_alone_and_names_the_saved_model(run, tmp_path):
    folder = tmp_path / "models"
    code, stdout, stderr = run("--data", table(tmp_path / "mine.csv"), "--out", folder, "--json")
    summary = json.loads(stdout)
    assert code == 0
    assert summary["model_version"] == scorer.load(folder).manifest.model_version
    assert summary["data"]["campaigns"] == ["mine"]
    assert summary["candidates"][0]["name"] == "LogisticRegression"
    assert "columns not used: colour" in stderr


def test_the_table_says_what_was_compared_and_what_it_means(run, tmp_path):
    code, stdout, _ = run("--data", table(tmp_path / "mine.csv"), "--out", tmp_path / "models")
    assert code == 0
    for part in ("ROC-AUC", "LogisticRegression", "is kept", "At risk from", "Saved 20"):
        assert part in stdout
    assert "beats chance" not in stdout


def test_no_candidate_that_beats_chance_is_said_in_plain_words(run, tmp_path):
    data = table(tmp_path / "noise.csv", meaningful=False)
    code, stdout, _ = run("--data", data, "--out", tmp_path / "models")
    assert code == 0
    assert "No candidate beats chance with confidence" in " ".join(stdout.split())
    assert scorer.load(tmp_path / "models").manifest.beats_chance is False


@pytest.fixture
def recordings(tmp_path):
    """Two campaigns on disk, one of them for testing only: memory grows, the pod is killed."""
    rng = np.random.default_rng(6)
    times = 1.7e9 // 15 * 15 + 15.0 * np.arange(100)
    for name, role in (("one", "train"), ("two", "test")):
        pods = tuple(PodRef("shop", f"{name}-{k}") for k in range(8))
        memory = 0.3 + 0.02 * rng.random((8, 100))
        memory[:6] += np.linspace(0, 0.6, 100) * (np.arange(100) < 80)
        block = TelemetryBlock(
            pods=pods,
            workloads=tuple(f"shop/w{k % 3}" for k in range(8)),
            times=times,
            signals={
                "memory_usage_ratio": memory,
                "cpu_usage_ratio": rng.random((8, 100)),
                "status_code": np.zeros((8, 100)),
            },
        )
        events = [failure(pod, float(times[78]) + 5) for pod in pods[:6]]
        write_recording(tmp_path / "data" / name, block, events, {"name": name, "role": role})
    return tmp_path / "data"


def failure(pod, at):
    return {
        "at": at, "kind": "failure", "namespace": pod.namespace, "pod": pod.name,
        "cause": "oom", "first": True, "precursor": True,
    }  # fmt: skip


def test_campaigns_are_read_but_not_those_kept_for_evaluation(run, recordings, tmp_path):
    code, stdout, stderr = run("--data", recordings, "--out", tmp_path / "models", "--json")
    summary = json.loads(stdout)
    assert code == 0
    assert summary["data"]["campaigns"] == ["one"]
    assert summary["data"]["failures"] == 6
    assert "kept for evaluation, not read: two" in stderr


def test_a_folder_of_test_campaigns_alone_is_refused(run, recordings, tmp_path):
    code, _, stderr = run("--data", recordings / "two", "--out", tmp_path / "models")
    assert code == 1
    assert "holds no campaign to train on" in stderr


def test_facts_that_are_no_json_are_refused(recordings):
    (recordings / "one" / "campaign.json").write_text("?")
    with pytest.raises(DataUnusable, match=r"campaign\.json is not a JSON object"):
        training_data.read(recordings)


def test_reading_is_told_campaign_by_campaign(recordings):
    told = []
    training_data.read(recordings, on_progress=lambda *step: told.append(step))
    after_the_warm_up = 100 - WARM_UP // STEP
    assert told[-1] == (after_the_warm_up, after_the_warm_up, "one")


def test_help_says_what_each_option_means():
    text = CliRunner().invoke(train.command, ["--help"]).output
    for option in ("--data", "--out", "--target", "--budget", "--seed", "--jobs", "--json"):
        assert option in text


def test_a_target_alone_is_put_beside_the_model_that_is_there(run, tmp_path):
    folder, data = tmp_path / "models", table(tmp_path / "mine.csv")
    run("--data", data, "--out", folder, "--target", "failure")
    before = scorer.load(folder).manifest
    code, stdout, stderr = run("--data", data, "--out", folder, "--target", "pod_status", "--json")
    assert code == 0
    assert json.loads(stdout)["targets"] == {}
    assert "a table does not tell what status a pod had" in stderr
    after = scorer.load(folder).manifest
    assert after.model_version == before.model_version
    assert "a table does not tell" in after.targets_left_out["pod_status"]
