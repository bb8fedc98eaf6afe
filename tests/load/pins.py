"""Where a PIN stands in what the stores hold: alone or in a sentence, in JSON or MessagePack, as a number, as a hash.

Four digits occur by chance in any octets, so octets are not searched: every value is taken apart, what is sealed is
opened first, and a PIN is one that stands by itself. A hash of a PIN that has no key is the PIN: ten thousand are tried
in no time. The hash of each, with all that a table tells of its case, is searched for in octets, for eight of a hash do
not occur by chance.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis
from sqlalchemy import Select, select

from sessions.seal import NotOurs, Seal
from tests.load.traces import unbased, unhexed
from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Database
from ussd_engine.ledger.schema import connect
from ussd_engine.ledger.tables import cases
from ussd_engine.reference import derive_pin
from ussd_engine.testing.databases import ALL

PLACES = ("submission", "outbox", "dead_letter", "sms", "conversation", "core", "core_identity", "webhook_messages")
"""What rows are sealed for that a citizen's acts leave."""
LEAST = 1000
"""A number that is no PIN, though a PIN may read like it with noughts before: 5 is a count, and 0005 a PIN."""
HASHED = 8
"""Octets of a hash that are searched for."""
HASHES = ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s")
BLAKE2B = (16, 32)
"""Other lengths of a BLAKE2b, which give other octets."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}")
_WORD = re.compile(r"(?<![0-9A-Za-z])[0-9]{4}(?![0-9A-Za-z])")


class Kept(NamedTuple):
    """A case whose PIN is searched for."""

    reference: str
    case: bytes
    pin: str


class Pins:
    """Searches values for these PINs."""

    def __init__(self, kept: Iterable[Kept]) -> None:
        kept = list(kept)
        self._pins = {one.pin for one in kept}
        self._hashes = {hash: one.pin for one in kept for hash in _hashes(one)}

    def find(self, values: Iterable[Any]) -> set[str]:
        """The PINs that stand in values, taken apart."""
        return {pin for value in values for leaf in leaves(value) for pin in self._in(leaf)}

    def _in(self, leaf: Any) -> Iterator[str]:
        if isinstance(leaf, bool | date | None):
            return
        if isinstance(leaf, int):
            yield from self._pins & ({str(leaf)} if leaf >= LEAST else set())
            return
        if isinstance(leaf, str):
            yield from self._pins.intersection(_WORD.findall(_DAY.sub("", leaf)))
        octets = leaf.encode() if isinstance(leaf, str) else leaf
        if isinstance(octets, bytes):
            for form in (octets, *unhexed(octets), *unbased(octets)):
                windows = (form[at : at + HASHED] for at in range(len(form) - HASHED + 1))
                yield from (self._hashes[window] for window in windows if window in self._hashes)


def leaves(value: Any) -> Iterator[Any]:
    """A value, and what it is made of: the parts of MessagePack, of JSON, of what these hold."""
    yield value
    parts: Any = value
    if isinstance(value, bytes | str):
        parts = _decoded(value)
    if isinstance(parts, dict):
        parts = [*parts, *parts.values()]
    if isinstance(parts, list):
        for part in parts:
            yield from leaves(part)


def _decoded(value: bytes | str) -> Any:
    found: Any = value
    for decode in (msgspec.msgpack.decode, msgspec.json.decode):
        try:
            found = decode(value)  # type: ignore[arg-type]  # no text is MessagePack, and it says so
        except (msgspec.DecodeError, TypeError, UnicodeDecodeError):
            continue
        if isinstance(found, dict | list):
            return found
    return value.decode("ascii") if isinstance(value, bytes) and value.isascii() else None


def _hashes(one: Kept) -> Iterator[bytes]:
    pin = one.pin.encode()
    theirs = (one.case, one.case.hex().encode(), one.reference.encode())
    joints = (b"", b" ", b":", b"\0")
    said = [pin, *(first + joint + last for of in theirs for joint in joints for first, last in ((of, pin), (pin, of)))]
    for text in said:
        yield from (hashlib.new(name, text).digest()[:HASHED] for name in HASHES)
        yield from (hashlib.blake2b(text, digest_size=size).digest()[:HASHED] for size in BLAKE2B)


async def of_tables(url: str, keyring: Keyring) -> tuple[list[Kept], list[Any]]:
    """Every case with its PIN; every value of every table, and what those hold that are sealed."""
    database = connect(url)
    try:
        rows = [row for data in ALL for table in data.sorted_tables for row in await _rows(database, select(table))]
        found = await _rows(database, select(cases.c.reference, cases.c.case, cases.c.generation))
    finally:
        await database.close()
    kept = [Kept(ref, case, derive_pin(keyring.pin, case, generation).reveal()) for ref, case, generation in found]
    values = [value for row in rows for value in row]
    return kept, values + [plain for row in rows for plain in _opened(row, keyring)]


async def _rows(database: Database, query: Select[Any]) -> list[tuple[Any, ...]]:
    return await database.read(lambda conn: [tuple(row) for row in conn.execute(query)])


def _opened(row: tuple[Any, ...], keyring: Keyring) -> Iterator[bytes]:
    octets = [value for value in row if isinstance(value, bytes)]
    ids = octets + [value.encode() for value in row if isinstance(value, str)]
    for place, id, sealed in itertools.product(PLACES, ids, octets):
        try:
            yield keyring.open(place, id, sealed)
        except (EngineError, ValueError):
            continue


async def of_redis(url: str, seal: Seal) -> list[Any]:
    """What stands in Redis, opened."""
    found: list[Any] = []
    async with Redis.from_url(url) as redis:
        async for key in redis.scan_iter(count=1000):
            value = await redis.get(key) or b""
            assert isinstance(value, bytes)
            found.append(value)
            try:
                found.append(seal.open(value, key).plain)
            except NotOurs:
                continue
    return found
