"""A back-test from telemetry to figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from podforecast.domain.outcomes import Failure
from podforecast.domain.telemetry import TelemetrySource
from podforecast.evaluation.backtest import comparing, truth
from podforecast.evaluation.backtest.comparing import MODEL, RULES, Comparison, Terms
from podforecast.evaluation.backtest.stretch import Stretch
from podforecast.evaluation.backtest.walk import walk
from podforecast.model.scorer import Scorer

Tell = Callable[[int, int, str], None]
"""Told how much is done, of how much, at what."""


def backtest(
    source: TelemetrySource,
    stretch: Stretch,
    scorer: Scorer,
    terms: Terms,
    *,
    recorded: Sequence[Failure] = (),
    tell: Tell = lambda *_: None,
) -> Comparison:
    """Forecast every moment of a stretch from what was known then, and grade it.

    Parameters
    ----------
    recorded
        What the record of a campaign says of its failures; only whether they had a precursor is
        taken from it. What failed when is read off the signals, as on a user's cluster.

    Raises
    ------
    DataUnusable
        If no pod could be scored.
    TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
        From the source.
    """
    failures, pods = truth.failures_in(
        source, stretch, progress=lambda done, total: tell(done, total, "Reading failures")
    )
    methods = {MODEL: scorer.score, **{rule.name: rule.score for rule in RULES}}
    walked = walk(
        source,
        stretch,
        truth.with_precursors(failures, recorded),
        methods,
        pods=pods,
        progress=lambda done, total: tell(done, total, "Forecasting"),
    )
    tell(0, 0, "Bootstrap")
    return comparing.compare(walked, stretch, scorer.manifest, terms)
