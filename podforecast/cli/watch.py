"""``python -m podforecast watch``: the watcher alone, or one look at the fleet."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import typer

from podforecast.api_schema.fleet import PodState
from podforecast.cli.console import err, out
from podforecast.cli.fleet_line import fleet_line
from podforecast.cli.outside import outside_of
from podforecast.cli.risk_table import risk_table
from podforecast.cli.run import Address, require_free
from podforecast.errors import ConfigurationError, TelemetryUnavailable
from podforecast.settings import Settings, read_settings
from podforecast.watcher.composition import source_of
from podforecast.watcher.riskiest import riskiest
from podforecast.watcher.snapshot import Snapshot
from podforecast.watcher.states import counts
from podforecast.watcher.watcher import FleetWatcher

Given = dict[str, Any]


def watch(  # noqa: PLR0913 - one per option
    context: typer.Context,
    prom_host: Annotated[
        str | None,
        typer.Option(help="Address of Prometheus; by default PODFORECAST_PROMETHEUS__URL."),
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option(help="Seconds from one scan to the next; PODFORECAST_WATCH__INTERVAL."),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            help="Part of the namespaces to watch, such as 1/4; PODFORECAST_WATCH__SHARD."
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="Name of the cluster on alerts; PODFORECAST_WATCH__CLUSTER."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(help="prometheus, or replay for a recording; PODFORECAST_SOURCE."),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on; PODFORECAST_WATCH__HOST."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; PODFORECAST_WATCH__PORT.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Scan once, print the riskiest pods, and end.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --once: print what GET /prediction answers.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=500, help="With --once: print so many pods at most.")
    ] = 20,
) -> None:
    """Watch a cluster without a dashboard: forecast all its pods, again and again.

    Reads Prometheus, keeps and grades its forecasts (PODFORECAST_STORE__URL), tells Alertmanager
    (PODFORECAST_ALERTS__ALERTMANAGER_URLS), and answers GET /prediction, /pods,
    /pods/NAMESPACE/POD, /metrics, /livez and /readyz. It does not forecast what it is sent, and
    nobody can replace its model. Every option is a setting too, see docs/settings.md; the option
    wins. Ctrl-C ends it.

    Several watchers share a large cluster: start one with --shard 1/2 and one with --shard 2/2.

    To see what it would say, without a server, a store or an alert:
    `python -m podforecast watch --once --prom-host http://127.0.0.1:9090`
    """
    settings = _settings(
        {"url": prom_host},
        {"interval": interval, "shard": shard, "cluster": cluster, "host": host, "port": port},
        source,
    )
    if once:
        _print(look(settings), limit=limit, as_json=as_json)
    elif as_json:
        raise ConfigurationError(
            "--json says how to print one scan", hint="Add --once, or ask GET /prediction."
        )
    else:
        _serve(context, settings)


def _settings(prometheus: Given, watching: Given, source: str | None) -> Settings:
    """Settings, with what the command line says instead; a cluster is watched by default."""
    given: Given = {}
    for group, values in {"prometheus": prometheus, "watch": watching}.items():
        if chosen := {name: value for name, value in values.items() if value is not None}:
            given[group] = chosen
    settings = read_settings(given if source is None else {**given, "source": source})
    if "source" not in settings.model_fields_set:
        settings = settings.model_copy(update={"source": "prometheus"})
    if settings.source == "none":
        raise ConfigurationError(
            "there is nothing to watch: PODFORECAST_SOURCE is none",
            hint="Add --source prometheus, or remove that setting.",
        )
    return settings


def _serve(context: typer.Context, settings: Settings) -> None:
    address = Address(
        "watcher", settings.watch.host, settings.watch.port, "PODFORECAST_WATCH__PORT"
    )
    require_free(address)
    err.print(f"{fleet_line(settings)}, by the model in {settings.model_dir}/", highlight=False)
    err.print(f"answers {address.url}/prediction; Ctrl-C ends it", highlight=False)
    # A shell's background jobs ignore Ctrl-C, and so would we; `kill` should end it as cleanly.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    outside_of(context).serve_watcher(settings)


def look(settings: Settings) -> Snapshot:
    """Scan once.

    Raises
    ------
    ModelNotReady, ModelRefused
        If there is no model.
    TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
        If there is no scan.
    """
    from podforecast.model.scorer import load

    source, model = source_of(settings), load(settings.model_dir)
    if source is None:
        raise ConfigurationError("there is nothing to watch")
    watcher = FleetWatcher(source, model=lambda: model)
    with err.status("reading an hour of telemetry"):
        watcher.tick(stopped=lambda: True)
    if watcher.latest is None:
        raise watcher.reason or TelemetryUnavailable("there was nothing to scan")
    return watcher.latest


def _print(snapshot: Snapshot, *, limit: int, as_json: bool) -> None:
    total, pods = riskiest(snapshot, limit=limit)
    counted = counts(snapshot.present)
    if not as_json:
        out.print(_head(snapshot, counted), highlight=False, soft_wrap=True)
        out.print(risk_table(pods) if pods else "No pod is failing or at risk.")
        if total > len(pods):
            out.print(f"{total - len(pods)} more: --limit", highlight=False)
        return
    document = {
        "scanned_at": datetime.fromtimestamp(snapshot.present.at, UTC),
        "model_version": snapshot.model.manifest.model_version,
        "threshold": snapshot.model.threshold,
        "counts": counted,
        "total": total,
        "predictions": [pod.document() for pod in pods],
    }
    typer.echo(orjson.dumps(document, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2).decode())


def _head(snapshot: Snapshot, counted: Mapping[PodState, int]) -> str:
    at = datetime.fromtimestamp(snapshot.present.at, UTC)
    states = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in counted.items())
    return f"{at:%Y-%m-%d %H:%M:%S} UTC, {len(snapshot.present.index.pods)} pods: {states}"
