"""Who is told, and when: one pod, then workloads, then storms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podforecast.alerting.memory import recalled, remembered
from podforecast.alerting.policy import PolicyState, step
from podforecast.alerting.tracking import BLIND, LONGEST_FAILING, Rules
from podforecast.domain.alerts import Cause, Severity, Why
from podforecast.domain.issues import IssueType
from podforecast.errors import DataUnusable
from tests.alerting.fleet import MEMORY, RULES, SCAN, T0, Policy, kinds_of, pod

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


# ------------------------------------------------------------------ workloads


def test_pods_of_a_workload_share_an_alert():
    policy = Policy()
    (change,) = policy.scan(pod(0.6), pod(0.7, "cart-1"))
    assert [each.pod.name for each in change.alert.pods] == ["cart-1", "cart-0"]
    assert kinds_of(policy.scan(pod(0.6), pod(0.7, "cart-1"), pod(0.6, "cart-2"))) == ["joined"]
    assert policy.state.alerts[0].pod_count == 3


def test_an_alert_lasts_until_its_last_pod_is_calm():
    policy = Policy()
    policy.scan(pod(0.6), pod(0.7, "cart-1"))
    assert policy.scans(pod(0.1), pod(0.7, "cart-1"), seconds=120) == []
    assert [each.pod.name for each in policy.state.alerts[0].pods] == ["cart-1"]


def test_a_cause_that_changes_opens_no_second_alert():
    policy = Policy()
    (opened,) = policy.scan(pod(0.9))
    other = Why(cause=Cause.CPU, reasons=("CPU usage is 99 % of its limit.",))
    assert policy.scans(pod(0.9, why=other), seconds=60) == []
    (alert,) = policy.state.alerts
    assert alert.fingerprint == opened.alert.fingerprint
    assert alert.why.cause is Cause.CPU


def test_the_kind_of_trouble_stays_what_it_was_when_the_alert_began():
    policy = Policy()
    policy.scan(pod(0.9))
    other = replace(MEMORY, issue_type=IssueType.NETWORK_ISSUE, issue_confidence=0.5)
    assert policy.scans(pod(0.9, why=other), seconds=60) == []
    (alert,) = policy.state.alerts
    assert alert.issue_type is IssueType.RESOURCE_EXHAUSTION
    assert alert.why.issue_type is IssueType.NETWORK_ISSUE


def test_what_a_calm_pod_shows_does_not_replace_the_reasons_of_its_alert():
    policy = Policy()
    policy.scan(pod(0.9))
    policy.scan(pod(0.1, why=Why(cause=Cause.CPU, reasons=("CPU usage is low.",))))
    assert policy.state.alerts[0].why == MEMORY


def test_a_scan_that_misses_the_owner_of_a_pod_changes_nothing():
    policy = Policy()
    policy.scan(pod(0.9))
    assert policy.scan(pod(0.9, workload="cart-0")) == ()
    assert policy.state.alerts[0].fingerprint.workload == "cart"


def test_a_pod_that_was_not_explained_raises_an_alert_of_unknown_cause():
    assert Policy().scan(pod(0.9, why=None))[0].alert.fingerprint.cause is Cause.UNKNOWN


def test_the_same_workload_at_risk_again_is_another_alert():
    policy = Policy()
    (first,) = policy.scan(pod(0.9))
    policy.scans(pod(0.1), seconds=75)
    (second,) = policy.scan(pod(0.9))
    assert first.alert.id != second.alert.id
    assert first.alert.fingerprint == second.alert.fingerprint


# ------------------------------------------------------------------ too many at once


def workloads(n: int, probability: float = 0.6):
    return [pod(probability + i / 1000, f"w{i}-0") for i in range(n)]


def test_beyond_the_rate_limit_one_alert_counts_the_rest():
    policy = Policy(replace(RULES, most_per_10_minutes=3))
    changes = policy.scan(*workloads(10))
    assert kinds_of(changes) == ["raised"] * 3 + ["limited"] * 7 + ["raised"]
    assert [c.alert.fingerprint.workload for c in changes[:3]] == ["w9", "w8", "w7"]
    storm = changes[-1].alert
    assert (storm.fingerprint.cause, storm.workload_count, storm.pod_count) == (Cause.MANY, 7, 7)
    assert "shop/w6: 61% (memory)" in storm.why.reasons
    assert len(policy.state.told) == 4


def test_the_counting_alert_ends_when_nothing_is_held_back():
    policy = Policy(replace(RULES, most_per_10_minutes=1))
    policy.scan(*workloads(2))
    policy.scans(*workloads(2, 0.1), seconds=60)
    ended = policy.scan(*workloads(2, 0.1))
    assert kinds_of(ended) == ["resolved", "resolved"]
    assert policy.state.storm is None


def test_the_counting_alert_becomes_critical_once():
    policy = Policy(replace(RULES, most_per_10_minutes=1))
    policy.scan(pod(0.7, "a-0"), pod(0.6, "b-0"))
    assert kinds_of(policy.scan(pod(0.7, "a-0"), pod(0.8, "b-0"))) == ["worsened"]
    assert policy.scan(pod(0.7, "a-0"), pod(0.6, "b-0")) == ()
    assert policy.state.storm.severity is Severity.CRITICAL


def test_what_is_held_back_is_told_to_nobody_one_by_one():
    policy = Policy(replace(RULES, most_per_10_minutes=1))
    policy.scan(*workloads(3))
    failing = [pod(None, f"w{i}-0", failing=True) for i in range(3)]
    assert kinds_of(policy.scan(*failing)) == ["failed"]


def test_ten_minutes_later_alerts_are_raised_again():
    policy = Policy(replace(RULES, most_per_10_minutes=1))
    policy.scan(pod(0.9, "a-0"))
    policy.scans(pod(0.9, "a-0"), seconds=600)
    assert kinds_of(policy.scan(pod(0.9, "a-0"), pod(0.9, "b-0"))) == ["raised"]


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


# ------------------------------------------------------------------ whatever happens


@settings(max_examples=50)
@given(st.lists(st.floats(-0.02, 0.02), min_size=20, max_size=40), st.floats(0.05, 0.98))
def test_noise_around_the_threshold_does_not_flap(noise, enter):
    policy = Policy(replace(RULES, enter=enter, leave=0.8 * enter, rest=timedelta(0)))
    kinds = [k for n in noise for k in kinds_of(policy.scan(pod(min(1.0, enter * (1 + n)))))]
    assert kinds.count("raised") <= 1
    assert "resolved" not in kinds


looks = st.one_of(
    st.none(), st.just("failing"), st.just("unknown"), st.sampled_from([0.1, 0.45, 0.6, 0.9])
)
fleets = st.lists(
    st.tuples(st.lists(looks, min_size=4, max_size=4), st.sampled_from([15.0, 15.0, 60.0, 900.0])),
    max_size=20,
)


def shown(looks_of_pods):
    names = ("a-0", "a-1", "b-0", "c-0")
    for name, look in zip(names, looks_of_pods, strict=True):
        if look == "failing":
            yield pod(None, name, failing=True)
        elif look is not None:
            yield pod(None if look == "unknown" else look, name)


@settings(max_examples=60)
@given(fleets, st.integers(1, 3), st.sampled_from([0, 30]))
def test_alerts_are_raised_and_resolved_in_turns(history, limit, hold):
    """Whatever pods do: per alert one beginning, one end, and never two of a workload."""
    rules = replace(RULES, most_per_10_minutes=limit, hold=timedelta(seconds=hold))
    policy, lasting = Policy(rules), set()
    for looks_of_pods, after in history:
        for change in policy.scan(*shown(looks_of_pods), after=after):
            if change.kind == "raised":
                assert change.alert.id not in lasting
                lasting.add(change.alert.id)
            elif change.kind.is_told:
                assert change.alert.id in lasting
            if change.kind == "resolved":
                lasting.remove(change.alert.id)
        assert lasting == {alert.id for alert in policy.state.told}
        owners = [alert.fingerprint.owner for alert in policy.state.alerts]
        assert len(owners) == len(set(owners))
        assert recalled(remembered(policy.state)) == policy.state


@settings(max_examples=60)
@given(fleets)
def test_pods_that_do_not_matter_may_be_left_out(history):
    """What the watcher leaves out for speed changes nothing."""
    state, now = PolicyState(), T0
    for looks_of_pods, after in history:
        now += after
        everyone = list(shown(looks_of_pods))
        some = [
            each for each in everyone
            if each.pod in state.pods or (each.probability or 0.0) >= RULES.enter
        ]  # fmt: skip
        whole, part = (step(state, seen, now, rules=RULES) for seen in (everyone, some))
        assert whole == part
        state = whole[0]
