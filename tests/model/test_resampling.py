"""Whole blocks are drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from podforecast.model.resampling import block_weights, interval


def test_rows_of_a_block_are_drawn_together():
    blocks = np.repeat([3, 8, 9], [4, 1, 2])
    for weight in block_weights(blocks, rounds=20, rng=np.random.default_rng(0)):
        per_block = [set(weight[blocks == block]) for block in (3, 8, 9)]
        assert all(len(distinct) == 1 for distinct in per_block)
        assert sum(distinct.pop() for distinct in per_block) == 3


def test_blocks_are_drawn_once_on_average():
    rounds = list(block_weights(np.arange(50), rounds=400, rng=np.random.default_rng(0)))
    assert np.mean(rounds, axis=0) == pytest.approx(1.0, abs=0.25)


def test_without_any_answer_the_bounds_are_unknown():
    found = interval(0.7, [math.nan, math.nan])
    assert found.value == 0.7
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_bounds_enclose_what_was_resampled():
    found = interval(0.5, np.linspace(0, 1, 1001))
    assert (found.low, found.high) == pytest.approx((0.025, 0.975))
