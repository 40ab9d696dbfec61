"""Fit one kind of model on some rows, and score every row by a model that never saw it.

Every estimator runs on one thread, and so does the linear algebra below it: sums in another
order end in other last digits, and the same seed must give the same model whatever the number
of jobs. Jobs are whole fits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from podforecast.domain.catalogue import REQUIRED
from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import Array
from podforecast.model import masking
from podforecast.model.candidates import Parameters, candidate

Result = TypeVar("Result")

CHUNK = 8192
BALANCE = 0.5
"""Exponent of the class ratio in the weight of positives: 0 leaves them as rare as they are,
1 makes both classes equally heavy. Calibration takes the shift out again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """About how many rows a fit sees.

    Neighbours are nearly copies of each other, so more of them cost time and memory and teach
    little; with limits a fit stays bounded however long the history is.
    """

    negatives: int
    positives: int


FULL = Limits(negatives=16_000, positives=15_000)
SEARCH = Limits(negatives=10_000, positives=6_000)
"""Enough to tell settings apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What it takes to fit the same kind of model again."""

    name: str
    """Of the candidate."""
    parameters: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A dataset as fits take it."""

    dataset: Dataset
    x: NDArray[np.float32]
    """Half the memory; trees compare in float32 anyway."""

    @classmethod
    def of(cls, dataset: Dataset) -> Rows:
        """Convert once, for all fits."""
        return cls(dataset=dataset, x=dataset.x.astype(np.float32, copy=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfFold:
    """Scores of rows by models that were fitted without the row's fold; shape (n_rows,)."""

    full: Array
    required_only: Array
    """The same rows with every optional feature unknown."""
    fold: Index


def thinned(dataset: Dataset, rows: Index, limits: Limits = FULL) -> tuple[Index, Array]:
    """Choose rows to fit on, with the weight that makes up for those left out.

    Within each class every k-th row of a pod is kept, pods at different ticks.

    Returns
    -------
    rows : ndarray of int, shape (n_kept,)
    weight : ndarray of shape (n_dataset_rows,)
        k of each row's class; of every row of the dataset, so that rows index it.
    """
    tick = np.round(dataset.time[rows] / max(dataset.step_seconds, 1e-9)).astype(np.int64)
    positive = dataset.y[rows] == 1
    every = np.where(
        dataset.y == 1,
        max(1, round(int(positive.sum()) / limits.positives)),
        max(1, round(int((~positive).sum()) / limits.negatives)),
    )
    kept = (tick + dataset.pod[rows]) % every[rows] == 0
    return rows[kept], every.astype(np.float64)


def fit(data: Rows, rows: Index, recipe: Recipe, *, seed: int, limits: Limits = FULL) -> Pipeline:
    """Fit preparation and classifier on the rows and their masked copies; not calibrated."""
    kept, every = thinned(data.dataset, rows, limits)
    x, source = masking.with_masked_copies(data.x, kept, rng=np.random.default_rng(seed))
    y, weight = data.dataset.y[source], every[source]
    positive = weight[y == 1].sum()
    weight[y == 1] *= ((weight.sum() - positive) / positive) ** BALANCE
    pipeline = candidate(recipe.name).build(recipe.parameters, seed)
    design = pipeline[:-1].fit_transform(x)
    del x  # a Pipeline that fits itself would hold on to it beside what was made of it
    pipeline[-1].fit(design, y, sample_weight=weight)
    return pipeline


def out_of_fold_tasks(
    data: Rows, recipe: Recipe, fold: Index, *, seed: int
) -> list[Callable[[], tuple[Index, Array, Array]]]:
    """One task per fold: fit without it, score it with all features and with the required ones."""

    def task(held_out: int) -> tuple[Index, Array, Array]:
        inside, pipeline = _without(held_out, data, recipe, fold, seed, FULL)
        x = data.x[inside]
        full = raw(pipeline, x)
        x[:, len(REQUIRED) :] = np.nan
        return inside, full, raw(pipeline, x)

    return [partial(task, int(held_out)) for held_out in np.unique(fold)]


def search_tasks(
    data: Rows, recipe: Recipe, fold: Index, *, seed: int
) -> list[Callable[[], tuple[Index, Array]]]:
    """One task per fold: fit on fewer rows without it, and score it with all features only."""

    def task(held_out: int) -> tuple[Index, Array]:
        inside, pipeline = _without(held_out, data, recipe, fold, seed, SEARCH)
        return inside, raw(pipeline, data.x[inside])

    return [partial(task, int(held_out)) for held_out in np.unique(fold)]


def _without(
    held_out: int, data: Rows, recipe: Recipe, fold: Index, seed: int, limits: Limits
) -> tuple[Index, Pipeline]:
    """Rows of a fold, and a model that was fitted on all others."""
    others = np.flatnonzero(fold != held_out)
    pipeline = fit(data, others, recipe, seed=seed + held_out, limits=limits)
    return np.flatnonzero(fold == held_out), pipeline


def gathered(parts: Sequence[tuple[Index, Array, Array]], fold: Index) -> OutOfFold:
    """Put the results of :func:`out_of_fold_tasks` in the order of the rows."""
    full, required_only = np.full(len(fold), np.nan), np.full(len(fold), np.nan)
    for inside, with_all, with_required in parts:
        full[inside], required_only[inside] = with_all, with_required
    return OutOfFold(full=full, required_only=required_only, fold=fold)


def raw(pipeline: Pipeline, x: NDArray[np.floating]) -> Array:
    """Uncalibrated scores in [0, 1], shape (n,); in chunks, since a design is twice its rows."""
    return np.concatenate(
        [
            pipeline.predict_proba(x[first : first + CHUNK])[:, 1].astype(np.float64)
            for first in range(0, max(len(x), 1), CHUNK)
        ]
    )


def run(
    tasks: Sequence[Callable[[], Result]], *, jobs: int, on_done: Callable[[], None] = lambda: None
) -> list[Result]:
    """Run tasks side by side; results in their order.

    Parameters
    ----------
    jobs
        Tasks at a time.
    on_done
        Called in this thread whenever a task is done.

    Notes
    -----
    The first error of a task is raised at once; tasks that have not begun never will.
    """
    with threadpool_limits(limits=1), ThreadPoolExecutor(max_workers=max(1, jobs)) as executor:
        futures = [executor.submit(task) for task in tasks]
        try:
            for done in as_completed(futures):
                done.result()
                on_done()
        finally:
            for future in futures:
                future.cancel()
        return [future.result() for future in futures]
