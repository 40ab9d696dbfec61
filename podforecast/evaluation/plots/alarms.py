"""What an operator gets for the false alarms he accepts, and how early."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from podforecast.domain.telemetry import HORIZON
from podforecast.evaluation.figures import Operated
from podforecast.evaluation.judging import Judged
from podforecast.evaluation.plots.style import LINES, Line, canvas, footnote, name_ends, titled
from podforecast.evaluation.trial import Method
from podforecast.model.sweep import alarm_curve, announced_by

MOST_FALSE_ALARMS = 100.0
"""Per 100 pod-hours: one an hour per pod is the end of anybody's patience."""
PANELS = {"all": "all failures", "with_precursor": "failures that announce themselves"}
LEAD_LINES = {
    "all": ("all failures", "-"),
    "first": ("first failures", "--"),
    "with_precursor": ("with a precursor", ":"),
}


def alarms_against_budget(judged: Judged, subtitle: str) -> Figure:
    """Recall of failures against false alarms, for every threshold; dots are the chosen ones."""
    figure, panels = canvas(12.0, 5.0, columns=2)
    shown = [method for method in judged.methods if method.name in LINES]
    curves = {method.name: alarm_curve(judged.trial.test, method.test) for method in shown}
    for axes, (subset, title) in zip(panels, PANELS.items(), strict=True):
        ends = []
        for method in shown:
            curve, line = curves[method.name], LINES[method.name]
            inside = curve.false_per_100_pod_hours <= MOST_FALSE_ALARMS
            x, y = curve.false_per_100_pod_hours[inside], curve.recall[subset][inside]
            x, y = np.append(x, MOST_FALSE_ALARMS), np.append(y, y[-1:] if len(y) else 0.0)
            axes.plot(
                np.maximum(x, _least(judged)),
                y,
                color=line.color,
                linewidth=line.width,
                linestyle=line.dash,
                drawstyle="steps-post",
            )
            _chosen(axes, judged, method, line, subset)
            ends.append((float(y[-1]), line.label, line.color))
        _finish_budget_panel(axes, judged)
        name_ends(axes, ends)
        titled(axes, f"Alarms: {title}", subtitle if subset == "all" else " ")
    footnote(
        figure,
        "Lines: every threshold. Dots: thresholds chosen on training data for 1, 5 and 20 false"
        " alarms per 100 pod-hours. Cross: the rule as people run it. Left edge: no false alarm.",
    )
    return figure


def _chosen(axes: Axes, judged: Judged, method: Method, line: Line, subset: str) -> None:
    """Dots where budgets put the threshold, a cross where the rule is as people run it."""
    for operated in _operated(judged, method.name):
        usual = operated.budget_per_100_pod_hours is None
        x = max(operated.false_per_100_pod_hours.value, _least(judged))
        if x > MOST_FALSE_ALARMS:
            continue
        recall = operated.recall[subset].share
        axes.plot(
            x,
            recall.value,
            marker="X" if usual else "o",
            markersize=8 if usual else 6,
            markerfacecolor=line.color,
            markeredgecolor="white",
            zorder=5,
        )


def _finish_budget_panel(axes: Axes, judged: Judged) -> None:
    axes.set(
        xscale="log",
        xlim=(_least(judged) * 0.9, MOST_FALSE_ALARMS),
        ylim=(-0.02, 1.02),
        xlabel="false alarms per 100 pod-hours (log scale)",
        ylabel="share of failures announced in the 5 minutes before",
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _least(judged: Judged) -> float:
    """Half a false alarm on these rows: where a logarithm puts "none"."""
    return 50.0 / judged.trial.test.pod_hours


def _operated(judged: Judged, name: str) -> tuple[Operated, ...]:
    return next(j.operated for j in judged.result.judgements if j.name == name)


def lead_times(judged: Judged, subtitle: str, *, budget: float = 5.0) -> Figure:
    """Share of failures announced so long before they began."""
    figure, [axes] = canvas(8.0, 4.8)
    horizon, ends = HORIZON.total_seconds() / 60, []
    for name in ("static_rules", "model"):
        method = next(m for m in judged.methods if m.name == name)
        point = next(o for o in _operated(judged, name) if o.budget_per_100_pod_hours == budget)
        for subset, (label, dash) in LEAD_LINES.items():
            if name != "model" and subset != "all":
                continue
            minutes, share = announced_by(judged.trial.test, method.test, point.threshold, subset)
            x, y = np.append(np.append(horizon, minutes), 0.0), np.append(np.append(0, share), 0)
            y[-1] = y[-2]
            line = LINES[name]
            axes.plot(
                x,
                y,
                color=line.color,
                linewidth=2.2 if name == "model" else line.width,
                linestyle=dash,
                drawstyle="steps-post",
            )
            who = "model" if name == "model" else line.label
            ends.append(
                (float(y[-1]), f"{who}: {label} ({share[-1] if len(share) else 0:.0%})", line.color)
            )
    axes.set(
        xlim=(horizon, 0),
        ylim=(0, 1.02),
        xlabel="minutes before the failure begins",
        ylabel="share of failures announced by then",
    )
    name_ends(axes, ends, gap=0.055)
    title = f"How early, at thresholds for {budget:g} false alarms per 100 pod-hours"
    titled(axes, title, subtitle)
    return figure
