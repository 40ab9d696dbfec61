"""Leave one service out: how well faults are found and named in a service never seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import f1_score
from sklearn.pipeline import Pipeline, make_pipeline

from benchmarks.nezha.measurements import Measurements
from podforecast.domain.telemetry import Array
from podforecast.model.metrics import Ranking
from podforecast.model.resampling import Interval, block_weights, interval

CPU_PCT = 80.0
SLOW_SECONDS = 1.0
"""Rules as people write them: a container at its limit, answers that take a second."""
SEED = 20220822
TREES = 400
Labels = NDArray[np.object_]
Progress = Callable[[str], None]
Frame = pd.DataFrame


def learner() -> Pipeline:
    """A forest of random splits: with some dozens of faults, the least able to learn by heart."""
    return make_pipeline(
        SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True),
        ExtraTreesClassifier(
            n_estimators=TREES,
            min_samples_leaf=3,
            max_features=0.3,
            class_weight="balanced_subsample",
            random_state=SEED,
        ),
    )


def left_out(
    x: Array, y: Labels | NDArray[np.int8], group: Labels, *, progress: Progress
) -> tuple[Labels, Array]:
    """Classes, and their probabilities for each row by a model that saw no row of its group.

    Parameters
    ----------
    x
        Features, NaN = unknown, (n_rows, n_features).
    y
        Classes, (n_rows,).
    group
        Service or day, (n_rows,).
    progress
        Told each group before it is left out.
    """
    classes = np.unique(y)
    found = np.zeros((len(y), len(classes)))
    for one in np.unique(group):
        progress(str(one))
        out = group == one
        model = learner().fit(x[~out], y[~out])
        found[np.ix_(out, np.isin(classes, model.classes_))] = model.predict_proba(x[out])
    return classes, found


def onset_rivals(measured: Measurements, features: pd.DataFrame) -> Mapping[str, Array]:
    """Scores that need no training, for every row of the measurements."""
    pods = measured.pods
    rules = np.maximum(
        pods["cpuusagerate"] / CPU_PCT, pods["podserverlatencyp99_s"].fillna(0) / SLOW_SECONDS
    )
    deviations = features.filter(like=":now").drop(
        columns=[name for name in features if name.startswith("front:")], errors="ignore"
    )
    return {
        "static rules": rules.to_numpy(dtype=np.float64),
        "largest robust deviation": deviations.abs().max(axis=1).fillna(0).to_numpy(),
    }


def ranked(y: NDArray[np.int8], score: Array, block: NDArray[np.int64]) -> Iterator[Interval]:
    """ROC-AUC and average precision with 95 % intervals over blocks of rows."""
    ranking = Ranking(y, score)
    weights = list(block_weights(block, rng=np.random.default_rng(SEED)))
    for measure in (ranking.roc_auc, ranking.average_precision):
        yield interval(measure(), [measure(weight) for weight in weights])


def blocks(measured: Measurements, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Half hours of each pod: a fault and what it disturbs stay together when rows are drawn."""
    half_hour = measured.pods["timestamp"].dt.floor("30min")
    number = pd.factorize(measured.pods["pod"].astype(str) + half_hour.astype(str))[0]
    return number[rows].astype(np.int64)


def macro_f1(truth: Labels, told: Labels, fault: NDArray[np.int64]) -> Interval:
    """Mean of the classes' F1, with its 95 % interval over faults."""
    value = f1_score(truth, told, average="macro", zero_division=0.0)
    draws = [
        f1_score(truth, told, average="macro", zero_division=0.0, sample_weight=weight)
        for weight in block_weights(fault, rng=np.random.default_rng(SEED))
    ]
    return interval(float(value), draws)
