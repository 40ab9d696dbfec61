"""Answers about a made-up fleet, prepared before the clock starts, in place of a Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs

import httpx
import numpy as np

from podforecast.domain.telemetry import Array
from podforecast.features.build import SIGNALS_READ
from podforecast.telemetry.pace import pace_of
from podforecast.telemetry.pod_table import PodTable
from podforecast.telemetry.prometheus.filling import packs_of
from podforecast.telemetry.ring import DEPTH, STEP_SECONDS, Samples

PODS_OF_A_WORKLOAD = 5
_SIGNAL = re.compile(r'"signal", "(\w+)"')
_EMPTY = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
_PODS_AT_ONCE = 2000
_CODES = {
    "status_code": 0.0,
    "last_termination_code": 0.0,
    "autoscaler_direction": 0.0,
    "containers_ready_ratio": 1.0,
    "scrape_up": 1.0,
    "network_drops_per_s": 0.0,
    "server_error_rate": 0.0,
    "replicas_desired": float(PODS_OF_A_WORKLOAD),
    "restart_count_24h": 0.0,
}
"""Of a healthy pod."""


class PreparedPrometheus(httpx.BaseTransport):
    """Stands in for the network edge of a Prometheus: no query is evaluated.

    Parameters
    ----------
    n_pods
        Pods of the fleet; every 50th restarted within the hour, every 20th failed a probe.
    """

    def __init__(self, n_pods: int, *, seed: int = 0) -> None:
        self.n_pods = n_pods
        self._rng = np.random.default_rng(seed)
        self._names = [_name(number) for number in range(n_pods)]
        self._owners = _vector(
            b",".join(
                _SERIES % (pod, b"workload", b"checkout-%05d" % (k // PODS_OF_A_WORKLOAD))
                for k, pod in enumerate(self._names)
            )
        )
        self.packs: Mapping[tuple[str, ...], bytes] = {}
        """The answers about signals, as prepared."""
        self._usual = {name: self._rng.uniform(0.1, 0.8, n_pods) for name in SIGNALS_READ}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer with what is prepared: a pack of signals now, who owns what, and no past."""
        query = parse_qs(request.read().decode())["query"][0]
        signals = tuple(_SIGNAL.findall(query))
        past = request.url.path.endswith("query_range")
        now = self.packs[signals] if signals and not past else self._owners
        return httpx.Response(200, content=_EMPTY if past else now)

    def prepare(self, sample: int) -> None:
        """Write the answers about one sample: to what a watcher asks about it."""
        time = int(STEP_SECONDS * sample)
        self.packs = {
            pack: _vector(b",".join(self._series(name, time) for name in pack))
            for pack in packs_of(SIGNALS_READ)
            if pace_of(pack[0]).latest(sample) == sample
        }

    def _series(self, name: str, time: int) -> bytes:
        label = name.encode()
        values = self.values(name, slice(None), 1)[:, 0].tolist()
        return b",".join(
            _SERIES_OF % (pod, label, time, repr(value).removesuffix(".0").encode())
            for pod, value in zip(self._names, values, strict=True)
            if value == value  # a counter of failures that nobody had is not there
        )

    def past(self, newest: int, table: PodTable) -> Iterator[Samples]:
        """An hour of every signal up to a sample, a part of the pods at a time."""
        for namespace, pod in map(_named, range(self.n_pods)):
            table.number(namespace, pod)
        for first in range(0, self.n_pods, _PODS_AT_ONCE):
            rows = slice(first, min(first + _PODS_AT_ONCE, self.n_pods))
            count = rows.stop - rows.start
            for name in SIGNALS_READ:
                yield Samples(
                    signals=(name,),
                    signal=np.zeros(count * DEPTH, np.int64),
                    pod=np.repeat(np.arange(rows.start, rows.stop), DEPTH),
                    sample=np.tile(np.arange(newest - DEPTH + 1, newest + 1), count),
                    values=self.values(name, rows, DEPTH).ravel(),
                )

    def values(self, name: str, pods: slice, n_times: int) -> Array:
        """Samples in a row, (n_pods, n_times)."""
        numbers = np.arange(self.n_pods)[pods, None]
        shape = (len(numbers), n_times)
        if name in _CODES:
            return np.full(shape, _CODES[name])
        if name == "container_age_minutes":
            return 90.0 + numbers % 10_000 + 0.25 * np.arange(n_times)
        if name in {"liveness_failures", "readiness_failures"}:
            return np.where(numbers % 20 == 0, 1.0, np.full(shape, np.nan))
        if name == "restarts":
            return np.where(numbers % 50 == 0, 1.0, 0.0) * (np.arange(n_times) >= n_times // 2)
        return self._usual[name][pods, None] + self._rng.uniform(0.0, 0.05, shape)


_SERIES_OF = b'{"metric":{%s,"signal":"%s"},"value":[%d,"%s"]}'
_SERIES = b'{"metric":{%s,"%s":"%s"},"value":[0,"1"]}'


def _vector(series: bytes) -> bytes:
    return b'{"status":"success","data":{"resultType":"vector","result":[%s]}}' % series


def _named(number: int) -> tuple[str, str]:
    """Namespace and name, as long as those of a Deployment are."""
    workload, replica = divmod(number, PODS_OF_A_WORKLOAD)
    return f"team-{workload % 40:02d}", f"checkout-{workload:05d}-7d9f8c6b5-x{replica}k2v"


def _name(number: int) -> bytes:
    return b'"namespace":"%s","pod":"%s"' % tuple(part.encode() for part in _named(number))
