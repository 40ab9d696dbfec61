"""Features of what a pod answers: requests, logs, probes and scrapes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from podforecast.domain.telemetry import HISTORY, WINDOW, Array
from podforecast.features.moment import LATEST, Moment
from podforecast.features.recipes import (
    PER_MINUTE,
    Compared,
    Recipe,
    above_siblings,
    average,
    growth,
    newest,
    times_past,
    times_siblings,
)
from podforecast.features.windows import maximum, mean

LATENCY, REQUESTS, LOGS = "latency_mean_ms", "request_rate", "error_log_lines_per_min"
SCRAPE, ERROR_SHARE, IN_FLIGHT = "scrape_seconds", "server_error_share", "requests_in_flight"
LEAST_LATENCY_MS = 1.0
LEAST_REQUESTS_PER_SECOND = 0.05
"""Three a minute: a ratio of fewer counts single requests."""
ERROR_SHARE_IN_TROUBLE = 0.05
PROBES = ("liveness_failures", "readiness_failures")


def _error_log_rate(moment: Moment) -> Array:
    logged = moment.average(LOGS)
    answered = PER_MINUTE * moment.average("server_error_rate")
    return np.where(np.isfinite(logged), logged, answered)


def _server_error_share(moment: Moment) -> Array:
    errors, requests = moment.average("server_error_rate"), moment.average(REQUESTS)
    served = requests > 0.0
    share = errors / np.where(served, requests, 1.0)
    return np.where(served, np.clip(share, 0.0, 1.0), np.nan)


def _failed_probes(*names: str, back: timedelta) -> Recipe:
    def recipe(moment: Moment) -> Array:
        # A sample counts what came before it: the first one counts time before the window.
        columns = slice(moment.last_columns(back).start + 1, None)
        failed = sum(moment.probe_failures(name)[:, columns].sum(axis=1) for name in names)
        return np.where(moment.present[:, columns].any(axis=1), failed, np.nan)

    return recipe


REQUEST_FEATURES: Mapping[str, Recipe | Compared] = {
    "error_log_rate": _error_log_rate,
    "error_log_growth_10m": growth(LOGS, PER_MINUTE),
    "request_latency_ms": newest("latency_p95_ms"),
    "latency_growth_10m": growth(LATENCY, PER_MINUTE),
    "latency_vs_own_past": times_past(LATENCY, floor=LEAST_LATENCY_MS),
    "latency_vs_siblings": times_siblings(LATENCY, floor=LEAST_LATENCY_MS),
    "request_rate": average(REQUESTS),
    "request_rate_vs_own_past": times_past(REQUESTS, floor=LEAST_REQUESTS_PER_SECOND),
    "requests_in_flight": average(IN_FLIGHT),
    "requests_in_flight_1m": lambda moment: mean(moment.latest(IN_FLIGHT)),
    "requests_in_flight_growth_10m": growth(IN_FLIGHT, PER_MINUTE),
    "server_error_share": _server_error_share,
    "server_error_share_1m": lambda moment: mean(moment.latest(ERROR_SHARE)),
    "server_error_share_growth_10m": growth(ERROR_SHARE, PER_MINUTE),
    "server_error_minutes": lambda moment: moment.minutes_above(
        ERROR_SHARE, ERROR_SHARE_IN_TROUBLE
    ),
}
PROBE_FEATURES: Mapping[str, Recipe | Compared] = {
    "liveness_failures_3m": _failed_probes("liveness_failures", back=WINDOW),
    "liveness_failures_1m": _failed_probes("liveness_failures", back=LATEST),
    "readiness_failures_3m": _failed_probes("readiness_failures", back=WINDOW),
    "probe_failures_1h": _failed_probes(*PROBES, back=HISTORY),
    "scrape_failure_share": lambda moment: 1.0 - moment.average("scrape_up"),
    "scrape_seconds": average(SCRAPE),
    "scrape_seconds_1m": lambda moment: mean(moment.latest(SCRAPE)),
    "scrape_seconds_vs_siblings": above_siblings(SCRAPE),
    "scrape_seconds_worst": lambda moment: maximum(moment.window(SCRAPE)),
    "scrape_seconds_growth_10m": growth(SCRAPE, PER_MINUTE),
}
