"""The kinds of model that are compared: how each is built, and what is tried for it.

Adding a candidate is one entry in ``CANDIDATES``. Each builds a scikit-learn ``Pipeline`` of two
steps, ``prepare`` and ``classify``, that takes catalogue rows with NaN. What is kept never lowers
its probability when a monotone feature rises alone; a kind that can not promise this is compared
with the others and never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from xgboost import XGBClassifier

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.telemetry import Array
from podforecast.model import preprocessing
from podforecast.model.joined import JoinedClassifier
from podforecast.model.manifest import Scalar

Parameters = Mapping[str, Scalar]

COMPARED_ONLY = "compared only: can not promise that risk never falls when memory rises"
"""Said wherever such a candidate is shown."""


class MonotoneLogisticRegression(LogisticRegression):  # type: ignore[misc] # untyped base
    """Logistic regression whose coefficients of chosen columns can not be negative.

    scikit-learn has no bounds on coefficients, so ``fit`` is L-BFGS-B on the same objective
    (log loss plus ``1 / (2 C)`` times the squared coefficients); everything else is inherited.
    Two classes only.

    Parameters
    ----------
    C
        Inverse strength of the L2 penalty, relative to the mean loss over rows.
    monotone
        Columns of the design with coefficients >= 0.
    max_iter
        Steps of the optimiser.
    """

    def __init__(
        self,
        *,
        C: float = 1.0,  # noqa: N803 - scikit-learn's name
        monotone: tuple[int, ...] = (),
        max_iter: int = 200,
    ) -> None:
        super().__init__(C=C, max_iter=max_iter)
        self.monotone = monotone

    def fit(
        self, x: NDArray[np.floating], y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find the coefficients; rows of shape (n, n_columns) without NaN."""
        labels = np.asarray(y, dtype=np.float64)
        weight = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight)
        weight = (weight / weight.sum()).astype(np.float64)
        # The intercept is free, and so starts where the weighted share of positives is.
        share = np.clip(weight @ labels, 1e-9, 1 - 1e-9)
        start = np.append(np.zeros(x.shape[1]), np.log(share / (1 - share)))
        bounds = [(0.0 if column in self.monotone else None, None) for column in range(len(start))]

        def objective(beta: Array) -> tuple[float, Array]:
            return _penalised_log_loss(beta, x, labels, weight, 1.0 / (self.C * len(labels)))

        found = minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": self.max_iter},
        )
        self.coef_ = found.x[None, :-1]
        self.intercept_ = found.x[-1:]
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = x.shape[1]
        self.n_iter_ = np.array([found.nit])
        return self


def _penalised_log_loss(
    beta: Array, x: NDArray[np.floating], y: Array, weight: Array, penalty: float
) -> tuple[float, Array]:
    margin = x @ beta[:-1].astype(x.dtype) + beta[-1]
    loss = weight @ (np.logaddexp(0.0, margin) - y * margin)
    error = weight * (expit(margin) - y)
    slopes = error.astype(x.dtype) @ x + penalty * beta[:-1]
    return float(loss + penalty / 2 * beta[:-1] @ beta[:-1]), np.append(slopes, error.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One kind of model with what is worth trying for it."""

    name: str
    build: Callable[[Parameters, int], Pipeline]
    """From parameters and a seed to an unfitted pipeline that uses one thread."""
    usual: Parameters
    """Tried first; what a search falls back to."""
    tries: tuple[Parameters, ...] = field(default=())
    """Differences from ``usual``, each one more try."""
    monotone: bool = True
    """Whether it promises that a monotone feature that rises alone never lowers the probability;
    without the promise it may be compared and not kept."""

    def settings(self) -> list[Parameters]:
        """Everything that is tried, the usual setting first."""
        return [self.usual, *({**self.usual, **change} for change in self.tries)]


def _logistic_regression(parameters: Parameters, seed: int) -> Pipeline:  # noqa: ARG001 - no randomness
    monotone = tuple(int(column) for column in preprocessing.linear_monotone())
    linear = MonotoneLogisticRegression(monotone=monotone).set_params(**parameters)
    return Pipeline([("prepare", preprocessing.LinearDesign()), ("classify", linear)])


def _random_forest(parameters: Parameters, seed: int) -> Pipeline:
    forest = RandomForestClassifier(
        monotonic_cst=_directions(), random_state=seed, n_jobs=1, **parameters
    )
    return Pipeline([("prepare", preprocessing.FillUnknown()), ("classify", forest)])


def _xgboost(parameters: Parameters, seed: int) -> Pipeline:
    boosted = XGBClassifier(
        monotone_constraints=tuple(_directions()),
        tree_method="hist",
        max_bin=64,  # as good as the usual 256 on features this noisy, in half the memory
        random_state=seed,
        n_jobs=1,
        **parameters,
    )
    return Pipeline([("prepare", "passthrough"), ("classify", boosted)])


def _joined(parameters: Parameters, seed: int) -> Pipeline:
    of_trees = {name: value for name, value in parameters.items() if name != "C"}
    parts = _logistic_regression({"C": parameters["C"]}, seed), _xgboost(of_trees, seed)
    return Pipeline([("prepare", "passthrough"), ("classify", JoinedClassifier(*parts))])


def _neural_network(parameters: Parameters, seed: int) -> Pipeline:
    epochs = int(parameters["epochs"] or 0)
    network = MLPClassifier(
        hidden_layer_sizes=(int(parameters["hidden"] or 0),) * int(parameters["layers"] or 0),
        alpha=parameters["alpha"],
        batch_size=512,
        # Nothing counts as an improvement but the first epoch: it always stops after as many, and
        # never warns that it has not converged.
        tol=1e9,
        n_iter_no_change=epochs - 2,
        max_iter=epochs + 1,
        random_state=seed,
    )
    return Pipeline([("prepare", preprocessing.LinearDesign()), ("classify", network)])


def _directions() -> list[int]:
    return [1 if feature.monotone else 0 for feature in CATALOGUE]


_BOOSTED: Parameters = {
    "n_estimators": 200,
    "learning_rate": 0.05,
    "max_depth": 4,
    "min_child_weight": 20.0,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "reg_lambda": 5.0,
}

CANDIDATES: tuple[Candidate, ...] = (
    Candidate(
        name="LogisticRegression",
        build=_logistic_regression,
        usual={"C": 0.01},
        tries=({"C": 0.0005}, {"C": 0.002}, {"C": 0.1}),
    ),
    Candidate(
        name="RandomForest",
        build=_random_forest,
        # A sixth of the rows per tree and leaves of 20: a forest on rows that are near copies of
        # each other loses nothing by it, and takes a fifth of the time.
        usual={
            "n_estimators": 60,
            "max_depth": 12,
            "min_samples_leaf": 20,
            "max_features": "sqrt",
            "max_samples": 0.15,
        },
        tries=({"min_samples_leaf": 8}, {"max_depth": 7}),
    ),
    Candidate(
        name="XGBoost",
        build=_xgboost,
        usual=_BOOSTED,
        tries=(
            {"max_depth": 2, "n_estimators": 300},
            {"max_depth": 3, "n_estimators": 300},
            {"max_depth": 6},
            {"min_child_weight": 60.0},
            {"reg_lambda": 30.0, "colsample_bytree": 0.3},
            {"n_estimators": 100},
            {"n_estimators": 400},
        ),
    ),
    Candidate(
        name="LogReg+XGBoost",
        build=_joined,
        # Shallower trees of larger leaves than alone: what is rare is the line's to say.
        usual={
            **_BOOSTED,
            "C": 0.002,
            "n_estimators": 300,
            "max_depth": 3,
            "min_child_weight": 60.0,
        },
    ),
    Candidate(
        name="NeuralNetwork",
        build=_neural_network,
        usual={"layers": 1, "hidden": 32, "alpha": 10.0, "epochs": 8},
        monotone=False,
    ),
)


def candidate(name: str) -> Candidate:
    """Return the candidate of a name.

    Raises
    ------
    KeyError
        If there is none.
    """
    return {candidate.name: candidate for candidate in CANDIDATES}[name]
