"""A Redis of our own: what the sessions ask of it, in virtual time, with our real Lua run by Lua.

It keeps every write with what stood before, so that it can forget the last ones as a fail-over does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha1
from typing import Any, NamedTuple

from lupa.lua51 import LuaRuntime

from sessions.seal import version_of

Wire = bytes
OK, PONG, NIL = b"+OK\r\n", b"+PONG\r\n", b"$-1\r\n"
READONLY = b"-READONLY You can't write against a read only replica.\r\n"
OOM = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"


class Entry(NamedTuple):
    value: bytes
    until_s: float


class Write(NamedTuple):
    """One key written: the version that stood before (empty where none did), and the new one."""

    key: bytes
    before: bytes
    version: bytes
    old: Entry | None


class Loss(NamedTuple):
    """When something was forgotten, and under which keys."""

    at_s: float
    keys: frozenset[bytes]


class Cache:
    """The data of one node. `writes` are those that were not forgotten, in their order."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: dict[bytes, Entry] = {}
        self._scripts: dict[bytes, bytes] = {}
        self.writes: list[Write] = []
        self.emptied: list[Write] = []
        """Writes of which nothing is left, because all was forgotten."""
        self.undone: list[Write] = []
        """Writes that were forgotten while what stood before them came back."""
        self.losses: list[Loss] = []

    def entries(self) -> dict[bytes, Entry]:
        now = self._clock()
        return {key: entry for key, entry in self._entries.items() if entry.until_s > now}

    def get(self, key: bytes) -> bytes:
        entry = self._entries.get(key)
        return entry.value if entry and entry.until_s > self._clock() else b""

    def put(self, key: bytes, value: bytes, ttl_ms: bytes) -> None:
        before = self.get(key)
        self.writes.append(
            Write(key, version_of(before), version_of(value), self._entries.get(key) if before else None)
        )
        self._entries[key] = Entry(value, self._clock() + int(ttl_ms) / 1000)

    def forget(self, last: int) -> None:
        """Undo the last writes, as a fail-over to a replica that lags does."""
        for write in reversed(self.writes[-last:]):
            if write.old is None:
                self._entries.pop(write.key, None)
            else:
                self._entries[write.key] = write.old
        self._lose(write.key for write in self.writes[-last:])
        self.undone += self.writes[-last:]
        del self.writes[-last:]

    def _lose(self, keys: Iterable[bytes]) -> None:
        self.losses.append(Loss(self._clock(), frozenset(keys)))

    def empty(self, *, scripts: bool) -> None:
        """Forget every key, and after a restart the scripts too."""
        self._lose(self.entries())
        self._entries.clear()
        if scripts:
            self._scripts.clear()
        self.emptied += self.writes
        self.writes.clear()

    def run(self, command: list[bytes]) -> Wire:
        """Carry out one command; the reply as it goes over the wire."""
        match [command[0].upper(), *command[1:]]:
            case [b"GET", key]:
                return _bulk(self.get(key)) if self.get(key) else NIL
            case [b"SET", key, value, b"PX", ttl_ms]:
                self.put(key, value, ttl_ms)
                return OK
            case [b"SCRIPT", b"LOAD", script]:
                digest = sha1(script, usedforsecurity=False).hexdigest().encode()
                self._scripts[digest] = script
                return _bulk(digest)
            case [b"EVALSHA", digest, b"1", key, *args]:
                if digest not in self._scripts:
                    return b"-NOSCRIPT No matching script.\r\n"
                return self._eval(self._scripts[digest], key, args)
            case [b"EVAL", script, b"1", key, *args]:
                self.run([b"SCRIPT", b"LOAD", script])
                return self._eval(script, key, args)
            case [b"PING"]:
                return PONG
            case [b"CLIENT" | b"SELECT", *_]:
                return OK
        raise AssertionError(f"the world's Redis does not know {command[0]!r}")

    def _eval(self, script: bytes, key: bytes, args: list[bytes]) -> Wire:
        runtime, functions = _lua()
        if script not in functions:
            functions[script] = runtime.eval(
                b"function(call, KEYS, ARGV) local redis = {call = call} " + script + b" end"
            )
        found = functions[script](self._call, runtime.table_from([key]), runtime.table_from(args))
        return _bulk(found)

    def _call(self, name: bytes, key: bytes, *args: Any) -> bytes:
        if name == b"GETRANGE":
            return self.get(key)[int(args[0]) : int(args[1]) + 1]
        assert name == b"SET", name
        assert args[1] == b"PX"
        self.put(key, args[0], args[2])
        return b"OK"


@cache
def _lua() -> tuple[Any, dict[bytes, Any]]:
    # Redis runs Lua 5.1; another one beside fakeredis, which loads its own for all to see, ends the process.
    return LuaRuntime(encoding=None), {}


def _bulk(value: bytes) -> Wire:
    return b"$%d\r\n%s\r\n" % (len(value), value)
