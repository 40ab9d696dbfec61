"""One function per split: who competes on it, what is measured, which canaries it has to pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from podforecast.domain.statuses import StatusRows
from podforecast.domain.tables import Dataset, concatenate
from podforecast.domain.telemetry import Array
from podforecast.errors import DataUnusable
from podforecast.evaluation import canaries, contestants, leaks, measure
from podforecast.evaluation.figures import ALL_FEATURES, Check, SplitResult
from podforecast.evaluation.trial import Method, Trial, sample
from podforecast.model import splits, training
from podforecast.model.describe import data_fingerprint
from podforecast.model.scorer import Scorer
from podforecast.model.splits import Split

TIME, WORKLOAD, CAMPAIGN, RANDOM = "time", "workload-disjoint", "campaign-disjoint", "random"
MEANINGS = {
    TIME: "trained on the first 70 % of each training campaign, judged on its end",
    WORKLOAD: "no workload on both sides: what a new user gets",
    CAMPAIGN: "the saved model on campaigns it was not trained on",
    RANDOM: "rows dealt at random: neighbours on both sides; shown for the flattery only",
}
STEPS = (
    "time: refit",
    "time: baselines and intervals",
    "time: canaries",
    "workload-disjoint: refit",
    "workload-disjoint: baselines and intervals",
    "campaign-disjoint: thresholds",
    "campaign-disjoint: baselines and intervals",
    "random: refit",
    "targets",
    "importances",
    "explanations",
)


Scores = Callable[[Array], Array]
Competing = tuple[Scores, list[Method]]
"""The model that is judged, and its methods and other candidates'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much work an evaluation is, and how it tells of itself."""

    rounds: int
    """Of each bootstrap."""
    seed: int
    jobs: int = 1
    """Fits at a time."""
    repeats: int = 5
    """Permutations of each group of features."""
    on_step: Callable[[str], None] = lambda _: None
    """Called with one of ``STEPS`` before it begins."""

    def randomness(self, purpose: str) -> np.random.Generator:
        """Return a generator of its own for each purpose: leaving one out changes no other."""
        return np.random.default_rng([self.seed, *purpose.encode()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is judged, and on what."""

    train: Dataset
    """The campaigns the model was trained on."""
    test: Dataset | None
    """Campaigns it has never seen; None where there are none, as with a user's only table."""
    scorer: Scorer
    """The saved model."""
    statuses: StatusRows | None = None
    """All rows of the test campaigns whose status is known; None where there are none."""
    served: Scorer | None = None
    """The same as the service loads it, which explains in another way; None for the saved one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One split: what was found, and the scores it was found in for whoever draws them."""

    result: SplitResult
    trial: Trial
    methods: tuple[Method, ...]
    score: Scores
    """The model that was judged, from features to scores."""
    checks: tuple[Check, ...] = ()


def by_time(material: Material, plan: Plan) -> Judged:
    """Past and future of the training campaigns, with the canaries of a split in time."""
    dataset = material.train
    split = splits.time_split(dataset)
    trial = _trial(dataset, split, plan)
    plan.on_step("time: refit")
    competing = _refitted(material, trial, plan)
    plan.on_step("time: baselines and intervals")
    judged = _judged(trial, competing, dataset, split, plan)
    plan.on_step("time: canaries")
    recipe = contestants.recipes(material.scorer.manifest)[0]
    fit, rng = contestants.plain_fit(recipe, seed=plan.seed), plan.randomness("canaries")
    checks = [
        canaries.embargo(dataset, split),
        canaries.no_shared_failure(dataset, split),
        canaries.shuffled_labels(dataset, split, fit, rng),
    ]
    if material.test is not None:  # pods of a user's table need not share their moments
        checks.append(canaries.labels_of_another_pod(dataset, split, fit, rng))
    return replace(judged, checks=(*checks, *judged.checks))


def by_workload(material: Material, plan: Plan) -> Judged:
    """Workloads of the training campaigns that the model has, and has not, learned from."""
    dataset = material.train
    split = splits.workload_split(dataset, seed=plan.seed)
    trial = _trial(dataset, split, plan)
    plan.on_step("workload-disjoint: refit")
    competing = _refitted(material, trial, plan)
    plan.on_step("workload-disjoint: baselines and intervals")
    judged = _judged(trial, competing, dataset, split, plan)
    return replace(
        judged, checks=(canaries.disjoint(split, dataset.workload, "workloads"), *judged.checks)
    )


def by_campaign(material: Material, plan: Plan) -> Judged:
    """The saved model itself; the refit gives thresholds, and shows that it can be reproduced."""
    scorer, unseen = material.scorer, material.test
    if unseen is None:
        raise DataUnusable("there is no campaign that the saved model has not seen")
    dataset = concatenate([material.train, unseen])
    split = splits.campaign_split(dataset, unseen.campaigns)
    trial = _trial(dataset, split, plan)
    plan.on_step("campaign-disjoint: thresholds")
    recipe, *others = contestants.recipes(scorer.manifest)
    fitted = training.refit(trial.train, recipe, seed=scorer.manifest.seed, jobs=plan.jobs)
    models = contestants.of_model(trial, fitted, scorer.score)
    models += contestants.of_candidates(trial, others, plan.seed, plan.jobs)
    plan.on_step("campaign-disjoint: baselines and intervals")
    judged = _judged(trial, (scorer.score, models), dataset, split, plan)
    checks = (
        canaries.unseen(scorer.manifest.data.campaigns, unseen.campaigns),
        canaries.same_data(scorer.manifest.data.fingerprint, data_fingerprint(material.train)),
        canaries.reproduced(trial.test.x, scorer.score, fitted.pipeline),
    )
    return replace(judged, checks=checks + judged.checks)


def randomly(material: Material, plan: Plan) -> Judged:
    """What a random split would have claimed; ranked only, a threshold is of no use here."""
    dataset = material.train
    split = splits.random_split(dataset, seed=plan.seed)
    trial = _trial(dataset, split, plan)
    plan.on_step("random: refit")
    recipe = contestants.recipes(material.scorer.manifest)[0]
    score = contestants.plain_fit(recipe, seed=plan.seed)(trial.train)
    method = Method(
        name=contestants.MODEL,
        title=f"{recipe.name}, {ALL_FEATURES}",
        kind="model",
        calibration=None,
        test=score(trial.test.x),
    )
    return Judged(result=_result(trial, [method]), trial=trial, methods=(method,), score=score)


def _refitted(material: Material, trial: Trial, plan: Plan) -> Competing:
    recipe = contestants.recipes(material.scorer.manifest)[0]
    fitted = training.refit(trial.train, recipe, seed=plan.seed, jobs=plan.jobs)
    score = partial(contestants.probability, fitted.pipeline)
    return score, contestants.of_model(trial, fitted, score)


def _judged(
    trial: Trial, competing: Competing, dataset: Dataset, split: Split, plan: Plan
) -> Judged:
    """Add baselines and timetable scores, and measure everything."""
    score, models = competing
    rules = contestants.of_baselines(trial)
    timetable = leaks.methods(dataset, split, seed=plan.seed)
    methods = [*models, *rules, *timetable]
    result = replace(
        _result(trial, methods), differences=measure.differences(trial, models[0], rules)
    )
    return Judged(
        result=result,
        trial=trial,
        methods=tuple(methods),
        score=score,
        checks=(canaries.timetable(result),),
    )


def _result(trial: Trial, methods: list[Method]) -> SplitResult:
    return SplitResult(
        name=trial.name,
        meaning=MEANINGS[trial.name],
        train=sample(trial.train),
        test=sample(trial.test),
        judgements=tuple(measure.judge(trial, method) for method in methods),
    )


def _trial(dataset: Dataset, split: Split, plan: Plan) -> Trial:
    return Trial.of(dataset, split, rounds=plan.rounds, rng=plan.randomness(split.name))
