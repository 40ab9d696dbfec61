"""Checks of the metrics: who is missing, what hangs on it, how to get it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from podforecast.diagnosis.dependence import features_lost, reliance
from podforecast.diagnosis.exporters import EXPORTERS, Exporter, exporter_of, labels_of, signals_of
from podforecast.diagnosis.facts import Facts, Fleet
from podforecast.diagnosis.finding import Finding, State
from podforecast.features.build import CORE, SIGNALS_READ
from podforecast.model.curves import GroupImportance
from podforecast.telemetry.prometheus.queries import METRICS

LISTING = "kube_pod_info"
"""Without it no pod is known to exist."""
SHARED_BY = 10
"""A metric that so many signals read lists pods, and says nothing of any one signal."""
SHOWN = 4
"""Names in a line; --json has them all."""
SILENT: Mapping[str, str] = {
    "liveness_failures": "failed liveness probes are taken for none",
    "readiness_failures": "failed readiness probes are taken for none",
    "status_code": "pods that are down are scored as if they ran",
    "restarts": "failures are not seen: nothing can be graded",
    "last_termination_code": "an OOM kill can not be told from another exit",
}
"""What is lost beside features."""

ONLY_ADD = ("kube_pod_spec_volumes_", "kubelet_volume_")
"""Metrics that only widen a signal: pods without volume claims have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricState:
    """One wanted metric, with what hangs on it."""

    name: str
    exporter: str
    state: State
    series: int
    signals: tuple[str, ...]
    unknown_signals: tuple[str, ...]
    """Of these, those that no pod has."""
    found: str


def unknown_signals(facts: Facts) -> frozenset[str]:
    """Return the signals that no pod has; all of them where the pods could not be read."""
    fleet = facts.fleet
    if not isinstance(fleet, Fleet):
        return frozenset(SIGNALS_READ)
    return frozenset(name for name in SIGNALS_READ if not fleet.pods_with.get(name))


def metric_states(facts: Facts) -> tuple[MetricState, ...]:
    """Judge every wanted metric.

    An absent metric is missing only where no pod has a signal that reads it: others may stand in
    (one of three kinds of request metrics), or there is nothing to report (no CronJob, no
    container that waits).
    """
    unknown = unknown_signals(facts)
    states = []
    for name in METRICS:
        metric, reads = facts.metrics[name], signals_of()[name]
        lacking = tuple(signal for signal in reads if signal in unknown)
        needed = bool(lacking) and not name.startswith(ONLY_ADD)
        state, found = _judged(name, metric.series, metric.labelled, needed)
        states.append(
            MetricState(
                name=name,
                exporter=exporter_of(name).name,
                state=state,
                series=metric.series,
                signals=reads,
                unknown_signals=lacking,
                found=found,
            )
        )
    return tuple(states)


def _judged(name: str, series: int, labelled: int, needed: bool) -> tuple[State, str]:
    if not series:
        return ("missing", "absent") if needed else ("ok", "absent, and not needed now")
    if not labelled:
        labels = ", ".join(labels_of(name))
        return ("wrong", f"{series} series, none with the labels {labels}")
    return "ok", f"{labelled} series"


def metrics_by_exporter(
    facts: Facts, importances: Sequence[GroupImportance] = ()
) -> Iterator[Finding]:
    """One line per exporter; the cost is that of all signals nobody has for want of its metrics."""
    states = metric_states(facts)
    explained: set[str] = set()
    for exporter in EXPORTERS:
        own = [state for state in states if state.exporter == exporter.name]
        bad = [state for state in own if state.state != "ok"]
        lacking = {name for state in bad for name in state.unknown_signals}
        if bad and exporter.name != "kube-state-metrics":
            # What is unknown for want of pods is told once, where pods are listed.
            lacking -= _unlisted(states)
        explained |= lacking
        if bad and (lacking or any(state.name == LISTING for state in bad)):
            yield _lacking(exporter, own, lacking, facts, importances)
        else:
            found = f"{_complete(own)}{_partly(own, facts)}"
            yield Finding(check=exporter.name, state="ok", found=found)
    if isinstance(facts.fleet, Fleet):
        unexplained = unknown_signals(facts) - explained - _unlisted(states)
        yield from _unexplained(unexplained, importances)


def _complete(own: Sequence[MetricState]) -> str:
    there = sum(state.series > 0 for state in own)
    rest = "" if there == len(own) else "; others stand in for the rest, or have nothing to report"
    return f"{there} of {len(own)} metrics are there{rest}"


def _partly(own: Sequence[MetricState], facts: Facts) -> str:
    """Name the signal that fewest pods have, where that is less than half of them."""
    if not isinstance(facts.fleet, Fleet):
        return ""
    shared = {name for state in own if len(state.signals) > SHARED_BY for name in state.signals}
    read = {name for state in own for name in state.signals} - shared
    counted = [
        (facts.fleet.pods_with.get(name, 0), name) for name in sorted(read) if name in SIGNALS_READ
    ]
    fewest, name = min(counted, default=(0, ""))
    if not fewest or fewest * 2 >= facts.fleet.pods:
        return ""
    return f"; {name} is known of {fewest} of {facts.fleet.pods} pods"


def _unlisted(states: Sequence[MetricState]) -> frozenset[str]:
    listing = next(state for state in states if state.name == LISTING)
    return frozenset(listing.signals) if listing.state != "ok" else frozenset()


def _lacking(
    exporter: Exporter,
    own: Sequence[MetricState],
    lacking: Collection[str],
    facts: Facts,
    importances: Sequence[GroupImportance],
) -> Finding:
    bad = [state for state in own if state.state != "ok"]
    found = "; ".join(f"{name} {found}" for name, found in _grouped(bad))
    return Finding(
        check=exporter.name,
        state="wrong" if any(state.state == "wrong" for state in bad) else "missing",
        found=found,
        cost=cost_of(lacking, importances),
        fix=_fix(exporter, own, facts),
        fatal=bool(set(CORE) & set(lacking)) or any(state.name == LISTING for state in bad),
    )


def _fix(exporter: Exporter, own: Sequence[MetricState], facts: Facts) -> str:
    if exporter.name == "kube-state-metrics" and facts.renamed_series:
        return "Its labels were renamed (exported_pod): set `honor_labels: true` in its scrape job."
    if any(state.series for state in own):
        return (
            f"{exporter.name} is scraped: look for a collector that is off, and at what its job's"
            " `metric_relabel_configs` drop."
        )
    return exporter.fix


def _grouped(bad: Sequence[MetricState]) -> Iterator[tuple[str, str]]:
    absent = [state.name for state in bad if not state.series]
    if absent:
        yield _some(absent), "absent"
    yield from ((state.name, state.found) for state in bad if state.series)


def _unexplained(
    unknown: Collection[str], importances: Sequence[GroupImportance]
) -> Iterator[Finding]:
    if unknown:
        yield Finding(
            check="joins",
            state="wrong",
            found=f"the metrics of {_some(sorted(unknown))} are there, but no pod has the signal",
            cost=cost_of(unknown, importances),
            fix="Try the signal's query (docs/signals.md) in Prometheus part by part: rates"
            " need two samples in a minute, joins the same namespace, pod, node or instance. Pods"
            " on their host's network have no network signals.",
            fatal=bool(set(CORE) & set(unknown)),
        )


def cost_of(signals: Collection[str], importances: Sequence[GroupImportance] = ()) -> str:
    """Say what forecasts lose without some signals.

    >>> cost_of(["node_disk_ratio"])
    '1 feature unknown (node_disk_pct)'
    """
    if set(CORE) & set(signals):
        return "coverage falls below 60 %: no pod can be forecast"
    features = features_lost(frozenset(signals))
    parts = [SILENT[name] for name in SILENT if name in signals]
    if features:
        plural = "s" if len(features) > 1 else ""
        unknown = f"{len(features)} feature{plural} unknown ({_some(features)})"
        parts.insert(0, f"{unknown}{_share(features, importances)}")
    return "; ".join(parts)


def _share(features: Sequence[str], importances: Sequence[GroupImportance]) -> str:
    if not importances:
        return ""
    share = f"{reliance(features, importances):.0%}"
    return f": {'nothing' if share == '0%' else share} of what the model relies on"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
