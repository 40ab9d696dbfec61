"""Steps of four levels end where walking level by level does."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.model.tree_steps import TreeSteps

N_COLUMNS = 9


def random_trees(seed, *, n_trees, deepest):
    """Trees of any shape as flat arrays: root, left, asks, threshold."""
    rng = np.random.default_rng(seed)
    left, asks, threshold, roots = [], [], [], []

    def grow(node, depth):
        if depth == 0 or rng.random() < 0.2:
            left[node], asks[node], threshold[node] = node, N_COLUMNS, np.inf
            return
        left[node] = len(left)
        for column in (left, asks, threshold):
            column.extend([0, 0])
        asks[node], threshold[node] = int(rng.integers(N_COLUMNS)), float(rng.integers(5))
        for child in (0, 1):
            grow(left[node] + child, depth - 1)

    for _ in range(n_trees):
        roots.append(len(left))
        for column in (left, asks, threshold):
            column.append(0)
        grow(roots[-1], int(rng.integers(deepest + 1)))
    return (
        np.array(roots, np.intp), np.array(left, np.intp), np.array(asks, np.intp),
        np.array(threshold, np.float32),
    )  # fmt: skip


def walked(row, root, left, asks, threshold):
    """The leaf of each tree, one split after the other."""
    leaves = []
    for node in root.tolist():
        while left[node] != node:
            node = int(left[node]) + int(row[asks[node]] >= threshold[node])
        leaves.append(node)
    return leaves


@pytest.mark.parametrize("deepest", [0, 1, 3, 4, 5, 8, 9, 13])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_row_ends_in_the_leaf_it_would_walk_to(seed, deepest):
    root, left, asks, threshold = random_trees(seed, n_trees=7, deepest=deepest)
    steps = TreeSteps(root, left, asks, threshold, deepest)
    rng = np.random.default_rng(seed)
    for _ in range(50):
        # Whole numbers, so that many a value is the threshold itself.
        row = np.append(rng.integers(-1, 6, N_COLUMNS), -np.inf).astype(np.float32)
        row[rng.random(len(row)) < 0.1] = np.inf
        row[-1] = -np.inf
        assert steps.leaves(row).tolist() == walked(row, root, left, asks, threshold)
