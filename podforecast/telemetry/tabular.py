"""A user's own table of features, CSV or Parquet, as a dataset to train on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from podforecast.domain.catalogue import CATALOGUE, FEATURE_NAMES, REQUIRED
from podforecast.domain.tables import Dataset, Index
from podforecast.domain.telemetry import STEP, Array
from podforecast.errors import DataUnusable
from podforecast.telemetry.cells import BadCell, read_feature, read_target, read_times

TARGETS = ("predicted_pod_failure", "next_pod_failure", "target", "failure")
"""Names of the target column; the first one that is there."""

POD = ("pod_id", "pod", "pod_name")
NAMESPACE = ("namespace",)
WORKLOAD = ("workload", "deployment", "service")
TIME = ("timestamp", "time", "at")
OTHER_NAMES = ("uid", "node", "node_name", "container", "cluster", "cluster_id", "id")
KEYS = frozenset(POD + NAMESPACE + WORKLOAD + TIME + OTHER_NAMES)
"""Names of things: they group and order rows, and are never features."""

EMPTY = ("", "NA", "N/A", "NaN", "nan", "null", "NULL")
"""``None`` is not among them: it is an autoscaler action."""

NAMELESS = "(no name)"

BAD_CELLS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """How a table was understood."""

    target: str
    """The column that was taken as the target."""
    unknown_columns: tuple[str, ...]
    """Neither a feature, nor the target, nor a name of something: not used."""
    missing_optional: tuple[str, ...]
    """Optional features the table does not have; unknown in every row."""
    rows_without_label: int
    """Left out."""
    grouped: bool
    """Whether rows of one pod can be told to belong together."""
    ordered: bool
    """Whether rows have times; without, the order of the file stands in for them."""


def read_table(path: Path) -> tuple[Dataset, TableReport]:
    """Read a table.

    A table says which rows precede a failure, not when the failure began: ``failures`` is empty
    and ``failure`` is -1 in every row.

    Raises
    ------
    DataUnusable
        If it can not be read, has no target or only one class, lacks required columns (all are
        named), or has cells that are no values (the first ones are named by row and column).
    """
    frame = _load(path)
    target = _target_of(frame)
    missing = [feature.name for feature in REQUIRED if feature.name not in frame]
    if missing:
        raise DataUnusable(
            f"{path.name} lacks required columns: {', '.join(missing)}",
            hint="docs/features.md says what each one means; empty cells are allowed.",
        )
    y, bad = read_target(frame[target])
    x, bad_features = _features(frame)
    time, bad_times = _times(frame)
    _refuse(path, [*bad, *bad_features, *bad_times])
    labelled = np.isfinite(y)
    _require_two_classes(path, target, y[labelled])
    dataset = _dataset(path.stem, frame, x=x, y=y, time=time).rows(labelled)
    return dataset, _report(frame, target, int((~labelled).sum()))


def _load(path: Path) -> pd.DataFrame:
    """All cells as text, so that one reader judges CSV and Parquet."""
    try:
        parquet = path.suffix.lower() in {".parquet", ".pq"}
        frame = pd.read_parquet(path).astype("string") if parquet else _read_csv(path)
    except (OSError, ValueError) as error:
        raise DataUnusable(
            f"{path} can not be read as a table: {error}",
            hint="Give a CSV file with a header line and commas, or a Parquet file.",
        ) from error
    if frame.empty:
        raise DataUnusable(f"{path} has no rows", hint="It needs a header line and rows below it.")
    frame = frame.rename(columns=lambda name: str(name).strip()).reset_index(drop=True)
    if not frame.columns.is_unique:
        twice = sorted(set(frame.columns[frame.columns.duplicated()]))
        raise DataUnusable(
            f"{path.name} has columns twice: {', '.join(twice)}", hint="Keep one of each."
        )
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    """The header is read as a row: pandas would rename what stands in it twice."""
    frame = pd.read_csv(
        path,
        header=None,
        dtype="string",
        encoding="utf-8-sig",
        skipinitialspace=True,
        keep_default_na=False,
        na_values=EMPTY,
    )
    return frame[1:].set_axis(frame.iloc[0].fillna(NAMELESS).to_list(), axis=1)


def _target_of(frame: pd.DataFrame) -> str:
    for name in TARGETS:
        if name in frame:
            return name
    raise DataUnusable(
        f"no target column among: {', '.join(map(str, frame.columns))}",
        hint=f"Name it one of {', '.join(TARGETS)}; 1 where a failure follows, else 0.",
    )


def _features(frame: pd.DataFrame) -> tuple[Array, list[BadCell]]:
    x = np.full((len(frame), len(CATALOGUE)), np.nan)
    bad: list[BadCell] = []
    for column, feature in enumerate(CATALOGUE):
        if feature.name in frame:
            x[:, column], wrong = read_feature(frame[feature.name], feature)
            bad += wrong
    return x, bad


def _times(frame: pd.DataFrame) -> tuple[Array, list[BadCell]]:
    column = _first_of(TIME, frame)
    if column is None:
        return STEP.total_seconds() * np.arange(len(frame), dtype=np.float64), []
    return read_times(column)


def _first_of(names: Sequence[str], frame: pd.DataFrame) -> pd.Series[str] | None:
    return next((frame[name] for name in names if name in frame), None)


def _refuse(path: Path, bad: Sequence[BadCell]) -> None:
    if bad:
        shown = "; ".join(map(str, bad[:BAD_CELLS_SHOWN]))
        more = f"; and {len(bad) - BAD_CELLS_SHOWN} more" if len(bad) > BAD_CELLS_SHOWN else ""
        raise DataUnusable(
            f"{path.name} has {len(bad)} cells that can not be used: {shown}{more}",
            hint="Correct them, or leave them empty where the value is not known.",
        )


def _require_two_classes(path: Path, target: str, y: Array) -> None:
    positives = int(y.sum())
    if positives in {0, len(y)}:
        raise DataUnusable(
            f"{path.name} has one class only: {positives} of {len(y)} rows have {target} = 1",
            hint="A model needs rows that precede a failure and rows that do not.",
        )


def _dataset(name: str, frame: pd.DataFrame, *, x: Array, y: Array, time: Array) -> Dataset:
    pods, workloads = _names(frame)
    pod, pod_names = _indexed(name, pods)
    workload, workload_names = _indexed(name, workloads)
    nothing = np.zeros(len(frame), np.int64)
    return Dataset(
        x=x,
        y=np.nan_to_num(y).astype(np.int8),
        time=time,
        pod=pod,
        workload=workload,
        campaign=nothing,
        failure=nothing - 1,
        pods=pod_names,
        workloads=workload_names,
        campaigns=(name,),
        failures=(),
        failure_pod=np.empty(0, np.int64),
        step_seconds=_step(pod, time),
    )


def _names(frame: pd.DataFrame) -> tuple[pd.Series[str], pd.Series[str]]:
    """Pod and workload of each row; a row without a pod stands for itself."""
    rows = pd.Series([f"row-{row}" for row in range(1, len(frame) + 1)], dtype="string")
    pods = _first_of(POD, frame)
    pods = rows if pods is None else pods.fillna(rows)
    workloads = _first_of(WORKLOAD, frame)
    workloads = pods if workloads is None else workloads.fillna(pods)
    namespaces = _first_of(NAMESPACE, frame)
    prefix = "default/" if namespaces is None else namespaces.fillna("default") + "/"
    return prefix + pods, prefix + workloads


def _indexed(campaign: str, names: pd.Series[str]) -> tuple[Index, tuple[str, ...]]:
    codes, unique = pd.factorize(names, sort=True)
    index: NDArray[np.int64] = codes.astype(np.int64)
    return index, tuple(f"{campaign}/{name}" for name in unique)


def _step(pod: Index, time: Array) -> float:
    """Usual distance of two rows of a pod."""
    order = np.lexsort((time, pod))
    apart = np.diff(time[order])[np.diff(pod[order]) == 0]
    apart = apart[apart > 0]
    return float(np.median(apart)) if len(apart) else STEP.total_seconds()


def _report(frame: pd.DataFrame, target: str, rows_without_label: int) -> TableReport:
    columns = [str(name) for name in frame.columns]
    known: Mapping[str, None] = dict.fromkeys((*FEATURE_NAMES, *KEYS, target))
    return TableReport(
        target=target,
        unknown_columns=tuple(name for name in columns if name not in known),
        missing_optional=tuple(
            f.name for f in CATALOGUE if not f.required and f.name not in columns
        ),
        rows_without_label=rows_without_label,
        grouped=_first_of(POD, frame) is not None,
        ordered=_first_of(TIME, frame) is not None,
    )
