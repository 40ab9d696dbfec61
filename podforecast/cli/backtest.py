"""``python -m podforecast backtest``: the model on your own history, beside the rules you run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from podforecast.cli.connection import address_of, connection_of, source_on
from podforecast.cli.console import err, out, progress
from podforecast.cli.grids import grid
from podforecast.domain.outcomes import Failure
from podforecast.domain.telemetry import TelemetrySource
from podforecast.errors import ConfigurationError
from podforecast.evaluation.backtest.stretch import EPOCH, stretch
from podforecast.evaluation.cells import Table
from podforecast.pipeline.examples import WARM_UP
from podforecast.settings import Settings, read_settings

DEFAULT_HOURS = 24.0


def backtest(  # noqa: PLR0913 - an option is an argument
    start: Annotated[
        str | None, typer.Option(help="First forecast, as 2026-11-20T14:00; UTC unless it says.")
    ] = None,
    end: Annotated[
        str | None, typer.Option(help="Last forecast; by default the newest that can be graded.")
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option(min=0.1, help="Instead of --start: so long before the end. Default 24."),
    ] = None,
    prom_host: Annotated[
        str | None, typer.Option(help="Prometheus; by default PODFORECAST_PROMETHEUS__URL.")
    ] = None,
    campaign: Annotated[
        Path | None, typer.Option(help="A recorded campaign instead, to try it without a cluster.")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(help="Also tune every method to so many false alarms per 1 000 pods per day."),
    ] = None,
    every: Annotated[int, typer.Option(help="Seconds between two forecasts of a pod.")] = 15,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 1,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures to this file; - prints.")
    ] = None,
) -> None:
    """Replay a stretch of history and compare the model with the alert rules people run today.

    Each forecast is made from what was known at its moment, by the code and the model that serve.
    Failures are read off restarts, termination reasons and statuses. Compared are the saved model
    at its own threshold and the rules as they are run: memory over 90 %, throttling over 25 %, a
    restart within 15 minutes, any of these, memory that reaches its limit within 5 minutes.

    History is read in pieces of at most two hours, so a week takes no more memory than a morning,
    but for some 100 bytes per forecast. Nothing is written but --json.
    """
    # Arrow and the bootstrap take a second to load, which the other commands need not wait for.
    from podforecast.evaluation.backtest import comparing, run, words
    from podforecast.evaluation.document import as_json as jsonable
    from podforecast.model.scorer import load
    from podforecast.model.threshold import AlertBudget

    settings = read_settings()
    budgeted = None if budget is None else AlertBudget.from_per_1000_pods_per_day(budget)
    with _history(settings, prom_host, campaign) as history, progress() as bar:
        first, last = _bounds(start, end, hours, history)
        chosen = stretch(
            first,
            last,
            known_until=history.known_until,
            every=timedelta(seconds=every),
            anchor=history.begins or EPOCH,
        )
        scorer = load(settings.model_dir)
        task = bar.add_task("Reading")
        found = run.backtest(
            history.source,
            chosen,
            scorer,
            comparing.Terms(source=history.name, budget=budgeted, seed=seed),
            recorded=history.recorded,
            tell=lambda done, total, text: bar.update(
                task, completed=done, total=total or None, description=text
            ),
        )
    document = json.dumps(jsonable(found), indent=2, allow_nan=False)
    if as_json == Path("-"):
        typer.echo(document)
        return
    _print([*words.tables(found)], [*words.left_out(found), *words.verdict(found)])
    if as_json is not None:
        _write(as_json, document)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Where the past is read from."""

    name: str
    source: TelemetrySource
    known_until: datetime
    begins: datetime | None = None
    """First sample, where there is one."""
    recorded: Sequence[Failure] = ()


@contextmanager
def _history(settings: Settings, prom_host: str | None, campaign: Path | None) -> Iterator[History]:
    if campaign is not None:
        if prom_host is not None:
            raise ConfigurationError(
                f"both --campaign {campaign} and --prom-host {prom_host} are given",
                hint="Keep one of the two.",
            )
        yield _campaign(campaign)
        return
    from podforecast.telemetry.prometheus.client import connect

    connection = connection_of(settings, prom_host)
    with connect(connection) as client:
        yield History(
            name=address_of(connection),
            source=source_on(client, settings.prometheus, paced=True),
            known_until=datetime.now(UTC) - settings.watch.delay,
        )


def _campaign(folder: Path) -> History:
    from podforecast.telemetry.recording import Recording

    recording = Recording.open(folder)
    return History(
        name=f"the recorded campaign {recording.name}",
        source=recording,
        known_until=recording.end,
        begins=recording.start,
        recorded=recording.failures,
    )


def _bounds(
    start: str | None, end: str | None, hours: float | None, history: History
) -> tuple[datetime, datetime]:
    """First and last moment that were asked for."""
    if start is not None and hours is not None:
        raise ConfigurationError(
            f"both --start {start} and --hours {hours:g} are given", hint="Keep one of the two."
        )
    last = history.known_until if end is None else _moment("--end", end)
    if start is not None:
        return _moment("--start", start), last
    if history.begins is not None:
        # As in training: the pods of a recording begin with it, and nothing is known of them yet.
        earliest = history.begins + WARM_UP
        return earliest if hours is None else max(earliest, last - timedelta(hours=hours)), last
    return last - timedelta(hours=DEFAULT_HOURS if hours is None else hours), last


def _moment(option: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{option} {text!r} is no time", hint="Write it as 2026-11-20T14:00 or with +01:00."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _print(tables: Sequence[Table], sentences: Sequence[str]) -> None:
    for table in tables:
        out.print(grid(table))
        out.print(table.about + "\n", style="dim", highlight=False, markup=False)
    for sentence in sentences:
        out.print(sentence, highlight=False, markup=False)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path} can not be written: {error.strerror or error}",
            hint="Choose another file with --json.",
        ) from error
    err.print(f"written: {path}", highlight=False)
