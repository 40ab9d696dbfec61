"""Answers about a pack of signals as parallel arrays: what a scan of many pods reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from podforecast.errors import TelemetryMalformed
from podforecast.telemetry.collector import collector_paused
from podforecast.telemetry.pod_table import PodTable
from podforecast.telemetry.prometheus.answers import SHOWN, read_data, read_series
from podforecast.telemetry.prometheus.pod_labels import PodLabels
from podforecast.telemetry.prometheus.queries import SIGNAL_LABEL
from podforecast.telemetry.prometheus.vectors import Vector, read_in_place
from podforecast.telemetry.ring import STEP_SECONDS, Samples

GRID_SECONDS = 0.5
"""Times come back cut to milliseconds; what is further from the grid was not asked for."""


class VectorReader:
    """Reads the answers of instant queries, and remembers the labels of pods between them."""

    def __init__(self) -> None:
        self._labels = PodLabels(PodTable())

    def read(self, body: bytes, signals: Sequence[str], sample: int, table: PodTable) -> Samples:
        """Read the answer about a pack of signals.

        Parameters
        ----------
        signals
            That were asked for.
        sample
            Number of the sample that was asked for.
        table
            Gives pods their numbers; new pods get one.

        Raises
        ------
        QueryRejected
            If the answer says that the query failed.
        TelemetryMalformed
            If it is not an answer to this query.
        """
        if self._labels.table is not table:
            self._labels = PodLabels(table)
        vector = read_in_place(body, signals, self._labels)
        if vector is None:
            with collector_paused():
                vector = parse_vector(body, signals, table)
        if len(vector.pod) and abs(vector.time - sample * STEP_SECONDS) > GRID_SECONDS:
            raise TelemetryMalformed("the answer has samples of another time than was asked for")
        vector.values[np.isinf(vector.values)] = np.nan
        return Samples(
            signals=tuple(signals),
            signal=vector.place,
            pod=vector.pod,
            sample=np.full(len(vector.pod), sample, np.int64),
            values=vector.values,
        )


def parse_vector(body: bytes, signals: Sequence[str], table: PodTable) -> Vector:
    """Read any answer to an instant query by way of the JSON parser; see `VectorReader.read`."""
    place = {name: index for index, name in enumerate(signals)}
    pods, numbers, values = [], [], []
    try:
        rows = read_data(body)["result"]
        for row in rows:
            labels = row["metric"]
            pods.append(table.number(labels["namespace"], labels["pod"]))
            numbers.append(place[labels[SIGNAL_LABEL]])
            values.append(row["value"][1])
        read = np.array([float(value) for value in values], np.float64)
        time = float(rows[0]["value"][0]) if rows else 0.0
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _unexpected(error) from error
    return Vector(time, np.array(numbers, np.int64), np.array(pods, np.int64), read)


def read_matrix(
    body: bytes, signals: Sequence[str], first: int, last: int, table: PodTable
) -> Samples:
    """Read the answer of a range query, of the samples from first to last.

    Errors as in `VectorReader.read`.
    """
    place = {name: index for index, name in enumerate(signals)}
    with collector_paused():
        series = read_series(body)
    try:
        pods = [table.number(each.labels["namespace"], each.labels["pod"]) for each in series]
        numbers = [place[each.labels[SIGNAL_LABEL]] for each in series]
    except KeyError as error:
        raise _unexpected(error) from error
    lengths = [len(each.times) for each in series]
    times = np.concatenate([np.empty(0), *(each.times for each in series)])
    sample = np.rint(times / STEP_SECONDS).astype(np.int64)
    if len(sample) and (sample.min() < first or sample.max() > last):
        raise TelemetryMalformed("the answer has samples outside of the range that was asked for")
    return Samples(
        signals=tuple(signals),
        signal=np.repeat(np.array(numbers, np.int64), lengths),
        pod=np.repeat(np.array(pods, np.int64), lengths),
        sample=sample,
        values=np.concatenate([np.empty(0), *(each.values for each in series)]),
    )


def read_pods(body: bytes, label: str = "") -> list[tuple[str, str, str]]:
    """Read namespace, pod and one more label of an instant query's series; values are ignored."""
    try:
        with collector_paused():
            return [_named(row["metric"], label) for row in read_data(body)["result"]]
    except (KeyError, TypeError) as error:
        raise _unexpected(error) from error


def _named(labels: Mapping[str, Any], label: str) -> tuple[str, str, str]:
    return str(labels["namespace"]), str(labels["pod"]), str(labels[label]) if label else ""


def _unexpected(error: Exception) -> TelemetryMalformed:
    return TelemetryMalformed(
        f"the answer has an unexpected shape: {error!r}"[:SHOWN],
        hint="Check that the address leads to the query API of a Prometheus.",
    )
