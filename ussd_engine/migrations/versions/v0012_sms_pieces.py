"""Parts of long SMS that wait for the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sms_pieces",
        sa.Column("tag", sa.LargeBinary, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("words", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Index("ix_sms_pieces_at_ms", "at_ms"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("sms_pieces")
