"""The fields of the form, derived from the catalogue: label, unit, limits, step, help."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from podforecast.api_schema.predict import LARGEST
from podforecast.domain.catalogue import CATALOGUE, OPTIONAL, REQUIRED, Feature

UNIT_SUFFIXES = re.compile("_(pct|ms|hrs|kib_per_s|per_s)$")
UNSPOKEN_UNITS = ("category", "count")
"""A label that says "restart count" needs no unit."""
SPELLINGS: Mapping[str, str] = {
    "cpu": "CPU",
    "fds": "file descriptors",
    "vs": "against",
    "24h": "in 24 h",
    "1h": "in 1 h",
    "10m": "over 10 min",
    "3m": "over 3 min",
    "1m": "over 1 min",
}

GROUPS: Mapping[str, str] = {
    "Memory": "memory_",
    "CPU": "cpu_",
    "Requests": "latency_|requests?_|server_error_|error_log_",
    "Probes, scrapes and file descriptors": "liveness_|readiness_|probe_|scrape_|open_fds_",
    "Recent past": "containers_|restarts_|minutes_since_|last_|workload_|siblings_",
    "Node, network and disk": "node_|network_|disk_",
}
"""Title of a group of optional fields, and how the names of its features begin."""
OTHER = "Other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input of the form."""

    name: str
    label: str
    help: str
    low: float
    high: float
    step: float
    digits: int
    """Behind the decimal point."""
    whole: bool
    choices: tuple[str, ...]
    """Not empty where the field is a category."""
    start: float | str
    """What a healthy pod has."""

    @property
    def is_share(self) -> bool:
        """Whether a slider spans all it can be."""
        return not self.choices and (self.low, self.high) == (0.0, 1.0)


def required_fields() -> tuple[Field, ...]:
    """Fields that must be filled in, in the order of the catalogue."""
    return tuple(field_of(feature) for feature in REQUIRED)


def optional_groups() -> dict[str, tuple[Field, ...]]:
    """Fields that may stay empty, by group; each is in exactly one."""
    grouped: dict[str, list[Field]] = {title: [] for title in (*GROUPS, OTHER)}
    for feature in OPTIONAL:
        grouped[_group(feature.name)].append(field_of(feature))
    return {title: tuple(fields) for title, fields in grouped.items() if fields}


def label_of(name: str) -> str:
    """Name of a field for people, without its unit.

    >>> label_of("restart_count_24h"), label_of("cpu_usage_pct"), label_of("pod_id")
    ('Restart count in 24 h', 'CPU usage', 'Pod id')
    """
    words = UNIT_SUFFIXES.sub("", name).split("_")
    text = " ".join(SPELLINGS.get(word, word) for word in words)
    return text[:1].upper() + text[1:]


def known_names() -> frozenset[str]:
    return frozenset(feature.name for feature in CATALOGUE)


def _group(name: str) -> str:
    return next((title for title, start in GROUPS.items() if re.match(start, name)), OTHER)


def field_of(feature: Feature) -> Field:
    """Describe the input of a feature."""
    first, last = feature.typical
    # A hundredth of what is typical, as a round number: 150 % in steps of 1, 4 in steps of 0.01.
    step = 1.0 if feature.whole else 10.0 ** math.floor(math.log10((last - first) / 100))
    unit = "" if feature.unit in UNSPOKEN_UNITS else f" ({feature.unit})"
    return Field(
        name=feature.name,
        label=f"{label_of(feature.name)}{unit}",
        help=f"{feature.meaning} Source: {feature.source}.",
        low=max(feature.low, -LARGEST),
        high=min(feature.high, LARGEST),
        step=step,
        digits=0 if feature.whole else max(1, -round(math.log10(step))),
        whole=feature.whole,
        choices=feature.categories,
        start=feature.categories[int(feature.default)] if feature.categories else feature.default,
    )
