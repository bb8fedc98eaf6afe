"""What an operator has stopped, until when; and the phones to which a service in pilot is open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the tables: nothing is stopped, and no phone is listed."""
    op.create_table(
        "stops",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("until_ms", sa.BigInteger),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "pilots",
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("tag", sa.LargeBinary, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Index("ix_pilots_at_ms", "at_ms"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("pilots")
    op.drop_table("stops")
