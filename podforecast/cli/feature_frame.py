"""A feature table as rows that somebody can read, keep, and train on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.tables import FeatureTable, Index
from podforecast.errors import ConfigurationError

Write = Callable[[pd.DataFrame, Path], Any]

WRITERS: dict[str, Write] = {
    ".parquet": lambda table, path: table.to_parquet(path, index=False),
    ".csv": lambda table, path: table.to_csv(path, index=False),
}


def writer_of(output: Path) -> Write:
    """Return what writes a file of that name.

    Raises
    ------
    ConfigurationError
        If it ends otherwise than in ``.parquet`` or ``.csv``.
    """
    write = WRITERS.get(output.suffix)
    if write is None:
        raise ConfigurationError(
            f"{output} is neither {' nor '.join(WRITERS)}", hint="Name the output accordingly."
        )
    return write


def frame_of(moment: FeatureTable, rows: Index, *, timestamp: object) -> pd.DataFrame:
    """Names and features of some rows; categories as words, unknown as empty cells."""
    frame: dict[str, Any] = {
        "timestamp": [timestamp] * len(rows),
        "namespace": [moment.pods[row].namespace for row in rows],
        "pod_id": [moment.pods[row].name for row in rows],
        "workload": [moment.workloads[row] for row in rows],
    }
    chosen = np.take(moment.values, rows, axis=0)
    for place, feature in enumerate(CATALOGUE):
        values = chosen[:, place]
        frame[feature.name] = (
            [None if np.isnan(v) else feature.categories[int(v)] for v in values]
            if feature.categories
            else values
        )
    return pd.DataFrame(frame)
