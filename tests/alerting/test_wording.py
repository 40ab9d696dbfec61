"""Alerts in words: what people read at night."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from podforecast.alerting.channels.wording import Links, pods, summary
from podforecast.domain.alerts import Alert
from podforecast.ui.viewmodels.fleet_query import PodName, read_address
from tests.alerting.fleet import RULES, T0, Policy, pod

ROOT = Path(__file__).parents[2]
HORIZON = timedelta(minutes=5)


def alert(*seen, then=(), limit: int = 20) -> Alert:
    """The last alert that is told after one scan, or two."""
    policy = Policy(replace(RULES, most_per_10_minutes=limit))
    policy.scan(*seen)
    if then:
        policy.scan(*then)
    return policy.state.told[-1]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        pytest.param(alert(pod(0.934)),
                     "cart-0 of shop/cart is likely to fail within 5 min (93 %)", id="one pod"),
        pytest.param(alert(pod(0.934), pod(0.6, "cart-1")),
                     "2 pods of shop/cart are likely to fail within 5 min (up to 93 %)", id="two"),
        pytest.param(alert(pod(1.0)),
                     "cart-0 of shop/cart is likely to fail within 5 min (over 99 %)", id="sure"),
        pytest.param(alert(pod(0.9), then=[pod(None, failing=True)]),
                     "1 pod of shop/cart failed, as announced", id="failed"),
        pytest.param(alert(pod(0.9), pod(0.8, "cart-1"),
                           then=[pod(None, failing=True), pod(0.8, "cart-1")]),
                     "1 pod of shop/cart failed, as announced; 1 more likely to fail within 5 min",
                     id="failed, and another is at risk"),
        pytest.param(alert(pod(0.9, "a-0"), pod(0.8, "b-0"), limit=1),
                     "1 more workload with 1 pod likely to fail within 5 min, the riskiest with"
                     " 80 %",
                     id="one is held back"),
        pytest.param(alert(pod(0.9, "a-0"), pod(0.8, "b-0"), pod(0.7, "c-0"), pod(0.6, "c-1"),
                           limit=1),
                     "2 more workloads with 3 pods likely to fail within 5 min, the riskiest with"
                     " 80 %", id="many are held back"),
    ],
)  # fmt: skip
def test_a_summary_says_who_how_much_and_how_soon(told, words):
    assert summary(told, HORIZON) == words


def test_of_many_pods_ten_are_named():
    crowd = [pod(0.9, f"cart-{i}") for i in range(13)]
    assert pods(alert(*crowd)).endswith("cart-5 (90 %), cart-6 (90 %) and 3 more")


def test_a_pod_that_failed_is_named_with_its_time():
    told = alert(pod(0.9), then=[pod(0.1, failed_at=T0 + 3)])
    assert pods(told) == "cart-0 (failed at 2023-11-14T22:13:23.000Z)"


@pytest.mark.parametrize(
    ("told", "address"),
    [
        pytest.param(alert(pod(0.9)), "https://pods/fleet?pod=shop%2Fcart-0", id="one pod"),
        pytest.param(alert(pod(0.9, "a-0"), pod(0.8, "b-0"), limit=1),
                     "https://pods/fleet?state=at_risk", id="many"),
    ],
)  # fmt: skip
def test_the_dashboard_is_linked_where_it_is_known(told, address):
    assert Links(dashboard_url="https://pods/").dashboard(told) == address
    assert Links().dashboard(told) == Links().runbook(told.fingerprint.cause) == ""


def test_a_link_is_one_that_the_dashboard_reads():
    url = httpx.URL(Links(dashboard_url="https://pods").dashboard(alert(pod(0.9))))
    page = (ROOT / "podforecast" / "ui" / "pages" / "fleet.py").read_text()
    assert f'URL_PATH = "{url.path.strip("/")}"' in page
    query, complaints = read_address(dict(url.params))
    assert (query.pod, complaints) == (PodName("shop", "cart-0"), ())
