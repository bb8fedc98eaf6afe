"""The service of what waits, so that each addressee's worker finds its own rows without passing over others'."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

FILL = """
UPDATE outbox SET service = coalesce(
    (SELECT cases.service FROM cases WHERE cases.reference = outbox.reference), '')
"""


def upgrade() -> None:
    """Add it, from the cases; what is claimed is found by it."""
    op.add_column("outbox", sa.Column("service", sa.Text, nullable=False, server_default=""))
    op.execute(FILL)
    op.drop_index("ix_outbox_due", "outbox")
    op.create_index("ix_outbox_due", "outbox", ["service", "next_ms", "queued_ms"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_outbox_due", "outbox")
    op.create_index("ix_outbox_due", "outbox", ["next_ms", "queued_ms"])
    with op.batch_alter_table("outbox") as altered:
        altered.drop_column("service")
