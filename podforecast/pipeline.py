"""Where the stages meet, and the only place where they do.

Telemetry -> features -> labels is a data set; telemetry -> features -> scorer is a scan. Both
call :func:`podforecast.features.build.build` on a block that ends at the moment in question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np

from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.domain.forecast import Forecast
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.statuses import Codes, StatusRows
from podforecast.domain.tables import Dataset, FeatureTable, Index, Mask
from podforecast.domain.telemetry import (
    HISTORY,
    HORIZON,
    STEP,
    Array,
    TelemetryBlock,
    TelemetrySource,
)
from podforecast.features.build import SIGNALS_READ, build
from podforecast.model.labels import (
    announced_failures,
    just_failed,
    onset_labels,
    scorable,
    uncensored,
)
from podforecast.model.status_labels import statuses_ahead, thinned

Progress = Callable[[int, int], None]
"""Called with the moments done and the moments in all."""


WARM_UP = timedelta(minutes=10)
"""Rows of a recording begin so late. Serving always has an hour to look back on, a recording at its
start has none: what is unknown there would tell a model how late in the recording it is. The pods
of a campaign also begin with it, all young and none failing yet; no cluster looks like that."""


class LabelledSource(TelemetrySource, Protocol):
    """A source that also knows what happened: a recording."""

    @property
    def name(self) -> str:
        """Name of the campaign."""
        ...

    @property
    def start(self) -> datetime:
        """First sample."""
        ...

    @property
    def end(self) -> datetime:
        """Last sample. Outcomes are known up to here."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """All failures between start and end."""
        ...


class Scorer(Protocol):
    """A trained model."""

    def score(self, values: Array) -> Array:
        """Return calibrated probabilities, (n_rows,), for features, (n_rows, n_features)."""
        ...


def feature_tables(
    block: TelemetryBlock, *, first: int = 0, every: int = 1, progress: Progress | None = None
) -> Iterator[FeatureTable]:
    """Walk through a block and yield the feature table of every moment from ``first`` on.

    Parameters
    ----------
    block
        Telemetry of any length.
    first
        Sample of the first moment; those before it are only looked back on.
    every
        Distance of two moments in samples.
    progress
        Told after each moment.

    Notes
    -----
    Each table is built from a block that was cut off at its moment, exactly as serving would have
    received it: later samples are not there to be looked at.
    """
    ends = range(first + 1, len(block.times) + 1, every)
    for done, n_times in enumerate(ends, start=1):
        yield build(block.until(n_times, history=_history_samples(block.times, n_times)))
        if progress is not None:
            progress(done, len(ends))


def _history_samples(times: Array, n_times: int) -> int:
    """Samples of the hour before a moment, with one to spare for fractions of a second."""
    earliest = times[n_times - 1] - HISTORY.total_seconds()
    return n_times - int(np.searchsorted(times, earliest)) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What a recording has to teach, of one walk through it."""

    onsets: Dataset
    """For whether a failure begins, and which."""
    statuses: StatusRows
    """For what the status of a pod will be."""


def build_dataset(
    recording: LabelledSource,
    *,
    step: timedelta = STEP,
    warm_up: timedelta = WARM_UP,
    progress: Progress | None = None,
) -> Dataset:
    """Turn a recording into rows of features and onset labels; see :func:`build_examples`."""
    return build_examples(recording, step=step, warm_up=warm_up, progress=progress).onsets


STATUS_EVERY = 10
"""Of the rows of a pod that runs and goes on running, so many count as one: there are 30 of them to
one of any other kind, and they are much alike."""


def build_examples(
    recording: LabelledSource,
    *,
    step: timedelta = STEP,
    warm_up: timedelta = WARM_UP,
    status_every: int = STATUS_EVERY,
    progress: Progress | None = None,
) -> Examples:
    """Turn a recording into rows of features with what happened after each.

    Left out of the onsets are pods that are failing already or failed a moment ago, rows with too
    little coverage, and both ends of the recording: the warm-up, and the last horizon, whose
    outcomes nobody has seen; see :mod:`podforecast.model.labels`. The statuses leave out both
    ends only, and moments at which a status is not known.

    Parameters
    ----------
    recording
        One campaign.
    step
        Distance of two rows of a pod, a whole number of samples.
    warm_up
        Time at the start of the recording that makes no rows.
    status_every
        Of the rows whose pod runs and goes on running, every so many-th is among the statuses.
    progress
        Told after each moment, e.g. by a progress bar.

    Raises
    ------
    ValueError
        If ``step`` is not a whole number of samples.
    """
    block = recording.read(SIGNALS_READ, start=recording.start, end=recording.end)
    failures = tuple(recording.failures)
    announced = announced_failures(block.times, block.pods, failures)
    whole = uncensored(block.times, recording.end.timestamp())
    whole &= block.times >= recording.start.timestamp() + warm_up.total_seconds()
    judged = ~just_failed(block.times, block.pods, failures) & whole
    now, later = statuses_ahead(block.times, block.signal("status_code"))
    chosen, of_status = _Rows(), _Rows()
    for column, table in _walk(block, whole, every=_samples(step, block.times), progress=progress):
        chosen.add(table, scorable(table) & judged[:, column], column)
        kept, weight = thinned(now[:, column], later[:, column], column=column, every=status_every)
        of_status.add(table, kept, column, weight=weight)
    names = _Names.of(block, failures)
    return Examples(
        onsets=_onsets(recording, chosen, names, announced, step),
        statuses=_statuses(recording, of_status, names, (now, later)),
    )


def _samples(step: timedelta, times: Array) -> int:
    """Return how many samples a step is."""
    sample = float(times[1] - times[0]) if len(times) > 1 else STEP.total_seconds()
    every = round(step.total_seconds() / sample)
    if every < 1 or abs(every * sample - step.total_seconds()) > 1e-3:
        raise ValueError(f"step must be a multiple of the samples' {sample:g} s, got {step}")
    return every


def _walk(
    block: TelemetryBlock, whole: Mask, *, every: int, progress: Progress | None
) -> Iterator[tuple[int, FeatureTable]]:
    """Sample and table of each moment that makes rows, and of those after it."""
    # On the same moments whether or not the warm-up before them is built.
    first = int(whole.argmax()) // every * every
    walk = feature_tables(block, first=first, every=every, progress=progress)
    for index, table in enumerate(walk):
        yield first + index * every, table


class _Rows:
    """Rows while they are collected: features, pods, samples and weights."""

    def __init__(self) -> None:
        self._tables = [np.empty((0, len(FEATURE_NAMES)))]
        self._pods, self._columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        self._weights = [np.empty(0)]

    def add(
        self, table: FeatureTable, chosen: Mask, column: int, *, weight: Array | None = None
    ) -> None:
        rows = np.flatnonzero(chosen)
        self._tables.append(table.values[rows])
        self._pods.append(rows)
        self._columns.append(np.full(len(rows), column))
        self._weights.append(np.ones(len(rows)) if weight is None else weight[rows])

    @property
    def x(self) -> Array:
        return np.concatenate(self._tables)

    @property
    def weight(self) -> Array:
        return np.concatenate(self._weights)

    @property
    def place(self) -> tuple[Index, Index]:
        """Pod and sample of each row."""
        return np.concatenate(self._pods), np.concatenate(self._columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """Numbers of pods and workloads, and the times of samples."""

    pods: Mapping[PodRef, int]
    """Pods of the block, then those that failed before they were ever scraped."""
    workloads: Mapping[str, int]
    workload_of_pod: Index
    times: Array

    @classmethod
    def of(cls, block: TelemetryBlock, failures: Sequence[Failure]) -> _Names:
        pods = dict.fromkeys([*block.pods, *(failure.pod for failure in failures)])
        workloads = {name: i for i, name in enumerate(dict.fromkeys(block.workloads))}
        return cls(
            pods={pod: index for index, pod in enumerate(pods)},
            workloads=workloads,
            workload_of_pod=np.array([workloads[w] for w in block.workloads], dtype=np.int64),
            times=block.times,
        )


def _onsets(
    recording: LabelledSource, rows: _Rows, names: _Names, announced: Index, step: timedelta
) -> Dataset:
    pod, column = rows.place
    failure, failures = announced[pod, column], tuple(recording.failures)
    return Dataset(
        x=rows.x,
        y=onset_labels(failure),
        time=names.times[column],
        pod=pod,
        workload=names.workload_of_pod[pod],
        campaign=np.zeros(len(failure), dtype=np.int64),
        failure=failure,
        pods=tuple(f"{recording.name}/{pod}" for pod in names.pods),
        workloads=tuple(f"{recording.name}/{workload}" for workload in names.workloads),
        campaigns=(recording.name,),
        failures=failures,
        failure_pod=np.array([names.pods[f.pod] for f in failures], dtype=np.int64),
        step_seconds=step.total_seconds(),
    )


def _statuses(
    recording: LabelledSource, rows: _Rows, names: _Names, codes: tuple[Codes, Codes]
) -> StatusRows:
    pod, column = rows.place
    now, later = codes
    return StatusRows(
        x=rows.x.astype(np.float32),
        now=now[pod, column],
        later=later[pod, column],
        time=names.times[column],
        pod=pod,
        workload=names.workload_of_pod[pod],
        campaign=np.zeros(len(pod), dtype=np.int64),
        weight=rows.weight,
        pods=tuple(f"{recording.name}/{pod}" for pod in names.pods),
        workloads=tuple(f"{recording.name}/{workload}" for workload in names.workloads),
        campaigns=(recording.name,),
    )


class Forecaster:
    """Scores every pod of a cluster as it is at one moment.

    Parameters
    ----------
    source
        Where telemetry comes from.
    scorer
        A trained model.
    model_version
        Its name, put on every forecast.
    clock
        What time it is; a replay passes its own.
    """

    def __init__(
        self,
        *,
        source: TelemetrySource,
        scorer: Scorer,
        model_version: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._scorer = scorer
        self._model_version = model_version
        self._clock = clock

    def scan(self) -> list[Forecast]:
        """Return one forecast per pod: riskiest first, those without a probability last.

        The probability is None for pods that are failing already and where too little of the
        window was scraped.

        Raises
        ------
        TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
            From the source. A scan is all or nothing: half a cluster, sorted by risk, would
            read as a whole one.
        """
        now = self._clock()
        end = aligned(now)
        table = build(self._source.read(SIGNALS_READ, start=end - HISTORY, end=end))
        return ranked(table, self._probabilities(table), now, self._model_version)

    def _probabilities(self, table: FeatureTable) -> Array:
        probabilities = np.full(len(table.pods), np.nan)
        known = scorable(table)
        if known.any():
            probabilities[known] = self._scorer.score(table.values[known])
        return probabilities


def aligned(now: datetime) -> datetime:
    """Return the last moment of the 15-second grid that has passed.

    Scans then share their samples with the scans before them, whatever the second they start.

    >>> aligned(datetime(2026, 1, 1, 12, 0, 44, 5, tzinfo=UTC)).time().isoformat()
    '12:00:30'
    """
    return now - (now - datetime.fromtimestamp(0, UTC)) % STEP


def ranked(
    table: FeatureTable, probabilities: Array, issued_at: datetime, model_version: str
) -> list[Forecast]:
    """Turn probabilities, (n_pods,), into forecasts: riskiest first, NaN last, ties by name."""
    forecasts = [
        Forecast(
            pod=pod,
            probability=None if np.isnan(probability) else float(probability),
            failing=bool(failing),
            coverage=float(coverage),
            issued_at=issued_at,
            horizon=HORIZON,
            model_version=model_version,
        )
        for pod, probability, failing, coverage in zip(
            table.pods, probabilities, table.failing, table.coverage, strict=True
        )
    ]
    return sorted(forecasts, key=_risk_then_name)


def _risk_then_name(forecast: Forecast) -> tuple[float, PodRef]:
    return (1.0 if forecast.probability is None else -forecast.probability, forecast.pod)
