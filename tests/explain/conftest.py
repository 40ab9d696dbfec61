"""Rows and contributions made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.explanation import Contributions


@pytest.fixture
def make_row():
    """A healthy pod with nothing optional measured; a test names what differs."""

    def make(**changes):
        row = np.array([f.default if f.required else np.nan for f in CATALOGUE])
        for name, value in changes.items():
            feature = CATALOGUE[feature_index(name)]
            is_category = isinstance(value, str)
            row[feature_index(name)] = feature.categories.index(value) if is_category else value
        return row

    return make


@pytest.fixture
def make_parts():
    """Log-odds by feature; the features that are not named add nothing."""

    def make(**parts):
        found = np.zeros(len(CATALOGUE))
        for name, part in parts.items():
            found[feature_index(name)] = part
        return found

    return make


@pytest.fixture
def contributed(make_parts):
    """Contributions of one row, from a base of -3."""

    def make(**parts):
        found = make_parts(**parts)
        return Contributions(
            method="exact", base=np.array([-3.0]), parts=found[None],
            log_odds=np.array([-3.0 + found.sum()]),
        )  # fmt: skip

    return make
