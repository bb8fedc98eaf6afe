"""What is kept for a core that is told by webhook: its words, and messages that it has yet to read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "webhook_words",
        sa.Column("reference", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("order", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "webhook_messages",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("reference", sa.Text, nullable=False, index=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("read_ms", sa.BigInteger),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("webhook_messages")
    op.drop_table("webhook_words")
