"""Which remedies fit, in whose numbers, and what is never advised."""

from __future__ import annotations

import re
import shlex
from string import Formatter

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, FEATURE_NAMES, REQUIRED
from podforecast.domain.forecast import RiskLevel
from podforecast.explain.addresses import PodAddress
from podforecast.explain.facts import facts, minutes_to_limit
from podforecast.explain.memory_limits import memory_limit_factor
from podforecast.explain.remedies import MOST_REMEDIES, Case, remedies
from podforecast.explain.rules import RULES, WITHOUT_A_RULE

POD = PodAddress(name="checkout-5d4f8c7b9-k2m4x", namespace="shop")
STATEFUL = PodAddress(name="sessions-0")
EVERY_RULE = [*RULES, *set(WITHOUT_A_RULE.values())]


def advise(row, parts, *, pod=POD, level=RiskLevel.CRITICAL):
    return remedies(Case(row=row, parts=parts, pod=pod, level=level))


def titles(found):
    return [remedy.title for remedy in found]


class TestNothingFits:
    @pytest.mark.parametrize(
        ("level", "title"),
        [
            pytest.param(RiskLevel.LOW, "Nothing needs doing", id="low"),
            pytest.param(RiskLevel.MEDIUM, "Nothing needs doing yet", id="medium"),
            pytest.param(RiskLevel.HIGH, "No known remedy fits: look closer", id="high"),
            pytest.param(RiskLevel.CRITICAL, "No known remedy fits: look closer", id="critical"),
        ],
    )
    def test_what_is_said_depends_on_the_risk(self, make_row, make_parts, level, title):
        assert titles(advise(make_row(), make_parts(cpu_usage_pct=1.0), level=level)) == [title]

    def test_where_nothing_needs_doing_no_action_is_named(self, make_row, make_parts):
        (remedy,) = advise(make_row(), make_parts(), level=RiskLevel.LOW)
        assert remedy.actions == ()

    def test_a_bad_value_that_does_not_raise_the_risk_asks_for_nothing(self, make_row, make_parts):
        row = make_row(memory_usage_pct=99.0)
        found = advise(row, make_parts(memory_usage_pct=-1.0), level=RiskLevel.LOW)
        assert titles(found) == ["Nothing needs doing"]


SITUATIONS = [
    pytest.param(
        "memory-leak", {"memory_usage_pct": 60.0, "memory_growth_10m": 2.0}, "memory_growth_10m",
        id="memory-leak",
    ),
    pytest.param(
        "memory-near-limit", {"memory_usage_pct": 90.0}, "memory_usage_pct", id="memory-near-limit"
    ),
    pytest.param(
        "killed-for-memory", {"last_termination_reason": "oom_killed"}, "last_termination_reason",
        id="killed-for-memory",
    ),
    pytest.param(
        "bad-revision", {"deployment_uptime_hrs": 0.5, "restart_count_24h": 2},
        "restart_count_24h", id="bad-revision",
    ),
    pytest.param("crash-loop", {"restart_count_24h": 5}, "restart_count_24h", id="crash-loop"),
    pytest.param("errors", {"error_log_rate": 30.0}, "error_log_rate", id="errors"),
    pytest.param("slow", {"request_latency_ms": 900.0}, "request_latency_ms", id="slow"),
    pytest.param("cpu-limit", {"cpu_throttled_pct": 60.0}, "cpu_throttled_pct", id="cpu-limit"),
    pytest.param("probes", {"liveness_failures_3m": 2}, "liveness_failures_3m", id="probes"),
    pytest.param(
        "node-pressure", {"node_pressure_score": 0.9}, "node_pressure_score", id="node-pressure"
    ),
    pytest.param(
        "file-descriptors", {"open_fds_pct": 95.0}, "open_fds_pct", id="file-descriptors"
    ),
    pytest.param("disk", {"disk_usage_pct": 95.0}, "disk_usage_pct", id="disk"),
    pytest.param("workload", {"previous_failures": 9}, "previous_failures", id="workload"),
    pytest.param(
        "scaling-up", {"autoscaler_action": "scale_up"}, "autoscaler_action", id="scaling-up"
    ),
]  # fmt: skip


class TestRules:
    def test_every_rule_has_a_situation_below(self):
        assert [param.values[0] for param in SITUATIONS] == [rule.name for rule in RULES]

    @pytest.mark.parametrize(("name", "values", "cause"), SITUATIONS)
    def test_it_fits_where_its_cause_raises_the_risk(
        self, make_row, make_parts, name, values, cause
    ):
        [rule] = [rule for rule in RULES if rule.name == name]
        row = make_row(**values)
        assert rule.title in titles(advise(row, make_parts(**{cause: 1.0})))
        assert rule.title not in titles(advise(row, make_parts(replica_count=1.0)))
        assert rule.title not in titles(advise(make_row(), make_parts(**{cause: 1.0})))

    @pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.name)
    def test_its_texts_speak_of_what_can_be_known(self, rule):
        row = np.array([1.0] * len(CATALOGUE))
        known = {*facts(row, POD), *facts(row, STATEFUL), "minutes_to_limit"}
        texts = (*rule.description, *rule.actions)
        asked = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
        assert asked <= known

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_it_always_has_something_to_do(self, rule, make_row):
        known = facts(np.array([np.nan] * len(CATALOGUE)), STATEFUL)
        sayable = [
            text
            for text in rule.actions
            if all(name in known for _, name, _, _ in Formatter().parse(text) if name)
        ]
        assert sayable


class TestAdvice:
    def test_it_speaks_in_the_pods_own_numbers(self, make_row, make_parts):
        row = make_row(memory_usage_pct=92.0, memory_growth_10m=1.7, memory_minutes_to_limit=4.7)
        first, *_ = advise(row, make_parts(memory_growth_10m=1.0))
        assert first.title == "Memory keeps growing"
        assert "Memory is at 92 % of its limit and rises." in first.description
        assert "reaches the limit in about 5 min." in first.description

    def test_numbers_nobody_knows_are_not_spoken_of(self, make_row, make_parts):
        row = make_row(cpu_usage_pct=97.0)
        first, *_ = advise(row, make_parts(cpu_usage_pct=1.0))
        assert first.title == "CPU is at its limit"
        assert "throttled in" not in first.description
        assert "nan" not in str(first)

    def test_the_weightiest_comes_first_and_four_at_most(self, make_row, make_parts):
        row = make_row(
            memory_usage_pct=95.0, request_latency_ms=900.0, error_log_rate=50.0,
            cpu_usage_pct=99.0, node_pressure_score=0.9, restart_count_24h=7,
        )  # fmt: skip
        parts = make_parts(
            memory_usage_pct=0.5, request_latency_ms=3.0, error_log_rate=2.0,
            cpu_usage_pct=0.4, node_pressure_score=0.3, restart_count_24h=1.0,
        )  # fmt: skip
        found = titles(advise(row, parts))
        assert found[:3] == [
            "It answers slowly",
            "It answers or logs errors",
            "It keeps restarting",
        ]
        assert len(found) == MOST_REMEDIES

    def test_a_young_revision_that_fails_is_taken_back(self, make_row, make_parts):
        row = make_row(deployment_uptime_hrs=0.5, restart_count_24h=9)
        first, *_ = advise(row, make_parts(restart_count_24h=1.0))
        assert "kubectl rollout undo -n shop deployment/checkout" in first.actions

    def test_where_the_owner_is_not_known_it_is_looked_up_first(self, make_row, make_parts):
        row = make_row(deployment_uptime_hrs=0.5, restart_count_24h=9)
        first, *_ = advise(row, make_parts(restart_count_24h=1.0), pod=STATEFUL)
        assert first.actions[0].startswith("kubectl describe pod sessions-0 | grep")
        assert "kubectl rollout undo KIND/NAME" in first.actions

    def test_the_previous_log_is_asked_for_where_containers_end(self, make_row, make_parts):
        first, *_ = advise(make_row(restart_count_24h=5), make_parts(restart_count_24h=1.0))
        assert first.actions[0] == (
            "kubectl logs -n shop checkout-5d4f8c7b9-k2m4x --all-containers --previous --tail=200"
        )

    def test_the_node_is_found_through_the_pod(self, make_row, make_parts):
        row = make_row(node_pressure_score=0.9)
        first, *_ = advise(row, make_parts(node_pressure_score=1.0))
        assert first.actions[0] == (
            "kubectl describe node"
            ' "$(kubectl get pod -n shop checkout-5d4f8c7b9-k2m4x -o'
            " jsonpath='{.spec.nodeName}')\""
        )

    @pytest.mark.parametrize("pod", [POD, STATEFUL, PodAddress.parse("a; b")], ids=str)
    def test_every_command_is_one_that_a_shell_can_read(self, make_row, make_parts, pod):
        everything = {f.name: f.typical[1] for f in CATALOGUE if not f.categories}
        for _, values, cause in (param.values for param in SITUATIONS):
            row = make_row(**everything | values)
            for remedy in advise(row, make_parts(**{cause: 1.0}), pod=pod):
                for action in (a for a in remedy.actions if a.startswith("kubectl ")):
                    assert shlex.split(action, comments=True)[0] == "kubectl"
                    assert "  -" not in action
                    assert "None" not in action


class TestLimits:
    @pytest.mark.parametrize("peak", [0.1, 10.0, 79.9, 80.0, 80.1, 98.5, 100.0, 250.0, 9999.0])
    def test_no_limit_below_the_peak_is_ever_advised(self, peak):
        assert memory_limit_factor(peak) * 100.0 > peak

    @pytest.mark.parametrize(
        ("usage", "peak"), [(80.0, np.nan), (85.0, 99.0), (120.0, 90.0), (10_000.0, np.nan)]
    )
    def test_the_advised_limit_leaves_room_above_all_that_was_seen(
        self, make_row, make_parts, usage, peak
    ):
        row = make_row(memory_usage_pct=usage, memory_peak_pct=peak)
        found = advise(row, make_parts(memory_usage_pct=1.0))
        [remedy] = [r for r in found if r.title == "Memory is close to its limit"]
        factor = float(re.search(r"to ([\d.]+) times", str(remedy.actions))[1])
        assert factor * 100.0 > np.fmax(usage, peak)

    @pytest.mark.parametrize(
        ("values", "minutes"),
        [
            pytest.param({}, np.nan, id="not-growing"),
            pytest.param({"memory_minutes_to_limit": 120.0}, np.nan, id="further-away-than-known"),
            pytest.param(
                {"memory_minutes_to_limit": 30.0, "memory_minutes_to_limit_1m": 4.0}, 4.0,
                id="the-fastest-pace",
            ),
            pytest.param(
                {"memory_usage_pct": 90.0, "memory_leak_rate": 0.5}, 12.0, id="pace-of-the-hour"
            ),
            pytest.param(
                {"memory_usage_pct": 101.0, "memory_leak_rate": 0.5}, np.nan, id="there-already"
            ),
        ],
    )  # fmt: skip
    def test_minutes_to_the_limit_are_those_that_are_known(self, make_row, values, minutes):
        assert minutes_to_limit(make_row(**values)) == pytest.approx(minutes, nan_ok=True)


def test_features_named_by_rules_exist():
    signs = [sign for rule in RULES for sign in (*rule.any_of, *rule.all_of)]
    assert {sign.feature for sign in signs} <= set(FEATURE_NAMES)


def test_most_required_inputs_have_a_remedy():
    signs = {sign.feature for rule in RULES for sign in (*rule.any_of, *rule.all_of)}
    without = {feature.name for feature in REQUIRED} - signs
    assert without == {"replica_count", "prometheus_anomaly_score"}
