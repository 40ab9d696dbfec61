"""Rows as they come in service: with gaps."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, OPTIONAL, REQUIRED
from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.model import masking


@pytest.fixture
def x():
    return np.arange(200.0 * len(CATALOGUE)).reshape(200, -1)


def test_required_features_survive_and_the_original_is_left_alone(x):
    masked = masking.required_only(x)
    assert np.array_equal(masked[:, : len(REQUIRED)], x[:, : len(REQUIRED)])
    assert np.isnan(masked[:, len(REQUIRED) :]).all()
    assert not np.isnan(x).any()


def test_the_rows_come_first_as_they_are_and_copies_name_their_source(x):
    rows, source = masking.with_masked_copies(x, np.arange(200), rng=np.random.default_rng(1))
    assert np.array_equal(rows[:200], x)
    assert len(rows) == len(source) > 200
    known = ~np.isnan(rows)
    assert np.array_equal(rows[known], x[source][known])


def test_copies_come_in_their_shares(x):
    rows, _ = masking.with_masked_copies(
        np.repeat(x, 20, axis=0), np.arange(4000), rng=np.random.default_rng(1)
    )
    gaps = np.isnan(rows[4000:])
    bare = gaps[:, len(REQUIRED) :].all(axis=1) & ~gaps[:, : len(REQUIRED)].any(axis=1)
    assert bare.sum() / 4000 == pytest.approx(masking.REQUIRED_ONLY_SHARE, abs=0.03)
    assert (~bare).sum() / 4000 == pytest.approx(masking.GROUPS_SHARE, abs=0.03)


def test_groups_go_missing_as_a_whole(x):
    rows, _ = masking.with_masked_copies(x, np.arange(200), rng=np.random.default_rng(1))
    gaps = np.isnan(rows)
    partial = np.flatnonzero(gaps.any(axis=1) & ~gaps[:, len(REQUIRED) :].all(axis=1))
    for row in partial:
        gone = {g for g, columns in masking.groups().items() if gaps[row, columns].all()}
        explained = {column for g in gone for column in masking.groups()[g]}
        assert set(np.flatnonzero(gaps[row])) == explained


def test_the_same_seed_masks_the_same(x):
    first, again = (
        masking.with_masked_copies(x, np.arange(200), rng=np.random.default_rng(4))
        for _ in range(2)
    )
    assert np.array_equal(first[0], again[0], equal_nan=True)


def test_every_group_has_features_and_every_signal_exists():
    assert all(len(columns) for columns in masking.groups().values())
    named = {s for signals in masking.SIGNALS_TOGETHER.values() for s in signals}
    assert named <= set(SIGNAL_NAMES)


def test_what_a_cluster_may_lack_is_in_a_group():
    covered = {column for columns in masking.groups().values() for column in columns}
    always = {f.name for i, f in enumerate(CATALOGUE) if i not in covered and f in OPTIONAL}
    memory_and_cpu = {name for name in always if name.startswith(("memory_", "cpu_"))}
    assert always == memory_and_cpu
