"""``python -m benchmarks [NAME ...]``: run them all, or those named.

JSON lines go to stdout, a table of the same to stderr. ``--page FILE.jsonl`` puts the figures of a
run into docs/performance.md instead of running anything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks import page
from benchmarks.batches import batches
from benchmarks.figures import Figure
from benchmarks.forecasts import forecasts
from benchmarks.live import live_ticks
from benchmarks.machine import machine
from benchmarks.requests import requests
from benchmarks.scans import scans
from benchmarks.start import start
from benchmarks.store import store
from benchmarks.ticks import ticks
from benchmarks.training import training

BENCHMARKS: Mapping[str, Callable[[], Iterator[Figure]]] = {
    "scans": scans,
    "ticks": ticks,
    "live": live_ticks,
    "forecasts": forecasts,
    "requests": requests,
    "batches": batches,
    "start": start,
    "training": training,
    "store": store,
}
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
MET = {True: Text("met", style="green"), False: Text("missed", style="bold red"), None: Text("")}


def main(arguments: Sequence[str], *, performance_page: Path = PAGE) -> int:
    console = Console(stderr=True)
    if {"-h", "--help"}.intersection(arguments):
        sys.stdout.write(f"{__doc__}\nThere are {', '.join(BENCHMARKS)}.\n")
        return 0
    if arguments and arguments[0] == "--page":
        return _write_page(arguments[1:], performance_page, console)
    names = arguments or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        return _refuse(
            console, f"no benchmark {unknown[0]!r}", f"there are {', '.join(BENCHMARKS)}"
        )
    _print({page.MACHINE: machine(datetime.now(UTC))})
    for name in names:
        console.print(_run(name, console))
    return 0


def _run(name: str, console: Console) -> Table:
    """Print each figure as it comes, and give back the table of all of them."""
    table = Table("figure", title=name, title_justify="left", box=None)
    for column in ("value", "unit", "target"):
        table.add_column(column, justify="right" if column == "value" else "left")
    table.add_column("")
    with console.status(f"{name} ..."):
        for figure in BENCHMARKS[name]():
            _print({"benchmark": name, **figure.line()})
            table.add_row(figure.figure, f"{figure.value:g}", figure.unit, figure.target,
                          MET[figure.met])  # fmt: skip
    return table


def _write_page(files: Sequence[str], performance_page: Path, console: Console) -> int:
    if len(files) != 1:
        return _refuse(console, "--page takes one file", "python -m benchmarks --page FILE.jsonl")
    try:
        lines = page.read_lines(Path(files[0]))
        performance_page.write_text(page.filled(performance_page.read_text(), lines))
    except (OSError, page.NotAPage) as error:
        return _refuse(console, str(error), "make bench > FILE.jsonl writes such a file")
    return 0


def _refuse(console: Console, message: str, hint: str) -> int:
    console.print(f"[bold red]error:[/] {message}")
    console.print(f"[bold]hint:[/] {hint}")
    return 2


def _print(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
