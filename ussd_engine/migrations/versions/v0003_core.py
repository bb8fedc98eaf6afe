"""The built-in core of officers: more of its cases, what was said on them, the record, events, figures."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("changed", sa.Date),
        sa.Column("sequence", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("leader", sa.Text, nullable=False, server_default=""),
        sa.Column("moves", sa.Integer, nullable=False, server_default="0"),
        sa.Column("appeals", sa.Integer, nullable=False, server_default="0"),
        sa.Column("ended", sa.Date),
        sa.Column("spoken", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("rating", sa.Text, nullable=False, server_default=""),
        sa.Column("overdue", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("addressed", sa.Text, nullable=False, server_default=""),
        sa.Column("district", sa.Text, nullable=False, server_default=""),
        sa.Column("passed", sa.Text, nullable=False, server_default=""),
        sa.Column("hidden", sa.Text, nullable=False, server_default=""),
        sa.Column("unaddressed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("kept", sa.Boolean, nullable=False, server_default=sa.false()),
    ]


_INBOX = ["institution", "state", "received"]
_INDEXES = {
    "ix_core_cases_newest": ["received", "reference"],
    "ix_core_cases_state": ["state", "received", "reference"],
    "ix_core_cases_office": ["institution", "received", "reference"],
    "ix_core_cases_ended": ["state", "ended"],
    "ix_core_cases_due": ["overdue", "state", "due"],
}


def upgrade() -> None:
    """Make them; cases that are there stand with the institution that they were sent to, and are counted."""
    for column in _columns():
        op.add_column("core_cases", column)
    for name, columns in _INDEXES.items():
        op.create_index(name, "core_cases", columns)
    op.drop_index("ix_core_cases_inbox", "core_cases")
    op.create_index("ix_core_cases_inbox", "core_cases", [*_INBOX, "reference"])
    _words()
    _record()
    op.execute(
        "INSERT INTO core_figures (service, institution, type, level, bucket, overdue, count) "
        "SELECT service, institution, type, 'institution', 'open', false, count(*) FROM core_cases "
        "GROUP BY service, institution, type"
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("core_figures", "core_taken", "core_events", "core_head", "core_record", "core_words", "core_seats"):
        op.drop_table(name)
    op.drop_index("ix_core_cases_inbox", "core_cases")
    op.create_index("ix_core_cases_inbox", "core_cases", _INBOX)
    for name in _INDEXES:
        op.drop_index(name, "core_cases")
    with op.batch_alter_table("core_cases") as table:
        for column in _columns():
            table.drop_column(column.name)


def _words() -> None:
    op.create_table(
        "core_seats",
        sa.Column("office", sa.Text, primary_key=True),
        sa.Column("reference", sa.Text, primary_key=True),
    )
    op.create_table(
        "core_words",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("office", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "core_taken",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("reference", sa.Text, nullable=False),
    )


def _record() -> None:
    op.create_table(
        "core_record",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("office", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_core_record_key", "core_record", ["key", "number"])
    op.create_table(
        "core_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "core_events",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("due", sa.Date),
        sa.Column("directive", sa.Boolean, nullable=False),
    )
    op.create_table(
        "core_figures",
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("institution", sa.Text, primary_key=True),
        sa.Column("type", sa.Text, primary_key=True),
        sa.Column("level", sa.Text, primary_key=True),
        sa.Column("bucket", sa.Text, primary_key=True),
        sa.Column("overdue", sa.Boolean, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
