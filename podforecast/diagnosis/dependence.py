"""What hangs on a signal: features that are unknown without it, and the model's share in them.

Measured, not listed: a made-up cluster in which everything is known goes through
:func:`podforecast.features.build.build` once with all signals and once without some.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

import numpy as np

from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.domain.pods import PodRef
from podforecast.domain.signals import SIGNALS, Signal
from podforecast.domain.telemetry import HISTORY, STEP, Array, TelemetryBlock
from podforecast.features.build import SIGNALS_READ, build
from podforecast.model.curves import GroupImportance

PODS = 3
"""So that each has siblings to be compared with."""
RESTARTED = 0.5
"""Where in the hour the pods restarted: trends need samples after it, pasts before it."""


@cache
def features_lost(missing: frozenset[str]) -> tuple[str, ...]:
    """Return the features nobody knows without some signals, in catalogue order.

    >>> features_lost(frozenset({"open_fds_ratio"}))[:1]
    ('open_fds_pct',)
    """
    if not missing:
        return ()
    known = np.isfinite(build(_cluster(without=missing)).values)
    return tuple(name for column, name in enumerate(FEATURE_NAMES) if not known[:, column].all())


def reliance(features: Collection[str], importances: Iterable[GroupImportance]) -> float:
    """Share of what the model relies on that is in some features, in [0, 1].

    Importance is known for groups of features, which are shuffled together; within a group it is
    shared out evenly. Groups without which the model ranked no worse count nothing.
    """
    lost = whole = 0.0
    for group in importances:
        loss = max(group.loss, 0.0)
        whole += loss
        lost += loss * sum(name in features for name in group.features) / len(group.features)
    return lost / whole if whole else 0.0


def _cluster(*, without: frozenset[str]) -> TelemetryBlock:
    """An hour of pods that serve requests and have all restarted once: every feature is known."""
    n_times = HISTORY // STEP + 1
    wanted = [signal for signal in SIGNALS if signal.name in SIGNALS_READ]
    return TelemetryBlock(
        pods=tuple(PodRef("made-up", f"pod-{row}") for row in range(PODS)),
        workloads=("made-up/workload",) * PODS,
        times=STEP.total_seconds() * np.arange(n_times, dtype=np.float64),
        signals={s.name: _values(s, n_times) for s in wanted if s.name not in without},
    )


def _values(signal: Signal, n_times: int) -> Array:
    since = np.arange(n_times) * STEP.total_seconds() / 60.0
    restart = since[round(RESTARTED * n_times)]
    if signal.name == "container_age_minutes":
        row = np.where(since < restart, since, since - restart)
    elif signal.kind == "counter":
        row = np.where(since < restart, 0.0, 1.0)
    elif signal.kind == "code":
        row = np.zeros(n_times)
    else:
        row = 0.3 + 0.001 * since
    return np.tile(row, (PODS, 1))
