"""Trouble on purpose, at the driver: connections cut around a commit. For tests and transcripts; off in production."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import Connection, Engine, event

Fault = Literal["lost", "unanswered", "unknown_rolled"]
"""`lost`: the connection ends before the commit. `unanswered`: after the commit, before its answer. `unknown_rolled`:
when the commit is sent, and nothing is written."""
_ACT = "INSERT INTO effects"


class Faults:
    """Each armed fault strikes one transaction that writes an act, in the order of arming."""

    def __init__(self) -> None:
        self._armed: deque[Fault] = deque()
        self._struck: dict[int, Fault] = {}

    def arm(self, *faults: Fault) -> None:
        """Let the next acts meet these."""
        self._armed.extend(faults)

    def disarm(self) -> None:
        """Take back what has not struck yet."""
        self._armed.clear()

    @property
    def armed(self) -> int:
        """How many have not struck yet."""
        return len(self._armed)

    def install(self, engine: Engine) -> None:
        """Stand between an engine and its driver."""
        event.listen(engine, "before_cursor_execute", self._before_statement)
        dialect: Any = engine.dialect
        dialect.do_commit = self._around_commit(dialect.do_commit)

    def _before_statement(self, conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if not self._armed or not statement.startswith(_ACT):
            return
        fault = self._armed.popleft()
        if fault == "lost":
            _cut(conn.connection)
        else:
            self._struck[id(conn.connection.driver_connection)] = fault

    def _around_commit(self, commit: Callable[[Any], None]) -> Callable[[Any], None]:
        def do_commit(pooled: Any) -> None:
            fault = self._struck.pop(id(pooled.driver_connection), None)
            if fault == "unanswered":
                commit(pooled)
            if fault is not None:
                _cut(pooled)
                pooled.cursor().execute("SELECT 1")
            commit(pooled)

        return do_commit


def _cut(pooled: Any) -> None:
    raw = pooled.driver_connection
    end = getattr(raw, "terminate", None) or raw.close
    end()
