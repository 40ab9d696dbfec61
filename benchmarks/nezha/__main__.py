"""``python -m benchmarks.nezha FOLDER``: figures of the external check, one JSON line each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from sklearn.metrics import f1_score

from benchmarks.nezha import check
from benchmarks.nezha.features import table
from benchmarks.nezha.measurements import ISSUES, Measurements, read
from podforecast.errors import PodforecastError
from podforecast.model.resampling import Interval

Line = dict[str, object]


def main(arguments: Sequence[str]) -> int:
    console = Console(stderr=True)
    if len(arguments) != 1 or arguments[0].startswith("-"):
        console.print("usage: python -m benchmarks.nezha FOLDER   (docs/external-check.md)")
        return 0 if arguments and arguments[0] in {"-h", "--help"} else 2
    try:
        measured = read(Path(arguments[0]))
    except PodforecastError as error:
        console.print(
            f"[bold red]error:[/] {error.message}\n[bold]hint:[/] {error.hint}", soft_wrap=True
        )
        return 1
    with console.status("features") as status:
        for line in _figures(measured, lambda part: status.update(f"leaving out {part}")):
            sys.stdout.write(json.dumps(line) + "\n")
    return 0


def _figures(measured: Measurements, progress: check.Progress) -> Iterator[Line]:
    features = table(measured)
    yield from _onsets(measured, features, progress)
    yield from _issues(measured, features.to_numpy(), progress)


def _onsets(
    measured: Measurements, features: check.Frame, progress: check.Progress
) -> Iterator[Line]:
    rows = measured.asked
    y = (measured.fault >= 0)[rows].astype(np.int8)
    day = measured.pods["day"].to_numpy(dtype=object)[rows]
    block = check.blocks(measured, rows)
    scores = dict(_scores(measured, features, progress))
    for name, score in scores.items():
        yield {"question": "onset", "score": name, **_ranked(y, score, block)}
    for one in np.unique(day):
        of_day = day == one
        figures = _ranked(y[of_day], scores["ours"][of_day], block[of_day])
        yield {"question": "onset", "score": "ours", "day": str(one), **figures}


def _scores(
    measured: Measurements, features: check.Frame, progress: check.Progress
) -> Iterator[tuple[str, check.Array]]:
    """Of the rows that are asked about."""
    pods, rows = measured.pods[measured.asked], measured.asked
    y = (measured.fault >= 0)[rows].astype(np.int8)
    service, day = (pods[name].to_numpy(dtype=object) for name in ("service", "day"))
    yield "ours", check.left_out(features.to_numpy()[rows], y, service, progress=progress)[1][:, 1]
    for name, score in check.onset_rivals(measured, features).items():
        yield name, score[rows]
    minute = (pods["timestamp"].dt.hour * 60 + pods["timestamp"].dt.minute).to_numpy(np.float64)
    yield "schedule only", check.left_out(minute[:, None], y, day, progress=progress)[1][:, 1]


def _ranked(y: np.ndarray, score: check.Array, block: np.ndarray) -> Line:
    auc, precision = check.ranked(y, score, block)
    return {
        "rows": len(y),
        "onset_rows": int(y.sum()),
        "prevalence": round(float(y.mean()), 4),
        "roc_auc": _numbers(auc),
        "average_precision": _numbers(precision),
    }


def _issues(measured: Measurements, x: np.ndarray, progress: check.Progress) -> Iterator[Line]:
    rows = measured.fault >= 0
    truth, fault = measured.issue[rows].astype(str), measured.fault[rows]
    service = measured.pods["service"].to_numpy(dtype=object)[rows]
    classes, probability = check.left_out(x[rows], truth, service, progress=progress)
    often = max(set(ISSUES.values()), key=list(truth).count)
    ours, always = classes[probability.argmax(axis=1)], np.full(len(truth), often)
    for name, told in {"ours": ours, f"always {often}": always}.items():
        each = f1_score(truth, told, average=None, labels=classes, zero_division=0.0)
        yield {
            "question": "issue type",
            "score": name,
            "rows": len(truth),
            "faults": len(np.unique(fault)),
            "macro_f1": _numbers(check.macro_f1(truth, told, fault)),
            "f1": {str(one): round(float(f1), 3) for one, f1 in zip(classes, each, strict=True)},
        }


def _numbers(found: Interval) -> dict[str, float]:
    return {name: round(getattr(found, name), 3) for name in ("value", "low", "high")}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
