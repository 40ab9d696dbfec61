"""A comparison in tables and plain words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from podforecast.evaluation.backtest.comparing import ENOUGH_FAILURES, Comparison, Method
from podforecast.evaluation.cells import UNKNOWN, Table, number, signed
from podforecast.model.resampling import Interval

SUBSETS = {"all": "all", "first": "first", "with_precursor": "precursor"}
ALWAYS = ("all", "first")
"""What is known of every failure; whether it had a precursor only a record knows."""


def tables(found: Comparison) -> Iterator[Table]:
    """Methods as people run them, and with a budget also tuned to it."""
    usual = [method for method in found.methods if not method.tuned]
    tuned = [method for method in found.methods if method.tuned]
    where = f"{found.source}, {_minute(found.start)} to {_minute(found.end)} UTC"
    yield _table(f"Back-test on {where}", _about(found), usual, found)
    if tuned:
        yield _table(
            f"All tuned to {found.budget_per_1000_pods_per_day:g} false alarms per 1 000 pods"
            " per day",
            "Every threshold was chosen on this very history: a fair comparison, no promise.",
            tuned,
            found,
        )


def _table(title: str, about: str, methods: Sequence[Method], found: Comparison) -> Table:
    subsets = [name for name in SUBSETS if found.judged.precursors_known or name in ALWAYS]
    counts = methods[0].recall
    return Table(
        title=title,
        about=about,
        header=(
            "method",
            *(f"{SUBSETS[name]} (of {counts[name].failures})" for name in subsets),
            "false alarms",
            "lead, min",
        ),
        rows=tuple(_row(method, subsets) for method in methods),
    )


def _row(method: Method, subsets: Sequence[str]) -> tuple[str, ...]:
    whole = method.recall["all"]
    lead = f"{number(whole.lead_minutes_median, 1)}\n{number(whole.lead_minutes_p10, 1)}"
    return (
        method.title,
        *(_over_its_interval(method.recall[name].share, 2) for name in subsets),
        _over_its_interval(method.false_per_1000_pods_per_day, 0),
        lead if whole.caught else UNKNOWN,
    )


def _over_its_interval(found: Interval, digits: int) -> str:
    r"""Two narrow lines: eight of these have to fit beside each other.

    >>> _over_its_interval(Interval(0.5, 0.25, 0.75), 2)
    '0.50\n0.25–0.75'
    """
    if math.isnan(found.value):
        return UNKNOWN
    low, high = number(found.low, digits), number(found.high, digits)
    return f"{number(found.value, digits)}\n{low}–{high}"  # noqa: RUF001 - a range


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _about(found: Comparison) -> str:
    judged = found.judged
    return (
        f"{judged.forecasts} forecasts of {judged.pods} pods, one every {found.every_seconds:g} s"
        f" ({judged.pod_hours:.0f} pod-hours, prevalence {judged.prevalence:.3f}), by model"
        f" {found.model_version} at its own threshold; rules as people run them, but at once,"
        " without the minutes they usually wait. First columns: share of failures announced within"
        " the 5 minutes before. False alarms: per 1 000 pods per day. Below each: its 95 %"
        f" interval, by {found.rounds} rounds of a bootstrap over pods. Lead: median, below it what"
        " nine of ten exceed."
    )


def left_out(found: Comparison) -> Iterator[str]:
    """Say what was not judged, and why."""
    judged, rows = found.judged, found.left_out
    unannounceable = judged.failures - judged.failures_announceable
    if unannounceable:
        yield (
            f"{unannounceable} of {judged.failures} failures are in no recall: in the 5 minutes"
            " before them the pod was down, too young or not scraped."
        )
    for count, why in (
        (rows.failing, "the pod was down already"),
        (rows.too_little_data, "less than 60 % of the window's CPU and memory samples were there"),
        (rows.just_failed, "the pod had failed within the last 30 s"),
    ):
        if count:
            yield f"{count} forecasts left out: {why}."
    if rows.end_seconds:
        yield (
            f"The last {rows.end_seconds / 60:.0f} minutes are left out: what came of them is not"
            " known yet."
        )


def verdict(found: Comparison) -> Iterator[str]:
    """Say what the figures can tell, and what they can not."""
    failures = found.judged.failures_announceable
    if failures == 0:
        yield (
            "Nothing failed that could have been announced: there is no recall. What is left are"
            " false alarms. Take a longer stretch."
        )
        return
    if failures < ENOUGH_FAILURES:
        yield (
            f"{failures} failure{'s' if failures > 1 else ''} could have been announced: too few"
            " to tell the methods apart. Take a longer stretch."
        )
    recall, false = found.recall_difference, found.false_alarm_difference
    yield (
        f"Failures announced, model minus static rules: {signed(recall)},"
        f" {_told(recall.low, recall.high, 'more', 'fewer')}."
    )
    yield (
        f"False alarms per 1 000 pods per day, model minus static rules: {false.value:+.0f}"
        f" [{false.low:+.0f}, {false.high:+.0f}],"
        f" {_told(false.low, false.high, 'more', 'fewer')}."
    )
    if found.best_tuned_rule is not None:
        best = found.best_tuned_rule.recall_difference
        yield (
            f"Both tuned to the same false alarms, failures announced, model minus the best rule"
            f" ({found.best_tuned_rule.title}): {signed(best)},"
            f" {_told(best.low, best.high, 'more', 'fewer')}."
        )


def _told(low: float, high: float, above: str, below: str) -> str:
    if low > 0:
        return f"the model has {above} of them"
    if high < 0:
        return f"the model has {below} of them"
    return "which may be chance"
