"""Trees cut into steps of four levels, for one row: a call of NumPy costs more than what it does.

At each node where a step begins, all splits of the next four levels are asked at once, also those
that the row will not come by. The answers are bits of a number, and a table says where that number
comes out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = 4
SPLITS = 2**LEVELS
"""Of a step, and one more that always goes left: the bits of two bytes."""
EXITS = 2**LEVELS

Nodes = NDArray[np.intp]


class TreeSteps:
    """The way from the root of each tree to its leaf.

    Parameters
    ----------
    root
        Of each tree.
    left
        Of each node its child on the left, which the right one follows; a leaf is its own.
    asks, threshold
        Of each node what it asks of a row, and from which value on it goes right. A leaf never
        does.
    depth
        Levels of the deepest tree.
    """

    def __init__(
        self, root: Nodes, left: Nodes, asks: Nodes, threshold: NDArray[np.float32], depth: int
    ) -> None:
        begins = _where_steps_begin(root, left)
        levels = _levels_below(begins, left)
        splits = np.concatenate([*levels[:-1], levels[-1][:, :1]], axis=1)
        self._asks, self._threshold = asks[splits], threshold[splits]
        # The last column only fills the bytes.
        self._threshold[:, -1] = np.inf
        place = np.zeros(len(left), np.intp)
        place[begins] = np.arange(len(begins))
        self._next = place[levels[-1]].ravel()
        self._start, self._node = place[root], begins
        self._exit = _exits()
        self._steps = -(-depth // LEVELS)

    def leaves(self, row: NDArray[np.float32]) -> Nodes:
        """Leaf of each tree, (n_trees,); ``row`` is what ``asks`` are places in."""
        step = self._start
        for _ in range(self._steps):
            right = row.take(self._asks.take(step, axis=0)) >= self._threshold.take(step, axis=0)
            answers = np.packbits(right, bitorder="little").view("<u2")
            step = self._next.take(EXITS * step + self._exit.take(answers))
        return self._node.take(step)


def _levels_below(nodes: Nodes, left: Nodes) -> list[Nodes]:
    """Nodes of the next four levels, and where these lead, each (n_nodes, 1, 2, 4, 8 and 16)."""
    levels = [nodes[:, None]]
    for _ in range(LEVELS):
        above = levels[-1]
        child = left[above]
        both = np.stack([child, child + (child != above)], axis=-1)
        levels.append(both.reshape(len(nodes), -1))
    return levels


def _where_steps_begin(root: Nodes, left: Nodes) -> Nodes:
    """Roots, and every fourth level below; leaves of other levels lead on to themselves."""
    begins = np.zeros(len(left), dtype=np.bool_)
    new = np.unique(root)
    while len(new):
        begins[new] = True
        ends = np.unique(_levels_below(new, left)[-1])
        new = ends[~begins[ends]]
    return np.flatnonzero(begins)


def _exits() -> NDArray[np.intp]:
    """For all answers of a step, bit by bit in order of its splits, the exit they lead to."""
    answers = np.arange(2**SPLITS)
    exit_ = np.zeros(len(answers), dtype=np.intp)
    for level in range(LEVELS):
        split = 2**level - 1 + exit_
        exit_ = 2 * exit_ + ((answers >> split) & 1)
    return exit_
