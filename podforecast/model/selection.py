"""Which settings of each candidate, and which candidate: by ROC-AUC on rows out of fold.

Settings are searched and candidates compared on different folds, so that the comparison does
not reward the luck of the search. Where ROC-AUC can not tell candidates apart, the one that catches
most failures within the alert budget is kept, see :func:`kept`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array
from podforecast.model import fitting, metrics, resampling, splits, threshold
from podforecast.model.candidates import Candidate
from podforecast.model.fitting import OutOfFold, Recipe, Rows
from podforecast.model.resampling import Interval
from podforecast.model.threshold import DEFAULT_BUDGET, AlertBudget

Part = TypeVar("Part")

SEARCH_FOLDS = 3
COMPARE_FOLDS = splits.FOLDS
BOOTSTRAP_ROUNDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A candidate with its best settings, and how these did out of fold."""

    recipe: Recipe
    roc_auc: Interval
    roc_auc_required_only: float
    average_precision: float
    resampled: Array
    """ROC-AUC of each round of the bootstrap, (n_rounds,): the same draws of pods for all."""
    recall: float
    """Share of failures caught within the alert budget; NaN where failures are not known."""
    out_of_fold: OutOfFold
    tried: int
    seconds: float
    """Of wall time, search and comparison."""
    compared_only: bool = False
    """Whether it must not be kept, see :class:`Candidate`."""

    @property
    def beats_chance(self) -> bool:
        """Whether a coin could not have done it, with 95 % confidence."""
        return self.roc_auc.low > 0.5

    def is_ahead_of(self, other: Contender) -> bool:
        """Whether it ranks better with 95 % confidence; both on the same rows and draws."""
        better = self.roc_auc.value - other.roc_auc.value
        return resampling.interval(better, self.resampled - other.resampled).low > 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a selection may use, and how it tells of itself."""

    seed: int
    jobs: int = 1
    budget: AlertBudget = DEFAULT_BUDGET
    """Within which failures are to be caught."""
    on_fit: Callable[[str], None] = lambda _: None
    """Called with a candidate's name after each of its fits."""
    clock: Callable[[], float] = time.monotonic


def fits(candidates: Sequence[Candidate]) -> int:
    """How often ``on_fit`` will be called at most: what a progress bar wants to know."""
    return sum(_searches(c) * SEARCH_FOLDS + COMPARE_FOLDS for c in candidates)


def _searches(candidate: Candidate) -> int:
    """How many settings there are to choose from: where there is one only, none."""
    settings = len(candidate.settings())
    return settings if settings > 1 else 0


def select(data: Rows, candidates: Sequence[Candidate], effort: Effort) -> list[Contender]:
    """Search, compare, and rank: the one to keep, others that may be kept, those compared only.

    Raises
    ------
    DataUnusable
        If the dataset can not be dealt to folds.
    ValueError
        If no candidate may be kept.
    """
    if not any(candidate.monotone for candidate in candidates):
        raise ValueError("no candidate promises that risk never falls when a feature rises")
    search = splits.folds_of(data.dataset, folds=SEARCH_FOLDS, seed=effort.seed)
    compare = splits.folds_of(data.dataset, folds=COMPARE_FOLDS, seed=effort.seed + 1)
    contenders = [_contender(data, one, (search, compare), effort) for one in candidates]
    first = kept([one for one in contenders if not one.compared_only])
    return sorted(
        contenders, key=lambda one: (one is not first, one.compared_only, -one.roc_auc.value)
    )


def kept(rivals: Sequence[Contender]) -> Contender:
    """Return the best of some contenders.

    Of those that the highest ROC-AUC is not ahead of, it is the one that catches most failures
    within the alert budget; of equals, and where failures are not known, the higher ROC-AUC.
    ROC-AUC looks at all rows, an operator at the few that are alarms: what can not be told apart by
    the first may differ by half in the second.
    """
    by_area = sorted(rivals, key=lambda one: -one.roc_auc.value)
    close = [one for one in by_area if not by_area[0].is_ahead_of(one)]
    return max(close, key=lambda one: float(np.nan_to_num(one.recall, nan=-1.0)))


def out_of_fold(data: Rows, recipe: Recipe, fold: Index, effort: Effort) -> OutOfFold:
    """Scores of all rows, each by a model fitted without the row's fold."""
    tasks = fitting.out_of_fold_tasks(data, recipe, fold, seed=effort.seed)
    return fitting.gathered(_run(tasks, recipe, effort), fold)


def _contender(
    data: Rows, candidate: Candidate, folds: tuple[Index, Index], effort: Effort
) -> Contender:
    began = effort.clock()
    search, compare = folds
    recipe = _searched(data, candidate, search, effort)
    scores = out_of_fold(data, recipe, compare, effort)
    ranking = metrics.Ranking(data.dataset.y, scores.full)
    resampled = _resampled(ranking, splits.blocks(data.dataset), effort.seed)
    return Contender(
        recipe=recipe,
        roc_auc=resampling.interval(ranking.roc_auc(), resampled),
        roc_auc_required_only=metrics.roc_auc(data.dataset.y, scores.required_only),
        average_precision=ranking.average_precision(),
        resampled=resampled,
        recall=threshold.choose(data.dataset, scores.full, effort.budget).recall,
        out_of_fold=scores,
        tried=len(candidate.settings()),
        seconds=effort.clock() - began,
        compared_only=not candidate.monotone,
    )


def _searched(data: Rows, candidate: Candidate, fold: Index, effort: Effort) -> Recipe:
    """Return the settings that rank best; of equals the one named first.

    All fits are one queue, so that no job waits for a recipe's last.
    """
    recipes = [Recipe(name=candidate.name, parameters=one) for one in candidate.settings()]
    if not _searches(candidate):
        return recipes[0]
    tasks = [
        task
        for recipe in recipes
        for task in fitting.search_tasks(data, recipe, fold, seed=effort.seed)
    ]
    parts = _run(tasks, recipes[0], effort)
    each = len(tasks) // len(recipes)
    reached = [
        metrics.roc_auc(data.dataset.y, _joined(parts[i : i + each], len(fold)))
        for i in range(0, len(parts), each)
    ]
    return recipes[int(np.argmax(reached))]


def _run(tasks: Sequence[Callable[[], Part]], recipe: Recipe, effort: Effort) -> list[Part]:
    return fitting.run(tasks, jobs=effort.jobs, on_done=lambda: effort.on_fit(recipe.name))


def _joined(parts: Sequence[tuple[Index, Array]], n_rows: int) -> Array:
    """Scores of all rows, from those of each fold."""
    scores = np.empty(n_rows)
    for inside, part in parts:
        scores[inside] = part
    return scores


def _resampled(ranking: metrics.Ranking, blocks: Index, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    weights = resampling.block_weights(blocks, rounds=BOOTSTRAP_ROUNDS, rng=rng)
    return np.array([ranking.roc_auc(weight) for weight in weights])
