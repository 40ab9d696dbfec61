"""``python -m benchmarks.models promise anomalies``: one JSON line a figure."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Console

from benchmarks.models.anomalies import anomalies
from benchmarks.models.campaigns import Line, trial_of
from benchmarks.models.promise import promises
from podforecast.errors import PodforecastError
from podforecast.evaluation.trial import Trial

COMPARISONS: Mapping[str, Callable[[Trial], Iterator[Line]]] = {
    "promise": promises,
    "anomalies": anomalies,
}


def main(arguments: Sequence[str]) -> int:
    console = Console(stderr=True)
    unknown = [name for name in arguments if name not in COMPARISONS]
    if unknown:
        console.print(f"[bold red]error:[/] no comparison {unknown[0]!r}", highlight=False)
        console.print(f"[bold]hint:[/] there are {', '.join(COMPARISONS)}")
        return 2
    try:
        with console.status("reading campaigns"):
            trial = trial_of()
    except PodforecastError as error:
        console.print(f"[bold red]error:[/] {error.message}\n[bold]hint:[/] {error.hint}")
        return 1
    for name in arguments or COMPARISONS:
        with console.status(name):
            for line in COMPARISONS[name](trial):
                sys.stdout.write(json.dumps({"comparison": name, **line}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
