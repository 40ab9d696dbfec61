"""Draws the plots of the Model page. Each line has a dash of its own, so colour is never alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import altair as alt

from podforecast.ui.charts import SHARE, Plot, data, finished, share_axis
from podforecast.ui.palette import INKS, Inks, Scheme
from podforecast.ui.viewmodels.curves import (
    AlarmPlot,
    CalibrationPlot,
    ImportancePlot,
    Point,
    RankingPlot,
)
from podforecast.ui.viewmodels.model import CandidateRow

HEIGHT, BAR_HEIGHT = 330, 24
DASHES = ([1, 0], [7, 3], [2, 3], [9, 3, 2, 3])
"""The first is for the model that answers."""


def candidates_chart(rows: Sequence[CandidateRow], scheme: Scheme) -> Plot:
    """ROC-AUC as a dot with its interval, one row a candidate."""
    inks = INKS[scheme]
    values = [
        {"candidate": f"✔ {row.name}" if row.kept else row.name, "value": row.roc_auc,
         "low": row.low, "high": row.high, "kept": row.kept, "note": row.note or ""}
        for row in rows
    ]  # fmt: skip
    base = alt.Chart(data(values)).encode(
        y=alt.Y("candidate:N", sort=None, title=None, axis=alt.Axis(labelLimit=200)),
        color=_kept_colour(inks),
        tooltip=[
            alt.Tooltip("candidate:N"),
            alt.Tooltip("value:Q", title="ROC-AUC", format=".3f"),
            alt.Tooltip("low:Q", title="from", format=".3f"),
            alt.Tooltip("high:Q", title="to", format=".3f"),
            alt.Tooltip("note:N"),
        ],
    )
    scale = alt.Scale(domain=[min(0.5, *(row.low for row in rows)), 1.0], nice=False)
    chance = alt.Chart(data([{"value": 0.5}])).mark_rule(color=inks.quiet, strokeDash=[4, 4])
    title = "ROC-AUC with 95 % interval; 0.5 is chance"
    axis = alt.Axis(tickCount=6, format=".1f")
    return finished(
        alt.layer(
            chance.encode(x=alt.X("value:Q", scale=scale, title=title, axis=axis)),
            base.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q", scale=scale), x2="high:Q"),
            base.mark_point(filled=True, size=110, opacity=1).encode(
                x=alt.X("value:Q", scale=scale)
            ),
        ),
        inks,
        height=40 * len(rows) + 10,
        says="ROC-AUC of each candidate with its interval",
    )


def roc_chart(plot: RankingPlot, scheme: Scheme) -> Plot:
    """Share of quiet moments flagged against share of moments before a failure flagged."""
    titles = ("quiet moments flagged", "moments before a failure flagged")
    return _ranking(plot, scheme, titles)


def precision_recall_chart(plot: RankingPlot, scheme: Scheme) -> Plot:
    """Share of moments before a failure flagged against share of flags that were right."""
    titles = ("moments before a failure flagged", "flagged moments that were right")
    return _ranking(plot, scheme, titles)


def calibration_chart(plot: CalibrationPlot, scheme: Scheme, *, counted: str = "moments") -> Plot:
    """What was forecast against what happened, a point for each bin of rows."""
    inks = INKS[scheme]
    # By roots: most bins lie near 0, and a diagonal stays one.
    scale = alt.Scale(type="sqrt", domain=[0, plot.end], nice=False)
    x = alt.X("forecast:Q", scale=scale, title="forecast", axis=share_axis())
    y = alt.Y("observed:Q", scale=scale, title="failed within the horizon", axis=share_axis())
    diagonal = [{"forecast": end, "observed": end} for end in (0.0, plot.end)]
    bins = alt.Chart(data([asdict(one) for one in plot.bins])).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("forecast:Q", format=".1%"),
            alt.Tooltip("observed:Q", title="failed", format=".1%"),
            alt.Tooltip("rows:Q", title=counted, format=","),
        ],
    )
    return finished(
        alt.layer(
            alt.Chart(data(diagonal)).mark_line(color=inks.quiet, strokeDash=[4, 4]).encode(x, y),
            bins.mark_point(filled=True, size=80, color=inks.line, opacity=1),
        ),
        inks,
        height=HEIGHT,
        says=plot.sentence,
    )


def alarms_chart(plot: AlarmPlot, scheme: Scheme) -> Plot:
    """False alarms against failures announced, with the present budget as a line."""
    inks = INKS[scheme]
    end = max(4 * plot.budget, 1.0)
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[0, end], nice=False, clamp=True),
        title="false alarms per 100 pod-hours",
    )
    y = alt.Y("y:Q", scale=_unit(), title="failures announced", axis=share_axis())
    budget = alt.Chart(data([{"x": plot.budget, "text": "present budget"}])).encode(x=x)
    shown = [point for point in plot.points if point.x <= end]
    return finished(
        alt.layer(
            budget.mark_rule(color=inks.quiet, strokeDash=[4, 4]),
            budget.mark_text(align="left", dx=5, color=inks.quiet).encode(
                y=alt.value(8), text="text:N"
            ),
            alt.Chart(data(_points(shown)))
            .mark_line(interpolate="step-after", color=inks.line, strokeWidth=2.5, clip=True)
            .encode(x, y, tooltip=_point_tooltips("false alarms", "announced", first=".1f")),
            *_operating(plot.operating, inks, (x, y), end=end),
        ),
        inks,
        height=HEIGHT,
        says=plot.sentence,
    )


def importances_chart(plot: ImportancePlot, scheme: Scheme) -> Plot:
    """Loss of average precision by group of features, with its interval over shuffles."""
    inks = INKS[scheme]
    base = alt.Chart(data([asdict(bar) for bar in plot.bars])).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
        tooltip=[
            alt.Tooltip("label:N", title="group"),
            alt.Tooltip("features:N"),
            alt.Tooltip("loss:Q", format=".3f"),
            alt.Tooltip("low:Q", title="from", format=".3f"),
            alt.Tooltip("high:Q", title="to", format=".3f"),
        ],
    )
    title = "average precision lost when the group is shuffled"
    return finished(
        alt.layer(
            base.mark_bar(color=inks.line, opacity=0.75, height=BAR_HEIGHT * 0.6).encode(
                x=alt.X("loss:Q", title=title)
            ),
            base.mark_rule(color=inks.text, strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q"),
        ),
        inks,
        height=BAR_HEIGHT * len(plot.bars),
        says=plot.sentence,
    )


def _ranking(plot: RankingPlot, scheme: Scheme, titles: tuple[str, str]) -> Plot:
    inks = INKS[scheme]
    x = alt.X("x:Q", scale=_unit(), title=titles[0], axis=share_axis())
    y = alt.Y("y:Q", scale=_unit(), title=titles[1], axis=share_axis())
    lines = sorted(plot.lines, key=lambda line: not line.kept)
    names = [line.name for line in lines]
    values = [
        {"candidate": line.name, "kept": line.kept, "place": place, **asdict(point)}
        for line in lines
        for place, point in enumerate(line.points)
    ]
    legend = alt.Legend(
        title=None, orient="top", columns=2, labelColor=inks.text, symbolStrokeWidth=2.5
    )
    dash = alt.StrokeDash(
        "candidate:N",
        scale=alt.Scale(domain=names, range=[DASHES[k % len(DASHES)] for k in range(len(names))]),
        legend=legend,
    )
    colour = alt.Color(
        "candidate:N",
        scale=alt.Scale(
            domain=names, range=[inks.line if line.kept else inks.quiet for line in lines]
        ),
        legend=legend,
    )
    return finished(
        alt.layer(
            alt.Chart(data(_points(plot.chance)))
            .mark_line(color=inks.quiet, strokeDash=[4, 4], opacity=0.7)
            .encode(x, y),
            alt.Chart(data(values))
            .mark_line(strokeWidth=2)
            .encode(x, y, colour, dash, order="place:Q", tooltip=["candidate:N"]),
            *_operating(plot.operating, inks, (x, y), end=1.0),
        ),
        inks,
        height=HEIGHT,
        says=plot.sentence,
    )


def _operating(
    point: Point | None, inks: Inks, axes: tuple[alt.X, alt.Y], *, end: float
) -> list[alt.Chart]:
    """Mark the present threshold, by shape and by word; the word where no curve passes."""
    if point is None:
        return []
    is_left, is_low = point.x < 0.6 * end, point.y < 0.15
    base = alt.Chart(data([{**asdict(point), "text": "present threshold"}])).encode(*axes)
    return [
        base.mark_point(shape="diamond", filled=True, size=160, color=inks.text, opacity=1),
        base.mark_text(
            align="left" if is_left else "right",
            dx=10 if is_left else -10,
            dy=-12 if is_low else 16,
            color=inks.text,
        ).encode(text="text:N"),
    ]


def _kept_colour(inks: Inks) -> Any:  # noqa: ANN401 - altair names no common class for these
    return alt.condition(alt.datum.kept, alt.ColorValue(inks.line), alt.ColorValue(inks.quiet))


def _unit() -> alt.Scale:
    return alt.Scale(domain=[0, 1], nice=False)


def _point_tooltips(first_name: str, second_name: str, *, first: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("x:Q", title=first_name, format=first),
        alt.Tooltip("y:Q", title=second_name, format=SHARE),
    ]


def _points(points: Sequence[Point]) -> list[dict[str, float]]:
    return [asdict(point) for point in points]
