"""Anomaly scores alone, beside each other: robust deviation against an isolation forest.

The forest is fitted on rows of the training campaigns that no failure follows, and told nothing of
any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline

from benchmarks.models.campaigns import SEED, Line, difference_lines, ranking_line
from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.tables import Index
from podforecast.evaluation import contestants
from podforecast.evaluation.trial import Method, Trial
from podforecast.model.candidates import candidate
from podforecast.model.fitting import Recipe

DEVIATION = "prometheus_anomaly_score"
SAME_SIGNALS = frozenset({"cpu_usage_ratio", "memory_usage_ratio"})
"""What the robust deviation looks at."""


def anomalies(trial: Trial) -> Iterator[Line]:
    """Judge each score alone, and as a feature; differences are forest minus robust deviation."""
    column = feature_index(DEVIATION)
    robust = Method(
        name="robust deviation",
        title="anomaly score",
        kind="rule",
        calibration=np.nan_to_num(trial.train.x[:, column], nan=0.0),
        test=np.nan_to_num(trial.test.x[:, column], nan=0.0),
    )
    forests = [isolated(trial, name, columns) for name, columns in inputs().items()]
    for method in (robust, *forests):
        yield ranking_line(trial, method)
    for forest in forests:
        yield from difference_lines(trial, forest, [robust])
    yield from _feeding(trial, column, {method.name: method for method in (robust, *forests)})


def _feeding(trial: Trial, column: int, scores: Mapping[str, Method]) -> Iterator[Line]:
    """Fit a random forest with each score as the feature: which one it is worth more with."""
    fed = [_fed(trial, column, name, score) for name, score in scores.items()]
    for method in fed:
        yield ranking_line(trial, method)
    for other in fed[1:]:
        yield from difference_lines(trial, other, fed[:1])


def _fed(trial: Trial, column: int, name: str, score: Method) -> Method:
    if score.calibration is None:
        raise ValueError(f"{name} has no scores of training rows")
    train, test = trial.train.x.copy(), trial.test.x.copy()
    train[:, column], test[:, column] = score.calibration, score.test
    recipe = Recipe(name="RandomForest", parameters=candidate("RandomForest").usual)
    fitted = contestants.plain_fit(recipe, seed=SEED)(replace(trial.train, x=train))
    title = f"random forest with {name}"
    return Method(name=title, title=title, kind="candidate", calibration=None, test=fitted(test))


def inputs() -> dict[str, Index]:
    """Columns that an isolation forest gets, by what it is called then."""
    others = [feature for feature in CATALOGUE if feature.name != DEVIATION]
    same = [f.name for f in others if f.signals and SAME_SIGNALS.issuperset(f.signals)]
    names = {"CPU and memory": same, "all features": [f.name for f in others]}
    return {f"isolation forest, {title}": np.array([feature_index(name) for name in found])
            for title, found in names.items()}  # fmt: skip


def isolated(trial: Trial, name: str, columns: Index, *, seed: int = SEED) -> Method:
    """Fit 100 trees of 256 rows each, as Liu et al. (2008) did, and score both sides."""
    healthy = trial.train.x[trial.train.y == 0][:, columns]
    forest = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        IsolationForest(n_estimators=100, max_samples=min(256, len(healthy)), random_state=seed),
    ).fit(healthy)
    return Method(
        name=name,
        title=name,
        kind="rule",
        calibration=_strangeness(forest, trial.train.x[:, columns]),
        test=_strangeness(forest, trial.test.x[:, columns]),
    )


def _strangeness(forest: Pipeline, x: np.ndarray) -> np.ndarray:
    return -np.asarray(forest.score_samples(x), dtype=np.float64)
