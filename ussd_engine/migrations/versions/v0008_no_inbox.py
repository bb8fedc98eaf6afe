"""The ledger lists no cases by institution any more: officers look into the core's own tables."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_cases_inbox", "cases")


def downgrade() -> None:
    """Make it again."""
    op.create_index("ix_cases_inbox", "cases", ["institution", "state", "submitted"])
