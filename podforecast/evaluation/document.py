"""A report as files: JSON for programs, Markdown for people."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path

from podforecast.evaluation.figures import Report
from podforecast.evaluation.tables import all_tables

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def as_json(value: object) -> Json:
    """Turn figures into what JSON knows; NaN and infinity become null.

    >>> as_json({"a": (1.0, float("nan"))})
    {'a': [1.0, None]}

    Raises
    ------
    TypeError
        For anything else than dataclasses, mappings, sequences and scalars.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def to_json(report: Report) -> str:
    """One document, indented."""
    return json.dumps(as_json(report), indent=2, allow_nan=False) + "\n"


def to_markdown(report: Report, *, plots: Sequence[Path] = ()) -> str:
    """Every table; the plots, which lie in the same folder, come first."""
    head = (
        f"# Evaluation of model {report.model_version}\n\n"
        f"{report.algorithm}; a failure begins within {report.horizon_minutes:g} minutes.\n"
    )
    figures = [f"![{path.stem.replace('_', ' ')}]({path.name})\n" for path in plots]
    return "\n".join([head, *figures, *(t.to_markdown(level=2) for t in all_tables(report))])
