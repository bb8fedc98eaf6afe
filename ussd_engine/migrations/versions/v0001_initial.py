"""The first tables: the ledger's and the built-in core's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    _effects_and_cases()
    _outbox()
    _callers()
    _core()


def downgrade() -> None:
    """Drop them."""
    for table in (
        "core_cases",
        "limits",
        "languages",
        "dead_letters",
        "outbox",
        "cases",
        "contacts",
        "submissions",
        "effects",
    ):
        op.drop_table(table)


def _effects_and_cases() -> None:
    op.create_table(
        "effects",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("result", sa.LargeBinary, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "submissions",
        sa.Column("case", sa.LargeBinary, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "contacts",
        sa.Column("handle", sa.Text, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("tag", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_contacts_tag", "contacts", ["tag"])
    op.create_table(
        "cases",
        sa.Column("reference", sa.Text, primary_key=True),
        sa.Column("case", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("handle", sa.Text, unique=True),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("submitted", sa.Date, nullable=False),
        sa.Column("due", sa.Date),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("core_reference", sa.Text),
    )
    op.create_index("ix_cases_inbox", "cases", ["institution", "state", "submitted"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("queued_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_ms", sa.BigInteger, nullable=False),
        sa.Column("lease_ms", sa.BigInteger, nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
    )
    op.create_index("ix_outbox_next_ms", "outbox", ["next_ms"])
    op.create_table(
        "dead_letters",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )


def _callers() -> None:
    op.create_table(
        "languages",
        sa.Column("tag", sa.LargeBinary, primary_key=True),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("touched", sa.Date, nullable=False),
    )
    op.create_table(
        "limits",
        sa.Column("tag", sa.LargeBinary, primary_key=True),
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )


def _core() -> None:
    op.create_table(
        "core_cases",
        sa.Column("reference", sa.Text, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("handle", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("received", sa.Date, nullable=False),
        sa.Column("due", sa.Date),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("identity", sa.LargeBinary),
    )
    op.create_index("ix_core_cases_inbox", "core_cases", ["institution", "state", "received"])
