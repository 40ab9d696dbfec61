"""What a minute of a pod looks like beside the pod's own last half hour. Nothing looks ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.nezha.measurements import Measurements

PAST_MINUTES = 30
RECENT_MINUTES = 4
"""Not part of the past: a fault must not become its own yardstick."""
FLOOR = 0.05
"""Least spread, in natural logarithms: five percent of change are nothing."""
CLIP = 20.0
NORMAL_IQR = 1.349
"""Of a normal distribution with a standard deviation of 1."""
PEAK_MINUTES = 120
OF_A_POD = (
    "cpuusagerate",
    "memoryusagerate",
    "networkreceivebytes",
    "networktransmitbytes",
    "podclientlatencyp90_s",
    "podserverlatencyp90_s",
    "podserverlatencyp99_s",
    "podworkload_ops",
)
LEVELS = ("cpuusagerate", "memoryusagerate")
OF_AN_EDGE = ("source_p50_s", "destination_p50_s", "gap")
"""As the caller sees it, as the callee sees it, and what lies between: the network."""


def table(measured: Measurements) -> pd.DataFrame:
    """Features of every row of the measurements, NaN where unknown."""
    pods = measured.pods
    own = _beside_the_past(np.log1p(pods[list(OF_A_POD)]), pods["pod"])
    edges = _edges(measured.edges)
    parts = [
        own,
        _above_the_others(own, pods["minute"]),
        pods[list(LEVELS)].add_suffix(":level"),
        _joined(pods, edges, "dst", "called"),
        _joined(pods, edges, "src", "calling"),
        _front_door(pods, measured.frontend),
    ]
    found = pd.concat([part.reset_index(drop=True) for part in parts], axis=1)
    # A slow callee makes its caller slow: what is left is the pod's own.
    for name in OF_AN_EDGE:
        found[f"{name}:own"] = found[f"called:{name}:now"] - found[f"calling:{name}:now"].fillna(0)
    return found


def _beside_the_past(logs: pd.DataFrame, key: pd.Series) -> pd.DataFrame:
    """Robust deviations from the past of the same key, and how far above its peak a value is."""
    keys = key.to_numpy()
    past = logs.groupby(keys, sort=False).shift(RECENT_MINUTES)
    middle = _rolled(past, keys, PAST_MINUTES, 3, "median")
    spread = _rolled(past, keys, PAST_MINUTES, 3, "iqr") / NORMAL_IQR + FLOOR
    now = ((logs - middle) / spread).clip(-CLIP, CLIP)
    parts = {
        "now": now,
        # Jobs that spike now and then spike often: one minute of it is news to nobody.
        "lasting": _rolled(now, keys, 2, 2, "min"),
        "peak": (logs - _rolled(past, keys, PEAK_MINUTES, 3, "max")).clip(-5, 5),
    }
    return pd.concat([part.add_suffix(f":{name}") for name, part in parts.items()], axis=1)


def _rolled(
    logs: pd.DataFrame, keys: np.ndarray, minutes: int, least: int, statistic: str
) -> pd.DataFrame:
    """A statistic of the last so many minutes of each key."""
    window = logs.groupby(keys, sort=False).rolling(minutes, min_periods=least)
    if statistic == "iqr":
        found = window.quantile(0.75) - window.quantile(0.25)
    else:
        found = getattr(window, statistic)()
    return found.droplevel(0).reindex(logs.index)


def _above_the_others(own: pd.DataFrame, minute: pd.Series) -> pd.DataFrame:
    """How far a pod's deviations stand out among all pods of the minute."""
    now = own.filter(like=":now")
    middle = now.groupby(minute.to_numpy()).transform("median")
    return (now - middle).add_suffix(":others")


def _edges(edges: pd.DataFrame) -> pd.DataFrame:
    """Deviations of each edge from its own past."""
    ordered = edges.sort_values(["edge", "minute"], ignore_index=True)
    logs = np.log(ordered[["source_p50_s", "destination_p50_s"]].clip(lower=1e-4))
    logs["gap"] = logs["source_p50_s"] - logs["destination_p50_s"]
    return pd.concat([ordered[["minute", "src", "dst"]], _beside_the_past(logs, ordered["edge"])],
                     axis=1)  # fmt: skip


def _joined(pods: pd.DataFrame, edges: pd.DataFrame, side: str, name: str) -> pd.DataFrame:
    """The worst edge that ends (``dst``) or begins (``src``) at the pod's service."""
    worst = edges.drop(columns={"src", "dst"} - {side}).groupby(["minute", side]).max()
    keys = pd.MultiIndex.from_arrays([pods["minute"], pods["service"]])
    return worst.reindex(keys).add_prefix(f"{name}:").reset_index(drop=True)


def _front_door(pods: pd.DataFrame, frontend: pd.DataFrame) -> pd.DataFrame:
    """The same for the whole shop: how its visitors are served."""
    numbers = frontend.select_dtypes("number").columns
    ordered = frontend.sort_values("minute", ignore_index=True)
    logs = np.log1p(ordered[numbers].clip(lower=0))
    found = _beside_the_past(logs, pd.Series(0, index=logs.index)).filter(like=":now")
    found.index = pd.Index(ordered["minute"])
    return found.reindex(pods["minute"]).add_prefix("front:").reset_index(drop=True)
