"""How often, how late, and muted by whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from podforecast.diagnosis import fleet_checks
from tests.diagnosis.made_up import facts, pace


def paced(**changes):
    return facts(paces={**facts().paces, **{k.replace("_", " "): v for k, v in changes.items()}})


@pytest.mark.parametrize(
    ("seconds", "state", "words"),
    [
        pytest.param(15.0, "ok", "13 samples", id="as often as scans"),
        pytest.param(30.0, "wrong", "7 samples instead of 13", id="half as often"),
        pytest.param(45.0, "wrong", "often have one sample only", id="longer than half a rate"),
        pytest.param(60.0, "wrong", "covered by half", id="no rate at all"),
        pytest.param(None, "unknown", "too few samples", id="cannot be told"),
    ],
)
def test_a_long_scrape_interval_costs_samples(seconds, state, words):
    found = next(fleet_checks.scrape_intervals(paced(cAdvisor=pace(seconds))))
    assert found.state == state
    assert words in f"{found.found} {found.cost}"


@pytest.mark.parametrize(
    ("seconds", "expected", "fix"),
    [
        pytest.param(
            60.0, 15, "Until then: PODFORECAST_PROMETHEUS__SCRAPE_INTERVAL=0:01:00", id="not set"
        ),
        pytest.param(29.9, 15, "SCRAPE_INTERVAL=0:00:30; of several", id="rounded"),
        pytest.param(60.0, 30, "SCRAPE_INTERVAL=0:01:00", id="set too short"),
    ],
)
def test_a_setting_that_gives_too_few_samples_to_a_rate_is_named(seconds, expected, fix):
    of = replace(paced(cAdvisor=pace(seconds)), scrape_interval=timedelta(seconds=expected))
    found = next(fleet_checks.scrape_intervals(of))
    assert (found.state, "rates over" in found.cost) == ("wrong", True)
    assert fix in found.fix


@pytest.mark.parametrize(
    ("exporter", "seconds", "fatal"),
    [
        pytest.param("cAdvisor", 60.0, True, id="no CPU rate at all"),
        pytest.param("cAdvisor", 45.0, False, id="one now and then"),
        pytest.param("pod endpoints", 60.0, False, id="can do without"),
    ],
)
def test_without_cpu_rates_nothing_can_be_forecast(exporter, seconds, fatal):
    of = facts(paces={**facts().paces, exporter: pace(seconds)})
    found = {each.check: each.fatal for each in fleet_checks.scrape_intervals(of)}
    assert found.pop(f"interval, {exporter}") == fatal
    assert not any(found.values())


@pytest.mark.parametrize("seconds", [30, 60])
def test_with_the_setting_rates_cost_nothing_and_lateness_still_does(seconds):
    of = replace(paced(cAdvisor=pace(seconds)), scrape_interval=timedelta(seconds=seconds))
    found = next(fleet_checks.scrape_intervals(of))
    assert "rates" not in found.cost
    assert f"up to {seconds} s late" in found.cost
    assert found.fix == "scrape_interval: 15s in its scrape job."


def test_a_setting_that_takes_rates_over_longer_than_needed_is_told():
    *_, found = fleet_checks.scrape_intervals(facts(scrape_interval=timedelta(minutes=1)))
    assert (found.check, found.state) == ("interval, setting", "wrong")
    assert "rates are taken over 4m instead of 1m" in found.cost
    assert found.fix == "Set PODFORECAST_PROMETHEUS__SCRAPE_INTERVAL=0:00:15."


def test_restarts_are_seen_late_where_kube_state_metrics_is_scraped_seldom():
    of = facts(paces={**facts().paces, "kube-state-metrics": pace(60.0)})
    found = list(fleet_checks.scrape_intervals(of))[1]
    assert "restarts and new pods are seen up to 60 s late" in found.cost


@pytest.mark.parametrize(
    ("age", "state", "fix"),
    [
        pytest.param(14.0, "ok", "", id="within an interval"),
        pytest.param(75.0, "wrong", "PODFORECAST_WATCH__DELAY=0:01:00", id="remote write"),
        pytest.param(900.0, "wrong", "See why scrapes fail.", id="hardly arrives"),
    ],
)
def test_samples_that_arrive_late_want_a_delay(age, state, fix):
    [found] = fleet_checks.delay(paced(cAdvisor=pace(15.0, age)))
    assert found.state == state
    assert fix in found.fix


def test_without_any_sample_nothing_is_said_of_delays():
    nothing = dict.fromkeys(facts().paces, pace(None, None))
    assert list(fleet_checks.delay(facts(paces=nothing))) == []


def test_muting_needs_an_allowlist():
    [found] = fleet_checks.muting(facts(muting=None))
    assert found.state == "missing"
    assert "--metric-annotations-allowlist=pods=[podforecast.io/mute]" in found.fix
