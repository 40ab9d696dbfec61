"""``python -m podforecast backtest`` as its users call it, and on a real Prometheus."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from podforecast.cli import main as command
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.evaluation.backtest import comparing, run
from podforecast.evaluation.backtest.stretch import stretch
from podforecast.evaluation.document import as_json
from podforecast.model.scorer import load
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.raw_series import read_series
from podforecast.telemetry.recording import Recording
from tests.telemetry.prometheus_server import running
from tests.telemetry.remote_write import moved, write
from tests.telemetry.thinning import as_watched

pytestmark = pytest.mark.timeout(600)  # the first one waits for the training
CAMPAIGN = command.ROOT / "data" / "ridge"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def backtest(trained, monkeypatch, capsys):
    """Run the command; give exit code, stdout, stderr in one line each."""

    monkeypatch.setenv("PODFORECAST_MODEL_DIR", str(trained[0]))

    def call(*options):
        monkeypatch.setattr("sys.argv", ["podforecast", "backtest", *map(str, options)])
        code = command.main()
        stdout, stderr = capsys.readouterr()
        return code, " ".join(stdout.split()), " ".join(stderr.split())

    return call


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(["--start", "2026-11-21T15:00", "--end", "2026-11-21T14:00"],
                     "is not after the start", id="end before start"),
        pytest.param(["--end", "2099-01-01T00:00"], "is in the future", id="future"),
        pytest.param(["--start", "yesterday"], "--start 'yesterday' is no time", id="no time"),
        pytest.param(["--start", "2026-11-21T15:00", "--hours", "2"], "both --start", id="both"),
        pytest.param(["--every", "20"], "--every 20", id="between samples"),
        pytest.param(["--budget", "0"], "an alert budget of 0", id="no budget"),
        pytest.param(["--hours", "0"], "--hours", id="no time at all"),
        pytest.param(["--prom-host", NOBODY], "--prom-host", id="two sources"),
    ],
)  # fmt: skip
def test_what_can_not_be_replayed_is_wrong_usage(backtest, options, says):
    code, stdout, stderr = backtest("--campaign", CAMPAIGN, *options)
    assert (code, stdout) == (2, "")
    assert says in stderr
    assert "Traceback" not in stderr


def test_without_a_model_the_way_to_one_is_shown(backtest, monkeypatch, tmp_path):
    monkeypatch.setenv("PODFORECAST_MODEL_DIR", str(tmp_path))
    code, _, stderr = backtest("--campaign", CAMPAIGN)
    assert code == 1
    assert "train_model.py" in stderr


def test_a_folder_without_a_recording_is_refused(backtest, tmp_path):
    code, _, stderr = backtest("--campaign", tmp_path)
    assert code == 1
    assert "is not a recording" in stderr


def test_a_prometheus_that_is_not_there_is_one_sentence(backtest):
    code, stdout, stderr = backtest("--prom-host", NOBODY, "--hours", "1")
    assert (code, stdout) == (1, "")
    assert "127.0.0.1:9" in stderr


def test_figures_that_can_not_be_written_are_refused(backtest, tmp_path):
    code, _, stderr = backtest(*SHORT, "--json", tmp_path / "nowhere" / "figures.json")
    assert code == 2
    assert "can not be written" in stderr


SHORT = ("--campaign", CAMPAIGN, "--start", "2026-11-21T14:50", "--end", "2026-11-21T15:00",
         "--every", "60")  # fmt: skip


def test_a_campaign_is_replayed_without_a_cluster(backtest, tmp_path):
    code, stdout, stderr = backtest(*SHORT, "--budget", "1200", "--json", tmp_path / "figures.json")
    document = json.loads((tmp_path / "figures.json").read_text())
    assert code == 0
    for words in ("Back-test on the recorded campaign ridge", "memory > 90 %", "precursor",
                  "All tuned to 1200", "Failures announced, model minus static rules"):  # fmt: skip
        assert words in stdout
    assert "written:" in stderr
    assert document["judged"]["precursors_known"] is True
    assert len(document["methods"]) == 12


def test_json_alone_goes_to_stdout(backtest):
    code, stdout, _ = backtest(*SHORT, "--json", "-")
    assert code == 0
    assert json.loads(stdout)["every_seconds"] == 60.0


def test_help_teaches():
    output = CliRunner().invoke(command.application, ["backtest", "--help"]).output
    for words in ("--start", "--end", "--hours", "--campaign", "--budget", "--every", "--json"):
        assert words in output


# ------------------------------------------------------------------ a real Prometheus

WORKLOADS = ("identity/streams", "identity/tracking")
START, END = timedelta(minutes=15), timedelta(minutes=40)
"""Of the recording."""


def part_of(recording):
    """Some workloads of a campaign."""
    whole = recording.block
    rows = [row for row, workload in enumerate(whole.workloads) if workload in WORKLOADS]
    block = TelemetryBlock(
        pods=tuple(whole.pods[row] for row in rows),
        workloads=tuple(whole.workloads[row] for row in rows),
        times=whole.times,
        signals={name: values[rows] for name, values in whole.signals.items()},
    )
    return replace(recording, block=block)


def series_until(recording, seconds):
    """Raw series of their pods, and of all that is no pod, up to a moment of the recording."""
    names = {pod.name for pod in part_of(recording).pods}
    for series in read_series(CAMPAIGN / "series.parquet"):
        there = series.time_ms / 1000.0 <= seconds
        if series.labels.get("pod") in {None, *names} and there.any():
            yield replace(series, time_ms=series.time_ms[there], values=series.values[there])


@pytest.fixture(scope="module")
def recording():
    return Recording.open(CAMPAIGN)


@pytest.fixture(scope="module")
def prometheus(recording, tmp_path_factory):
    """A Prometheus that scraped a part of the campaign, a while ago; and how much later."""
    # To where the first sample is on the grid that the command asks for.
    recently = (datetime.now(UTC) - timedelta(hours=2)).timestamp() // 15 * 15
    later = recently - recording.start.timestamp()
    with (
        running(tmp_path_factory.mktemp("prometheus")) as url,
        connect(Connection(url=url)) as client,
    ):
        until = (recording.start + END + timedelta(minutes=10)).timestamp()
        write(client, moved(series_until(recording, until), later))
        yield url, timedelta(seconds=later)


@pytest.mark.prometheus
@pytest.mark.timeout(180)  # a busy machine takes its time; an idle one needs 10 s
def test_prometheus_and_the_recording_agree(backtest, trained, prometheus, recording):
    url, later = prometheus
    chosen = stretch(
        recording.start + START,
        recording.start + END,
        known_until=recording.end,
        anchor=recording.start,
    )
    terms = comparing.Terms(source="the recording")
    model = load(trained[0])
    part = part_of(recording)
    part = replace(part, block=as_watched(part.block, later_seconds=later.total_seconds()))
    recorded = as_json(run.backtest(part, chosen, model, terms))
    first, last = ((recording.start + later + after).isoformat() for after in (START, END))
    code, stdout, stderr = backtest(
        "--prom-host", url, "--start", first, "--end", last, "--json", "-"
    )
    assert code == 0, stderr
    replayed = json.loads(stdout)
    assert replayed["judged"]["failures_announceable"] >= 5
    differing = {name for name in recorded if recorded[name] != replayed[name]}
    assert differing == {"source", "start", "end"}


@pytest.mark.prometheus
def test_a_time_that_prometheus_knows_nothing_of_is_refused(backtest, prometheus):
    url, _ = prometheus
    long_ago = ("--start", "2026-01-01T00:00", "--end", "2026-01-01T01:00")
    code, stdout, stderr = backtest("--prom-host", url, *long_ago)
    assert (code, stdout) == (1, "")
    assert "no pod could be scored between 2026-01-01 00:00" in stderr
