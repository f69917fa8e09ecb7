"""What was measured: series and points with sketches instead of samples, and statements' texts.

The samples of before are dropped: they hold sums of a minute, and no percentile can be made of it.

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from dbsbm.db import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_table("metric_samples")
    op.create_table(
        "metric_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", _exact(64), nullable=False),
        sa.Column("labels", _exact(190), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("first_seen", types.UtcDateTime(), nullable=False),
        sa.Column("last_seen", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_series")),
        sa.UniqueConstraint("name", "labels", name=op.f("uq_metric_series_name_labels")),
    )
    op.create_index(op.f("ix_metric_series_last_seen"), "metric_series", ["last_seen"])
    op.create_table(
        "metric_points",
        sa.Column("series_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resolution", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", types.UtcDateTime(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in _NUMBERS),
        sa.Column("sketch", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("series_id", "resolution", "start", name=op.f("pk_metric_points")),
    )
    op.create_index(
        op.f("ix_metric_points_resolution_start"), "metric_points", ["resolution", "start"]
    )
    op.create_table(
        "metric_rollups_due",
        sa.Column("resolution", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("resolution", "start", name=op.f("pk_metric_rollups_due")),
    )
    op.create_table(
        "statements",
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("verb", sa.String(length=64), nullable=False),
        sa.Column("table", sa.String(length=64), nullable=False),
        sa.Column("first_seen", types.UtcDateTime(), nullable=False),
        sa.Column("last_seen", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_statements")),
    )
    op.create_index(op.f("ix_statements_last_seen"), "statements", ["last_seen"])


def downgrade() -> None:
    """Undo."""
    for table in (*("statements", "metric_rollups_due", "metric_points", "metric_series"),):
        op.drop_table(table)
    op.create_table(
        "metric_samples",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taken_at", types.UtcDateTime(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("labels", sa.String(length=190), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_samples")),
    )
    op.create_index(op.f("ix_metric_samples_name_taken_at"), "metric_samples", ["name", "taken_at"])
    op.create_index(op.f("ix_metric_samples_taken_at"), "metric_samples", ["taken_at"])


_NUMBERS = ("total", "low", "high", "last")


def _exact(length: int) -> sa.String:
    binary = mysql.VARCHAR(length, collation="utf8mb4_bin")
    return sa.String(length).with_variant(binary, "mysql", "mariadb")
