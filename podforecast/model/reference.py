"""The batch whose probabilities every loaded model, and every faster form of it, must reproduce.

Real rows alone would prove little: two ways of computing a model differ first where a value
sits on a split or a knot, is whole, missing, no code of its category, or as far out as can be.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.tables import Dataset
from podforecast.domain.telemetry import Array
from podforecast.model import masking
from podforecast.model.archive import group
from podforecast.model.export import form_of
from podforecast.model.joined_form import LINEAR, TREES
from podforecast.model.manifest import Reference
from podforecast.model.preprocessing import CATEGORIES
from podforecast.model.training import FittedModel
from podforecast.model.typical import typical_of

SPREAD_ROWS = 32
BOUNDARY_ROWS = 18
WHOLE_ROWS = 4
FURTHEST = 1e9
"""Stands for no limit; well within float32, in which trees compare."""


def reference(fitted: FittedModel, dataset: Dataset) -> Reference:
    """Rows over the whole range of risk, then rows where a mistake would show.

    The first are taken from the data, every other one with the required features only, so they
    have whole numbers, zeros and gaps where real rows have them.
    """
    ranked = np.argsort(fitted.out_of_fold, kind="stable")
    spread = np.linspace(0, len(ranked) - 1, min(SPREAD_ROWS, len(ranked))).astype(np.int64)
    values: Array = dataset.x[ranked[spread]].copy()
    values[1::2] = masking.required_only(values[1::2])
    cuts = boundaries(form_of(fitted.pipeline) or {})
    table = np.concatenate(
        [
            values,
            _on_boundaries(values, cuts),
            np.round(values[-WHOLE_ROWS:]),
            _odd_rows(dataset),
        ]
    )
    return Reference.of(table, fitted.pipeline.predict_proba(table)[:, 1])


def boundaries(form: Mapping[str, np.ndarray]) -> dict[int, Array]:
    """Values at which a model bends or jumps, by column: knots of a line, splits of trees."""
    if LINEAR + "/slope" in form:
        line, trees = (boundaries(group(part, form)) for part in (LINEAR, TREES))
        return {
            column: np.concatenate([cuts[column] for cuts in (line, trees) if column in cuts])
            for column in sorted(line.keys() | trees.keys())
        }
    if "hinge_at" in form:
        knots = np.where(
            form["logged"][:, None] > 0,
            np.copysign(np.expm1(np.abs(form["hinge_at"])), form["hinge_at"]),
            form["hinge_at"],
        )
        return {
            column: knots[column]
            for column in range(len(knots))
            if form["hinge_slope"][column].any()
        }
    if "root" not in form:
        return {}
    split = form["left"] != np.arange(len(form["left"]))
    feature, threshold = form["feature"][split], form["threshold"][split]
    return {int(column): np.unique(threshold[feature == column]) for column in np.unique(feature)}


def _on_boundaries(values: Array, cuts: Mapping[int, Array]) -> Array:
    """Some rows with every value on a cut, then one float32 below, then one above."""
    rng = np.random.default_rng(0)
    rows = values[np.linspace(0, len(values) - 1, BOUNDARY_ROWS).astype(np.int64)].copy()
    for column, at in cuts.items():
        chosen = rng.choice(at, size=len(rows)).astype(np.float32)
        chosen[1::3] = np.nextafter(chosen[1::3], np.float32(-np.inf))
        chosen[2::3] = np.nextafter(chosen[2::3], np.float32(np.inf))
        rows[:, column] = chosen
    return rows


def _odd_rows(dataset: Dataset) -> Array:
    """Nothing known, no known category, no code of a category, lowest and highest values."""
    typical = typical_of(dataset.x, dataset.y)
    nothing = np.full(len(CATALOGUE), np.nan)
    uncategorised, miscoded = typical.copy(), typical.copy()
    for column in CATEGORIES:
        uncategorised[column] = np.nan
        miscoded[column] = len(CATALOGUE[column].categories)
    lowest = [max(feature.low, -FURTHEST) for feature in CATALOGUE]
    highest = [min(feature.high, FURTHEST) for feature in CATALOGUE]
    return np.array([typical, nothing, uncategorised, miscoded, lowest, highest])
