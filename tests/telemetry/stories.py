"""Small synthetic clusters, told as series: what a Prometheus would have scraped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from podforecast.telemetry.raw_series import RawSeries

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""When stories end; pushed into the past of the machine by whoever writes them."""

SELECTOR = re.compile(r'([a-z_]+)="([^"]*)"')

Shape = float | Callable[[np.ndarray], np.ndarray]
"""A constant, or a function of the seconds since the series began."""


@dataclass(frozen=True, slots=True)
class Told:
    """One series: text as in Prometheus, values, and when it was there."""

    text: str
    shape: Shape
    since: float
    """Minutes before the end."""
    until: float
    every: float
    stale: bool

    def raw(self, now: float) -> RawSeries:
        name, _, inside = self.text.partition("{")
        seconds = np.arange(0.0, 60.0 * (self.since - self.until) + 1e-6, self.every)
        values = self.shape(seconds) if callable(self.shape) else np.full(len(seconds), self.shape)
        times = now - 60.0 * self.since + seconds
        if self.stale:
            times, values = np.append(times, times[-1] + self.every), np.append(values, np.nan)
        return RawSeries(
            name=name,
            labels=dict(SELECTOR.findall(inside)),
            time_ms=np.rint(1000 * times).astype(np.int64),
            values=np.asarray(values, np.float64),
        )


def told(
    text: str,
    shape: Shape,
    *,
    since: float = 6.0,
    until: float = 0.0,
    every: float = 15.0,
    stale: bool = False,
) -> Told:
    """Tell a series that was there from ``since`` to ``until`` minutes before the end."""
    return Told(text, shape, since, until, every, stale)


def growing(per_second: float) -> Callable[[np.ndarray], np.ndarray]:
    """A counter from 0."""
    return lambda seconds: per_second * seconds


def listed(
    pod: str,
    *,
    uid: str = "",
    node: str = "n1",
    since: float = 6.0,
    created: float = 60.0,
    **more: str,
) -> Iterator[Told]:
    """What makes a pod exist: kube_pod_info and kube_pod_created (minutes before the end)."""
    inside = f'namespace="shop",pod="{pod}",uid="{uid or "u-" + pod}"'
    extra = "".join(f',{name}="{value}"' for name, value in more.items())
    yield told(f'kube_pod_info{{{inside},node="{node}"{extra}}}', 1.0, since=since)
    yield told(f"kube_pod_created{{{inside}}}", NOW.timestamp() - 60.0 * created, since=since)


def owned(pod: str, kind: str, name: str) -> Told:
    """Who owns a pod."""
    return told(
        f'kube_pod_owner{{namespace="shop",pod="{pod}",uid="u-{pod}",'
        f'owner_kind="{kind}",owner_name="{name}"}}',
        1.0,
    )


def deployed(pod: str, replicaset: str, deployment: str) -> Iterator[Told]:
    """A pod of a Deployment."""
    yield owned(pod, "ReplicaSet", replicaset)
    yield told(
        f'kube_replicaset_owner{{namespace="shop",replicaset="{replicaset}",'
        f'owner_kind="Deployment",owner_name="{deployment}"}}',
        1.0,
    )


def twice(story: Iterable[Told], label: str) -> Sequence[Told]:
    """Every series from two servers, told apart by a label."""
    return [
        Told(
            f'{each.text[:-1]},{label}="{server}"}}',
            each.shape,
            each.since,
            each.until,
            each.every,
            each.stale,
        )
        for each in story
        for server in ("a", "b")
    ]
