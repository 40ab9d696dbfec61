"""From scores to figures: the model and each rule, lived through on the same pods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from podforecast.domain.tables import Dataset
from podforecast.domain.telemetry import Array
from podforecast.evaluation import measure
from podforecast.evaluation.backtest.stretch import Stretch
from podforecast.evaluation.backtest.walk import LeftOut, Walked
from podforecast.evaluation.baselines import BASELINES
from podforecast.evaluation.draws import PodDraws, Sampled
from podforecast.evaluation.figures import Operated, Recall
from podforecast.evaluation.trial import Trial
from podforecast.model import alarms, threshold
from podforecast.model.manifest import Manifest
from podforecast.model.resampling import Interval
from podforecast.model.threshold import PER_1000_PODS_PER_DAY, AlertBudget

MODEL = "model"
RULES = tuple(baseline for baseline in BASELINES if baseline.usual is not None)
"""Those that people run with one threshold."""
ALL_RULES = "static_rules"
ENOUGH_FAILURES = 10
"""Fewer leave a recall uncertain by a third of everything there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method at one threshold."""

    name: str
    title: str
    threshold: float
    tuned: bool
    """Whether the threshold was chosen on this very history, for the budget."""
    recall: Mapping[str, Recall]
    """By subset of failures: ``all``, ``first``, and ``with_precursor`` where that is known."""
    notifications: int
    false_alarms: int
    false_per_1000_pods_per_day: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was judged."""

    forecasts: int
    pods: int
    workloads: int
    pod_hours: float
    prevalence: float
    """Share of forecasts with a failure within the horizon."""
    failures: int
    failures_announceable: int
    """Those with a forecast in the five minutes before; the others are in no recall."""
    precursors_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """Rows that were left out, by reason."""

    failing: int
    too_little_data: int
    just_failed: int
    end_seconds: float
    """Asked for, but nobody knows yet what came of it."""

    @classmethod
    def of(cls, left_out: LeftOut, censored: timedelta) -> Unjudged:
        return cls(
            failing=left_out.failing,
            too_little_data=left_out.too_little_data,
            just_failed=left_out.just_failed,
            end_seconds=censored.total_seconds(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BestRule:
    """The rule that announces most when all are tuned to the budget."""

    title: str
    recall_difference: Interval
    """Share of all failures announced: the model minus this rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A whole back-test."""

    source: str
    start: str
    end: str
    every_seconds: float
    model_version: str
    algorithm: str
    rounds: int
    seed: int
    budget_per_1000_pods_per_day: float | None
    judged: Judged
    left_out: Unjudged
    methods: tuple[Method, ...]
    recall_difference: Interval
    """Share of all failures announced: the model minus the static rules, as both are run."""
    false_alarm_difference: Interval
    """Per 1 000 pods per day, likewise."""
    best_tuned_rule: BestRule | None
    """None without a budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How figures are taken."""

    source: str
    budget: AlertBudget | None = None
    rounds: int = 500
    seed: int = 1


def compare(walked: Walked, stretch: Stretch, manifest: Manifest, terms: Terms) -> Comparison:
    """Live through a stretch with the model's threshold and with each rule as people run it.

    With a budget, each is also tuned to it. All thresholds are then chosen on this very history,
    so that these lines flatter all methods alike: what they compare is fair, what they promise for
    tomorrow is not.
    """
    trial = _trial(walked.dataset, terms)
    usual = {MODEL: manifest.threshold, **{rule.name: rule.usual or 1.0 for rule in RULES}}
    titles = {MODEL: "podforecast", **{r.name: r.title for r in RULES}}
    tuned = _tuned(trial, walked.scores, terms)
    measured = [(name, level, False) for name, level in usual.items()]
    measured += [(name, level, True) for name, level in tuned.items()]
    ours, theirs = (
        alarms_of(trial, walked.scores[name], usual[name]) for name in (MODEL, ALL_RULES)
    )
    return Comparison(
        source=terms.source,
        start=stretch.start.isoformat(),
        end=stretch.end.isoformat(),
        every_seconds=stretch.every.total_seconds(),
        model_version=manifest.model_version,
        algorithm=manifest.algorithm,
        rounds=terms.rounds,
        seed=terms.seed,
        budget_per_1000_pods_per_day=terms.budget.per_1000_pods_per_day if terms.budget else None,
        judged=_judged(walked.dataset),
        left_out=Unjudged.of(walked.left_out, stretch.censored),
        methods=tuple(
            _method(name, titles[name], measure.operated(trial, walked.scores[name], level), tuned)
            for name, level, tuned in measured
        ),
        recall_difference=(ours[0] - theirs[0]).interval(),
        false_alarm_difference=(ours[1] - theirs[1]).interval(),
        best_tuned_rule=_best_rule(trial, walked.scores, tuned, titles) if tuned else None,
    )


def _tuned(trial: Trial, scores: Mapping[str, Array], terms: Terms) -> dict[str, float]:
    """Threshold of each method for the budget; none without a budget."""
    if terms.budget is None:
        return {}
    return {
        name: threshold.choose(trial.test, score, terms.budget).threshold
        for name, score in scores.items()
    }


def _best_rule(
    trial: Trial,
    scores: Mapping[str, Array],
    tuned: Mapping[str, float],
    titles: Mapping[str, str],
) -> BestRule:
    recalls = {name: alarms_of(trial, scores[name], level)[0] for name, level in tuned.items()}
    best = max((rule.name for rule in RULES), key=lambda name: np.nan_to_num(recalls[name].value))
    return BestRule(
        title=titles[best], recall_difference=(recalls[MODEL] - recalls[best]).interval()
    )


def _trial(dataset: Dataset, terms: Terms) -> Trial:
    draws = PodDraws(dataset, rounds=terms.rounds, rng=np.random.default_rng(terms.seed))
    return Trial(name="history", train=dataset, test=dataset, draws=draws)


def _method(name: str, title: str, found: Operated, tuned: bool) -> Method:
    rate = found.false_per_100_pod_hours
    return Method(
        name=name,
        title=title,
        threshold=found.threshold,
        tuned=tuned,
        recall={subset: r for subset, r in found.recall.items() if not subset.startswith("cause:")},
        notifications=found.notifications,
        false_alarms=found.false_alarms,
        false_per_1000_pods_per_day=Interval(
            *(PER_1000_PODS_PER_DAY * one for one in (rate.value, rate.low, rate.high))
        ),
    )


def alarms_of(trial: Trial, score: Array, level: float) -> tuple[Sampled, Sampled]:
    """Recall of all failures, and false alarms per 1 000 pods per day, in every round."""
    test, draws = trial.test, trial.draws
    failures, minutes = alarms.lead_minutes(test, score, level)
    pods = test.failure_pod[failures]
    false = alarms.notified(test, score, level) & (test.y == 0)
    hours = draws.per_pod(test.pod) * (test.step_seconds / 3600.0)
    return (
        draws.of_ratio(draws.per_pod(pods[~np.isnan(minutes)]), draws.per_pod(pods)),
        draws.of_ratio(draws.per_pod(test.pod[false]), hours, scale=100 * PER_1000_PODS_PER_DAY),
    )


def _judged(dataset: Dataset) -> Judged:
    return Judged(
        forecasts=len(dataset),
        pods=len(np.unique(dataset.pod)),
        workloads=len(np.unique(dataset.workload)),
        pod_hours=dataset.pod_hours,
        prevalence=float(dataset.y.mean()),
        failures=len(dataset.failures),
        failures_announceable=len(np.unique(dataset.failure[dataset.failure >= 0])),
        precursors_known=any(failure.precursor for failure in dataset.failures),
    )
