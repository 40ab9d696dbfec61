"""Names of pods on their way into commands."""

from __future__ import annotations

import pytest

from podforecast.explain.addresses import PodAddress


@pytest.mark.parametrize(
    ("pod_id", "arguments"),
    [
        pytest.param("x; reboot", "POD", id="shell"),
        pytest.param("$(reboot)", "POD", id="substitution"),
        pytest.param("a\nb", "POD", id="newline"),
        pytest.param("-n", "POD", id="flag"),
        pytest.param("Cart", "POD", id="capital"),
        pytest.param("ж", "POD", id="not-ascii"),
        pytest.param("/", "POD", id="slash-alone"),
        pytest.param("Shop/cart-0", "cart-0", id="namespace-with-a-capital"),
        pytest.param("shop/a/b", "-n shop POD", id="two-slashes"),
        pytest.param("cart-0", "cart-0", id="name"),
        pytest.param("shop/cart-0", "-n shop cart-0", id="namespace-and-name"),
        pytest.param("node.example.com", "node.example.com", id="static-pod"),
    ],
)
def test_only_what_kubernetes_allows_is_used(pod_id, arguments):
    assert PodAddress.parse(pod_id).arguments == arguments


@pytest.mark.parametrize(
    ("name", "deployment"),
    [
        pytest.param("checkout-5d4f8c7b9-k2m4x", "checkout", id="deployment"),
        pytest.param("api-v2-7c9d5b8f6d-x4kzt", "api-v2", id="hyphen-in-its-name"),
        pytest.param("sessions-0", None, id="stateful-set"),
        pytest.param("node-agent-x4kzt", None, id="daemon-set"),
        pytest.param("my-service-backend-redis", None, id="words"),
        pytest.param("X-5d4f8c7b9-k2m4x", None, id="no-name-of-kubernetes"),
    ],
)
def test_the_deployment_is_known_where_the_name_shows_it(name, deployment):
    assert PodAddress(name=name).deployment == deployment
