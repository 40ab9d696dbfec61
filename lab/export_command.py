"""``python -m lab export``."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.logging import RichHandler

from lab.errors import LabRefused
from lab.export import BUDGET_BYTES, export
from podforecast.errors import PodforecastError

console = Console(stderr=True)


def export_command(
    run_dir: Annotated[Path, typer.Argument(help="Folder of a run: var/lab/NAME.")],
    out: Annotated[Path, typer.Option(help="Folder of the recording: data/NAME.")],
    role: Annotated[
        Literal["train", "test"], typer.Option(help="A test campaign is never trained on.")
    ] = "train",
    url: Annotated[
        str | None, typer.Option(help="A Prometheus that has the samples, if one runs.")
    ] = None,
    budget_mb: Annotated[
        float, typer.Option(min=0.1, help="Size of the recording; raw series are cut to fit.")
    ] = BUDGET_BYTES / 1e6,
) -> None:
    """Turn a run into a recording: signals, ground truth and raw series as Parquet.

    Prints the counts of what it holds as JSON.
    """
    logging.basicConfig(
        level=logging.INFO,
        format="%(message)s",
        handlers=[RichHandler(console=console, show_path=False)],
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        facts = export(run_dir, out, role=role, url=url, budget_bytes=int(1e6 * budget_mb))
    except (LabRefused, PodforecastError) as refusal:
        console.print(f"[bold red]refused:[/] {refusal.message}", highlight=False)
        if refusal.hint:
            console.print(f"hint: {refusal.hint}", highlight=False)
        raise typer.Exit(2) from None
    sys.stdout.write(json.dumps(facts["counts"], indent=2) + "\n")


if __name__ == "__main__":
    typer.run(export_command)
