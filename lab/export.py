"""From the folder of a run to a recording: signals, ground truth, raw series, facts."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal

from lab.campaign.events import read_events
from lab.errors import LabRefused
from lab.export_counts import count, machine_noise
from lab.export_prometheus import serving
from lab.export_series import read_raw, stale_markers, write_within
from lab.export_truth import truth
from lab.node_agent.state import Event
from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.domain.telemetry import STEP, TelemetryBlock
from podforecast.telemetry.events import failures_in
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.prometheus.queries import RATE_WINDOW
from podforecast.telemetry.prometheus.source import PrometheusSource
from podforecast.telemetry.recording import SERIES, SIGNALS, write_facts, write_recording

log = logging.getLogger(__name__)

Role = Literal["train", "test"]
TSDB = "prometheus"
LOOK_BACK_SECONDS = 300.0
"""Raw series begin so much earlier: what the first sample of a signal is computed from."""
BUDGET_BYTES = 5_000_000
"""Of a whole recording: several of them live in the repository."""
SELECTOR = 'mountpoint!="/"'
"""Every series but those of the nodes' disk: in the lab it is the machine's, which fills slowly
while a campaign is recorded. A model could read the time of the campaign from it."""
QUERY_TIMEOUT = timedelta(minutes=2)
ABOUT_THIS_MACHINE = frozenset({"run_dir", "ip_prefix", "listen_port", "prometheus_port"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time that was scraped, in whole seconds on the grid."""

    start: datetime
    end: datetime


def export(
    run_dir: Path,
    out: Path,
    *,
    role: Role = "train",
    url: str | None = None,
    budget_bytes: int = BUDGET_BYTES,
) -> dict[str, Any]:
    """Write the recording of a run; returns its facts.

    Parameters
    ----------
    run_dir
        With ``events.jsonl``, ``machine.jsonl`` and the samples in ``prometheus/``.
        The run has to be over: staleness markers are read from its store directly.
    out
        Folder of the recording; its name becomes that of the campaign.
    role
        ``test`` recordings are never trained on.
    url
        A Prometheus that has the samples; without one it is started on them.
    budget_bytes
        Raw series are cut down to some workloads until everything fits.

    Raises
    ------
    LabRefused
        If the run has no events or no samples.
    TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
        If Prometheus can not be read.
    """
    log_of_run = _events(run_dir)
    out.mkdir(parents=True, exist_ok=True)
    where: AbstractContextManager[str] = nullcontext(url) if url else serving(run_dir / TSDB)
    with where as address, connect(Connection(url=address, timeout=QUERY_TIMEOUT)) as client:
        span = _scraped(QueryApi(client), log_of_run)
        log.info("reading signals start=%s end=%s", span.start, span.end)
        source = PrometheusSource(client, extra_selector=SELECTOR)
        block = source.read(SIGNAL_NAMES, start=span.start, end=span.end)
        events = list(truth(_until(log_of_run, span.end.timestamp())))
        facts = _facts(run_dir, out.name, role, log_of_run, events, block)
        write_recording(out, block, events, facts)
        left_bytes = budget_bytes - (out / SIGNALS).stat().st_size
        rng = Random(f"{facts.get('seed', 0)}/series")
        facts["series_workloads"] = _write_series(
            QueryApi(client), run_dir, out, block, rng, left_bytes
        )
        write_facts(out, block, facts)
    return facts


def _events(run_dir: Path) -> list[Event]:
    path = run_dir / "events.jsonl"
    if not path.is_file():
        raise LabRefused(
            f"{run_dir} holds no events.jsonl", hint="Give the folder of a run: var/lab/NAME."
        )
    return list(read_events(path))


def _until(events: Sequence[Event], end: float) -> list[Event]:
    """What happened while it was scraped, and how the campaign ended."""
    return [event for event in events if event.at <= end or event.kind == "campaign_ended"]


def _scraped(api: QueryApi, events: Sequence[Event]) -> Span:
    """From the first to the last scrape of kube-state-metrics."""
    until = events[-1].at
    began = next((event.at for event in events if event.kind == "campaign_started"), events[0].at)
    window = f"{int(until - began) + 60}s"
    found = [
        api.at(f"{edge}_over_time(timestamp(group(kube_pod_info))[{window}:5s])", until)
        for edge in ("min", "max")
    ]
    if not all(found):
        raise LabRefused(
            "its Prometheus has no samples of the run's time",
            hint="Was the run interrupted before its first scrape, or is the --url another one's?",
        )
    first, last = (float(series[0].values[0]) for series in found)
    step = STEP.total_seconds()
    start = math.ceil(first)
    end = start + int((last - start) // step) * int(step)
    return Span(start=datetime.fromtimestamp(start, UTC), end=datetime.fromtimestamp(end, UTC))


def _facts(
    run_dir: Path,
    name: str,
    role: Role,
    log_of_run: Sequence[Event],
    events: Sequence[Mapping[str, Any]],
    block: TelemetryBlock,
) -> dict[str, Any]:
    started = next((e.detail for e in log_of_run if e.kind == "campaign_started"), {})
    ended = next((e for e in log_of_run if e.kind == "campaign_ended"), None)
    noise = run_dir / "machine.jsonl"
    return {
        **{k: v for k, v in started.items() if k not in ABOUT_THIS_MACHINE},
        "name": name,
        "run": started.get("name", run_dir.name),
        "role": role,
        "outcome": ended.reason if ended else "broken off",
        "rate_window_seconds": RATE_WINDOW.total_seconds(),
        "counts": count(block, events, failures_in(events)),
        "machine_noise": machine_noise(noise) if noise.is_file() else {},
    }


def _write_series(
    api: QueryApi, run_dir: Path, out: Path, block: TelemetryBlock, rng: Random, budget_bytes: int
) -> tuple[str, ...]:
    start, end = float(block.times[0]) - LOOK_BACK_SECONDS, float(block.times[-1])
    markers = stale_markers(run_dir / TSDB)
    series = list(read_raw(api, SELECTOR, markers, start=start, end=end))
    log.info("writing raw series n=%d", len(series))
    owners = dict(zip(block.pods, block.workloads, strict=True))
    return write_within(out / SERIES, series, owners, budget_bytes=budget_bytes, rng=rng)
