"""Values refuse to be built wrong, whoever builds them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from podforecast.domain.catalogue import Feature, feature_index
from podforecast.domain.pods import PodRef
from podforecast.domain.tables import Dataset, concatenate
from podforecast.domain.telemetry import TelemetryBlock

POD, OTHER = PodRef("shop", "cart-0"), PodRef("shop", "cart-1")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def block(**changes):
    usual = {"pods": (POD, OTHER), "workloads": ("shop/cart", "shop/cart"),
             "times": np.array([0.0, 15.0]), "signals": {"restarts": np.zeros((2, 2))}}  # fmt: skip
    return TelemetryBlock(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"workloads": ("shop/cart",)}, "1 workloads for 2 pods", id="workloads"),
        pytest.param({"pods": (POD, POD)}, "unique", id="same-pod-twice"),
        pytest.param({"times": np.array([15.0, 15.0])}, "increasing", id="time-stands-still"),
        pytest.param({"signals": {"restarts": np.zeros((2, 3))}}, "restarts", id="shape"),
    ],
)
def test_a_block_refuses_parts_that_do_not_fit(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        block(**changes)


def test_a_signal_the_source_does_not_have_is_unknown_everywhere():
    assert np.isnan(block().signal("latency_p95_ms")).all()
    assert block().signal("restarts").tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_feature_nobody_defined_is_named():
    with pytest.raises(KeyError, match="typo"):
        feature_index("typo")


def test_a_feature_whose_default_is_out_of_range_is_refused():
    with pytest.raises(ValueError, match="odd"):
        Feature(name="odd", unit="1", typical=(0.0, 1.0), meaning="", source="", default=2.0)


@pytest.mark.parametrize("usual", [(-1.0, 0.5), (0.5, 0.2), (0.5, 2.0)], ids=str)
def test_a_feature_whose_usual_range_is_out_of_limits_is_refused(usual):
    with pytest.raises(ValueError, match="odd"):
        Feature(name="odd", unit="1", typical=(0.0, 1.0), meaning="", source="", high=1.0,
                usual=usual)  # fmt: skip


def dataset(campaign, n_rows=2, step_seconds=15.0):
    index = np.zeros(n_rows, dtype=np.int64)
    return Dataset(
        x=np.zeros((n_rows, 3)), y=np.zeros(n_rows, dtype=np.int8), time=np.arange(float(n_rows)),
        pod=index, workload=index, campaign=index, failure=index - 1,
        pods=(f"{campaign}/shop/cart-0",), workloads=(f"{campaign}/shop/cart",),
        campaigns=(campaign,), failures=(), failure_pod=np.empty(0, dtype=np.int64),
        step_seconds=step_seconds,
    )  # fmt: skip


def test_joined_datasets_keep_their_names_apart():
    both = concatenate([dataset("a"), dataset("b", n_rows=3)])
    assert len(both) == 5
    assert [both.pods[i] for i in both.pod] == 2 * ["a/shop/cart-0"] + 3 * ["b/shop/cart-0"]
    assert [both.campaigns[i] for i in both.campaign] == 2 * ["a"] + 3 * ["b"]
    assert both.pod_hours == pytest.approx(5 * 15 / 3600)
    assert len(both.rows(both.campaign == 1)) == 3


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([], id="nothing"),
        pytest.param([dataset("a"), replace(dataset("b"), step_seconds=60.0)], id="two-steps"),
    ],
)
def test_datasets_that_can_not_be_joined_are_refused(parts):
    with pytest.raises(ValueError, match="common step"):
        concatenate(parts)
