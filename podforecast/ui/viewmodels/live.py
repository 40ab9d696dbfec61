"""How forecasts turned out since the model was deployed, in words and as points to draw."""

from __future__ import annotations

from dataclasses import dataclass

from podforecast.api_schema.live import LiveOut, ShareOut
from podforecast.api_schema.model import ModelOut
from podforecast.ui.viewmodels.curves import Bin, CalibrationPlot, percent
from podforecast.ui.viewmodels.fleet import Notice
from podforecast.ui.viewmodels.numbers import grouped

UNKNOWN = "not known yet"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, and what it rests on."""

    label: str
    value: str
    rests_on: tuple[str, ...]
    """Lines."""
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveView:
    notices: tuple[Notice, ...]
    """What to know before one reads the figures; all there is, where there are none."""
    figures: tuple[tuple[Figure, ...], ...] = ()
    """In rows."""
    calibration: CalibrationPlot | None = None


def live_view(model: ModelOut) -> LiveView:
    """Word the live figures of a model."""
    live = model.live
    if live is None:
        return LiveView(notices=(_NOT_WATCHED,))
    trouble = _trouble(live)
    if not live.forecasts:
        return LiveView(notices=(*trouble, _nothing_graded(live, model)))
    return LiveView(
        notices=(*trouble, *_dropped(live, model)),
        figures=(
            (_precision(live), _recall(live), _lead(live), _false_alarms(live, model)),
            (_graded(live), _period(live), _calibration_error(live), _prevalence(live)),
        ),
        calibration=_calibration(live, model),
    )


_NOT_WATCHED = Notice(
    tone="note",
    headline="Nothing is graded here",
    detail="This service watches no fleet, so it has made no forecasts that could be held against"
    " what happened. A watcher that runs alone has these figures on its /metrics.",
)


def _trouble(live: LiveOut) -> tuple[Notice, ...]:
    if live.trouble is None:
        return ()
    reason = f"{live.trouble[:1].upper()}{live.trouble[1:].rstrip('.')}."
    return (
        Notice(
            tone="warning",
            headline="Forecasts are not being graded now",
            detail=f"{reason} What is shown is of before.",
        ),
    )


def _nothing_graded(live: LiveOut, model: ModelOut) -> Notice:
    scans = "1 scan waits" if live.ungraded_scans == 1 else f"{live.ungraded_scans} scans wait"
    return Notice(
        tone="note",
        headline="Nothing graded yet",
        detail=f"The first forecast is graded {model.horizon_minutes:g} minutes after it was made,"
        f" plus half a minute for a failure to show; {scans} for that.",
    )


def _dropped(live: LiveOut, model: ModelOut) -> tuple[Notice, ...]:
    """Warn where chance does not explain that fewer failures are announced than in training."""
    expected = next(
        (at.recall for at in model.operating_points if at.threshold == model.threshold), None
    )
    if live.recall is None or expected is None or live.recall.high >= expected:
        return ()
    return (
        Notice(
            tone="warning",
            headline="Fewer failures are announced than in training",
            detail=f"{percent(live.recall.value)} instead of {percent(expected)}, by more than"
            " chance explains: these pods may fail in ways the model has not seen. What to do is"
            " in docs/runbook.md, under `Live recall has dropped`.",
        ),
    )


def _precision(live: LiveOut) -> Figure:
    right = live.notifications - live.false_alarms
    return Figure(
        "Precision",
        _share(live.precision),
        (f"{_of(right, live.notifications, 'notification')} right", _interval(live.precision))
        if live.precision is not None
        else ("no pod was at risk",),
        "Of the moments at which an operator hears of a pod, those that a failure followed within"
        " the horizon. While a pod stays at risk, it is one such moment per horizon.",
    )


def _recall(live: LiveOut) -> Figure:
    return Figure(
        "Recall",
        _share(live.recall),
        (f"{_of(live.announced, live.failures, 'failure')} announced", _interval(live.recall))
        if live.recall is not None
        else ("no pod has failed that was scored before",),
        "Of the failures of pods that were scored before, those that were announced: the pod was"
        " found at risk within the horizon before it failed.",
    )


def _lead(live: LiveOut) -> Figure:
    if live.lead_minutes_median is None or live.lead_minutes_p10 is None:
        return Figure("Lead time", UNKNOWN, ("no failure was announced",))
    return Figure(
        "Lead time",
        f"{live.lead_minutes_median:.1f} minutes",
        ("median of those announced", f"one in ten: {live.lead_minutes_p10:.1f} minutes or less"),
        "From the first moment at risk within the horizon to the failure.",
    )


def _false_alarms(live: LiveOut, model: ModelOut) -> Figure:
    rate, daily = live.false_alarms_per_100_pod_hours, live.false_alarms_per_1000_pods_per_day
    if rate is None or daily is None:
        return Figure("False alarms", UNKNOWN, ("no time has passed",))
    return Figure(
        "False alarms",
        f"{rate:.1f} per 100 pod-hours",
        (
            f"{grouped(daily)} per 1 000 pods and day",
            f"budget: {grouped(model.budget_per_1000_pods_per_day)}",
        ),
    )


def _graded(live: LiveOut) -> Figure:
    return Figure(
        "Graded",
        f"{grouped(live.forecasts)} forecasts",
        (f"{live.pod_hours:.1f} pod-hours",),
        "One pod at one time. Left out is what nobody can judge: pods that were failing or had"
        " just failed, were replaced before the horizon had passed, or lacked telemetry.",
    )


def _period(live: LiveOut) -> Figure:
    if live.since is None or live.until is None:
        return Figure("Forecasts of", UNKNOWN, ())
    same_day = live.since.date() == live.until.date()
    end = f"{live.until:%H:%M}" if same_day else f"{live.until:%Y-%m-%d %H:%M}"
    return Figure("Forecasts of", f"{live.since:%Y-%m-%d %H:%M}", (f"to {end} UTC",))


def _calibration_error(live: LiveOut) -> Figure:
    if live.calibration_error is None or live.brier is None:
        return Figure("Calibration error", UNKNOWN, ())
    return Figure(
        "Calibration error",
        f"{100 * live.calibration_error:.1f} points",
        (f"Brier score {live.brier:.4f}",),
        "Percentage points between what was forecast and what happened, the mean over all"
        " forecasts.",
    )


def _prevalence(live: LiveOut) -> Figure:
    if live.prevalence is None:
        return Figure("Prevalence", UNKNOWN, ())
    return Figure("Prevalence", percent(live.prevalence), ("of forecasts before a failure",))


def _calibration(live: LiveOut, model: ModelOut) -> CalibrationPlot:
    bins = tuple(Bin(one.forecast, one.observed, one.forecasts) for one in live.calibration)
    highest = bins[-1]
    end = 1.05 * max(max(one.forecast, one.observed) for one in bins)
    return CalibrationPlot(
        bins=bins,
        end=min(1.0, end or 1.0),
        sentence=f"Of the {grouped(highest.rows)} forecasts around {percent(highest.forecast)},"
        f" {percent(highest.observed)} were followed by a failure within"
        f" {model.horizon_minutes:g} minutes. A point on the dashed line is as good as its word;"
        " one that few forecasts make up says little.",
    )


def _share(share: ShareOut | None) -> str:
    return UNKNOWN if share is None else percent(share.value)


def _interval(share: ShareOut) -> str:
    return f"95 % interval: {100 * share.low:.0f} to {percent(share.high)}"


def _of(part: int, whole: int, noun: str) -> str:
    return f"{part} of {whole} {noun}{'' if whole == 1 else 's'}"
