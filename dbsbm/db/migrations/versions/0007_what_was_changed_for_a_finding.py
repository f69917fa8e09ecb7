"""What was done about a finding, step by step, and the changes of schemas that were made for it.

Revision: 0007, after 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dbsbm.db import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    target = sa.Column("target", sa.String(190), nullable=False, server_default="")
    op.add_column("findings", target)
    op.create_table(
        "finding_steps",
        sa.Column("id", types.RowId, nullable=False),
        sa.Column("finding_id", sa.String(32), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("taken_at", types.UtcDateTime(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_steps")),
    )
    op.create_index(op.f("ix_finding_steps_finding_id_id"), "finding_steps", ["finding_id", "id"])
    op.create_table(
        "schema_changes",
        sa.Column("id", types.RowId, nullable=False),
        sa.Column("finding_id", sa.String(32), nullable=False),
        sa.Column("target", sa.String(190), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("schema_name", sa.String(64), nullable=False),
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("watch", sa.JSON(), nullable=True),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("intended_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_changes")),
    )
    op.create_index(op.f("ix_schema_changes_finding_id_id"), "schema_changes", ["finding_id", "id"])
    op.create_index(op.f("ix_schema_changes_target_state"), "schema_changes", ["target", "state"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("schema_changes")
    op.drop_table("finding_steps")
    op.drop_column("findings", "target")
