"""``python -m benchmarks [NAME ...]``: run them all, or those named."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping

from rich.console import Console

from benchmarks.figures import Figure
from benchmarks.forecasts import forecasts
from benchmarks.scans import scans
from benchmarks.training import training

BENCHMARKS: Mapping[str, Callable[[], Iterator[Figure]]] = {
    "scans": scans,
    "forecasts": forecasts,
    "training": training,
}


def main() -> int:
    names = sys.argv[1:] or list(BENCHMARKS)
    console = Console(stderr=True)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        console.print(f"[bold red]error:[/] no benchmark {unknown[0]!r}")
        console.print(f"[bold]hint:[/] there are {', '.join(BENCHMARKS)}")
        return 2
    for name in names:
        for figure in BENCHMARKS[name]():
            sys.stdout.write(json.dumps({"benchmark": name, **figure.line()}) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
