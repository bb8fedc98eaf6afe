"""The built-in core's tables. Columns named `sealed` or `identity` need a key; the others may be read without one.

A case's `key` is the idempotency key of its submission: other tables name a case by it, never by its reference.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, MetaData, Table, Text, false

metadata = MetaData()

core_cases = Table(
    "core_cases",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("key", LargeBinary, nullable=False, unique=True),
    Column("service", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("institution", Text, nullable=False),
    Column("handle", Text),
    Column("state", Text, nullable=False),
    Column("received", Date, nullable=False),
    Column("due", Date),
    Column("sealed", LargeBinary, nullable=False),
    Column("identity", LargeBinary),
    Column("changed", Date),
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    Column("leader", Text, nullable=False, server_default=""),
    Column("moves", Integer, nullable=False, server_default="0"),
    Column("appeals", Integer, nullable=False, server_default="0"),
    Column("ended", Date),
    Column("spoken", Boolean, nullable=False, server_default=false()),
    Column("rating", Text, nullable=False, server_default=""),
    Column("overdue", Boolean, nullable=False, server_default=false()),
    Column("addressed", Text, nullable=False, server_default=""),
    Column("district", Text, nullable=False, server_default=""),
    Column("passed", Text, nullable=False, server_default=""),
    Column("hidden", Text, nullable=False, server_default=""),
    Column("unaddressed", Boolean, nullable=False, server_default=false()),
    Column("kept", Boolean, nullable=False, server_default=false()),
    Index("ix_core_cases_inbox", "institution", "state", "received", "reference"),
    Index("ix_core_cases_newest", "received", "reference"),
    Index("ix_core_cases_state", "state", "received", "reference"),
    Index("ix_core_cases_office", "institution", "received", "reference"),
    Index("ix_core_cases_ended", "state", "ended"),
    Index("ix_core_cases_due", "overdue", "state", "due"),
)
"""`passed` and `hidden` hold codes of institutions, separated by blanks; see `feedback.case.CoreCase`."""

core_seats = Table(
    "core_seats",
    metadata,
    Column("office", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
)
"""Offices that have to do with a case which they may not hold: it was sent to their leader, or appealed from them."""

core_words = Table(
    "core_words",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("author", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
"""What was said on a case after its submission, by officers and by the citizen. Nothing is changed there."""

core_record = Table(
    "core_record",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("role", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("ix_core_record_key", "key", "number"),
)
"""Every act on a case and every read of its text: who by role and office, why, when; never content. Hash-chained."""

core_head = Table(
    "core_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)
"""One row: the number and the hash of the record's last row, sealed. Whoever writes to a case holds it locked."""

core_events = Table(
    "core_events",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("reference", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("institution", Text, nullable=False),
    Column("due", Date),
    Column("directive", Boolean, nullable=False),
)
"""What is told to the gateway. `number` is that of the record's row: nothing appears later before what was read."""

core_taken = Table(
    "core_taken",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("reference", Text, nullable=False),
)
"""Idempotency keys of what citizens did after their submission."""

core_figures = Table(
    "core_figures",
    metadata,
    Column("service", Text, primary_key=True),
    Column("institution", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("level", Text, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("overdue", Boolean, primary_key=True),
    Column("count", Integer, nullable=False),
)
"""How many cases stand where, counted as they change."""
