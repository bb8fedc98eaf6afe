"""The files that outlive a process: its keys and its ledger, put up again for each run."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.kills.nursery import settings_of
from ussd_engine.app import create_app, running
from ussd_engine.country import Country
from ussd_engine.keys import Keyring
from ussd_engine.logs import Log
from ussd_engine.model import Submission

TABLES = ("effects", "submissions", "cases", "outbox", "core_cases", "dead_letters")
Files = Mapping[str, bytes]
"""The files of a ledger, by name."""


@dataclass(frozen=True)
class Books:
    """How many rows each table holds; the references of the cases, their ids, and what was sent, by its id."""

    rows: dict[str, int]
    references: list[str]
    cases: list[bytes]
    sent: dict[bytes, Submission]


class Place:
    """A folder with keys and one ledger file. `given`: settings beside those."""

    def __init__(self, folder: Path, **given: str) -> None:
        self.given = {
            "var": str(folder),
            "keys": str(folder / "keys.json"),
            "database": f"sqlite:///{folder / 'ledger.db'}",
            **given,
        }
        self.settings = settings_of(self.given)
        country = Country.load(self.settings.country)
        Keyring.create(self.settings.keys, country.today(int(time.time() * 1000)))
        self.keyring = Keyring.load(self.settings.keys)
        self._folder = folder

    @property
    def ledger_file(self) -> Path:
        """The file of the ledger."""
        return self._folder / "ledger.db"

    @property
    def files(self) -> Files:
        """The ledger as it stands, while no process runs."""
        return {file.name: file.read_bytes() for file in self._files() if not file.name.endswith("-shm")}

    def put(self, files: Files) -> None:
        """Let these stand, and no others."""
        for file in self._files():
            file.unlink()
        for name, octets in files.items():
            (self._folder / name).write_bytes(octets)

    def books(self) -> Books:
        """What the file holds for whoever opens it now."""
        with contextlib.closing(sqlite3.connect(self.ledger_file)) as found:
            rows = {table: found.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}
            cases = found.execute('SELECT reference, "case" FROM cases').fetchall()
            sealed = found.execute('SELECT "case", sealed FROM submissions').fetchall()
        opened = {case: self.keyring.open("submission", case, octets) for case, octets in sealed}
        sent = {case: msgspec.msgpack.decode(plain, type=Submission) for case, plain in opened.items()}
        return Books(rows, [reference for reference, _ in cases], [case for _, case in cases], sent)

    @contextlib.asynccontextmanager
    async def survivor(self) -> AsyncIterator[str]:
        """A gateway in this process on what the dead one left; its address."""
        async with running(create_app(self.settings, log=Log("CRITICAL"), proven=True)) as url:
            yield url

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("ledger.db*"))
