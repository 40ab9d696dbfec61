"""Probabilities against what happened, with how often each was said."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from podforecast.domain.telemetry import Array
from podforecast.evaluation.judging import Judged
from podforecast.evaluation.plots.style import DPI, LINES, QUIET, quieten, titled
from podforecast.evaluation.trial import Method

EDGES = np.linspace(0.0, 1.0, 11)
LEAST_ROWS = 20
"""A bin with fewer rows is left out: its rate would be noise."""


def calibration(judged: Judged, subtitle: str) -> Figure:
    """Observed rate by probability; below, how many rows got it.

    Bins of equal width here, for reading; the calibration error in the tables is over bins of
    equally many rows.
    """
    figure = Figure(figsize=(6.4, 6.4), dpi=DPI, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    for axes in (upper, lower):
        quieten(axes)
    upper.plot([0, 1], [0, 1], color=QUIET, linewidth=1, dashes=(4, 4), label="said = happened")
    shown = [method for method in judged.methods if method.is_probability]
    for marker, method in zip("os", shown, strict=False):
        line = LINES[method.name]
        _reliability(upper, judged, method, marker)
        counts, _ = np.histogram(method.test, EDGES)
        lower.stairs(counts, EDGES, color=line.color, linewidth=line.width, linestyle=line.dash)
    upper.set(ylabel="share of these rows before a failure", xlim=(0, 1), ylim=(-0.02, 1.02))
    lower.set(xlabel="probability said", ylabel="rows", yscale="log")
    upper.legend(loc="upper left", fontsize=8.5, frameon=False)
    titled(upper, "Calibration", subtitle)
    return figure


def _reliability(axes: Axes, judged: Judged, method: Method, marker: str) -> None:
    line = LINES[method.name]
    said, happened, low, high = _bins(judged, method.test)
    axes.errorbar(
        said,
        happened,
        yerr=[happened - low, high - happened],
        marker=marker,
        color=line.color,
        linewidth=1,
        linestyle=line.dash,
        markersize=7,
        elinewidth=1.6,
        markeredgecolor="white",
        capsize=3,
        label=line.label,
    )


def _bins(judged: Judged, probability: Array) -> tuple[Array, Array, Array, Array]:
    """Mean probability, observed rate and its interval over draws of pods, bin by bin."""
    test, draws = judged.trial.test, judged.trial.draws
    which = np.clip(np.digitize(probability, EDGES[1:-1]), 0, len(EDGES) - 2)
    found = []
    for one in np.unique(which):
        rows = which == one
        if rows.sum() < LEAST_ROWS:
            continue
        happened = draws.per_pod(test.pod[rows], test.y[rows].astype(np.float64))
        rate = draws.of_ratio(happened, draws.per_pod(test.pod[rows])).interval()
        found.append((float(probability[rows].mean()), rate.value, rate.low, rate.high))
    said, value, low, high = np.array(found).reshape(-1, 4).T
    # A percentile interval need not contain the value itself when few pods are in a bin.
    return said, value, np.fmin(low, value), np.fmax(high, value)
