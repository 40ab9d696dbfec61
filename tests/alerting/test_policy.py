"""Who is told of one pod, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from podforecast.alerting.memory import recalled, remembered
from podforecast.alerting.tracking import BLIND, LONGEST_FAILING, Rules
from podforecast.domain.alerts import Cause, Severity
from podforecast.errors import DataUnusable
from tests.alerting.fleet import MEMORY, RULES, SCAN, T0, Policy, kinds_of, pod, workloads

HOLD = replace(RULES, hold=timedelta(seconds=30))


@pytest.mark.parametrize(
    ("enter", "leave"),
    [
        pytest.param(0.5, 0.5, id="no room between"),
        pytest.param(0.5, 0.6, id="leaves above where it enters"),
        pytest.param(0.5, 0.0, id="never leaves"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(enter, leave):
    with pytest.raises(ValueError, match="0 < leave < enter"):
        Rules(enter=enter, leave=leave)


# ------------------------------------------------------------------ nobody is told


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(pod(0.49), id="below the threshold"),
        pytest.param(pod(None), id="too little data"),
        pytest.param(pod(None, failing=True), id="failing already"),
        pytest.param(pod(0.9, failing=True), id="failing, whatever the probability"),
    ],
)
def test_nothing_is_raised_for(seen):
    policy = Policy()
    assert policy.scans(seen, seconds=120) == []
    assert policy.state.alerts == policy.state.tracks == ()


def test_a_muted_pod_is_counted_once_and_told_to_nobody():
    policy = Policy()
    assert policy.scans(pod(0.9, muted=True), seconds=60) == ["muted"]
    assert policy.state.told == ()


def test_muting_a_pod_resolves_its_alert_and_unmuting_raises_it():
    policy = Policy()
    policy.scan(pod(0.9))
    (ended,) = (c for c in policy.scan(pod(0.9, muted=True)) if c.kind.is_told)
    assert (ended.kind, ended.alert.outcome) == ("resolved", "muted")
    assert kinds_of(policy.scan(pod(0.9))) == ["raised"]


# ------------------------------------------------------------------ raising


def test_an_alert_is_raised_at_the_first_scan_without_a_hold():
    policy = Policy()
    (change,) = policy.scan(pod(0.5))
    alert = change.alert
    assert (change.kind, alert.started_at, alert.probability) == ("raised", T0, 0.5)
    assert alert.fingerprint.owner == ("shop", "cart")
    assert (alert.fingerprint.cluster, alert.fingerprint.cause) == ("prod", Cause.MEMORY)
    assert alert.why.reasons == MEMORY.reasons


@pytest.mark.parametrize(
    ("probabilities", "raised_at"),
    [
        pytest.param([0.6, 0.6, 0.6], 2, id="held for long enough"),
        pytest.param([0.6, 0.45, 0.6, 0.6, 0.6], 4, id="a dip below enter begins anew"),
        pytest.param([0.6, None, 0.6], 2, id="a scan without data keeps what was"),
        pytest.param([0.6, 0.6, None, None, 0.6], 4, id="and raises nothing itself"),
        pytest.param([0.6, 0.6], None, id="not yet"),
    ],
)
def test_a_hold_delays(probabilities, raised_at):
    policy = Policy(HOLD)
    found = [kinds_of(policy.scan(pod(p))) for p in probabilities]
    expected = [["raised"] if i == raised_at else [] for i in range(len(probabilities))]
    assert found == expected


def test_a_pod_that_fails_during_the_hold_is_not_announced():
    policy = Policy(HOLD)
    policy.scan(pod(0.9))
    assert policy.scans(pod(None, failing=True), seconds=60) == []


@pytest.mark.parametrize(
    ("probability", "severity"),
    [pytest.param(0.6, Severity.WARNING, id="high"),
     pytest.param(0.75, Severity.CRITICAL, id="critical")],
)  # fmt: skip
def test_severity_follows_the_risk_level(probability, severity):
    assert Policy().scan(pod(probability))[0].alert.severity is severity


def test_severity_rises_once_and_never_falls_while_the_alert_lasts():
    policy = Policy()
    policy.scan(pod(0.6))
    assert kinds_of(policy.scan(pod(0.8))) == ["worsened"]
    assert policy.scans(pod(0.6), pod(0.8), seconds=60) == []
    assert policy.state.alerts[0].severity is Severity.CRITICAL


# ------------------------------------------------------------------ resolving


def test_an_alert_is_resolved_after_its_rest():
    policy = Policy()
    policy.scan(pod(0.9))
    assert policy.scans(pod(0.1), seconds=60) == []
    (change,) = policy.scan(pod(0.1))
    assert (change.kind, change.alert.outcome) == ("resolved", "calmed")
    assert change.alert.ended_at == policy.now
    assert policy.state.alerts == policy.state.tracks == ()


@pytest.mark.parametrize(
    "interruption",
    [pytest.param(pod(0.45), id="above the lower threshold"),
     pytest.param(pod(None), id="too little data"),
     pytest.param(pod(None, failing=True), id="failing")],
)  # fmt: skip
def test_a_rest_that_is_interrupted_begins_anew(interruption):
    policy = Policy()
    policy.scan(pod(0.9))
    policy.scans(pod(0.1), seconds=60)
    policy.scan(interruption)
    assert "resolved" not in policy.scans(pod(0.1), seconds=60)
    assert kinds_of(policy.scan(pod(0.1))) == ["resolved"]


def test_an_alert_whose_pods_vanish_is_resolved():
    policy = Policy()
    policy.scan(pod(0.9))
    assert policy.scans(seconds=60) == []
    (change,) = policy.scan()
    assert (change.kind, change.alert.outcome) == ("resolved", "vanished")


def test_stale_is_not_calm_but_not_for_ever_either():
    policy = Policy()
    policy.scan(pod(0.9))
    assert policy.scans(pod(None), seconds=BLIND.total_seconds()) == []
    (change,) = policy.scan(pod(None))
    assert change.alert.outcome == "lost_sight"


def test_an_announced_pod_that_fails_keeps_its_alert_until_it_is_well():
    policy = Policy()
    policy.scan(pod(0.9))
    (change,) = policy.scan(pod(None, failing=True))
    assert (change.kind, change.alert.failed[0].failed_at) == ("failed", policy.now)
    assert policy.scans(pod(None, failing=True), seconds=300) == []
    policy.scans(pod(0.1), seconds=60)
    (change,) = policy.scan(pod(0.1))
    assert (change.kind, change.alert.outcome) == ("resolved", "failed")


def test_a_failure_that_was_over_before_the_next_scan_is_noted():
    policy = Policy()
    policy.scan(pod(0.9))
    (change,) = policy.scan(pod(0.2, failed_at=T0 + 3.0))
    assert (change.kind, change.alert.failed[0].failed_at) == ("failed", T0 + 3.0)


def test_a_failure_from_before_the_alert_is_no_hit():
    policy = Policy()
    policy.scan(pod(0.9, failed_at=T0 - 60.0))
    assert policy.scan(pod(0.9, failed_at=T0 - 60.0)) == ()


def test_a_pod_that_stays_down_is_left_to_the_alerts_on_crash_loops():
    policy = Policy()
    policy.scan(pod(0.9))
    kinds = policy.scans(pod(None, failing=True), seconds=LONGEST_FAILING.total_seconds() + SCAN)
    assert kinds == ["failed", "resolved"]
    assert policy.scans(pod(None, failing=True), seconds=60) == []


# ------------------------------------------------------------------ gaps, clocks, restarts


@pytest.mark.parametrize("seen", [pod(0.1), pod(None)], ids=["calm", "unknown"])
def test_a_gap_between_scans_resolves_nothing(seen):
    policy = Policy()
    policy.scan(pod(0.9))
    policy.scan(seen)
    assert policy.scan(seen, after=3600.0) == ()


def test_a_gap_between_scans_is_no_hold():
    policy = Policy(HOLD)
    policy.scan(pod(0.9))
    assert policy.scan(pod(0.9), after=600.0) == ()
    assert policy.scans(pod(0.9), seconds=30) == ["raised"]


def test_a_clock_that_is_set_back_raises_and_resolves_nothing():
    policy = Policy()
    policy.scan(pod(0.9))
    policy.scan(pod(0.1))
    assert policy.scan(pod(0.1), after=-600.0) == ()
    policy.scans(pod(0.1), seconds=45)
    assert kinds_of(policy.scan(pod(0.1))) == ["resolved"]


def test_a_restart_neither_repeats_nor_forgets():
    before = Policy(replace(RULES, most_per_10_minutes=2))
    before.scan(*workloads(4), pod(0.9, muted=True))
    after = Policy(before.rules)
    after.state, after.now = recalled(remembered(before.state)), before.now
    assert after.state == before.state
    assert after.scan(*workloads(4), pod(0.9, muted=True)) == ()


@pytest.mark.parametrize(
    "document",
    [pytest.param(b"", id="empty"), pytest.param(b"<html>", id="not JSON"),
     pytest.param(b'{"tracks": 3}', id="another shape")],
)  # fmt: skip
def test_a_memory_that_can_not_be_read_is_refused(document):
    with pytest.raises(DataUnusable, match="remembered alerts"):
        recalled(document)
