"""The database of the world: the real ledger on SQLite in memory, its jobs run on the loop in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SADeprecationWarning

from tests.world import files
from tests.world.files import Files
from tests.world.loop import WorldLoop
from tests.world.weather import Weather
from tests.world.witness import CURRENT
from ussd_engine.errors import RolledBack, Unknown
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Faults, Ledger, upgrade
from ussd_engine.ledger.acts import Acts
from ussd_engine.ledger.faults import Fault as Trouble
from ussd_engine.ledger.sqlite import SqliteDatabase
from ussd_engine.model import Committed, Submission
from ussd_engine.reference import draw

MEMORY = "file:world?mode=memory&cache=shared"
QUICK_S, LONG_S = 0.003, 6.0
HUNG_S = 45.0
"""Longer than a claim is lent."""
AT_THE_DRIVER = ("lost", "unanswered", "unknown_rolled")
MOST_CASES = 99
PLACES = {(True, True): "sql", (True, False): "look", (False, True): "core", (False, False): "news"}
"""Where a job is counted: whether it is a turn's, and whether it writes."""


class Books:
    """One database for every run of this process: emptied before each, and never on a disk."""

    def __init__(self, workers: int) -> None:
        self._anchor = sqlite3.connect(MEMORY, uri=True, isolation_level=None)
        self._template = _template()
        self._template.backup(self._anchor)
        self.faults = Faults()
        with warnings.catch_warnings():
            # Either pool that SQLAlchemy means to choose for a database in memory does here.
            warnings.simplefilter("ignore", SADeprecationWarning)
            self._databases = [_database(self.faults) for _ in range(workers)]
        self.stepped: list[tuple[float, int]] = []
        """How many steps of cases there were after each transaction, and when it was over."""
        self.cuts_look = False
        """Whether the connection of the next read ends at its driver."""
        for database in self._databases:
            event.listen(database._reading, "before_cursor_execute", self._before_look)

    def _before_look(self, conn: Connection, *_: Any) -> None:
        if self.cuts_look:
            cast(sqlite3.Connection, conn.connection.driver_connection).close()

    def empty(self) -> None:
        """Take every row away."""
        self._template.backup(self._anchor)
        self.stepped = []

    def stamp(self, at_s: float) -> None:
        """A transaction is over."""
        (steps,) = self._anchor.execute("SELECT ifnull(max(number), 0) FROM world_steps").fetchone()
        if not self.stepped or self.stepped[-1][1] != steps:
            self.stepped.append((at_s, steps))

    def ledger(self, worker: int, keyring: Keyring, clock_ms: Callable[[], int], zone: Any) -> Ledger:
        acts = Acts(keyring, draw, MOST_CASES, MOST_CASES)
        return Ledger(self._databases[worker], keyring, clock_ms, zone, acts)

    def effects(self) -> dict[bytes, Committed]:
        """What each key holds."""
        rows = self._anchor.execute("SELECT key, result FROM effects").fetchall()
        return {key: msgspec.msgpack.decode(result, type=Committed) for key, result in rows}

    def begun(self) -> dict[bytes, float]:
        """When each act that was written was begun, in Unix seconds."""
        return {key: at_ms / 1000 for key, at_ms in self._anchor.execute("SELECT key, at_ms FROM effects")}

    def submissions(self, keyring: Keyring) -> dict[str, Submission]:
        """What was sent, by its reference."""
        rows = self._anchor.execute(
            'SELECT reference, "case", sealed FROM cases JOIN submissions USING ("case")'
        ).fetchall()
        return {
            reference: msgspec.msgpack.decode(keyring.open("submission", case, sealed), type=Submission)
            for reference, case, sealed in rows
        }

    def held(self) -> list[str]:
        """The references of the core's cases, in the order in which they came."""
        return [row[0] for row in self._anchor.execute("SELECT reference FROM core_cases ORDER BY rowid")]

    def holder(self, reference: str) -> str:
        """The institution with which the core's case lies."""
        asked = "SELECT institution FROM core_cases WHERE reference = ?"
        return str(self._anchor.execute(asked, [reference]).fetchone()[0])

    def files(self, keyring: Keyring) -> Files:
        """All that ledger and core hold of cases."""
        return files.read(self._anchor, keyring, self.stepped)

    def under_way(self) -> bool:
        """Whether a message waits for the core, or an event for the ledger."""
        waiting = "EXISTS (SELECT 1 FROM outbox)"
        told = "(SELECT max(number) FROM core_events)"
        heard = "(SELECT max(CAST(mark AS INTEGER)) FROM marks)"
        asked = f"SELECT {waiting} OR ifnull({told}, 0) > ifnull({heard}, 0)"
        return bool(self._anchor.execute(asked).fetchone()[0])


def _database(faults: Faults) -> SqliteDatabase:
    return SqliteDatabase(make_url(f"sqlite:///{MEMORY}&uri=true"), faults)


@cache
def _template() -> sqlite3.Connection:
    found = sqlite3.connect(":memory:")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        asyncio.run(upgrade(f"sqlite:///{path}"))
        with contextlib.closing(sqlite3.connect(path)) as made:
            made.backup(found)
    found.executescript(files.TABLES)
    return found


class Desk:
    """Runs what the ledger hands to its threads: whole, one after the other, each in its time."""

    def __init__(self, loop: WorldLoop, books: Books, weather: Weather, seed: int) -> None:
        self._loop = loop
        self._books = books
        self._weather = weather
        self._chance = random.Random(seed)

    def job(self, func: Callable[..., Any], args: tuple[Any, ...]) -> asyncio.Future[Any]:
        """As `run_in_executor`: a job that was cancelled before it began does not begin."""
        future: asyncio.Future[Any] = self._loop.create_future()
        writes = func.__name__ == "_transact"
        turn = CURRENT.get(None) is not None
        what = self._weather.strikes(PLACES[turn, writes], func.__name__)
        quick_s = self._chance.uniform(0.1, 1.0) * QUICK_S
        before_s = {"late": LONG_S, "hung": HUNG_S}.get(what, quick_s)
        after_s = LONG_S if what == "slow" else quick_s
        run = self._run if turn or not writes else self._run_beside
        self._loop.call_later(before_s, run, future, what, after_s, func, args)
        return future

    def _run_beside(
        self, future: asyncio.Future[Any], what: str, after_s: float, func: Any, args: tuple[Any, ...]
    ) -> None:
        """A transaction that belongs to no turn; one that hung had begun, and whoever waited may be gone."""
        if future.cancelled() and what != "hung":
            return
        result, error = None, None
        if what not in ("lost", "unknown_rolled"):
            try:
                result = func(*args)
            except Exception as raised:
                error = raised
        if what == "lost":
            error = RolledBack("the world's database lost it")
        elif what in ("unanswered", "unknown_rolled"):
            error = Unknown("the world's database did not say")
        self._books.stamp(self._loop.time())
        self._loop.call_later(after_s, _settle, future, result, error)

    def _run(self, future: asyncio.Future[Any], what: str, after_s: float, func: Any, args: tuple[Any, ...]) -> None:
        if future.cancelled():
            return
        if what in AT_THE_DRIVER:
            self._books.faults.arm(cast(Trouble, what))
        self._books.cuts_look = what == "down"
        try:
            result, error = func(*args), None
        except Exception as raised:
            result, error = None, raised
        self._books.faults._armed.clear()
        self._books.stamp(self._loop.time())
        self._loop.call_later(after_s, _settle, future, result, error)


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.cancelled():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
