"""A user's table is read whole, or refused with the cells that are in the way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from podforecast.domain.catalogue import CATALOGUE, REQUIRED, feature_index
from podforecast.errors import DataUnusable
from podforecast.telemetry.tabular import TARGETS, read_table

USUAL: Mapping[str, str] = {
    feature.name: "none" if feature.categories else f"{feature.default:g}" for feature in REQUIRED
}


def table(tmp_path: Path, rows: list[dict[str, object]], *, drop: tuple[str, ...] = ()) -> Path:
    """Write a CSV whose rows say only what is unusual."""
    frame = pd.DataFrame([{**USUAL, **row} for row in rows]).drop(columns=list(drop))
    path = tmp_path / "pods.csv"
    frame.to_csv(path, index=False)
    return path


def two_rows(**first: object) -> list[dict[str, object]]:
    return [{"target": 1, **first}, {"target": 0, **dict.fromkeys(first, "")}]


# ------------------------------------------------------------------ refused


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataUnusable, match="can not be read"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("a.csv", b"", "can not be read", id="empty"),
        pytest.param("a.csv", b"target,cpu_usage_pct\n", "has no rows", id="header only"),
        pytest.param("a.csv", b"target,target\xff\n1,2\n", "can not be read", id="not UTF-8"),
        pytest.param("a.csv", b"a, target,target\n1,2,3\n", "columns twice", id="twice"),
        pytest.param("a.parquet", b"no parquet", "can not be read", id="no Parquet"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataUnusable, match=words) as caught:
        read_table(tmp_path / name)
    assert caught.value.hint


def test_without_a_target_the_columns_are_named(tmp_path):
    with pytest.raises(DataUnusable, match=r"no target column among: .*cpu_usage_pct") as caught:
        read_table(table(tmp_path, [{"outcome": 1}]))
    assert all(name in caught.value.hint for name in TARGETS)


def test_missing_required_columns_are_all_named(tmp_path):
    gone = ("memory_leak_rate", "replica_count")
    with pytest.raises(DataUnusable, match="memory_leak_rate, replica_count"):
        read_table(table(tmp_path, two_rows(), drop=gone))


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_is_refused(tmp_path, label):
    with pytest.raises(DataUnusable, match=f"one class only: {3 * label} of 3"):
        read_table(table(tmp_path, [{"target": label}] * 3))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        pytest.param("cpu_usage_pct", "high", "a number from 0 to 10000", id="text"),
        pytest.param("cpu_usage_pct", "inf", "a number", id="infinite"),
        pytest.param("cpu_usage_pct", "-1", "a number from 0", id="too small"),
        pytest.param("cpu_usage_pct", "1e5", "to 10000", id="too large"),
        pytest.param("restart_count_24h", "1.5", "a whole number", id="fraction"),
        pytest.param("autoscaler_action", "sideways", "one of none, scale_up", id="category"),
        pytest.param("autoscaler_action", "1", "one of none", id="code of a category"),
        pytest.param("target", "perhaps", "0 or 1", id="label"),
        pytest.param("target", "2", "0 or 1", id="third class"),
        pytest.param("timestamp", "yesterday", "a time", id="time"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(tmp_path, column, value, expected):
    rows = [{"target": 1, "timestamp": 0}, {"target": 0, "timestamp": 15, column: value}]
    with pytest.raises(DataUnusable, match=f"row 2, {column}: '{value}' is not .*{expected}"):
        read_table(table(tmp_path, rows))


def test_of_many_bad_cells_the_first_are_shown(tmp_path):
    rows = [{"target": row % 2, "cpu_usage_pct": "x"} for row in range(9)]
    with pytest.raises(DataUnusable, match=r"9 cells .* row 5, .*; and 4 more"):
        read_table(table(tmp_path, rows))


# ------------------------------------------------------------------ read


@pytest.mark.parametrize("name", TARGETS)
def test_every_name_of_the_target_is_found(tmp_path, name):
    dataset, report = read_table(table(tmp_path, [{name: 1}, {name: 0}]))
    assert report.target == name
    assert dataset.y.tolist() == [1, 0]


def test_a_second_target_is_not_a_feature(tmp_path):
    rows = [{"failure": 1, "target": 0}, {"failure": 0, "target": 1}]
    dataset, report = read_table(table(tmp_path, rows))
    assert report.target == "target"
    assert report.unknown_columns == ("failure",)
    assert dataset.y.tolist() == [0, 1]


@pytest.mark.parametrize("words", [("1", "0"), ("1.0", "0.0"), ("True", "FALSE"), ("yes", "no"),
                                   ("at_risk", "stable")], ids=str)  # fmt: skip
def test_labels_may_be_words(tmp_path, words):
    dataset, _ = read_table(table(tmp_path, [{"target": word} for word in words]))
    assert dataset.y.tolist() == [1, 0]


def test_rows_without_a_label_are_left_out_and_counted(tmp_path):
    dataset, report = read_table(table(tmp_path, [{"target": ""}, *two_rows()]))
    assert (len(dataset), report.rows_without_label) == (2, 1)


@pytest.mark.parametrize("empty", ["", "NaN", "null", "NA"])
def test_empty_cells_are_unknown(tmp_path, empty):
    dataset, _ = read_table(table(tmp_path, two_rows(cpu_usage_pct=empty)))
    assert np.isnan(dataset.x[0, feature_index("cpu_usage_pct")])


def test_columns_are_in_the_catalogues_order_whatever_theirs(tmp_path):
    path = table(tmp_path, two_rows(memory_usage_pct=93, server_error_share=0.25))
    pd.read_csv(path, dtype=str)[lambda frame: frame.columns[::-1]].to_csv(path, index=False)
    dataset, report = read_table(path)
    assert dataset.x.shape == (2, len(CATALOGUE))
    assert dataset.x[0, feature_index("memory_usage_pct")] == 93.0
    assert dataset.x[0, feature_index("server_error_share")] == 0.25
    assert "server_error_share" not in report.missing_optional
    assert np.isnan(dataset.x[:, feature_index("node_cpu_pct")]).all()


@pytest.mark.parametrize(("text", "code"), [("none", 0), ("scale_up", 1), (" Scale_Down ", 2)])
def test_categories_are_read_by_their_text(tmp_path, text, code):
    dataset, _ = read_table(table(tmp_path, two_rows(autoscaler_action=text)))
    assert dataset.x[0, feature_index("autoscaler_action")] == code


def test_names_group_and_are_no_features(tmp_path):
    rows = [
        {"target": 1, "pod_id": "web-1", "namespace": "shop", "workload": "web", "node": "n1"},
        {"target": 0, "pod_id": "web-2", "namespace": "shop", "workload": "web", "node": "n1"},
        {"target": 0, "pod_id": "web-1", "namespace": "shop", "workload": "web", "node": "n2"},
    ]
    dataset, report = read_table(table(tmp_path, rows))
    assert dataset.pods == ("pods/shop/web-1", "pods/shop/web-2")
    assert dataset.pod.tolist() == [0, 1, 0]
    assert dataset.workloads == ("pods/shop/web",)
    assert report.grouped
    assert report.unknown_columns == ()


def test_unknown_columns_are_listed(tmp_path):
    _, report = read_table(table(tmp_path, two_rows(colour="red", weight=3)))
    assert report.unknown_columns == ("colour", "weight")


def test_without_names_every_row_stands_for_itself(tmp_path):
    dataset, report = read_table(table(tmp_path, two_rows()))
    assert len(dataset.pods) == 2
    assert not report.grouped


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(("1767225600", "1767225630"), id="seconds"),
        pytest.param(("1767225600000", "1767225630000"), id="milliseconds"),
        pytest.param(("2026-01-01T00:00:00Z", "2026-01-01 00:00:30"), id="ISO 8601, UTC"),
        pytest.param(("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:30Z"), id="ISO 8601, zones"),
    ],
)
def test_times_are_understood(tmp_path, times):
    rows = [{"target": i, "timestamp": time, "pod": "a"} for i, time in enumerate(times)]
    dataset, report = read_table(table(tmp_path, rows))
    assert dataset.time.tolist() == [1767225600.0, 1767225630.0]
    assert dataset.step_seconds == 30.0
    assert report.ordered


def test_without_times_the_order_of_the_file_stands_in(tmp_path):
    dataset, report = read_table(table(tmp_path, two_rows()))
    assert dataset.time.tolist() == [0.0, 15.0]
    assert not report.ordered


def test_parquet_is_read_as_csv_is(tmp_path):
    rows = two_rows(pod_id="web-1", memory_usage_pct=93.5, timestamp="2026-01-01T00:00:00Z")
    rows[1] |= {"timestamp": "2026-01-01T00:00:15Z", "memory_usage_pct": None}
    expected, _ = read_table(table(tmp_path, rows))
    frame = pd.DataFrame([{**USUAL, **row} for row in rows])
    numbers = [name for name in frame if name not in ("autoscaler_action", "pod_id", "timestamp")]
    frame[numbers] = frame[numbers].apply(pd.to_numeric)
    frame["timestamp"] = pd.to_datetime(frame["timestamp"])
    frame["target"] = frame["target"].astype(bool)
    frame.to_parquet(tmp_path / "pods.parquet")
    dataset, _ = read_table(tmp_path / "pods.parquet")
    np.testing.assert_array_equal(dataset.x, expected.x)
    np.testing.assert_array_equal(dataset.time, expected.time)
    assert dataset.y.tolist() == [1, 0]


def test_a_table_announces_no_failures(tmp_path):
    dataset, _ = read_table(table(tmp_path, two_rows()))
    assert dataset.failures == ()
    assert dataset.failure.tolist() == [-1, -1]
