"""One pod as the Fleet page shows it: its forecast in words, and what happened to it as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from podforecast.api_schema.fleet import AlarmOut, EventOut, PodDetailOut
from podforecast.ui.palette import SIGNS, Ink
from podforecast.ui.viewmodels.fleet import cause_in_words, sign_ink, state_in_words
from podforecast.ui.viewmodels.forecast import as_percent, in_words
from podforecast.ui.viewmodels.snapshot import age_in_words, time_of_day

OUTCOMES: Mapping[str, str] = {
    "failed": "the pod failed",
    "nothing_happened": "nothing happened",
    "open": "not over yet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PodView:
    ink: Ink
    headline: str
    """Symbol and word."""
    number: str
    """The probability, or empty where there is none."""
    share: float | None
    threshold_share: float
    sentence: str
    verdict: str
    facts: str


def pod_view(detail: PodDetailOut) -> PodView:
    """Word a pod's forecast, or why it has none."""
    pod = detail.pod
    probability = pod.failure_probability
    return PodView(
        ink=sign_ink(pod),
        headline=state_in_words(pod),
        number="" if probability is None else as_percent(probability),
        share=probability,
        threshold_share=detail.threshold,
        sentence=_sentence(detail),
        verdict=_verdict(detail),
        facts=f"Workload {pod.workload}. {100 * pod.coverage:.0f} % of its samples of the last"
        f" minutes are there. Model {detail.model_version}",
    )


def _sentence(detail: PodDetailOut) -> str:
    pod = detail.pod
    if pod.failure_probability is not None:
        young = " It is young, and was compared with its siblings." if pod.borrowed else ""
        return (
            f"{in_words(pod.failure_probability)} pods that look like this one begin to fail"
            f" within {detail.horizon_minutes:g} minutes.{young}"
        )
    if pod.state == "failing":
        return "It is down or backing off now. What fails already is not forecast."
    return (
        f"Only {100 * pod.coverage:.0f} % of the CPU and memory samples of the last minutes are"
        " there, which is too little for a forecast."
    )


def _verdict(detail: PodDetailOut) -> str:
    if detail.pod.failure_probability is None:
        return "No probability is given."
    side = "at or above" if detail.pod.failure_probability >= detail.threshold else "below"
    return f"The probability is {side} the threshold of {as_percent(detail.threshold)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of what happened."""

    at: datetime
    kind: Literal["failure", "alarm"]
    when: str
    what: str
    then: str


def chronicle(detail: PodDetailOut) -> tuple[Entry, ...]:
    """Failures and alarms as text, newest first; all that the chart shows of them."""
    entries = [*map(_failure, detail.events), *map(_alarm, detail.alarms)]
    return tuple(sorted(entries, key=lambda entry: entry.at, reverse=True))


def _failure(event: EventOut) -> Entry:
    return Entry(
        at=event.at,
        kind="failure",
        when=time_of_day(event.at),
        what=f"{SIGNS['failing'].symbol} Failed: {cause_in_words(event.cause)}",
        then=announced_in_words(event.announced_minutes),
    )


def announced_in_words(minutes: float | None) -> str:
    """Say whether a failure was foreseen.

    >>> announced_in_words(0.9), announced_in_words(None)
    ('announced 54 s before', 'not announced')
    """
    if minutes is None:
        return "not announced"
    return f"announced {age_in_words(timedelta(minutes=minutes))} before"


def _alarm(alarm: AlarmOut) -> Entry:
    end = time_of_day(alarm.ended_at) if alarm.ended_at else "now"
    return Entry(
        at=alarm.began_at,
        kind="alarm",
        when=f"{time_of_day(alarm.began_at)} to {end}",
        what=str(SIGNS["at_risk"]),
        then=OUTCOMES[alarm.outcome],
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    begin: datetime
    end: datetime


def failing_stretches(detail: PodDetailOut) -> Iterator[Stretch]:
    """Stretches of time during which the pod was down or backing off."""
    begin: datetime | None = None
    end: datetime | None = None
    for time, failing in zip(detail.timeline.times, detail.timeline.failing, strict=True):
        if failing:
            begin, end = begin or time, time
        elif begin and end:
            yield Stretch(begin, time)
            begin = end = None
    if begin and end:
        yield Stretch(begin, end)
