"""Fitted trees as flat arrays, walked by NumPy: all trees and many rows, one level at a time.

Both libraries compare in float32, and so must this: a value within one rounding of a split
would otherwise go the other way. A split is always ``value < threshold``, to the left where it
holds. The children of a node are neighbours, so that the way down is one addition. Unknown has
a direction of its own at each split: rows are written twice, once with -inf for NaN and once with
+inf, and a split asks the copy that goes its way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.telemetry import Array
from podforecast.model.attribution import LEAST, log_odds_of
from podforecast.model.leaf_masks import MOST_BYTES, LeafMasks, bytes_of
from podforecast.model.tree_checks import check_trees

CELLS_AT_ONCE = 1 << 15
"""Rows times trees that are walked at a time; their arrays stay in the second-level cache."""
QUICK_STEPS = 10_000
"""Trees times levels up to which a row takes well below a millisecond."""

FURTHEST = 80.0
"""Margins below this are clipped by the calibrator all the same; beyond it float32 ends."""
ONE = np.float32(1)

Nodes = NDArray[np.intp]
INTEGERS = ("feature", "unknown_right", "left", "root")
NUMBERS = ("threshold", "value", "fill")


class TreeForm:
    """A sum, or mean, of trees.

    Parameters
    ----------
    arrays
        Per node: ``feature``, ``threshold``, ``unknown_right`` (1 where NaN goes right), ``left``
        (child on the left, the right one follows it; a leaf is its own), ``value`` (of a leaf what
        it adds, of a split the mean below it). Per tree: ``root``. Per feature: ``fill`` (stands
        for NaN, NaN where none does). Numbers: ``boosted`` (1: float32 values add up to log-odds;
        0: the mean of the values is a probability) and ``start``, which the sum begins with.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the arrays are not of this form.
    """

    method: Literal["path"] = "path"

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        integers = {name: np.asarray(arrays[name]).astype(np.intp) for name in INTEGERS}
        numbers = {name: np.asarray(arrays[name], dtype=np.float64) for name in NUMBERS}
        check_trees(integers, numbers)
        self._boosted, self._start = bool(arrays["boosted"]), float(arrays["start"])
        self._root, self._left = integers["root"], integers["left"]
        # What is written for NaN in the two copies of a row.
        self._unknown_left = np.where(np.isnan(numbers["fill"]), -np.inf, numbers["fill"])
        self._unknown_right = np.where(np.isnan(numbers["fill"]), np.inf, numbers["fill"])
        self._feature, self._value = integers["feature"], numbers["value"]
        self._leaf = self._value.astype(np.float32) if self._boosted else self._value
        is_leaf = self._left == np.arange(len(self._left))
        self._threshold = np.where(is_leaf, np.inf, numbers["threshold"]).astype(np.float32)
        # Columns of a doubled row; the last one is -inf, so that a leaf never goes right.
        self._asks = np.where(
            is_leaf,
            2 * self.n_features,
            self._feature + self.n_features * integers["unknown_right"],
        )
        self._depth = _depth(self._root, self._left)
        asked: dict[str, np.ndarray] = {**integers, "fill": numbers["fill"]}
        asked["threshold"] = self._threshold
        is_small = bytes_of(asked) <= MOST_BYTES
        self._masks = LeafMasks(self._root, asked, self._leaf) if is_small else None

    @property
    def n_features(self) -> int:
        return len(self._unknown_left)

    @property
    def is_quick(self) -> bool:
        return len(self._root) * self._depth <= QUICK_STEPS

    def odds(self, values: Array) -> Array:
        """Log-odds of each row, (n,); in chunks, so that memory does not grow with the rows."""
        return self._odds_of(self._scores(values))

    def odds_of_one(self, row: Array) -> float:
        """Log-odds of one row, (n_features,): as :meth:`odds`, without what tables need."""
        if self._masks is None:
            return float(self.odds(row[None])[0])
        leaves = self._masks.values(row)
        leaves[0] += self._start
        score = float(np.add.accumulate(leaves)[-1])
        if self._boosted:
            score = float(ONE / (np.float32(math.exp(min(-score, FURTHEST))) + ONE))
        else:
            score /= len(self._root)
        inside = min(max(score, LEAST), 1 - LEAST)
        return math.log(inside) - math.log1p(-inside)

    def parts(self, values: Array, typical: Array) -> Array:
        """Path attribution (Saabas 2014) less that of the typical rows, (n, n_features).

        A forest adds up probabilities; its parts are put on the scale of log-odds by the slope
        between the two rows.
        """
        parts = self._paths(values) - self._paths(typical)
        if self._boosted:
            return parts
        scores = self._scores(values), self._scores(typical)
        odds = [self._odds_of(score) for score in scores]
        apart = np.abs(scores[0] - scores[1]) > 1e-9
        middle = np.clip((scores[0] + scores[1]) / 2, LEAST, 1 - LEAST)
        tangent = 1 / (middle * (1 - middle))
        secant = (odds[0] - odds[1]) / np.where(apart, scores[0] - scores[1], 1.0)
        return parts * np.where(apart, secant, tangent)[:, None]

    def _scores(self, values: Array) -> Array:
        """Sum or mean of the leaves of each row, (n,)."""
        rows = max(1, CELLS_AT_ONCE // len(self._root))
        return np.concatenate(
            [
                self._added(self._leaves(self._doubled(values[first : first + rows])))
                for first in range(0, max(len(values), 1), rows)
            ]
        )

    def _added(self, nodes: Nodes) -> Array:
        """Add the leaves up tree by tree, as the libraries do: float32 sums depend on the order."""
        leaves = self._leaf[nodes]
        leaves[0] += self._start
        added: Array = np.add.accumulate(leaves)[-1].astype(np.float64)
        return added if self._boosted else added / len(self._root)

    def _odds_of(self, scores: Array) -> Array:
        """Log-odds as the calibrator gets them: of a probability, of a booster a float32 one."""
        if self._boosted:
            tail = np.exp(np.minimum(-scores, FURTHEST)).astype(np.float32)
            scores = (ONE / (tail + ONE)).astype(np.float64)
        return log_odds_of(scores)

    def _doubled(self, values: Array) -> NDArray[np.float32]:
        """Rows as float32 with NaN as -inf, again with NaN as +inf, and a last -inf."""
        n_rows, n_features = values.shape
        unknown = np.isnan(values)
        with np.errstate(over="ignore"):  # a value beyond float32 is beyond every split as well
            doubled = np.empty((n_rows, 2 * n_features + 1), dtype=np.float32)
            doubled[:, :n_features] = np.where(unknown, self._unknown_left, values)
            doubled[:, n_features:-1] = np.where(unknown, self._unknown_right, values)
        doubled[:, -1] = -np.inf
        return doubled

    def _leaves(self, doubled: NDArray[np.float32]) -> Nodes:
        """Leaf of each tree and row, (n_trees, n)."""
        node = np.repeat(self._root[:, None], len(doubled), axis=1)
        for _ in range(self._depth):
            node = self._below(node, doubled)
        return node

    def _below(self, node: Nodes, doubled: NDArray[np.float32]) -> Nodes:
        starts = doubled.shape[1] * np.arange(len(doubled))
        asked = doubled.ravel().take(self._asks.take(node) + starts)
        below: Nodes = self._left.take(node) + (asked >= self._threshold.take(node))
        return below

    def _paths(self, values: Array) -> Array:
        """What each feature's splits change on the way down, summed over trees, (n, n_features)."""
        rows = max(1, CELLS_AT_ONCE // len(self._root))
        parts = np.zeros(values.shape)
        for first in range(0, len(values), rows):
            parts[first : first + rows] = self._paths_of(values[first : first + rows])
        return parts if self._boosted else parts / len(self._root)

    def _paths_of(self, values: Array) -> Array:
        doubled = self._doubled(values)
        place = np.arange(len(values)) * self.n_features
        node = np.repeat(self._root[:, None], len(values), axis=1)
        parts = np.zeros(values.size)
        for _ in range(self._depth):
            below = self._below(node, doubled)
            change = self._value[below] - self._value[node]
            feature = (self._feature[node] + place).ravel()
            parts += np.bincount(feature, weights=change.ravel(), minlength=values.size)
            node = below
        return parts.reshape(values.shape)


def _depth(root: Nodes, left: Nodes) -> int:
    """Levels below the roots."""
    level, depth = root, 0
    while True:
        split = level[left[level] != level]
        if not len(split):
            return depth
        level, depth = np.concatenate([left[split], left[split] + 1]), depth + 1
