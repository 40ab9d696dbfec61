"""The latest scan as the Fleet page shows it: where it is from, counters, and a row per pod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from podforecast.api_schema.fleet import (
    FleetOut,
    LastFailureOut,
    PodOut,
    PodState,
    SourceOut,
    StateCounts,
)
from podforecast.domain.forecast import RiskLevel
from podforecast.ui.palette import SIGNS, Ink
from podforecast.ui.viewmodels.fleet_query import PAGE_SIZE, FleetQuery, PodName
from podforecast.ui.viewmodels.forecast import as_percent
from podforecast.ui.viewmodels.outlook import issue_in_words
from podforecast.ui.viewmodels.snapshot import age_in_words, data_age, time_of_day

CAUSES: Mapping[str, str] = {
    "oom": "out of memory",
    "liveness": "liveness probe",
    "exit": "error exit",
    "eviction": "evicted",
}
"""In words for somebody on call; another cause is shown as it comes."""

MARKDOWN_COLOURS: Mapping[PodState, str] = {
    "failing": "red",
    "at_risk": "orange",
    "insufficient_data": "gray",
    "stable": "green",
}
"""Names that .streamlit/config.toml gives the colours of the palette to."""

Tone = Literal["note", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A word about the source, where it is not simply live."""

    tone: Tone
    headline: str
    detail: str


@dataclass(frozen=True, slots=True)
class SourceView:
    line: str
    notice: Notice | None


def source_view(source: SourceOut, seen_at: datetime, *, now: datetime) -> SourceView:
    """Word where the data comes from and how old it is."""
    parts = [_origin(source)]
    age = data_age(source, seen_at, now=now)
    if age is not None:
        parts.append(f"data {age_in_words(age)} old")
    if source.scanned_at is not None:
        recorded = "recorded" if source.kind == "replay" else "scanned"
        parts.append(f"{recorded} at {time_of_day(source.scanned_at)} UTC")
    return SourceView(", ".join(parts), _notice(source))


def _origin(source: SourceOut) -> str:
    if source.kind == "prometheus":
        return f"Prometheus `{source.name}`"
    speed = f", {source.speed:g}x" if source.speed not in (None, 1.0) else ""
    return f"Replay of `{source.name}`{speed}"


def _notice(source: SourceOut) -> Notice | None:
    if source.state == "starting":
        return Notice("note", "Just starting", source.detail)
    if source.state == "stale":
        return Notice("warning", "No new scan has come for a while", source.detail)
    if source.state == "failed":
        return Notice("error", "The pods can not be scanned", source.detail)
    if source.troubles:
        return Notice("warning", "Scans go on, but not all is well", " ".join(source.troubles))
    return None


def started_over(before: FleetOut, after: FleetOut) -> bool:
    """Whether a replay went back to its beginning between two answers."""
    old, new = before.source, after.source
    if old.scanned_at is None or new.scanned_at is None or new.kind != "replay":
        return False
    return old.name == new.name and new.scanned_at < old.scanned_at


def promise(fleet: FleetOut) -> str:
    """Say what "at risk" means here."""
    return (
        f"At risk: the probability of a failure within {fleet.horizon_minutes:g} minutes is"
        f" {as_percent(fleet.threshold)} or more. Model {fleet.model_version}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    state: PodState
    label: str
    help: str
    chosen: bool


def counters(counts: StateCounts, chosen: PodState | None) -> tuple[Counter, ...]:
    """One counter for each state, worst first; pressing it filters."""
    return tuple(
        Counter(
            state=state,
            label=f"{_coloured(state, getattr(counts, state))} {sign.word.lower()}",
            help=f"{sign.meaning} Press to "
            + ("show all states again." if state == chosen else "show these only."),
            chosen=state == chosen,
        )
        for state, sign in SIGNS.items()
    )


def _coloured(state: PodState, count: int) -> str:
    """Colour the sign and the number by the theme's colours, where there is something to see."""
    text = f"{SIGNS[state].symbol} **{count:,}**"
    return f":{MARKDOWN_COLOURS[state]}[{text}]" if count else text


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRow:
    """A line of the table. Percentages are 0 to 100, unknown is None."""

    name: PodName
    ink: Ink
    state_words: str
    issue: str
    """Symbol and word of the trouble that is ahead; empty where none is."""
    probability_pct: float | None
    trend_pct: tuple[float, ...]
    memory_pct: float | None
    cpu_pct: float | None
    restarts: float | None
    last_failure: str


def pod_rows(fleet: FleetOut) -> tuple[PodRow, ...]:
    """Turn pods into rows, in the order in which they come."""
    return tuple(_row(pod, fleet.source.scanned_at) for pod in fleet.pods)


def _row(pod: PodOut, scanned_at: datetime | None) -> PodRow:
    probability = pod.failure_probability
    return PodRow(
        name=PodName(pod.namespace, pod.name),
        ink=sign_ink(pod),
        state_words=state_in_words(pod),
        issue=issue_in_words(pod.issue_type),
        probability_pct=None if probability is None else 100 * probability,
        trend_pct=tuple(100 * value for value in pod.trend if value is not None),
        memory_pct=pod.memory_usage_pct,
        cpu_pct=pod.cpu_usage_pct,
        restarts=pod.restart_count_24h,
        last_failure=failure_in_words(pod.last_failure, scanned_at),
    )


def state_in_words(pod: PodOut) -> str:
    """Word the state; a pod that is stable only just says so."""
    ink = sign_ink(pod)
    if ink == "watch":
        return "◆ Watch"
    return f"{SIGNS[pod.state]}, medium" if ink == "medium" else str(SIGNS[pod.state])


def sign_ink(pod: PodOut) -> Ink:
    """Choose the colour: green is for low risk only, and a threshold may be far up."""
    if pod.state != "stable" or pod.risk_level in (None, RiskLevel.LOW):
        return pod.state
    return "medium" if pod.risk_level is RiskLevel.MEDIUM else "watch"


def failure_in_words(failure: LastFailureOut | None, scanned_at: datetime | None) -> str:
    """Say when a pod last failed, and how."""
    if failure is None:
        return ""
    cause = cause_in_words(failure.cause)
    if scanned_at is None:
        return f"{time_of_day(failure.at)} UTC, {cause}"
    return f"{age_in_words(scanned_at - failure.at)} ago, {cause}"


def cause_in_words(cause: str) -> str:
    """Word a cause of failure.

    >>> cause_in_words("oom"), cause_in_words("disk_full")
    ('out of memory', 'disk full')
    """
    return CAUSES.get(cause, cause.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Paging:
    words: str
    last_page: int


def paging(fleet: FleetOut, query: FleetQuery) -> Paging:
    """Say which of how many pods are shown."""
    last_page = max(-(-fleet.total // PAGE_SIZE), 1)
    if not fleet.pods:
        return Paging("", last_page)
    first, last = fleet.offset + 1, fleet.offset + len(fleet.pods)
    all_of_them = first == 1 and last == fleet.total
    of_these = " that pass the filters" if query.is_filtered else ""
    pods = "pod" if fleet.total == 1 else "pods"
    if all_of_them:
        return Paging(f"{fleet.total:,} {pods}{of_these}", last_page)
    return Paging(f"{first:,} to {last:,} of {fleet.total:,} {pods}{of_these}", last_page)


def nothing_to_show(fleet: FleetOut, query: FleetQuery) -> Notice | None:
    """Say why the table is empty, where it is."""
    if fleet.pods or fleet.source.state in ("starting", "failed"):
        return None
    if fleet.total:
        return Notice(
            "note",
            f"Page {query.page} is empty",
            f"The {fleet.total:,} pods that pass the filters end before it.",
        )
    if query.is_filtered:
        everything = sum(getattr(fleet.counts, state) for state in SIGNS)
        return Notice(
            "note",
            "No pod passes the filters",
            f"There are {everything:,} pods without them.",
        )
    return Notice("note", "The scan found no pods", "Nothing that it may see is running.")
