"""The chart of one pod as data: panels on one time axis, and the marks that cross them all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from podforecast.api_schema.fleet import AlarmOut, PodDetailOut, SeriesOut
from podforecast.ui.viewmodels.fleet import cause_in_words
from podforecast.ui.viewmodels.forecast import as_percent
from podforecast.ui.viewmodels.pod import OUTCOMES, announced_in_words, failing_stretches
from podforecast.ui.viewmodels.snapshot import time_of_day

Cell = str | float | bool | None
Record = dict[str, Cell]
UNKNOWN = "unknown"
PROBABILITY = "probability"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One signal above the shared time axis."""

    field: str
    """Of the moments; its text for tooltips is in ``<field>_text``."""
    title: str
    short_title: str
    limit: float | None
    limit_title: str
    is_count: bool
    top: float
    """Upper end of the axis: all values and the limit are below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineView:
    """Records for the chart; times are Unix milliseconds, probabilities in percent."""

    moments: tuple[Record, ...]
    panels: tuple[Panel, ...]
    """The probability first."""
    failures: tuple[Record, ...]
    alarms: tuple[Record, ...]
    failing: tuple[Record, ...]
    summary: str
    """For whoever does not see the chart."""


def timeline_view(detail: PodDetailOut) -> TimelineView | None:
    """Arrange a pod's timeline; None before there are two scans to draw a line between."""
    timeline = detail.timeline
    if len(timeline.times) < 2:
        return None
    begin, end = timeline.times[0], timeline.times[-1]
    return TimelineView(
        moments=tuple(_moments(detail)),
        panels=(
            Panel(
                field=PROBABILITY,
                title="Probability of failure, %",
                short_title="Probability of failure",
                is_count=False,
                top=100.0,
                limit=100 * detail.threshold,
                limit_title=f"threshold {as_percent(detail.threshold)}",
            ),
            *(_panel(k, series) for k, series in enumerate(timeline.series)),
        ),
        failures=tuple(
            {
                "time": _milliseconds(event.at),
                "clock": time_of_day(event.at),
                "cause": cause_in_words(event.cause),
                "announced": announced_in_words(event.announced_minutes),
            }
            for event in detail.events
            if begin <= event.at <= end
        ),
        alarms=tuple(_alarm(alarm, begin, end) for alarm in detail.alarms if _within(alarm, begin)),
        failing=tuple(
            {"begin": _milliseconds(stretch.begin), "end": _milliseconds(stretch.end)}
            for stretch in failing_stretches(detail)
        ),
        summary=f"{time_of_day(begin)} to {time_of_day(end)} UTC: {len(detail.alarms)} alarms and"
        f" {len(detail.events)} failures, listed beside the chart.",
    )


def _moments(detail: PodDetailOut) -> Iterator[Record]:
    timeline = detail.timeline
    for k, time in enumerate(timeline.times):
        probability = timeline.failure_probability[k]
        words = UNKNOWN if probability is None else as_percent(probability)
        moment: Record = {
            "time": _milliseconds(time),
            "clock": time_of_day(time),
            PROBABILITY: None if probability is None else 100 * probability,
            f"{PROBABILITY}_text": "failing" if timeline.failing[k] else words,
        }
        for place, series in enumerate(timeline.series):
            value = series.values[k]
            moment[f"s{place}"] = value
            moment[f"s{place}_text"] = with_unit(value, series.unit)
        yield moment


def with_unit(value: float | None, unit: str) -> str:
    """Write a value with three digits.

    >>> with_unit(93.456, "% of limit"), with_unit(0.01234, "1/s"), with_unit(None, "s")
    ('93.5 % of limit', '0.0123 1/s', 'unknown')
    """
    if value is None:
        return UNKNOWN
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{number} {unit}".strip()


def _panel(place: int, series: SeriesOut) -> Panel:
    return Panel(
        field=f"s{place}",
        title=f"{series.label}, {series.unit}" if series.unit else series.label,
        short_title=series.label,
        limit=series.limit,
        is_count=series.unit == "count",
        top=max([value for value in (*series.values, series.limit) if value], default=1.0),
        limit_title="" if series.limit is None else f"limit {series.limit:g}",
    )


def _within(alarm: AlarmOut, begin: datetime) -> bool:
    return alarm.ended_at is None or alarm.ended_at >= begin


def _alarm(alarm: AlarmOut, begin: datetime, end: datetime) -> Record:
    until = min(alarm.ended_at or end, end)
    return {
        "begin": _milliseconds(max(alarm.began_at, begin)),
        "end": _milliseconds(until),
        "outcome": OUTCOMES[alarm.outcome],
        "clock": f"{time_of_day(alarm.began_at)} to {time_of_day(until)}",
    }


def _milliseconds(time: datetime) -> float:
    return 1000 * time.timestamp()
