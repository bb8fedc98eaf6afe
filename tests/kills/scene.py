"""All that outlives a process (the caller's session, the ledger's file, her phone), put up again for each run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec
from redis import Redis

from sessions import Seal, Session, session_key
from sessions.codec import SessionCodec
from simulator.clock import RealClock
from simulator.local import wire
from simulator.phone import Line, Phone
from ussd_engine import engine
from ussd_engine.app import create_app, running
from ussd_engine.channels.base import Request
from ussd_engine.country import Country
from ussd_engine.keys import Keyring
from ussd_engine.logs import Log
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Submission

from .nursery import settings_of

ROOT = Path(__file__).parents[2]
CODE, NUMBER = "*152*00#", "255700000001"
CHANNEL = "africastalking"
KEPT_MS = 600_000
END_S = 10.0
TABLES = ("effects", "submissions", "cases", "outbox", "core_cases", "dead_letters")


class Handset(NamedTuple):
    """What a phone and its provider remember of a dialogue, the provider's last request among it."""

    dialogue: str
    inputs: tuple[str, ...]
    last: Request | None


class Scene(NamedTuple):
    """The state before a leg: the sealed session, the files of the ledger by name, the phone, and its last screen."""

    session: bytes
    files: dict[str, bytes]
    handset: Handset
    screen: str


@dataclass(frozen=True)
class Books:
    """How many rows each table holds; the references of the cases, their ids, and what was sent, by its id."""

    rows: dict[str, int]
    references: list[str]
    cases: list[bytes]
    sent: dict[bytes, Submission]


class Ground:
    """One caller's place in a Redis, and one ledger file."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.given = {
            "var": str(folder),
            "keys": str(folder / "keys.json"),
            "database": f"sqlite:///{folder / 'ledger.db'}",
            "sessions": redis_url,
        }
        self.settings = settings_of(self.given)
        country = Country.load(self.settings.country)
        Keyring.create(self.settings.keys, country.today(int(time.time() * 1000)))
        self.keyring = Keyring.load(self.settings.keys)
        self._folder = folder
        self._redis = Redis.from_url(redis_url)
        self._key = session_key(self.keyring.dialogue, NUMBER, CODE)

    def close(self) -> None:
        """Leave nothing in Redis."""
        self._redis.delete(self._key)
        self._redis.close()

    # scenes

    def take(self, phone: Phone, screen: str) -> Scene:
        """The scene as it stands, while no process runs."""
        files = {file.name: file.read_bytes() for file in self._files() if not file.name.endswith("-shm")}
        blob: Any = self._redis.get(self._key)
        return Scene(blob or b"", files, Handset(phone.dialogue, phone.inputs, phone.last), screen)

    def clear(self) -> None:
        """Nothing stands."""
        for file in self._files():
            file.unlink()
        self._redis.delete(self._key)

    def forget(self) -> None:
        """Her session is gone, as after ten minutes."""
        self._redis.delete(self._key)

    @property
    def ledger_file(self) -> Path:
        """The file of the ledger."""
        return self._folder / "ledger.db"

    def lay(self, scene: Scene) -> None:
        """Put a scene up."""
        self.clear()
        for name, octets in scene.files.items():
            (self._folder / name).write_bytes(octets)
        self._redis.set(self._key, scene.session, px=KEPT_MS)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("ledger.db*"))

    # what stands

    def session(self) -> Session | None:
        """The caller's session, opened."""
        ring = self.keyring.ring("session")
        blob: Any = self._redis.get(self._key)
        found = SessionCodec(Seal(ring.keys, ring.write)).find(blob or b"", self._key)
        return found.session if found else None

    def books(self) -> Books:
        """What the file holds for whoever opens it now."""
        with contextlib.closing(sqlite3.connect(self._folder / "ledger.db")) as found:
            rows = {table: found.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}
            cases = found.execute('SELECT reference, "case" FROM cases').fetchall()
            sealed = found.execute('SELECT "case", sealed FROM submissions').fetchall()
        opened = {case: self.keyring.open("submission", case, octets) for case, octets in sealed}
        sent = {case: msgspec.msgpack.decode(plain, type=Submission) for case, plain in opened.items()}
        return Books(rows, [reference for reference, _ in cases], [case for _, case in cases], sent)

    # processes and phones

    def phone(self, client: aiohttp.ClientSession, url: str, handset: Handset | None = None) -> Phone:
        phone = Phone(wire(CHANNEL, self.settings), Line(client, url), RealClock(), NUMBER)
        phone.dialled = CODE
        if handset:
            phone.dialogue, phone.inputs, phone.last = handset
        return phone

    @contextlib.asynccontextmanager
    async def survivor(self) -> AsyncIterator[str]:
        """A gateway in this process on what the dead one left; its address."""
        async with running(create_app(self.settings, log=Log("CRITICAL"), proven=True)) as url:
            yield url


class Nursery:
    """The process that forks the children. One child at a time."""

    def __init__(self, given: dict[str, str]) -> None:
        self._given = given
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__.replace("scene", "nursery")],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(self, does: str, kill: str) -> None:
        """Fork a child that is killed at a point, or at none."""
        self._write(json.dumps({"does": does, "kill": kill, "settings": self._given}))

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
def nursery(ground: Ground) -> Iterator[Nursery]:
    found = Nursery(ground.given)
    try:
        yield found
    finally:
        found.close()


@contextlib.contextmanager
def menus_read_once() -> Iterator[Edition]:
    """The menus, which every gateway of this process takes from here on without reading them again."""
    before, edition = engine.read_menus, engine.read_menus(settings_of({}))
    engine.read_menus = lambda config: edition
    try:
        yield edition
    finally:
        engine.read_menus = before
