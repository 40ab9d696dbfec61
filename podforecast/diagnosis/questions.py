"""The questions, each a query or two: what there is, how often, how late, how many times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from podforecast.diagnosis.exporters import labels_of
from podforecast.diagnosis.facts import Copies, Metric, Pace
from podforecast.telemetry.prometheus.answers import Series
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.queries import METRICS

CLUSTER_LABELS = (
    "cluster",
    "cluster_name",
    "k8s_cluster",
    "k8s_cluster_name",
    "kubernetes_cluster",
)
"""What people call the label; external labels of kube-prometheus, Grafana and OpenTelemetry."""
PACED: Mapping[str, str] = {
    "cAdvisor": "container_memory_working_set_bytes",
    "kube-state-metrics": "kube_pod_info",
    "pod endpoints": 'up{pod!=""}',
}
"""What shows how often an exporter is scraped."""
IDENTITIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "kube-state-metrics": ("kube_pod_info", ("namespace", "pod", "uid")),
    "cAdvisor": ('container_memory_working_set_bytes{container!=""}',
                 ("namespace", "pod", "container", "id", "name")),
}  # fmt: skip
"""A series of an exporter that should be there once, and what makes it that series."""
LOOK_BACK = timedelta(minutes=10)
"""In which samples are counted: ten of them at a minute's interval."""

RECENT = timedelta(minutes=5)
"""How old a sample may be to be found by a query."""


def selecting(selector: str, *matchers: str, metric: str = "") -> str:
    """Write a selector of some metric, with the operator's own matchers.

    >>> selecting('cluster="prod",', 'pod!=""', metric="up")
    'up{cluster="prod",pod!=""}'
    """
    parts = [part for part in (selector.strip().strip("{},"), *matchers) if part]
    name, _, inside = metric.partition("{")
    return f"{name}{{{','.join([*parts, *filter(None, [inside.rstrip('}')])])}}}"


def metrics(api: QueryApi, now: float, selector: str) -> tuple[Mapping[str, Metric], int]:
    """Series of every wanted metric, and those of kube-state-metrics whose labels were renamed."""
    every = _counted(api, now, selecting(selector, named(METRICS)))
    by_labels: dict[tuple[str, ...], list[str]] = {}
    for metric in METRICS:
        by_labels.setdefault(labels_of(metric), []).append(metric)
    labelled: dict[str, int] = {}
    for labels, metrics in by_labels.items():
        there = [f'{label}!=""' for label in labels]
        labelled |= _counted(api, now, selecting(selector, named(metrics), *there))
    renamed = _counted(api, now, selecting(selector, 'exported_pod!=""', named(["kube_pod_info"])))
    found = {
        name: Metric(series=every.get(name, 0), labelled=labelled.get(name, 0)) for name in METRICS
    }
    return found, sum(renamed.values())


def named_only(api: QueryApi, now: float, selector: str) -> tuple[Mapping[str, Metric], int]:
    """Which metrics there are, without loading a sample; their labels are taken for granted."""
    there = names_there(api, now, selector)
    return {name: Metric(series=name in there, labelled=name in there) for name in METRICS}, 0


def names_there(api: QueryApi, now: float, selector: str) -> frozenset[str]:
    """Wanted metrics with a sample in the last minutes; no sample is loaded."""
    match = selecting(selector, named(METRICS))
    return frozenset(api.label_values("__name__", match, now - RECENT.total_seconds(), now))


def named(metrics: Sequence[str]) -> str:
    return f'__name__=~"{"|".join(metrics)}"'


def _counted(api: QueryApi, now: float, selector: str) -> dict[str, int]:
    series = api.at(f"count by (__name__) ({selector})", now)
    return {one.labels.get("__name__", ""): int(one.values[-1]) for one in series}


def copies(
    api: QueryApi, now: float, selector: str, metric: str, identity: Sequence[str]
) -> Copies | None:
    """How often the same thing is there; None where there is nothing."""
    selected, by = selecting(selector, metric=metric), ", ".join(identity)
    most = api.at(f"topk(1, count by ({by}) ({selected}))", now)
    if not most:
        return None
    matchers = [f"{name}={_quoted(most[0].labels.get(name, ''))}" for name in identity]
    same = api.at(selecting(selector, *matchers, metric=metric), now)
    return Copies(most=len(same), labels=_differing(same))


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _differing(series: Sequence[Series]) -> dict[str, tuple[str, ...]]:
    names = sorted({name for one in series for name in one.labels})
    values = {name: tuple(sorted({one.labels.get(name, "") for one in series})) for name in names}
    return {name: found for name, found in values.items() if len(found) > 1}


def clusters(api: QueryApi, now: float, selector: str) -> Mapping[str, Sequence[str]]:
    """Labels that may tell clusters apart, with their values."""
    by = ", ".join(CLUSTER_LABELS)
    series = api.at(f"group by ({by}) ({selecting(selector, metric='kube_pod_info')})", now)
    found = {
        label: tuple(sorted({one.labels[label] for one in series if label in one.labels}))
        for label in CLUSTER_LABELS
    }
    return {label: values for label, values in found.items() if values}


UNKNOWN_PACE = Pace(interval_seconds=None, newest_age_seconds=None)


def pace(api: QueryApi, now: float, selector: str, metric: str) -> Pace:
    """How often a metric is scraped, by three of its series, and how old its newest sample is."""
    selected = selecting(selector, metric=metric)
    newest = api.at(f"max(timestamp({selected}))", now)
    if not newest:
        return UNKNOWN_PACE
    window = f"[{int(LOOK_BACK.total_seconds())}s]"
    chosen = api.at(f"topk(3, timestamp({selected}))", now)
    samples = [_samples(api, now, metric, one.labels, window) for one in chosen]
    gaps = np.concatenate([np.diff(times) for times in samples] or [np.empty(0)])
    return Pace(
        interval_seconds=float(np.median(gaps)) if len(gaps) else None,
        newest_age_seconds=max(0.0, now - float(newest[0].values[-1])),
    )


def _samples(
    api: QueryApi, now: float, metric: str, labels: Mapping[str, str], window: str
) -> np.ndarray:
    """Times of the raw samples of one series."""
    matchers = [f"{name}={_quoted(value)}" for name, value in labels.items() if name != "__name__"]
    found = api.at(selecting("", *matchers, metric=metric.partition("{")[0]) + window, now)
    return found[0].times if len(found) == 1 else np.empty(0)


def muting(api: QueryApi, now: float, selector: str, annotation: str) -> int | None:
    """How many pods have an annotation; None where those of no pod are exported."""
    label = annotation_label(annotation)
    every = api.at(f"count({selecting(selector, metric='kube_pod_annotations')})", now)
    if not every:
        return None
    selected = selecting(selector, f'{label}!=""', metric="kube_pod_annotations")
    seen = api.at(f"count({selected})", now)
    return int(seen[0].values[-1]) if seen else 0


def annotation_label(annotation: str) -> str:
    """Name of the label that kube-state-metrics makes of an annotation.

    >>> annotation_label("podforecast.io/mute")
    'annotation_podforecast_io_mute'
    """
    return "annotation_" + "".join(c if c.isalnum() and c.isascii() else "_" for c in annotation)
