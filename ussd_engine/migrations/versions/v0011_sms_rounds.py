"""How often an SMS went out and was reported as failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add it; no SMS has come back."""
    op.add_column("sms", sa.Column("rounds", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("sms") as altered:
        altered.drop_column("rounds")
