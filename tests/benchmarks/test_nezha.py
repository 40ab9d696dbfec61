"""The external check on a made-up shop of three services in the layout of the data set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.nezha import __main__ as command
from benchmarks.nezha.check import left_out
from benchmarks.nezha.features import table
from benchmarks.nezha.measurements import read

MINUTES = 150
DAY_TWO = 60
"""Two days without the night between them."""
SERVICES = ("cart", "front", "pay")
FAULTS = (("cart", "cpu_consumed", 40), ("pay", "network_delay", 80), ("front", "return", 120))
START = pd.Timestamp("2022-08-22 04:00:19", tz="UTC")
QUIET = {
    "memoryusagerate": 30.0,
    "syscallread": 100.0,
    "networkreceivebytes": 5e4,
    "networktransmitbytes": 6e4,
    "podclientlatencyp90_s": 0.02,
    "podserverlatencyp90_s": 0.02,
    "podserverlatencyp99_s": 0.03,
    "podworkload_ops": 8.0,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    folder, rng = tmp_path_factory.mktemp("shop"), np.random.default_rng(3)
    times = START + pd.to_timedelta(np.arange(MINUTES), unit="min")
    days = np.where(np.arange(MINUTES) < DAY_TWO, "2022-08-22", "2022-08-23")
    pods = []
    for service in SERVICES:
        cpu = 20.0 * rng.lognormal(0, 0.05, MINUTES)
        for name, kind, minute in FAULTS:
            if name == service and kind == "cpu_consumed":
                cpu[minute + 1 : minute + 4] = 95.0
        noisy = {name: v * rng.lognormal(0, 0.02, MINUTES) for name, v in QUIET.items()}
        pods.append(pd.DataFrame({"day": days, "service": service, "pod": f"{service}-0",
                                  "timestamp": times, "cpuusagerate": cpu, **noisy}))  # fmt: skip
    minutes = times.floor("min")
    delay = np.where((np.arange(MINUTES) > 80) & (np.arange(MINUTES) < 84), 0.5, 0.0)
    edges = pd.DataFrame({"day": days, "minute": minutes, "edge": "front_pay",
                          "src": "front", "dst": "pay", "source_p50_s": 0.004 + delay,
                          "destination_p50_s": 0.003})  # fmt: skip
    door = pd.DataFrame({"timestamp": times, "latencyp95_s": 0.2})
    faults = [(f"{name}-0", name, kind, START + pd.Timedelta(minutes=at, seconds=20))
              for name, kind, at in FAULTS]  # fmt: skip
    pd.concat(pods).to_parquet(folder / "pods.parquet")
    edges.to_parquet(folder / "edges.parquet")
    door.to_parquet(folder / "frontend.parquet")
    frame = pd.DataFrame(faults, columns=["pod", "service", "fault_type", "start"])
    frame["day"] = [days[at] for _, _, at in FAULTS]
    frame.to_csv(folder / "faults.csv", index=False)
    return folder


def test_a_folder_without_the_files_is_refused(tmp_path, capsys):
    assert command.main([str(tmp_path)]) == 1
    assert "has no pods.parquet, edges.parquet" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["--help"], 0), (["a", "b"], 2)])
def test_usage(arguments, code, capsys):
    assert command.main(arguments) == code
    assert "FOLDER" in capsys.readouterr().err


def test_onsets_are_the_three_samples_after_a_start(shop):
    measured = read(shop)
    onsets = measured.pods[measured.fault >= 0]
    assert onsets.groupby("pod", observed=True).size().to_dict() == {
        "cart-0": 3,
        "front-0": 3,
        "pay-0": 3,
    }
    first = onsets[onsets["service"] == "cart"]["timestamp"].min()
    assert first == START + pd.Timedelta(minutes=41)


def test_the_minutes_after_an_onset_are_neither_healthy_nor_asked_about(shop):
    measured = read(shop)
    assert measured.tail.sum() == 2 * len(FAULTS)
    assert not (measured.asked & measured.tail).any()
    assert measured.pods["timestamp"][measured.asked].max() <= START + pd.Timedelta(minutes=126)


def test_no_feature_looks_ahead(shop, tmp_path):
    cut = START + pd.Timedelta(minutes=82)
    for file in shop.iterdir():
        if file.suffix == ".csv":
            (tmp_path / file.name).write_bytes(file.read_bytes())
            continue
        frame = pd.read_parquet(file)
        column = "minute" if "minute" in frame else "timestamp"
        frame[frame[column] <= cut].to_parquet(tmp_path / file.name)
    whole, early = read(shop), read(tmp_path)
    known = whole.pods["timestamp"] <= cut
    pd.testing.assert_frame_equal(
        table(whole)[known.to_numpy()].reset_index(drop=True), table(early)
    )


def test_a_fault_stands_out_in_what_it_is_about(shop):
    measured = read(shop)
    features = table(measured)
    busy, slow = (measured.fault == number for number in (0, 1))
    assert (features.loc[busy, "cpuusagerate:now"] > 10).all()
    assert (features.loc[slow, "called:gap:now"] > 10).all()
    healthy = measured.fault < 0
    assert features.loc[healthy & ~measured.tail, "cpuusagerate:now"].abs().median() < 1.5


def test_a_service_is_scored_by_a_model_that_never_saw_it():
    x = np.repeat([[0.0], [1.0], [5.0]], 20, axis=0)
    group = np.repeat(np.array(["a", "b", "c"], dtype=object), 20)
    y = np.tile(np.array([0, 1], dtype=np.int8), 30)
    y[40:] = 1
    seen: list[str] = []
    _, found = left_out(x, y, group, progress=seen.append)
    assert seen == ["a", "b", "c"]
    # Nothing like the last group was ever seen, though all of it is positive.
    assert (found[40:, 1] < 0.6).all()


def test_figures_are_json_lines(shop, monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.nezha.check.TREES", 20)
    assert command.main([str(shop)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    ours = next(line for line in lines if line["score"] == "ours")
    assert ours["onset_rows"] == 9
    assert {line["question"] for line in lines} == {"onset", "issue type"}
