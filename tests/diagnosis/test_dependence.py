"""What hangs on a signal is measured."""

from __future__ import annotations

import pytest

from podforecast.diagnosis.dependence import features_lost, reliance
from podforecast.domain.catalogue import FEATURE_NAMES
from podforecast.features.build import SIGNALS_READ
from tests.diagnosis.made_up import IMPORTANCES

NOTHING_UNKNOWN = {"liveness_failures", "readiness_failures", "status_code"}
"""Without them something is taken for granted instead; the doctor says so in words."""


def test_with_all_signals_every_feature_is_known():
    assert features_lost(frozenset()) == ()
    # What is lost without any signal is everything: none was unknown from the start.
    assert set(features_lost(frozenset(SIGNALS_READ))) == set(FEATURE_NAMES)


@pytest.mark.parametrize("signal", SIGNALS_READ)
def test_every_signal_has_features_of_its_own_or_a_sentence(signal):
    assert bool(features_lost(frozenset({signal}))) == (signal not in NOTHING_UNKNOWN)


def test_signals_that_are_missing_together_may_cost_more_than_each():
    pair = ("server_error_rate", "error_log_lines_per_min")
    each = {name for signal in pair for name in features_lost(frozenset({signal}))}
    assert set(features_lost(frozenset(pair))) > each


@pytest.mark.parametrize(
    ("features", "share"),
    [
        pytest.param((), 0.0, id="nothing lost"),
        pytest.param(("memory_usage_pct",), 0.15 / 0.4, id="half of a group"),
        pytest.param(("memory_usage_pct", "open_fds_pct"), 0.2 / 0.4, id="of two groups"),
        pytest.param(("network_drops_per_s",), 0.0, id="a group the model ranks no worse without"),
        pytest.param(("node_cpu_pct",), 0.0, id="in no group"),
    ],
)
def test_reliance_is_the_share_of_the_importance(features, share):
    assert reliance(features, IMPORTANCES) == pytest.approx(share)


def test_a_model_that_relies_on_nothing_loses_nothing():
    assert reliance(["open_fds_pct"], ()) == 0.0
