"""``python -m podforecast doctor`` as its users call it."""

from __future__ import annotations

import json
import time

import pytest
from typer.testing import CliRunner

from podforecast.cli import main as command
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.raw_series import read_series
from podforecast.telemetry.recording import Recording
from tests.telemetry.misbehaving import failure, misbehaving, text
from tests.telemetry.prometheus_server import running
from tests.telemetry.remote_write import moved, write


@pytest.fixture
def doctor(monkeypatch, capsys):
    """Run the command; give exit code, stdout in one line, stderr."""

    def call(*options):
        monkeypatch.setattr("sys.argv", ["podforecast", "doctor", *map(str, options)])
        code = command.main()
        stdout, stderr = capsys.readouterr()
        return code, " ".join(stdout.split()), stderr

    return call


def test_a_server_that_is_not_there_is_not_usable(doctor):
    code, stdout, _ = doctor("--prom-host", "http://127.0.0.1:9")
    assert code == 1
    assert "did not answer" in stdout
    assert "Not usable: reachable." in stdout


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(failure(401, "no org id"), "X-Scope-OrgID", id="tenant"),
        pytest.param(failure(401, "who are you"), "asked without credentials", id="credentials"),
        pytest.param(
            text("<html>Sign in</html>", kind="text/html"), "path prefix", id="login page"
        ),
        pytest.param(failure(503, "starting"), "503", id="starting"),
    ],
)
def test_what_stands_in_the_way_is_explained(doctor, answer, words):
    with misbehaving(answer) as server:
        code, stdout, stderr = doctor("--prom-host", server.url)
    assert code == 1
    assert words in stdout
    assert "Traceback" not in stderr


@pytest.mark.parametrize(
    "options", [["--prom-host", "prometheus:9090"], ["--no-such-option"]], ids=["url", "option"]
)
def test_wrong_usage_ends_with_two(doctor, options):
    code, stdout, stderr = doctor(*options)
    assert (code, stdout) == (2, "")
    assert options[-1].split(":")[0] in stderr or "no http" in stderr


def test_credentials_in_the_address_are_not_shown(doctor):
    code, stdout, stderr = doctor("--prom-host", "http://reader:s3cret@127.0.0.1:9")
    assert code == 1
    assert "s3cret" not in stdout + stderr


def test_settings_that_contradict_each_other_are_wrong_usage(doctor, monkeypatch, tmp_path):
    monkeypatch.setenv("PODFORECAST_PROMETHEUS__TOKEN_FILE", str(tmp_path / "none"))
    code, _, stderr = doctor("--prom-host", "http://127.0.0.1:9")
    assert code == 2
    assert "can not be read" in stderr


@pytest.fixture(scope="module")
def trial_url(tmp_path_factory):
    """A Prometheus with twelve minutes of the lab, up to now."""
    folder = command.ROOT / "tests" / "telemetry" / "trial"
    later = time.time() - 1.0 - Recording.open(folder).end.timestamp()
    with (
        running(tmp_path_factory.mktemp("prometheus")) as url,
        connect(Connection(url=url)) as client,
    ):
        write(client, moved(read_series(folder / "series.parquet"), later))
        yield url


@pytest.mark.prometheus
def test_a_cluster_that_lacks_little_can_be_used(doctor, trial_url):
    code, stdout, _ = doctor("--prom-host", trial_url, "--all")
    assert code == 0
    for words in ("Prometheus 2.", "can be forecast", "Usable, with less:", "muting",
                  "Wanted metrics", "container_memory_working_set_bytes"):  # fmt: skip
        assert words in stdout


@pytest.mark.prometheus
def test_json_has_every_metric_with_its_signals(doctor, trial_url):
    code, stdout, _ = doctor("--prom-host", trial_url, "--json")
    document = json.loads(stdout)
    metrics = {metric["name"]: metric for metric in document["metrics"]}
    assert (code, document["usable"]) == (0, True)
    assert metrics["process_open_fds"]["signals"] == ["open_fds_ratio"]
    assert {check["state"] for check in document["checks"]} <= {"ok", "missing", "wrong", "unknown"}


@pytest.mark.prometheus
def test_without_a_model_costs_have_no_share(doctor, trial_url, monkeypatch, tmp_path):
    monkeypatch.setenv("PODFORECAST_MODEL_DIR", str(tmp_path))
    code, stdout, stderr = doctor("--prom-host", trial_url)
    assert code == 0
    assert "costs are told without the model's share" in " ".join(stderr.split())
    assert "of what the model relies on" not in stdout


def test_help_teaches():
    output = CliRunner().invoke(command.application, ["doctor", "--help"]).output
    for words in ("--prom-host", "--json", "--all", "Ends with 0"):
        assert words in output
