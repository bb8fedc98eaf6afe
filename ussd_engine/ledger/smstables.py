"""The tables of SMS, beside the ledger's others. Columns named `sealed` or `number` need a key to be read.

A message leads to a case by its contact's handle alone; what it says, its reference too, is sealed.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from ussd_engine.ledger.tables import metadata

sms = Table(
    "sms",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("key", LargeBinary, nullable=False, unique=True),
    Column("service", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("handle", Text),
    Column("number", LargeBinary),
    Column("tag", LargeBinary),
    Column("priority", Integer, nullable=False),
    Column("push", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("sending", Boolean, nullable=False),
    Column("route", Text),
    Column("attempts", Integer, nullable=False),
    Column("rounds", Integer, nullable=False, server_default="0"),
    Column("not_before_ms", BigInteger, nullable=False),
    Column("queued_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("lease_ms", BigInteger, nullable=False),
    Column("token", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_sms_due", "state", "priority", "id"),
    Index("ix_sms_handle", "handle", "state", "priority", "id"),
    Index("ix_sms_tag", "tag", "state", "priority", "id"),
    Index("ix_sms_queued_ms", "queued_ms"),
)
"""A message: `id` sorts by the time of queueing, `key` says what it tells. It goes to the contact of `handle`, or to
`number`, which is sealed for this row and found by `tag`. `state` is a `Progress`; while it is `queued`, `sending`
says that a request for it is under way, or was when its sender ended. `route` is `None` until it is more than the
first one's. `rounds` counts how often it went out and came back: was reported as failed. `sealed` (values and
language) and `number` go when the message is delivered, given up or withheld, or is 72 hours old. `lease_ms` and
`token` are those of the outbox."""

sms_parts = Table(
    "sms_parts",
    metadata,
    Column("sms", LargeBinary, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("route", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Index("ix_sms_parts_provider", "route", "provider_id"),
)
"""One SMS of a message, as its last gateway knows it; `status` is the last word of that gateway."""

sms_reports = Table(
    "sms_reports",
    metadata,
    Column("route", Text, primary_key=True),
    Column("provider_id", Text, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("progress", Text),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_sms_reports_at_ms", "at_ms"),
)
"""Reports that are not applied: of an id that is not known yet, or of a status that nobody knows (no `progress`)."""

sms_in = Table(
    "sms_in",
    metadata,
    Column("tag", LargeBinary, primary_key=True),
    Column("until_ms", BigInteger, nullable=False),
    Index("ix_sms_in_until_ms", "until_ms"),
)
"""What arrived, by the keyed hash of its route and id, or of all it holds; a copy of it is one until then."""

sms_pieces = Table(
    "sms_pieces",
    metadata,
    Column("tag", LargeBinary, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("words", LargeBinary, nullable=False),
    Column("sealed", LargeBinary),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_sms_pieces_at_ms", "at_ms"),
)
"""Parts of long SMS. `tag` is the keyed hash of what they have in common, `words` that of what a part says. `sealed`
goes once the whole is taken; a part that comes again is known by the rest."""

conversations = Table(
    "conversations",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("tag", LargeBinary, nullable=False),
    Column("about", LargeBinary),
    Column("kind", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Index("ix_conversations_tag", "tag"),
    Index("ix_conversations_about", "about"),
    Index("ix_conversations_until_ms", "until_ms"),
)
"""Questions that a phone has open. `tag` is the keyed hash of its number, `about` that of the case it is about."""

sms_routes = Table(
    "sms_routes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", Integer, nullable=False),
    Column("lease_ms", BigInteger, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("not_before_ms", BigInteger, nullable=False),
    Column("down_ms", BigInteger, nullable=False),
    Column("inbox", Text, nullable=False),
    Column("stopped_ms", BigInteger, nullable=False),
    Column("unbound", Text, nullable=False),
    Column("unbound_ms", BigInteger, nullable=False),
)
"""Who sends on a route, until when; whether it is stopped, by whom or why; until when it rests, and since when it is
taken to be down (0: it is not); the id up to which the provider's inbox was read; since when it is stopped (0: not
known); why the bind of who holds it does not stand (empty: it does, or there is none), and since when."""
