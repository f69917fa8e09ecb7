"""${message}.

Revision: ${up_revision}, after ${down_revision}
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dbsbm.db import types
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Undo."""
    ${downgrades if downgrades else "pass"}
