"""The tables as this version of the program knows them; migrations make them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData()

WATCHERS = Table(
    "watchers",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("cluster", Text, nullable=False),
    Column("shard", Text, nullable=False),
    UniqueConstraint("cluster", "shard", name="watchers_cluster_shard"),
)
"""Who writes: one watcher per cluster and shard of it. All other rows belong to one of them."""

PODS = Table(
    "pods",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("watcher_id", Integer, ForeignKey("watchers.id"), nullable=False),
    Column("namespace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("workload", Text, nullable=False),
    Column("seen_at", Double, nullable=False),
    UniqueConstraint("watcher_id", "namespace", "name", name="pods_watcher_name"),
    Index("pods_seen", "watcher_id", "seen_at"),
)
"""Each pod once. ``seen_at`` lags behind, by an hour at most, see :mod:`podforecast.store.pods`."""

STATE = Table(
    "state",
    METADATA,
    Column("watcher_id", Integer, ForeignKey("watchers.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

SCANS = Table(
    "scans",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("watcher_id", Integer, ForeignKey("watchers.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("horizon_seconds", Double, nullable=False),
    Column("pods", Integer, nullable=False),
    Column("graded", Boolean, nullable=False),
    Column("pod_seconds", Double, nullable=False),
    UniqueConstraint("watcher_id", "at", name="scans_watcher_at"),
    Index(
        "scans_due",
        "watcher_id",
        "at",
        sqlite_where=text("NOT graded"),
        postgresql_where=text("NOT graded"),
    ),
)
"""``pods`` counts the forecasts; ``pod_seconds`` is the time that the judged ones cover."""

FORECASTS = Table(
    "forecasts",
    METADATA,
    Column("probability", Double),
    Column("scan_id", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("pod_id", Integer, nullable=False),
    Column("at_risk", Boolean, nullable=False),
    Column("failing", Boolean, nullable=False),
    Column("outcome", SmallInteger),
    sqlite_with_rowid=False,
)
"""``place`` is the pod's row in its scan. ``outcome`` is NULL until the scan is graded, and stays
NULL where nothing happened: nearly every row is then written once and never touched again. The
widest column comes first, since PostgreSQL pads. No foreign keys: each would be looked up for
every row, and rows come and go with their scan, in its transaction."""

TALLIES = Table(
    "tallies",
    METADATA,
    Column("scan_id", Integer, primary_key=True, autoincrement=False),
    Column("bin", SmallInteger, primary_key=True, autoincrement=False),
    Column("forecasts", Integer, nullable=False),
    Column("probability", Double, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("squared_error", Double, nullable=False),
    sqlite_with_rowid=False,
)
"""Sums over the judged forecasts of a graded scan by bin of probability: what a track record adds
up, so that it never has to read millions of forecasts."""

NOTIFICATIONS = Table(
    "notifications",
    METADATA,
    Column("scan_id", Integer, primary_key=True, autoincrement=False),
    Column("pod_id", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("failed", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

FAILURES = Table(
    "failures",
    METADATA,
    Column("pod_id", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, primary_key=True),
    Column("scan_id", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("first", Boolean, nullable=False),
    Column("announced_minutes", Double),
    Index("failures_scan", "scan_id"),
    sqlite_with_rowid=False,
)
"""``scan_id`` is the scan that was graded when the failure was told; it ends with that scan."""
