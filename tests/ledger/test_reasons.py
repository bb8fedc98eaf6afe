"""What a database that cannot be used says at the start: what is wrong and what to do, and nothing that it may not."""

from __future__ import annotations

import errno
import os
import socket
import sqlite3
import ssl
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ussd_engine.cli import main
from ussd_engine.errors import EngineError
from ussd_engine.ledger import postgres, sqlite, upgrade
from ussd_engine.ledger.database import silence, verdict
from ussd_engine.ledger.reasons import FILE, SERVER, SYSTEM, reason
from ussd_engine.testing.databases import POSTGRES

CANARY = "canary"
"""Stands in every error's own text, as a row or a password may."""
WRITTEN = "the database wrote nothing: "


class Raised(Exception):
    """An error of a driver, with its code."""

    def __init__(self, *, sqlstate: str | None = None, sqlite_errorname: str | None = None) -> None:
        super().__init__(CANARY)
        self.sqlstate = sqlstate
        self.sqlite_errorname = sqlite_errorname


def wrapped(error: BaseException) -> DBAPIError:
    """As SQLAlchemy raises it."""
    return DBAPIError("INSERT INTO submissions", {"sealed": CANARY}, error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (asyncpg.InvalidPasswordError(CANARY), SERVER["28P01"]),
        (wrapped(asyncpg.InvalidPasswordError(CANARY)), SERVER["28P01"]),
        (wrapped(Raised(sqlstate="28000")), SERVER["28"]),
        (wrapped(Raised(sqlstate="53300")), SERVER["53300"]),
        (wrapped(Raised(sqlstate="53200")), SERVER["53"]),
        (wrapped(Raised(sqlstate="57P01")), SERVER["57P"]),
        (wrapped(Raised(sqlite_errorname="SQLITE_FULL")), FILE["SQLITE_FULL"]),
        (wrapped(Raised(sqlite_errorname="SQLITE_IOERR_FSYNC")), FILE["SQLITE_IOERR"]),
        (wrapped(Raised(sqlite_errorname="SQLITE_READONLY_DIRECTORY")), FILE["SQLITE_READONLY"]),
        (socket.gaierror(-2, CANARY), SYSTEM[socket.gaierror]),
        (ssl.SSLCertVerificationError(1, CANARY), SYSTEM[ssl.SSLError]),
        (ConnectionResetError(errno.ECONNRESET, CANARY), SYSTEM[ConnectionError]),
        (NoConnectionFree(CANARY), SYSTEM[NoConnectionFree]),
        (OSError(errno.EHOSTUNREACH, CANARY), "its host or file cannot be reached: No route to host"),
        (wrapped(Raised()), "an error of the kind Raised: look at the server's log"),
        (wrapped(Raised(sqlstate="F0001")), "an error of the kind Raised F0001: look at the server's log"),
        (wrapped(Raised(sqlite_errorname="SQLITE_ERROR")), "an error of the kind Raised SQLITE_ERROR: look at the"),
    ],
)
def test_the_words_are_found_by_the_most_special_code(error: Exception, words: str) -> None:
    assert reason(error).startswith(words)
    for told in (verdict(error, committing=False), verdict(error, committing=True), silence(error)):
        assert str(told).endswith(reason(error))
        assert CANARY not in str(told)


def test_what_the_drivers_error_came_from_counts_where_it_has_no_code_itself() -> None:
    error = Raised()
    error.__cause__ = ConnectionRefusedError(errno.ECONNREFUSED, CANARY)
    assert reason(wrapped(error)) == SYSTEM[ConnectionRefusedError]


def test_every_reason_says_what_is_wrong_and_no_class() -> None:
    for words in [*SERVER.values(), *FILE.values(), *SYSTEM.values()]:
        assert words[0].islower()
        assert "Error" not in words


async def refusal(url: str) -> str:
    with pytest.raises(EngineError) as error:
        await upgrade(url)
    return str(error.value)


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(os.urandom(8192))
    assert await refusal(f"sqlite:///{tmp_path}/ledger.db") == WRITTEN + FILE["SQLITE_NOTADB"]


async def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    assert await refusal(f"sqlite:///{tmp_path}/ledger.db") == WRITTEN + FILE["SQLITE_CANTOPEN"]


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    words = f"USSD_ENGINE_DATABASE: the folder {tmp_path}/file/in cannot be made: Not a directory"
    assert await refusal(f"sqlite:///{tmp_path}/file/in/ledger.db") == words


async def test_a_file_that_another_process_holds_is_told(sqlite_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_MS", 0)
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await refusal(f"sqlite:///{sqlite_path}") == WRITTEN + FILE["SQLITE_BUSY"]


@pytest.mark.parametrize(
    ("accepts", "kind"), [(False, ConnectionRefusedError), (True, TimeoutError)], ids=["refused", "silent"]
)
async def test_a_server_that_is_not_there_or_says_nothing_is_told(
    accepts: bool, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "WRITE_S", 0.1 if accepts else 8.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        if not accepts:
            listening.close()
        assert await refusal(f"postgresql://engine:{CANARY}@127.0.0.1:{port}/ussd") == WRITTEN + SYSTEM[kind]


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_server")
@pytest.mark.parametrize(
    ("address", "state"),
    [
        (lambda url: f"{url}/canary_no_database", "3D000"),
        (lambda url: f"{url.replace('postgres@', 'canary_nobody:canary@')}/postgres", "28"),
    ],
)
async def test_a_server_that_refuses_is_told(address: Callable[[str], str], state: str) -> None:
    assert await refusal(address(POSTGRES)) == WRITTEN + SERVER[state]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://host/ussd?sslmode=require", 'postgresql has no option "sslmode" (did you mean "ssl"?)'),
        ("postgresql://host/ussd?canary=canary", 'postgresql has no option "canary"'),
        ("sqlite:////srv/ledger.db?mode=ro", 'sqlite has no option "mode"'),
        ("postgresql://host:port/ussd", "the database's address is none; write sqlite:///PATH or postgresql://"),
        ("ledger.db", "the database's address is none; write sqlite:///PATH or postgresql://"),
    ],
)
async def test_an_address_that_is_none_is_told(url: str, words: str) -> None:
    assert (await refusal(url)).startswith(f"USSD_ENGINE_DATABASE: {words}")


def test_the_command_line_says_it_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ledger.db").mkdir()
    monkeypatch.setenv("USSD_ENGINE_VAR", str(tmp_path))
    monkeypatch.setenv("USSD_ENGINE_DATABASE", f"sqlite:///{tmp_path}/ledger.db")
    monkeypatch.setattr(sys, "argv", ["ussd-engine", "db", "upgrade"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"{WRITTEN}{FILE['SQLITE_CANTOPEN']}\n"
