"""All that outlives a process (the caller's session, the ledger's file, her phone), put up again for each run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import aiohttp
from redis import Redis

from sessions import Seal, Session, session_key
from sessions.codec import SessionCodec
from simulator.clock import RealClock
from simulator.local import wire
from simulator.phone import Line, Phone
from tests.kills.nursery import of_menus, settings_of
from tests.kills.place import Files, Place
from ussd_engine import engine
from ussd_engine.channels.base import Request
from ussd_engine.menu.edition import Edition

ROOT = Path(__file__).parents[2]
CODE, NUMBER = "*152*00#", "255700000001"
CHANNEL = "africastalking"
KEPT_MS = 600_000
END_S = 10.0
NOTHING: Mapping[str, str] = MappingProxyType({})


class Handset(NamedTuple):
    """What a phone and its provider remember of a dialogue, the provider's last request among it."""

    dialogue: str
    inputs: tuple[str, ...]
    last: Request | None


class Scene(NamedTuple):
    """The state before a leg: the sealed session, the files of the ledger by name, the phone, and its last screen."""

    session: bytes
    files: Files
    handset: Handset
    screen: str


class Ground(Place):
    """One caller's place in a Redis, and one ledger file."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        super().__init__(folder, sessions=redis_url)
        self._redis = Redis.from_url(redis_url)
        self._key = session_key(self.keyring.dialogue, NUMBER, CODE)

    def close(self) -> None:
        """Leave nothing in Redis."""
        self._redis.delete(self._key)
        self._redis.close()

    # scenes

    def take(self, phone: Phone, screen: str) -> Scene:
        """The scene as it stands, while no process runs."""
        blob: Any = self._redis.get(self._key)
        return Scene(blob or b"", self.files, Handset(phone.dialogue, phone.inputs, phone.last), screen)

    def clear(self) -> None:
        """Nothing stands."""
        self.put({})
        self.forget()

    def forget(self) -> None:
        """Her session is gone, as after ten minutes."""
        self._redis.delete(self._key)

    def lay(self, scene: Scene) -> None:
        """Put a scene up."""
        self.put(scene.files)
        self._redis.set(self._key, scene.session, px=KEPT_MS)

    # what stands

    def session(self) -> Session | None:
        """The caller's session, opened."""
        ring = self.keyring.ring("session")
        blob: Any = self._redis.get(self._key)
        found = SessionCodec(Seal(ring.keys, ring.write)).find(blob or b"", self._key)
        return found.session if found else None

    def phone(self, client: aiohttp.ClientSession, url: str, handset: Handset | None = None) -> Phone:
        phone = Phone(wire(CHANNEL, self.settings), Line(client, url), RealClock(print), NUMBER)
        phone.dialled = CODE
        if handset:
            phone.dialogue, phone.inputs, phone.last = handset
        return phone


class Nursery:
    """The process that forks the children. One child at a time."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.nursery", json.dumps(of_menus(given))],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(self, does: str, kill: str, changes: Mapping[str, str] = NOTHING, **words: object) -> None:
        """Fork a child that is killed at a point, or at none. `changes`: settings of its own; `words`: what else its
        job says."""
        self._write(json.dumps({"does": does, "kill": kill, "settings": {**self._given, **changes}, **words}))

    def tell_to_end(self) -> None:
        self._write("")

    def hear(self) -> dict[str, Any]:
        """What is said next."""
        assert self._process.stdout is not None
        words: dict[str, Any] = json.loads(self._process.stdout.readline() or '{"ended": null}')
        return words

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """The end of its jobs ends it; where something hangs, it and its child are killed."""
        try:
            self._process.communicate(timeout=END_S)
        finally:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


@contextlib.contextmanager
def nursery(place: Place) -> Iterator[Nursery]:
    found = Nursery(place.given)
    try:
        yield found
    finally:
        found.close()


@contextlib.contextmanager
def menus_read_once(given: Mapping[str, str] = NOTHING) -> Iterator[Edition]:
    """The menus, which every gateway of this process takes from here on without reading them again."""
    before, edition = engine.read_menus, engine.read_menus(settings_of(of_menus(given)))
    engine.read_menus = lambda config: edition
    try:
        yield edition
    finally:
        engine.read_menus = before
