"""``python evaluate_model.py``: what the saved model is worth on data it never saw.

Progress goes to stderr and the result to stdout: ``evaluate_model.py --json | jq .checks``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from podforecast.cli import training_data
from podforecast.cli.console import err, guarded, one_command, out, progress
from podforecast.cli.grids import grid
from podforecast.errors import ConfigurationError
from podforecast.evaluation import document, model_card, run
from podforecast.evaluation.judging import STEPS, Material, Plan
from podforecast.evaluation.plots import album
from podforecast.evaluation.run import Outcome
from podforecast.evaluation.summary import summary
from podforecast.model.describe import data_fingerprint
from podforecast.model.scorer import Scorer, load, load_pipeline

ROUNDS, FAST_ROUNDS = 500, 100
MODEL_CARD = Path("docs/model-card.md")

command = one_command()


@command.command()
def evaluate(  # noqa: PLR0913 - an option is an argument
    models: Annotated[Path, typer.Option(help="Folder of the saved model.")] = Path("models"),
    data: Annotated[
        Path, typer.Option(help="Folder of recorded campaigns, or a CSV or Parquet table.")
    ] = Path("data"),
    folder: Annotated[Path, typer.Option("--out", help="Folder for plots and reports.")] = Path(
        "results"
    ),
    fast: Annotated[
        bool, typer.Option("--fast", help="Fewer bootstrap rounds: rougher intervals.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of splits, bootstrap and canaries.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Fits at a time.")] = 2,
    write_model_card: Annotated[
        bool, typer.Option("--write-model-card", help=f"Also write {MODEL_CARD}.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Judge the saved model beside baselines, on splits by time, workload and campaign.

    Campaigns marked as test campaigns judge the model itself; its recipe is fitted anew for the
    other splits. Writes plots, report.md and report.json.
    """
    scorer = load_pipeline(models)
    with progress() as bar:
        task = bar.add_task("Reading")

        def tell(done: int, total: int, text: str) -> None:
            bar.update(task, completed=done, total=total, description=text)

        material = replace(_material(scorer, data, tell), served=load(models))
        plan = Plan(
            rounds=FAST_ROUNDS if fast else ROUNDS,
            seed=seed,
            jobs=jobs,
            on_step=lambda step: tell(STEPS.index(step), len(STEPS), step.capitalize()),
        )
        outcome = run.evaluate(material, plan)
        plots = album.write(album.figures(outcome), folder)
    for remark in outcome.remarks:
        err.print(remark, highlight=False)
    written = [*plots, *_write_reports(outcome, folder, plots)]
    if write_model_card:
        written.append(_write(MODEL_CARD, model_card.render(scorer.manifest, outcome.report)))
    _print(outcome, written, as_json=as_json)


def main() -> int:
    """Run the command and return its exit code."""
    return guarded(command)


def _material(scorer: Scorer, data: Path, tell: Callable[[int, int, str], None]) -> Material:
    def reading(done: int, total: int, name: str) -> None:
        tell(done, total, f"Reading {name}")

    if data.is_file():
        table = training_data.read(data)
        for remark in (*table.remarks, _own_table(scorer, data, table)):
            err.print(remark, highlight=False)
        return Material(train=table.dataset, test=None, scorer=scorer)
    train = training_data.read_campaigns(
        training_data.campaign_folders(data, "train"), on_progress=reading
    )
    unseen = training_data.read_examples(
        training_data.campaign_folders(data, "test"), status_every=1, on_progress=reading
    )
    return Material(train=train, test=unseen.onsets, scorer=scorer, statuses=unseen.statuses)


def _own_table(scorer: Scorer, data: Path, table: training_data.TrainingData) -> str:
    same = data_fingerprint(table.dataset) == scorer.manifest.data.fingerprint
    trained = "was trained on all of" if same else "was not trained on"
    return (
        f"the saved model {trained} {data.name}; judged is its recipe, fitted on a part of the"
        " table and tried on the rest"
    )


def _write_reports(outcome: Outcome, folder: Path, plots: list[Path]) -> list[Path]:
    return [
        _write(folder / "report.md", document.to_markdown(outcome.report, plots=plots)),
        _write(folder / "report.json", document.to_json(outcome.report)),
    ]


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise ConfigurationError(
            f"{path} can not be written: {exc.strerror or exc}",
            hint="Choose another folder with --out.",
        ) from exc
    return path


def _print(outcome: Outcome, written: list[Path], *, as_json: bool) -> None:
    report = outcome.report
    if as_json:
        typer.echo(document.to_json(report), nl=False)
        return
    for table in summary(report):
        out.print(grid(table))
        out.print(table.about + "\n", style="dim", highlight=False, markup=False)
    failed = [check.name for check in report.checks if not check.passed]
    if failed:
        err.print(f"[bold red]do not believe these figures:[/] {'; '.join(failed)}")
    out.print(f"Written: {', '.join(str(path) for path in written)}", highlight=False)
