"""A Prometheus that scrapes every 30 s or every minute: what is known of its pods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pytest

from podforecast.domain.telemetry import TelemetryBlock
from podforecast.features.build import SIGNALS_READ, build
from podforecast.model.labels import MIN_COVERAGE, scorable
from podforecast.telemetry.prometheus.queries import RATE_WINDOW, rate_window_of
from podforecast.telemetry.prometheus.source import PrometheusSource
from podforecast.telemetry.raw_series import read_series
from tests.telemetry.remote_write import labelled, moved, write
from tests.telemetry.thinning import SCRAPED_MS, thinned

pytestmark = pytest.mark.prometheus

CPU = "cpu_usage_ratio"
LOOKED_AT = timedelta(minutes=6)


@dataclass(frozen=True)
class Seldom:
    """The trial, scraped less often."""

    interval: timedelta
    read: Callable[[Sequence[str], timedelta], TelemetryBlock]
    """Some signals, with a rate window."""
    block: TelemetryBlock
    """All of them, with the window that fits the interval."""


@pytest.fixture(scope="module")
def often(replay):
    """As it was scraped: every 15 s."""
    return replay.source.read(SIGNALS_READ, start=replay.end - LOOKED_AT, end=replay.end)


@pytest.fixture(scope="module", params=[30, 60], ids="{} s".format)
def seldom(request, prometheus_client, trial, trial_folder, replay):
    later = (replay.start - trial.start).total_seconds()
    series = thinned(
        read_series(trial_folder / "series.parquet"), 1000 * request.param // SCRAPED_MS
    )
    case, interval = f"every-{request.param}", timedelta(seconds=request.param)
    write(prometheus_client, labelled(moved(series, later), case=case))

    def read(signals, window):
        source = PrometheusSource(
            prometheus_client, rate_window=window, extra_selector=f'case="{case}"'
        )
        return source.read(signals, start=replay.end - LOOKED_AT, end=replay.end)

    return Seldom(interval, read, read(SIGNALS_READ, rate_window_of(interval)))


def forecast(block):
    """Pods that get a forecast at the end."""
    table = build(block)
    return {pod for pod, there in zip(table.pods, scorable(table), strict=True) if there}


def test_with_a_scrape_a_minute_there_is_no_rate_over_one(seldom):
    known = np.isfinite(seldom.read([CPU], RATE_WINDOW).signal(CPU)).sum()
    enough = np.isfinite(seldom.block.signal(CPU)).sum()
    assert known == 0 if seldom.interval == RATE_WINDOW else 0 < known < enough


def test_every_pod_that_has_run_for_a_while_is_forecast(seldom, often):
    ages = often.signal("container_age_minutes")[:, -1]
    young = {pod for pod, age in zip(often.pods, ages, strict=True) if not age > 5.0}
    wanted = forecast(often) - young
    assert len(wanted) > 10
    assert forecast(seldom.block) >= wanted


def test_samples_stay_in_sight_until_the_next_scrape(seldom):
    table = build(seldom.block)
    coverage = table.coverage[scorable(table)]
    assert coverage.min() >= MIN_COVERAGE
    assert np.median(coverage) > 0.9


@pytest.mark.parametrize("signal", [CPU, "request_rate", "latency_p95_ms"])
def test_rates_are_about_what_they_are_with_more_scrapes(seldom, often, signal):
    found, dense = (np.nanmedian(block.signal(signal)) for block in (seldom.block, often))
    assert found == pytest.approx(dense, rel=0.15)
