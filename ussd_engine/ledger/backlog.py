"""How much waits in the outbox, and which routes are stopped: the figures of an operator and of the metrics."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, case, func, select

from ussd_engine.errors import Gone
from ussd_engine.ledger.tables import dead_letters, outbox


class Stopped(NamedTuple):
    """Rows of a service that were given back because their route stopped."""

    until_ms: int
    """Until when, the last time; it may be in the past."""
    since_ms: int
    """When the oldest of them was queued."""


class Backlog(msgspec.Struct, frozen=True):
    """How much waits, and since when (`None` where nothing does)."""

    waiting: int
    oldest_ms: int | None
    dead: int
    stopped_of: dict[str, Stopped] = msgspec.field(default_factory=dict)
    """The routes that are stopped, by the services of what waits."""
    gone: bool = False
    """The core's was, because its address is gone: before the gateway is started again, nothing is sent."""
    oldest_of: dict[str, int] = msgspec.field(default_factory=dict)
    """Since when, by service."""


def backlog(conn: Connection) -> Backlog:
    """What waits and what was given up."""
    paused, gone = outbox.c.paused, outbox.c.paused & (outbox.c.error == Gone.__name__)
    query = select(
        outbox.c.service,
        func.count().label("count"),
        func.min(outbox.c.queued_ms).label("oldest_ms"),
        func.max(case((paused, outbox.c.next_ms))).label("until_ms"),
        func.min(case((paused, outbox.c.queued_ms))).label("since_ms"),
        func.max(case((gone, outbox.c.next_ms))).label("gone_ms"),
    ).group_by(outbox.c.service)
    found = conn.execute(query).mappings().all()
    stopped = [row for row in found if row["until_ms"] is not None]
    oldest_of = {row["service"]: row["oldest_ms"] for row in found}
    return Backlog(
        waiting=sum(row["count"] for row in found),
        oldest_ms=min(oldest_of.values(), default=None),
        dead=conn.scalar(select(func.count()).select_from(dead_letters)) or 0,
        stopped_of={row["service"]: Stopped(row["until_ms"], row["since_ms"]) for row in stopped},
        gone=any(row["until_ms"] == row["gone_ms"] for row in stopped),
        oldest_of=oldest_of,
    )
