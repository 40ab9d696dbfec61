"""Forecasts of the targets beside the failure: NumPy alone, safe to share between threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from podforecast.domain.issues import FAILING_ISSUES
from podforecast.domain.pods import PodStatus
from podforecast.domain.statuses import Codes
from podforecast.domain.targets import (
    IssueForecast,
    StatusForecast,
    issue_forecast,
    issue_shares,
    status_forecast,
)
from podforecast.domain.telemetry import Array
from podforecast.model.manifest import TargetRecord
from podforecast.model.targets.form import TargetForm
from podforecast.model.targets.scaling import Scaling

STATUSES = tuple(PodStatus)
UNKNOWN = -1
"""Code of a status that nobody knows."""


@dataclass(frozen=True, slots=True)
class IssueModel:
    """What a failure would be, were there one."""

    form: TargetForm
    scaling: Scaling
    record: TargetRecord

    def given_failure(self, values: Array) -> Array:
        """Shares of ``FAILING_ISSUES``, (n, 4); 0 for one that training has not seen."""
        known = self.scaling(self.form.shares(values, None))
        shares = np.zeros((len(values), len(FAILING_ISSUES)))
        shares[:, [FAILING_ISSUES.index(_issue(name)) for name in self.record.classes]] = known
        return shares

    def shares(self, values: Array, probability: Array) -> Array:
        """Shares of all types for rows with their failure probabilities, (n, 5)."""
        return issue_shares(probability, self.given_failure(values))

    def forecast(self, row: Array, probability: float, threshold: float) -> IssueForecast:
        """Forecast one row, (n_features,)."""
        shares = self.shares(row[None], np.array([probability]))
        return issue_forecast(shares[0], threshold)


def _issue(name: str) -> object:
    return next(issue for issue in FAILING_ISSUES if issue == name)


@dataclass(frozen=True, slots=True)
class StatusModel:
    """What becomes of a pod's status."""

    form: TargetForm
    scaling: Scaling
    record: TargetRecord

    def shares(self, values: Array, now: Codes) -> Array:
        """Shares of all seven statuses at the horizon, (n, 7).

        NaN in rows whose status now is of a kind that training has never seen. One that is not
        known (-1) counts as Running: that is what most pods do, and what is asked about.
        """
        assumed = np.where(now == UNKNOWN, PodStatus.RUNNING.code, now).astype(np.int8)
        shares = np.zeros((len(values), len(STATUSES)))
        known = self.scaling(self.form.shares(values, assumed)) if len(values) else 0.0
        shares[:, [PodStatus(name).code for name in self.record.classes]] = known
        seen = [PodStatus(name).code for name in self.record.seen_now]
        shares[~np.isin(assumed, seen)] = np.nan
        return shares

    def forecast(self, row: Array, now: PodStatus | None) -> StatusForecast:
        """Forecast one row, (n_features,)."""
        code = np.array([UNKNOWN if now is None else now.code], dtype=np.int8)
        return status_forecast(now, self.shares(row[None], code)[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What a model folder can say beside whether a failure begins."""

    issue_type: IssueModel | None = None
    pod_status: StatusModel | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    """Why a target is not forecast, by its name."""


NO_TARGETS = Targets()
