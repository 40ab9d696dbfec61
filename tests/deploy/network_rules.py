"""Who may talk to whom under a set of NetworkPolicies, as far as our policies go.

A connection needs both ends: the egress of the one who calls, the ingress of the one called. Where
no policy selects a pod for a direction, all of it is allowed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.deploy.kustomize import Manifest, namespace, of_kind


@dataclass(frozen=True)
class End:
    """A pod, or an address outside the cluster."""

    space: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    address: str = ""


def allowed(policies: Iterable[Manifest], source: End, target: End, port: int,
            protocol: str = "TCP") -> bool:  # fmt: skip
    policies = of_kind(policies, "NetworkPolicy")
    return all(
        _passes(policies, own, other, _Port(port, protocol, target.ports), direction)
        for own, other, direction in ((source, target, "Egress"), (target, source, "Ingress"))
    )


@dataclass(frozen=True)
class _Port:
    number: int
    protocol: str
    names: Mapping[str, int]


def _passes(policies: list[Manifest], own: End, other: End, port: _Port, direction: str) -> bool:
    about = [policy["spec"] for policy in policies
             if not own.address and namespace(policy) == own.space
             and direction in policy["spec"]["policyTypes"]
             and _selects(policy["spec"]["podSelector"], own.labels)]  # fmt: skip
    if not about:
        return True
    side = "to" if direction == "Egress" else "from"
    return any(
        _has_port(rule, port) and any(_is_peer(peer, own, other) for peer in rule[side])
        for spec in about
        for rule in spec.get(direction.lower(), ())
    )


def _has_port(rule: Manifest, port: _Port) -> bool:
    return "ports" not in rule or any(
        each.get("protocol", "TCP") == port.protocol
        and port.names.get(each["port"], each["port"]) == port.number
        for each in rule["ports"]
    )


def _is_peer(peer: Manifest, own: End, other: End) -> bool:
    if "ipBlock" in peer:
        block = ipaddress.ip_network(peer["ipBlock"]["cidr"])
        return bool(other.address) and ipaddress.ip_address(other.address) in block
    if other.address:
        return False
    if "namespaceSelector" in peer:
        spaces = {"kubernetes.io/metadata.name": other.space}
        if not _selects(peer["namespaceSelector"], spaces):
            return False
    elif other.space != own.space:
        return False
    return _selects(peer.get("podSelector", {}), other.labels)


def _selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    assert selector.keys() <= {"matchLabels", "matchExpressions"}
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", ())
    )
