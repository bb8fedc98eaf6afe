"""SMS: what is to be sent and how far it is, what arrived, open questions, who sends on a route."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_INDEXES = {
    "ix_sms_due": ("sms", ["state", "priority", "id"]),
    "ix_sms_handle": ("sms", ["handle", "state", "priority", "id"]),
    "ix_sms_tag": ("sms", ["tag", "state", "priority", "id"]),
    "ix_sms_queued_ms": ("sms", ["queued_ms"]),
    "ix_sms_parts_provider": ("sms_parts", ["route", "provider_id"]),
    "ix_sms_reports_at_ms": ("sms_reports", ["at_ms"]),
    "ix_sms_in_until_ms": ("sms_in", ["until_ms"]),
    "ix_conversations_tag": ("conversations", ["tag"]),
    "ix_conversations_about": ("conversations", ["about"]),
    "ix_conversations_until_ms": ("conversations", ["until_ms"]),
    "ix_cases_pin_asked": ("cases", ["pin_asked_ms"]),
}


def upgrade() -> None:
    """Make them."""
    _messages()
    _reports()
    _inwards()
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Drop them."""
    for name, (table, _) in _INDEXES.items():
        op.drop_index(name, table)
    for table in ("sms_routes", "conversations", "sms_in", "sms_reports", "sms_parts", "sms"):
        op.drop_table(table)


def _messages() -> None:
    op.create_table(
        "sms",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("handle", sa.Text),
        sa.Column("number", sa.LargeBinary),
        sa.Column("tag", sa.LargeBinary),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("push", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sending", sa.Boolean, nullable=False),
        sa.Column("route", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before_ms", sa.BigInteger, nullable=False),
        sa.Column("queued_ms", sa.BigInteger, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
        sa.Column("lease_ms", sa.BigInteger, nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )


def _reports() -> None:
    op.create_table(
        "sms_parts",
        sa.Column("sms", sa.LargeBinary, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("provider_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sms_reports",
        sa.Column("route", sa.Text, primary_key=True),
        sa.Column("provider_id", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, primary_key=True),
        sa.Column("progress", sa.Text),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )


def _inwards() -> None:
    op.create_table(
        "sms_in",
        sa.Column("tag", sa.LargeBinary, primary_key=True),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("tag", sa.LargeBinary, nullable=False),
        sa.Column("about", sa.LargeBinary),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("opened_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sms_routes",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("token", sa.Integer, nullable=False),
        sa.Column("lease_ms", sa.BigInteger, nullable=False),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
