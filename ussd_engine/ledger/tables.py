"""The ledger's tables. Columns named `sealed` need a key; the others may be read by whoever has the database.

Submissions and contacts are linked by the case's random handle alone. Times in `…_ms` are Unix milliseconds.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, MetaData, Table, Text, false

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
    Column("sent_ms", BigInteger, nullable=False),
    Column("changed", Date, nullable=False),
    Column("due", Date),
    Column("sequence", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("core_reference", Text),
    Column("leader", Text, nullable=False),
    Column("moves", Integer, nullable=False),
    Column("appeals", Integer, nullable=False),
    Column("ended", Date),
    Column("spoken", Boolean, nullable=False),
    Column("rating", Text, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("refused", Text, nullable=False),
    Column("touched", Date, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("pin_seen", Boolean, nullable=False),
    Column("pin_asked_ms", BigInteger),
    Index("ix_cases_due", "state", "due"),
    Index("ix_cases_pin_asked", "pin_asked_ms"),
)
"""The projection (`model.Case`) that lists, status and HALI read; `sent_ms`, by which those of one day are ordered; and
what opens a case: `touched` is the last day on which its own phone did something, `generation` counts its PINs,
`pin_seen` whether the citizen has seen the first one, `pin_asked_ms` when she asked for another."""

news = Table(
    "news",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger),
    Column("at_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Index("ix_news_verdict", "verdict"),
)
"""Every event that a core told, with what became of it."""

marks = Table(
    "marks",
    metadata,
    Column("source", Text, primary_key=True),
    Column("mark", Text, nullable=False),
)
"""How far the events of a core were read."""

tries = Table(
    "tries",
    metadata,
    Column("tag", LargeBinary, nullable=False),
    Column("what", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("once", LargeBinary, nullable=False),
    Index("ix_tries_tag", "tag", "what", "at_ms", "once"),
    Index("ix_tries_at_ms", "at_ms"),
)
"""What is counted by the hour or by 24 hours, a row each: `pin` of a caller and a reference, `reference` of everybody,
`look` and `send` of a caller. The tag's key is the day's; so is that of `once`, the tag of one answer and what was
typed in it: rows that share it are one try."""

erased = Table(
    "erased",
    metadata,
    Column("handle", Text, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)
"""Contacts that were erased: a backup that is brought back is purged by it again."""

outbox = Table(
    "outbox",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("reference", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("queued_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("lease_ms", BigInteger, nullable=False),
    Column("token", Integer, nullable=False),
    Column("passes", Boolean, nullable=False),
    Column("undo", LargeBinary, nullable=False),
    Column("error", Text, nullable=False, server_default=""),
    Column("paused", Boolean, nullable=False, server_default=false()),
    Column("service", Text, nullable=False, server_default=""),
    Index("ix_outbox_due", "service", "next_ms", "queued_ms"),
    Index("ix_outbox_case", "reference", "turn"),
)
"""What the core has not got yet. `key` is the idempotency key, `turn` the place among the messages of one case (0: the
submission), `lease_ms` the time until which a worker holds the row, `token` the number of claims: only who knows the
last one may change the row; `passes` says that it does not wait for a submission that was given up; `undo` is how the
case is brought back where the core never takes it (`ledger.undo`); `error` is the kind of error at its last try, and
`paused` says that its addressee's route was stopped then; `service`, that of the case, says whose worker takes it."""

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("reference", Text),
    Column("turn", Integer),
    Column("reason", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_dead_letters_case", "reference", "turn"),
)
"""Outbox rows that were given up, whole; `reason` says why, in no word of the row's. The messages of a case whose
submission stands here wait for it."""

languages = Table(
    "languages",
    metadata,
    Column("tag", LargeBinary, primary_key=True),
    Column("locale", Text, nullable=False),
    Column("touched", Date, nullable=False),
    Column("muted", Boolean, nullable=False),
)
"""What a caller chose: her language, and whether she wants SMS."""

limits = Table(
    "limits",
    metadata,
    Column("tag", LargeBinary, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("day", Date, nullable=False),
    Column("count", Integer, nullable=False),
)

stops = Table(
    "stops",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("until_ms", BigInteger),
    Column("why", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""The services and channels that an operator has stopped: until when (`None`: until they are started again), and why,
in words for operators."""

pilots = Table(
    "pilots",
    metadata,
    Column("service", Text, primary_key=True),
    Column("tag", LargeBinary, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_pilots_at_ms", "at_ms"),
)
"""The phones to which a service in pilot is open: the keyed hash of each, and when it was listed."""
