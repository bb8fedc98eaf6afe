"""What follows a case to its answer: more of the projection, the core's news, counted tries, erasure."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_COLUMNS: dict[str, tuple[sa.types.TypeEngine[Any], object]] = {
    "changed": (sa.Date(), "1970-01-01"),
    "event": (sa.Text(), ""),
    "leader": (sa.Text(), ""),
    "moves": (sa.Integer(), 0),
    "appeals": (sa.Integer(), 0),
    "spoken": (sa.Boolean(), False),
    "rating": (sa.Text(), ""),
    "overdue": (sa.Boolean(), False),
    "touched": (sa.Date(), "1970-01-01"),
    "generation": (sa.Integer(), 0),
    "pin_seen": (sa.Boolean(), True),
}
"""Columns that hold something always, with what stands in the rows that are there."""


def upgrade() -> None:
    """Add them."""
    for name, (type_, _) in _COLUMNS.items():
        op.add_column("cases", sa.Column(name, type_))
    op.add_column("cases", sa.Column("ended", sa.Date))
    op.add_column("cases", sa.Column("pin_asked_ms", sa.BigInteger))
    cases = sa.table(
        "cases", sa.column("submitted", sa.Date), *(sa.column(name, type_) for name, (type_, _) in _COLUMNS.items())
    )
    days = {"changed": cases.c.submitted, "touched": cases.c.submitted}
    values = {name: days.get(name, value) for name, (_, value) in _COLUMNS.items()}
    op.execute(cases.update().values(**values))
    with op.batch_alter_table("cases") as table:
        for name, (type_, _) in _COLUMNS.items():
            table.alter_column(name, existing_type=type_, nullable=False)
        table.alter_column("sequence", existing_type=sa.Integer(), type_=sa.BigInteger())
    op.create_index("ix_cases_due", "cases", ["state", "due"])
    op.add_column("languages", sa.Column("muted", sa.Boolean))
    languages = sa.table("languages", sa.column("muted", sa.Boolean))
    op.execute(languages.update().values(muted=False))
    with op.batch_alter_table("languages") as table:
        table.alter_column("muted", existing_type=sa.Boolean(), nullable=False)
    _turns()
    _tables()


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_dead_letters_case", "dead_letters")
    op.drop_index("ix_outbox_due", "outbox")
    op.create_index("ix_outbox_next_ms", "outbox", ["next_ms"])
    op.drop_index("ix_outbox_case", "outbox")
    for column in ("reference", "turn"):
        op.drop_column("dead_letters", column)
    for column in ("turn", "passes"):
        op.drop_column("outbox", column)
    for name in ("erased", "tries", "marks", "news"):
        op.drop_table(name)
    with op.batch_alter_table("languages") as table:
        table.drop_column("muted")
    op.drop_index("ix_cases_due", "cases")
    with op.batch_alter_table("cases") as table:
        table.alter_column("sequence", existing_type=sa.BigInteger(), type_=sa.Integer())
        for name in (*_COLUMNS, "ended", "pin_asked_ms"):
            table.drop_column(name)


def _turns() -> None:
    # What waits was queued when submissions alone were carried.
    op.add_column("outbox", sa.Column("turn", sa.Integer, nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("passes", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("ix_outbox_case", "outbox", ["reference", "turn"])
    op.drop_index("ix_outbox_next_ms", "outbox")
    op.create_index("ix_outbox_due", "outbox", ["next_ms", "queued_ms"])
    op.add_column("dead_letters", sa.Column("reference", sa.Text))
    op.add_column("dead_letters", sa.Column("turn", sa.Integer))
    op.create_index("ix_dead_letters_case", "dead_letters", ["reference", "turn"])


def _tables() -> None:
    op.create_table(
        "news",
        sa.Column("reference", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
    )
    op.create_index("ix_news_verdict", "news", ["verdict"])
    op.create_table(
        "marks",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("mark", sa.Text, nullable=False),
    )
    op.create_table(
        "tries",
        sa.Column("tag", sa.LargeBinary, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_tries_tag", "tries", ["tag", "what", "at_ms"])
    op.create_index("ix_tries_at_ms", "tries", ["at_ms"])
    op.create_table(
        "erased",
        sa.Column("handle", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
