"""The features, each defined once.

Trainer, request schema, dashboard form, tooltips and ``docs/features.md`` are derived from
``CATALOGUE``. Adding a feature is one entry in a table beside this page and one function in
:mod:`podforecast.features`; the two are held together by a test.
"""

from __future__ import annotations

import hashlib
from functools import cache

from podforecast.domain.catalogue.answers import ANSWERS
from podforecast.domain.catalogue.feature import PERCENT_MAX, Feature
from podforecast.domain.catalogue.required import AUTOSCALER_ACTIONS, REQUIRED
from podforecast.domain.catalogue.surroundings import SURROUNDINGS, TERMINATION_REASONS
from podforecast.domain.catalogue.usage import USAGE

__all__ = [
    "AUTOSCALER_ACTIONS",
    "CATALOGUE",
    "FEATURE_NAMES",
    "OPTIONAL",
    "PERCENT_MAX",
    "REQUIRED",
    "TERMINATION_REASONS",
    "Feature",
    "feature_index",
    "fingerprint",
]

OPTIONAL: tuple[Feature, ...] = USAGE + ANSWERS + SURROUNDINGS
CATALOGUE: tuple[Feature, ...] = REQUIRED + OPTIONAL
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in CATALOGUE)


@cache
def feature_index(name: str) -> int:
    """Column of a feature in every table.

    >>> feature_index("cpu_usage_pct")
    0

    Raises
    ------
    KeyError
        If the catalogue has no such feature.
    """
    try:
        return FEATURE_NAMES.index(name)
    except ValueError:
        raise KeyError(f"{name!r} is not in the catalogue") from None


def fingerprint(catalogue: tuple[Feature, ...] = CATALOGUE) -> str:
    """Identify columns, order, units and categories; stored with every model.

    >>> len(fingerprint())
    12
    """
    lines = (f"{f.name}|{f.unit}|{','.join(f.categories)}|{f.required}" for f in catalogue)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
