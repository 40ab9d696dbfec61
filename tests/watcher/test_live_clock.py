"""Whose time it is: the server's, whatever the clock of this machine does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from podforecast.errors import TelemetryUnavailable
from podforecast.watcher.server_clock import ServerClock
from tests.watcher.live_server import NOON
from tests.watcher.made_up import WallClock

START = NOON.timestamp()


@pytest.fixture
def machine() -> WallClock:
    return WallClock(START)


def a_clock(machine: WallClock, *, delay: float = 0.0) -> ServerClock:
    return ServerClock(clock=machine, delay=timedelta(seconds=delay))


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(START + seconds, UTC)


def test_a_servers_clock_that_is_put_back_far_is_told(machine):
    clock = a_clock(machine)
    clock.look(lambda: START)
    with pytest.raises(TelemetryUnavailable, match="600 s behind the newest scan") as caught:
        clock.look(lambda: START - 600.0)
    assert "NTP" in caught.value.hint


def test_scans_go_on_once_it_has_caught_up(machine):
    clock = a_clock(machine)
    clock.look(lambda: START)
    with pytest.raises(TelemetryUnavailable):
        clock.look(lambda: START - 600.0)
    assert clock.look(lambda: START + 15.0) == moment(15.0)


def test_a_little_back_is_waited_for(machine):
    clock = a_clock(machine)
    clock.look(lambda: START)
    assert clock.look(lambda: START - 20.0) == moment(0.0)


@pytest.mark.parametrize(
    ("delay", "now", "expected"),
    [
        pytest.param(0.0, 0.0, 0.0, id="on the grid"),
        pytest.param(0.0, 14.9, 0.0, id="just before the next sample"),
        pytest.param(30.0, 40.0, 0.0, id="delay"),
        pytest.param(20.0, 40.0, 15.0, id="delay off the grid"),
    ],
)
def test_the_moment_is_on_the_grid_behind_the_servers_time(machine, delay, now, expected):
    assert a_clock(machine, delay=delay).look(lambda: START + now) == moment(expected)


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_a_jump_of_the_machines_clock_changes_no_moment(machine, jump):
    clock = a_clock(machine)
    clock.look(lambda: START)
    machine.seconds += jump
    assert clock.look(lambda: START + 15.0) == moment(15.0)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        pytest.param(600.0, "600 s ahead of that of Prometheus", id="ahead"),
        pytest.param(-600.0, "600 s behind that of Prometheus", id="behind"),
    ],
)
def test_ten_minutes_off_are_told_with_the_way_out(machine, ahead, words):
    clock = a_clock(machine)
    machine.seconds += ahead
    clock.look(lambda: START)
    assert words in clock.tell()
    assert "NTP" in clock.tell()


def test_a_few_seconds_off_are_not_worth_a_word(machine):
    clock = a_clock(machine)
    machine.seconds += 14.0
    clock.look(lambda: START)
    assert clock.tell() == ""


def test_the_time_an_answer_takes_is_no_skew(machine):
    clock = a_clock(machine)

    def slow() -> float:
        machine.seconds += 25.0
        return START + 12.0

    clock.look(slow)
    assert clock.skew == timedelta(0)
