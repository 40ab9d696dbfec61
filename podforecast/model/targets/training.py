"""From a target's rows to a model: compare, calibrate, fit on all rows.

The candidate with the least log loss out of fold is kept: distributions are what is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array
from podforecast.model import fitting as jobs_of
from podforecast.model.targets import fitting, measuring
from podforecast.model.targets.candidates import CANDIDATES, TargetCandidate
from podforecast.model.targets.fitting import CalibrationRows, Fitted, OutOfFold
from podforecast.model.targets.measuring import Draws, Scored
from podforecast.model.targets.scaling import Scaling
from podforecast.model.targets.task import Task

ROUNDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetContender:
    """A candidate, and how it did out of fold, calibrated."""

    candidate: TargetCandidate
    scored: Scored
    raw_log_loss: float
    """Before calibration."""
    calibrated: bool
    """Whether calibration lowers it."""
    found: OutOfFold
    held_out: Array
    """Calibrated by scalings that have not seen the row's fold, (n_rows, n_classes)."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedTarget:
    """Everything there is to know about the training of one target."""

    task: Task
    fitted: Fitted
    scaling: Scaling
    contenders: tuple[TargetContender, ...]
    """Best first."""
    baseline: Scored

    def shares(self, x: np.ndarray, now: np.ndarray | None) -> Array:
        """Calibrated distributions, (n, n_classes)."""
        return self.scaling(self.fitted.shares(x, now))


def train(
    task: Task,
    *,
    seed: int,
    jobs: int = 1,
    candidates: Sequence[TargetCandidate] = CANDIDATES,
    on_fit: Callable[[str], None] = lambda _: None,
) -> TrainedTarget:
    """Compare the candidates by log loss and make the best one ready for service.

    The same seed and rows give the same model, whatever ``jobs`` is.
    """
    draws = Draws(task.pod, rounds=ROUNDS, rng=np.random.default_rng(seed))
    contenders = sorted(
        (_contender(task, one, draws, seed, jobs, on_fit) for one in candidates),
        key=lambda contender: contender.scored.log_loss.value,
    )
    best = contenders[0]
    everything = np.arange(len(task))
    [fitted] = jobs_of.run(
        [lambda: fitting.fit(task, everything, best.candidate, seed=seed)], jobs=1
    )
    on_fit(best.candidate.name)
    rows = CalibrationRows.of(task, best.found)
    return TrainedTarget(
        task=task,
        fitted=fitted,
        scaling=rows.scaling() if best.calibrated else Scaling.none(len(task.classes)),
        contenders=tuple(contenders),
        baseline=_scored(certain(task.baseline, len(task.classes)), task, draws),
    )


def fits(task: Task, candidates: Sequence[TargetCandidate] = CANDIDATES) -> int:
    """How often ``on_fit`` will be called."""
    return len(candidates) * len(np.unique(task.fold)) + 1


def certain(said: Index, n_classes: int) -> Array:
    """Distributions of a rule that has no doubt, (n, n_classes).

    >>> certain(np.array([1]), 3).tolist()
    [[0.0, 1.0, 0.0]]
    """
    return np.eye(n_classes)[said]


def _contender(
    task: Task,
    candidate: TargetCandidate,
    draws: Draws,
    seed: int,
    jobs: int,
    on_fit: Callable[[str], None],
) -> TargetContender:
    began = time.monotonic()
    work = fitting.out_of_fold_tasks(task, candidate, seed=seed)
    found = fitting.gathered(
        jobs_of.run(work, jobs=jobs, on_done=lambda: on_fit(candidate.name)), task
    )
    rows = CalibrationRows.of(task, found)
    raw = float(np.average(measuring.losses_of(found.full, task.y), weights=task.weight))
    scaled = rows.held_out()[: len(task)]
    loss = np.average(measuring.losses_of(scaled, task.y), weights=task.weight)
    kept = scaled if loss < raw else found.full
    return TargetContender(
        candidate=candidate,
        scored=_scored(kept, task, draws),
        raw_log_loss=raw,
        calibrated=bool(loss < raw),
        found=found,
        held_out=kept,
        seconds=time.monotonic() - began,
    )


def _scored(shares: Array, task: Task, draws: Draws) -> Scored:
    return measuring.scored(shares, shares.argmax(axis=1), task.y, task.weight, draws)
