"""The purge: what is old goes, and what was erased stays erased, also in a backup that was brought back.

The log of erasures stands twice: in the table `erased`, and in a file that no backup of the database holds. Each purge
makes the two equal and erases again whatever stands in either, so it does not matter which of them was lost.
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from sqlalchemy import Connection, select

from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import Database, insert_new
from ussd_engine.ledger.retention import GOING, MOST, PURGES, WARNED, Job, When, let_go
from ussd_engine.ledger.tables import cases, contacts, erased

OVERLAP_MS: Final = 24 * 3_600_000
"""What is looked at again behind the newest line of the file: clocks of several machines differ."""

LONGEST_LINE: Final = 256
MILLISECOND: Final = timedelta(milliseconds=1)
NOTHING: Final[Mapping[str, Job]] = {}


class Erased(NamedTuple):
    """A line of the log: a contact's random handle, and when it was erased."""

    handle: str
    at_ms: int


class PurgeLog:
    """The file: a line `HANDLE AT_MS` for each contact. It says nothing of whose it was."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[Erased]:
        try:
            with self._path.open(encoding="ascii") as file:
                for number, line in enumerate(file, 1):
                    # Only a line that was written to its end counts: the process may have ended in the midst of it.
                    if line.endswith("\n"):
                        yield self._read(line, number)
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError):
            raise EngineError(f"{self._path}: cannot be read") from None

    def append(self, lines: list[Erased]) -> None:
        """Add lines, on the disk when this returns."""
        if not lines:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            with os.fdopen(handle, "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                _to_the_last_line(file)
                file.write("".join(f"{line.handle} {line.at_ms}\n" for line in lines).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise EngineError(f"{self._path}: cannot be written: {error.strerror}") from None

    def _read(self, line: str, number: int) -> Erased:
        handle, _, at_ms = line.rstrip("\n").partition(" ")
        if not at_ms.isdecimal():
            raise EngineError(f"{self._path}:{number}: is no line of a purge log, which is a handle and a time")
        return Erased(handle, int(at_ms))


class Purge:
    """Purges one database. `clock` gives Unix milliseconds, `day_of` the country's day of such a time."""

    def __init__(
        self, database: Database, keyring: Keyring, clock: Callable[[], int], day_of: Callable[[int], date]
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._day_of = day_of

    async def all(self, log: PurgeLog, more: Mapping[str, Job] = NOTHING) -> dict[str, int]:
        """The whole clock of retention, now, with `more` of what others keep; how many rows of each kind went."""
        again = await self.again(log)
        when = When(self._day_of(self._clock()), self._clock())
        counts = {name: await self._drained(job, when) for name, job in {**PURGES, **more}.items()}
        await self.note(log)
        return {**counts, "erased again after a restore": again}

    async def going(self, more: Mapping[str, Job] = NOTHING) -> int:
        """How much of what no core has taken, or read, is purged within `WARNED` unless somebody sees to it."""
        then = When(self._day_of(self._clock()) + WARNED, self._clock() + WARNED // MILLISECOND)
        jobs = [*GOING.values(), *more.values()]
        return await self._database.read(lambda conn: sum(job(conn, self._keyring, then) for job in jobs))

    async def again(self, log: PurgeLog) -> int:
        """Erase whatever the log says was erased; how many contacts had come back."""
        lines, count = iter(log), 0
        while chunk := await asyncio.to_thread(lambda: list(itertools.islice(lines, MOST))):
            count += await self._database.write(partial(_again, keyring=self._keyring, lines=chunk))
        return count

    async def note(self, log: PurgeLog) -> None:
        """Write into the file what was erased since it was written last."""
        newest, known = await asyncio.to_thread(_tail, log)
        query = select(erased.c.handle, erased.c.at_ms).where(erased.c.at_ms >= newest - OVERLAP_MS)
        rows = await self._database.read(lambda conn: conn.execute(query.order_by(erased.c.at_ms)).all())
        await asyncio.to_thread(log.append, [Erased(*row) for row in rows if row.handle not in known])

    async def _drained(self, job: Job, when: When) -> int:
        count = MOST
        total = 0
        while count >= MOST:
            count = await self._database.write(lambda conn: job(conn, self._keyring, when))
            total += count
        return total


def _to_the_last_line(file: BinaryIO) -> None:
    """Go to the end of a file, without a line that was not written to its own."""
    size = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, size - LONGEST_LINE))
    file.seek(file.truncate(start + file.read().rfind(b"\n") + 1))


def _again(conn: Connection, keyring: Keyring, lines: list[Erased]) -> int:
    asked = sorted({line.handle for line in lines})
    theirs = select(cases.c.handle).where(cases.c.handle.in_(asked)).order_by(cases.c.reference).with_for_update()
    back = set(conn.scalars(theirs)) | set(conn.scalars(select(contacts.c.handle).where(contacts.c.handle.in_(asked))))
    known = set(conn.scalars(select(erased.c.handle).where(erased.c.handle.in_(asked))))
    let_go(conn, keyring, sorted(back), max(line.at_ms for line in lines))
    insert_new(conn, erased, [line._asdict() for line in sorted(set(lines)) if line.handle not in known | back])
    return len(back)


def _tail(log: PurgeLog) -> tuple[int, set[str]]:
    """The newest time in the log, and the handles that it may share with what is to be added."""
    newest = max((line.at_ms for line in log), default=OVERLAP_MS)
    return newest, {line.handle for line in log if line.at_ms >= newest - OVERLAP_MS}
