"""Why a database did not do what was asked, in words for who runs it: what is wrong, and what to do.

The words never come from the error itself, which may quote a row or a password. They are found by what cannot: by
SQLSTATE (PostgreSQL, appendix A), by the name of SQLite's result code, by the system's kind of error.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator, Mapping

from sqlalchemy.exc import TimeoutError as NoConnectionFree

SETTING = "USSD_ENGINE_DATABASE"

SERVER = {
    "08": "the connection to the server was lost: try again",
    "23": "a rule of its tables forbids it",
    "25006": f"the server takes no writes: name its primary in {SETTING}",
    "28P01": f"the server refused the password: mend it in {SETTING}",
    "28": f"the server does not let this user in: mend the user in {SETTING}, or the server's pg_hba.conf",
    "3D000": f"the server has no database of this name: create it, or name another in {SETTING}",
    "40": "another transaction was in its way: try again",
    "42501": "this user may not do that: grant it the schema and the tables",
    "42P01": "a table is missing; run: ussd-engine db upgrade",
    "42703": "a column is missing; run: ussd-engine db upgrade",
    "53100": "the server's disk is full: make room",
    "53300": "the server has no connection left: raise its max_connections, or run fewer processes",
    "53": "the server is short of memory or disk: give it more",
    "57014": "the server broke it off: it took longer than its statement_timeout allows",
    "57P03": "the server is starting or stopping: try again",
    "57P": "the server ended the connection: try again",
}
"""By the beginning of the SQLSTATE."""

FILE = {
    "SQLITE_BUSY": "another process holds the file: end it, or try again",
    "SQLITE_CANTOPEN": f"the file is not there, or this user may not open it: a gateway makes it at its start "
    f"(`ussd-engine serve`), in a folder in which it may write; mend {SETTING} where it should be another",
    "SQLITE_CONSTRAINT": "a rule of its tables forbids it",
    "SQLITE_CORRUPT": "the file is damaged: bring it back from a copy",
    "SQLITE_FULL": "the disk is full: make room",
    "SQLITE_IOERR": "the disk cannot be read or written: look at the system's log",
    "SQLITE_NOTADB": f"the file is no SQLite database: name another in {SETTING}, or bring it back from a copy",
    "SQLITE_PERM": "this user may not use the file: give it the rights",
    "SQLITE_READONLY": "the file takes no writes: this user needs to write to it and in its folder",
}
"""By the beginning of the result code's name."""

SYSTEM: Mapping[type[BaseException], str] = {
    NoConnectionFree: "all connections of this process are in use: try again",
    socket.gaierror: f"nobody knows its host by this name: mend it in {SETTING}",
    ssl.SSLError: f"it and this process do not agree on TLS: look at its certificate, and at ssl in {SETTING}",
    ConnectionRefusedError: f"nothing listens there: start the server, or mend host and port in {SETTING}",
    TimeoutError: "it did not answer in time: is its host reachable, and the server well?",
    ConnectionError: f"the connection broke: try again, and ask for ssl in {SETTING} only where the server offers it",
}
"""By the kind of error, the more special first."""


def reason(error: BaseException) -> str:
    """What is wrong and what to do; where that is not known, the kind of error, by which it can be looked up."""
    causes = list(_causes(error))
    for cause in causes:
        for known, code in ((SERVER, _state(cause)), (FILE, str(getattr(cause, "sqlite_errorname", "")))):
            if found := next((known[code[:end]] for end in range(len(code), 0, -1) if code[:end] in known), None):
                return found
    for cause in causes:
        if found := next((words for kind, words in SYSTEM.items() if isinstance(cause, kind)), None):
            return found
        if isinstance(cause, OSError) and cause.errno:
            return f"its host or file cannot be reached: {os.strerror(cause.errno)}"
    code = _state(causes[0]) or getattr(causes[0], "sqlite_errorname", "")
    return f"an error of the kind {' '.join(filter(None, [type(causes[0]).__name__, code]))}: look at the server's log"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The driver's own error behind the library's, what that one came from, and the error itself."""
    inner = getattr(error, "orig", None)
    if isinstance(inner, BaseException):
        yield inner
        if inner.__cause__ is not None:
            yield inner.__cause__
    yield error


def _state(error: BaseException) -> str:
    return str(getattr(error, "sqlstate", None) or "")
