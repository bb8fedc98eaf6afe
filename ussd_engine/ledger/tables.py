"""The ledger's tables. Columns named `sealed` need a key; the others may be read by whoever has the database.

Submissions and contacts are linked by the case's random handle alone. Times in `…_ms` are Unix milliseconds.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

effects = Table(
    "effects",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("result", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""One row an act: `result` is the `Committed` that every repeat of the key gets, as MessagePack."""

submissions = Table(
    "submissions",
    metadata,
    Column("case", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("handle", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("tag", LargeBinary, nullable=False, index=True),
)

cases = Table(
    "cases",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("case", LargeBinary, nullable=False, unique=True),
    Column("handle", Text, unique=True),
    Column("service", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("institution", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("submitted", Date, nullable=False),
    Column("due", Date),
    Column("sequence", Integer, nullable=False),
    Column("core_reference", Text),
    Index("ix_cases_inbox", "institution", "state", "submitted"),
)
"""The projection that lists, status and HALI read. `sequence` is that of the last event applied."""

outbox = Table(
    "outbox",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("reference", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("queued_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False, index=True),
    Column("lease_ms", BigInteger, nullable=False),
    Column("token", Integer, nullable=False),
)
"""What the core has not got yet. `key` is the idempotency key, `lease_ms` the time until which a worker holds the row,
`token` the number of claims: only who knows the last one may change the row."""

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""Outbox rows that were given up, whole; `reason` is the name of the error."""

languages = Table(
    "languages",
    metadata,
    Column("tag", LargeBinary, primary_key=True),
    Column("locale", Text, nullable=False),
    Column("touched", Date, nullable=False),
)

limits = Table(
    "limits",
    metadata,
    Column("tag", LargeBinary, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("count", Integer, nullable=False),
)
