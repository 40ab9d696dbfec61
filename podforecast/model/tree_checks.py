"""Whether arrays that were read from a file are trees, so that walking them ends, and inside."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.telemetry import Array

Nodes = NDArray[np.intp]


def check_trees(integers: Mapping[str, Nodes], numbers: Mapping[str, Array]) -> None:
    """Check the arrays of a :class:`podforecast.model.tree_form.TreeForm`.

    Raises
    ------
    ValueError
        If one does not fit the others, or the nodes are no trees.
    """
    n_nodes, n_features = len(integers["feature"]), len(numbers["fill"])
    for name, array in {**integers, **numbers}.items():
        if array.ndim != 1 or (name not in ("root", "fill") and len(array) != n_nodes):
            raise ValueError(f"{name} has shape {array.shape} for {n_nodes} nodes")
    _check_ways(integers["root"], integers["left"])
    if integers["feature"].min() < 0 or integers["feature"].max() >= n_features:
        raise ValueError(f"a split asks for a feature that is not among {n_features}")
    if not np.isin(integers["unknown_right"], (0, 1)).all():
        raise ValueError("unknown goes neither left nor right")
    if not np.isfinite(numbers["threshold"]).all() or not np.isfinite(numbers["value"]).all():
        raise ValueError("a threshold or value is not finite")


def _check_ways(root: Nodes, left: Nodes) -> None:
    node, is_split = np.arange(len(left)), left != np.arange(len(left))
    # A child comes after its parent, so every way down ends; what passes can not leave the arrays.
    if not ((left >= node) & (left + is_split < len(left))).all():
        raise ValueError("a node has a child that is none")
    if not len(root) or root.min() < 0 or root.max() >= len(left):
        raise ValueError("a tree begins outside of the nodes")
    # Ways that meet again would have more leaves than there are nodes.
    reached = np.concatenate([root, left[is_split], left[is_split] + 1])
    if (np.bincount(reached, minlength=len(left)) != 1).any():
        raise ValueError("a node is in no tree, or in more than one")
