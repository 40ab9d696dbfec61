"""How often each kind of model breaks the promise that risk never falls when a feature rises."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.models.campaigns import SEED, Line
from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.telemetry import Array
from podforecast.evaluation.trial import Trial
from podforecast.model import fitting
from podforecast.model.candidates import CANDIDATES, Candidate
from podforecast.model.fitting import Recipe, Rows
from podforecast.model.preprocessing import MONOTONE

RISE = 1.05
ROUNDING = 1e-9
"""A fall below this is the last digits of a float64."""
NOTICED = 0.01
"""A fall that somebody would see on the dashboard."""

Score = Callable[[Array], Array]


def promises(trial: Trial) -> Iterator[Line]:
    """Fit each candidate with its usual settings, raise what is known of each test row by 5 %."""
    for one in CANDIDATES:
        score = _fitted(one, trial)
        falls = {CATALOGUE[column].name: fall_of(score, trial.test.x, column)
                 for column in MONOTONE}  # fmt: skip
        for feature, fall in falls.items():
            yield {"candidate": one.name, "feature": feature, **_figures(fall)}
        worst = np.fmax.reduce(list(falls.values()))
        yield {"candidate": one.name, "feature": "any of them", **_figures(worst)}


def fall_of(score: Score, x: Array, column: int) -> Array:
    """By how much the score falls when a feature rises by 5 %, at most to its limit.

    Parameters
    ----------
    x
        Rows of shape (n, n_features), NaN = unknown.

    Returns
    -------
    ndarray of shape (n,)
        Negative where the score rises; NaN where the feature is unknown or has no room to rise.
    """
    x = x.astype(np.float64)
    higher = x.copy()
    higher[:, column] = np.minimum(x[:, column] * RISE, CATALOGUE[column].high)
    rises = higher[:, column] > x[:, column]
    fall = np.full(len(x), np.nan)
    fall[rises] = score(x[rises]) - score(higher[rises])
    return fall


def _fitted(one: Candidate, trial: Trial) -> Score:
    data, rows = Rows.of(trial.train), np.arange(len(trial.train))
    recipe = Recipe(name=one.name, parameters=one.usual)
    [pipeline] = fitting.run([lambda: fitting.fit(data, rows, recipe, seed=SEED)], jobs=1)
    return lambda x: fitting.raw(pipeline, x)


def _figures(fall: Array) -> Line:
    known = fall[~np.isnan(fall)]
    if not len(known):
        return {"rows": 0}
    return {
        "rows": len(known),
        "share_lower": round(float(np.mean(known > ROUNDING)), 4),
        "share_lower_by_0.01": round(float(np.mean(known > NOTICED)), 4),
        "largest_fall": round(float(max(known.max(), 0.0)), 4),
    }
