"""One split with everything that is scored on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import Array
from podforecast.evaluation.draws import PodDraws
from podforecast.evaluation.figures import Kind, Sample
from podforecast.model import alarms
from podforecast.model.splits import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """Scores of one model or rule on both sides of a split; larger means riskier, never NaN."""

    name: str
    title: str
    kind: Kind
    calibration: Array | None
    """Of the training rows, out of fold where something was learned from them: thresholds are
    chosen here. None where no threshold is wanted."""
    test: Array
    """Of the test rows."""
    is_probability: bool = False
    usual: float | None = None
    """Threshold of a rule as people run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The two parts of a split and the draws of pods that all figures on it share."""

    name: str
    train: Dataset
    test: Dataset
    draws: PodDraws

    @classmethod
    def of(cls, dataset: Dataset, split: Split, *, rounds: int, rng: np.random.Generator) -> Trial:
        """Part a dataset."""
        test = dataset.rows(split.test)
        return cls(
            name=split.name,
            train=dataset.rows(split.train),
            test=test,
            draws=PodDraws(test, rounds=rounds, rng=rng),
        )


def sample(dataset: Dataset) -> Sample:
    """Describe some rows."""
    return Sample(
        campaigns=tuple(dataset.campaigns[index] for index in np.unique(dataset.campaign)),
        rows=len(dataset),
        pods=len(np.unique(dataset.pod)),
        workloads=len(np.unique(dataset.workload)),
        pod_hours=dataset.pod_hours,
        failures=len(np.unique(dataset.failure[dataset.failure >= 0])),
        never_scored=alarms.never_scored(dataset),
        prevalence=float(dataset.y.mean()),
    )


def subset_rows(dataset: Dataset) -> Mapping[str, Index]:
    """Rows on which each subset of failures is ranked.

    All rows without a failure ahead, and of the others those that announce a failure of the
    subset. Subsets are those of :func:`podforecast.model.alarms.subsets_of`; where failures are
    not known one by one, there is only ``all``.
    """
    announcing = dataset.failure >= 0
    if not announcing.any():
        return {"all": np.arange(len(dataset))}
    failures = np.unique(dataset.failure[announcing])
    masks = alarms.subsets_of(failures, dataset.failures)
    return {
        name: np.flatnonzero(~announcing | np.isin(dataset.failure, failures[mask]))
        for name, mask in masks.items()
    }
