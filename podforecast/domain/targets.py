"""Which kind of trouble is ahead, and what status a pod will have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from podforecast.domain.issues import FAILING_ISSUES, IssueType
from podforecast.domain.pods import PodStatus
from podforecast.domain.telemetry import Array

LIKELIER_THAN_NOT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueForecast:
    """What goes wrong within the horizon, if anything."""

    type: IssueType
    """The likeliest trouble where the pod is at risk, or a failure likelier than none; none for
    every other pod."""
    confidence: float
    """Share of ``type`` in the distribution."""
    distribution: Mapping[str, float]
    """Of all types; adds up to 1, and that of none is 1 less the failure probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusForecast:
    """The status of a pod, now and at the horizon."""

    now: PodStatus | None
    """None where it is not known."""
    in_5_minutes: PodStatus | None
    """None, and so the rest, where no training has seen what becomes of the status now."""
    confidence: float | None
    """Share of ``in_5_minutes`` in the distribution."""
    distribution: Mapping[str, float] | None
    """Of all statuses; adds up to 1. 0 for what a status never became in training."""


def issue_shares(probability: Array, given_failure: Array) -> Array:
    """Combine the chance of a failure with what it would be: shares of all types.

    Parameters
    ----------
    probability
        That a failure begins, (n,).
    given_failure
        Shares of ``FAILING_ISSUES`` among failures such as this, (n, 4).

    Returns
    -------
    (n, 5)
        In the order of ``IssueType``.

    Examples
    --------
    >>> issue_shares(np.array([0.8]), np.array([[0.25, 0.75, 0.0, 0.0]])).round(3).tolist()
    [[0.2, 0.2, 0.6, 0.0, 0.0]]
    """
    return np.column_stack([1.0 - probability, probability[:, None] * given_failure])


def told_issues(shares: Array, threshold: float) -> np.ndarray:
    """Place of the type that is told, in ``IssueType``, of each row of shares, (n,)."""
    worth = 1.0 - shares[:, 0] >= min(threshold, LIKELIER_THAN_NOT)
    return np.where(worth, 1 + np.argmax(shares[:, 1:], axis=1), 0)


def issue_forecast(shares: Array, threshold: float) -> IssueForecast:
    """Name the trouble of one row of shares, (5,).

    >>> shares = issue_shares(np.array([0.8]), np.array([[0.25, 0.75, 0.0, 0.0]]))[0]
    >>> issue_forecast(shares, 0.9).type, issue_forecast(shares * 0 + [1, 0, 0, 0, 0], 0.9).type
    (<IssueType.RESOURCE_EXHAUSTION: 'resource_exhaustion'>, <IssueType.NONE: 'none'>)
    """
    told = int(told_issues(shares[None], threshold)[0])
    types = (IssueType.NONE, *FAILING_ISSUES)
    return IssueForecast(
        type=types[told],
        confidence=float(shares[told]),
        distribution=dict(zip(map(str, types), shares.tolist(), strict=True)),
    )


def status_forecast(now: PodStatus | None, shares: Array) -> StatusForecast:
    """Name the status to expect of one row of shares, (7,); NaN where nothing is known.

    >>> status_forecast(PodStatus.RUNNING, np.array([0.9, 0, 0, 0, 0.1, 0, 0])).confidence
    0.9
    >>> status_forecast(PodStatus.PENDING, np.full(7, np.nan)).in_5_minutes is None
    True
    """
    if np.isnan(shares).any():
        return StatusForecast(now=now, in_5_minutes=None, confidence=None, distribution=None)
    statuses = tuple(PodStatus)
    told = int(np.argmax(shares))
    return StatusForecast(
        now=now,
        in_5_minutes=statuses[told],
        confidence=float(shares[told]),
        distribution=dict(zip(map(str, statuses), shares.tolist(), strict=True)),
    )
