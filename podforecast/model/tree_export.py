"""From fitted trees of scikit-learn and XGBoost to the arrays of :class:`TreeForm`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from xgboost import XGBClassifier

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.telemetry import Array
from podforecast.model.preprocessing import FillUnknown

Arrays = Mapping[str, np.ndarray]
LEAF = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    """One tree as its library has it; all of shape (n_nodes,), node 0 is the root."""

    left: np.ndarray
    """Child where ``value < threshold``; ``LEAF`` for a leaf."""
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    unknown_right: np.ndarray
    value: np.ndarray
    """What a leaf adds."""
    cover: np.ndarray
    """Weight of the training rows that came by."""


def trees_of(prepare: BaseEstimator | str, classifier: BaseEstimator) -> Arrays | None:
    """Arrays of a :class:`TreeForm`; None where there are no trees, or an unknown preparation."""
    if isinstance(classifier, RandomForestClassifier) and isinstance(prepare, FillUnknown):
        forest = [_of_sklearn(tree.tree_) for tree in classifier.estimators_]
        return _flat(forest) | {
            "fill": prepare.fill_,
            "boosted": np.array(0),
            "start": np.array(0.0),
        }
    if isinstance(classifier, XGBClassifier) and prepare == "passthrough":
        return _boosted(json.loads(classifier.get_booster().save_raw("json"))["learner"])
    return None


def _of_sklearn(tree: object) -> _Tree:
    """scikit-learn goes left where a float32 value is <= a float64 threshold."""
    is_leaf = tree.children_left < 0  # type: ignore[attr-defined] # a Cython class
    below = tree.value[:, 0, :]  # type: ignore[attr-defined]
    return _Tree(
        left=np.where(is_leaf, LEAF, tree.children_left),  # type: ignore[attr-defined]
        right=tree.children_right,  # type: ignore[attr-defined]
        feature=np.where(is_leaf, 0, tree.feature),  # type: ignore[attr-defined]
        threshold=np.where(is_leaf, 0.0, first_float32_above(tree.threshold)),  # type: ignore[attr-defined]
        unknown_right=np.zeros(len(is_leaf)),
        value=below[:, 1] / below.sum(axis=1),
        cover=tree.weighted_n_node_samples,  # type: ignore[attr-defined]
    )


def first_float32_above(threshold: Array) -> Array:
    """Smallest float32 that is larger, so that ``x < it`` means ``x <= threshold`` in float32.

    >>> first_float32_above(np.array([1.0])) == np.float64(1 + 2**-23)
    array([ True])
    """
    nearest = threshold.astype(np.float32)
    above = np.where(nearest > threshold, nearest, np.nextafter(nearest, np.float32(np.inf)))
    return above.astype(np.float64)


def _boosted(learner: dict[str, object]) -> Arrays | None:
    """XGBoost writes its trees as JSON: numbers of float32, nothing is lost on the way."""
    model = learner["gradient_booster"]["model"]  # type: ignore[index] # a document of XGBoost
    base = json.loads(learner["learner_model_param"]["base_score"])  # type: ignore[index]
    base = np.float32(base[0] if isinstance(base, list) else base)
    if any(any(tree["split_type"]) for tree in model["trees"]):
        return None  # splits by category, which we do not train
    return _flat([_of_xgboost(tree) for tree in model["trees"]]) | {
        "fill": np.full(len(CATALOGUE), np.nan),
        "boosted": np.array(1),
        "start": -np.log(np.float32(1) / base - np.float32(1)),
    }


def _of_xgboost(tree: Mapping[str, Sequence[float]]) -> _Tree:
    is_leaf = np.array(tree["left_children"]) < 0
    condition = np.array(tree["split_conditions"], dtype=np.float64)
    return _Tree(
        left=np.where(is_leaf, LEAF, tree["left_children"]),
        right=np.array(tree["right_children"]),
        feature=np.where(is_leaf, 0, tree["split_indices"]),
        threshold=np.where(is_leaf, 0.0, condition),
        unknown_right=np.where(is_leaf, 0, 1 - np.array(tree["default_left"])),
        value=condition,
        cover=np.array(tree["sum_hessian"], dtype=np.float64),
    )


def _flat(trees: Sequence[_Tree]) -> dict[str, np.ndarray]:
    """All trees one after another, siblings side by side, parents before children."""
    roots, parts, first = [], [], 0
    for tree in trees:
        roots.append(first)
        parts.append(_in_order(tree, first))
        first += len(parts[-1]["left"])
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {**joined, "root": np.array(roots)}


def _in_order(tree: _Tree, first: int) -> dict[str, np.ndarray]:
    """One tree level by level, its nodes numbered from ``first``."""
    order = np.array(list(_by_level(tree)))
    place = np.empty(len(tree.left), dtype=np.int64)
    place[order] = first + np.arange(len(order))
    is_leaf = tree.left[order] == LEAF
    chosen = {field.name: getattr(tree, field.name)[order] for field in fields(tree)}
    return {
        "left": np.where(is_leaf, place[order], place[chosen["left"]]).astype(np.int32),
        "feature": chosen["feature"].astype(np.int32),
        "unknown_right": chosen["unknown_right"].astype(np.int8),
        "threshold": chosen["threshold"],
        "value": _means(tree)[order],
    }


def _by_level(tree: _Tree) -> Iterator[int]:
    level = [0]
    while level:
        yield from level
        level = [
            int(child)
            for node in level
            if tree.left[node] != LEAF
            for child in (tree.left[node], tree.right[node])
        ]


def _means(tree: _Tree) -> Array:
    """Value of a leaf; of a split the mean of the leaves below it, weighted by cover."""
    means = tree.value.astype(np.float64)
    for node in reversed(list(_by_level(tree))):
        if tree.left[node] != LEAF:
            children = [tree.left[node], tree.right[node]]
            means[node] = np.average(means[children], weights=tree.cover[children])
    return means
