"""Trees for one row, without walking them: each feature says which leaves its value leaves open.

Every leaf of every tree is a bit of one whole number. The thresholds of a feature cut its values
into intervals, and for each interval a mask has the leaves that are not cut off by any split on
that feature, whichever way the other features go. What the masks of all features have in common is
one leaf of each tree. The idea of a bit per leaf is that of QuickScorer (Lucchese et al. 2015);
a mask per interval, which closes both sides of a split, needs neither its scans nor its ranking.

A dozen calls of Python's own operators on a few kilobytes take half as long as NumPy takes to
gather thousands of nodes from wherever they lie.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from operator import and_
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.telemetry import Array

MOST_BYTES = 48 * 1024 * 1024
"""Of all masks: they grow with the square of the leaves, so very large forests are walked."""

Nodes = NDArray[np.intp]


class Column(NamedTuple):
    """What one feature leaves open."""

    cuts: list[float]
    """Rising; a value goes to the right of a split from its cut on."""
    masks: list[int]
    """One more than cuts: below the first, between two, from the last on."""
    unknown: int
    """Where the feature is NaN."""


class LeafMasks:
    """The leaf of each tree that one row ends in.

    Parameters
    ----------
    root
        Of each tree.
    arrays
        Per node ``left`` (the right child follows it; a leaf is its own), ``feature``,
        ``threshold`` (float32, from which on a float32 value goes right) and ``unknown_right``;
        per feature ``fill`` (stands for NaN, NaN where none does). Every node is in one tree.
    values
        Of each node, of any type.
    """

    def __init__(
        self, root: Nodes, arrays: Mapping[str, np.ndarray], values: NDArray[np.floating]
    ) -> None:
        left = arrays["left"]
        leaves = _Leaves(root.tolist(), left.tolist())
        self._n_bytes = -(-leaves.count // 8)
        is_leaf = left == np.arange(len(left))
        in_order = np.argsort(np.array(leaves.first)[is_leaf])
        self._values = np.resize(values[is_leaf][in_order], 8 * self._n_bytes)
        splits = _splits_by_feature(is_leaf, arrays["feature"], len(arrays["fill"]))
        cuts = first_double_of(arrays["threshold"])
        self._columns = [
            _column(nodes, cuts[nodes], arrays["unknown_right"][nodes], fill, leaves)
            for nodes, fill in zip(splits, arrays["fill"].tolist(), strict=True)
        ]
        # What is open if all features from one on are unknown: clients send the first few.
        after = [leaves.all_open, *(column.unknown for column in reversed(self._columns))]
        self._unknown_from = [*accumulate(after, and_)][::-1]

    def values(self, row: Array) -> NDArray[np.floating]:
        """Value of the leaf of each tree, (n_trees,), for one row, (n_features,)."""
        end = (row == row).tobytes().rfind(1) + 1
        leaves = self._unknown_from[end]
        for value, (cuts, masks, unknown) in zip(row[:end].tolist(), self._columns, strict=False):
            leaves &= masks[bisect_right(cuts, value)] if value == value else unknown
        bits = np.unpackbits(np.frombuffer(leaves.to_bytes(self._n_bytes, "big"), np.uint8))
        return self._values.compress(bits.view(np.bool_))


def bytes_of(arrays: Mapping[str, np.ndarray]) -> int:
    """At most what the masks of some trees take, before any is made."""
    left = arrays["left"]
    is_leaf = left == np.arange(len(left))
    n_masks = int((~is_leaf).sum()) + 3 * len(arrays["fill"])
    return n_masks * int(is_leaf.sum()) // 8


def first_double_of(threshold: NDArray[np.float32]) -> Array:
    """Smallest double that a float32 comparison takes for the threshold, or for more.

    With it, rows need not be rounded before they are compared.

    >>> first_double_of(np.array([1.0], np.float32)) == 1 - 2**-25
    array([ True])
    """
    below = np.nextafter(threshold, np.float32(-np.inf)).astype(np.float64)
    middle = (below + threshold) / 2
    # The middle itself is rounded to the even one of the two.
    return np.where(middle.astype(np.float32) == threshold, middle, np.nextafter(middle, np.inf))


class _Leaves:
    """Bits of the leaves below each node: those of a node, as those of a tree, are neighbours."""

    def __init__(self, root: Sequence[int], left: Sequence[int]) -> None:
        self._below = [1] * len(left)
        for node in reversed(range(len(left))):
            if left[node] != node:
                self._below[node] = self._below[left[node]] + self._below[left[node] + 1]
        self.first = [0] * len(left)
        """Number of the first leaf below each node, or of itself."""
        self.count = 0
        for node in root:
            self.first[node] = self.count
            self.count += self._below[node]
        for node, child in enumerate(left):
            if child != node:
                self.first[child] = self.first[node]
                self.first[child + 1] = self.first[node] + self._below[child]
        # From the highest bit on, in which order bytes are unpacked.
        self._bits = -(-self.count // 8) * 8
        self.all_open = self._bits_of(0, self.count)
        self._left = left

    def left_closed(self, node: int) -> int:
        """All leaves but those on the left of a split."""
        return self._closed(self._left[node])

    def right_closed(self, node: int) -> int:
        """All leaves but those on the right of a split."""
        return self._closed(self._left[node] + 1)

    def _closed(self, node: int) -> int:
        return self.all_open ^ self._bits_of(self.first[node], self._below[node])

    def _bits_of(self, first: int, count: int) -> int:
        return ((1 << count) - 1) << (self._bits - first - count)


def _splits_by_feature(
    is_leaf: NDArray[np.bool_], feature: Nodes, n_features: int
) -> Iterable[Nodes]:
    splits = np.flatnonzero(~is_leaf)
    splits = splits[np.argsort(feature[splits], kind="stable")]
    ends = np.searchsorted(feature[splits], np.arange(1, n_features))
    return np.split(splits, ends)


def _column(
    nodes: Nodes, cuts: Array, unknown_right: Nodes, fill: float, leaves: _Leaves
) -> Column:
    """Masks of one feature, from all splits on it."""
    rising = np.argsort(cuts, kind="stable")
    cuts, splits = cuts[rising], nodes[rising].tolist()
    # Up to each cut: a value beyond it closed the left, a value before it closes the right.
    passed = [leaves.all_open, *map(leaves.left_closed, splits)]
    ahead = [leaves.all_open, *map(leaves.right_closed, reversed(splits))]
    both = zip(accumulate(passed, and_), [*accumulate(ahead, and_)][::-1], strict=True)
    masks = [before & after for before, after in both]
    apart = np.unique(cuts)
    kept = [0, *np.searchsorted(cuts, apart, side="right").tolist()]
    column = Column(apart.tolist(), [masks[place] for place in kept], leaves.all_open)
    if fill == fill:
        return column._replace(unknown=masks[bisect_right(cuts.tolist(), fill)])
    unknown = leaves.all_open
    for node, goes_right in zip(nodes.tolist(), unknown_right.tolist(), strict=True):
        unknown &= leaves.left_closed(node) if goes_right else leaves.right_closed(node)
    return column._replace(unknown=unknown)
