"""What the historian knows, as a part of ``GET /model`` and as series on ``/metrics``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from podforecast.api_schema.live import LiveOut
from podforecast.domain.history import BIN_EDGES, NOTHING_GRADED, Outcome, Track
from podforecast.domain.quality import Quality, Share, quality_of
from podforecast.watcher.follower import Follower
from podforecast.watcher.historian import Historian

BINS = tuple(f"{edge:g}" for edge in BIN_EDGES[1:])
"""Labels: the upper edge of each bin."""


def historian_of(followers: Sequence[Follower]) -> Historian | None:
    """Return who grades, if somebody does."""
    return next((each for each in followers if isinstance(each, Historian)), None)


def live_of(historian: Historian, model_version: str) -> LiveOut:
    """Say how forecasts of a model turned out."""
    track = historian.track(model_version) or NOTHING_GRADED
    trouble = historian.trouble
    return LiveOut(
        since=_utc(track.since),
        until=_utc(track.until),
        pod_hours=track.pod_hours,
        notifications=track.notifications,
        false_alarms=track.false_alarms,
        failures=track.failures,
        announced=track.announced,
        ungraded_scans=historian.ungraded,
        trouble=None if trouble is None else trouble.message,
        **asdict(quality_of(track)),
    )


def _utc(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


class LiveMetrics(Collector):
    """Series about grades, worked out when the page is read."""

    def __init__(self, historian: Historian) -> None:
        self._historian = historian

    def collect(self) -> Iterator[Metric]:
        track = self._historian.track() or NOTHING_GRADED
        yield from _figures(quality_of(track))
        yield from _calibration(track)
        yield from self._graded()
        yield from self._kept()

    def _graded(self) -> Iterator[Metric]:
        tally = self._historian.tally
        outcomes = {outcome.name.lower(): tally.outcomes[outcome] for outcome in Outcome}
        yield _counter(
            "podforecast_graded_forecasts",
            "Forecasts whose horizon has passed, by what came of them.",
            "outcome",
            outcomes,
        )
        yield _counter(
            "podforecast_graded_notifications",
            "Notifications whose horizon has passed, by what came of them.",
            "result",
            {"true": tally.true_notifications, "false_alarm": tally.false_alarms},
        )
        yield _counter(
            "podforecast_graded_failures",
            "Failures of pods that were scored in the horizon before.",
            "announced",
            {"yes": tally.announced, "no": tally.unannounced},
        )

    def _kept(self) -> Iterator[Metric]:
        historian = self._historian
        yield GaugeMetricFamily(
            "podforecast_ungraded_scans",
            "Scans whose horizon has not passed, or that could not be graded yet.",
            historian.ungraded,
        )
        yield GaugeMetricFamily(
            "podforecast_store_waiting_scans",
            "Scans that wait to be written, because the store is gone.",
            historian.waiting,
        )
        yield CounterMetricFamily(
            "podforecast_store_lost_scans", "Scans that waited too long.", historian.lost
        )
        yield CounterMetricFamily(
            "podforecast_store_failures",
            "Times the store could not be used.",
            historian.failures,
        )


def _figures(quality: Quality) -> Iterator[Metric]:
    lead = quality.lead_minutes_median
    yield _gauge("precision", "Share of notifications that were right.", _value(quality.precision))
    yield _gauge("recall", "Share of failures that were announced.", _value(quality.recall))
    yield _gauge(
        "lead_seconds",
        "From the first warning to the failure, median of those announced.",
        None if lead is None else 60.0 * lead,
    )
    yield _gauge("ece", "Expected calibration error over fixed bins.", quality.calibration_error)
    yield _gauge("brier", "Mean squared distance of forecast and outcome.", quality.brier)


def _calibration(track: Track) -> Iterator[Metric]:
    for name, says, values in (
        ("forecasts", "Graded forecasts by bin of probability; up_to is its upper edge.",
         track.forecasts),
        ("probability", "Sum of their probabilities.", track.probability),
        ("failed", "How many of them a failure followed.", track.failed),
    ):  # fmt: skip
        family = GaugeMetricFamily(f"podforecast_live_bin_{name}", says, labels=("up_to",))
        for edge, value in zip(BINS, values.tolist(), strict=True):
            family.add_metric((edge,), value)
        yield family


def _gauge(name: str, says: str, value: float | None) -> Metric:
    text = f"{says} Of the present model; NaN while unknown."
    return GaugeMetricFamily(f"podforecast_live_{name}", text, math.nan if value is None else value)


def _counter(name: str, says: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, says, labels=(label,))
    for value, count in counts.items():
        family.add_metric((value,), count)
    return family


def _value(share: Share | None) -> float | None:
    return None if share is None else share.value
