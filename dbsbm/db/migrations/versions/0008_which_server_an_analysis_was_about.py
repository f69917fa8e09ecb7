"""Which server an analysis was about: that of a foreign one is not the fleet's last.

Revision: 0008, after 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    target = sa.Column("target", sa.String(length=190), nullable=False, server_default="")
    op.add_column("optimizer_runs", target)


def downgrade() -> None:
    """Undo."""
    op.drop_column("optimizer_runs", "target")
