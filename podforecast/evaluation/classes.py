"""Judges the targets of the saved model on the test campaigns, beside their baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podforecast.domain.issues import FAILING_ISSUES, IssueType, issue_of
from podforecast.domain.pods import PodStatus
from podforecast.domain.statuses import StatusRows
from podforecast.domain.tables import Dataset, Index
from podforecast.domain.targets import issue_shares, told_issues
from podforecast.domain.telemetry import Array
from podforecast.evaluation.class_figures import (
    ChangeFigures,
    ClassFigures,
    ClassMethod,
    TargetResult,
)
from podforecast.model.resampling import Interval, interval
from podforecast.model.scorer import Scorer
from podforecast.model.targets import measuring
from podforecast.model.targets.forecaster import IssueModel, StatusModel
from podforecast.model.targets.measuring import Draws

ISSUES, STATUSES = tuple(IssueType), tuple(PodStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """How intervals are drawn."""

    rounds: int
    rng: np.random.Generator

    def draws(self, pod: Index) -> Draws:
        """Draw the pods of some rows."""
        return Draws(pod, rounds=self.rounds, rng=self.rng)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What happened, and to whom."""

    y: Index
    pod: Index
    classes: tuple[str, ...]
    before: Index | None = None
    """Status now, where the target is one."""


def judged_targets(
    scorer: Scorer, unseen: Dataset, statuses: StatusRows | None, judges: Judges
) -> tuple[TargetResult, ...]:
    """Measure every target that the model has, on rows it has not seen.

    Parameters
    ----------
    statuses
        All of them, none thinned; None where no recording tells.
    """
    found: list[TargetResult] = []
    issues, following = scorer.targets.issue_type, scorer.targets.pod_status
    if issues is not None and (unseen.failure >= 0).any():
        found += [_as_told(scorer, issues, unseen, judges), _given_failure(issues, unseen, judges)]
    if following is not None and statuses is not None and len(statuses):
        found.append(_statuses(following, statuses, judges))
    return tuple(found)


def _as_told(scorer: Scorer, model: IssueModel, unseen: Dataset, judges: Judges) -> TargetResult:
    rows = _Rows(y=_happened(unseen), pod=unseen.pod, classes=tuple(map(str, ISSUES)))
    shares = model.shares(unseen.x.astype(np.float64), scorer.score(unseen.x.astype(np.float64)))
    prevalence = np.mean(unseen.y) * np.ones(len(unseen))
    usual = issue_shares(prevalence, np.tile(_usual(model), (len(unseen), 1)))
    draws = judges.draws(unseen.pod)
    methods = (
        _method("model", shares, told_issues(shares, scorer.threshold), rows, draws),
        _method("always none", usual, np.zeros(len(unseen), np.int64), rows, draws),
    )
    return _result(
        "issue_type",
        "Kind of trouble, as told",
        "every row that may be scored; a type is told where the pod is at risk, or a failure"
        " likelier than not",
        rows,
        unseen.campaigns,
        methods,
    )


def _given_failure(model: IssueModel, unseen: Dataset, judges: Judges) -> TargetResult:
    failing = unseen.rows(np.flatnonzero(unseen.failure >= 0))
    rows = _Rows(y=_happened(failing) - 1, pod=failing.pod, classes=tuple(map(str, FAILING_ISSUES)))
    shares = model.given_failure(failing.x.astype(np.float64))
    usual = np.tile(_usual(model), (len(failing), 1))
    draws = judges.draws(failing.pod)
    methods = tuple(
        _method(title, each, each.argmax(axis=1), rows, draws)
        for title, each in (("model", shares), ("the commonest", usual))
    )
    return _result(
        "issue_type_given_failure",
        "Kind of trouble, given a failure",
        "the rows that announce a failure, whatever its probability",
        rows,
        unseen.campaigns,
        methods,
    )


def _statuses(model: StatusModel, found: StatusRows, judges: Judges) -> TargetResult:
    rows = _Rows(
        y=found.later.astype(np.int64),
        pod=found.pod,
        classes=tuple(map(str, STATUSES)),
        before=found.now.astype(np.int64),
    )
    now = found.now.astype(np.int64)
    stays = np.eye(len(STATUSES))[now]
    forecast = model.shares(found.x.astype(np.float64), found.now)
    # What training has never seen is left to the rule that it is compared with.
    forecast = np.where(np.isnan(forecast), stays, forecast)
    draws = judges.draws(found.pod)
    methods = tuple(
        _method(title, shares, shares.argmax(axis=1), rows, draws)
        for title, shares in (
            ("model", forecast),
            ("stays what it is", stays),
            ("what usually follows", _transitions(model)[now]),
        )
    )
    return _result(
        "pod_status",
        "Status in 5 minutes",
        "every row whose status is known, pods that are failing already included",
        rows,
        found.campaigns,
        methods,
    )


def _happened(dataset: Dataset) -> Index:
    """Place in ``IssueType`` of what each row announces."""
    kinds = [ISSUES.index(issue_of(each)) for each in dataset.failures]
    return np.array([0, *kinds], dtype=np.int64)[dataset.failure + 1]


def _usual(model: IssueModel) -> Array:
    """Shares of kinds among the rows of training, (4,)."""
    counts = np.array([model.record.counts.get(str(issue), 0) for issue in FAILING_ISSUES], float)
    shares: Array = counts / counts.sum()
    return shares


def _transitions(model: StatusModel) -> Array:
    """Shares of what followed each status in training, (7, 7); one never seen stays."""
    found = np.zeros((len(STATUSES), len(STATUSES)))
    places = [PodStatus(name).code for name in model.record.classes]
    found[:, places] = np.array(model.record.transitions, dtype=np.float64)
    total = found.sum(axis=1, keepdims=True)
    shares: Array = np.where(total > 0, found / np.maximum(total, 1.0), np.eye(len(STATUSES)))
    return shares


def _method(title: str, shares: Array, said: Index, rows: _Rows, draws: Draws) -> ClassMethod:
    scored = measuring.scored(shares, said, rows.y, np.ones(len(rows.y)), draws)
    return ClassMethod(
        title=title,
        is_baseline=title != "model",
        log_loss=scored.log_loss,
        accuracy=scored.accuracy,
        macro_f1=scored.macro_f1,
        balanced_accuracy=scored.balanced_accuracy,
        confusion=scored.confusion,
        classes=_per_class(said, rows, draws),
        changes=None if rows.before is None else _changes(said, rows, rows.before, draws),
    )


def _cells(said: Index, y: Index, n_classes: int) -> Array:
    cells = np.zeros((len(y), n_classes, n_classes))
    cells[np.arange(len(y)), y, said] = 1.0
    return cells


def _per_class(said: Index, rows: _Rows, draws: Draws) -> tuple[ClassFigures, ...]:
    value, resampled = draws.summed(_cells(said, rows.y, len(rows.classes)))
    figures = {
        name: [
            interval(float(one), many)
            for one, many in zip(measure(value), measure(resampled).T, strict=True)
        ]
        for name, measure in (
            ("precision", measuring.precisions),
            ("recall", measuring.recalls),
            ("f1", measuring.f1_scores),
        )
    }
    return tuple(
        ClassFigures(
            name=name,
            rows=int(value[place].sum()),
            precision=figures["precision"][place],
            recall=figures["recall"][place],
            f1=figures["f1"][place],
        )
        for place, name in enumerate(rows.classes)
        if value[place].sum() + value[:, place].sum() > 0
    )


def _changes(said: Index, rows: _Rows, before: Index, draws: Draws) -> ChangeFigures:
    changed, caught = measuring.changes_caught(said, rows.y, before)
    told = said != before
    amounts = np.column_stack([changed, caught, told]).astype(np.float64)
    of_changes = _cells(said, rows.y, len(rows.classes)) * changed[:, None, None]

    def ratio(part: int, whole: int) -> Interval:
        return draws.of(
            amounts,
            lambda s: np.divide(
                s[:, part], s[:, whole], out=np.full(len(s), np.nan), where=s[:, whole] > 0
            ),
        )

    return ChangeFigures(
        changes=int(changed.sum()),
        told=int(told.sum()),
        recall=ratio(1, 0),
        precision=ratio(1, 2),
        balanced_accuracy=draws.of(of_changes, measuring.balanced_accuracy),
    )


def _result(
    name: str,
    title: str,
    meaning: str,
    rows: _Rows,
    campaigns: Sequence[str],
    methods: tuple[ClassMethod, ...],
) -> TargetResult:
    return TargetResult(
        name=name,
        title=title,
        meaning=meaning,
        classes=rows.classes,
        campaigns=tuple(campaigns),
        rows=len(rows.y),
        pods=len(np.unique(rows.pod)),
        methods=methods,
    )
