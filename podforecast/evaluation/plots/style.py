"""One look for all pictures: quiet axes, colours that survive colour blindness, labelled lines.

Colour never stands alone: lines also differ in dash or width, and carry their name at their end.
Figures are made without pyplot, which keeps state and wants a display.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, QUIET, GRID = "#222222", "#6b6b6b", "#e3e3e3"
# Okabe & Ito (2008), the palette that is told apart with every common colour blindness.
BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
VERMILION, ORANGE, PURPLE = "#D55E00", "#E69F00", "#CC79A7"
DPI = 150


@dataclass(frozen=True, slots=True)
class Line:
    """How one method is drawn, everywhere."""

    color: str
    label: str
    width: float = 1.6
    dash: str = "-"


LINES: Mapping[str, Line] = {
    "model": Line(BLUE, "model, all features", 2.6),
    "model_required_only": Line(SKY, "model, 12 inputs", 2.2, "--"),
    "static_rules": Line(VERMILION, "static rules"),
    "memory_extrapolated": Line(ORANGE, "memory extrapolated"),
    "workload_failure_rate": Line(GREEN, "workload's failure rate", dash="-."),
    "anomaly_score": Line(PURPLE, "anomaly score", dash=":"),
}
"""By name of the method; those that are not here are in the tables only."""


def canvas(width: float = 7.2, height: float = 5.0, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Return an empty figure with its axes side by side; size in inches."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    axes = [figure.add_subplot(1, columns, k + 1) for k in range(columns)]
    for one in axes:
        quieten(one)
    return figure, axes


def quieten(axes: Axes) -> None:
    """Leave two spines and a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    axes.tick_params(colors=QUIET, labelcolor=INK, labelsize=9)
    axes.grid(visible=True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def titled(axes: Axes, title: str, subtitle: str = "") -> None:
    """Say what is seen, and below it on which data; left-aligned."""
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=22 if subtitle else 8)
    if subtitle:
        axes.annotate(
            subtitle,
            (0, 1),
            xycoords="axes fraction",
            xytext=(0, 7),
            textcoords="offset points",
            fontsize=8,
            color=QUIET,
        )


def footnote(figure: Figure, text: str) -> None:
    """Explain marks, below everything; left-aligned."""
    figure.supxlabel(text, x=0.01, ha="left", fontsize=8, color=QUIET)


def name_ends(axes: Axes, ends: Sequence[tuple[float, str, str]], *, gap: float = 0.05) -> None:
    """Write names beside the right ends of lines, moved apart where they would overlap.

    Parameters
    ----------
    ends
        Height of the line's end, text, colour.
    gap
        Least distance of two names, as a share of the height of the axes.
    """
    low, high = axes.get_ylim()
    order = sorted(ends, key=lambda end: end[0])
    wanted = np.array([(end[0] - low) / (high - low) for end in order])
    for place, (_, text, color) in zip(spread(wanted, gap), order, strict=True):
        axes.annotate(
            text,
            (1, place),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=color,
            annotation_clip=False,
        )


def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Move rising positions in [0, 1] as little as needed to keep a gap between them.

    >>> spread(np.array([0.5, 0.5, 0.9]), 0.1).tolist()
    [0.45, 0.55, 0.9]
    """
    places = np.array(wanted, dtype=np.float64)
    for _ in range(100):
        overlap = gap - np.diff(places)
        if len(places) < 2 or overlap.max() <= 1e-9:
            break
        worst = int(np.argmax(overlap))
        places[worst] -= overlap[worst] / 2
        places[worst + 1] += overlap[worst] / 2
        places += max(0.0, -places[0])
        places -= max(0.0, places[-1] - 1.0)
    return places
