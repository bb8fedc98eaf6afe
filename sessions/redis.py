"""Sessions in Redis, alone, behind Sentinel, or as a cluster.

A turn costs one GET and one compare-and-set. The latter is a script that reads nothing of the standing value but its
nonce, and tells which nonce stands afterwards: the reply names the winner, and a repeat of the same value is harmless.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import Final, NamedTuple, Self

from redis.exceptions import NoScriptError

from sessions.codec import SessionCodec
from sessions.keys import DIALOGUE, KEY_LENGTH, SESSION
from sessions.line import Command, LineBroken, Reply
from sessions.nodes import Nodes, Way, open_nodes
from sessions.seal import NONCE_END, NONCE_START, Seal, version_of
from sessions.session import Session
from sessions.store import BATCH, Sealed, StoreUnavailable

SWAP = f"""
local standing = redis.call('GETRANGE', KEYS[1], {NONCE_START}, {NONCE_END - 1})
if standing ~= ARGV[1] then return standing end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return string.sub(ARGV[2], {NONCE_START + 1}, {NONCE_END})
""".encode()
SWAP_SHA = sha1(SWAP, usedforsecurity=False).hexdigest().encode()

ABSENT = b""
PROBE = b"p"
"""A key of its own, gone in a millisecond, to see whether anything can be written."""
TIMEOUT_S = 1.0
SESSIONS: Final = b"[%b%b]" % (SESSION, DIALOGUE) + b"?" * (KEY_LENGTH - 1)
"""Matches their keys, and not the small ones."""
BEGIN: Final = b"0"
"""The cursor with which a scan begins, and with which it is over."""


class _Swap(NamedTuple):
    """A compare-and-set that may be asked again: the same value, so the same version."""

    key: bytes
    expect: bytes
    blob: bytes
    ttl: bytes

    @property
    def version(self) -> bytes:
        return version_of(self.blob)

    def command(self, *script: bytes) -> tuple[bytes, ...]:
        return (*script, b"1", self.key, self.expect, self.blob, self.ttl)


class RedisSessions:
    """A session store on Redis. Every method ends within `timeout_s`, repeats included."""

    def __init__(self, nodes: Nodes, seal: Seal, timeout_s: float = TIMEOUT_S) -> None:
        self._nodes = nodes
        self._codec = SessionCodec(seal)
        self._timeout_s = timeout_s
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def from_url(cls, url: str, seal: Seal, timeout_s: float = TIMEOUT_S) -> Self:
        """The store at `redis://`, `rediss://`, `redis+sentinel://` or `redis+cluster://`; connects when first asked.

        A batch on its way and the one behind it take at most half of `timeout_s` each. Raises `ValueError` for a URL
        that cannot be used.
        """
        return cls(open_nodes(url, (b"SCRIPT", b"LOAD", SWAP), timeout_s / 2), seal, timeout_s)

    async def load(self, key: bytes) -> Sealed | None:
        """As `SessionStore.load`."""
        return self._codec.find(await self._get(key, self._until()), key)

    async def commit(self, key: bytes, session: Session, expect: bytes | None, ttl_s: float) -> bytes | None:
        """As `SessionStore.commit`."""
        until = self._until()
        swap = _Swap(key, expect or ABSENT, self._codec.dump(session, key), _milliseconds(ttl_s))
        standing = await self._swap(swap, until)
        if expect is None and standing != swap.version:
            standing = await self._swap_unreadable(swap, until)
        return swap.version if standing == swap.version else None

    async def link(self, key: bytes, target: bytes, ttl_s: float) -> None:
        """As `SessionStore.link`."""
        blob = self._codec.dump_link(target, key)
        _octets(await self._ask(key, (b"SET", key, blob, b"PX", _milliseconds(ttl_s)), self._until()))

    async def follow(self, key: bytes) -> bytes | None:
        """As `SessionStore.follow`."""
        return self._codec.find_link(await self._get(key, self._until()), key)

    async def check(self) -> list[str]:
        """As `SessionStore.check`: a Redis that may evict throws away sessions that are not over."""
        policies = {_policy(info) for info in await self._ask_all((b"INFO", b"memory"))}
        return [
            f"Redis: maxmemory-policy is {policy}; set it to noeviction, or live sessions are thrown away"
            for policy in sorted(policies - {"noeviction"})
        ]

    async def count(self) -> int:
        """As `SessionStore.count`: all keys of the database, whoever wrote them."""
        return sum(map(_whole, await self._ask_all((b"DBSIZE",))))

    async def scan(self, count: int = BATCH) -> AsyncIterator[Sequence[Session | None]]:
        """As `SessionStore.scan`; each batch has the time of a method."""
        async with _within(self._until()):
            ways = await self._nodes.ways()
        known: set[bytes] = set()
        for way in ways:
            cursor, over = BEGIN, False
            while not over:
                until = self._until()
                command = (b"SCAN", cursor, b"MATCH", SESSIONS, b"COUNT", b"%d" % count)
                cursor, keys = _page(await self._along(way, command, until))
                over = cursor == BEGIN
                new = [key for key in dict.fromkeys(keys) if key not in known]
                known.update(new)
                blobs = await asyncio.gather(*(self._get(key, until) for key in new))
                yield self._codec.open_all([(key, blob) for key, blob in zip(new, blobs, strict=True) if blob])

    async def ping(self) -> None:
        """As `SessionStore.ping`: every node answers, and the one that has the probe's key takes it."""
        for reply in await self._ask_all((b"PING",)):
            _octets(reply)
        _octets(await self._ask(PROBE, (b"SET", PROBE, b"", b"PX", b"1"), self._until()))

    async def close(self) -> None:
        """As `SessionStore.close`."""
        await self._nodes.close()

    def _until(self) -> float:
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.get_running_loop()
        return self._loop.time() + self._timeout_s

    async def _ask(self, key: bytes, command: Command, until: float) -> Reply:
        """The reply to a command that may be carried out twice."""
        try:
            return await self._nodes.send(key, command)
        except LineBroken:
            async with _within(until):
                return await self._nodes.send(key, command)

    async def _along(self, way: Way, command: Command, until: float) -> Reply:
        """As `_ask`, to one node."""
        try:
            return await way(command)
        except LineBroken:
            async with _within(until):
                return await way(command)

    async def _ask_all(self, command: Command) -> list[Reply]:
        async with _within(self._until()):
            return await self._nodes.send_all(command)

    async def _get(self, key: bytes, until: float) -> bytes:
        """What stands under `key`; empty where nothing does."""
        return _octets(await self._ask(key, (b"GET", key), until) or ABSENT)

    async def _swap(self, swap: _Swap, until: float) -> bytes:
        """The version that stands afterwards."""
        try:
            reply = await self._nodes.send(swap.key, swap.command(b"EVALSHA", SWAP_SHA))
            if not isinstance(reply, NoScriptError):
                return _octets(reply)
        except LineBroken:
            pass
        async with _within(until):
            return await self._look_and_swap(swap, until)

    async def _look_and_swap(self, swap: _Swap, until: float) -> bytes:
        standing = version_of(await self._get(swap.key, until))
        if standing != swap.expect:
            return standing
        try:
            return _octets(await self._nodes.send(swap.key, swap.command(b"EVAL", SWAP)))
        except LineBroken:
            # Done or not: the next look tells, and what is not known after that stays unknown.
            standing = version_of(await self._get(swap.key, until))
            if standing == swap.expect:
                raise
            return standing

    async def _swap_unreadable(self, swap: _Swap, until: float) -> bytes:
        async with _within(until):
            blob = await self._get(swap.key, until)
            if self._codec.find(blob, swap.key) is not None:
                return version_of(blob)
            return await self._swap(swap._replace(expect=version_of(blob)), until)


@asynccontextmanager
async def _within(until: float) -> AsyncIterator[None]:
    """What is done again may take the time that is left, and no more."""
    try:
        async with asyncio.timeout_at(until):
            yield
    except TimeoutError:
        raise StoreUnavailable("no answer in time") from None


def _octets(reply: Reply) -> bytes:
    if isinstance(reply, bytes):
        return reply
    # Not the error's own words: they may repeat what was sent.
    raise StoreUnavailable(f"refused ({type(reply).__name__})")


def _whole(reply: Reply) -> int:
    if isinstance(reply, int):
        return reply
    raise StoreUnavailable(f"refused ({type(reply).__name__})")


def _page(reply: Reply) -> tuple[bytes, list[bytes]]:
    """Where a scan goes on, and the keys that it found."""
    if isinstance(reply, list):
        cursor, keys = reply
        return cursor, keys
    raise StoreUnavailable(f"refused ({type(reply).__name__})")


def _milliseconds(ttl_s: float) -> bytes:
    return b"%d" % max(1, round(ttl_s * 1000))


def _policy(info: Reply) -> str:
    found = re.search(rb"^maxmemory_policy:(\S+)", info, re.MULTILINE) if isinstance(info, bytes) else None
    return found[1].decode() if found else "not told"
