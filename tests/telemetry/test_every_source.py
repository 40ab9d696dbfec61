"""What holds for every source. A new source is added to the list, and is tested."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pytest

from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.domain.telemetry import STEP, TelemetrySource, time_grid

SIGNALS = ("memory_usage_ratio", "cpu_usage_ratio", "restarts", "status_code")


@dataclass(frozen=True)
class Story:
    """A source, and a time it has data for."""

    source: TelemetrySource
    start: datetime
    end: datetime


@pytest.fixture(
    params=["recording", pytest.param("prometheus", marks=pytest.mark.prometheus)],
)
def story(request) -> Story:
    if request.param == "recording":
        trial = request.getfixturevalue("trial")
        return Story(trial, trial.start, trial.end)
    replay = request.getfixturevalue("replay")
    return Story(replay.source, replay.start, replay.end)


def test_an_end_before_the_start_is_an_error_of_the_caller(story):
    with pytest.raises(ValueError, match="before the start"):
        story.source.read(SIGNALS, start=story.end, end=story.start)


def test_both_ends_are_on_the_grid(story):
    end = story.start + 8 * STEP
    block = story.source.read(SIGNALS, start=story.start + 4 * STEP, end=end)
    np.testing.assert_array_equal(block.times, time_grid(story.start + 4 * STEP, end))


def test_one_moment_is_a_grid_too(story):
    block = story.source.read(SIGNALS, start=story.end, end=story.end)
    assert block.signal("restarts").shape == (len(block.pods), 1)
    assert len(block.pods) > 40


def test_pods_are_sorted_and_belong_to_workloads(story):
    block = story.source.read(SIGNALS, start=story.start, end=story.end)
    assert list(block.pods) == sorted(block.pods)
    for pod, workload in zip(block.pods, block.workloads, strict=True):
        namespace, _, name = workload.partition("/")
        assert namespace == pod.namespace
        assert pod.name.startswith(name)


def test_every_pod_has_a_sample(story):
    block = story.source.read(SIGNALS, start=story.start, end=story.start + 4 * STEP)
    known = np.any([np.isfinite(values).any(axis=1) for values in block.signals.values()], axis=0)
    assert known.all()


def test_only_what_was_asked_for_is_delivered(story):
    block = story.source.read(["restarts"], start=story.end, end=story.end)
    assert set(block.signals) == {"restarts"}


def test_an_unknown_signal_is_absent_and_reads_as_nan(story):
    block = story.source.read(["restarts", "colour"], start=story.end, end=story.end)
    assert "colour" not in block.signals
    assert np.isnan(block.signal("colour")).all()


def test_nothing_is_known_of_the_time_before(story):
    long_ago = story.start - timedelta(days=3)
    block = story.source.read(SIGNAL_NAMES, start=long_ago, end=long_ago + STEP)
    assert block.pods == ()
    assert len(block.times) == 2


def test_reading_twice_gives_the_same(story):
    first, second = (story.source.read(SIGNALS, start=story.start, end=story.end) for _ in range(2))
    assert first.pods == second.pods
    for name in SIGNALS:
        np.testing.assert_array_equal(first.signal(name), second.signal(name))


def test_a_part_is_the_part_of_the_whole(story):
    whole = story.source.read(["memory_usage_ratio"], start=story.start, end=story.end)
    part = story.source.read(["memory_usage_ratio"], start=story.end - 8 * STEP, end=story.end)
    rows = [whole.pods.index(pod) for pod in part.pods]
    np.testing.assert_array_equal(
        part.signal("memory_usage_ratio"), whole.signal("memory_usage_ratio")[rows, -9:]
    )
