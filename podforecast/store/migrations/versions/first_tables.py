"""The first shape: watchers, pods, scans, forecasts, and what came of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _names()
    _scans()
    _what_came_of_them()


def _names() -> None:
    op.create_table(
        "watchers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("cluster", sa.Text, nullable=False),
        sa.Column("shard", sa.Text, nullable=False),
        sa.UniqueConstraint("cluster", "shard", name="watchers_cluster_shard"),
    )
    op.create_table(
        "pods",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("watcher_id", sa.Integer, sa.ForeignKey("watchers.id"), nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("workload", sa.Text, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.UniqueConstraint("watcher_id", "namespace", "name", name="pods_watcher_name"),
    )
    op.create_index("pods_seen", "pods", ["watcher_id", "seen_at"])
    op.create_table(
        "state",
        sa.Column("watcher_id", sa.Integer, sa.ForeignKey("watchers.id"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def _scans() -> None:
    op.create_table(
        "scans",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("watcher_id", sa.Integer, sa.ForeignKey("watchers.id"), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("horizon_seconds", sa.Double, nullable=False),
        sa.Column("pods", sa.Integer, nullable=False),
        sa.Column("graded", sa.Boolean, nullable=False),
        sa.Column("pod_seconds", sa.Double, nullable=False),
        sa.UniqueConstraint("watcher_id", "at", name="scans_watcher_at"),
    )
    due = sa.text("NOT graded")
    op.create_index(
        "scans_due", "scans", ["watcher_id", "at"], sqlite_where=due, postgresql_where=due
    )
    op.create_table(
        "forecasts",
        sa.Column("probability", sa.Double),
        sa.Column("scan_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("pod_id", sa.Integer, nullable=False),
        sa.Column("at_risk", sa.Boolean, nullable=False),
        sa.Column("failing", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.SmallInteger),
        sqlite_with_rowid=False,
    )


def _what_came_of_them() -> None:
    op.create_table(
        "tallies",
        sa.Column("scan_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bin", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("forecasts", sa.Integer, nullable=False),
        sa.Column("probability", sa.Double, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("squared_error", sa.Double, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notifications",
        sa.Column("scan_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("pod_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "failures",
        sa.Column("pod_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, primary_key=True),
        sa.Column("scan_id", sa.Integer, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("first", sa.Boolean, nullable=False),
        sa.Column("announced_minutes", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_index("failures_scan", "failures", ["scan_id"])
