"""The kinds of model that are compared for a target, one setting each.

Each is a scikit-learn ``Pipeline`` of ``prepare`` and ``classify`` on a table of the catalogue's
features, followed, where a target looks at it, by one column per status that the pod may have now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from xgboost import XGBClassifier

from podforecast.domain.catalogue import CATALOGUE
from podforecast.model.manifest import Scalar
from podforecast.model.preprocessing import FillUnknown, LinearDesign
from podforecast.model.targets.task import ISSUE_TYPE, N_STATUSES, POD_STATUS, Target

Parameters = Mapping[str, Scalar]
N_FEATURES = len(CATALOGUE)
STATUS_SCALE = 10.0
"""What is usual for a status is known from thousands of rows: its columns are hardly penalised,
while the features, of which campaigns differ, are penalised strongly."""


class TargetDesign(LinearDesign):
    """A linear design whose columns of the status now are scaled."""

    def transform(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the design, of the type of ``x``."""
        design = super().transform(x)
        if x.shape[1] > N_FEATURES:
            design[:, N_FEATURES - x.shape[1] :] *= STATUS_SCALE
        return design


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCandidate:
    """One kind of model for a target."""

    name: str
    build: Callable[[Parameters, int], Pipeline]
    """From parameters and a seed to an unfitted pipeline that uses one thread."""
    parameters: Mapping[Target, Parameters]


def _logistic_regression(parameters: Parameters, seed: int) -> Pipeline:  # noqa: ARG001 - no randomness
    linear = LogisticRegression(max_iter=200, **parameters)
    return Pipeline([("prepare", TargetDesign()), ("classify", linear)])


def _random_forest(parameters: Parameters, seed: int) -> Pipeline:
    forest = RandomForestClassifier(
        max_features="sqrt", max_samples=0.3, random_state=seed, n_jobs=1, **parameters
    )
    return Pipeline([("prepare", FillUnknown()), ("classify", forest)])


def _xgboost(parameters: Parameters, seed: int) -> Pipeline:
    boosted = XGBClassifier(
        learning_rate=0.1,
        subsample=0.7,
        colsample_bytree=0.3,
        reg_lambda=5.0,
        min_child_weight=5.0,
        tree_method="hist",
        max_bin=64,
        random_state=seed,
        n_jobs=1,
        **parameters,
    )
    return Pipeline([("prepare", "passthrough"), ("classify", boosted)])


CANDIDATES: tuple[TargetCandidate, ...] = (
    TargetCandidate(
        name="LogisticRegression",
        build=_logistic_regression,
        parameters={ISSUE_TYPE: {"C": 0.003}, POD_STATUS: {"C": 0.0005}},
    ),
    TargetCandidate(
        name="RandomForest",
        build=_random_forest,
        parameters={
            ISSUE_TYPE: {"n_estimators": 60, "max_depth": 8, "min_samples_leaf": 10},
            POD_STATUS: {"n_estimators": 40, "max_depth": 6, "min_samples_leaf": 20},
        },
    ),
    TargetCandidate(
        name="XGBoost",
        build=_xgboost,
        parameters={
            ISSUE_TYPE: {"n_estimators": 60, "max_depth": 3},
            POD_STATUS: {"n_estimators": 40, "max_depth": 2},
        },
    ),
)


def table(x: NDArray[np.floating], now: NDArray[np.int8] | None) -> NDArray[np.floating]:
    """Features, and beside them one column per status: 1 for that of now.

    Parameters
    ----------
    x
        (n, n_features).
    now
        Codes, (n,); None for a target that does not look at them.
    """
    if now is None:
        return x
    columns = (now[:, None] == np.arange(N_STATUSES)).astype(x.dtype)
    return np.concatenate([x, columns], axis=1)
