"""Checks that a wrong evaluation fails: run with every evaluation, and by the tests.

A canary does not prove that a result is right. It dies in the ways in which results of this
kind are usually wrong: rows on both sides, labels that reach over a boundary, a timetable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from sklearn.pipeline import Pipeline

from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import Array
from podforecast.evaluation.draws import PodDraws
from podforecast.evaluation.figures import Check, SplitResult
from podforecast.evaluation.leaks import NEAR_CHANCE
from podforecast.evaluation.ranking import ranked
from podforecast.model import metrics
from podforecast.model.artifact import TOLERANCE
from podforecast.model.splits import EMBARGO, Split, gap

Fit = Callable[[Dataset], Callable[[Array], Array]]
"""From training rows to a function from features, (n, n_features), to scores, (n,)."""

SHUFFLED = (0.45, 0.55)


def shuffled_labels(dataset: Dataset, split: Split, fit: Fit, rng: np.random.Generator) -> Check:
    """Labels dealt out anew among all rows can not be learned.

    They are, if a row of the training part is in the test part as well, or the label in the
    features.
    """
    y = rng.permutation(dataset.y)
    area = _area(_with_labels(dataset, y), split, fit)
    return Check(
        name="labels shuffled among rows",
        found=f"ROC-AUC {area:.3f}",
        expected=f"{SHUFFLED[0]} to {SHUFFLED[1]}",
        passed=SHUFFLED[0] <= area <= SHUFFLED[1],
    )


def _area(dataset: Dataset, split: Split, fit: Fit) -> float:
    score = fit(dataset.rows(split.train))
    return metrics.roc_auc(dataset.y[split.test], score(dataset.x[split.test]))


def labels_of_another_pod(
    dataset: Dataset, split: Split, fit: Fit, rng: np.random.Generator
) -> Check:
    """Labels of another pod of the campaign, at the same time, can not be learned.

    Shuffling among rows also destroys what time alone tells; this keeps every failure at its
    time and its length and only puts it on another pod. What is still found comes from the
    timetable, or from failures that take several pods at once.
    """
    y = _borrowed(dataset, rng)
    borrowed = _with_labels(dataset, y)
    score = fit(borrowed.rows(split.train))
    test = borrowed.rows(split.test)
    draws = PodDraws(test, rounds=200, rng=rng)
    found = ranked(draws, test.y, score(test.x))[0].interval()
    return Check(
        name="labels of another pod at the same time",
        found=f"ROC-AUC {found}",
        expected=f"interval reaches {NEAR_CHANCE} or less",
        passed=found.low <= NEAR_CHANCE,
    )


def _borrowed(dataset: Dataset, rng: np.random.Generator) -> np.ndarray:
    """Label of each row from another pod of its campaign; 0 where that one has no row."""
    partner = np.arange(len(dataset.pods))
    for campaign in np.unique(dataset.campaign):
        pods = np.unique(dataset.pod[dataset.campaign == campaign])
        circle = rng.permutation(pods)
        partner[circle] = np.roll(circle, 1)
    known = dict(zip(_keys(dataset, dataset.pod), dataset.y.tolist(), strict=True))
    wanted = _keys(dataset, partner[dataset.pod])
    return np.array([known.get(key, 0) for key in wanted], dtype=np.int8)


def _keys(dataset: Dataset, pod: Index) -> list[tuple[int, float]]:
    return list(zip(pod.tolist(), dataset.time.tolist(), strict=True))


def _with_labels(dataset: Dataset, y: np.ndarray) -> Dataset:
    """Other labels on the same rows; which failure they announce is no longer known."""
    return replace(dataset, y=y, failure=np.full(len(dataset), -1, dtype=np.int64))


def embargo(dataset: Dataset, split: Split, *, least: timedelta = EMBARGO) -> Check:
    """No label of a training row reaches into the test part of its campaign."""
    found = gap(dataset, split)
    return Check(
        name=f"embargo of the {split.name} split",
        found=f"{found.total_seconds() / 60:.2f} min",
        expected=f"at least {least.total_seconds() / 60:.0f} min",
        passed=found >= least,
    )


def no_shared_failure(dataset: Dataset, split: Split) -> Check:
    """No failure is announced by rows on both sides."""
    shared = np.intersect1d(dataset.failure[split.train], dataset.failure[split.test])
    shared = shared[shared >= 0]
    return Check(
        name=f"failures on both sides of the {split.name} split",
        found=str(len(shared)),
        expected="0",
        passed=not len(shared),
    )


def disjoint(split: Split, groups: Index, called: str) -> Check:
    """No group (workload, campaign) has rows on both sides."""
    shared = np.intersect1d(groups[split.train], groups[split.test])
    return Check(
        name=f"{called} on both sides of the {split.name} split",
        found=str(len(shared)),
        expected="0",
        passed=not len(shared),
    )


def unseen(trained_on: Sequence[str], judged_on: Sequence[str]) -> Check:
    """The saved model has not been trained on a campaign it is judged by."""
    shared = sorted(set(trained_on) & set(judged_on))
    return Check(
        name="test campaigns that the saved model was trained on",
        found=", ".join(shared) or "none",
        expected="none",
        passed=not shared,
    )


def reproduced(x: Array, saved: Callable[[Array], Array], again: Pipeline) -> Check:
    """The saved model comes out again when its recipe is fitted on the data that is here."""
    off = float(np.abs(saved(x) - again.predict_proba(x)[:, 1]).max(initial=0.0))
    return Check(
        name="saved model against its recipe fitted anew",
        found=f"largest difference of a probability {off:.2g}",
        expected=f"at most {TOLERANCE:g}",
        passed=off <= TOLERANCE,
    )


def timetable(result: SplitResult) -> Check:
    """Scores that only know when a row is rank it no better than chance."""
    found = {j.title: j.ranked["all"].roc_auc for j in result.judgements if j.kind == "leak check"}
    title, worst = max(found.items(), key=lambda item: item[1].low)
    return Check(
        name=f"timetable and ages alone, {result.name} split",
        found=f"ROC-AUC {worst} ({title})",
        expected=f"interval reaches {NEAR_CHANCE} or less",
        passed=worst.low <= NEAR_CHANCE,
    )


def same_data(trained_on: str, here: str) -> Check:
    """The recordings that are here are those the saved model was trained on, value by value."""
    return Check(
        name="fingerprint of the training data",
        found=here,
        expected=trained_on,
        passed=here == trained_on,
    )
