"""The whole evaluation: every split, every contestant, the canaries, the importances.

The splits in time, by workload and at random part the training campaigns; the recipe of the
saved model (its kind and settings) is fitted anew on the training part of each. The settings
were found by cross-validation over all training campaigns, so these splits are honest about
fitting, and a little kind about the search. The campaign-disjoint split judges the saved model
itself, on campaigns that neither the search nor any fit has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from podforecast.domain.tables import Dataset, concatenate
from podforecast.errors import DataUnusable
from podforecast.evaluation import canaries, contestants, leaks, measure
from podforecast.evaluation.figures import Check, Report, SplitResult
from podforecast.evaluation.importance import grouped_importance
from podforecast.evaluation.trial import Method, Trial, sample
from podforecast.model import splits, training
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
    "random: refit",
    "campaign-disjoint: thresholds",
    "campaign-disjoint: baselines and intervals",
    "importances",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much work an evaluation is, and how it tells of itself."""

    rounds: int
    """Of each bootstrap."""
    seed: int
    jobs: int = 1
    """Fits at a time."""
    on_step: Callable[[str], None] = lambda _: None
    """Called with one of ``STEPS`` before it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What is judged, and on what."""

    train: Dataset
    """The campaigns the model was trained on."""
    test: Dataset
    """Campaigns it has never seen."""
    scorer: Scorer
    """The saved model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One split: what was found, and the scores it was found in for whoever draws them."""

    result: SplitResult
    trial: Trial
    methods: tuple[Method, ...]
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A whole evaluation."""

    report: Report
    judged: tuple[Judged, ...]

    def split(self, name: str) -> Judged:
        """Look up a split by name."""
        return {one.result.name: one for one in self.judged}[name]


def evaluate(material: Material, plan: Plan) -> Outcome:
    """Judge a saved model.

    Raises
    ------
    DataUnusable
        If the model was trained on a campaign that is to judge it, or if a split leaves one
        outcome only on a side.
    """
    manifest = material.scorer.manifest
    _refuse_known_campaigns(manifest.data.campaigns, material.test.campaigns)
    judged = tuple(judge(material, plan) for judge in (by_time, by_workload, by_campaign, randomly))
    plan.on_step("importances")
    unseen = next(one for one in judged if one.result.name == CAMPAIGN)
    return Outcome(
        report=Report(
            model_version=manifest.model_version,
            algorithm=manifest.algorithm,
            horizon_minutes=manifest.horizon_minutes,
            rounds=plan.rounds,
            seed=plan.seed,
            splits=tuple(one.result for one in judged),
            checks=tuple(check for one in judged for check in one.checks),
            importances=grouped_importance(
                unseen.trial, material.scorer.score, rng=_rng(plan, "importances")
            ),
        ),
        judged=judged,
    )


def by_time(material: Material, plan: Plan) -> Judged:
    """Past and future of the training campaigns, with the canaries of a split in time."""
    dataset = material.train
    split = splits.time_split(dataset)
    trial = _trial(dataset, split, plan)
    plan.on_step("time: refit")
    models = _models(material, trial, plan)
    plan.on_step("time: baselines and intervals")
    judged = _judged(trial, models, dataset, split, plan)
    plan.on_step("time: canaries")
    recipe = contestants.recipes(material.scorer.manifest)[0]
    fit, rng = contestants.plain_fit(recipe, seed=plan.seed), _rng(plan, "canaries")
    checks = (
        canaries.embargo(dataset, split),
        canaries.no_shared_failure(dataset, split),
        canaries.shuffled_labels(dataset, split, fit, rng),
        canaries.labels_of_another_pod(dataset, split, fit, rng),
    )
    return replace(judged, checks=checks + judged.checks)


def by_workload(material: Material, plan: Plan) -> Judged:
    """Workloads of the training campaigns that the model has, and has not, learned from."""
    dataset = material.train
    split = splits.workload_split(dataset, seed=plan.seed)
    trial = _trial(dataset, split, plan)
    plan.on_step("workload-disjoint: refit")
    models = _models(material, trial, plan)
    plan.on_step("workload-disjoint: baselines and intervals")
    judged = _judged(trial, models, dataset, split, plan)
    return replace(
        judged, checks=(canaries.disjoint(split, dataset.workload, "workloads"), *judged.checks)
    )


def by_campaign(material: Material, plan: Plan) -> Judged:
    """The saved model itself; the refit gives thresholds, and shows that it can be reproduced."""
    scorer = material.scorer
    dataset = concatenate([material.train, material.test])
    split = splits.campaign_split(dataset, material.test.campaigns)
    trial = _trial(dataset, split, plan)
    plan.on_step("campaign-disjoint: thresholds")
    recipe, *others = contestants.recipes(scorer.manifest)
    fitted = training.refit(trial.train, recipe, seed=scorer.manifest.seed, jobs=plan.jobs)
    models = contestants.of_model(trial, fitted, scorer.score)
    models += contestants.of_candidates(trial, others, plan.seed, plan.jobs)
    plan.on_step("campaign-disjoint: baselines and intervals")
    judged = _judged(trial, models, dataset, split, plan)
    checks = (
        canaries.unseen(scorer.manifest.data.campaigns, material.test.campaigns),
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
    methods = [
        replace(method, name=contestants.MODEL, kind="model")
        for method in contestants.of_candidates(trial, [recipe], plan.seed, plan.jobs)
    ]
    return Judged(result=_result(trial, methods), trial=trial, methods=tuple(methods))


def _models(material: Material, trial: Trial, plan: Plan) -> list[Method]:
    recipe = contestants.recipes(material.scorer.manifest)[0]
    fitted = training.refit(trial.train, recipe, seed=plan.seed, jobs=plan.jobs)
    return contestants.of_model(trial, fitted)


def _judged(
    trial: Trial, models: list[Method], dataset: Dataset, split: Split, plan: Plan
) -> Judged:
    """Add baselines and timetable scores, and measure everything."""
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
    return Trial.of(dataset, split, rounds=plan.rounds, rng=_rng(plan, split.name))


def _rng(plan: Plan, purpose: str) -> np.random.Generator:
    """Return randomness of its own for each purpose: leaving one out changes no other."""
    return np.random.default_rng([plan.seed, *purpose.encode()])


def _refuse_known_campaigns(trained_on: Sequence[str], judged_on: Sequence[str]) -> None:
    known = sorted(set(trained_on) & set(judged_on))
    if known:
        raise DataUnusable(
            f"the saved model was trained on {known[0]}, which is to judge it",
            hint="Mark the campaign as a test campaign in its campaign.json and train again.",
        )
