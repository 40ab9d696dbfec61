"""Fits one kind of model on some rows of a target, and distributions out of fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from scipy.optimize import minimize
from sklearn.pipeline import Pipeline

from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array
from podforecast.model import masking
from podforecast.model.targets.candidates import TargetCandidate, table
from podforecast.model.targets.scaling import LEAST, Scaling, softmax
from podforecast.model.targets.task import Task

MASKED_SHARE = 0.3
"""Weight of a row's copy with the required features only, when shares are calibrated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A pipeline with the classes that it has seen."""

    pipeline: Pipeline
    columns: Index
    """Place in the task's classes of each column that the pipeline answers."""
    n_classes: int

    def shares(self, x: np.ndarray, now: np.ndarray | None) -> Array:
        """Raw distributions of rows, (n, n_classes)."""
        answered = self.pipeline.predict_proba(table(x, now)).astype(np.float64)
        shares = np.zeros((len(x), self.n_classes))
        shares[:, self.columns] = answered / answered.sum(axis=1, keepdims=True)
        return shares


def fit(task: Task, rows: Index, candidate: TargetCandidate, *, seed: int) -> Fitted:
    """Fit on rows and their masked copies; not calibrated."""
    x, source = masking.with_masked_copies(task.x, rows, rng=np.random.default_rng(seed))
    columns, y = np.unique(task.y[source], return_inverse=True)
    weight = (task.weight * task.emphasis)[source]
    pipeline = candidate.build(candidate.parameters[task.name], seed)
    x = table(x, None if task.now is None else task.now[source])
    design = pipeline[:-1].fit_transform(x)
    del x
    pipeline[-1].fit(design, y, sample_weight=weight / weight.mean())
    return Fitted(pipeline=pipeline, columns=columns, n_classes=len(task.classes))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfFold:
    """Raw distributions by models that were fitted without the row's fold, (n_rows, n_classes)."""

    full: Array
    required_only: Array
    """The same rows with every optional feature unknown."""


Part = tuple[Index, Array, Array]


def out_of_fold_tasks(
    task: Task, candidate: TargetCandidate, *, seed: int
) -> list[Callable[[], Part]]:
    """One task per fold."""

    def one(held_out: int) -> Part:
        inside, others = (np.flatnonzero(m) for m in (task.fold == held_out, task.fold != held_out))
        fitted = fit(task, others, candidate, seed=seed + held_out)
        now = None if task.now is None else task.now[inside]
        x = task.x[inside]
        return inside, fitted.shares(x, now), fitted.shares(masking.required_only(x), now)

    return [partial(one, int(fold)) for fold in np.unique(task.fold)]


def gathered(parts: list[Part], task: Task) -> OutOfFold:
    """Put the results of :func:`out_of_fold_tasks` in the order of the rows."""
    full, required_only = (np.zeros((len(task), len(task.classes))) for _ in range(2))
    for inside, with_all, with_required in parts:
        full[inside], required_only[inside] = with_all, with_required
    return OutOfFold(full=full, required_only=required_only)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRows:
    """What a scaling is learned from: rows with all features, and again with the required ones."""

    shares: Array
    y: Index
    weight: Array
    fold: Index = field(repr=False)

    @classmethod
    def of(cls, task: Task, found: OutOfFold) -> CalibrationRows:
        return cls(
            shares=np.concatenate([found.full, found.required_only]),
            y=np.tile(task.y, 2),
            weight=np.concatenate([task.weight, MASKED_SHARE * task.weight]),
            fold=np.tile(task.fold, 2),
        )

    def scaling(self, rows: Index | None = None) -> Scaling:
        """Learn a slope and shifts by the weighted log loss."""
        chosen = np.arange(len(self.y)) if rows is None else rows
        logged = np.log(np.maximum(self.shares[chosen], LEAST))
        weight = self.weight[chosen] / self.weight[chosen].sum()
        truth = self.y[chosen][:, None] == np.arange(logged.shape[1])

        def objective(found: Array) -> tuple[float, Array]:
            shares = softmax(found[0] * logged + found[1:])
            error = weight[:, None] * (shares - truth)
            loss = -weight @ np.log(np.maximum(shares[truth], LEAST))
            # A little pull towards no shift: a class of few rows must not run away.
            pull = 1e-3 * found[1:]
            slopes = np.append((error * logged).sum(), error.sum(axis=0) + pull)
            return float(loss + pull @ found[1:] / 2), slopes

        start = np.append(1.0, np.zeros(logged.shape[1]))
        bounds = [(0.1, 3.0)] + [(-3.0, 3.0)] * logged.shape[1]
        found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        return Scaling(float(found[0]), found[1:])

    def held_out(self) -> Array:
        """Calibrate each row by a scaling that has not seen its fold."""
        scaled = np.empty_like(self.shares)
        for fold in np.unique(self.fold):
            inside = np.flatnonzero(self.fold == fold)
            scaled[inside] = self.scaling(np.flatnonzero(self.fold != fold))(self.shares[inside])
        return scaled
