"""Who is told of many pods: workloads, storms, and whatever a fleet does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from podforecast.alerting.memory import recalled, remembered
from podforecast.alerting.policy import PolicyState, step
from podforecast.domain.alerts import Cause, Severity, Why
from podforecast.domain.issues import IssueType
from tests.alerting.fleet import MEMORY, RULES, T0, Policy, kinds_of, pod, workloads

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
