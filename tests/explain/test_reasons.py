"""Which features are named as reasons, and that nothing gets lost."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, FEATURE_NAMES
from podforecast.domain.explanation import Contributions
from podforecast.explain.phrases import PHRASES
from podforecast.explain.reasons import MOST_REASONS, NEGLIGIBLE, explain


def named(explanation):
    return [reason.feature for reason in explanation.reasons]


def test_the_largest_comes_first_whichever_way_it_points(make_row, contributed):
    parts = contributed(cpu_usage_pct=1.0, memory_usage_pct=2.0, request_latency_ms=-1.5)
    explanation = explain(make_row(), parts)
    assert named(explanation) == ["memory_usage_pct", "request_latency_ms", "cpu_usage_pct"]
    assert [reason.direction for reason in explanation.reasons] == ["raises", "lowers", "raises"]


def test_a_reason_has_its_value_unit_range_and_sentence(make_row, contributed):
    row = make_row(memory_usage_pct=98.5)
    (reason,) = explain(row, contributed(memory_usage_pct=2.0)).reasons
    assert (reason.value, reason.unit) == (98.5, "% of limit")
    assert (reason.typical_low, reason.typical_high) == (10.0, 70.0)
    assert reason.contribution == 2.0
    assert reason.sentence == "Memory usage is 98.5 % of its limit; usually 10 to 70 %."


def test_a_category_is_a_word_without_a_range(make_row, contributed):
    row = make_row(last_termination_reason="oom_killed")
    (reason,) = explain(row, contributed(last_termination_reason=1.0)).reasons
    assert reason.value == "oom_killed"
    assert (reason.typical_low, reason.typical_high) == (None, None)
    assert reason.sentence == "A container was last killed for running out of memory."


def test_near_synonyms_do_not_push_out_what_says_something_new(make_row, contributed):
    row = make_row(memory_growth_3m=2.0, memory_growth_10m=2.0)
    parts = contributed(
        memory_growth_10m=1.2, memory_growth_3m=1.0, memory_leak_rate=0.9, memory_usage_pct=0.5,
        cpu_usage_pct=0.4, request_latency_ms=0.3, error_log_rate=0.2,
    )  # fmt: skip
    assert named(explain(row, parts)) == [
        "memory_growth_10m", "memory_usage_pct", "cpu_usage_pct", "request_latency_ms",
        "error_log_rate",
    ]  # fmt: skip


def test_near_copies_weigh_together_since_a_forest_shares_what_they_say(make_row, contributed):
    row = make_row(cpu_vs_own_past=60.0, cpu_growth_10m=5.0)
    parts = contributed(
        cpu_usage_pct=0.3, cpu_vs_own_past=0.3, cpu_growth_10m=0.2, request_latency_ms=0.5
    )
    assert named(explain(row, parts))[:2] == ["cpu_usage_pct", "request_latency_ms"]


def test_a_subject_is_told_by_the_side_that_weighs_more(make_row, contributed):
    row = make_row(memory_growth_3m=2.0, memory_growth_10m=-1.0)
    parts = contributed(memory_growth_3m=0.4, memory_growth_10m=-0.5, memory_leak_rate=0.3)
    assert named(explain(row, parts)) == ["memory_growth_3m", "memory_leak_rate"]


def test_late_scrapes_and_failed_probes_are_one_subject(make_row, contributed):
    row = make_row(scrape_seconds=3.0, liveness_failures_3m=2.0)
    parts = contributed(scrape_seconds=0.9, liveness_failures_3m=0.8, cpu_usage_pct=0.2)
    assert named(explain(row, parts)) == [
        "scrape_seconds", "cpu_usage_pct", "liveness_failures_3m",
    ]  # fmt: skip


def test_where_there_is_room_two_of_a_subject_are_named_and_no_more(make_row, contributed):
    row = make_row(memory_growth_3m=2.0, memory_growth_10m=2.0, memory_minutes_to_limit=4.0)
    parts = contributed(
        memory_growth_3m=1.0, memory_growth_10m=1.2, memory_minutes_to_limit=0.9,
        memory_leak_rate=0.8, memory_usage_pct=0.5, cpu_usage_pct=0.3,
    )  # fmt: skip
    explanation = explain(row, parts)
    assert named(explanation) == [
        "memory_growth_10m", "memory_usage_pct", "cpu_usage_pct", "memory_growth_3m",
    ]  # fmt: skip
    assert explanation.other == pytest.approx(0.9 + 0.8)


def test_all_that_was_not_measured_is_one_reason(make_row, contributed):
    parts = contributed(node_cpu_pct=0.9, open_fds_pct=0.8, cpu_throttled_pct=0.7)
    (reason,) = explain(make_row(), parts).reasons
    assert reason.value is None
    assert reason.sentence == "CPU of the node was not measured."


def test_what_hardly_matters_is_no_reason(make_row, contributed):
    explanation = explain(make_row(), contributed(cpu_usage_pct=0.9 * NEGLIGIBLE))
    assert explanation.reasons == ()
    assert explanation.other == pytest.approx(0.9 * NEGLIGIBLE)


def test_a_row_is_explained_by_its_own_contributions(make_row, contributed):
    first, second = contributed(cpu_usage_pct=1.0), contributed(memory_usage_pct=1.0)
    both = Contributions(
        method="path",
        base=np.concatenate([first.base, second.base]),
        parts=np.concatenate([first.parts, second.parts]),
        log_odds=np.concatenate([first.log_odds, second.log_odds]),
    )
    assert named(explain(make_row(), both, index=1)) == ["memory_usage_pct"]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_gets_lost_whatever_is_known(seed):
    rng = np.random.default_rng(seed)
    row = np.array([0.0 if f.categories else rng.uniform(0, 100) for f in CATALOGUE])
    row[rng.random(len(row)) < 0.5] = np.nan
    parts = rng.normal(scale=2.0, size=(1, len(row)))
    log_odds = -3.0 + parts.sum(axis=1)
    explanation = explain(
        row, Contributions(method="path", base=np.array([-3.0]), parts=parts, log_odds=log_odds)
    )
    reasons = explanation.reasons
    total = explanation.base_log_odds + sum(r.contribution for r in reasons) + explanation.other
    assert total == pytest.approx(explanation.log_odds, abs=1e-6)
    assert len(reasons) <= MOST_REASONS
    known = [reason for reason in reasons if reason.value is not None]
    families = [PHRASES[reason.feature].family for reason in known]
    assert max(families.count(family) for family in families) <= 2
    assert {reason.feature for reason in reasons} <= set(FEATURE_NAMES)
