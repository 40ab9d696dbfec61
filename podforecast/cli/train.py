"""``python train_model.py``: compare, tune, calibrate, save.

Progress goes to stderr and the result to stdout: ``train_model.py --json | jq .algorithm``.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from podforecast.cli import targets, training_data
from podforecast.cli.console import err, guarded, one_command, out, progress
from podforecast.errors import ConfigurationError
from podforecast.model import artifact, describe, measuring, training
from podforecast.model.manifest import CandidateRecord, Manifest, OperatingRecord
from podforecast.model.selection import Effort
from podforecast.model.threshold import DEFAULT_BUDGET, AlertBudget
from podforecast.model.training import TrainedModel
from podforecast.telemetry.memory import allocate_sparingly, give_back

FAILURE, ALL = "failure", "all"
TARGETS = (FAILURE, *targets.NAMES, ALL)

command = one_command()


@command.command()
def train(  # noqa: PLR0913 - an option is an argument
    data: Annotated[
        Path, typer.Option(help="Folder of recorded campaigns, or a CSV or Parquet table.")
    ] = Path("data"),
    folder: Annotated[Path, typer.Option("--out", help="Folder to write the model to.")] = Path(
        "models"
    ),
    target: Annotated[
        str,
        typer.Option(
            help="What to forecast: failure, issue_type, pod_status or all. One of the two in the"
            " middle is put beside the model that the folder has."
        ),
    ] = ALL,
    budget: Annotated[
        float, typer.Option(help="False alarms you accept, per 1 000 pods and day.")
    ] = DEFAULT_BUDGET.per_1000_pods_per_day,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same model.")] = 1,
    jobs: Annotated[
        int, typer.Option(min=0, help="Fits at a time; 0 for one per processor, at most 4.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train every candidate, keep the best by ROC-AUC, calibrate it and save it.

    Of those that ROC-AUC can not tell from the best, the one that catches most failures within
    the budget is kept.

    Every figure printed is measured on rows the scoring model has not seen. How the saved model
    does on campaigns it never saw is for `evaluate_model.py` to say.
    """
    _check_target(target, folder)
    budgeted = AlertBudget.from_per_1000_pods_per_day(budget)
    allocate_sparingly()
    with progress() as bar:
        task = bar.add_task("Reading")

        def tell(done: int, total: int, text: str) -> None:
            bar.update(task, completed=done, total=total, description=text)

        read = training_data.read(
            data, on_progress=lambda done, total, name: tell(done, total, f"Reading {name}")
        )
        for remark in read.remarks:
            err.print(remark, highlight=False, markup=False, soft_wrap=True)

        def fitted(done: int, total: int, name: str) -> None:
            tell(done, total, f"Fitting {name}")
            give_back()

        def drawn(_: str = "") -> None:
            bar.advance(task)
            give_back()

        effort = Effort(seed=seed, jobs=jobs or _processors(), on_fit=drawn)
        if target in targets.NAMES:
            tell(0, targets.FITS, f"Fitting {target}")
            found = targets.train(read, (target,), effort)
            targets.put_beside(folder, found)
            targets.tell(found, folder, as_json=as_json)
            return
        trained = training.train(
            read.dataset, seed=seed, jobs=effort.jobs, budget=budgeted, on_progress=fitted
        )
        tell(0, measuring.fits(trained), "Drawing curves")
        curves = measuring.measure(trained, read.dataset, on_fit=drawn)
        tell(0, targets.FITS, "Fitting targets")
        found = targets.train(read, targets.NAMES if target == ALL else (), effort)
    manifest = describe.describe(trained, read.dataset, trained_at=datetime.now(UTC))
    saved = artifact.save(
        folder, trained.fitted.pipeline, found.noted(manifest), curves, beside=found.files
    )
    _print(saved, trained, folder, as_json=as_json)


def main() -> int:
    """Run the command and return its exit code."""
    return guarded(command)


def _check_target(target: str, folder: Path) -> None:
    """Refuse before anything is read what could not be saved after minutes."""
    if target not in TARGETS:
        raise ConfigurationError(
            f"--target {target} is not among: {', '.join(TARGETS)}",
            hint="Leave the option out to train all of them.",
        )
    if target in targets.NAMES:
        artifact.checked_manifest(folder)


def _processors() -> int:
    """Processors this process may use; more than four fits at a time want too much memory."""
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)


def _print(manifest: Manifest, trained: TrainedModel, folder: Path, *, as_json: bool) -> None:
    if as_json:
        summary = manifest.model_dump(
            mode="json",
            exclude={"reference": True, "features": True, "targets": {"__all__": {"reference"}}},
        )
        typer.echo(json.dumps({**summary, "folder": str(folder)}, indent=2))
        return
    out.print(_heading(manifest), highlight=False, markup=False, soft_wrap=True)
    out.print(_table(manifest.candidates))
    targets.print_records(manifest)
    for sentence in (
        *_sentences(manifest, trained),
        f"Saved {manifest.model_version} to {folder}/",
    ):
        out.print(sentence, highlight=False, markup=False, soft_wrap=True)


def _heading(manifest: Manifest) -> str:
    data = manifest.data
    failures = f" {data.failures} failures," if data.failures else ""
    return (
        f"{', '.join(data.campaigns)}: {data.rows} rows, {data.pods} pods,"
        f" {data.pod_hours:.0f} pod-hours,{failures} prevalence {data.prevalence:.1%};"
        " cross-validated, all figures out of fold"
    )


def _table(candidates: tuple[CandidateRecord, ...]) -> Table:
    """Narrow enough for the 80 columns that a pipe or a build log has."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("candidate", no_wrap=True)
    for heading in ("ROC-AUC [95 %]", "12 inputs", "caught", "AP", "Brier", "tried", "s"):
        table.add_column(Text(heading), justify="right", no_wrap=True)
    for one in candidates:
        table.add_row(
            one.name,
            Text(f"{one.roc_auc:.3f} [{one.roc_auc_low:.3f}, {one.roc_auc_high:.3f}]"),
            f"{one.roc_auc_required_only:.3f}",
            "" if one.recall is None else f"{one.recall:.3f}",
            f"{one.average_precision:.3f}",
            f"{one.brier:.4f}",
            str(one.tried),
            f"{one.seconds:.0f}",
        )
    return table


def _sentences(manifest: Manifest, trained: TrainedModel) -> list[str]:
    calibration = manifest.calibration
    point = describe.operating_record(trained.operating_point)
    sentences = [
        f"{manifest.algorithm} is kept, calibrated by {calibration.method}: expected calibration"
        f" error {calibration.expected_calibration_error:.3f}, with the 12 inputs alone"
        f" {calibration.expected_calibration_error_required_only:.3f}.",
        _operation(point),
    ]
    sentences += [f"{one.name} is {one.note}." for one in manifest.candidates if one.note]
    if not manifest.beats_chance:
        sentences.append(
            "No candidate beats chance with confidence: the interval of the best one reaches"
            " down to 0.5. Do not act on its forecasts; record more data."
        )
    return sentences


def _operation(point: OperatingRecord) -> str:
    caught = "" if point.recall is None else f" and {point.recall:.0%} of failures caught"
    coarse = "" if point.resolvable else " These rows are too few to resolve such a budget."
    return (
        f"At risk from {point.threshold:.3f}: {point.false_alarms} false alarms of"
        f" {point.false_alarms_allowed:.1f} allowed ({point.per_1000_pods_per_day:g} per 1 000"
        f" pods and day){caught}, out of fold.{coarse}"
    )
