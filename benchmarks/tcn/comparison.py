"""The network and the selected model on the same rows: what it ranks better, and what it costs."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import distribution
from pathlib import Path

import numpy as np

from benchmarks.models.campaigns import SEED, Line, difference_lines, ranking_line
from benchmarks.tcn.network import Learned, Lessons, learn
from benchmarks.tcn.windows import Campaign, Windows
from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import Array
from podforecast.evaluation import contestants
from podforecast.evaluation.trial import Method, Trial
from podforecast.features.build import SIGNALS_READ
from podforecast.model import artifact, fitting, scorer, selection, splits, training
from podforecast.telemetry.recording import FACTS, Recording

TIMED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    epochs: int
    """At most."""
    samples: int
    """Of a window."""
    on_fit: Callable[[str], None] = lambda _: None


def comparison(trial: Trial, data: Path, models: Path, effort: Effort) -> Iterator[Line]:
    """Judge both on the test campaigns, then their differences, then what the network costs."""
    campaigns = tuple(campaigns_in(data))
    windows = Windows(campaigns, trial.train, samples=effort.samples)
    windows.scaled_on(np.arange(len(trial.train)))
    unseen = Windows(campaigns, trial.test, samples=effort.samples).scaled_as(windows)
    began = time.monotonic()
    network, learned = _network(trial, windows, unseen, effort)
    seconds = time.monotonic() - began
    effort.on_fit("the model")
    model = _model(trial, models)
    for method in (model, network):
        yield ranking_line(trial, method)
    yield from difference_lines(trial, network, [model])
    yield from _at_equal_alarms(trial, model, network)
    yield {"cost": "all fits", "seconds": round(seconds, 1)}
    yield from _costs(learned, unseen, trial, models)


def campaigns_in(data: Path) -> Iterator[Campaign]:
    """Read the channels of every recording in a folder."""
    for facts in sorted(data.glob(f"*/{FACTS}")):
        recording = Recording.open(facts.parent)
        block = recording.read(SIGNALS_READ, start=recording.start, end=recording.end)
        yield Campaign.of(recording.name, block)


def lessons_of(dataset: Dataset, windows: Windows, rows: Index) -> Lessons:
    """Rows as the candidates are fitted on, thinned and weighted alike; without masked copies."""
    kept, every = fitting.thinned(dataset, rows)
    y, weight = dataset.y[kept], every[kept]
    positive = weight[y == 1].sum()
    weight[y == 1] *= ((weight.sum() - positive) / positive) ** fitting.BALANCE
    return Lessons(
        windows=windows,
        rows=kept,
        y=y.astype(np.float64),
        weight=weight / weight.mean(),
        pod=dataset.pod[kept],
    )


def _network(
    trial: Trial, windows: Windows, unseen: Windows, effort: Effort
) -> tuple[Method, Learned]:
    """Score training rows out of fold, in the folds of the candidates, and the test rows."""
    train = trial.train
    fold = splits.folds_of(train, folds=selection.COMPARE_FOLDS, seed=SEED + 1)
    out_of_fold = np.full(len(train), np.nan)
    for one in np.unique(fold):
        effort.on_fit(f"the network, fold {one + 1} of {fold.max() + 1}")
        lessons = lessons_of(train, windows, np.flatnonzero(fold != one))
        inside = np.flatnonzero(fold == one)
        learned = learn(lessons, epochs=effort.epochs, seed=SEED + int(one))
        out_of_fold[inside] = learned.score(windows, inside)
    effort.on_fit("the network")
    lessons = lessons_of(train, windows, np.arange(len(train)))
    learned = learn(lessons, epochs=effort.epochs, seed=SEED)
    name = f"network on {effort.samples} samples"
    return Method(
        name=name,
        title=name,
        kind="candidate",
        calibration=out_of_fold,
        test=learned.score(unseen, np.arange(len(unseen))),
    ), learned


def _model(trial: Trial, models: Path) -> Method:
    """Fit the selected model again, as an evaluation does; a seed makes it the same."""
    manifest = artifact.read_manifest(models)
    recipe = contestants.recipes(manifest)[0]
    fitted = training.refit(trial.train, recipe, seed=manifest.seed)
    return replace(
        contestants.of_model(trial, fitted, partial(contestants.probability, fitted.pipeline))[0],
        name=f"model ({recipe.name})",
    )


def _at_equal_alarms(trial: Trial, model: Method, network: Method) -> Iterator[Line]:
    """Compare once more with thresholds chosen on the judged rows.

    Nobody could have chosen these; but thresholds from the training campaigns keep to a budget
    more or less well elsewhere, and recalls at different numbers of alarms say little.
    """
    judged = replace(trial, train=trial.test)
    told = [replace(one, calibration=one.test) for one in (model, network)]
    for method in told:
        yield {"equal_alarms": True, **ranking_line(judged, method)}
    for line in difference_lines(judged, told[1], told[:1]):
        yield {"equal_alarms": True, **line}


def _costs(learned: Learned, unseen: Windows, trial: Trial, models: Path) -> Iterator[Line]:
    yield {
        "cost": "network",
        "parameters": learned.network.n_parameters,
        "epochs": learned.epochs,
        "training_seconds": round(learned.seconds, 1),
    }
    rows = np.arange(min(TIMED, len(unseen)))
    served = scorer.load(models)
    x = np.ascontiguousarray(trial.test.x[rows], dtype=np.float64)
    for name, score in (
        ("network", lambda: learned.score(unseen, rows)),
        ("model", lambda: served.score(x)),
    ):
        yield {"cost": f"{name}, a row", "microseconds": round(_microseconds(score, len(rows)), 2)}
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield {"cost": "peak memory of this run", "mib": peak_kib // 1024}
    yield {"cost": "torch, installed", "mib": round(_installed_bytes("torch") / 2**20)}


def _microseconds(score: Callable[[], Array], n_rows: int) -> float:
    score()  # the first call pays for caches
    began = time.process_time()
    score()
    return (time.process_time() - began) * 1e6 / n_rows


def _installed_bytes(package: str) -> int:
    return sum(file.size or 0 for file in distribution(package).files or ())
