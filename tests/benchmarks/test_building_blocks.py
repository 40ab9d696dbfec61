"""What the benchmarks are made of works, on tiny counts. Nothing is timed here."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from benchmarks import batches, requests, start
from benchmarks.kinds import model_folders
from benchmarks.load import answer_length
from benchmarks.processes import DidNotStart, ask, endpoint, running
from benchmarks.serve import ENDPOINTS
from benchmarks.training import followed
from podforecast.domain.catalogue import CATALOGUE, REQUIRED
from podforecast.model import scorer

SLOW_MACHINE = pytest.mark.timeout(240)
"""Starts several processes, each of which imports scikit-learn."""


class TestServers:
    def test_one_that_ends_at_once_tells_why(self):
        command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
        with pytest.raises(DidNotStart, match="no such thing"), running(command):
            pass

    @SLOW_MACHINE
    def test_requests_that_are_refused_measure_nothing(self, tmp_path):
        command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory",
                   str(tmp_path)]  # fmt: skip
        (tmp_path / "readyz").write_text("{}")
        with running(command) as server, pytest.raises(RuntimeError, match="not answered with 200"):
            ask(server, connections=1, seconds=0.05)

    @SLOW_MACHINE
    def test_its_time_and_memory_are_read_from_outside(self, tmp_path):
        with running(endpoint("floor", tmp_path)) as server:
            before = server.cpu_seconds()
            load = ask(server, connections=2, seconds=0.3)
            assert load.requests > 0
            assert load.refused == 0
            assert 0 < load.p50_ms <= load.p99_ms
            assert server.cpu_seconds() > before > 0
            assert 20 < server.resident_mib() < 1000

    @pytest.mark.parametrize(
        ("received", "length"),
        [
            pytest.param(b"HTTP/1.1 200 OK\r\ncontent-len", None, id="half-a-head"),
            pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\na: b\r\n\r\n{", 46, id="half"),
            pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1", 38, id="more"),
        ],
    )
    def test_an_answer_ends_where_its_head_says(self, received, length):
        assert answer_length(received) == length


class TestTraining:
    def test_the_peak_of_a_child_is_its_own_and_not_that_of_who_started_it(self):
        held = np.ones(150 * 2**17)  # MiB
        body = "import time; block = bytearray(60 * 2**20); del block; time.sleep(0.5)"
        child = subprocess.Popen([sys.executable, "-S", "-c", body])
        status, used, peak_mib = followed(child.pid)
        child.returncode = status
        assert status == 0
        assert 60 < peak_mib < 100
        assert used.ru_maxrss / 1024 > 0.9 * held.nbytes / 2**20, "no need to look any more"


class TestRequests:
    @SLOW_MACHINE
    def test_every_endpoint_answers_and_is_compared(self, folder):
        taken = requests.rounds_of(folder, rounds=1, seconds=0.2)
        assert set(taken) == set(ENDPOINTS)
        found = list(requests.figures_of("any", taken))
        assert [figure.target for figure in found if figure.target] == [">= 90", ">= 30", "<= 2"]
        assert all(figure.value >= 0 for figure in found)

    def test_a_forest_is_held_against_its_own_target(self):
        taken = {name: [requests.Taken(10.0, 1.0)] for name in ENDPOINTS}
        found = {f.figure: f for f in requests.figures_of("selected (RandomForest)", taken)}
        share = found["selected (RandomForest): floor against ours"]
        assert (share.value, share.target, share.met) == (100.0, ">= 45", True)

    def test_ratios_are_of_the_same_round(self):
        rounds = {name: [requests.Taken(us, 1.0) for us in (10.0, 100.0)] for name in ENDPOINTS}
        rounds["floor"] = [requests.Taken(us / 2, 1.0) for us in (10.0, 100.0)]
        found = {figure.figure: figure.value for figure in requests.figures_of("any", rounds)}
        assert found["any: floor against ours"] == 50.0


class TestBatches:
    @pytest.mark.parametrize("features", [REQUIRED, CATALOGUE], ids=["required", "all"])
    def test_every_format_is_answered(self, folder, features):
        rows = batches.random_rows(features, 20)
        found = list(batches.figures_of("any", folder, features, rows, rounds=1))
        assert len([figure for figure in found if figure.unit == "us CPU per row"]) == 5
        targets = [figure.target for figure in found if figure.target]
        assert targets == ([">= 60", ">= 80"] if features == REQUIRED else [])

    def test_a_batch_that_is_refused_measures_nothing(self, folder):
        with batches.serving(folder) as post, pytest.raises(RuntimeError, match="422"):
            post(b"[]", batches.JSON)()

    def test_what_is_sent_is_what_is_scored(self):
        rows = batches.random_rows(REQUIRED, 5)
        columns = batches.columns_of(REQUIRED, rows)
        assert np.isfinite(rows).sum() == 5 * len(REQUIRED)
        assert columns["cpu_usage_pct"] == rows[:, 0].tolist()
        assert {type(cell) for cell in columns["autoscaler_action"]} == {str}


@SLOW_MACHINE
def test_a_start_is_timed_after_one_that_does_not_count(folder):
    command = endpoint("ours", folder)
    found = list(start.figures_of("service alone", command, starts=1, forecasts=2))
    assert [(figure.unit, figure.target) for figure in found] == [("s", "<= 2.5"),
                                                                  ("MiB", "<= 250")]  # fmt: skip


class TestKinds:
    def test_what_loads_is_not_trained_again(self, folder, monkeypatch, tmp_path):
        monkeypatch.setattr("benchmarks.kinds.CANDIDATES", [])
        folders = model_folders(kept=folder.parent, models=folder)
        assert folders == {"selected (LogisticRegression)": folder}

    def test_without_a_trained_model_there_is_none_selected(self, monkeypatch, tmp_path):
        monkeypatch.setattr("benchmarks.kinds.CANDIDATES", [])
        assert model_folders(kept=tmp_path, models=tmp_path / "models") == {}

    def test_a_kind_is_served_on_the_fast_path(self, folder):
        assert scorer.load(folder).path == "fast"
