"""Which groups of features a model relies on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from podforecast.evaluation.plots.style import BLUE, INK, canvas, titled
from podforecast.model.importance import Importance


def importance(found: Sequence[Importance], subtitle: str) -> Figure:
    """Loss of average precision by group, largest on top."""
    rising = list(found)[::-1]
    figure, [axes] = canvas(8.0, 0.9 + 0.34 * len(rising))
    values = np.array([one.loss.value for one in rising])
    below = values - np.array([one.loss.low for one in rising])
    above = np.array([one.loss.high for one in rising]) - values
    axes.barh(
        range(len(rising)),
        values,
        color=BLUE,
        height=0.62,
        xerr=[below.clip(0), above.clip(0)],
        error_kw={"elinewidth": 1, "capsize": 2, "ecolor": INK},
    )
    axes.set_yticks(range(len(rising)), [f"{o.group} ({len(o.features)})" for o in rising])
    for place, one in enumerate(rising):
        loss = f"{round(one.loss.value, 3) + 0.0:.3f}"  # no minus before a rounded zero
        axes.annotate(
            loss,
            (max(one.loss.high, 0.0), place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.12)
    axes.set_xlabel("average precision lost when the group is shuffled among rows")
    titled(axes, "Importance of feature groups (number of features)", subtitle)
    return figure
