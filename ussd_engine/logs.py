"""The log: JSON, one line a turn, and no way to write a citizen's words.

Every function takes typed fields alone. A value that does not look like what its field holds is written as `?`, so a
slip of ours cannot carry text either. Of a fault its place and its type are written, not its message and not its
traceback: both may hold what was typed. The same is done to the lines of libraries.

    {"event": "turn", "log_tag": "9f2c01ab", "channel": "beem", "screen": "emrejesho/message", "outcome": "continued",
     "ms": 3.1, "counts": ["held"], "level": "info", "time": "2026-01-15T06:30:00Z"}
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import sys
import threading
import time
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from pathlib import PurePath
from types import TracebackType
from typing import Any, BinaryIO, Final

import msgspec
import structlog

from ussd_engine.counts import Count, Outcome
from ussd_engine.errors import DeliveryError, Why

OURS: Final = ("ussd_engine", "sessions", "simulator")
UNFIT: Final = "?"

_COUNTS = frozenset(Count)
_TAG = re.compile(r"[0-9a-f]{0,32}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}(/[a-z][a-z0-9_]{0,39}){0,2}|")
_PLACE = re.compile(r"[\w@+.~/-]{1,200}(:[0-9]{1,7})?|", re.ASCII)


class Notice(StrEnum):
    """What the gateway says of itself."""

    STARTED = "started"
    DRAINING = "asked to stop: what is under way is answered, nothing new is taken"
    STOPPED = "stopped"
    CUT_OFF = "stopped, and turns that took too long were cut off"
    KEYS_MADE = "keys were made, for development only"
    RELOADED = "menus were reloaded"
    RELOAD_REFUSED = "menus were not reloaded; the old ones stay"
    MIGRATED = "the database was upgraded"
    PURGED = "what had to go was erased"
    UNSENT_GOES = "what no core has taken is purged within 30 days: see `ussd-engine outbox list`"
    CORE_BACK = "the core answers again: what waits for it goes out"
    INSTITUTION_BACK = "the institution of a hosted service answers again: the forms that wait for it go out"
    BOUND = "bound to the provider's SMSC"
    BIND_LOST = "not bound to the provider's SMSC; it is tried again and again"
    BIND_REFUSED = "the provider's SMSC refuses the bind: look at url, system_id and password; it is tried again slowly"
    SMS_STOPPED = "nothing is sent on this channel until somebody has mended it: see `ussd-engine sms list`"


_CALM = frozenset(
    {
        Notice.STARTED,
        Notice.DRAINING,
        Notice.STOPPED,
        Notice.RELOADED,
        Notice.MIGRATED,
        Notice.PURGED,
        Notice.CORE_BACK,
        Notice.INSTITUTION_BACK,
        Notice.BOUND,
    }
)


class Log:
    """Writes lines of `level` and above to `stream`."""

    def __init__(self, level: str = "INFO", stream: BinaryIO | None = None) -> None:
        self._lines = _Lines(stream or sys.stdout.buffer)
        self._tells_turns = logging.getLevelNamesMapping()[level] <= logging.INFO
        self._logger = structlog.wrap_logger(
            self._lines,
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True, key="time"),
                structlog.processors.JSONRenderer(serializer=_encode),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
            cache_logger_on_first_use=True,
        )

    def turn(
        self,
        *,
        log_tag: str,
        channel: str,
        screen: str,
        outcome: Outcome,
        seconds: float,
        counts: Iterable[str] = (),
    ) -> None:
        """One turn. `log_tag` is random, new each day, and links to nothing; `screen` is `service/screen`."""
        if not self._tells_turns:
            return
        line = _Turn(
            log_tag=_fit(_TAG, log_tag),
            channel=_fit(_NAME, channel),
            screen=_fit(_NAME, screen),
            outcome=Outcome(outcome),
            ms=round(seconds * 1000, 1),
            counts=[count if count in _COUNTS else UNFIT for count in counts],
            time=_stamp(int(time.time())),
        )
        self._lines.msg(_encoded(line))

    def count(self, count: Count, channel: str = "") -> None:
        """Something outside a turn, such as a body that is no callback."""
        self._logger.info("count", count=Count(count), channel=_fit(_NAME, channel))

    def fault(self, error: BaseException, *, log_tag: str = "", channel: str = "") -> None:
        """A fault: where it arose and of what type it is, back to its first cause; and why, in words of ours, where an
        operator can mend it."""
        channel = channel or getattr(error, "channel", "")
        self._logger.error(
            "fault", log_tag=_fit(_TAG, log_tag), channel=_fit(_NAME, channel), chain=[*map(_told, _chain(error))]
        )

    def notice(
        self,
        notice: Notice,
        *,
        place: str = "",
        number: int = 0,
        seconds: float | None = None,
        channel: str = "",
        medium: str = "",
        status: int = 0,
    ) -> None:
        """Something about the gateway itself. `place` is a file, perhaps with its line; `seconds` how long it took;
        `channel` whose provider it is about, and `medium` for what: `ussd` or `sms`, which may have a line each;
        `status` by which the provider's SMSC refuses."""
        write = self._logger.info if notice in _CALM else self._logger.warning
        took = {} if seconds is None else {"ms": round(seconds * 1000, 1)}
        of = {"channel": _fit(_NAME, channel), "medium": _fit(_NAME, medium)} if channel else {}
        why = {"status": f"0x{status:02X}"} if status else {}
        write(Notice(notice), place=_fit(_PLACE, place), number=int(number), **of, **why, **took)

    def library(self, record: logging.LogRecord) -> None:
        """A line of a library: who wrote it and where, without its words."""
        error = record.exc_info[1] if record.exc_info else None
        self._logger.log(
            record.levelno,
            "library",
            logger=_fit(_PLACE, record.name),
            place=f"{PurePath(record.pathname).name}:{record.lineno}",
            chain=[*map(_told, _chain(error))],
        )


class _Turn(msgspec.Struct, kw_only=True):
    """The line of a turn, in the order in which it is written."""

    event: str = "turn"
    log_tag: str
    channel: str
    screen: str
    outcome: Outcome
    ms: float
    counts: list[str]
    level: str = "info"
    time: str


class _Lines:
    """Where the lines go: those of one tick of the event loop together, for each write is a system call.

    What cannot be written is dropped: a full disk must not keep a citizen from her answer.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: list[bytes] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop that was asked to write what waits."""

    def msg(self, line: bytes) -> None:
        self._waiting.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._write()
            return
        if loop is not self._loop:
            self._loop = loop
            loop.call_soon(self._write)

    debug = info = warning = error = critical = msg

    def _write(self) -> None:
        self._loop = None
        lines, self._waiting = self._waiting, []
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(b"".join(line + b"\n" for line in lines))
            self._stream.flush()


class Redirect(logging.Handler):
    """Sends the lines of libraries to the log. Never fails: a line that cannot be written is dropped."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._log.library(record)
        except (OSError, ValueError):
            return


def redirect(log: Log, level: str = "INFO") -> None:
    """Lets no library write past `log`: neither their loggers nor warnings nor an exception that nobody caught."""
    root = logging.getLogger()
    root.handlers[:] = [Redirect(log)]
    root.setLevel(level)
    for chatty in ("alembic", "transitions"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = lambda _type, error, _trace: log.fault(error)
    sys.unraisablehook = lambda told: log.fault(told.exc_value or RuntimeError())
    threading.excepthook = lambda told: log.fault(told.exc_value or RuntimeError())


def place_of(trace: TracebackType | None) -> str:
    """The innermost `file:line` of ours in a traceback, else the innermost of all; empty without one."""
    inner = ours = ""
    while trace is not None:
        path = PurePath(trace.tb_frame.f_code.co_filename)
        room = next((part for part in reversed(path.parts[:-1]) if part in OURS), "")
        inner = f"{path.name}:{trace.tb_lineno}"
        if room:
            ours = f"{'/'.join(path.parts[_last(path.parts, room) :])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return ours or inner


def _last(parts: tuple[str, ...], room: str) -> int:
    return len(parts) - 1 - parts[::-1].index(room)


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain


def _told(error: BaseException) -> dict[str, str | int]:
    why = getattr(error, "why", None)
    words: dict[str, str | int] = {"why": why.value} if isinstance(why, Why) else {}
    if isinstance(error, DeliveryError):
        fields: dict[str, str | int] = {
            "service": _fit(_NAME, error.service),
            "status": int(error.status),
            "field": _fit(_PLACE, error.field),
        }
        words |= {name: value for name, value in fields.items() if value}
    return {"type": type(error).__name__, "place": _fit(_PLACE, place_of(error.__traceback__)), **words}


def _fit(pattern: re.Pattern[str], value: str) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else UNFIT


def _encode(line: dict[str, Any], **_: object) -> bytes:
    return msgspec.json.encode(line)


_encoded = msgspec.json.Encoder().encode


@lru_cache(maxsize=1)
def _stamp(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
