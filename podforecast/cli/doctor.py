"""``python -m podforecast doctor``: what a Prometheus lacks, what that costs, how to get it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table as Grid

from podforecast.cli.connection import connection_of, source_on
from podforecast.cli.console import FAILED, err, out
from podforecast.diagnosis.asking import Interview, ask
from podforecast.diagnosis.doctor import examine
from podforecast.diagnosis.facts import Asked, Facts
from podforecast.diagnosis.finding import Finding, State, usable
from podforecast.diagnosis.metric_checks import MetricState, metric_states
from podforecast.diagnosis.server_checks import refused
from podforecast.errors import ConfigurationError, PodforecastError
from podforecast.model.artifact import checked_manifest
from podforecast.model.curves import GroupImportance, read_curves
from podforecast.settings import Settings, read_settings
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.client import Connection, address_of, connect

PATIENCE = timedelta(seconds=30)
"""With one question, however patient the settings are: somebody is waiting."""
_COLOURS: Mapping[State, str] = {
    "ok": "green",
    "missing": "yellow",
    "wrong": "red",
    "unknown": "dim",
}
MANY = 8
"""Signals of a metric; more are counted, not named."""


def doctor(
    prom_host: Annotated[
        str | None, typer.Option(help="Prometheus; by default PODFORECAST_PROMETHEUS__URL.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also list every wanted metric with its signals.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, every metric included.")
    ] = False,
) -> None:
    """Check what a Prometheus has for forecasts, what it lacks, what that costs, and the fix.

    Only reads, by some fifty small queries and one scan of the last three minutes. Looks at the
    address, credentials, tenant, clocks and limits of the server; at each wanted metric with what
    hangs on it; at copies of series, several clusters, scrape intervals and delays; and at how
    many pods could be forecast now. Costs are shares of what the saved model relies on.

    Credentials, certificates and headers are settings: PODFORECAST_PROMETHEUS__*.

    Ends with 0 if forecasts can be had, 1 if not, 2 for wrong usage.
    """
    settings = read_settings()
    connection = connection_of(settings, prom_host)
    connection = replace(connection, timeout=min(connection.timeout, PATIENCE))
    importances = _importances(settings.model_dir)
    metrics: tuple[MetricState, ...] = ()
    try:
        facts = _asked(connection, settings)
        found, metrics = examine(facts, importances), metric_states(facts)
    except ConfigurationError:
        raise
    except PodforecastError as error:
        found = refused(error, address=address_of(connection), shown=_shown(connection))
    if as_json:
        typer.echo(_json(found, metrics))
    else:
        _print(address_of(connection), found, metrics if every else ())
    if not usable(found):
        raise typer.Exit(FAILED)


def _asked(connection: Connection, settings: Settings) -> Facts:
    asked = Asked(
        selector=settings.prometheus.selector,
        delay=settings.watch.delay,
        scrape_interval=settings.prometheus.scrape_interval,
        mute_annotation=settings.alerts.mute_annotation,
    )
    with connect(connection) as client, err.status("asking") as status:
        interview = Interview(
            api=QueryApi(client),
            source=source_on(client, settings.prometheus),
            address=address_of(connection),
            tenant=any(name.lower() == "x-scope-orgid" for name in connection.headers),
        )
        return ask(interview, asked, on_step=lambda step: status.update(f"asking about {step}"))


def _importances(folder: Path) -> Sequence[GroupImportance]:
    """Of the saved model; none where there is no model to hold anything against."""
    try:
        return read_curves(folder, checked_manifest(folder)).importances
    except PodforecastError as error:
        err.print(f"{error.message}: costs are told without the model's share", highlight=False)
        return ()


def _shown(connection: Connection) -> str:
    if connection.token_file is not None:
        return f"with the token in {connection.token_file}"
    if connection.username or connection.url != address_of(connection):
        return f"as user {connection.username or 'of the address'}"
    if connection.client_cert_file is not None:
        return f"with the certificate {connection.client_cert_file}"
    return "without credentials"


def _json(findings: Sequence[Finding], metrics: Sequence[MetricState]) -> str:
    document: dict[str, Any] = {
        "usable": usable(findings),
        "checks": [asdict(finding) for finding in findings],
        "metrics": [asdict(metric) for metric in metrics],
    }
    return json.dumps(document, indent=2)


def _print(address: str, findings: Sequence[Finding], metrics: Sequence[MetricState]) -> None:
    grid = _grid(f"Prometheus at {address}")
    grid.add_column("check", overflow="fold")
    for finding in findings:
        lines = [f"[bold]{escape(finding.check)}:[/] {escape(finding.found)}"]
        lines += [f"[dim]costs:[/] {escape(finding.cost)}"] if finding.cost else []
        lines += [f"[dim]fix:[/] {escape(finding.fix)}"] if finding.fix else []
        grid.add_row(_coloured(finding.state), "\n".join(lines))
    out.print(grid)
    if metrics:
        _print_metrics(metrics)
    out.print(_verdict(findings), highlight=False)


def _print_metrics(metrics: Sequence[MetricState]) -> None:
    grid = _grid("Wanted metrics, and the signals that read them")
    grid.add_column("metric")
    for metric in metrics:
        many = len(metric.signals) > MANY
        signals = f"{len(metric.signals)} signals" if many else ", ".join(metric.signals)
        line = f"{metric.name}: {escape(metric.found)} [dim]({signals})[/]"
        grid.add_row(_coloured(metric.state), line)
    out.print(grid)


def _coloured(state: State) -> str:
    return f"[{_COLOURS[state]}]{state}[/]"


def _grid(title: str) -> Grid:
    grid = Grid(title=escape(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    grid.add_column("", no_wrap=True)
    return grid


def _verdict(findings: Sequence[Finding]) -> str:
    bad = [finding for finding in findings if finding.state in ("missing", "wrong")]
    if not usable(findings):
        causes = ", ".join(finding.check for finding in bad if finding.fatal)
        return f"[bold red]Not usable:[/] {causes}."
    if bad:
        return f"[bold yellow]Usable, with less:[/] {', '.join(finding.check for finding in bad)}."
    return "[bold green]Usable:[/] nothing is missing."
