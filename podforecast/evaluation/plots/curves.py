"""ROC and precision-recall curves."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from podforecast.domain.telemetry import Array
from podforecast.evaluation.judging import Judged
from podforecast.evaluation.plots.style import INK, LINES, QUIET, Line, canvas, titled
from podforecast.evaluation.trial import Method
from podforecast.model.resampling import Interval

CANDIDATE_DASHES = ("--", ":")


def roc(judged: Judged, subtitle: str) -> Figure:
    """False positive rate against recall of rows."""
    figure, [axes] = canvas(8.6, 5.4)
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, dashes=(4, 4))
    for method, line in drawn(judged):
        negatives, positives = _cumulated(judged.trial.test.y, method.test)
        area = _ranked(judged, method, "roc_auc")
        _draw(axes, line, (negatives, positives), area)
    _legend(figure, axes, "ROC-AUC [95 % interval]")
    axes.set(
        xlabel="share of quiet rows above the threshold",
        ylabel="share of rows before a failure above it",
        xlim=(-0.01, 1.01),
        ylim=(-0.01, 1.01),
        aspect="equal",
    )
    titled(axes, "ROC curve", subtitle)
    return figure


def precision_recall(judged: Judged, subtitle: str) -> Figure:
    """Recall of rows against precision, with what a random score reaches."""
    figure, [axes] = canvas(9.4, 5.2)
    y = judged.trial.test.y
    for method, line in drawn(judged):
        negatives, positives = _cumulated(y, method.test)
        found = positives * y.sum()
        precision = found / np.maximum(found + negatives * (y == 0).sum(), 1)
        area = _ranked(judged, method, "average_precision")
        # A step, not a slope: between two thresholds nothing better than the lower one is had.
        _draw(axes, line, (positives[1:], precision[1:]), area, drawstyle="steps-pre")
    prevalence = float(y.mean())
    axes.axhline(prevalence, color=QUIET, linewidth=1, dashes=(4, 4))
    axes.annotate(
        f"prevalence, {prevalence:.3f}:\na random score",
        (1.01, prevalence),
        xytext=(6, 0),
        textcoords="offset points",
        fontsize=8,
        va="center",
        color=QUIET,
        annotation_clip=False,
    )
    _legend(figure, axes, "average precision [95 % interval]")
    axes.set(
        xlabel="recall: share of rows before a failure above the threshold",
        ylabel="precision: share of rows above it that are before a failure",
        xlim=(-0.01, 1.01),
        ylim=(0, 1.02),
    )
    titled(axes, "Precision and recall of rows", subtitle)
    return figure


def drawn(judged: Judged) -> list[tuple[Method, Line]]:
    """Methods with a place in pictures, the model last so that it lies on top."""
    candidates = [method for method in judged.methods if method.kind == "candidate"]
    lines = {
        method.name: Line(INK, f"{method.name} (not chosen)", 1.1, dash)
        for method, dash in zip(candidates, CANDIDATE_DASHES, strict=False)
    }
    lines |= LINES
    found = [(method, lines[method.name]) for method in judged.methods if method.name in lines]
    return sorted(found, key=lambda pair: (pair[0].kind == "model", pair[1].width))


def _draw(
    axes: Axes, line: Line, points: tuple[Array, Array], area: Interval, drawstyle: str = "default"
) -> None:
    label = f"{area.value:.2f} [{area.low:.2f}, {area.high:.2f}]  {line.label}"
    axes.plot(
        *points,
        color=line.color,
        linewidth=line.width,
        linestyle=line.dash,
        label=label,
        drawstyle=drawstyle,
    )


def _cumulated(y: np.ndarray, score: Array) -> tuple[Array, Array]:
    """Share of quiet rows, and of rows before a failure, at or above each distinct score."""
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    positives = np.cumsum(y[order] == 1)[last_of_tie]
    negatives = last_of_tie + 1 - positives
    return (
        np.concatenate([[0.0], negatives / max(negatives[-1], 1)]),
        np.concatenate([[0.0], positives / max(positives[-1], 1)]),
    )


def _ranked(judged: Judged, method: Method, what: str) -> Interval:
    judgements = {judgement.name: judgement for judgement in judged.result.judgements}
    found: Interval = getattr(judgements[method.name].ranked["all"], what)
    return found


def _legend(figure: Figure, axes: Axes, title: str) -> None:
    """List the curves beside the axes, best first: inside, some curve would be under it."""
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda k: labels[k], reverse=True)
    legend = figure.legend(
        [handles[k] for k in order],
        [labels[k] for k in order],
        loc="outside right center",
        title=title,
        fontsize=8.5,
        title_fontsize=8.5,
        frameon=False,
        alignment="left",
        handlelength=2.6,
    )
    legend.get_title().set_color(QUIET)
