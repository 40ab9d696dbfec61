"""Azure's public VM traces: what becomes of them, and what stays unknown.

The files are made up, in the layout of the real ones: no header, five and eleven columns.
"""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from podforecast.cli import azure
from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.errors import DataUnusable
from podforecast.telemetry.azure import MACHINES, READINGS, read_vm_trace
from podforecast.telemetry.tabular import read_table

STEPS = 40
BUSY = ("vm+a/1=", "vm+b/2=")
TABLE = (
    "vm+a/1=,sub1,dep1,3000,9000,99.0,40.0,98.0,Interactive,2,4\n"
    "vm+b/2=,sub1,dep1,0,2592000,99.0,30.0,97.0,Delay-insensitive,8,32\n"
    "vm+c/3=,sub1,dep1,4500,2592000,9.0,3.0,8.0,Unknown,>24,>64\n"
    "vm+d/4=,sub2,dep2,6000,2592000,9.0,3.0,8.0,Unknown,4,32\n"
    "other=,sub3,dep3,0,2592000,9.0,3.0,8.0,Unknown,4,32\n"
)


def readings():
    """Two machines that are full now and then, a quiet one, and one that no table has."""
    lines = []
    for step in range(STEPS):
        for place, name in enumerate((*BUSY, "vm+d/4=", "vm+e/5=")):
            full = name in BUSY and step % 10 == 9 - place
            peak = 99.0 if full else 20.0 + place
            lines.append(f"{3300 + 300 * step},{name},1.0,{peak},{peak / 2}\n")
    return "".join(lines)


@pytest.fixture
def files(tmp_path):
    with gzip.open(tmp_path / "vm_cpu_readings-file-1-of-125.csv.gz", "wt") as file:
        file.write(readings())
    (tmp_path / "vmtable.csv").write_text(TABLE)
    return tmp_path / "vm_cpu_readings-file-1-of-125.csv.gz", tmp_path / "vmtable.csv"


@pytest.fixture
def trace(files):
    return read_vm_trace([files[0]], files[1], most=100)


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["convert_azure_traces.py", *map(str, arguments)])
    return azure.main()


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            pytest.param("", "can not be read as timestamp, vmid", id="empty"),
            pytest.param("1,2,3\n", "3 columns instead of 5", id="too-few-columns"),
            pytest.param(",".join(READINGS) + "\n0,a,1,2,3\n", "could not convert", id="header"),
            pytest.param("0,a,1,200,3\n", "maxcpu is 200", id="no-percentage"),
            pytest.param("0,a,1,2,-3\n", "avgcpu is -3", id="negative"),
            pytest.param("0,a,1,2,\n", "avgcpu is nan", id="missing"),
        ],
    )
    def test_readings_of_another_layout(self, tmp_path, files, content, words):
        path = tmp_path / "readings.csv"
        path.write_text(content)
        with pytest.raises(DataUnusable, match=words) as caught:
            read_vm_trace([path], files[1], most=10)
        assert "Azure" in caught.value.hint

    def test_a_table_of_another_layout(self, tmp_path, files):
        path = tmp_path / "deployments.csv"
        path.write_text("dep1,4\n")
        with pytest.raises(DataUnusable, match=f"2 columns instead of {len(MACHINES)}"):
            read_vm_trace([files[0]], path, most=10)

    def test_a_file_cut_short(self, tmp_path, files):
        path = tmp_path / "cut.csv.gz"
        path.write_bytes(files[0].read_bytes()[:-20])
        with pytest.raises(DataUnusable, match="can not be read"):
            read_vm_trace([path], files[1], most=10)

    def test_an_output_of_another_kind(self, monkeypatch, capsys, files):
        arguments = ("--readings", files[0], "--vmtable", files[1], "--output", "a.xlsx")
        assert run(monkeypatch, *arguments) == 2
        assert "a.xlsx" in capsys.readouterr().err

    def test_a_file_that_is_not_there(self, monkeypatch, capsys, files):
        assert run(monkeypatch, "--readings", "gone.csv", "--vmtable", files[1]) == 1
        assert "gone.csv" in capsys.readouterr().err


class TestMapping:
    def test_a_machine_is_a_pod_of_its_deployment(self, trace):
        assert trace.block.workloads[0] == "sub1/dep1"
        assert str(trace.block.pods[0]) == "sub1/vm+a/1="
        assert trace.block.times[0] == 3300.0

    def test_the_mean_of_five_minutes_is_the_use_of_cpu(self, trace):
        table = azure.table_of(trace)
        first = table[table["pod_id"] == BUSY[0]]
        assert first["cpu_usage_pct"].tolist()[:10] == [10.0] * 9 + [49.5]

    def test_ages_count_from_creation_unless_that_was_before_the_trace(self, trace):
        ages = trace.block.signal("container_age_minutes")
        assert ages[0, 0] == 5.0
        assert np.isnan(ages[1]).all()

    def test_the_machines_of_a_deployment_are_counted_as_they_come_and_go(self, trace):
        counts = trace.block.signal("replicas_desired")[0]
        by_time = dict(zip(trace.block.times.tolist(), counts.tolist(), strict=True))
        assert (by_time[3300.0], by_time[4500.0], by_time[9000.0]) == (2.0, 3.0, 2.0)

    def test_a_machine_that_the_table_lacks_is_alone_and_of_unknown_age(self, trace):
        assert trace.unlisted == 1
        assert trace.block.workloads[3] == "unlisted/vm+e/5="
        assert np.isnan(trace.block.signal("replicas_desired")[3]).all()

    def test_what_the_traces_do_not_know_stays_unknown(self, trace):
        known = azure.table_of(trace)[list(FEATURE_NAMES)].notna().any()
        named = set(known[known].index)
        assert {"cpu_usage_pct", "replica_count", "deployment_uptime_hrs"} <= named
        assert not [name for name in named if "memory" in name or "latency" in name]
        assert len(named) < len(FEATURE_NAMES) / 4

    def test_only_the_first_machines_are_read(self, files):
        assert len(read_vm_trace([files[0]], files[1], most=2).block.pods) == 2

    def test_a_reading_that_comes_twice_counts_once(self, files):
        once, twice = (read_vm_trace([files[0]] * n, files[1], most=9) for n in (1, 2))
        np.testing.assert_array_equal(
            once.block.signal("cpu_usage_ratio"), twice.block.signal("cpu_usage_ratio")
        )

    def test_a_gap_is_unknown_and_has_no_row(self, tmp_path, files):
        path = tmp_path / "gap.csv"
        path.write_text("0,a,1,2,1\n300,b,1,2,1\n")
        trace = read_vm_trace([path], files[1], most=9)
        assert len(azure.table_of(trace)) == 2
        assert np.isnan(trace.peak).sum() == 2


class TestLabels:
    def test_without_being_asked_no_row_has_one(self, monkeypatch, capsys, files, tmp_path):
        out = tmp_path / "azure.csv"
        arguments = ("--readings", files[0], "--vmtable", files[1], "--output", out)
        assert run(monkeypatch, *arguments) == 0
        told = capsys.readouterr()
        assert "160 rows of 4 machines" in told.out
        assert "deleted did not fail" in told.err
        assert "Not in vmtable.csv: 1 of them" in told.err
        with pytest.raises(DataUnusable, match="no target column"):
            read_table(out)

    def test_saturation_is_read_by_the_tabular_adapter(self, monkeypatch, files, tmp_path):
        out = tmp_path / "azure.parquet"
        arguments = ("--readings", files[0], "--vmtable", files[1], "--output", out)
        assert run(monkeypatch, *arguments, "--target", "saturation") == 0
        dataset, report = read_table(out)
        assert report.target == "target"
        assert not report.unknown_columns
        assert int(dataset.y.sum()) == 8
        assert dataset.step_seconds == 300.0
        assert len(dataset.workloads) == 3

    def test_a_machine_that_is_full_already_or_read_too_late_has_none(self):
        peak = np.array([[0.99, 0.99, 0.2, 0.99]])
        labels = azure.saturation_onsets(peak, np.array([0.0, 300.0, 600.0, 2000.0]))
        assert np.isnan(labels).all()


def test_the_help_says_where_the_mapping_is_documented(monkeypatch, capsys):
    assert run(monkeypatch, "--help") == 0
    assert "docs/data-from-elsewhere.md" in " ".join(capsys.readouterr().out.split())
