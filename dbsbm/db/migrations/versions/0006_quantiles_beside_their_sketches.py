"""Quantiles beside the sketches that they are of: a chart reads numbers, and no sketch.

Points that are there already have none, and are read by their sketches for as long as they last.

Revision: 0006, after 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_QUANTILES = ("p50", "p95", "p99")


def upgrade() -> None:
    """Apply."""
    for name in _QUANTILES:
        op.add_column("metric_points", sa.Column(name, sa.Double(), nullable=True))


def downgrade() -> None:
    """Undo."""
    for name in _QUANTILES:
        op.drop_column("metric_points", name)
