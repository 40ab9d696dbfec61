"""Kinds of trouble and statuses to expect, of the pods of a scan that somebody should look at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from podforecast.domain.pods import PodStatus
from podforecast.domain.statuses import Codes
from podforecast.domain.tables import Mask
from podforecast.domain.targets import (
    IssueForecast,
    StatusForecast,
    issue_forecast,
    status_forecast,
)
from podforecast.domain.telemetry import WINDOW, Array, TelemetryBlock
from podforecast.features.windows import last
from podforecast.model.scorer import Scorer
from podforecast.model.targets.forecaster import UNKNOWN
from podforecast.watcher.explained import watch_threshold

STATUSES = tuple(PodStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """By row of the scan: those failing, and those above the watch threshold."""

    status_now: Codes = field(default_factory=lambda: np.empty(0, np.int8))
    """Of every row, -1 where it is not known; (n_pods,)."""
    issues: Mapping[int, IssueForecast] = field(default_factory=dict)
    """None of a pod that is failing already."""
    statuses: Mapping[int, StatusForecast] = field(default_factory=dict)

    def now(self, row: int) -> PodStatus | None:
        """Status of a row, None where it is not known."""
        code = int(self.status_now[row]) if row < len(self.status_now) else UNKNOWN
        return None if code == UNKNOWN else STATUSES[code]


def status_now(block: TelemetryBlock) -> Codes:
    """Latest status of each pod within the window, -1 where there is none; (n_pods,)."""
    first = int(np.searchsorted(block.times, block.times[-1] - WINDOW.total_seconds()))
    status = last(block.signal("status_code")[:, first:])
    return np.where(np.isnan(status), UNKNOWN, np.nan_to_num(status)).astype(np.int8)


def outlook(values: Array, probability: Array, failing: Mask, now: Codes, model: Scorer) -> Outlook:
    """Forecast the targets of a model for the rows that are worth it, all at once.

    Parameters
    ----------
    values : (n_pods, n_features)
    probability : (n_pods,)
        NaN where there is none.
    failing, now : (n_pods,)
        What is known of each pod now.
    """
    watched = np.flatnonzero(probability >= watch_threshold(model.threshold))
    shown = np.flatnonzero(failing | (probability >= watch_threshold(model.threshold)))
    issues, statuses = model.targets.issue_type, model.targets.pod_status
    of_issue = issues.shares(values[watched], probability[watched]) if issues else ()
    of_status = statuses.shares(values[shown], now[shown]) if statuses else ()
    found = Outlook(status_now=now)
    return Outlook(
        status_now=now,
        issues={
            row: issue_forecast(shares, model.threshold)
            for row, shares in zip(watched.tolist(), of_issue, strict=bool(issues))
        },
        statuses={
            row: status_forecast(found.now(row), shares)
            for row, shares in zip(shown.tolist(), of_status, strict=bool(statuses))
        },
    )


def issue_of_pod(
    row: int, probability: float, values: Array, known: Outlook, model: Scorer
) -> IssueForecast | None:
    """Kind of trouble of one row; None without a probability, or without a model of it."""
    if row in known.issues:
        return known.issues[row]
    issues = model.targets.issue_type
    if issues is None or math.isnan(probability):
        return None
    return issues.forecast(values[row], probability, model.threshold)


def status_of_pod(row: int, values: Array, known: Outlook, model: Scorer) -> StatusForecast | None:
    """Status to expect of one row; None without a model of it."""
    if row in known.statuses:
        return known.statuses[row]
    statuses = model.targets.pod_status
    return None if statuses is None else statuses.forecast(values[row], known.now(row))
