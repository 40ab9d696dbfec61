"""Writes series into a real Prometheus: protobuf and snappy by hand, for lack of a small library.

The format is that of https://prometheus.io/docs/concepts/remote_write_spec/. Snappy allows
blocks of literals only, so nothing is compressed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import httpx
import numpy as np

from podforecast.telemetry.raw_series import RawSeries

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""The NaN that Prometheus takes for the end of a series."""
SERIES_PER_REQUEST = 500
LITERAL_BYTES = 65536

INSTANTS = frozenset(
    {
        "kube_pod_created",
        "kube_replicaset_created",
        "kube_pod_container_state_started",
        "container_start_time_seconds",
    }
)
"""Gauges whose value is a time: they move along when a recording is moved."""


def write(client: httpx.Client, series: Iterable[RawSeries]) -> None:
    """Send series; they can be queried when this returns."""
    batch: list[bytes] = []
    for each in series:
        batch.append(_field(1, time_series(each)))
        if len(batch) == SERIES_PER_REQUEST:
            _send(client, b"".join(batch))
            batch = []
    if batch:
        _send(client, b"".join(batch))


def _send(client: httpx.Client, message: bytes) -> None:
    answer = client.post(
        "api/v1/write",
        content=snappy(message),
        headers={
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        },
    )
    assert answer.status_code == 204, answer.text


def time_series(series: RawSeries) -> bytes:
    """Encode a TimeSeries message."""
    labels = sorted([("__name__", series.name), *series.labels.items()])
    head = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in labels
    )
    return head + samples(series)


def samples(series: RawSeries) -> bytes:
    """Encode all samples at once: a time of today takes six bytes as a varint."""
    times = series.time_ms.astype(np.uint64)
    assert times.min() >= 2**35, "a time before 1971"
    values = np.where(np.isnan(series.values), STALE, series.values).astype("<f8")
    rows = np.zeros((len(times), 18), np.uint8)
    rows[:, :3] = (0x12, 16, 0x09)
    rows[:, 3:11] = values.view(np.uint8).reshape(-1, 8)
    rows[:, 11] = 0x10
    for place in range(6):
        more = 0x80 if place < 5 else 0
        rows[:, 12 + place] = ((times >> np.uint64(7 * place)) & np.uint64(0x7F)) | more
    return rows.tobytes()


def snappy(data: bytes) -> bytes:
    """Wrap data in the block format, as literals."""
    parts = [_varint(len(data))]
    for start in range(0, len(data), LITERAL_BYTES):
        chunk = data[start : start + LITERAL_BYTES]
        parts += [bytes([61 << 2]), struct.pack("<H", len(chunk) - 1), chunk]
    return b"".join(parts)


def _field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def moved(series: Iterable[RawSeries], seconds: float) -> Iterator[RawSeries]:
    """Move series in time, and with them what their values say about time."""
    for each in series:
        values = each.values + seconds if each.name in INSTANTS else each.values
        time_ms = each.time_ms + round(1000 * seconds)
        yield replace(each, time_ms=time_ms, values=values)


def labelled(series: Iterable[RawSeries], **labels: str) -> Iterator[RawSeries]:
    """Add labels to every series: what a shared Prometheus tells its tenants apart by."""
    for each in series:
        extended: Mapping[str, str] = {**each.labels, **labels}
        yield replace(each, labels=extended)
