"""The gateway as a process of its own, on one core, whose time moves when it is told to: one line of seconds on stdin.

Its log goes to stderr, from DEBUG on. It measures no speed, so Redis and its own deadline are patient.
"""

from __future__ import annotations

import asyncio
import os
import sys

from sessions import Seal
from sessions.redis import RedisSessions
from simulator.clock import MovedClock
from ussd_engine import config
from ussd_engine.app import create_app, running
from ussd_engine.logs import Log

NOON_S = 1_768_467_600.0
"""2026-01-15, 12:00 in Dar es Salaam."""
PATIENCE_S = 8.0


def patient(url: str, seal: Seal) -> RedisSessions:
    return RedisSessions.from_url(url, seal, PATIENCE_S)


async def main() -> None:
    """Say where it listens, then `moved` after each move; end where stdin does."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    clock = MovedClock(lambda: NOON_S)
    app = create_app(config.load(), clock=clock.now, log=Log("DEBUG", sys.stderr.buffer), open_store=patient)
    async with running(app) as url:
        print(url, flush=True)
        while seconds := await asyncio.to_thread(sys.stdin.readline):
            await clock.leave(float(seconds))
            print("moved", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
