"""What a live session takes: `python -m benchmarks.sizes`.

One citizen dials the gateway as an operator runs it and comes to `review` of the shortest complaint. Her session is
written 200,000 times through the product's own codec into a Redis of its own, each time with another number, key, run
and hashes, so that every value is sealed by itself. The text of the message is not counted.

Judged are the octets that are ours to choose: sealed value, key, and 8 of the expiry, at most 260, aim 205. Beside them
stands what Redis takes for it, and for as many plain SETs of as many octets, with expiry and without.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from redis import Redis

from benchmarks.client import Line
from benchmarks.complaint import PROVIDER, Caller, Proof, callers, complaint
from benchmarks.report import not_shown
from benchmarks.servers import CannotMeasure, engine, new_token, redis_server
from sessions import Seal, Session, SessionCodec, session_key
from ussd_engine import config
from ussd_engine.channels.base import path
from ussd_engine.keys import Keyring

SESSIONS = 200_000
TTL_MS = 600_000
EXPIRY = 8
"""Octets of a time in milliseconds, as Redis keeps it."""
MOST, AIM = 260, 205
BATCH = 1000
FIRST_NUMBER = 255_700_000_000


class Reached(NamedTuple):
    """The session of somebody who stands at review, and the keys of the installation."""

    session: Session
    keyring: Keyring
    code: str

    @property
    def message(self) -> int:
        """Octets of what she wrote."""
        return len((self.session.drafts[-1].answers["message"] or "").encode())

    def key(self, number: int) -> bytes:
        return session_key(self.keyring.dialogue, str(number), self.code)


def reached(folder: Path) -> Reached:
    """Dial, and come to review."""
    token, cores = new_token(), os.sched_getaffinity(0)
    with redis_server(folder, cores) as redis, engine(folder, cores, redis.url, token) as served:
        settings = config.load({})
        legs = complaint(settings, served.url.removeprefix("http://"), path(PROVIDER, token=token))
        caller = next(callers())
        line = Line(served.url, legs, iter([caller]), Proof())
        with line.socket:
            for _ in legs[:-1]:
                line.ask()
        keyring, code = Keyring.load(folder / "keys.json"), next(iter(settings.codes))
        return Reached(stored(redis.url, keyring, code, caller), keyring, code)


def stored(redis_url: str, keyring: Keyring, code: str, caller: Caller) -> Session:
    """The caller's session as the gateway has left it. Raises `CannotMeasure` where she stands elsewhere."""
    key = session_key(keyring.dialogue, caller.number.decode(), code)
    with Redis.from_url(redis_url) as redis:
        found = codec(keyring).find(redis.get(key), key)
    if found is None or found.session.screen != "review":
        raise CannotMeasure("the gateway left no session at review")
    return found.session


def codec(keyring: Keyring) -> SessionCodec:
    """As the engine makes it."""
    ring = keyring.ring("session")
    return SessionCodec(Seal(ring.keys, ring.write))


def sealed(found: Reached, count: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of so many citizens at the same place."""
    dump, session, (draft,) = codec(found.keyring).dump, found.session, found.session.drafts
    for number in range(FIRST_NUMBER, FIRST_NUMBER + count):
        hers = msgspec.structs.replace(
            session,
            dialog=os.urandom(len(session.dialog)),
            dialogue=os.urandom(len(session.dialogue)),
            leg=os.urandom(len(session.leg)),
            msisdn=number,
            drafts=[msgspec.structs.replace(draft, run=os.urandom(len(draft.run)))],
        )
        key = found.key(number)
        yield key, dump(hers, key)


def plain(found: Reached, count: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """As many keys of the same length, and values of `size` random octets."""
    for number in range(FIRST_NUMBER, FIRST_NUMBER + count):
        yield found.key(number), os.urandom(size)


def memory(redis: Redis, rows: Iterator[tuple[bytes, bytes]], ttl_ms: int | None) -> tuple[float, float]:
    """Octets a row that Redis takes for `rows`, and octets of key and value; empty before and after."""
    redis.flushall()
    before, octets, count = _used(redis), 0, 0
    pipeline = redis.pipeline(transaction=False)
    for key, value in rows:
        pipeline.set(key, value, px=ttl_ms)
        octets, count = octets + len(key) + len(value), count + 1
        if count % BATCH == 0:
            pipeline.execute()
    pipeline.execute()
    if redis.dbsize() != count:
        raise CannotMeasure("two citizens have one key, or some have expired")
    used = (_used(redis) - before) / count
    redis.flushall()
    return used, octets / count


def _used(redis: Redis) -> int:
    return int(redis.info("memory")["used_memory"])


def show(name: str, octets: float, note: str = "") -> None:
    print(f"{name:24}{octets:8.1f}  {note}")


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    count = parser.parse_args(arguments).sessions
    with tempfile.TemporaryDirectory(prefix="ussd-engine-sizes-") as name:
        folder = Path(name)
        found = reached(folder)
        with redis_server(folder, os.sched_getaffinity(0)) as server, Redis.from_url(server.url) as redis:
            key = len(found.key(FIRST_NUMBER))
            taken, octets = memory(redis, sealed(found, count), TTL_MS)
            size = round(octets) - key
            twin, _ = memory(redis, plain(found, count, size), TTL_MS)
            lasting, _ = memory(redis, plain(found, count, size), None)
    ours = octets + EXPIRY - found.message
    print(
        f"{count} live sessions at review of the shortest complaint; octets each, less the {found.message} of the text"
    )
    show("value, sealed", octets - key - found.message)
    show("key", key)
    show("expiry", EXPIRY)
    show("all three", ours, f"limit {MOST}, aim {AIM}{'' if ours <= AIM else ' not reached'}")
    show("memory of Redis for it", taken - found.message, "its own records, tables and rounding included")
    print(f"a plain SET of {size} octets, text included, takes {twin:.1f} with expiry and {lasting:.1f} without;")
    print(f"a session with its text takes {taken:.1f}: {taken - octets - EXPIRY:.1f} of that are Redis' own")
    print(not_shown("make-sizes"))
    return 0 if ours <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
