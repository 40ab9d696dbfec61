"""What each target learns from: rows, classes, weights, and which rows hang together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.issues import FAILING_ISSUES, issue_of
from podforecast.domain.pods import PodStatus
from podforecast.domain.statuses import StatusRows
from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import Array
from podforecast.errors import DataUnusable
from podforecast.model import splits

Target = Literal["issue_type", "pod_status"]
ISSUE_TYPE: Target = "issue_type"
POD_STATUS: Target = "pod_status"

N_STATUSES = len(PodStatus)
LEAST_PODS = 2
"""A class of fewer pods can not be learned from one and tried on another."""
HEAVIEST = 5.0
"""A rare class may count so many times; more would be a few rows shouting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One target's rows."""

    name: Target
    classes: tuple[str, ...]
    """Those that can be learned, by name; columns of a distribution."""
    x: NDArray[np.float32]
    """Features, (n_rows, n_features)."""
    now: NDArray[np.int8] | None
    """Code of the status now, (n_rows,); None where a target does not look at it."""
    y: Index
    """Place in ``classes``."""
    weight: Array
    """Recorded rows that each row stands for."""
    emphasis: Array
    """By how much more a row of a rare class counts while fitting."""
    fold: Index
    """Of cross-validation."""
    pod: Index
    baseline: Index
    """What the rule that models are compared with says, as a place in ``classes``."""
    remarks: tuple[str, ...] = ()
    """What a user should know about these rows."""

    def __len__(self) -> int:
        return len(self.y)


def issue_task(dataset: Dataset, *, seed: int, folds: int = splits.FOLDS) -> Task:
    """Rows that announce a failure, with the kind of trouble it was.

    Raises
    ------
    DataUnusable
        If fewer than two kinds can be learned; the message names what is missing.
    """
    announcing = dataset.rows(np.flatnonzero(dataset.failure >= 0))
    places = np.array([FAILING_ISSUES.index(issue_of(each)) for each in dataset.failures], np.int64)
    y = places[announcing.failure]
    block = splits.blocks(dataset)[dataset.failure >= 0]
    names = [str(issue) for issue in FAILING_ISSUES]
    kept, y, classes, missing = _learnable(y, block, names)
    if len(classes) < 2:
        raise DataUnusable(
            f"{ISSUE_TYPE} is left out: {_lacking(missing)}, and one kind of trouble alone can not"
            " be told from another",
            hint="Record failures of several kinds.",
        )
    rows = announcing.rows(kept)
    # A failure is one event, however many rows announce it.
    per_failure = 1.0 / np.bincount(rows.failure, minlength=len(dataset.failures))[rows.failure]
    return Task(
        name=ISSUE_TYPE,
        classes=classes,
        x=rows.x.astype(np.float32),
        now=None,
        y=y,
        weight=np.ones(len(y)),
        emphasis=_balanced(y, per_failure),
        fold=splits.folds_of(rows, folds=folds, seed=seed),
        pod=rows.pod,
        baseline=np.full(len(y), np.bincount(y).argmax()),
        remarks=_remarks(ISSUE_TYPE, missing),
    )


def status_task(rows: StatusRows, *, seed: int, folds: int = splits.FOLDS) -> Task:
    """Rows whose status is known, with what it becomes.

    Raises
    ------
    DataUnusable
        If no status ever changes: then there is nothing to learn.
    """
    names = [str(status) for status in PodStatus]
    kept, y, classes, missing = _learnable(rows.later.astype(np.int64), rows.pod, names)
    found = rows.rows(kept)
    if len(classes) < 2 or not found.changes.any():
        raise DataUnusable(
            f"{POD_STATUS} is left out: {_lacking(missing)}, and so no status ever changes into"
            " another that could be learned",
            hint="Record for longer, or more pods.",
        )
    place = {name: column for column, name in enumerate(classes)}
    stays = np.array([place.get(name, 0) for name in names], dtype=np.int64)
    return Task(
        name=POD_STATUS,
        classes=classes,
        x=found.x,
        now=found.now,
        y=y,
        weight=found.weight,
        emphasis=np.ones(len(y)),
        fold=_status_folds(found, folds, seed),
        pod=found.pod,
        baseline=stays[found.now],
        remarks=_remarks(POD_STATUS, [name for name in missing if _occurs(name, rows)]),
    )


def _learnable(
    y: Index, block: Index, names: Sequence[str]
) -> tuple[Index, Index, tuple[str, ...], list[str]]:
    """Rows of classes with enough pods, their places among these, their names, and the rest."""
    pods = [len(np.unique(block[y == place])) for place in range(len(names))]
    chosen = [place for place, count in enumerate(pods) if count >= LEAST_PODS]
    kept = np.flatnonzero(np.isin(y, chosen))
    return (
        kept,
        np.searchsorted(chosen, y[kept]).astype(np.int64),
        tuple(names[place] for place in chosen),
        [name for place, name in enumerate(names) if place not in chosen],
    )


def _status_folds(rows: StatusRows, folds: int, seed: int) -> Index:
    """Whole campaigns, where there are enough: a node that is lost takes pods of all workloads."""
    if len(rows.campaigns) >= 3:
        return rows.campaign
    found = len(np.unique(rows.workload))
    groups = rows.workload if found >= folds else rows.pod
    folds = min(folds, len(np.unique(groups)))
    return splits.group_folds(groups, rows.changes.astype(np.int8), folds=folds, seed=seed)


def _balanced(y: Index, share: Array) -> Array:
    """Weigh rows by the root of how rare their class is, and failures alike; mean 1."""
    amount = np.bincount(y, weights=share)
    rarity = np.minimum(np.sqrt(amount.sum() / (len(amount) * np.maximum(amount, 1e-9))), HEAVIEST)
    weight = rarity[y] * share
    balanced: Array = weight / weight.mean()
    return balanced


def _occurs(name: str, rows: StatusRows) -> bool:
    code = PodStatus(name).code
    return bool((rows.now == code).any() or (rows.later == code).any())


def _lacking(missing: Sequence[str]) -> str:
    return f"fewer than {LEAST_PODS} pods have rows of {', '.join(missing)}"


def _remarks(target: str, missing: Sequence[str]) -> tuple[str, ...]:
    if not missing:
        return ()
    return (f"{target}: {_lacking(missing)}, which will not be named",)
