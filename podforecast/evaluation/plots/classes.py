"""Confusion matrix of a target with several classes, the model beside its first baseline."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from podforecast.evaluation.class_figures import ClassMethod, TargetResult
from podforecast.evaluation.plots.confusion import draw_counts
from podforecast.evaluation.plots.style import canvas, titled

SHOWN = 2


def class_matrices(result: TargetResult) -> Figure:
    """Counts, with the share of the row they are in; shades follow the shares."""
    methods = result.methods[:SHOWN]
    told = {each.name for method in methods for each in method.classes}
    places = [place for place, name in enumerate(result.classes) if name in told]
    width, height = 2.6 + 1.15 * len(places), 1.8 + 0.75 * len(places)
    figure, panels = canvas(width * len(methods), height, columns=len(methods))
    subtitle = f"{', '.join(result.campaigns)}: {result.rows} rows of {result.pods} pods"
    for place, (axes, method) in enumerate(zip(panels, methods, strict=True)):
        _matrix(axes, method, places, result.classes)
        titled(axes, f"{result.title}: {method.title}", " " if place else subtitle)
    return figure


def _matrix(axes: Axes, method: ClassMethod, places: list[int], names: tuple[str, ...]) -> None:
    counts = np.array(method.confusion)[np.ix_(places, places)]
    draw_counts(axes, counts, decimals=0, font_size=9)
    labels = [names[place].replace("_", "\n") for place in places]
    axes.set_xticks(range(len(places)), labels)
    axes.set_yticks(range(len(places)), labels)
    axes.set(xlabel="said (rows)", ylabel="happened")
