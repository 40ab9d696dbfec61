"""One row ends, by masks, in the leaves it would walk to."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from podforecast.model import tree_form
from podforecast.model.leaf_masks import LeafMasks, bytes_of, first_double_of

N_FEATURES = 6


def random_trees(seed, *, n_trees, deepest):
    """Trees of any shape, with a few thresholds that many splits share, and one filled feature."""
    rng = np.random.default_rng(seed)
    nodes = {name: [] for name in ("left", "feature", "threshold", "unknown_right")}
    roots = []

    def add():
        for column in nodes.values():
            column.append(0)
        return len(nodes["left"]) - 1

    def grow(node, depth):
        nodes["left"][node], nodes["threshold"][node] = node, np.inf
        if depth == 0 or rng.random() < 0.2:
            return
        nodes["left"][node], _ = add(), add()
        nodes["feature"][node] = int(rng.integers(N_FEATURES))
        nodes["threshold"][node] = float(rng.integers(-2, 3))
        nodes["unknown_right"][node] = int(rng.integers(2))
        for child in (0, 1):
            grow(nodes["left"][node] + child, depth - 1)

    for _ in range(n_trees):
        roots.append(add())
        grow(roots[-1], int(rng.integers(deepest + 1)))
    threshold = np.array(nodes.pop("threshold"), np.float32)
    arrays = {name: np.array(column, np.intp) for name, column in nodes.items()}
    arrays["threshold"] = threshold
    arrays["fill"] = np.array([np.nan] * (N_FEATURES - 1) + [1.0])
    return np.array(roots, np.intp), arrays


def walked(row, root, arrays):
    """The leaf of each tree, one split after the other, in float32."""
    left, feature = arrays["left"], arrays["feature"]
    row = np.where(np.isnan(row), arrays["fill"], row)
    leaves = []
    for node in root.tolist():
        while left[node] != node:
            value = row[feature[node]].astype(np.float32)
            goes_right = value >= arrays["threshold"][node]
            if np.isnan(value):
                goes_right = arrays["unknown_right"][node]
            node = int(left[node]) + int(goes_right)
        leaves.append(node)
    return leaves


def by_masks(root, arrays):
    """The values of leaves are their own numbers, so that it shows where a row ended."""
    return LeafMasks(root, arrays, np.arange(len(arrays["left"]), dtype=np.float64))


@pytest.mark.parametrize("deepest", [0, 1, 4, 9])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_row_ends_where_it_would_walk_to(seed, deepest):
    root, arrays = random_trees(seed, n_trees=7, deepest=deepest)
    masks, rng = by_masks(root, arrays), np.random.default_rng(seed)
    for _ in range(60):
        # Whole numbers, and doubles that are beside them in doubles only.
        row = rng.integers(-3, 4, N_FEATURES) * (1 + rng.choice([0, 1e-9, -1e-9], N_FEATURES))
        row[rng.random(N_FEATURES) < 0.2] = np.nan
        assert masks.values(row).tolist() == walked(row, root, arrays)


@pytest.mark.parametrize(
    "row",
    [np.full(N_FEATURES, each) for each in (np.nan, np.inf, -np.inf, -0.0, 1e300, -1e300)],
    ids=lambda row: str(row[0]),
)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
def test_a_row_of_extremes_ends_where_it_would_walk_to(row):
    root, arrays = random_trees(5, n_trees=20, deepest=6)
    assert by_masks(root, arrays).values(row).tolist() == walked(row, root, arrays)


def test_only_the_last_feature_is_known():
    root, arrays = random_trees(6, n_trees=20, deepest=6)
    row = np.full(N_FEATURES, np.nan)
    for row[-1] in (-5.0, 5.0):
        assert by_masks(root, arrays).values(row).tolist() == walked(row, root, arrays)


def test_values_keep_their_type_and_can_be_changed():
    root, arrays = random_trees(1, n_trees=3, deepest=3)
    masks = LeafMasks(root, arrays, np.ones(len(arrays["left"]), np.float32))
    row = np.zeros(N_FEATURES)
    values = masks.values(row)
    values += 1
    assert (values.dtype, masks.values(row).tolist()) == (np.float32, [1.0, 1.0, 1.0])


@pytest.mark.parametrize("threshold", [1.0, 0.1, -0.1, 1 + 2**-23, 0.0, 2.0**-149, 3e38])
def test_doubles_are_cut_where_their_float32_reaches_the_threshold(threshold):
    threshold = np.float32(threshold)
    (cut,) = first_double_of(np.array([threshold], np.float32))
    assert np.float64(cut).astype(np.float32) >= threshold
    assert np.nextafter(cut, -np.inf).astype(np.float32) < threshold


@pytest.mark.parametrize("boosted", [0, 1], ids=["forest", "boosted"])
def test_a_forest_too_large_for_masks_is_walked_to_the_same_odds(boosted, monkeypatch):
    root, arrays = random_trees(8, n_trees=30, deepest=6)
    rng = np.random.default_rng(8)
    arrays["threshold"] = np.where(np.isinf(arrays["threshold"]), 0.0, arrays["threshold"])
    arrays |= {"root": root, "value": rng.uniform(0.0, 0.1, len(arrays["left"]))}
    arrays |= {"boosted": np.array(boosted), "start": np.array(0.5 * boosted)}
    quick = tree_form.TreeForm(arrays)
    monkeypatch.setattr(tree_form, "MOST_BYTES", bytes_of(arrays) - 1)
    walking = tree_form.TreeForm(arrays)
    for row in rng.uniform(-3, 3, (20, N_FEATURES)):
        assert quick.odds_of_one(row) == pytest.approx(walking.odds_of_one(row), abs=1e-12)


def test_masks_are_no_larger_than_was_said_before():
    root, arrays = random_trees(9, n_trees=40, deepest=8)
    tracemalloc.start()
    try:
        kept = by_masks(root, arrays)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept.values(np.zeros(N_FEATURES)).shape == (40,)
    assert bytes_of(arrays) / 4 < size < 2 * bytes_of(arrays)
