"""What counts as an alarm, and which failures were announced."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.watcher.outcomes import alarms, announcements
from podforecast.watcher.scan import DRAWN
from podforecast.watcher.snapshot import Timeline

POD = PodRef("shop", "cart-0")


def timeline(text: str, *, whole_from: float = -1.0) -> Timeline:
    """A scan per minute from 0 on; # is at risk."""
    at_risk = np.array([sign == "#" for sign in text])
    return Timeline(
        times=60.0 * np.arange(len(text)),
        probability=np.where(at_risk, 0.9, 0.1),
        at_risk=at_risk,
        failing=np.zeros(len(text), dtype=bool),
        drawn=np.full((len(text), len(DRAWN)), np.nan),
        whole_from=whole_from,
    )


def failed(*minutes: float) -> tuple[Failure, ...]:
    return tuple(
        Failure(pod=POD, at=60.0 * minute, cause=FailureCause.OOM, first=True) for minute in minutes
    )


@pytest.mark.parametrize(
    ("text", "failures", "expected"),
    [
        pytest.param("......", (), [], id="never-at-risk"),
        pytest.param("...###", (), [(3, None, "open")], id="it-lasts"),
        pytest.param("..##..", (), [(2, 4, "open")], id="the-horizon-has-not-passed"),
        pytest.param("..##.....", (), [(2, 4, "nothing")], id="the-horizon-has-passed"),
        pytest.param("..##....", (), [(2, 4, "open")], id="it-has-not-quite-passed"),
        pytest.param("..##......", (8.0,), [(2, 4, "failed")], id="at-the-end-of-the-horizon"),
        pytest.param("..##......", (8.1,), [(2, 4, "nothing")], id="after-the-horizon"),
        pytest.param("..##......", (2.0,), [(3, 4, "nothing")], id="not-ahead-of-itself"),
        pytest.param("..##......", (1.0,), [(2, 4, "nothing")], id="a-failure-before-it"),
        pytest.param("..####", (4.8,), [(2, 5, "failed")], id="just-after-is-not-judged"),
        pytest.param("..#######", (4.8,), [(2, 5, "failed"), (6, None, "open")], id="goes-on"),
        pytest.param("#.#......", (), [(0, 1, "nothing"), (2, 3, "nothing")], id="two"),
        pytest.param("###", (2.5,), [(0, None, "failed")], id="failed-though-it-lasts"),
    ],
)  # fmt: skip
def test_alarms(text, failures, expected):
    found = alarms(timeline(text), failed(*failures))
    assert [
        (each.began_at / 60, each.ended_at and each.ended_at / 60, each.outcome.split("_")[0])
        for each in found
    ] == expected


@pytest.mark.parametrize(
    ("text", "failures", "expected"),
    [
        pytest.param("......", (), [], id="nothing-happened"),
        pytest.param("......", (4.5,), [None], id="without-a-warning"),
        pytest.param("..##..", (4.5,), [2.5], id="from-the-first-warning"),
        pytest.param("########", (6.0,), [5.0], id="within-the-horizon"),
        pytest.param("#.......", (6.0,), [None], id="too-early"),
        pytest.param("....#...", (4.0,), [None], id="too-late"),
        pytest.param("..#...#...", (3.0, 6.5), [1.0, 0.5], id="about-the-next-failure"),
        pytest.param("..#.......", (3.0, 4.0), [1.0, None], id="not-about-the-one-after"),
    ],
)  # fmt: skip
def test_announced_minutes(text, failures, expected):
    found = announcements(timeline(text), failed(*failures))
    assert [each.minutes for each in found] == expected


def test_a_failure_whose_warning_may_be_forgotten_is_left_out():
    known = announcements(timeline(".......", whole_from=300.0), failed(4.0, 5.5))
    assert [each.failure.at for each in known] == [330.0]
