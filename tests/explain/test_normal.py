"""What is normal for a pod, and how each reason is found again in Prometheus."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, FEATURE_NAMES, feature_index
from podforecast.explain.addresses import PodAddress
from podforecast.explain.normal import MOST, UNKNOWN, normal_of
from podforecast.explain.promql import LOOKED, promql
from podforecast.explain.reasons import Setting, explain
from podforecast.telemetry.prometheus.queries import Scope

MEMORY = feature_index("memory_usage_pct")
POD = PodAddress(name="cart-0", namespace="shop")


def fleet(*memory, workload="shop/cart"):
    values = np.full((len(memory), len(CATALOGUE)), np.nan)
    values[:, MEMORY] = memory
    return values, [workload] * len(memory)


class TestSiblings:
    @pytest.mark.parametrize(
        ("memory", "expected"),
        [
            pytest.param([90.0], None, id="alone"),
            pytest.param([90.0, 30.0], None, id="one-sibling"),
            pytest.param([90.0, 30.0, np.nan], None, id="one-that-is-known"),
            pytest.param([90.0, 30.0, 20.0], (20.0, 30.0), id="without-itself"),
            pytest.param([np.nan, 30.0, 30.0], (30.0, 30.0), id="all-alike"),
        ],
    )
    def test_the_range_is_of_two_or_more_others(self, memory, expected):
        assert normal_of(0, *fleet(*memory)).of(MEMORY) == expected

    def test_pods_of_another_workload_are_no_siblings(self):
        values, workloads = fleet(90.0, 30.0, 20.0, 10.0)
        workloads[3] = "shop/pay"
        assert normal_of(0, values, workloads).of(MEMORY) == (20.0, 30.0)

    def test_of_a_large_workload_some_are_enough(self):
        values, workloads = fleet(*range(10 * MOST))
        assert normal_of(0, values, workloads).of(MEMORY) == (1.0, float(MOST))

    @pytest.mark.parametrize(
        "feature", ["replica_count", "node_memory_pct", "previous_failures", "autoscaler_action"]
    )
    def test_what_all_of_them_share_is_no_range(self, feature):
        values = np.ones((4, len(CATALOGUE)))
        assert normal_of(0, values, ["shop/cart"] * 4).of(feature_index(feature)) is None


class TestReasons:
    def test_the_siblings_range_comes_before_the_usual_one(self, make_row, contributed):
        setting = Setting(normal=normal_of(0, *fleet(98.5, 30.0, 42.0)))
        row = make_row(memory_usage_pct=98.5)
        (reason,) = explain(row, contributed(memory_usage_pct=2.0), setting=setting).reasons
        assert (reason.typical_low, reason.typical_high) == (30.0, 42.0)
        assert reason.typical_of == "siblings"
        assert reason.sentence.endswith("; the workload's other pods have 30 to 42 %.")

    def test_without_siblings_it_says_that_healthy_pods_are_meant(self, make_row, contributed):
        row = make_row(memory_usage_pct=98.5)
        (reason,) = explain(row, contributed(memory_usage_pct=2.0)).reasons
        assert (reason.typical_of, reason.typical_high) == ("healthy pods", 70.0)

    def test_where_neither_is_known_nobody_is_meant(self, make_row, contributed):
        row = make_row(request_rate=3.0)
        (reason,) = explain(row, contributed(request_rate=2.0)).reasons
        assert (reason.typical_of, reason.typical_low) == (None, None)

    def test_a_reason_has_its_window_and_the_query_of_its_pod(self, make_row, contributed):
        row = make_row(memory_growth_10m=2.0)
        (reason,) = explain(
            row, contributed(memory_growth_10m=2.0), setting=Setting(pod=POD, normal=UNKNOWN)
        ).reasons
        assert reason.window == "10 min"
        assert reason.promql.startswith("6000 * deriv((")
        assert 'kube_pod_info{namespace="shop",pod="cart-0"})[10m:15s])' in reason.promql

    def test_without_a_pod_there_is_no_query(self, make_row, contributed):
        (reason,) = explain(make_row(), contributed(memory_usage_pct=2.0)).reasons
        assert reason.promql is None


class TestQueries:
    def test_every_feature_has_a_window_and_no_other(self):
        assert set(LOOKED) == set(FEATURE_NAMES)
        assert all(looked.window for looked in LOOKED.values())

    @pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)
    def test_a_query_asks_for_the_signal_that_the_feature_is_computed_from(self, feature):
        signal = LOOKED[feature.name].signal
        assert not signal or feature.signals == (signal,)
        assert (promql(feature.name, POD) is None) == (not signal)

    def test_a_name_that_is_no_name_stays_a_string(self):
        strange = PodAddress(name='"} or vector(1) #\n', namespace='a\\"')
        query = promql("replica_count", strange)
        assert query.count(r'pod="\"} or vector(1) #\n"') == 1
        assert r'namespace="a\\\""' in query

    def test_rates_are_over_the_window_that_the_forecast_took_them_over(self):
        scope = Scope(rate_window=timedelta(minutes=4))
        assert "[4m])" in promql("cpu_usage_pct", POD, scope=scope)
        assert "[1m])" in promql("cpu_usage_pct", POD)

    def test_the_selector_of_the_cluster_is_in_every_series(self):
        query = promql("replica_count", POD, scope=Scope(extra_selector='cluster="prod"'))
        assert query.count('cluster="prod"') == query.count("{")

    def test_where_the_namespace_is_not_known_it_is_not_asked_for(self):
        assert 'kube_pod_info{pod="cart-0"}' in promql("replica_count", PodAddress(name="cart-0"))
