"""What a core refuses is taken back; own cases stand in the order in which they were sent; one answer is one try."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_COLUMNS: tuple[tuple[str, str, sa.types.TypeEngine[Any], object], ...] = (
    ("cases", "sent_ms", sa.BigInteger(), 0),
    ("cases", "refused", sa.Text(), ""),
    ("outbox", "undo", sa.LargeBinary(), b""),
)
"""Table, column, type, and what stands in the rows that are there."""


def upgrade() -> None:
    """Add them."""
    for table, name, type_, value in _COLUMNS:
        op.add_column(table, sa.Column(name, type_))
        rows = sa.table(table, sa.column(name, type_))
        op.execute(rows.update().values({name: value}))
        with op.batch_alter_table(table) as altered:
            altered.alter_column(name, existing_type=type_, nullable=False)
    op.add_column("tries", sa.Column("once", sa.LargeBinary))
    # Nothing told which rows are copies of one answer: each stays a try of its own.
    tries = sa.table("tries", sa.column("once", sa.LargeBinary))
    op.execute(tries.update().values(once=_drawn(op.get_bind().dialect.name)))
    with op.batch_alter_table("tries") as altered:
        altered.alter_column("once", existing_type=sa.LargeBinary(), nullable=False)
    _index("at_ms", "once")


def _drawn(dialect: str) -> sa.ColumnElement[bytes]:
    """Another value for each row."""
    if dialect == "sqlite":
        return sa.func.randomblob(16)
    return sa.func.decode(sa.func.md5(sa.cast(sa.func.random(), sa.Text)), "hex")


def _index(*last: str) -> None:
    """What is counted of a tag is read from the index alone."""
    op.drop_index("ix_tries_tag", "tries")
    op.create_index("ix_tries_tag", "tries", ["tag", "what", *last])


def downgrade() -> None:
    """Drop them."""
    _index("at_ms")
    for table, name in (("tries", "once"), *((table, name) for table, name, _, _ in reversed(_COLUMNS))):
        with op.batch_alter_table(table) as altered:
            altered.drop_column(name)
