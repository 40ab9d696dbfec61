"""The queries of every signal, alone and packed: PromQL as data, nothing is sent from here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from podforecast.telemetry.prometheus.expressions import EXPRESSIONS, LIVES, of_the_newest
from podforecast.telemetry.prometheus.joins import JOINS, expand

SCRAPES_OF_A_RATE = 4
"""Two give a rate; with four, one scrape may fail, and one more be late."""
RATE_WINDOW = timedelta(minutes=1)
"""The shortest, which holds four scrapes of 15 s."""
QUANTILE_WINDOW = timedelta(minutes=3)
"""The shortest: a 95th percentile over one minute of a quiet pod would be the slowest of a few
requests."""

PACKS: tuple[tuple[str, ...], ...] = (
    ("cpu_usage_ratio", "cpu_throttled_ratio", "node_memory_ratio"),
    ("memory_usage_ratio", "memory_working_set_bytes", "memory_limit_bytes"),
    ("restarts", "containers_ready_ratio", "status_code", "last_termination_code"),
    ("request_rate", "server_error_rate", "latency_mean_ms"),
    ("container_age_minutes", "liveness_failures", "readiness_failures"),
    ("error_log_lines_per_min", "scrape_up", "scrape_seconds", "open_fds_ratio"),
    # Slow ones, see podforecast.telemetry.pace: those of a pack have the same turn.
    ("restart_count_24h", "workload_failures_7d"),
    ("replicas_desired", "autoscaler_direction"),
    ("latency_p95_ms",),
    ("node_pressure_score", "node_cpu_ratio", "node_disk_ratio", "revision_age_hours"),
    (
        "network_receive_bytes_per_s",
        "network_transmit_bytes_per_s",
        "network_drops_per_s",
        "disk_usage_ratio",
    ),
)
"""Signals that are asked for together: a cycle stays at a dozen queries, and one that fails
takes only its neighbours with it. More than four to a pack cost more again: every ``or`` goes
through all that stands before it."""

SIGNAL_LABEL = "signal"
"""Tells the signals of a pack apart."""


def _tagged(signal: str, template: str) -> str:
    return f'label_replace(\n{template}\n, "{SIGNAL_LABEL}", "{signal}", "", "")'


_LISTED = "(\n{}\n) and on (namespace, pod) <listed>"


def promql_duration(span: timedelta) -> str:
    """Write a duration as PromQL does.

    >>> promql_duration(timedelta(minutes=1)), promql_duration(timedelta(seconds=90))
    ('1m', '90s')
    """
    seconds = int(span.total_seconds())
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


def quoted(text: str) -> str:
    r"""Write a string of PromQL.

    >>> print(quoted('a"b\\c'))
    "a\"b\\c"
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def rate_window_of(scrape_interval: timedelta) -> timedelta:
    """Return the window that rates need where scrapes are so far apart.

    >>> [rate_window_of(timedelta(seconds=s)).total_seconds() for s in (5, 15, 30, 60)]
    [60.0, 60.0, 120.0, 240.0]
    """
    return max(RATE_WINDOW, SCRAPES_OF_A_RATE * scrape_interval)


_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def _one_of(label: str, values: Sequence[str]) -> str:
    r"""Match any of some values, letter by letter.

    A hyphen is not escaped: Prometheus looks plain alternatives up, and would try an escaped one
    on every series.

    >>> print(_one_of("namespace", ["shop"]), _one_of("namespace", ["a-b", "c.d"]))
    namespace="shop" namespace=~"a-b|c\\.d"
    """
    if len(values) == 1:
        return f"{label}={quoted(values[0])}"
    either = "|".join(_SPECIAL.sub(r"\\\g<0>", value) for value in values)
    return f"{label}=~{quoted(either)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a query is restricted to, and over which window it takes rates."""

    rate_window: timedelta = RATE_WINDOW
    extra_selector: str = ""
    """Label matchers for every series, for example ``cluster="prod"``."""
    namespaces: tuple[str, ...] = ()
    """Only these; empty means all. For a shard, and the parts of a read that was too large."""

    def within(self, *namespaces: str) -> Scope:
        """Return the same for these namespaces only."""
        return replace(self, namespaces=namespaces)

    def render(self, template: str) -> str:
        """Fill a template in."""
        where = self.extra_selector.strip().strip("{},")
        pods = where
        if self.namespaces:
            pods = f"{where},{_one_of('namespace', self.namespaces)}".lstrip(",")
        places = {
            "rate": promql_duration(self.rate_window),
            "quantile": promql_duration(max(QUANTILE_WINDOW, self.rate_window)),
            "where": where,
            "pods": pods,
        }
        return expand(template, places)

    def query(self, signal: str) -> str:
        """Return the PromQL of one signal; its result has the labels namespace and pod."""
        return self.render(_LISTED.format(EXPRESSIONS[signal]))

    def expression(self, signal: str) -> str:
        """Return the same in brackets, for pods that exist or not: to be made part of another."""
        return self.render(f"(\n{EXPRESSIONS[signal]}\n)")

    def pack(self, signals: Sequence[str]) -> str:
        """Return the PromQL of several signals, told apart by the label ``signal``."""
        lives = [name for name in signals if name in LIVES]
        parts = [_tagged(name, EXPRESSIONS[name]) for name in signals if name not in LIVES]
        if lives:
            told = "\nor\n".join(_tagged(name, LIVES[name]) for name in lives)
            parts.insert(0, of_the_newest(told, SIGNAL_LABEL))
        return self.render(_LISTED.format("\nor\n".join(parts)))

    def workloads(self, span: timedelta, step: timedelta) -> str:
        """Return the PromQL of who owns each pod that existed within a span before now.

        A subquery stands on multiples of its step, so what was created since the last one is
        asked for once more.
        """
        owners = self.render(JOINS["workload"])
        if span < step:
            return owners
        window = f"{int(span.total_seconds())}s:{int(step.total_seconds())}s"
        return f"last_over_time({owners}[{window}])\nor\n{owners}"


EVERYTHING = Scope()
"""A whole cluster, all that a Prometheus knows, scraped every 15 s."""

QUERIES: Mapping[str, str] = {name: EVERYTHING.query(name) for name in EXPRESSIONS}
"""Signal name to PromQL with a one-minute rate, ready to be pasted into Prometheus."""

_SELECTOR = re.compile(r"\b([a-z][A-Za-z0-9_]*)\{")


def selected_metrics(signal: str) -> frozenset[str]:
    """Return the metrics that the query of a signal selects.

    >>> sorted(selected_metrics("scrape_up"))
    ['kube_pod_info', 'kube_pod_status_phase', 'up']
    """
    return frozenset(_SELECTOR.findall(QUERIES[signal]))


METRICS: tuple[str, ...] = tuple(
    sorted({name for each in QUERIES for name in selected_metrics(each)})
)
"""Every metric that any query selects."""
