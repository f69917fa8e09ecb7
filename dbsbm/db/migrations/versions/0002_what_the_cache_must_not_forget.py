"""What the cache must not forget: changed policies, invalidations it is owed, and what is hot.

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dbsbm.db import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "cache_policies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("changed_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cache_policies")),
    )
    op.create_index(
        op.f("ix_cache_policies_category_id"), "cache_policies", ["category", "id"], unique=False
    )
    op.create_table(
        "cache_debts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cache_debts")),
    )
    op.create_index(op.f("ix_cache_debts_created_at"), "cache_debts", ["created_at"], unique=False)
    op.create_table(
        "cache_hot_logs",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken_at", types.UtcDateTime(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cache_hot_logs")),
    )


def downgrade() -> None:
    """Undo."""
    for table in ("cache_hot_logs", "cache_debts", "cache_policies"):
        op.drop_table(table)
