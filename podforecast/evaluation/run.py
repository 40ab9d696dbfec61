"""The whole evaluation: every split that the data allow, the importances, the report.

The splits in time, by workload and at random part the training campaigns; the recipe of the
saved model (its kind and settings) is fitted anew on the training part of each. The settings
were found by cross-validation over all training campaigns, so these splits are honest about
fitting, and a little kind about the search. The campaign-disjoint split judges the saved model
itself, on campaigns that neither the search nor any fit has seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from podforecast.errors import DataUnusable
from podforecast.evaluation import judging, naming
from podforecast.evaluation.class_figures import TargetResult
from podforecast.evaluation.classes import Judges, judged_targets
from podforecast.evaluation.confusion import confusions
from podforecast.evaluation.figures import Naming, Report
from podforecast.evaluation.judging import CAMPAIGN, Judged, Material, Plan
from podforecast.model.importance import Shuffles, grouped_importance

Judge = Callable[[Material, Plan], Judged]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A whole evaluation."""

    report: Report
    judged: tuple[Judged, ...]
    remarks: tuple[str, ...]
    """What could not be done, and why."""

    @property
    def headline(self) -> Judged:
        """The split that decides, with its scores."""
        return next(one for one in self.judged if one.result.name == self.report.headline_split)


def evaluate(material: Material, plan: Plan) -> Outcome:
    """Judge a saved model.

    Without unseen campaigns a split that the data do not allow is left out with a remark: a
    user's table may have neither times nor workloads.

    Raises
    ------
    DataUnusable
        If the model was trained on a campaign that is to judge it, if a split of recorded
        campaigns leaves one outcome only on a side, or if no honest split is possible at all.
    """
    manifest = material.scorer.manifest
    if material.test is not None:
        _refuse_known_campaigns(manifest.data.campaigns, material.test.campaigns)
    # Threads of the linear algebra library wait for each other actively, and fits run side by
    # side already.
    with threadpool_limits(limits=1):
        judged, remarks = _all_judged(material, plan)
        return Outcome(report=_report(material, judged, plan), judged=judged, remarks=remarks)


def _report(material: Material, judged: Sequence[Judged], plan: Plan) -> Report:
    manifest = material.scorer.manifest
    plan.on_step("targets")
    targets = _targets(material, plan)
    plan.on_step("importances")
    headline = next((one for one in judged if one.result.name == CAMPAIGN), judged[0])
    importances = grouped_importance(
        headline.trial.test.y,
        headline.trial.test.x,
        headline.score,
        Shuffles(repeats=plan.repeats, rng=plan.randomness("importances")),
    )
    plan.on_step("explanations")
    return Report(
        model_version=manifest.model_version,
        algorithm=manifest.algorithm,
        horizon_minutes=manifest.horizon_minutes,
        rounds=plan.rounds,
        seed=plan.seed,
        headline_split=headline.result.name,
        splits=tuple(one.result for one in judged),
        checks=tuple(check for one in judged for check in one.checks),
        confusions=confusions(headline, manifest.threshold),
        importances=importances,
        naming=_naming(material, headline),
        targets=targets,
    )


def _targets(material: Material, plan: Plan) -> tuple[TargetResult, ...]:
    if material.test is None:
        return ()
    judges = Judges(rounds=plan.rounds, rng=plan.randomness("targets"))
    return judged_targets(material.scorer, material.test, material.statuses, judges)


def _naming(material: Material, headline: Judged) -> Naming | None:
    """Judge the explanations of the saved model; of a refit of its recipe nobody ever sees any."""
    if headline.result.name != CAMPAIGN:
        return None
    trial = headline.trial
    model = material.scorer if material.served is None else material.served
    found = naming.told(trial.test, model, clock=time.perf_counter)
    return naming.measured(trial.test, found, trial.draws) if len(found.failure) else None


def _all_judged(material: Material, plan: Plan) -> tuple[tuple[Judged, ...], tuple[str, ...]]:
    honest: list[Judge] = [judging.by_time, judging.by_workload]
    if material.test is not None:
        honest.append(judging.by_campaign)
    judged, refusals = [], []
    for judge in honest:
        try:
            judged.append(judge(material, plan))
        except DataUnusable as exc:
            if material.test is not None:
                raise
            refusals.append(exc)
    if not judged:
        raise refusals[0]
    remarks = tuple(f"left out: {refusal.message}" for refusal in refusals)
    return (*judged, judging.randomly(material, plan)), remarks


def _refuse_known_campaigns(trained_on: Sequence[str], judged_on: Sequence[str]) -> None:
    known = sorted(set(trained_on) & set(judged_on))
    if known:
        raise DataUnusable(
            f"the saved model was trained on {known[0]}, which is to judge it",
            hint="Mark the campaign as a test campaign in its campaign.json and train again.",
        )
