"""Recordings are written and read back whole, and refuse what they are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.errors import DataUnusable
from podforecast.telemetry.raw_series import RawSeries, read_series, write_series
from podforecast.telemetry.recording import Recording, write_recording

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STEP = timedelta(seconds=15)
NAN = np.nan
CART, MAIL, VOID = PodRef("shop", "cart-0"), PodRef("ops", "mail-0"), PodRef("ops", "void")


def a_block(**changes) -> TelemetryBlock:
    return TelemetryBlock(
        **{
            "pods": (VOID, MAIL, CART),
            "workloads": ("ops/void", "ops/mail", "shop/cart"),
            "times": NOON.timestamp() + 15.0 * np.arange(4),
            "signals": {
                "restarts": np.array([[NAN] * 4, [0, 0, NAN, 1], [NAN, NAN, 2, 2.0]]),
                "memory_usage_ratio": np.array([[NAN] * 4, [NAN, 0.1, NAN, 0.3], [NAN] * 4]),
            },
            **changes,
        }
    )


FAILURE = {"at": NOON.timestamp() + 20.0, "kind": "failure", "namespace": "ops", "pod": "mail-0",
           "cause": "oom", "exit_code": 137, "first": True, "fault_kind": "leak_linear",
           "fault_started_at": NOON.timestamp() - 100.0, "precursor": True,
           "detail": {"restarts": 1}}  # fmt: skip
STARTED = {"at": NOON.timestamp() + 1.0, "kind": "container_started", "pod": "cart-0"}


@pytest.fixture
def folder(tmp_path):
    write_recording(tmp_path / "small", a_block(), [FAILURE, STARTED], {"role": "test", "seed": 7})
    return tmp_path / "small"


@pytest.mark.parametrize("times", [[0.0, 15.0, 31.0, 45.0], [0.5, 15.5, 30.5, 45.5], [0.0]])
def test_an_uneven_grid_is_refused(tmp_path, times):
    signals = {"restarts": np.zeros((3, len(times)))}
    with pytest.raises(ValueError, match="even grid"):
        write_recording(tmp_path, a_block(times=np.array(times), signals=signals), [], {})


@pytest.mark.parametrize("name", ["campaign.json", "signals.parquet", "events.parquet"])
@pytest.mark.parametrize("damage", ["missing", "garbage"])
def test_a_folder_that_is_no_recording_is_refused(folder, name, damage):
    (folder / name).unlink()
    if damage == "garbage":
        (folder / name).write_bytes(b"garbage")
    with pytest.raises(DataUnusable, match="is not a recording") as caught:
        Recording.open(folder)
    assert "campaign.json" in caught.value.hint


@pytest.mark.parametrize("facts", ['{"name": "x"}', "[]", '{"start": "2026-01-01T12:00:00"}'])
def test_facts_without_a_grid_are_refused(folder, facts):
    (folder / "campaign.json").write_text(facts)
    with pytest.raises(DataUnusable):
        Recording.open(folder)


def test_what_is_written_is_read(folder):
    recording = Recording.open(folder)
    assert recording.name == "small"
    assert (recording.start, recording.end, recording.step) == (NOON, NOON + 3 * STEP, STEP)
    assert recording.pods == (MAIL, CART)
    assert recording.facts["role"] == "test"
    block = recording.read(["restarts", "memory_usage_ratio"], start=NOON, end=NOON + 3 * STEP)
    assert block.workloads == ("ops/mail", "shop/cart")
    np.testing.assert_array_equal(block.signal("restarts"), a_block().signal("restarts")[1:])
    np.testing.assert_allclose(
        block.signal("memory_usage_ratio"), a_block().signal("memory_usage_ratio")[1:], rtol=1e-6
    )


def test_failures_are_what_happened(folder):
    assert Recording.open(folder).failures == (
        Failure(pod=MAIL, at=NOON.timestamp() + 20.0, cause=FailureCause.OOM, first=True,
                fault_kind="leak_linear", fault_started_at=NOON.timestamp() - 100.0,
                precursor=True),
    )  # fmt: skip


def test_a_time_between_two_samples_has_the_earlier_one(folder):
    block = Recording.open(folder).read(
        ["restarts"], start=NOON + timedelta(seconds=7), end=NOON + timedelta(seconds=67)
    )
    np.testing.assert_array_equal(
        block.signal("restarts"), [[0, 0, NAN, 1, NAN], [NAN, NAN, 2, 2, NAN]]
    )


def test_pods_without_a_sample_in_the_range_are_left_out(folder):
    block = Recording.open(folder).read(["restarts"], start=NOON, end=NOON + STEP)
    assert block.pods == (MAIL,)


def test_reading_does_not_lend_out_the_recording_itself(folder):
    recording = Recording.open(folder)
    recording.read(["restarts"], start=NOON, end=NOON + 3 * STEP).signal("restarts")[:] = 9.0
    assert np.nanmax(recording.block.signal("restarts")) == 2.0


def test_the_same_recording_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_recording(tmp_path / name, a_block(), [STARTED, FAILURE], {"name": "same"})
    for name in ("campaign.json", "signals.parquet", "events.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_raw_series_come_back_sorted_with_their_markers(tmp_path):
    def raw(name: str, pod: str, values: list[float]) -> RawSeries:
        times = 1_767_268_800_123 + 15_000 * np.arange(len(values))
        return RawSeries(name=name, labels={"pod": pod}, time_ms=times, values=np.array(values))

    series = [raw("up", "b", [1.0, NAN]), raw("up", "a", [0.1 + 0.2]), raw("down", "b", [2.0] * 3)]
    write_series(tmp_path / "series.parquet", series)
    found = list(read_series(tmp_path / "series.parquet"))
    assert [(each.name, each.labels["pod"]) for each in found] == [
        ("down", "b"), ("up", "a"), ("up", "b"),
    ]  # fmt: skip
    for each, expected in zip(found, (series[2], series[1], series[0]), strict=True):
        np.testing.assert_array_equal(each.values, expected.values)
        np.testing.assert_array_equal(each.time_ms, expected.time_ms)


def test_no_raw_series_are_none(tmp_path):
    write_series(tmp_path / "series.parquet", [])
    assert list(read_series(tmp_path / "series.parquet")) == []
