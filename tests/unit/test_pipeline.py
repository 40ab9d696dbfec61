"""From a recording to a data set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.domain.tables import concatenate
from podforecast.domain.telemetry import STEP, TelemetryBlock, aligned, time_grid
from podforecast.pipeline.examples import WARM_UP, build_dataset

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PODS = tuple(PodRef("shop", name) for name in ("cart-0", "cart-1", "pay-0"))
N_TIMES = 81


class FakeRecording:
    """Twenty made-up minutes of three pods; cart-1 leaks and is OOM-killed after 15."""

    name = "made-up"
    start = NOON
    end = NOON + (N_TIMES - 1) * STEP

    def __init__(self, *, failures=None, **signals):
        self.times = time_grid(self.start, self.end)
        killed = Failure(
            pod=PODS[1], at=NOON.timestamp() + 905.0, cause=FailureCause.OOM, first=True
        )
        self.failures = (killed,) if failures is None else failures
        flat = np.full((3, N_TIMES), 0.3)
        memory = flat.copy()
        memory[1, :61] = np.linspace(0.3, 1.0, 61)
        self.signals = {"cpu_usage_ratio": flat, "memory_usage_ratio": memory} | signals

    def read(self, signals, *, start, end):
        chosen = (self.times >= start.timestamp()) & (self.times <= end.timestamp())
        return TelemetryBlock(
            pods=PODS,
            workloads=("shop/cart", "shop/cart", "shop/pay"),
            times=self.times[chosen],
            signals={n: v[:, chosen] for n, v in self.signals.items() if n in signals},
        )


@pytest.mark.parametrize("step", [timedelta(seconds=20), timedelta(seconds=5), timedelta(0)])
def test_rows_between_samples_are_refused(step):
    with pytest.raises(ValueError, match=r"multiple of the samples' 15 s, got 0:00:"):
        build_dataset(FakeRecording(), step=step)


def test_rows_are_positive_from_one_horizon_before_the_failure():
    rows = build_dataset(FakeRecording())
    since = rows.time - NOON.timestamp()
    leaking = rows.pod == 1
    assert since[leaking & (rows.y == 1)].tolist() == list(np.arange(615.0, 901.0, 15.0))
    assert set(rows.failure[rows.y == 1]) == {0}
    assert set(rows.failure[rows.y == 0]) == {-1}
    assert not rows.y[~leaking].any()


@pytest.mark.parametrize(
    ("warm_up", "first"),
    [
        pytest.param(timedelta(0), 105.0, id="as soon as the window is covered"),
        pytest.param(WARM_UP, 600.0, id="after the warm-up"),
    ],
)
def test_rows_begin_late_and_end_before_the_censored_part(warm_up, first):
    rows = build_dataset(FakeRecording(), warm_up=warm_up)
    since = np.unique(rows.time) - NOON.timestamp()
    assert (since[0], since[-1]) == (first, 900.0)


def test_the_rows_just_after_a_failure_are_left_out():
    early = Failure(pod=PODS[0], at=NOON.timestamp() + 299.0, cause=FailureCause.EXIT, first=True)
    rows = build_dataset(FakeRecording(failures=(early,)), warm_up=timedelta(0))
    since = rows.time[rows.pod == 0] - NOON.timestamp()
    assert {285.0, 330.0} <= set(since)
    assert not {300.0, 315.0} & set(since)


def test_a_failure_in_the_censored_part_makes_no_rows_but_is_kept():
    late = Failure(pod=PODS[2], at=NOON.timestamp() + 1190.0, cause=FailureCause.EXIT, first=True)
    rows = build_dataset(FakeRecording(failures=(late,)))
    assert (int(rows.y.sum()), rows.failures) == (1, (late,))
    assert rows.time[rows.y == 1] == NOON.timestamp() + 900.0


def test_a_pod_that_failed_before_it_was_ever_scraped_is_named():
    ghost = PodRef("shop", "pay-1")
    failed = Failure(pod=ghost, at=NOON.timestamp() + 60.0, cause=FailureCause.EXIT, first=True)
    rows = build_dataset(FakeRecording(failures=(failed,)))
    assert rows.pods[rows.failure_pod[0]] == "made-up/shop/pay-1"
    assert len(rows) > 0
    assert not rows.y.any()


def test_pods_that_are_down_have_no_rows():
    status = np.zeros((3, N_TIMES))
    status[0, 20:30] = 4.0
    rows = build_dataset(FakeRecording(status_code=status), warm_up=timedelta(0))
    columns = (rows.time[rows.pod == 0] - NOON.timestamp()) / 15.0
    assert not set(columns) & set(range(20, 30))
    assert {19.0, 30.0} <= set(columns)


def test_names_carry_the_campaign_and_survive_joining():
    joined = concatenate([build_dataset(FakeRecording(), step=timedelta(minutes=1))] * 2)
    assert joined.pods[4] == "made-up/shop/cart-1"
    assert joined.workloads[:2] == ("made-up/shop/cart", "made-up/shop/pay")
    assert joined.step_seconds == 60.0
    leaking = joined.pod[joined.y == 1]
    assert set(leaking) == {1, 4}
    assert set(joined.workload[joined.pod == 4]) == {2}


def test_progress_is_told_after_every_moment_from_the_end_of_the_warm_up_on():
    told = []
    build_dataset(FakeRecording(), step=timedelta(minutes=5), progress=lambda *at: told.append(at))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("second", range(0, 60, 7))
def test_scans_share_one_grid_whatever_the_second(second):
    now = NOON + timedelta(seconds=second, microseconds=123)
    assert aligned(now).second % 15 == 0
    assert timedelta(0) <= now - aligned(now) < STEP


def test_alignment_leaves_a_moment_on_the_grid_alone():
    assert aligned(NOON) == NOON
