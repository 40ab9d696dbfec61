"""Lines of few points that look like lines of many: ROC, precision-recall, calibration, alarms."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import Array
from podforecast.model import metrics, sweep
from podforecast.model.curves import AlarmLine, CalibrationCurve, CandidateCurves, RowsAtThreshold
from podforecast.model.metrics import Ranking

POINTS = 200
DIGITS = 5
BINS = 20
"""Twice those of the calibration error: failures are rare, so the last few bins tell most."""
MOST_FALSE_ALARMS = 100.0
"""Per 100 pod-hours; an operator with more of them has stopped reading."""


def corners(x: Array, y: Array, *, at_most: int = POINTS) -> Index:
    """Choose the points without which a line would look different (Douglas & Peucker 1973).

    Both ends are kept; then, again and again, the point that is farthest from the line through
    those kept so far.

    Parameters
    ----------
    x, y
        Points in the order of the line, shape (n,), both scaled alike.

    Returns
    -------
    ndarray of int, shape (min(n, at_most),) or less
        Rising. Points on a straight line between others are left out.

    Examples
    --------
    >>> corners(np.array([0.0, 0.0, 0.5, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])).tolist()
    [0, 1, 3]
    """
    kept = {0, len(x) - 1}
    stretches = [_stretch(x, y, 0, len(x) - 1)]
    while stretches and len(kept) < at_most:
        distance, middle, first, last = heapq.heappop(stretches)
        if distance > -1e-9:  # negated, so that the heap gives the farthest first
            break
        kept.add(middle)
        heapq.heappush(stretches, _stretch(x, y, first, middle))
        heapq.heappush(stretches, _stretch(x, y, middle, last))
    return np.array(sorted(kept), dtype=np.int64)


def _stretch(x: Array, y: Array, first: int, last: int) -> tuple[float, int, int, int]:
    """Negated distance of the point farthest from a chord, its index, and the chord's ends."""
    if last - first < 2:
        return 0.0, first, first, last
    along, up = x[last] - x[first], y[last] - y[first]
    right, above = x[first + 1 : last] - x[first], y[first + 1 : last] - y[first]
    length = float(np.hypot(along, up))
    distance = np.abs(along * above - up * right) / length if length else np.hypot(right, above)
    farthest = int(np.argmax(distance))
    return -float(distance[farthest]), first + 1 + farthest, first, last


def candidate_curves(name: str, y: np.ndarray, score: Array) -> CandidateCurves:
    """ROC curve from (0, 0), precision-recall curve from the highest score on."""
    positives, negatives = Ranking(y, score).cumulated()
    recall, false = positives / positives[-1], negatives / negatives[-1]
    precision = positives / (positives + negatives)
    x, up = np.append(0.0, false), np.append(0.0, recall)
    roc, found = corners(x, up), corners(recall, precision)
    return CandidateCurves(
        name=name,
        false_positive_rate=_rounded(x[roc]),
        true_positive_rate=_rounded(up[roc]),
        recall=_rounded(recall[found]),
        precision=_rounded(precision[found]),
    )


def rows_at(threshold: float, y: np.ndarray, score: Array) -> RowsAtThreshold:
    """Count rows at or above a threshold."""
    above = score >= threshold
    hits, all_above = int(np.sum(above & (y == 1))), int(above.sum())
    return RowsAtThreshold(
        false_positive_rate=(all_above - hits) / max(int(np.sum(y == 0)), 1),
        recall=hits / max(int(np.sum(y == 1)), 1),
        precision=hits / all_above if all_above else None,
    )


def calibration_curve(y: np.ndarray, probability: Array) -> CalibrationCurve:
    """Bins of equally many rows; ``probability`` by a calibrator that has not seen the row."""
    table = metrics.reliability(y, probability, bins=BINS)
    return CalibrationCurve(
        forecast=_rounded(table[:, 0]),
        observed=_rounded(table[:, 1]),
        rows=tuple(int(count) for count in np.round(table[:, 2] * len(y))),
    )


def alarm_line(dataset: Dataset, score: Array, thresholds: Sequence[float] = ()) -> AlarmLine:
    """Thresholds that announce more failures than every one with fewer false alarms.

    Parameters
    ----------
    thresholds
        Further ones to look at, since they are to be found on the line.
    """
    if not np.any(dataset.failure >= 0):
        return AlarmLine(threshold=(), false_alarms_per_100_pod_hours=(), failures_announced=())
    curve = sweep.alarm_curve(dataset, score, also=thresholds)
    announced, false = curve.recall["all"], curve.false_per_100_pod_hours
    # Of thresholds with equally many false alarms the last one announces most.
    last = np.flatnonzero(np.append(np.diff(false) > 0, [True]) & (false <= MOST_FALSE_ALARMS))
    chosen = last[np.diff(announced[last], prepend=-1.0) > 0]
    return AlarmLine(
        threshold=tuple(float(level) for level in curve.threshold[chosen]),
        false_alarms_per_100_pod_hours=_rounded(false[chosen]),
        failures_announced=_rounded(announced[chosen]),
    )


def _rounded(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in np.round(values, DIGITS))
