"""How each feature is found again in Prometheus: the query that gives its value for one pod.

Windows and steps are those of :mod:`podforecast.features`. Where a container started within the
window the query differs a little: it looks back beyond the start, the feature does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from podforecast.explain.addresses import PodAddress
from podforecast.telemetry.prometheus.queries import EVERYTHING, Scope, quoted

_STEP = "15s"
_WINDOWS = {"1m": "1 min", "3m": "3 min", "10m": "10 min", "1h": "1 h"}
PAST = f"[57m:{_STEP}] offset 195s"
"""The hour up to the last sample before the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Where a feature comes from."""

    window: str
    """For people; empty where there is none to speak of."""
    signal: str = ""
    """Empty where it is computed from several, or from other pods."""
    formula: str = ""
    """PromQL with ``{q}`` in place of the query of the signal."""


def _over(function: str, window: str) -> str:
    return f"{function}(({{q}})[{window}:{_STEP}])"


def _scaled(formula: str, scale: float) -> str:
    return formula if scale == 1.0 else f"{scale:.10g} * {formula}"


def _now(signal: str, scale: float = 1.0, window: str = "now") -> Looked:
    return Looked(window=window, signal=signal, formula=_scaled("({q})", scale))


def _mean(signal: str, scale: float = 1.0, window: str = "3m") -> Looked:
    formula = _scaled(_over("avg_over_time", window), scale)
    return Looked(window=_WINDOWS[window], signal=signal, formula=formula)


def _largest(signal: str, scale: float, window: str) -> Looked:
    formula = _scaled(_over("max_over_time", window), scale)
    return Looked(window=_WINDOWS[window], signal=signal, formula=formula)


def _slope(signal: str, scale: float, window: str = "10m") -> Looked:
    formula = _scaled(_over("deriv", window), scale)
    return Looked(window=_WINDOWS[window], signal=signal, formula=formula)


def _minutes_left(signal: str, window: str) -> Looked:
    pace = f"({_over('deriv', window)} > 0)"
    # Nothing is left of it where there is no pace: the feature says 120 then.
    formula = f"clamp(((1 - ({{q}})) / 60 / {pace}) or (({{q}}) * 0 + 120), 0, 120)"
    return Looked(window=_WINDOWS[window], signal=signal, formula=formula)


def _risen(signal: str, window: str) -> Looked:
    most, least = (_over(f"{end}_over_time", window) for end in ("max", "min"))
    return Looked(window=_WINDOWS[window], signal=signal, formula=f"{most} - {least}")


_MEDIAN = f"quantile_over_time(0.5, ({{q}}){PAST})"


def _above_past(signal: str, scale: float, present: str = "") -> Looked:
    present = present or _over("avg_over_time", "3m")
    formula = _scaled(f"({present} - {_MEDIAN})", scale)
    return Looked(window="3 min against 1 h", signal=signal, formula=formula)


def _times_past(signal: str, floor: float) -> Looked:
    present = _over("avg_over_time", "3m")
    formula = f"clamp_min({present}, {floor:g}) / clamp_min({_MEDIAN}, {floor:g})"
    return Looked(window="3 min against 1 h", signal=signal, formula=formula)


def _several(window: str) -> Looked:
    return Looked(window=window)


_MEMORY, _CPU, _FDS = "memory_usage_ratio", "cpu_usage_ratio", "open_fds_ratio"
_LATENCY, _REQUESTS, _SCRAPE = "latency_mean_ms", "request_rate", "scrape_seconds"

LOOKED: Mapping[str, Looked] = {
    # Memory
    "memory_usage_pct": _now(_MEMORY, 100),
    "memory_leak_rate": Looked(
        window="1 h", signal=_MEMORY, formula=f"clamp_min(3600 * {_over('deriv', '1h')}, 0)"
    ),
    "memory_growth_3m": _slope(_MEMORY, 6000, "3m"),
    "memory_growth_10m": _slope(_MEMORY, 6000),
    "memory_growth_steadiness": _several("10 min"),
    "memory_growth_change": Looked(
        window="3 min against 10 min",
        signal=_MEMORY,
        formula=f"6000 * ({_over('deriv', '3m')} - {_over('deriv', '10m')})",
    ),
    "memory_minutes_to_limit": _minutes_left(_MEMORY, "10m"),
    "memory_minutes_to_limit_3m": _minutes_left(_MEMORY, "3m"),
    "memory_minutes_to_limit_1m": _minutes_left(_MEMORY, "1m"),
    "memory_peak_pct": _largest(_MEMORY, 100, "1h"),
    "memory_above_past_peak": Looked(
        window="now against 1 h",
        signal=_MEMORY,
        formula=f"100 * (({{q}}) - max_over_time(({{q}}){PAST}))",
    ),
    "memory_largest_drop": _several("1 h"),
    "memory_vs_own_past": _above_past(_MEMORY, 100, "({q})"),
    "memory_vs_siblings": _several("now"),
    # CPU
    "cpu_usage_pct": _mean(_CPU, 100),
    "cpu_growth_10m": _slope(_CPU, 6000),
    "cpu_at_limit_minutes": _several("1 h"),
    "cpu_vs_own_past": _above_past(_CPU, 100),
    "cpu_vs_siblings": _several("3 min"),
    "cpu_throttled_pct": _mean("cpu_throttled_ratio", 100),
    "cpu_throttled_vs_own_past": _above_past("cpu_throttled_ratio", 100),
    "prometheus_anomaly_score": _several("3 min against 1 h"),
    # Requests
    "request_latency_ms": _now("latency_p95_ms", window="3 min"),
    "latency_growth_10m": _slope(_LATENCY, 60),
    "latency_vs_own_past": _times_past(_LATENCY, 1.0),
    "latency_vs_siblings": _several("3 min"),
    "request_rate": _mean(_REQUESTS),
    "request_rate_vs_own_past": _times_past(_REQUESTS, 0.05),
    "requests_in_flight": _several("3 min"),
    "requests_in_flight_1m": _several("1 min"),
    "requests_in_flight_growth_10m": _several("10 min"),
    "error_log_rate": _several("3 min"),
    "error_log_growth_10m": _slope("error_log_lines_per_min", 60),
    "server_error_share": _several("3 min"),
    "server_error_share_1m": _several("1 min"),
    "server_error_share_growth_10m": _several("10 min"),
    "server_error_minutes": _several("1 h"),
    # Probes, scrapes, descriptors
    "liveness_failures_3m": _risen("liveness_failures", "3m"),
    "liveness_failures_1m": _risen("liveness_failures", "1m"),
    "readiness_failures_3m": _risen("readiness_failures", "3m"),
    "probe_failures_1h": _several("1 h"),
    "scrape_failure_share": Looked(
        window="3 min", signal="scrape_up", formula=f"1 - {_over('avg_over_time', '3m')}"
    ),
    "scrape_seconds": _mean(_SCRAPE),
    "scrape_seconds_worst": _largest(_SCRAPE, 1, "3m"),
    "scrape_seconds_1m": _mean(_SCRAPE, window="1m"),
    "scrape_seconds_vs_siblings": _several("3 min"),
    "scrape_seconds_growth_10m": _slope(_SCRAPE, 60),
    "open_fds_pct": _now(_FDS, 100),
    "open_fds_growth_10m": _slope(_FDS, 6000),
    "open_fds_minutes_to_limit": _minutes_left(_FDS, "10m"),
    "open_fds_minutes_to_limit_3m": _minutes_left(_FDS, "3m"),
    "open_fds_minutes_to_limit_1m": _minutes_left(_FDS, "1m"),
    # The pod's and the workload's past
    "restart_count_24h": _now("restart_count_24h", window="24 h"),
    "restarts_1h": _risen("restarts", "1h"),
    "minutes_since_restart": Looked(
        window="now", signal="container_age_minutes", formula="clamp_max(({q}), 20)"
    ),
    "containers_ready_ratio": _mean("containers_ready_ratio"),
    "last_termination_reason": _now("last_termination_code"),
    "previous_failures": _now("workload_failures_7d", window="7 days"),
    "workload_failure_rate": _several("half-life of 15 min"),
    "siblings_failing_share": _several("10 min"),
    "deployment_uptime_hrs": _now("revision_age_hours"),
    "replica_count": _now("replicas_desired"),
    "autoscaler_action": _now("autoscaler_direction", window="10 min"),
    # Node, network, disk
    "node_pressure_score": _now("node_pressure_score"),
    "node_cpu_pct": _now("node_cpu_ratio", 100),
    "node_memory_pct": _now("node_memory_ratio", 100),
    "node_memory_growth_10m": _slope("node_memory_ratio", 6000),
    "node_disk_pct": _now("node_disk_ratio", 100),
    "network_receive_kib_per_s": _mean("network_receive_bytes_per_s", 1 / 1024),
    "network_transmit_kib_per_s": _mean("network_transmit_bytes_per_s", 1 / 1024),
    "network_drops_per_s": _mean("network_drops_per_s"),
    "disk_usage_pct": _now("disk_usage_ratio", 100),
}
"""Every feature of the catalogue; a test shows the ones that are missing."""


def promql(feature: str, pod: PodAddress, *, scope: Scope = EVERYTHING) -> str | None:
    r"""Write the query that gives a feature of a pod, or None where no single signal does.

    Parameters
    ----------
    feature
        Of the catalogue.
    pod
        Whatever its name is, it stays a string of the query.
    scope
        Label matchers for every series, and the window that the forecast took rates over.

    Examples
    --------
    >>> print(promql("restart_count_24h", PodAddress(name='a"b', namespace="shop")))
    ((
    sum by (namespace, pod) ...
    ) and on (namespace, pod) kube_pod_info{namespace="shop",pod="a\"b"})
    """
    looked = LOOKED[feature]
    if not looked.signal:
        return None
    if pod.namespace is not None:
        scope = scope.within(pod.namespace)
    known = {"namespace": pod.namespace, "pod": pod.name}
    names = [f"{label}={quoted(name)}" for label, name in known.items() if name is not None]
    where = ",".join(filter(None, [scope.render("<where>"), *names]))
    asked = f"{scope.expression(looked.signal)} and on (namespace, pod) kube_pod_info{{{where}}}"
    return looked.formula.replace("{q}", asked)
