"""Asks a Prometheus everything that the checks want to know; some thirty small queries."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from podforecast.diagnosis.exporters import labels_of
from podforecast.diagnosis.facts import Asked, Copies, Facts, Fleet, Metric, Pace, Server
from podforecast.domain.telemetry import WINDOW, TelemetrySource
from podforecast.errors import PodforecastError, TelemetryMalformed, TelemetryRefused
from podforecast.features.build import SIGNALS_READ, build
from podforecast.model.labels import scorable
from podforecast.pipeline import aligned
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

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview:
    """A server, and how it is asked.

    Parameters
    ----------
    api
        Of the server.
    source
        The same server as the watcher reads it.
    address
        Of the server, without credentials.
    tenant
        Whether a tenant header is sent.
    """

    api: QueryApi
    source: TelemetrySource
    address: str
    tenant: bool
    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


def ask(interview: Interview, asked: Asked, *, on_step: Progress = lambda _: None) -> Facts:
    """Ask everything.

    Raises
    ------
    TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
        If the server does not answer even what time it is. What it will not tell later on is
        left unknown.
    """
    on_step("the server")
    server = _server(interview)
    api, now = interview.api, interview.wall() + server.skew_seconds
    on_step("metrics")
    metrics, renamed = _metrics(api, now, asked.selector)
    on_step("copies and clusters")
    copies = {name: _copies(api, now, asked.selector, *it) for name, it in IDENTITIES.items()}
    clusters = _clusters(api, now, asked.selector)
    on_step("scrape intervals")
    paces = {name: _pace(api, now, asked.selector, metric) for name, metric in PACED.items()}
    muting = _muting(api, now, asked)
    on_step("pods")
    return Facts(
        server=server,
        metrics=metrics,
        renamed_series=renamed,
        copies={name: found for name, found in copies.items() if found is not None},
        clusters=clusters,
        paces=paces,
        mute_annotation=asked.mute_annotation,
        muting=muting,
        fleet=_fleet(interview, now - asked.delay.total_seconds()),
    )


def selecting(selector: str, *matchers: str, metric: str = "") -> str:
    """Write a selector of some metric, with the operator's own matchers.

    >>> selecting('cluster="prod",', 'pod!=""', metric="up")
    'up{cluster="prod",pod!=""}'
    """
    parts = [part for part in (selector.strip().strip("{},"), *matchers) if part]
    name, _, inside = metric.partition("{")
    return f"{name}{{{','.join([*parts, *filter(None, [inside.rstrip('}')])])}}}"


def _server(interview: Interview) -> Server:
    api = interview.api
    before = interview.wall()
    theirs = api.now()
    after = interview.wall()
    build, flags = page(api, "buildinfo"), page(api, "flags")
    most = flags.get("query.max-samples", "")
    return Server(
        address=interview.address,
        product=build.get("application") or ("Prometheus" if build.get("version") else ""),
        version=build.get("version", ""),
        answered_seconds=after - before,
        skew_seconds=theirs - (before + after) / 2,
        most_samples=int(most) if most.isdigit() else None,
        tenant=interview.tenant,
    )


def page(api: QueryApi, name: str) -> Mapping[str, str]:
    with suppress(TelemetryRefused, TelemetryMalformed):
        return api.status(name)
    return {}


def _metrics(api: QueryApi, now: float, selector: str) -> tuple[Mapping[str, Metric], int]:
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


def named(metrics: Sequence[str]) -> str:
    return f'__name__=~"{"|".join(metrics)}"'


def _counted(api: QueryApi, now: float, selector: str) -> dict[str, int]:
    series = api.at(f"count by (__name__) ({selector})", now)
    return {one.labels.get("__name__", ""): int(one.values[-1]) for one in series}


def _copies(
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


def _clusters(api: QueryApi, now: float, selector: str) -> dict[str, tuple[str, ...]]:
    by = ", ".join(CLUSTER_LABELS)
    series = api.at(f"group by ({by}) ({selecting(selector, metric='kube_pod_info')})", now)
    found = {
        label: tuple(sorted({one.labels[label] for one in series if label in one.labels}))
        for label in CLUSTER_LABELS
    }
    return {label: values for label, values in found.items() if values}


def _pace(api: QueryApi, now: float, selector: str, metric: str) -> Pace:
    selected = selecting(selector, metric=metric)
    newest = api.at(f"max(timestamp({selected}))", now)
    if not newest:
        return Pace(interval_seconds=None, newest_age_seconds=None)
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


def _muting(api: QueryApi, now: float, asked: Asked) -> int | None:
    label = annotation_label(asked.mute_annotation)
    every = api.at(f"count({selecting(asked.selector, metric='kube_pod_annotations')})", now)
    if not every:
        return None
    selected = selecting(asked.selector, f'{label}!=""', metric="kube_pod_annotations")
    seen = api.at(f"count({selected})", now)
    return int(seen[0].values[-1]) if seen else 0


def annotation_label(annotation: str) -> str:
    """Name of the label that kube-state-metrics makes of an annotation.

    >>> annotation_label("podforecast.io/mute")
    'annotation_podforecast_io_mute'
    """
    return "annotation_" + "".join(c if c.isalnum() and c.isascii() else "_" for c in annotation)


def _fleet(interview: Interview, at: float) -> Fleet | PodforecastError:
    end = aligned(datetime.fromtimestamp(at, UTC))
    started = interview.monotonic()
    try:
        block = interview.source.read(SIGNALS_READ, start=end - WINDOW, end=end)
    except PodforecastError as error:
        return error
    seconds = interview.monotonic() - started
    table = build(block)
    scored = scorable(table)
    return Fleet(
        pods=len(table.pods),
        pods_with={
            name: int(np.isfinite(values).any(axis=1).sum())
            for name, values in block.signals.items()
        },
        scored=int(scored.sum()),
        failing=int(table.failing.sum()),
        insufficient=int((~scored & ~table.failing).sum()),
        coverage=float(table.coverage.mean()) if len(table.pods) else float("nan"),
        read_seconds=seconds,
    )
