"""Which rows a model learns from, and which rows judge it.

Three honest ways to part a dataset, and a dishonest one that is computed only to print how
much it flatters. Rows are chosen by index, so that every caller measures the same rows.

The embargo of a split in time is horizon + window. A training row just before the cut knows,
through its label, what happens in the horizon after it; a test row just after the cut shares
its window with it. With both left out, no label reaches into the test part and no failure is
announced on both sides. The slower history of a test row (an hour's median) may well overlap
the training part: it lies in its past, and a model in service sees it just so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from podforecast.domain.tables import Dataset, Index, Mask
from podforecast.domain.telemetry import HORIZON, WINDOW
from podforecast.errors import DataUnusable

EMBARGO = HORIZON + WINDOW
TEST_SHARE = 0.3
FOLDS = 5
STRETCHES = 50
"""Into so many pieces of time a table without pods is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Rows to learn from and rows to be judged by; indices into one dataset, rising."""

    name: str
    train: Index
    test: Index


def time_split(
    dataset: Dataset, *, test_share: float = TEST_SHARE, embargo: timedelta = EMBARGO
) -> Split:
    """Train on the first part of every campaign, test on its end.

    Campaigns have nothing to do with each other, so each is cut at its own share of time. The
    embargo lies before the cut: the test part keeps its full length.

    Raises
    ------
    DataUnusable
        If all rows carry the same time, or the embargo swallows the training part.
    """
    train = np.zeros(len(dataset), dtype=np.bool_)
    test = np.zeros(len(dataset), dtype=np.bool_)
    for campaign in np.unique(dataset.campaign):
        inside = dataset.campaign == campaign
        start, end = dataset.time[inside].min(), dataset.time[inside].max()
        cut = end - test_share * (end - start)
        train |= inside & (dataset.time < cut - embargo.total_seconds())
        test |= inside & (dataset.time >= cut)
    return _split(dataset, "time", train, test)


def workload_split(dataset: Dataset, *, seed: int, test_share: float = TEST_SHARE) -> Split:
    """No workload on both sides: what somebody gets whose deployments the model never saw."""
    folds = max(2, round(1 / test_share))
    fold = group_folds(dataset.workload, dataset.y, folds=folds, seed=seed)
    return _split(dataset, "workload-disjoint", fold != 0, fold == 0)


def campaign_split(dataset: Dataset, test: Sequence[str]) -> Split:
    """Train on all campaigns but those named: another day, another seed, other workloads.

    Raises
    ------
    DataUnusable
        If a name is not one of ``dataset.campaigns``, or nothing is left on one side.
    """
    unknown = sorted(set(test) - set(dataset.campaigns))
    if unknown:
        raise DataUnusable(
            f"no campaign named {unknown[0]!r}",
            hint=f"There are: {', '.join(dataset.campaigns)}.",
        )
    judged = np.isin(dataset.campaign, [dataset.campaigns.index(name) for name in test])
    return _split(dataset, "campaign-disjoint", ~judged, judged)


def random_split(dataset: Dataset, *, seed: int, test_share: float = TEST_SHARE) -> Split:
    """Flattery: neighbours of a test row, fifteen seconds away, are in the training part.

    Use it for nothing but showing the gap to the honest splits.
    """
    test = np.random.default_rng(seed).random(len(dataset)) < test_share
    return _split(dataset, "random", ~test, test)


def group_folds(groups: Index, y: np.ndarray, *, folds: int = FOLDS, seed: int) -> Index:
    """Deal whole groups to folds so that each gets about as many positives, and rows.

    Groups are shuffled, then dealt largest first (by positives, then by rows) to the fold that
    has least so far. Fold numbers depend on the seed and on the order in which groups are
    numbered, on nothing else.

    Parameters
    ----------
    groups
        Group (pod, workload, campaign) of each row, shape (n_rows,).
    y
        Labels 0 or 1, shape (n_rows,).

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Fold of each row, 0 to ``folds - 1``.

    Raises
    ------
    DataUnusable
        If there are fewer groups than folds.

    Examples
    --------
    >>> groups = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    >>> y = np.array([1, 1, 0, 0, 0, 0, 1, 1])
    >>> fold = group_folds(groups, y, folds=2, seed=0)
    >>> [int(y[fold == k].sum()) for k in (0, 1)]
    [2, 2]
    """
    distinct, which = np.unique(groups, return_inverse=True)
    if len(distinct) < folds:
        raise DataUnusable(
            f"{len(distinct)} groups can not be dealt to {folds} folds",
            hint="Record more pods, or ask for fewer folds.",
        )
    positives = np.bincount(which, weights=np.asarray(y, dtype=np.float64))
    rows = np.bincount(which).astype(np.float64)
    # Positives count most; rows decide among groups that never failed.
    burden = np.stack([positives / max(positives.sum(), 1.0), 0.1 * rows / rows.sum()]).sum(axis=0)
    shuffled = np.random.default_rng(seed).permutation(len(distinct))
    order = shuffled[np.argsort(-burden[shuffled], kind="stable")]
    load = np.zeros(folds)
    fold_of = np.empty(len(distinct), dtype=np.int64)
    for group in order:
        fold_of[group] = int(np.argmin(load))
        load[fold_of[group]] += burden[group]
    return fold_of[which]


def folds_of(dataset: Dataset, *, folds: int = FOLDS, seed: int) -> Index:
    """Folds of cross-validation inside a training part: whole workloads, else whole blocks.

    Pods of a workload fail alike and share features, so a fold that splits a workload promises
    too much; only where too few workloads ever fail are blocks dealt out instead. A small
    dataset gets fewer folds than asked for.

    Raises
    ------
    DataUnusable
        If fewer than two blocks have a positive row: no fold could learn from another what a
        failure is.
    """
    block = blocks(dataset)
    failing_workloads, failing_blocks = (
        len(np.unique(groups[dataset.y == 1])) for groups in (dataset.workload, block)
    )
    if failing_blocks < 2:
        raise DataUnusable(
            f"{failing_blocks} pods have a row that announces a failure, cross-validation needs 2",
            hint="Record for longer, or more pods.",
        )
    whole_workloads = failing_workloads >= folds and not _ungrouped(dataset)
    groups = dataset.workload if whole_workloads else block
    return group_folds(groups, dataset.y, folds=min(folds, failing_blocks), seed=seed)


def blocks(dataset: Dataset) -> Index:
    """Rows that hang together, shape (n_rows,): those of a pod.

    A table that does not name pods is cut into stretches of time instead, since the rows of a
    pod are at least near each other in it.
    """
    if not _ungrouped(dataset):
        return dataset.pod
    order = np.argsort(dataset.time, kind="stable")
    block = np.empty(len(dataset), dtype=np.int64)
    block[order] = np.arange(len(dataset)) * min(STRETCHES, len(dataset)) // len(dataset)
    return block


def _ungrouped(dataset: Dataset) -> bool:
    """Whether every row claims to be a pod of its own."""
    return len(np.unique(dataset.pod)) == len(dataset)


def gap(dataset: Dataset, split: Split) -> timedelta:
    """Time from the last training row to the first test row, the least over all campaigns.

    Negative where the parts overlap in time. A campaign that lies on one side only says
    nothing; without any other the gap is ``timedelta.max``.
    """
    least = timedelta.max
    campaign, time = dataset.campaign, dataset.time
    for both in np.intersect1d(campaign[split.train], campaign[split.test]):
        last = time[split.train][campaign[split.train] == both].max()
        first = time[split.test][campaign[split.test] == both].min()
        least = min(least, timedelta(seconds=float(first - last)))
    return least


def _split(dataset: Dataset, name: str, train: Mask, test: Mask) -> Split:
    for part, rows in (("training", train), ("test", test)):
        if len(np.unique(dataset.y[rows])) < 2:
            raise DataUnusable(
                f"the {part} part of the {name} split has {int(rows.sum())} rows"
                f" of which {int(dataset.y[rows].sum())} announce a failure",
                hint="Both outcomes are needed on both sides: record for longer, or more pods.",
            )
    return Split(name=name, train=np.flatnonzero(train), test=np.flatnonzero(test))
