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
    waiting = conn.scalar(select(func.count()).select_from(outbox)) or 0
    until, since = func.max(outbox.c.next_ms), func.min(outbox.c.queued_ms)
    gone_ms = func.max(case((outbox.c.error == Gone.__name__, outbox.c.next_ms)))
    query = select(outbox.c.service, until, since, gone_ms).where(outbox.c.paused).group_by(outbox.c.service)
    found = conn.execute(query).all()
    stopped_of = {service: Stopped(until_ms, since_ms) for service, until_ms, since_ms, _ in found}
    gone = any(until_ms == gone_ms for _, until_ms, _, gone_ms in found)
    ages = select(outbox.c.service, func.min(outbox.c.queued_ms)).group_by(outbox.c.service)
    oldest_of: dict[str, int] = dict(map(tuple, conn.execute(ages)))
    oldest = min(oldest_of.values(), default=None)
    dead = conn.scalar(select(func.count()).select_from(dead_letters)) or 0
    return Backlog(waiting, oldest, dead, stopped_of, gone, oldest_of)
