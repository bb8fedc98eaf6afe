"""A process that has read the menus once and forks a child for each run: what a child does takes no start of Python.

It reads jobs, one JSON object a line, and says what happens, one JSON object a line:

    {"does": "answer", "kill": "sql COMMIT #1", "settings": {…}}
    {"url": "http://127.0.0.1:34567"}    the child answers there
    {"killed": true}                     it has reached the point and is about to die
    {"points": […]}                      or: it was told to end, by an empty line, and these were reached
    {"ended": -9}                        its exit code

Its one argument is the settings of the menus. A child that sends SMS says `{"counted": "accepted"}` of each word that
it counts.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from typing import Any

from sessions import Seal, open_sessions
from tests.kills.points import Tracer, read_sources
from tests.kills.sending import sending
from ussd_engine import config, engine
from ussd_engine.app import create_app, running
from ussd_engine.config import Config
from ussd_engine.delivery import Delivery
from ussd_engine.doors import Doors
from ussd_engine.feedback import Surroundings, open_feedback
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.logs import Log

MENUS = ("channels", "channel_settings", "country")
"""The settings that a start of the menus reads."""


def of_menus(given: Mapping[str, str]) -> dict[str, str]:
    """Those of some settings, for who has no folder yet."""
    return {name: given[name] for name in MENUS if name in given}


def settings_of(given: Mapping[str, str]) -> Config:
    """Settings of a process that answers and carries nothing to the core: nothing but the turn moves in it."""
    loaded = config.load({f"USSD_ENGINE_{name.upper()}": value for name, value in given.items()})
    return dataclasses.replace(loaded, role="ussd")


def say(**words: Any) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


class Child:
    """One run, from the fork to the kill or to its end."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self._job = job
        self._kill: str = job["kill"]
        self._points: list[str] = []
        self._tracer = Tracer(self._reached)

    def run(self) -> None:
        asyncio.run(getattr(self, self._job["does"])(settings_of(self._job["settings"])))
        say(points=self._points)

    def _reached(self, point: str) -> None:
        self._points.append(point)
        if point == self._kill:
            say(killed=True)
            os.kill(os.getpid(), signal.SIGKILL)

    async def answer(self, settings: Config) -> None:
        """Take turns until told to end."""
        async with running(create_app(settings, log=Log("CRITICAL"), proven=True)) as url:
            told = asyncio.Event()
            asyncio.get_running_loop().add_reader(0, told.set)
            self._tracer.arm()
            say(url=url)
            await told.wait()
            self._tracer.armed = False
            os.read(0, 1)

    async def deliver(self, settings: Config) -> None:
        """One round of the worker that carries submissions to the core."""
        keyring = Keyring.load(settings.keys)
        ledger = await Ledger.open(settings.database.reveal(), keyring, _now_ms)
        surroundings = Surroundings(ledger.database, keyring, _now_ms, menus=lambda: engine.read_menus(settings))
        store = await open_feedback("sql", surroundings)
        worker = Delivery(ledger.outbox, store, _now_ms)
        self._tracer.arm()
        await worker.step()
        self._tracer.armed = False
        await ledger.close()

    async def send(self, settings: Config) -> None:
        """One round of the worker that sends SMS, at a time that stands: hold the route, claim, send, write."""

        def told(happening: str) -> None:
            say(counted=happening)

        async with sending(settings, self._job["route"], self._job["begins_ms"], "killed", told) as found:
            self._tracer.arm()
            await found.round()
            self._tracer.armed = False


async def _rests(self: Doors) -> None:
    """The switches were read when it started. To read them again is no part of any story, and would fall into one by
    chance."""
    await asyncio.Event().wait()


def _now_ms() -> int:
    return int(time.time() * 1000)


async def _warm(settings: Config) -> None:
    """Load, once for all children, what a gateway loads when it starts."""
    async with running(create_app(settings, log=Log("CRITICAL"), proven=True)):
        assert open_sessions("redis://127.0.0.1", Seal({1: bytes(32)}, 1))


def main() -> None:
    read_sources()
    given = json.loads(sys.argv[1])
    edition = engine.read_menus(settings_of(given))
    engine.read_menus = lambda config: edition
    Doors.run = _rests  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_warm(settings_of({**given, "var": folder})))
    # What is not looked through by the collector is not copied for a child.
    gc.freeze()
    for line in sys.stdin:
        if not line.strip():
            continue
        pid = os.fork()
        if pid == 0:
            try:
                Child(json.loads(line)).run()
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        say(ended=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
