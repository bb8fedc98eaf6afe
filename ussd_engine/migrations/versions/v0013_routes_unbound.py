"""A route of SMS: since when it is stopped, why its bind does not stand, and since when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add them; of what is stopped by now nobody knows since when."""
    op.add_column("sms_routes", sa.Column("stopped_ms", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("sms_routes", sa.Column("unbound", sa.Text, nullable=False, server_default=""))
    op.add_column("sms_routes", sa.Column("unbound_ms", sa.BigInteger, nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop them."""
    for name in ("unbound_ms", "unbound", "stopped_ms"):
        with op.batch_alter_table("sms_routes") as altered:
            altered.drop_column(name)
