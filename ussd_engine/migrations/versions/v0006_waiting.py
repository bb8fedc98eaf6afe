"""Why a message waits: the kind of its last error, and whether the whole route was stopped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add them; of what waits already nothing is known."""
    op.add_column("outbox", sa.Column("error", sa.Text, nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Drop them."""
    for name in ("paused", "error"):
        with op.batch_alter_table("outbox") as altered:
            altered.drop_column(name)
