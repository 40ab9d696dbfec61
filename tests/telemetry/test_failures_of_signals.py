"""What the signals of a cluster say has failed."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.pods import FailureCause, PodRef, PodStatus
from podforecast.domain.telemetry import TelemetryBlock
from podforecast.telemetry.failures import failures_of

POD = PodRef("shop", "cart-0")
NAN = np.nan
ERROR, RUNNING = PodStatus.ERROR.code, PodStatus.RUNNING.code


def a_block(**signals: list[float]) -> TelemetryBlock:
    n_times = len(next(iter(signals.values())))
    return TelemetryBlock(
        pods=(POD,),
        workloads=("shop/cart",),
        times=15.0 * np.arange(n_times),
        signals={name: np.array([values], dtype=float) for name, values in signals.items()},
    )


def onsets(**signals: list[float]) -> list[tuple[float, FailureCause]]:
    return [(failure.at, failure.cause) for failure in failures_of(a_block(**signals))]


@pytest.mark.parametrize(
    ("restarts", "code", "liveness"),
    [
        pytest.param([3, 3, 3, 3], [3] * 4, [5] * 4, id="nothing rises"),
        pytest.param([0, 0, 1, 1], [0, 0, 1, 1], [0] * 4, id="completed"),
        pytest.param([0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 1, 1], id="completed, one probe failed"),
        pytest.param([5, 5, 0, 0], [2, 2, 0, 0], [0] * 4, id="new pod of the same name"),
        pytest.param([NAN, NAN, 2, 2], [NAN, NAN, 2, 2], [0] * 4, id="seen for the first time"),
        pytest.param([NAN] * 4, [NAN] * 4, [NAN] * 4, id="never seen"),
    ],
)
def test_what_is_no_failure(restarts, code, liveness):
    found = onsets(restarts=restarts, last_termination_code=code, liveness_failures=liveness)
    assert found == []


@pytest.mark.parametrize(
    ("code", "liveness", "cause"),
    [
        pytest.param([0, 0, 3, 3], [0, 0, 0, 0], FailureCause.OOM, id="killed by the kernel"),
        pytest.param([0, 0, 2, 2], [0, 0, 0, 0], FailureCause.EXIT, id="exit"),
        pytest.param([0, 0, 2, 2], [0, 2, 3, 3], FailureCause.LIVENESS, id="liveness"),
        pytest.param([0, 0, 1, 1], [0, 2, 3, 3], FailureCause.LIVENESS, id="liveness, clean exit"),
        pytest.param([0, 0, 3, 3], [0, 2, 3, 3], FailureCause.OOM, id="slow, then out of memory"),
        pytest.param([NAN] * 4, [NAN] * 4, FailureCause.EXIT, id="nothing else is known"),
    ],
)
def test_a_risen_counter_is_a_failure_with_a_cause(code, liveness, cause):
    signals = {"last_termination_code": code, "liveness_failures": liveness}
    assert onsets(restarts=[0, 0, 1, 1], **signals) == [(30.0, cause)]


def test_restarts_in_a_gap_are_seen_behind_it():
    found = onsets(restarts=[0, NAN, NAN, 2], last_termination_code=[0, NAN, NAN, 2])
    assert found == [(45.0, FailureCause.EXIT)]


@pytest.mark.parametrize(
    ("status", "age", "expected"),
    [
        pytest.param([RUNNING] + [ERROR] * 5, [9, 9] + [NAN] * 4, [15.0], id="evicted"),
        pytest.param([RUNNING, ERROR, ERROR] + [RUNNING] * 3, [9, 9, NAN, 0, 0, 0], [], id="ended"),
        pytest.param([RUNNING] + [ERROR] * 5, [9] * 6, [], id="a side container is stuck"),
        pytest.param([ERROR] * 6, [NAN] * 6, [], id="always in error"),
    ],
)
def test_a_pod_that_stays_in_error_was_evicted(status, age, expected):
    assert [at for at, cause in onsets(status_code=status, container_age_minutes=age)] == expected


def test_within_ten_minutes_it_is_a_repeat():
    restarts = [0, 1, *[1] * 38, 2, *[2] * 41, 3]
    first = [failure.first for failure in failures_of(a_block(restarts=restarts))]
    assert first == [True, False, True]


def test_the_lab_agent_and_the_signals_agree(trial):
    """All but what happened in the last scrape's time is found, and nothing else."""
    found = failures_of(trial.block)
    seen = [
        failure
        for failure in trial.failures
        if any(f.pod == failure.pod and -1.0 <= f.at - failure.at <= 75.0 for f in found)
    ]
    assert len(found) == len(seen) == len(trial.failures) - 1
