"""``python -m benchmarks.tcn``: a JSON line a figure, or how to get PyTorch where it is missing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from benchmarks.models.campaigns import DATA, ROUNDS, Line, trial_of
from benchmarks.tcn.windows import SAMPLES
from podforecast.errors import PodforecastError

MODELS = Path(__file__).parents[2] / "models"
TORCH = "torch"
HINT = "pip install -r requirements/tcn.txt, best in a virtual environment of its own"


def main(arguments: Sequence[str]) -> int:
    options = _options().parse_args(arguments)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if find_spec(TORCH) is None:
        console.print(f"[bold red]error:[/] PyTorch is not installed\n[bold]hint:[/] {HINT}")
        return 2
    try:
        with console.status("reading campaigns") as status:
            for line in _lines(options, status.update):
                sys.stdout.write(json.dumps(line) + "\n")
                sys.stdout.flush()
    except PodforecastError as error:
        console.print(f"[bold red]error:[/] {error.message}\n[bold]hint:[/] {error.hint}")
        return 1
    return 0


def _lines(options: argparse.Namespace, tell: Callable[[str], None]) -> Iterator[Line]:
    from benchmarks.tcn.comparison import Effort, comparison  # needs PyTorch

    effort = Effort(epochs=options.epochs, samples=options.samples, on_fit=tell)
    yield from comparison(
        trial_of(options.data, rounds=options.rounds), options.data, options.models, effort
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tcn", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of recordings")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the model")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="of a window")
    parser.add_argument("--epochs", type=int, default=40, help="at most")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each bootstrap")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
