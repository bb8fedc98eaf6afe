"""A real `ussd-engine serve` that logs all it can, in which things break when they are told to.

Whatever it writes to stdout and stderr is kept. It breaks where a file of that name stands in its folder:

    step     a turn raises, with number and words in the message and in the frames
    act      the ledger raises on a submission, with all of it in the message
    rolled   the ledger says that a submission was rolled back, for a reason that holds it
    store    the session store is not there
    aside    a task that nobody waits for raises, the loop is told of a fault, and a warning is given
    thread   a thread raises, and so does a finalizer
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.hostile.front import UNLIMITED

ROOT = Path(__file__).parents[2]
START_S = 60.0
FAULTS = ("step", "act", "rolled", "store", "aside", "thread")

BREAKING = """
import asyncio, gc, threading, warnings
from pathlib import Path
from sessions import MemorySessions, StoreUnavailable
from ussd_engine import machine
from ussd_engine.errors import RolledBack
from ussd_engine.gateway import Gateway
from ussd_engine.ledger import Ledger

feed, act, load, take_turn = machine.feed, Ledger.act, MemorySessions.load, Gateway.take_turn

def breaks(name):
    return Path(name).exists()

def broken_feed(edition, session, facts, text, profile):
    if breaks("step"):
        try:
            int(text)
        except ValueError as error:
            raise KeyError(f"{session.msisdn} {text} {session!r}") from error
        raise LookupError(f"{session.msisdn} {text}")
    return feed(edition, session, facts, text, profile)

async def broken_act(self, found):
    if breaks("act"):
        raise RuntimeError(f"{found!r}")
    if breaks("rolled"):
        raise RolledBack("rolled back") from ValueError(f"{found!r}")
    return await act(self, found)

async def broken_load(self, key):
    if breaks("store"):
        raise StoreUnavailable("not there") from OSError(f"{key!r}")
    return await load(self, key)

class Finalized:
    def __init__(self, words):
        self.words = words
    def __del__(self):
        raise ValueError(self.words)

async def aside(turn):
    raise ValueError(f"{turn.msisdn} {turn.text}")

async def observed(self, turn, profile, seen=None):
    words = f"{turn.msisdn} {turn.text}"
    if breaks("aside"):
        asyncio.ensure_future(aside(turn))
        warnings.warn(words)
        asyncio.get_running_loop().call_exception_handler({"message": words, "turn": turn})
        gc.collect()
    if breaks("thread"):
        thread = threading.Thread(target=int, args=(words,), name="aside")
        thread.start()
        thread.join()
        Finalized(words)
    return await take_turn(self, turn, profile, seen)

machine.feed, Ledger.act, MemorySessions.load, Gateway.take_turn = broken_feed, broken_act, broken_load, observed
from ussd_engine.cli import main
main()
"""


class Child:
    """The process, by its folder."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, url: str) -> None:
        self.process = process
        self.folder = folder
        self.url = url

    def breaks(self, fault: str) -> None:
        (self.folder / fault).touch()

    def mended(self) -> None:
        for fault in FAULTS:
            (self.folder / fault).unlink(missing_ok=True)

    def written(self) -> str:
        """All of stdout and stderr."""
        return "".join((self.folder / name).read_text() for name in ("stdout", "stderr"))


@asynccontextmanager
async def child(folder: Path) -> AsyncIterator[Child]:
    """Start it in `folder`; afterwards it is told to end, and has written all that it will."""
    settings = {"LOG_LEVEL": "DEBUG", "VAR": str(folder / "var"), "PORT": "0", **UNLIMITED}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("USSD_ENGINE_")}
    debug = {"PYTHONPATH": str(ROOT), "PYTHONASYNCIODEBUG": "1", "PYTHONWARNINGS": "default"}
    env = {**kept, **debug, **{f"USSD_ENGINE_{name.upper()}": value for name, value in settings.items()}}
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BREAKING, "serve", cwd=folder, env=env, stdout=stdout, stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr is not None
        url = await _url(process.stderr, stderr.write)
        reading = asyncio.create_task(_copy(process.stderr, stderr.write))
        try:
            yield Child(process, folder, url)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()
            await reading


async def _url(stderr: asyncio.StreamReader, keep: Callable[[bytes], int]) -> str:
    """The address that it says it listens on."""
    async with asyncio.timeout(START_S):
        while line := await stderr.readline():
            keep(line)
            if found := re.search(rb"listens on (\S+)", line):
                return found[1].decode()
    raise AssertionError("it ended before it listened")


async def _copy(stderr: asyncio.StreamReader, keep: Callable[[bytes], int]) -> None:
    while line := await stderr.readline():
        keep(line)
