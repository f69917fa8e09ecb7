"""How often an incident was posted, and since when: what a crash in between must not forget.

Revision: 0005, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dbsbm.db import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    posts = sa.Column("posts", sa.Integer(), nullable=False, server_default="0")
    op.add_column("incidents", posts)
    op.add_column("incidents", sa.Column("posting_at", types.UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("incidents", "posting_at")
    op.drop_column("incidents", "posts")
