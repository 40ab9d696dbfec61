"""From a run of the lab to a recording."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields
from random import Random

import numpy as np
import pytest

from lab.campaign.events import as_line
from lab.errors import LabRefused
from lab.export import export
from lab.export_counts import count, machine_noise
from lab.export_series import as_raw, read_markers, write_within
from lab.export_truth import truth
from lab.node_agent.state import Event
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.telemetry.events import read_events
from podforecast.telemetry.prometheus.answers import Series
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.raw_series import RawSeries, read_series
from podforecast.telemetry.recording import Recording
from tests.telemetry.prometheus_server import running
from tests.telemetry.remote_write import moved, write

CART, MAIL = PodRef("shop", "cart-0"), PodRef("ops", "mail-0")


# ------------------------------------------------------------------ ground truth


def failed(**detail: object) -> Event:
    return Event(
        at=1000.0, kind="failure", namespace="shop", pod="cart-0", cause="oom", detail=detail
    )


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        pytest.param({}, (True, None, False), id="nobody knows why"),
        pytest.param({"repeat": True}, (False, None, False), id="repeat"),
        pytest.param(
            {"injection": "a", "sudden": True, "since_onset_seconds": 300.0},
            (True, 700.0, False),
            id="sudden",
        ),
        pytest.param(
            {"injection": "a", "sudden": False, "since_onset_seconds": 59.0},
            (True, 941.0, False),
            id="gradual but too quick to be seen",
        ),
        pytest.param(
            {"injection": "a", "sudden": False, "since_onset_seconds": 300.0},
            (True, 700.0, True),
            id="gradual",
        ),
    ],
)
def test_a_failure_knows_its_fault(detail, expected):
    (row,) = truth([failed(**detail)])
    assert (row["first"], row.get("fault_started_at"), row["precursor"]) == expected


def test_an_injection_has_its_name_and_the_machine_none():
    detail = {"injection": "shop/cart/1", "injection_kind": "leak_linear", "run_dir": "/somewhere"}
    (row,) = truth([Event(at=5.0, kind="fault_started", detail=detail)])
    assert (row["fault_id"], row["fault_kind"], row["fault_started_at"]) == (
        "shop/cart/1",
        "leak_linear",
        5.0,
    )
    assert "run_dir" not in row["detail"]


# ------------------------------------------------------------------ counts


def a_block(n_times: int = 41) -> TelemetryBlock:
    shape = (2, n_times)
    signals = {
        name: np.zeros(shape) for name in ("cpu_usage_ratio", "memory_usage_ratio", "status_code")
    }
    return TelemetryBlock(
        pods=(MAIL, CART),
        workloads=("ops/mail", "shop/cart"),
        times=15.0 * np.arange(n_times),
        signals=signals,
    )


def test_rows_before_a_failure_are_positive_and_the_end_is_left_out():
    failure = Failure(pod=CART, at=100.0, cause=FailureCause.OOM, first=True)
    rows = count(a_block(), [], [failure])["rows"]
    # 600 s, of which the last 300 s are censored: samples at 0 ... 300 s of two pods.
    assert rows == {"usable": 42, "positive": 7, "positive_share": 0.1667, "pod_hours": 0.2}


def test_pods_that_are_down_or_not_measured_are_not_usable():
    block = a_block()
    block.signals["status_code"][0] = 4.0
    block.signals["cpu_usage_ratio"][1, :10] = np.nan
    assert count(block, [], [])["rows"]["usable"] == 11


def test_failures_are_counted_by_cause_kind_and_warning():
    gradual = {"fault_kind": "leak", "fault_started_at": 0.0, "precursor": True}
    failures = [
        Failure(pod=CART, at=600.0, cause=FailureCause.OOM, first=True, **gradual),
        Failure(pod=CART, at=700.0, cause=FailureCause.OOM, first=False, **gradual),
        Failure(pod=MAIL, at=50.0, cause=FailureCause.EXIT, first=True),
    ]
    started = [{"kind": "benign_started", "fault_id": name, "fault_kind": "cache_warmup"}
               for name in ("a", "b", "b")]  # fmt: skip
    counts = count(a_block(), started, failures)
    assert counts["lookalikes_started"] == {"cache_warmup": 2}
    assert counts["first_failures"] == {
        "all": 2,
        "by_cause": {"exit": 1, "oom": 1},
        "by_fault": {"leak": 1, "none": 1},
        "sudden": 1,
        "with_precursor": 1,
        "median_minutes_from_onset": 10.0,
    }


def test_noise_leaves_out_what_was_not_measured(tmp_path):
    lines = [{"load1": 1.0, "cpu_pressure_percent": None}, {"load1": 3.0}]
    text = "\n".join(map(json.dumps, lines)) + '\n{"load1": 99'
    (tmp_path / "machine.jsonl").write_text(text)
    assert machine_noise(tmp_path / "machine.jsonl") == {
        "load1_median": 2.0,
        "load1_p95": 2.9,
        "load1_max": 3.0,
    }


# ------------------------------------------------------------------ raw series


def test_only_markers_are_picked_out_of_a_dump():
    dump = [
        '{__name__="up", path="C:\\\\a \\"b\\""} NaN 2000\n',
        '{__name__="up", path="C:\\\\a \\"b\\""} 1 1000\n',
        '{__name__="log", text="} NaN 5"} 0 3000\n',
    ]
    assert read_markers(dump) == {(("__name__", "up"), ("path", 'C:\\a "b"')): [2000]}


def test_markers_stand_between_the_samples():
    series = Series({"__name__": "up", "pod": "a"}, np.array([1.0, 31.0]), np.array([1.0, 0.0]))
    raw = as_raw(series, [16_000, 46_000])
    np.testing.assert_array_equal(raw.time_ms, [1000, 16_000, 31_000, 46_000])
    np.testing.assert_array_equal(raw.values, [1.0, np.nan, 0.0, np.nan])
    assert raw.labels == {"pod": "a"}


def noise(pod: str) -> RawSeries:
    values = np.random.default_rng(list(pod.encode())).normal(size=4000)
    labels = {"namespace": "shop", "pod": pod} if pod else {}
    return RawSeries(name="x", labels=labels, time_ms=np.arange(4000), values=values)


def test_series_are_cut_by_whole_workloads_until_they_fit(tmp_path):
    pods = [PodRef("shop", f"{workload}-{i}") for workload in "abcd" for i in range(2)]
    owners = {pod: f"shop/{pod.name[0]}" for pod in pods}
    series = [noise(""), *(noise(pod.name) for pod in pods)]
    path = tmp_path / "series.parquet"
    kept = write_within(path, series, owners, budget_bytes=180_000, rng=Random(1))
    assert 0 < len(kept) < 4
    found = {each.labels.get("pod", "") for each in read_series(path)}
    assert found == {"", *(pod.name for pod in pods if owners[pod] in kept)}
    assert path.stat().st_size <= 180_000


# ------------------------------------------------------------------ the whole


@pytest.mark.parametrize("missing", ["events.jsonl", "prometheus"])
def test_a_folder_that_is_no_run_is_refused(tmp_path, missing):
    if missing == "prometheus":
        (tmp_path / "events.jsonl").write_text(as_line(failed()) + "\n")
    with pytest.raises(LabRefused, match=missing) as caught:
        export(tmp_path, tmp_path / "out")
    assert "var/lab" in caught.value.hint


@pytest.mark.prometheus
def test_an_export_of_a_replayed_run_is_that_run_again(tmp_path, trial, trial_folder, replay):
    later = (replay.start - trial.start).total_seconds()
    run_dir, out = tmp_path / "run", tmp_path / "again"
    with running(tmp_path / "server") as url, connect(Connection(url=url)) as client:
        write(client, moved(read_series(trial_folder / "series.parquet"), later))
    run_dir.mkdir()
    shutil.move(tmp_path / "server" / "data", run_dir / "prometheus")
    known = {field.name for field in fields(Event)}
    with (run_dir / "events.jsonl").open("w") as log:
        for row in read_events(trial_folder / "events.parquet"):
            event = {name: value for name, value in row.items() if name in known}
            log.write(as_line(Event(**{**event, "at": row["at"] + later})) + "\n")

    facts = export(run_dir, out, role="test")

    again = Recording.open(out)
    assert (facts["role"], facts["outcome"]) == ("test", "interrupted")
    assert again.facts["counts"]["failures"] == trial.facts["counts"]["failures"]
    assert len(again.failures) == len(trial.failures)
    shared = [pod for pod in again.pods if pod in trial.pods]
    assert shared == list(again.pods)
    moment = again.end.timestamp() - later
    column = int(np.searchsorted(trial.block.times, moment - 1e-6))
    rows = [trial.pods.index(pod) for pod in again.pods]
    assert trial.block.times[column] == moment, "the grids differ"
    for name in SIGNAL_NAMES:
        np.testing.assert_allclose(
            again.block.signal(name)[:, -1], trial.block.signal(name)[rows, column], rtol=1e-5
        )
