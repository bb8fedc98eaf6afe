"""A route of SMS: until when it rests, since when it is down, how far its provider's inbox was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add them; no route rests, and no inbox was read."""
    op.add_column("sms_routes", sa.Column("not_before_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("sms_routes", sa.Column("down_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("sms_routes", sa.Column("inbox", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them."""
    for name in ("inbox", "down_ms", "not_before_ms"):
        with op.batch_alter_table("sms_routes") as altered:
            altered.drop_column(name)
