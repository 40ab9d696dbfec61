"""What a recording teaches: rows of features, and what happened after each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from podforecast.domain.outcomes import Failure
from podforecast.domain.statuses import StatusRows
from podforecast.domain.tables import Dataset, FeatureTable, Mask
from podforecast.domain.telemetry import STEP, Array, TelemetryBlock, TelemetrySource
from podforecast.features.build import SIGNALS_READ
from podforecast.model.labels import announced_failures, just_failed, scorable, uncensored
from podforecast.model.status_labels import statuses_ahead, thinned
from podforecast.pipeline.rows import Names, Rows, onsets_of, statuses_of
from podforecast.pipeline.walk import Progress, feature_tables

WARM_UP = timedelta(minutes=10)
"""Rows of a recording begin so late. Serving always has an hour to look back on, a recording at its
start has none: what is unknown there would tell a model how late in the recording it is. The pods
of a campaign also begin with it, all young and none failing yet; no cluster looks like that."""
STATUS_EVERY = 10
"""Of the rows of a pod that runs and goes on running, so many count as one: there are 30 of them to
one of any other kind, and they are much alike."""


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
    chosen, of_status = Rows(), Rows()
    for column, table in _walk(block, whole, every=_samples(step, block.times), progress=progress):
        chosen.add(table, scorable(table) & judged[:, column], column)
        kept, weight = thinned(now[:, column], later[:, column], column=column, every=status_every)
        of_status.add(table, kept, column, weight=weight)
    names = Names.of(recording.name, block, failures)
    return Examples(
        onsets=onsets_of(chosen, names, announced, step=step),
        statuses=statuses_of(of_status, names, now=now, later=later),
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
