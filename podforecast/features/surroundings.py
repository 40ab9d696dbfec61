"""Features of what is around a pod: its past restarts, its workload, its node, its network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from podforecast.domain.catalogue import AUTOSCALER_ACTIONS
from podforecast.domain.tables import Index
from podforecast.domain.telemetry import HISTORY, Array
from podforecast.features.moment import MIN_SPAN, RECENT, Moment
from podforecast.features.recipes import (
    PERCENT,
    PERCENT_PER_MINUTE,
    Compared,
    Recipe,
    average,
    newest,
    newest_count,
)
from podforecast.features.siblings import group_sum, others_sum
from podforecast.features.windows import fit_line, last

SECONDS_PER_HOUR = 3600.0
KIB = 1.0 / 1024.0
LONGEST_AGE = 20.0
"""Minutes, twice the time after which the kubelet forgets a crash. Older containers do not differ,
and in a recording whose pods began with it a longer age would be a clock."""


def _autoscaler_action(moment: Moment) -> Array:
    direction = last(moment.window("autoscaler_direction"))
    codes = [AUTOSCALER_ACTIONS.index(name) for name in ("none", "scale_up", "scale_down")]
    none, up, down = (float(code) for code in codes)
    action = np.where(direction > 0, up, np.where(direction < 0, down, none))
    return np.where(np.isfinite(direction), action, np.nan)


def _restarts(moment: Moment, back: timedelta) -> Array:
    columns = slice(moment.last_columns(back).start + 1, None)
    known = moment.seen("restarts")[:, columns].any(axis=1)
    return np.where(known, moment.restarted[:, columns].sum(axis=1), np.nan)


def _workload_failure_rate(group: Index, restarts: Array, seconds: Array) -> Array:
    of_workload, exposure = group_sum(restarts, group), group_sum(seconds, group)
    rate = SECONDS_PER_HOUR * of_workload / np.where(exposure > 0.0, exposure, 1.0)
    return np.where(exposure > 0.0, rate, np.nan)


def _known(moment: Moment) -> Array:
    ready = last(moment.window("containers_ready_ratio"))
    known = np.isfinite(ready) | np.isfinite(_restarts(moment, RECENT))
    return known.astype(np.float64)


def _failing(moment: Moment) -> Array:
    ready = last(moment.window("containers_ready_ratio"))
    # Not known: NaN, which is neither.
    failing = (ready < 1.0) | (_restarts(moment, RECENT) > 0.0)
    return failing.astype(np.float64)


def _siblings_failing_share(group: Index, known: Array, failing: Array) -> Array:
    siblings = others_sum(known, group)
    share = others_sum(failing, group) / np.maximum(siblings, 1.0)
    return np.where(siblings > 0.0, share, np.nan)


def _minutes_since_restart(moment: Moment) -> Array:
    return np.clip(last(moment.window("container_age_minutes")), 0.0, LONGEST_AGE)


def _node_memory_growth(moment: Moment) -> Array:
    # Not `Moment.line`: a node does not begin anew with a container.
    columns = moment.last_columns(RECENT)
    used = moment.history("node_memory_ratio")[:, columns]
    line = fit_line(used, moment.times[columns], min_span=MIN_SPAN[RECENT])
    return PERCENT_PER_MINUTE * line.slope


STATE_FEATURES: Mapping[str, Recipe | Compared] = {
    "restart_count_24h": newest_count("restart_count_24h"),
    "previous_failures": newest_count("workload_failures_7d"),
    "replica_count": newest_count("replicas_desired"),
    "deployment_uptime_hrs": newest("revision_age_hours"),
    "autoscaler_action": _autoscaler_action,
    "containers_ready_ratio": average("containers_ready_ratio"),
    "restarts_1h": lambda moment: _restarts(moment, HISTORY),
    "minutes_since_restart": _minutes_since_restart,
    "last_termination_reason": newest_count("last_termination_code"),
    "workload_failure_rate": Compared(
        (lambda moment: moment.decayed_restarts[0], lambda moment: moment.decayed_restarts[1]),
        _workload_failure_rate,
    ),
    "siblings_failing_share": Compared((_known, _failing), _siblings_failing_share),
}
NODE_FEATURES: Mapping[str, Recipe] = {
    "node_pressure_score": newest("node_pressure_score"),
    "node_cpu_pct": newest("node_cpu_ratio", PERCENT),
    "node_memory_pct": newest("node_memory_ratio", PERCENT),
    "node_memory_growth_10m": _node_memory_growth,
    "node_disk_pct": newest("node_disk_ratio", PERCENT),
    "network_receive_kib_per_s": average("network_receive_bytes_per_s", KIB),
    "network_transmit_kib_per_s": average("network_transmit_bytes_per_s", KIB),
    "network_drops_per_s": average("network_drops_per_s"),
    "disk_usage_pct": newest("disk_usage_ratio", PERCENT),
}
