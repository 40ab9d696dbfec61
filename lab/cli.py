"""The lab's command line."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from lab.campaign.mixes import MIXES
from lab.campaign.progress import Progress
from lab.campaign.recording import RunSettings, execute
from lab.describe import page
from lab.errors import LabRefused
from lab.export_command import export_command

app = typer.Typer(
    help="A small cluster on this machine whose pods really fail: record campaigns, or play.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
console = Console(stderr=True)

Name = Annotated[str, typer.Option(help="Of the cluster and its folder; unique among runs.")]
Pods = Annotated[int, typer.Option(min=9, help="Pods of all workloads together.")]
Seed = Annotated[int, typer.Option(help="Draws the workloads, the load and the schedule.")]
IpPrefix = Annotated[str, typer.Option(help="First two bytes of the pods' loopback addresses.")]
ListenPort = Annotated[int, typer.Option(help="Port of the node agent's exporter.")]
PrometheusPort = Annotated[
    int | None, typer.Option(help="Port of Prometheus; by default the listen port + 1.")
]
RunDir = Annotated[
    Path | None, typer.Option(help="Where everything is written; by default var/lab/NAME.")
]
Mix = Annotated[str, typer.Option(help=f"Weights of the kinds: {', '.join(MIXES)}.")]
LoadScale = Annotated[float, typer.Option(min=0.01, help="Multiplies the background load.")]


@app.command()
def record(  # noqa: PLR0913 - one per option
    seed: Seed,
    minutes: Annotated[float, typer.Option(min=1, help="How long to record.")] = 92.0,
    pods: Pods = 100,
    mix: Mix = "balanced",
    name: Name = "campaign",
    run_dir: RunDir = None,
    ip_prefix: IpPrefix = "127.21",
    listen_port: ListenPort = 19800,
    prometheus_port: PrometheusPort = None,
    load_scale: LoadScale = 1.0,
    compress: Annotated[
        float, typer.Option(min=1, help="For trials: as much as a campaign so much longer.")
    ] = 1.0,
) -> None:
    """Record a campaign: a seeded schedule of faults and look-alikes, scraped every 15 s.

    Needs root, writable cgroups and the `prometheus` program. Several campaigns may run side by
    side, each with its own name, ip prefix and ports. Ctrl-C ends one cleanly.

    The run's folder then holds `prometheus/` (all samples), `events.jsonl` (the ground
    truth), `machine.jsonl` (pressure and lag) and `run.json` (these settings).
    """
    _run(
        RunSettings(
            name=name,
            seed=seed,
            mix=_known(mix),
            pods=pods,
            minutes=minutes,
            run_dir=_folder(run_dir, name),
            ip_prefix=ip_prefix,
            listen_port=listen_port,
            prometheus_port=prometheus_port or listen_port + 1,
            load_scale=load_scale,
            compress=compress,
        )
    )


@app.command()
def serve(  # noqa: PLR0913 - one per option
    seed: Seed = 1,
    pods: Pods = 30,
    mix: Mix = "balanced",
    name: Name = "playground",
    run_dir: RunDir = None,
    ip_prefix: IpPrefix = "127.20",
    listen_port: ListenPort = 19700,
    prometheus_port: PrometheusPort = None,
    load_scale: LoadScale = 1.0,
) -> None:
    """Run a cluster and its Prometheus without faults, until Ctrl-C.

    The pods' addresses are listed at `http://127.0.0.1:LISTEN_PORT/sd/pods`. Break one by hand:
    `curl -X POST http://ADDRESS/failures -d '{"memory_leak": true}'`, or open the
    address in a browser.
    """
    _run(
        RunSettings(
            name=name,
            seed=seed,
            mix=_known(mix),
            pods=pods,
            minutes=None,
            run_dir=_folder(run_dir, name),
            ip_prefix=ip_prefix,
            listen_port=listen_port,
            prometheus_port=prometheus_port or listen_port + 1,
            load_scale=load_scale,
        )
    )


app.command("export")(export_command)


@app.command()
def describe(
    folder: Annotated[Path, typer.Argument(help="Folder of recordings.")] = Path("data"),
) -> None:
    """Write README.md beside the recordings: provenance and counts, from their facts."""
    recordings = sorted(path.parent for path in folder.glob("*/campaign.json"))
    if not recordings:
        raise typer.BadParameter(f"{folder} holds no recording", param_hint="FOLDER")
    (folder / "README.md").write_text(page(recordings))
    console.print(f"described {len(recordings)} recordings in {folder / 'README.md'}")


def _known(mix: str) -> str:
    if mix not in MIXES:
        raise typer.BadParameter(f"{mix!r} is not one of {', '.join(MIXES)}", param_hint="--mix")
    return mix


def _folder(run_dir: Path | None, name: str) -> Path:
    return (run_dir or Path("var") / "lab" / name).resolve()


def _run(settings: RunSettings) -> None:
    logging.basicConfig(
        level=logging.INFO,
        format="%(message)s",
        handlers=[RichHandler(console=console, show_path=False, rich_tracebacks=False)],
    )
    try:
        asyncio.run(execute(settings, Progress(console)))
    except LabRefused as refusal:
        console.print(f"[bold red]refused:[/] {refusal.message}", highlight=False)
        if refusal.hint:
            console.print(f"hint: {refusal.hint}", highlight=False)
        raise typer.Exit(2) from None
    console.print(f"recorded in {settings.run_dir}", highlight=False)
