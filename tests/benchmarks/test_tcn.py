"""What the network gets to see, and when it stops; all of it without PyTorch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.tcn import __main__ as command
from benchmarks.tcn.stopping import parted
from benchmarks.tcn.windows import CODES, N_CHANNELS, N_NUMBERS, READ, SAMPLES, Campaign, Windows
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import TelemetryBlock

START, N_TIMES = 1.7e9 // 15 * 15, 40
NUMBERS = [signal.name for signal in READ if signal.kind != "code"]
CPU, RESTARTS = NUMBERS.index("cpu_usage_ratio"), NUMBERS.index("restarts")


def block(**signals):
    """Two pods; a signal that is not given was never scraped."""
    shape = (2, N_TIMES)
    return TelemetryBlock(
        pods=(PodRef("shop", "cart-0"), PodRef("shop", "pay-0")),
        workloads=("shop/cart", "shop/pay"),
        times=START + 15.0 * np.arange(N_TIMES),
        signals={name: np.broadcast_to(np.asarray(values, float), shape)
                 for name, values in signals.items()},
    )  # fmt: skip


@pytest.fixture
def rows(dataset):
    """Three rows of cart-0, at its samples 12, 20 and 39; one of pay-0, at 20."""
    few = dataset.rows(np.arange(4))
    return replace(
        few,
        pods=("made-up/shop/cart-0", "made-up/shop/pay-0"),
        pod=np.array([0, 0, 0, 1]),
        time=START + 15.0 * np.array([12, 20, 39, 20]),
    )


def windows(rows, samples=SAMPLES, **signals):
    return Windows([Campaign.of("made-up", block(**signals))], rows, samples=samples)


class TestWithoutPyTorch:
    def test_the_command_says_how_to_get_it(self, monkeypatch, capsys):
        monkeypatch.setattr(command, "TORCH", "a_torch_that_nobody_has")
        assert command.main([]) == 2
        said = capsys.readouterr()
        assert "PyTorch is not installed" in said.err
        assert "pip install -r requirements/tcn.txt" in said.err
        assert said.out == ""


class TestWindows:
    def test_a_row_too_close_to_the_start_is_refused(self, rows):
        with pytest.raises(ValueError, match="made-up has rows less than 14 samples after"):
            windows(rows, samples=14)

    def test_rows_of_another_campaign_are_refused(self, rows):
        other = replace(rows, pods=("elsewhere/shop/cart-0", "made-up/shop/pay-0"))
        with pytest.raises(ValueError, match="3 rows are of no campaign"):
            windows(other)

    def test_a_window_ends_at_its_row_and_looks_back_only(self, rows):
        cpu = np.vstack([np.arange(N_TIMES), 100 + np.arange(N_TIMES)])
        found = windows(rows, cpu_usage_ratio=cpu).take(np.array([0, 2, 3]))
        assert found.shape == (3, N_CHANNELS, SAMPLES)
        assert found[0, CPU].tolist() == list(range(13))
        assert found[1, CPU].tolist() == list(range(27, 40))
        assert found[2, CPU].tolist() == list(range(108, 121))

    def test_unknown_is_zero_and_says_that_it_is_unknown(self, rows):
        cpu = np.where(np.arange(N_TIMES) < 10, np.nan, 0.5)
        [window] = windows(rows, cpu_usage_ratio=cpu).take(np.array([0]))
        assert window[CPU].tolist() == [0.0] * 10 + [0.5] * 3
        assert window[N_NUMBERS + CPU].tolist() == [0.0] * 10 + [1.0] * 3
        assert not np.delete(window, [CPU, N_NUMBERS + CPU], axis=0).any()

    def test_a_counter_is_its_increase_and_a_reset_is_none(self, rows):
        restarts = np.r_[np.full(8, 3.0), np.full(2, 4.0), np.zeros(N_TIMES - 10)]
        [window] = windows(rows, restarts=restarts).take(np.array([0]))
        assert np.flatnonzero(window[RESTARTS]).tolist() == [8]
        assert window[RESTARTS, 8] == pytest.approx(np.log(2))

    def test_a_code_is_one_channel_for_each_value(self, rows):
        [window] = windows(rows, status_code=2.0).take(np.array([0]))
        codes = window[2 * N_NUMBERS :]
        assert len(codes) == sum(len(values) for values in CODES.values())
        assert np.flatnonzero(codes.any(axis=1)).tolist() == [2]

    def test_numbers_are_scaled_by_the_rows_that_are_learned_from(self, rows):
        cpu = np.vstack([np.arange(N_TIMES), np.full(N_TIMES, 1e6)])
        scaled = windows(rows, cpu_usage_ratio=cpu).scaled_on(np.array([0, 1]))
        last = scaled.take(np.array([0, 1]))[:, CPU, -1]
        assert last.tolist() == [-1.0, 1.0]
        unseen = windows(rows, cpu_usage_ratio=cpu).scaled_as(scaled)
        assert unseen.take(np.array([2]))[0, CPU, -1] == pytest.approx((39 - 16) / 4)


class TestStopping:
    def test_whole_pods_validate_and_both_kinds_are_on_both_sides(self):
        pod = np.repeat(np.arange(20), 5)
        y = (pod < 6).astype(int)
        learn, validate = parted(pod, y, seed=3)
        assert not set(pod[learn]) & set(pod[validate])
        assert len(learn) + len(validate) == len(pod)
        assert len(set(pod[validate])) == 1 + 3
        for part in (learn, validate):
            assert set(y[part]) == {0, 1}

    def test_the_seed_decides_who_validates(self):
        pod = np.arange(50)
        y = np.zeros(50, dtype=int)
        first, again, other = (parted(pod, y, seed=seed)[1].tolist() for seed in (1, 1, 2))
        assert first == again != other
