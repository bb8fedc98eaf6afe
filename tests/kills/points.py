"""The places at which a process is killed, found while the code runs.

A point is one line, `KIND PLACE #N`, for the N-th time that it is reached:

    await ussd_engine/gateway.py:330 Gateway._commit #1
    sql INSERT INTO effects #1
"""

from __future__ import annotations

import ast
import asyncio
import dis
import re
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import thread
from functools import cache
from inspect import CO_COROUTINE
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from sqlalchemy import Engine, event

ROOT = Path(__file__).parents[2]
WATCHED = ("sessions", "ussd_engine")
BESIDE = ("background.py", "keywatch.py", "keyfile.py")
"""What goes on by itself, whether there is a turn or not."""
YIELD = dis.opmap["YIELD_VALUE"]
RUNS_JOBS = thread.__file__
KINDS = {
    "await": "an await is about to run, whether it will wait or not",
    "asleep": "a task has begun to wait there",
    "awake": "a task goes on from where it waited",
    "sql": "SQLite is about to run this statement",
    "line": "a line of what the loop gave to a thread is about to run",
}
"""What is about to happen at a point, or has just happened."""
STATEMENT = re.compile(r"INSERT INTO \w+|DELETE FROM \w+|UPDATE \w+|[A-Z]+(?: [A-Z]+)?")


def read_sources() -> None:
    """Look through all that is watched, so that no run does it while its turn's deadline runs."""
    for folder in WATCHED:
        for file in (ROOT / folder).rglob("*.py"):
            awaits(str(file))


@cache
def awaits(file: str) -> frozenset[int] | None:
    """The lines of a file on which something is awaited, from its syntax tree; `None` for a file that is not ours."""
    path = Path(file)
    if path.name in BESIDE or not any(path.is_relative_to(ROOT / folder) for folder in WATCHED):
        return None
    waiting = (ast.Await, ast.AsyncWith, ast.AsyncFor)
    return frozenset(node.lineno for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, waiting))


class Tracer:
    """Tells `reached` of every point, in the thread that reaches it and before it goes on.

    It is made before the ledger is opened, and armed when the turn may begin: all that runs under a trace is slow.
    """

    def __init__(self, reached: Callable[[str], None]) -> None:
        self.armed = False
        self._reached = reached
        self._times: Counter[str] = Counter()
        self._asleep: dict[asyncio.Task[Any] | None, str] = {}

        event.listen(Engine, "connect", self._connected)

    def arm(self) -> None:
        """Watch from here on: this thread, the threads that are started later, and what SQLite runs in any."""
        self.armed = True
        threading.settrace(self._called)
        sys.settrace(self._called)

    def _reach(self, kind: str, place: str) -> None:
        point = f"{kind} {place}"
        self._times[point] += 1
        self._reached(f"{point} #{self._times[point]}")

    def _called(self, frame: FrameType, what: str, _: Any) -> Any:
        """A frame begins, or a coroutine goes on."""
        code = frame.f_code
        if not self.armed or awaits(code.co_filename) is None:
            return None
        if code.co_flags & CO_COROUTINE:
            self._wake()
            return self._in_coroutine
        return self._in_thread if _given_to_a_thread(frame) else None

    def _in_coroutine(self, frame: FrameType, what: str, _: Any) -> Any:
        code = frame.f_code
        if what == "line":
            self._wake()
            if frame.f_lineno in (awaits(code.co_filename) or ()):
                self._reach("await", _place(code, frame.f_lineno))
        elif what == "return" and code.co_code[frame.f_lasti] == YIELD:
            self._sleep(_place(code, frame.f_lineno))
        return self._in_coroutine

    def _in_thread(self, frame: FrameType, what: str, _: Any) -> Any:
        if what == "line":
            self._reach("line", _place(frame.f_code, frame.f_lineno))
        return self._in_thread

    def _sleep(self, place: str) -> None:
        # The innermost coroutine yields first; those that await it yield the same wait once more.
        task = asyncio.current_task()
        if task not in self._asleep:
            self._reach("asleep", place)
            self._asleep[task] = place

    def _wake(self) -> None:
        place = self._asleep.pop(asyncio.current_task(), None)
        if place is not None:
            self._reach("awake", place)

    def _connected(self, raw: sqlite3.Connection, _: Any) -> None:
        raw.set_trace_callback(self._states)

    def _states(self, statement: str) -> None:
        found = STATEMENT.match(statement)
        if self.armed and found:
            self._reach("sql", found[0])


def _given_to_a_thread(frame: FrameType) -> bool:
    return frame.f_back is not None and frame.f_back.f_code.co_filename == RUNS_JOBS


def _place(code: CodeType, line: int) -> str:
    return f"{Path(code.co_filename).relative_to(ROOT)}:{line} {code.co_qualname}"
