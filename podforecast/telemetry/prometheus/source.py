"""Reads a cluster from Prometheus, or anything that answers its HTTP API."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import httpx
import numpy as np

from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import STEP, Array, TelemetryBlock, time_grid
from podforecast.errors import TelemetryMalformed
from podforecast.telemetry.pace import asked
from podforecast.telemetry.prometheus.answers import QueryRejected, QueryTooLarge, Series
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.queries import (
    PACKS,
    RATE_WINDOW,
    SIGNAL_LABEL,
    Scope,
)

log = logging.getLogger(__name__)

Rows = dict[PodRef, Array]
"""Values on the grid, per pod."""


class PrometheusSource:
    """A ``TelemetrySource``. The caller owns the client, see
    :func:`podforecast.telemetry.prometheus.client.connect`.

    A dozen queries read all signals of all pods, however many there are. A query that the
    server rejects is taken apart: a pack into its signals, one that loads too many samples
    into namespaces. A signal that is rejected even alone is left out and logged; if that
    happens to all of them, the read is refused.

    Parameters
    ----------
    client
        With base URL, credentials and timeouts.
    step
        Distance of two samples.
    rate_window
        Of every rate; should hold four scrapes.
    extra_selector
        Label matchers for every series, for example ``cluster="prod"``.
    paced
        Read slow signals no more often than a watcher does; their other samples are unknown.
    """

    def __init__(
        self,
        client: httpx.Client,
        *,
        step: timedelta = STEP,
        rate_window: timedelta = RATE_WINDOW,
        extra_selector: str = "",
        paced: bool = False,
    ) -> None:
        self._api = QueryApi(client)
        self._step = step
        self._paced = paced
        self._scope = Scope(rate_window=rate_window, extra_selector=extra_selector)

    def read(self, signals: Sequence[str], *, start: datetime, end: datetime) -> TelemetryBlock:
        """Return the signals of every pod that kube-state-metrics listed at some time between.

        Raises
        ------
        ValueError
            If ``end`` is before ``start``.
        TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
        """
        if end < start:
            raise ValueError(f"the end {end} is before the start {start}")
        times = time_grid(start, end, self._step)
        found = self._signals(signals, times)
        pods = _known_pods(found)
        owners = self._owners(times) if pods else {}
        return TelemetryBlock(
            pods=pods,
            workloads=tuple(owners.get(pod, str(pod)) for pod in pods),
            times=times,
            signals={name: _stacked(rows, pods, len(times)) for name, rows in found.items()},
        )

    def _signals(self, signals: Sequence[str], times: Array) -> dict[str, Rows]:
        found: dict[str, Rows] = {}
        rejected: list[QueryRejected] = []
        for pack in PACKS:
            wanted = [name for name in pack if name in signals]
            if wanted:
                self._read_pack(wanted, times, found, rejected)
        if rejected and not found:
            raise rejected[0]
        return found

    def _read_pack(
        self,
        wanted: Sequence[str],
        times: Array,
        found: dict[str, Rows],
        rejected: list[QueryRejected],
    ) -> None:
        wanted_times = asked(times, wanted[0]) if self._paced else times

        def ask(scope: Scope) -> list[Series]:
            return self._api.over_range(scope.pack(wanted), wanted_times)

        try:
            found.update(_by_signal(self._in_parts(ask, times), wanted, times))
        except QueryRejected as error:
            if len(wanted) > 1:
                for name in wanted:
                    self._read_pack([name], times, found, rejected)
                return
            log.warning("signal is left out signal=%s reason=%s", wanted[0], error.message)
            rejected.append(error)

    def _in_parts(self, ask: Callable[[Scope], list[Series]], times: Array) -> list[Series]:
        """Ask for everything at once, and if that is too much, namespace by namespace."""
        try:
            return ask(self._scope)
        except QueryTooLarge:
            namespaces = self._namespaces(times)
            if len(namespaces) < 2:
                raise
        return [piece for name in namespaces for piece in ask(self._scope.within(name))]

    def _namespaces(self, times: Array) -> list[str]:
        match = self._scope.render("kube_pod_info{<where>}")
        return self._api.label_values("namespace", match, times[0], times[-1])

    def _owners(self, times: Array) -> dict[PodRef, str]:
        """Workload of each pod, as ``namespace/name``; the last one where it changed."""
        span = timedelta(seconds=times[-1] - times[0])

        def ask(scope: Scope) -> list[Series]:
            return self._api.at(scope.workloads(span, self._step), times[-1])

        try:
            series = self._in_parts(ask, times)
        except QueryRejected as error:
            log.warning("owners are left out reason=%s", error.message)
            return {}
        return {
            pod: f"{pod.namespace}/{labels['workload']}"
            for pod, labels in ((_pod(each.labels), each.labels) for each in series)
        }


def _known_pods(found: Mapping[str, Rows]) -> tuple[PodRef, ...]:
    """Pods with a sample; a quantile of no requests, say, is a series of nothing but NaN."""
    return tuple(
        sorted(
            {pod for rows in found.values() for pod, row in rows.items() if np.isfinite(row).any()}
        )
    )


def _by_signal(series: Iterable[Series], wanted: Sequence[str], times: Array) -> dict[str, Rows]:
    found: dict[str, Rows] = {name: {} for name in wanted}
    for piece in series:
        name = piece.labels.get(SIGNAL_LABEL, "")
        if name not in found:
            raise TelemetryMalformed(f"the answer has a signal nobody asked for: {name!r}")
        _place(
            piece, found[name].setdefault(_pod(piece.labels), np.full(len(times), np.nan)), times
        )
    return found


def _place(piece: Series, row: Array, times: Array) -> None:
    """Put points on their step by rounding: times come back cut to milliseconds."""
    step = times[1] - times[0] if len(times) > 1 else 1.0
    index = np.rint((piece.times - times[0]) / step).astype(np.int64)
    if len(index) and (index.min() < 0 or index.max() >= len(row)):
        raise TelemetryMalformed("the answer has samples outside of the range that was asked for")
    row[index] = piece.values


def _pod(labels: Mapping[str, str]) -> PodRef:
    try:
        return PodRef(labels["namespace"], labels["pod"])
    except KeyError as error:
        raise TelemetryMalformed(
            f"a series has no label {error}: {dict(labels)!r}"[:300]
        ) from error


def _stacked(rows: Rows, pods: Sequence[PodRef], n_times: int) -> Array:
    unknown = np.full(n_times, np.nan)
    return np.array([rows.get(pod, unknown) for pod in pods]).reshape(len(pods), n_times)
