"""What can be read of a case: a question only while it is open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

BEFORE_AN_ANSWER = ("queued", "received", "opened", "in_progress", "transferred")


def upgrade() -> None:
    """Where nobody has answered yet, and nothing is asked now, what was said was a question that is over."""
    for name in ("cases", "core_cases"):
        cases = sa.table(name, sa.column("state", sa.Text), sa.column("spoken", sa.Boolean))
        op.execute(cases.update().where(cases.c.state.in_(BEFORE_AN_ANSWER)).values(spoken=False))


def downgrade() -> None:
    """Nothing: what an older release would show again is no answer."""
