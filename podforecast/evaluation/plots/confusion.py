"""Confusion matrices of rows, one per situation of the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from podforecast.evaluation.figures import Confusion
from podforecast.evaluation.plots.style import INK, canvas, titled

COLOURS = "Blues"
SAID, HAPPENED = ("stable", "at risk"), ("no failure ahead", "failure ahead")


def confusion_matrices(found: Sequence[Confusion], subtitle: str) -> Figure:
    """Counts, with the share of the row they are in; shades follow the shares."""
    figure, panels = canvas(1.2 + 4.4 * len(found), 4.2, columns=len(found))
    for place, (axes, one) in enumerate(zip(panels, found, strict=True)):
        _matrix(axes, one)
        titled(axes, f"{one.title}, from {one.threshold:.3f} on", " " if place else subtitle)
    return figure


def _matrix(axes: Axes, one: Confusion) -> None:
    counts = np.array([[one.quiet, one.false_alarms], [one.missed, one.true_alarms]])
    draw_counts(axes, counts, decimals=1, font_size=11)
    axes.set_xticks([0, 1], SAID)
    axes.set_yticks([0, 1], HAPPENED, rotation=90, va="center")
    axes.set(xlabel="said (rows)", ylabel="happened within the horizon")


def draw_counts(axes: Axes, counts: np.ndarray, *, decimals: int, font_size: float) -> None:
    """Draw counts, (n_classes, n_classes), with the share of the row that each is in."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=COLOURS, vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(counts.shape):
        axes.annotate(
            f"{counts[row, column]}\n{shares[row, column]:.{decimals}%}",
            (column, row),
            ha="center",
            va="center",
            fontsize=font_size,
            color="white" if shares[row, column] > 0.5 else INK,
        )
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
