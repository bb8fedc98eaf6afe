"""Who sends on a route: one process at a time, and nobody where it is stopped.

Two things keep a route from sending that somebody must mend, and neither hides the other: it is *stopped*, by a person
or by what its provider answered, until it is started; or the bind of who holds it does not stand, until it does.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, case, or_, select, update

from ussd_engine.ledger.database import Database, inserting
from ussd_engine.ledger.smstables import sms_routes

HOLD_MS: Final = 30_000
"""A process that is gone holds its routes for so long."""
_TURN_OUT = (
    update(sms_routes)
    .where(sms_routes.c.name == bindparam("this"), sms_routes.c.holder == bindparam("who"))
    .values(lease_ms=0)
)


_REST = (
    update(sms_routes)
    .where(sms_routes.c.name == bindparam("this"), sms_routes.c.holder == bindparam("who"))
    .values(not_before_ms=bindparam("until"), down_ms=bindparam("since"))
)
_READ = (
    update(sms_routes)
    .where(sms_routes.c.name == bindparam("this"), sms_routes.c.holder == bindparam("who"))
    .values(inbox=bindparam("id"))
)
NEW: Final = {"not_before_ms": 0, "down_ms": 0, "inbox": "", "stopped_ms": 0, "unbound": "", "unbound_ms": 0}
"""What stands of a route on which nothing was sent yet."""


class Route(msgspec.Struct, frozen=True):
    """A route as it stands. `token` counts its holders."""

    name: str
    holder: str
    token: int
    lease_ms: int
    stopped: bool
    reason: str
    """Why it is stopped; nothing of a citizen."""
    not_before_ms: int = 0
    """Until then nothing is sent on it: its provider asked for that, or does not answer."""
    down_ms: int = 0
    """Since when its provider is taken to be down; 0: it is not."""
    inbox: str = ""
    """The id up to which the provider's inbox was read; empty: never."""
    stopped_ms: int = 0
    """Since when it is stopped; 0: it is not, or that is not known."""
    unbound: str = ""
    """Why the bind of its holder does not stand; empty: it does, or the gateway has none."""
    unbound_ms: int = 0
    """Since when it does not; 0: it does."""

    def unbound_s(self, now_ms: int) -> float:
        """For how long it has not stood."""
        return max(0, now_ms - self.unbound_ms) / 1000 if self.unbound_ms else 0.0


class SmsRoutes:
    """The routes of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, name: str, holder: str, now_ms: int, unbound: str = "") -> Route | None:
        """Hold a route for `HOLD_MS` from now; `None` where somebody else does. It may be stopped all the same.
        `unbound`: why the bind of this holder does not stand; who holds it so yields to whoever asks and has none."""
        return await self._database.write(lambda conn: _hold(conn, name, holder, now_ms, unbound))

    async def let_go(self, name: str, holder: str) -> None:
        """Hold it no longer, so that another may at once."""
        await self._database.write(lambda conn: conn.execute(_TURN_OUT, {"this": name, "who": holder}))

    async def rest(self, name: str, holder: str, not_before_ms: int, down_ms: int) -> None:
        """Write how long the route of this holder rests, and since when it is down, for whoever holds it next."""
        row = {"this": name, "who": holder, "until": not_before_ms, "since": down_ms}
        await self._database.write(lambda conn: conn.execute(_REST, row))

    async def read_to(self, name: str, holder: str, id: str) -> None:
        """Write up to which id this holder has read the inbox."""
        await self._database.write(lambda conn: conn.execute(_READ, {"this": name, "who": holder, "id": id}))

    async def stop(self, name: str, reason: str, now_ms: int, *, by_hand: bool = True) -> None:
        """Nothing is sent on it any more, from whatever process. Where it is stopped already the words of a person
        (`by_hand`) take the place of the others, and no provider's those of a person."""
        await self._database.write(lambda conn: _stop(conn, name, reason, now_ms, by_hand))

    async def start(self, name: str) -> bool:
        """It may be sent on again; false where it was not stopped."""
        stopped = update(sms_routes).where(sms_routes.c.name == name, sms_routes.c.stopped)
        begun = stopped.values(stopped=False, reason="", stopped_ms=0, not_before_ms=0, down_ms=0)
        return await self._database.write(lambda conn: conn.execute(begun).rowcount == 1)

    async def all(self) -> list[Route]:
        """Every route that was ever held or stopped, by name."""
        rows = await self._database.read(lambda conn: conn.execute(select(sms_routes).order_by("name")).all())
        return [Route(*row) for row in rows]


def _hold(conn: Connection, name: str, holder: str, now_ms: int, unbound: str) -> Route | None:
    held = {"name": name, "holder": holder, "token": 1, "lease_ms": now_ms + HOLD_MS}
    of_the_bind = {"unbound": unbound, "unbound_ms": now_ms if unbound else 0}
    row = {**held, "stopped": False, "reason": "", **NEW, **of_the_bind}
    asked = inserting(conn.dialect.name, sms_routes).values(row)
    same = sms_routes.c.holder == asked.excluded.holder
    goes_on = (sms_routes.c.unbound_ms > 0) & (asked.excluded.unbound_ms > 0)
    new: dict[str, Any] = {
        "holder": asked.excluded.holder,
        "lease_ms": asked.excluded.lease_ms,
        "token": case((same, sms_routes.c.token), else_=sms_routes.c.token + 1),
        "unbound": asked.excluded.unbound,
        "unbound_ms": case((goes_on, sms_routes.c.unbound_ms), else_=asked.excluded.unbound_ms),
    }
    yields = (sms_routes.c.unbound_ms > 0) & (asked.excluded.unbound_ms == 0)
    free = or_(same, sms_routes.c.lease_ms <= now_ms, yields)
    taking = asked.on_conflict_do_update(index_elements=[sms_routes.c.name], set_=new, where=free)
    found = conn.execute(taking.returning(*sms_routes.c)).one_or_none()
    return None if found is None else Route(*found)


def _stop(conn: Connection, name: str, reason: str, now_ms: int, by_hand: bool) -> None:
    stopped = {"stopped": True, "reason": reason, "stopped_ms": now_ms}
    row = {"name": name, "holder": "", "token": 0, "lease_ms": 0, **NEW, **stopped}
    asked = inserting(conn.dialect.name, sms_routes).values(row)
    there = None if by_hand else sms_routes.c.stopped.is_(False)
    conn.execute(asked.on_conflict_do_update(index_elements=[sms_routes.c.name], set_=stopped, where=there))
