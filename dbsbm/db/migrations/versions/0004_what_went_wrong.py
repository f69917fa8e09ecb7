"""What went wrong: incidents, how the rules stand, silences, and what was changed in the fleet.

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dbsbm.db import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = ("incidents", "alert_states", "alert_silences", "changes")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "incidents",
        _id(),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("series", sa.String(length=190), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("effect", sa.String(length=300), nullable=False),
        sa.Column("runbook", sa.String(length=300), nullable=False),
        sa.Column("unit", sa.String(length=300), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("fired_at", types.UtcDateTime(), nullable=True),
        sa.Column("resolved_at", types.UtcDateTime(), nullable=True),
        sa.Column("resolution", sa.String(length=32), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("worst", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=100), nullable=True),
        sa.Column("acknowledged_at", types.UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told_version", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_state_fired_at"), "incidents", ["state", "fired_at"])
    op.create_index(op.f("ix_incidents_started_at"), "incidents", ["started_at"])
    op.create_table(
        "alert_states",
        _id(),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("series", sa.String(length=190), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_states")),
        sa.UniqueConstraint("rule", "series", name=op.f("uq_alert_states_rule_series")),
    )
    op.create_table(
        "alert_silences",
        _id(),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("series", sa.String(length=190), nullable=False),
        sa.Column("until", types.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_silences")),
    )
    op.create_index(op.f("ix_alert_silences_until"), "alert_silences", ["until"])
    op.create_table(
        "changes",
        _id(),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("summary", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    op.create_index(op.f("ix_changes_at"), "changes", ["at"])


def downgrade() -> None:
    """Undo."""
    for table in _TABLES:
        op.drop_table(table)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)
