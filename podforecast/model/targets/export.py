"""From a fitted pipeline of a target to its portable form. Runs when a model is saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from xgboost import XGBClassifier

from podforecast.domain.telemetry import Array
from podforecast.model.archive import Kind
from podforecast.model.export import folded
from podforecast.model.targets.candidates import N_FEATURES, STATUS_SCALE
from podforecast.model.targets.fitting import Fitted
from podforecast.model.targets.form import N_STATUSES
from podforecast.model.tree_export import first_float32_above

Arrays = dict[str, np.ndarray]


def arrays_of(fitted: Fitted) -> tuple[Kind, Arrays]:
    """Arrays of a :class:`LinearTarget` or :class:`TreesTarget`.

    Raises
    ------
    TypeError
        For a kind of model that has no portable form.
    """
    prepare, classifier = fitted.pipeline[0], fitted.pipeline[-1]
    if isinstance(classifier, LogisticRegression):
        return "linear", _linear(prepare, classifier, fitted)
    if isinstance(classifier, RandomForestClassifier):
        trees = [_of_sklearn(tree.tree_, fitted) for tree in classifier.estimators_]
        fill = prepare.fill_.astype(np.float64)
        return "trees", _flat(trees, fill) | {
            "boosted": np.array(0),
            "start": np.zeros(fitted.n_classes),
        }
    if isinstance(classifier, XGBClassifier):
        return "trees", _boosted(classifier, fitted)
    raise TypeError(f"no portable form of {type(classifier).__name__}")


def _linear(design: Any, linear: LogisticRegression, fitted: Fitted) -> Arrays:  # noqa: ANN401 - untyped base
    coefficients, intercepts = linear.coef_, linear.intercept_
    if len(fitted.columns) == 2:  # scikit-learn keeps the margin of the second class only
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    n_rest = coefficients.shape[1] - _design_columns(design)
    features = coefficients[:, : coefficients.shape[1] - n_rest]
    each = [
        folded(design, SimpleNamespace(coef_=row[None], intercept_=intercept[None]))
        for row, intercept in zip(features, intercepts, strict=True)
    ]
    now = np.zeros((N_STATUSES, fitted.n_classes))
    if n_rest:
        now[:, fitted.columns] = coefficients[:, -n_rest:].T * STATUS_SCALE
    found = {name: np.stack([one[name] for one in each]) for name in each[0]}
    return {
        **{
            name: _spread(found[name], fitted)
            for name in ("slope", "unknown", "hinge_slope", "category")
        },
        "logged": found["logged"][0],
        "hinge_at": found["hinge_at"][0],
        "intercept": _never(_spread(found["intercept"], fitted), fitted),
        "now": now,
    }


def _design_columns(design: Any) -> int:  # noqa: ANN401 - untyped base
    """Columns that the features alone make."""
    return int(design.transform(np.zeros((1, N_FEATURES))).shape[1])


IMPOSSIBLE = -700.0
"""Margin of a class that the pipeline has not seen: its share is 0 in float64."""


def _spread(values: np.ndarray, fitted: Fitted) -> np.ndarray:
    """Put what is known of the pipeline's classes in the places of the task's."""
    spread = np.zeros((fitted.n_classes, *values.shape[1:]))
    spread[:] = np.where(np.isnan(values[0]), np.nan, 0.0)
    spread[fitted.columns] = values
    return spread


def _never(intercept: np.ndarray, fitted: Fitted) -> np.ndarray:
    seen = np.isin(np.arange(fitted.n_classes), fitted.columns)
    return np.where(seen, intercept, IMPOSSIBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    """One tree, node 0 is the root; a leaf is its own child."""

    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    unknown_right: np.ndarray
    value: Array
    """(n_nodes, n_classes)."""


def _of_sklearn(tree: Any, fitted: Fitted) -> _Tree:  # noqa: ANN401 - a Cython class
    """scikit-learn goes left where a float32 value is <= a float64 threshold."""
    node = np.arange(tree.node_count)
    is_leaf = tree.children_left < 0
    value = np.zeros((len(node), fitted.n_classes))
    below = tree.value[:, 0, :]
    value[:, fitted.columns] = below / below.sum(axis=1, keepdims=True)
    return _Tree(
        left=np.where(is_leaf, node, tree.children_left),
        right=np.where(is_leaf, node, tree.children_right),
        feature=np.where(is_leaf, 0, tree.feature),
        threshold=np.where(is_leaf, 0.0, first_float32_above(tree.threshold)),
        unknown_right=np.zeros(len(node)),
        value=value,
    )


def _boosted(classifier: XGBClassifier, fitted: Fitted) -> Arrays:
    """XGBoost grows one tree per class and round; with two classes, one per round."""
    learner = json.loads(classifier.get_booster().save_raw("json"))["learner"]
    model = learner["gradient_booster"]["model"]
    places = fitted.columns if len(fitted.columns) > 2 else fitted.columns[1:]
    trees = [
        _of_xgboost(tree, int(places[which]), fitted.n_classes)
        for tree, which in zip(model["trees"], model["tree_info"], strict=True)
    ]
    base = np.atleast_1d(json.loads(learner["learner_model_param"]["base_score"]))
    start = np.where(np.isin(np.arange(fitted.n_classes), fitted.columns), 0.0, IMPOSSIBLE)
    if len(fitted.columns) == 2:
        start[places] = np.log(base / (1 - base))
    elif len(base) == len(places):
        start[places] += base
    n_columns = classifier.n_features_in_
    return _flat(trees, np.full(n_columns, np.nan)) | {"boosted": np.array(1), "start": start}


def _of_xgboost(tree: Any, place: int, n_classes: int) -> _Tree:  # noqa: ANN401 - a document of XGBoost
    left, right = np.array(tree["left_children"]), np.array(tree["right_children"])
    is_leaf, node = left < 0, np.arange(len(left))
    condition = np.array(tree["split_conditions"], dtype=np.float64)
    value = np.zeros((len(node), n_classes))
    value[is_leaf, place] = condition[is_leaf]
    return _Tree(
        left=np.where(is_leaf, node, left),
        right=np.where(is_leaf, node, right),
        feature=np.where(is_leaf, 0, tree["split_indices"]),
        threshold=np.where(is_leaf, 0.0, condition),
        unknown_right=np.where(is_leaf, 0, 1 - np.array(tree["default_left"])),
        value=value,
    )


def _flat(trees: Sequence[_Tree], fill: Array) -> Arrays:
    """All trees one after another."""
    first = np.cumsum([0, *(len(tree.left) for tree in trees)])
    shifted = list(zip(trees, first, strict=False))
    return {
        "left": np.concatenate([tree.left + start for tree, start in shifted]).astype(np.int32),
        "right": np.concatenate([tree.right + start for tree, start in shifted]).astype(np.int32),
        "root": first[:-1].astype(np.int32),
        **{
            name: np.concatenate([getattr(tree, name) for tree in trees])
            for name in ("feature", "threshold", "unknown_right", "value")
        },
        "fill": fill,
    }
