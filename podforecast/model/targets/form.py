"""The portable form of a target's model: plain arrays in one ``.npz`` file, nothing to unpickle.

Two kinds, each with NumPy alone: a linear one, and trees whose leaves hold a vector.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.pods import PodStatus
from podforecast.domain.telemetry import Array
from podforecast.model.archive import UNREADABLE, Arrays, Kind, group, pack, unpack
from podforecast.model.portable import NotPortable
from podforecast.model.targets.scaling import Scaling, softmax

FORMAT = 1
Codes = NDArray[np.int8]
N_FEATURES, N_STATUSES = len(CATALOGUE), len(PodStatus)


class TargetForm(Protocol):
    """From rows to raw distributions."""

    @property
    def n_classes(self) -> int: ...

    def shares(self, values: Array, now: Codes | None) -> Array:
        """Raw distributions, (n, n_features) and (n,) to (n, n_classes)."""
        ...


class LinearTarget:
    """A softmax of margins that are sums of one term per feature, and one per status now.

    Parameters
    ----------
    arrays
        ``logged``, ``hinge_at`` as in :class:`~podforecast.model.linear_form.LinearForm`;
        ``slope``, ``unknown`` and ``hinge_slope``, ``category`` likewise with a leading axis of
        classes; ``intercept`` of shape (n_classes,); ``now`` of shape (n_statuses, n_classes).
    """

    def __init__(self, arrays: Arrays) -> None:
        read = {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}
        self._intercept, self._now = read["intercept"], read["now"]
        self._logged, self._at = read["logged"] > 0, read["hinge_at"]
        category = read["category"]
        is_category = ~np.isnan(category[0]).all(axis=1)
        self._numbers = np.flatnonzero(~is_category)
        self._codes = [
            (int(column), code)
            for column in np.flatnonzero(is_category)
            for code in np.flatnonzero(~np.isnan(category[0, column])).tolist()
        ]
        by_code = [category[:, column, code] for column, code in self._codes]
        # One row per column of the design, in the order in which _design writes it.
        self._coefficients = np.concatenate(
            [
                read["slope"][:, self._numbers].T,
                read["unknown"].T,
                *(gain[:, self._numbers].T for gain in np.moveaxis(read["hinge_slope"], 2, 0)),
                np.array(by_code).reshape(len(by_code), len(self._intercept)),
            ]
        )
        self._check(read)

    def _check(self, read: Arrays) -> None:
        if self._now.shape != (N_STATUSES, self.n_classes) or self._at.shape[0] != N_FEATURES:
            raise ValueError(f"arrays of shapes {self._now.shape} and {self._at.shape}")
        if not all(np.isfinite(a).all() for name, a in read.items() if name != "category"):
            raise ValueError("an array is not finite")

    @property
    def n_classes(self) -> int:
        return len(self._intercept)

    def shares(self, values: Array, now: Codes | None) -> Array:
        """Raw distributions; see :class:`TargetForm`."""
        margins = self._design(values) @ self._coefficients + self._intercept
        if now is not None:
            margins += self._now[now]
        return softmax(margins)

    def _design(self, values: Array) -> Array:
        """Numbers, flags of what is unknown, hinges, codes; unknown numbers add nothing else."""
        unknown = np.isnan(values)
        taken = np.where(self._logged, np.copysign(np.log1p(np.abs(values)), values), values)
        numbers = taken[:, self._numbers]
        gap = unknown[:, self._numbers]
        hinges = [
            np.where(gap, 0.0, np.maximum(numbers - at, 0.0)) for at in self._at[self._numbers].T
        ]
        codes = [values[:, column] == code for column, code in self._codes]
        parts = [np.where(gap, 0.0, numbers), unknown, *hinges]
        if codes:
            parts.append(np.stack(codes, axis=1))
        return np.concatenate(parts, axis=1, dtype=np.float64)


class TreesTarget:
    """Trees whose leaves hold one number per class.

    Parameters
    ----------
    arrays
        Per node: ``feature`` (catalogue, then statuses), ``threshold`` (to the right from there on,
        compared in float32), ``unknown_right``, ``left``, ``right`` (of a leaf itself) and
        ``value`` of shape (n_nodes, n_classes). Per tree: ``root``. Per column: ``fill`` (stands
        for NaN, NaN where none does). ``boosted`` (1: values add up to margins, in float32; 0: the
        mean of the values is the distribution) and ``start``, (n_classes,).
    """

    def __init__(self, arrays: Arrays) -> None:
        self._feature, self._left, self._right, self._root = (
            np.asarray(arrays[name]).astype(np.intp)
            for name in ("feature", "left", "right", "root")
        )
        self._threshold = np.asarray(arrays["threshold"]).astype(np.float32)
        self._unknown_right = np.asarray(arrays["unknown_right"]).astype(bool)
        self._boosted = bool(arrays["boosted"])
        dtype = np.float32 if self._boosted else np.float64
        self._value = np.asarray(arrays["value"]).astype(dtype)
        self._start = np.asarray(arrays["start"]).astype(dtype)
        self._fill = np.asarray(arrays["fill"], dtype=np.float32)
        self._check()
        self._depth = self._levels()

    def _check(self) -> None:
        n_nodes = len(self._feature)
        node = np.arange(n_nodes)
        below = np.stack([self._left, self._right])
        is_leaf = (below == node).all(axis=0)
        # A child comes after its parent, so every way down ends; nothing leaves the arrays.
        if not (is_leaf | ((below > node) & (below < n_nodes)).all(axis=0)).all():
            raise ValueError("a node has a child that is none")
        if not len(self._root) or self._root.min() < 0 or self._root.max() >= n_nodes:
            raise ValueError("a tree begins outside of the nodes")
        if self._feature.min() < 0 or self._feature.max() >= len(self._fill):
            raise ValueError(f"a split asks for a column that is not among {len(self._fill)}")
        if self._value.shape != (n_nodes, len(self._start)) or not np.isfinite(self._value).all():
            raise ValueError(f"values of shape {self._value.shape} for {n_nodes} nodes")

    def _levels(self) -> int:
        level, depth = self._root, 0
        while True:
            split = level[self._left[level] != level]
            if not len(split):
                return depth
            level = np.concatenate([self._left[split], self._right[split]])
            depth += 1

    @property
    def n_classes(self) -> int:
        return len(self._start)

    def shares(self, values: Array, now: Codes | None) -> Array:
        """Raw distributions; see :class:`TargetForm`."""
        leaves = self._value[self._leaf_of(self._columns(values, now))]
        if self._boosted:
            # Tree by tree, as the library does: float32 sums depend on the order.
            return softmax(np.add.reduce(leaves, axis=0).astype(np.float64) + self._start)
        total = leaves.sum(axis=0)
        shares: Array = total / total.sum(axis=1, keepdims=True)
        return shares

    def _columns(self, values: Array, now: Codes | None) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):  # a value beyond float32 is beyond every split as well
            columns = values.astype(np.float32)
        if now is not None:
            statuses = now[:, None] == np.arange(N_STATUSES)
            columns = np.concatenate([columns, statuses], axis=1, dtype=np.float32)
        return np.where(np.isnan(columns), self._fill, columns)

    def _leaf_of(self, columns: NDArray[np.float32]) -> NDArray[np.intp]:
        """Leaf of each tree and row, (n_trees, n)."""
        row = np.arange(len(columns))
        node = np.repeat(self._root[:, None], len(columns), axis=1)
        for _ in range(self._depth):
            asked = columns[row, self._feature[node]]
            right = np.where(
                np.isnan(asked), self._unknown_right[node], asked >= self._threshold[node]
            )
            node = np.where(right, self._right[node], self._left[node])
        return node


def write(kind: Kind, form: Arrays, scaling: Scaling) -> bytes:
    """Bytes of a portable model; the same model gives the same bytes."""
    return pack(FORMAT, kind, form=form, scaling=scaling.arrays())


def read(payload: bytes) -> tuple[TargetForm, Scaling]:
    """Read what :func:`write` wrote; check the bytes' hash first.

    Raises
    ------
    NotPortable
        If they are something else, or of a kind or format that this release does not know.
    """
    kinds: dict[str, type[LinearTarget | TreesTarget]] = {
        "linear": LinearTarget,
        "trees": TreesTarget,
    }
    try:
        named = unpack(payload)
        if int(named["format"]) != FORMAT:
            raise ValueError(f"format {int(named['format'])}, this release reads {FORMAT}")
        form = kinds[str(named["kind"])](group("form", named))
        return form, Scaling.of(group("scaling", named))
    except UNREADABLE as exc:
        raise NotPortable(f"can not be read: {exc}") from exc
