"""A labelled table from telemetry, and what is refused on the way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from podforecast.cli import collect
from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.errors import DataUnusable
from podforecast.features.build import SIGNALS_READ
from podforecast.pipeline.walk import feature_tables
from podforecast.telemetry.recording import Recording
from podforecast.telemetry.tabular import read_table

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def recording():
    return Recording.open(DATA / "harbor")


@pytest.fixture(scope="module")
def table(recording):
    start = recording.start + timedelta(minutes=60)
    return collect.table_of(recording, start=start, end=start + timedelta(minutes=10))


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["collect_metrics.py", *arguments])
    return collect.main()


def test_an_output_of_another_kind_is_refused_before_anything_is_read(monkeypatch, capsys):
    assert run(monkeypatch, "--output", "metrics.xlsx") == 2
    assert "metrics.xlsx" in capsys.readouterr().err


def test_a_prometheus_that_is_not_there_is_one_sentence(monkeypatch, capsys, tmp_path):
    out = str(tmp_path / "m.csv")
    assert run(monkeypatch, "--prom-host", "http://127.0.0.1:9", "--output", out) == 1
    assert "127.0.0.1:9" in capsys.readouterr().err


def test_an_empty_stretch_is_refused_with_its_time(recording):
    before = recording.start - timedelta(hours=3)
    with pytest.raises(DataUnusable, match="no pod"):
        collect.table_of(recording, start=before, end=before + timedelta(minutes=10))


def test_the_table_has_every_feature_and_labels_where_the_horizon_is_over(table):
    assert list(table.columns) == ["timestamp", "namespace", "pod_id", "workload", *FEATURE_NAMES,
                                   "failure"]  # fmt: skip
    late = table["timestamp"] > table["timestamp"].max()[:14]
    assert table["failure"].isna().any()
    assert set(table["failure"].dropna()) == {0.0, 1.0}
    assert late.any()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_training_reads_what_was_collected(table, tmp_path, suffix):
    path = tmp_path / f"metrics{suffix}"
    collect.writer_of(path)(table, path)
    dataset, report = read_table(path)
    assert report.target == "failure"
    assert report.unknown_columns == ()
    assert len(dataset) == int(table["failure"].notna().sum())
    assert dataset.y.sum() == (table["failure"] == 1).sum()
    assert isinstance(table, pd.DataFrame)


def test_moments_before_the_first_are_only_looked_back_on(recording):
    block = recording.read(SIGNALS_READ, start=recording.start,
                           end=recording.start + timedelta(minutes=5))  # fmt: skip
    every, late = list(feature_tables(block)), list(feature_tables(block, first=15))
    assert [moment.at for moment in late] == [moment.at for moment in every[15:]]
    for ours, theirs in zip(late, every[15:], strict=True):
        np.testing.assert_array_equal(ours.values, theirs.values)
