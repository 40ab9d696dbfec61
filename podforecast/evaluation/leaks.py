"""Scores that know the timetable and nothing of the pod. Near chance, or the campaign leaks.

Faults that are injected by a clock can be forecast by a clock. These scores read only when a
row is: how far into the campaign, how long after the last failure anywhere, how old the pod
and its revision are. If one of them ranks much better than a coin, so can a model that has
learned nothing about failing.
"""

from __future__ import annotations

import numpy as np
from xgboost import XGBClassifier

from podforecast.domain.catalogue import feature_index
from podforecast.domain.tables import Dataset
from podforecast.domain.telemetry import Array
from podforecast.evaluation.trial import Method
from podforecast.model import metrics
from podforecast.model.splits import Split

NEAR_CHANCE = 0.6
"""ROC-AUC that the interval of such a score must reach down to: a few dozen failures, which
come in clusters, leave +-0.1 to luck."""


def schedule(dataset: Dataset) -> dict[str, Array]:
    """When each row is; every entry has shape (n_rows,).

    Computed from the whole dataset and cut afterwards, so that a pod's age does not begin
    with the test part. Only failures up to the row itself are looked at.
    """
    return {
        "minutes into the campaign": _minutes_since_start(dataset, dataset.campaign),
        "minutes since the last failure anywhere": _minutes_since_failure(dataset),
        "minutes since the pod was first seen": _minutes_since_start(dataset, dataset.pod),
        "age of the revision": np.nan_to_num(dataset.x[:, feature_index("deployment_uptime_hrs")]),
    }


def _minutes_since_start(dataset: Dataset, group: np.ndarray) -> Array:
    first = np.full(int(group.max()) + 1, np.inf)
    np.minimum.at(first, group, dataset.time)
    elapsed: Array = (dataset.time - first[group]) / 60.0
    return elapsed


def _minutes_since_failure(dataset: Dataset) -> Array:
    """Since the last failure in the row's campaign; since its start before there was one."""
    campaign_of_pod = np.full(len(dataset.pods), -1, dtype=np.int64)
    campaign_of_pod[dataset.pod] = dataset.campaign
    at = np.array([failure.at for failure in dataset.failures], dtype=np.float64)
    since = _minutes_since_start(dataset, dataset.campaign)
    for campaign in np.unique(dataset.campaign):
        rows = np.flatnonzero(dataset.campaign == campaign)
        onsets = np.sort(at[campaign_of_pod[dataset.failure_pod] == campaign])
        before = np.searchsorted(onsets, dataset.time[rows], side="right") - 1
        seen = before >= 0
        since[rows[seen]] = (dataset.time[rows[seen]] - onsets[before[seen]]) / 60.0
    return since


def methods(dataset: Dataset, split: Split, *, seed: int) -> list[Method]:
    """Each schedule column as a score of its own, and all of them together in boosted trees.

    Whether more of a column means more risk is learned from the training part. The trees find
    any shape, a timetable included.
    """
    y, columns = dataset.y[split.train], schedule(dataset)
    scores = {
        f"{name}, alone": _learned_sign(values[split.train], y) * values[split.test]
        for name, values in columns.items()
    }
    table = np.column_stack(list(columns.values()))
    trees = XGBClassifier(n_estimators=80, max_depth=3, random_state=seed, n_jobs=1)
    trees.fit(table[split.train], y)
    scores["timetable and ages together"] = trees.predict_proba(table[split.test])[:, 1]
    return [
        Method(name=title, title=title, kind="leak check", calibration=None, test=score)
        for title, score in scores.items()
    ]


def _learned_sign(values: Array, y: np.ndarray) -> float:
    return 1.0 if metrics.roc_auc(y, values) >= 0.5 else -1.0
