"""Curves as points to draw, each with the one sentence that says what to see.

A *moment* is one pod at one time: a row of the training data.
"""

from __future__ import annotations

from dataclasses import dataclass

from podforecast.api_schema.curves import AlarmsOut, CurvesOut
from podforecast.api_schema.model import ModelOut
from podforecast.ui.viewmodels.numbers import grouped

PER_1000_PODS_PER_DAY = 1000 * 24 / 100
"""What one false alarm per 100 pod-hours is for an operator of 1 000 pods."""
MORE = 4
"""How many times the present budget is shown as the alternative."""


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One candidate."""

    name: str
    kept: bool
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingPlot:
    """ROC or precision-recall."""

    lines: tuple[Line, ...]
    chance: tuple[Point, Point]
    """Ends of the line that a random score would draw."""
    operating: Point | None
    """Where the threshold lies; None where no moment reaches it."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Bin:
    forecast: float
    observed: float
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationPlot:
    bins: tuple[Bin, ...]
    end: float
    """Where both axes end."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmPlot:
    """False alarms per 100 pod-hours against the share of failures announced."""

    points: tuple[Point, ...]
    budget: float
    operating: Point | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    label: str
    features: str
    loss: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportancePlot:
    bars: tuple[Bar, ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvesView:
    measured_on: str
    roc: RankingPlot
    precision_recall: RankingPlot
    calibration: CalibrationPlot
    alarms: AlarmPlot
    importances: ImportancePlot


def curves_view(curves: CurvesOut, model: ModelOut) -> CurvesView:
    """Put the curves of a model into points and sentences."""
    return CurvesView(
        measured_on=f"{curves.measured_on}.",
        roc=_roc(curves, model),
        precision_recall=_precision_recall(curves, model),
        calibration=_calibration(curves, model),
        alarms=_alarms(curves, model),
        importances=_importances(curves),
    )


def percent(share: float) -> str:
    """Write a share with two digits that count.

    >>> percent(0.283), percent(0.0123), percent(0.0), percent(1.0)
    ('28 %', '1.2 %', '0 %', '100 %')
    """
    return f"{share:.1%}".replace("%", " %") if 0 < share < 0.0995 else f"{share:.0%}"[:-1] + " %"


def _roc(curves: CurvesOut, model: ModelOut) -> RankingPlot:
    area = next(one.roc_auc for one in model.candidates if one.name == model.algorithm)
    at = curves.at_threshold
    return RankingPlot(
        lines=tuple(
            Line(
                name=one.name,
                kept=one.name == model.algorithm,
                points=_points(one.false_positive_rate, one.true_positive_rate),
            )
            for one in curves.candidates
        ),
        chance=(Point(0, 0), Point(1, 1)),
        operating=Point(at.false_positive_rate, at.recall),
        sentence=f"Of a moment before a failure and a quiet one, {model.algorithm} puts the right"
        f" one first {round(100 * area)} times of 100. The threshold flags {percent(at.recall)} of"
        f" moments before a failure, and {percent(at.false_positive_rate)} of quiet ones.",
    )


def _precision_recall(curves: CurvesOut, model: ModelOut) -> RankingPlot:
    at, chance = curves.at_threshold, curves.prevalence
    flagged = (
        f"Of the moments that the threshold flags, {percent(at.precision)} were followed by a"
        " failure"
        if at.precision is not None
        else "No moment reaches the threshold"
    )
    return RankingPlot(
        lines=tuple(
            Line(
                name=one.name,
                kept=one.name == model.algorithm,
                points=_points(one.recall, one.precision),
            )
            for one in curves.candidates
        ),
        chance=(Point(0, chance), Point(1, chance)),
        operating=None if at.precision is None else Point(at.recall, at.precision),
        sentence=f"{flagged}; flagging at random reaches {percent(chance)}.",
    )


def _calibration(curves: CurvesOut, model: ModelOut) -> CalibrationPlot:
    table = curves.calibration
    bins = tuple(Bin(*one) for one in zip(table.forecast, table.observed, table.rows, strict=True))
    highest = bins[-1]
    worst = max(abs(one.forecast - one.observed) for one in bins)
    return CalibrationPlot(
        bins=bins,
        end=min(1.0, 1.05 * max(max(one.forecast, one.observed) for one in bins) or 1.0),
        sentence=f"Of the moments forecast at {percent(highest.forecast)},"
        f" {percent(highest.observed)} were followed by a failure within"
        f" {model.horizon_minutes:g} minutes. No point, each of about {grouped(highest.rows)}"
        f" moments, is farther than {100 * worst:.1f} percentage points from what it says.",
    )


def _alarms(curves: CurvesOut, model: ModelOut) -> AlarmPlot:
    line, budget = curves.alarms, model.budget_per_1000_pods_per_day / PER_1000_PODS_PER_DAY
    at = _at_threshold(line, model.threshold)
    return AlarmPlot(
        points=_points(line.false_alarms_per_100_pod_hours, line.failures_announced),
        budget=budget,
        operating=at,
        sentence=_alarm_sentence(line, model, budget, at),
    )


def _alarm_sentence(line: AlarmsOut, model: ModelOut, budget: float, at: Point | None) -> str:
    if at is None:
        return (
            "The training data do not say which failure a moment announces, so failures announced"
            " can not be counted."
        )
    more = _announced_within(line, MORE * budget)
    return (
        f"The present budget of {budget:g} false alarms per 100 pod-hours"
        f" ({grouped(model.budget_per_1000_pods_per_day)} per 1 000 pods and day) announces"
        f" {percent(at.y)} of failures. {MORE} times as many would announce {percent(more)}."
    )


def _at_threshold(line: AlarmsOut, threshold: float) -> Point | None:
    """The last point of the line that the threshold does not undercut."""
    reached = [place for place, level in enumerate(line.threshold) if level >= threshold]
    if not reached:
        return None
    place = reached[-1]
    return Point(line.false_alarms_per_100_pod_hours[place], line.failures_announced[place])


def _announced_within(line: AlarmsOut, false_alarms: float) -> float:
    pairs = zip(line.false_alarms_per_100_pod_hours, line.failures_announced, strict=True)
    return max((announced for false, announced in pairs if false <= false_alarms), default=0.0)


def _importances(curves: CurvesOut) -> ImportancePlot:
    bars = tuple(
        Bar(
            label=f"{one.group} ({len(one.features)})",
            features=", ".join(one.features),
            loss=one.loss,
            low=one.loss_low,
            high=one.loss_high,
        )
        for one in curves.importances
    )
    first = curves.importances[0]
    return ImportancePlot(
        bars=bars,
        sentence=f"The model leans on {first.group} most: with these {len(first.features)} features"
        f" shuffled among pods, average precision falls by {first.loss:.2f}. A group whose bar"
        " touches 0 is not missed.",
    )


def _points(x: tuple[float, ...], y: tuple[float, ...]) -> tuple[Point, ...]:
    return tuple(Point(*pair) for pair in zip(x, y, strict=True))
