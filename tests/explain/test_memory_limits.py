"""A higher memory limit: never too low, and its promise is what the model says of it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podforecast.domain.catalogue import CATALOGUE, FEATURE_NAMES, feature_index
from podforecast.domain.forecast import RiskLevel
from podforecast.domain.memory import MIB, MemorySize, quantity
from podforecast.explain.addresses import PodAddress
from podforecast.explain.memory_limits import (
    CHANGED,
    FULL,
    HEADROOM,
    LEAST_RAISE,
    OOM_KILLED,
    MemoryRaise,
    needed_pct,
)
from podforecast.explain.remedies import Case, remedies

POD = PodAddress(name="cart-0", namespace="shop")
USAGE = feature_index("memory_usage_pct")
PEAK = feature_index("memory_peak_pct")
LAST_END = feature_index("last_termination_reason")


@st.composite
def rows(draw):
    """Anything a pod can be; what advice hangs on is drawn by itself, so that it shrinks."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    low, high = (np.array([f.typical[side] for f in CATALOGUE]) for side in (0, 1))
    row = low + rng.random(len(low)) * (high - low)
    row[[f.whole for f in CATALOGUE]] //= 1.0
    row[rng.random(len(row)) < 0.3] = np.nan
    unknown_or = st.one_of(st.just(math.nan), st.floats(0.0, 200.0))
    row[USAGE], row[PEAK] = draw(unknown_or), draw(unknown_or)
    row[LAST_END] = draw(st.sampled_from([math.nan, 0.0, OOM_KILLED]))
    return row


limits = st.floats(4 * MIB, 64 * 1024 * MIB).map(round)


@st.composite
def sized_rows(draw):
    """A row with its usage known, and the bytes that belong to it."""
    row, limit = draw(rows()), draw(limits)
    row[USAGE] = draw(st.floats(0.1, 130.0))
    return row, MemorySize(used_bytes=row[USAGE] / FULL * limit, limit_bytes=limit)


def rising(values):
    """Fake: a model whose probability grows with the usage of memory alone."""
    return np.clip(np.nan_to_num(values[:, USAGE]) / 200.0, 0.0, 1.0)


def advise(row, *, score=rising, memory=None):
    parts = np.where(np.array(FEATURE_NAMES) == "memory_usage_pct", 1.0, 0.0)
    return remedies(
        Case(row=row, parts=parts, pod=POD, level=RiskLevel.CRITICAL, memory=memory), score
    )


class TestHowHigh:
    def test_without_any_usage_no_limit_is_advised(self, make_row):
        assert MemoryRaise.of(make_row(memory_usage_pct=np.nan)) is None

    @given(rows())
    @settings(max_examples=60)
    def test_it_leaves_headroom_above_all_that_was_seen_and_is_never_lower(self, row):
        raised = MemoryRaise.of(row)
        assert (raised is None) == math.isnan(needed_pct(row))
        if raised is not None:
            assert raised.factor >= LEAST_RAISE
            assert raised.factor * FULL * HEADROOM >= needed_pct(row) - 1e-6

    @given(sized_rows())
    @settings(max_examples=60)
    def test_in_bytes_as_well(self, sized):
        row, size = sized
        raised = MemoryRaise.of(row, size)
        assert raised.before_bytes == size.limit_bytes
        assert raised.after_bytes >= LEAST_RAISE * size.limit_bytes * (1 - 1e-9)
        assert raised.after_bytes * HEADROOM >= needed_pct(row) / FULL * size.limit_bytes * 0.999999
        assert round(raised.after_bytes) % (16 * MIB) == 0

    @given(sized_rows())
    @settings(max_examples=40)
    def test_after_a_kill_the_whole_limit_counts_as_used(self, sized):
        row, size = sized
        row[LAST_END] = OOM_KILLED
        for known in (None, size):
            assert MemoryRaise.of(row, known).factor >= 1.0 / HEADROOM - 1e-9

    def test_sizes_of_several_containers_are_nobodys(self, make_row):
        row = make_row(memory_usage_pct=95.0)
        both = MemorySize(used_bytes=120 * MIB, limit_bytes=256 * MIB)
        assert MemoryRaise.of(row, both).before_bytes is None

    @pytest.mark.parametrize(
        ("limit", "usage", "words"),
        [
            pytest.param(256 * MIB, 95.0, "from 256Mi to 320Mi", id="small"),
            pytest.param(256 * MIB, 118.0, "from 256Mi to 384Mi", id="burst"),
            pytest.param(2048 * MIB, 100.0, "from 2Gi to 2560Mi", id="large"),
            pytest.param(500e6, 20.0, "from 500M to 544Mi", id="decimal"),
            pytest.param(96 * MIB, 96.0, "from 96Mi to 128Mi", id="tiny"),
        ],
    )
    def test_it_is_told_as_kubernetes_writes_it(self, make_row, limit, usage, words):
        size = MemorySize(used_bytes=usage / FULL * limit, limit_bytes=limit)
        row = make_row(memory_usage_pct=usage)
        assert MemoryRaise.of(row, size).words == f"raise the memory limit {words}"

    @given(limits)
    @settings(max_examples=40)
    def test_a_quantity_is_one_that_kubernetes_reads(self, size):
        written = quantity(size)
        number = written.rstrip("MGi")
        assert number.isdecimal()
        assert int(number) > 0


class TestWhatWouldBe:
    @given(rows(), st.floats(1.1, 8.0))
    @settings(max_examples=60)
    def test_only_what_is_measured_against_the_limit_changes(self, row, factor):
        changed = MemoryRaise(factor=factor).applied(row)
        columns = np.array([name not in CHANGED for name in FEATURE_NAMES])
        np.testing.assert_array_equal(changed[columns], row[columns])
        np.testing.assert_array_equal(np.isnan(changed), np.isnan(row))

    @given(rows(), st.floats(1.1, 8.0))
    @settings(max_examples=60)
    def test_shares_shrink_and_times_grow_within_their_limits(self, row, factor):
        changed = MemoryRaise(factor=factor).applied(row)
        for name in CHANGED:
            before, after = row[feature_index(name)], changed[feature_index(name)]
            if name.startswith("memory_minutes"):
                assert math.isnan(before) or before <= after <= 120.0
            else:
                assert math.isnan(before) or after == pytest.approx(before / factor)

    def test_at_the_same_pace_the_new_limit_is_reached_later(self, make_row):
        row = make_row(
            memory_usage_pct=90.0, memory_growth_10m=2.0, memory_minutes_to_limit=5.0,
            memory_growth_3m=5.0, memory_minutes_to_limit_3m=2.0, memory_minutes_to_limit_1m=1.0,
        )  # fmt: skip
        changed = MemoryRaise(factor=1.5).applied(row)
        assert changed[feature_index("memory_usage_pct")] == pytest.approx(60.0)
        assert changed[feature_index("memory_minutes_to_limit")] == pytest.approx(30.0)
        assert changed[feature_index("memory_minutes_to_limit_3m")] == pytest.approx(12.0)
        assert changed[feature_index("memory_minutes_to_limit_1m")] == pytest.approx(6.0)


class TestPromise:
    @given(rows(), st.floats(85.0, 130.0))
    @settings(max_examples=40)
    def test_the_risk_after_is_exactly_what_the_model_says_of_the_changed_row(self, row, usage):
        row[USAGE] = usage
        first = advise(row)[0]
        expected = rising(np.stack([row, MemoryRaise.of(row).applied(row)]))
        assert [first.risk_before, first.risk_after] == expected.tolist()
        found = re.search(r"would be ([\d.]+) instead", first.description)
        assert found is not None
        assert first.risk_after - 1e-9 <= float(found[1]) <= first.risk_after + 0.01

    def test_it_is_told_with_the_numbers_of_the_pod(self, make_row):
        row = make_row(memory_usage_pct=95.0)
        size = MemorySize(used_bytes=0.95 * 256 * MIB, limit_bytes=256 * MIB)
        [remedy] = advise(row, memory=size)
        assert remedy.actions[-1].startswith(
            "If the use is legitimate, raise the memory limit from 256Mi to 320Mi or more"
        )
        assert remedy.description.endswith(
            "With the higher limit below, the risk would be 0.38 instead of 0.47 for now."
        )
        assert (remedy.risk_before, remedy.risk_after) == (0.475, pytest.approx(0.38))

    def test_a_model_that_sees_no_help_in_it_is_quoted_too(self, make_row):
        [remedy] = advise(make_row(memory_usage_pct=95.0), score=lambda values: values[:, 0] * 0.01)
        assert remedy.risk_after == remedy.risk_before
        assert remedy.description.endswith("alone would not lower the risk of 0.20.")

    def test_without_a_model_or_another_rule_nothing_is_promised(self, make_row):
        [unasked] = advise(make_row(memory_usage_pct=95.0), score=None)
        assert (unasked.risk_before, unasked.risk_after) == (None, None)
        [other] = advise(make_row(memory_usage_pct=20.0))
        assert (other.risk_before, other.risk_after) == (None, None)
