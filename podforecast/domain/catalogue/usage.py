"""Optional features of memory and CPU: what has a limit."""

from __future__ import annotations

import math

from podforecast.domain.catalogue.feature import PERCENT_MAX, Feature, optional

USAGE: tuple[Feature, ...] = (
    # Memory: where it is, how it moves, and how that compares with what this pod survived.
    # Trends and pasts begin anew with the container: a restart is no garbage collection.
    optional(
        "memory_growth_3m",
        "% of limit per min",
        (-10.0, 10.0),
        "Slope of the working set over the window.",
        "memory_usage_ratio",
        low=-math.inf,
        usual=(-0.5, 0.5),
    ),
    optional(
        "memory_growth_10m",
        "% of limit per min",
        (-5.0, 5.0),
        "Slope of the working set over the last 10 minutes.",
        "memory_usage_ratio",
        low=-math.inf,
        usual=(-0.2, 0.2),
    ),
    optional(
        "memory_growth_steadiness",
        "0-1",
        (0.0, 1.0),
        "Share of the working set's variation over 10 minutes that a rising line explains;"
        " 0 when it does not rise.",
        "memory_usage_ratio",
        high=1.0,
        usual=(0.0, 0.7),
    ),
    optional(
        "memory_minutes_to_limit",
        "min",
        (0.0, 120.0),
        "Minutes until the working set reaches the limit at its 10-minute pace;"
        " 120 when that is further away or it does not grow.",
        "memory_usage_ratio",
        form_default=120.0,
        high=120.0,
        usual=(60.0, 120.0),
    ),
    optional(
        "memory_minutes_to_limit_3m",
        "min",
        (0.0, 120.0),
        "Minutes until the working set reaches the limit at the pace of the window;"
        " 120 when that is further away or it does not grow.",
        "memory_usage_ratio",
        form_default=120.0,
        high=120.0,
        usual=(60.0, 120.0),
    ),
    optional(
        "memory_minutes_to_limit_1m",
        "min",
        (0.0, 120.0),
        "Minutes until the working set reaches the limit at the pace of the last minute:"
        " the first to notice a fast leak; 120 when further away.",
        "memory_usage_ratio",
        form_default=120.0,
        high=120.0,
        usual=(60.0, 120.0),
    ),
    optional(
        "memory_growth_change",
        "% of limit per min",
        (-10.0, 10.0),
        "Slope of the window minus slope of the last 10 minutes: positive where growth"
        " speeds up, negative where it levels off.",
        "memory_usage_ratio",
        low=-math.inf,
        usual=(-0.5, 0.5),
    ),
    optional(
        "memory_peak_pct",
        "% of limit",
        (0.0, 100.0),
        "Largest working set in the last hour.",
        "memory_usage_ratio",
        high=PERCENT_MAX,
        usual=(10.0, 80.0),
    ),
    optional(
        "memory_above_past_peak",
        "% of limit",
        (-100.0, 100.0),
        "Working set minus the largest one in the hour before the window: positive where"
        " the pod has never been so high.",
        "memory_usage_ratio",
        low=-math.inf,
        usual=(-50.0, 1.0),
    ),
    optional(
        "memory_largest_drop",
        "% of limit",
        (0.0, 100.0),
        "Deepest fall from a peak within the last hour: garbage collection shows here.",
        "memory_usage_ratio",
        usual=(0.0, 40.0),
    ),
    optional(
        "memory_vs_own_past",
        "% of limit",
        (-100.0, 100.0),
        "Working set minus the median of the hour before the window.",
        "memory_usage_ratio",
        low=-math.inf,
        usual=(-10.0, 10.0),
    ),
    optional(
        "memory_vs_siblings",
        "% of limit",
        (-100.0, 100.0),
        "Working set minus the median of the workload's other pods.",
        "memory_usage_ratio",
        low=-math.inf,
        usual=(-10.0, 10.0),
    ),
    # CPU
    optional(
        "cpu_throttled_pct",
        "% of periods",
        (0.0, 100.0),
        "Share of CFS periods in which the worst container was throttled, mean of the window.",
        "cpu_throttled_ratio",
        high=100.0,
        usual=(0.0, 5.0),
    ),
    optional(
        "cpu_throttled_vs_own_past",
        "% of periods",
        (-100.0, 100.0),
        "Throttling minus the median of the hour before the window.",
        "cpu_throttled_ratio",
        low=-math.inf,
        usual=(-5.0, 5.0),
    ),
    optional(
        "cpu_growth_10m",
        "% of limit per min",
        (-20.0, 20.0),
        "Slope of CPU use over the last 10 minutes.",
        "cpu_usage_ratio",
        low=-math.inf,
        usual=(-1.0, 1.0),
    ),
    optional(
        "cpu_at_limit_minutes",
        "min",
        (0.0, 60.0),
        "For how long CPU use has been above 90 % of the limit without a break, at most an hour.",
        "cpu_usage_ratio",
        high=60.0,
        usual=(0.0, 1.0),
    ),
    optional(
        "cpu_vs_own_past",
        "% of limit",
        (-150.0, 150.0),
        "CPU use minus the median of the hour before the window.",
        "cpu_usage_ratio",
        low=-math.inf,
        usual=(-20.0, 20.0),
    ),
    optional(
        "cpu_vs_siblings",
        "% of limit",
        (-150.0, 150.0),
        "CPU use minus the median of the workload's other pods.",
        "cpu_usage_ratio",
        low=-math.inf,
        usual=(-20.0, 20.0),
    ),
)
