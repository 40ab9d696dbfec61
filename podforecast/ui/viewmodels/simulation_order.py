"""What is ordered on the Simulate page, as the address of the page has it: a link repeats it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_CLUSTERS = 1000
USUAL_COUNT = 50
MAX_SEED = 2**32 - 1
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Some clusters; the service draws a seed where none is given."""

    count: int
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What an address asks for."""

    order: Order | None
    """None where nothing is ordered yet."""
    cluster: str | None
    """The one that is looked at."""
    complaints: tuple[str, ...]
    """What could not be used."""


def read_address(params: Mapping[str, str]) -> Visit:
    """Read the parameters of a link.

    >>> read_address({"clusters": "20", "seed": "7"}).order
    Order(count=20, seed=7)
    >>> read_address({"clusters": "1001"}).complaints
    ('clusters = 1001 is no whole number from 1 to 1000.',)
    >>> read_address({}).order is None
    True
    """
    count = _whole(params.get("clusters"), 1, MOST_CLUSTERS)
    seed = _whole(params.get("seed"), 0, MAX_SEED)
    complaints = tuple(
        f"{name} = {params[name][:LONGEST_NAME]} is no whole number from {low:d} to {high:d}."
        for name, read, low, high in (
            ("clusters", count, 1, MOST_CLUSTERS),
            ("seed", seed, 0, MAX_SEED),
        )
        if name in params and read is None
    )
    return Visit(
        order=None if count is None else Order(count=count, seed=seed),
        cluster=params.get("cluster", "")[:LONGEST_NAME] or None,
        complaints=complaints,
    )


def as_address(order: Order | None, cluster: str | None) -> dict[str, str]:
    """Write the parameters of a link.

    >>> as_address(Order(count=20, seed=7), "cluster-0003")
    {'clusters': '20', 'seed': '7', 'cluster': 'cluster-0003'}
    >>> as_address(None, None)
    {}
    """
    if order is None:
        return {}
    params = {
        "clusters": str(order.count),
        "seed": "" if order.seed is None else str(order.seed),
        "cluster": cluster or "",
    }
    return {name: value for name, value in params.items() if value}


def _whole(text: str | None, low: int, high: int) -> int | None:
    if text is None or not re.fullmatch(r"\d{1,10}", text, re.ASCII):
        return None
    return int(text) if low <= int(text) <= high else None
