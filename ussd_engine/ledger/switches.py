"""What an operator turns by hand: services and channels that are stopped, phones to which a pilot is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, or_, select

from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import Database, insert_new, upsert
from ussd_engine.ledger.tables import pilots, stops
from ussd_engine.ledger.terms import DAY_MS

MOST_LISTED: Final = 1_000
"""Phones of one pilot: every process holds them all, and reads them again every few seconds."""
LISTED_MS: Final = 365 * DAY_MS
"""A phone is listed for so long, unless it is listed again."""
_LABEL: Final = "pilot"

_ON = or_(stops.c.until_ms.is_(None), stops.c.until_ms > bindparam("now"))
_STANDING = select(stops).where(_ON).order_by(stops.c.kind, stops.c.name)
_OVER = delete(stops).where(stops.c.until_ms <= bindparam("now"))
_LISTED = select(pilots.c.service, pilots.c.tag)
_COUNTED = select(pilots.c.service, func.count().label("phones")).group_by(pilots.c.service).order_by(pilots.c.service)
_UNSTOP = delete(stops).where(stops.c.kind == bindparam("which"), stops.c.name == bindparam("this"))
_FORGET = delete(pilots).where(pilots.c.tag.in_(bindparam("tags", expanding=True)))
_UNLIST = _FORGET.where(pilots.c.service == bindparam("which"))


class Kind(StrEnum):
    """What can be stopped here; SMS are stopped by their route."""

    SERVICE = "service"
    CHANNEL = "channel"


class Stop(msgspec.Struct, frozen=True):
    """Something that is stopped. `until_ms`: when it starts by itself; `None` for never. `why` is for operators."""

    kind: Kind
    name: str
    until_ms: int | None
    why: str
    at_ms: int


class TooMany(EngineError):
    """More phones than a pilot takes."""


class Switches:
    """The switches of one database, for every process on it."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def stop(self, stop: Stop) -> None:
        """Stop something; what was said of it before is gone, and so is what is over by now."""
        row = {**msgspec.structs.asdict(stop), "kind": stop.kind.value}

        def job(conn: Connection) -> None:
            conn.execute(_OVER, {"now": stop.at_ms})
            upsert(conn, stops, [row], "until_ms", "why", "at_ms")

        await self._database.write(job)

    async def start(self, kind: Kind, name: str, now_ms: int) -> bool:
        """Start it again; false where it was not stopped any more."""

        def job(conn: Connection) -> bool:
            stood = any((one.kind, one.name) == (kind.value, name) for one in conn.execute(_STANDING, {"now": now_ms}))
            conn.execute(_UNSTOP, {"which": kind.value, "this": name})
            return stood

        return await self._database.write(job)

    async def stopped(self, now_ms: int) -> list[Stop]:
        """What is stopped now."""
        rows = await self._database.read(lambda conn: conn.execute(_STANDING, {"now": now_ms}).all())
        return [Stop(Kind(row.kind), *row[1:]) for row in rows]

    async def list_phones(self, service: str, msisdns: Iterable[str], now_ms: int) -> int:
        """Open a pilot to phones (E.164 without the plus sign); how many are listed now. `TooMany` where there would
        be more than `MOST_LISTED`; then nothing has changed."""
        numbers = sorted(set(msisdns))

        def job(conn: Connection) -> int:
            # Under the key that writes alone: one that is listed again must not stand twice.
            conn.execute(_UNLIST, {"which": service, "tags": self._tags(numbers)})
            rows = [{"service": service, "tag": self.tags(one)[0], "at_ms": now_ms} for one in numbers]
            insert_new(conn, pilots, rows)
            count = _counts(conn).get(service, 0)
            if count > MOST_LISTED:
                raise TooMany(f"{service}: that would be {count} phones, and a pilot takes {MOST_LISTED}")
            return count

        return await self._database.write(job)

    async def unlist(self, service: str, msisdns: Iterable[str]) -> int:
        """Close a pilot to phones; how many of them were listed."""
        tags = self._tags(msisdns)
        return await self._database.write(lambda conn: conn.execute(_UNLIST, {"which": service, "tags": tags}).rowcount)

    async def unlist_all(self, service: str) -> int:
        """Close a pilot to every phone; how many were listed."""
        every = delete(pilots).where(pilots.c.service == service)
        return await self._database.write(lambda conn: conn.execute(every).rowcount)

    async def listed(self) -> Mapping[str, frozenset[bytes]]:
        """By service: the tags of the phones that are listed."""
        rows = await self._database.read(lambda conn: conn.execute(_LISTED).all())
        found: dict[str, set[bytes]] = {}
        for service, tag in rows:
            found.setdefault(service, set()).add(tag)
        return {service: frozenset(tags) for service, tags in found.items()}

    async def counted(self) -> dict[str, int]:
        """By service: how many phones are listed."""
        return await self._database.read(_counts)

    def tags(self, msisdn: str) -> list[bytes]:
        """The tags under which a phone may be listed, the newest first."""
        return tags_of(self._keyring, msisdn)

    def _tags(self, msisdns: Iterable[str]) -> list[bytes]:
        return [tag for one in msisdns for tag in self.tags(one)]


def _counts(conn: Connection) -> dict[str, int]:
    return {row.service: row.phones for row in conn.execute(_COUNTED)}


def tags_of(keyring: Keyring, msisdn: str) -> list[bytes]:
    """The tags under which a phone may be listed, the newest first; no other table has them."""
    return keyring.tags("vault_tag", _LABEL, msisdn.encode())


def forget(conn: Connection, keyring: Keyring, msisdn: str) -> None:
    """Take a phone from every list: its owner has erased her number."""
    conn.execute(_FORGET, {"tags": tags_of(keyring, msisdn)})
