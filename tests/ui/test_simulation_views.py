"""Simulated clusters in words and numbers, as the Simulate page shows them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from podforecast.domain.issues import IssueType
from podforecast.telemetry.simulator.fleet import MOST_CLUSTERS as SERVED
from podforecast.ui.viewmodels.issues import ISSUE_SIGNS
from podforecast.ui.viewmodels.simulation import cluster_rows, cluster_view, ranked, summary
from podforecast.ui.viewmodels.simulation_order import (
    MOST_CLUSTERS,
    Order,
    as_address,
    read_address,
)
from tests.ui.simulations import AT, LEAK, at_risk, cluster, failing, simulation


class TestAddress:
    @pytest.mark.parametrize(
        ("params", "complaint"),
        [
            pytest.param({"clusters": "0"}, "clusters = 0 is no whole number", id="none"),
            pytest.param({"clusters": "1001"}, "from 1 to 1000", id="too-many"),
            pytest.param({"clusters": "abc"}, "clusters = abc", id="a-word"),
            pytest.param({"clusters": "1.5"}, "clusters = 1.5", id="a-fraction"),
            pytest.param({"clusters": "²"}, "clusters = ²", id="another-digit"),
            pytest.param({"clusters": "5", "seed": "-1"}, "seed = -1", id="negative-seed"),
        ],
    )
    def test_what_can_not_be_used_is_said(self, params, complaint):
        (found,) = read_address(params).complaints
        assert complaint in found

    def test_a_long_value_is_cut_short(self):
        (found,) = read_address({"clusters": "9" * 1000}).complaints
        assert len(found) < 120

    def test_a_link_comes_back_as_it_was(self):
        order = Order(count=20, seed=7)
        address = as_address(order, "cluster-0003")
        visit = read_address(address)
        assert (visit.order, visit.cluster, visit.complaints) == (order, "cluster-0003", ())

    def test_as_many_can_be_ordered_as_the_service_makes(self):
        assert MOST_CLUSTERS == SERVED


def test_every_kind_of_trouble_has_a_symbol_and_a_word_of_its_own():
    assert set(ISSUE_SIGNS) == set(IssueType)
    assert len({sign.symbol for sign in ISSUE_SIGNS.values()}) == len(IssueType)


class TestRows:
    def test_failing_clusters_come_first_then_the_riskiest(self):
        watched = cluster("watch", state="watch", issue_probability=0.6)
        risky, riskier = at_risk("b"), at_risk("a", issue_probability=0.95)
        told = simulation(cluster("quiet"), watched, risky, failing("down"), riskier)
        assert [c.cluster_id for c in ranked(told)] == ["down", "a", "b", "watch", "quiet"]

    def test_state_and_issue_are_symbols_with_words(self):
        rows = cluster_rows((at_risk(), cluster()), 0.1)
        assert [row.state_words for row in rows] == ["▲ At risk", "● Stable"]
        assert [row.issue for row in rows] == ["▤ Resource exhaustion", ""]

    @pytest.mark.parametrize(
        ("probability", "words", "ink"),
        [(0.05, "● Stable", "stable"), (0.1, "● Stable, medium", "medium")],
    )
    def test_green_is_for_clusters_without_a_raised_risk(self, probability, words, ink):
        pod = {"name": "a-0", "workload": "a", "failure_probability": probability, "reasons": []}
        (row,) = cluster_rows((cluster(leading_pod=pod),), 0.1)
        assert (row.state_words, row.ink) == (words, ink)

    def test_unknown_stays_unknown(self):
        (row,) = cluster_rows((cluster(metrics={"error_rate": None, "latency_ms": None}),), 0.1)
        assert (row.error_pct, row.latency_ms) == (None, None)


class TestSummary:
    def test_it_counts_what_is_told_beside_what_was_simulated(self):
        view = summary(simulation())
        assert view.headline == "3 clusters of seed 7: ✖ failing 1, ▲ at risk 1, ● stable 1"
        counted = {bar.issue: (bar.told, bar.simulated) for bar in view.issues}
        assert counted["▤ Resource exhaustion"] == (1, 1)
        assert counted["↻ Pod failure"] == (1, 0)
        assert "○ No issue" not in counted
        assert "begun in 1 cluster." in view.issues_sentence

    def test_every_probability_is_in_one_bin(self):
        edges = [cluster(issue_probability=p) for p in (0.0, 0.0999, 0.1, 0.95, 1.0)]
        view = summary(simulation(*edges))
        assert [each.clusters for each in view.bins] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
        assert "80.0 %" in view.bins_sentence


class TestOneCluster:
    def test_at_risk(self):
        view = cluster_view(at_risk(), simulation())
        assert view.headline == "▲ At risk: resource exhaustion"
        assert view.number == "88.0 %"
        assert "any of its 6 pods begins to fail within 5 minutes" in view.sentence
        assert view.leader == "Riskiest pod: cart-1, 85.0 %"
        assert [action.is_command for action in view.remedy.actions] == [True, False]
        assert view.truth == (
            "▤ Resource exhaustion in cart-1, begun 12 min ago, which has not failed yet."
        )

    def test_failing_is_no_probability(self):
        view = cluster_view(failing(pods_failing=2), simulation())
        assert (view.number, view.share) == ("Now", None)
        assert view.sentence == "2 of its 6 pods are down."
        assert view.leader == "pay-2 is failing"

    def test_quiet(self):
        view = cluster_view(cluster(), simulation())
        assert view.headline == "● Stable"
        assert "healthy, or nothing has begun" in view.truth
        assert "1 restart," in view.facts

    def test_a_trouble_that_ended_says_when(self):
        truth = LEAK | {"failed_at": AT - timedelta(minutes=4)}
        view = cluster_view(cluster(truth=truth), simulation())
        assert "which first failed 4 min ago" in view.truth

    def test_a_pod_without_data_leads_without_a_number(self):
        pod = {"name": "a-0", "workload": "a", "failure_probability": None, "reasons": []}
        view = cluster_view(cluster(leading_pod=pod), simulation())
        assert view.leader == "a-0 has too little data"

    def test_facts_leave_out_what_is_unknown(self):
        view = cluster_view(cluster(metrics={"pod_memory_max": None}), simulation())
        assert "fullest" not in view.facts
