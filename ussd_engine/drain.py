"""The end of a process: it takes nothing new, answers what is under way, closes all, and leaves two lines in the log.

    {"event": "asked to stop: what is under way is answered, nothing new is taken", "number": 3, …}
    {"event": "stopped", "number": 0, "ms": 412.0, …}

`number` is how many turns are under way, then how many were cut off unanswered. What these had sent to the ledger is
kept or is not there, as ever; a redial tells.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

from aiohttp import web

from ussd_engine.admission import Admission
from ussd_engine.logs import Log, Notice

DRAIN_S: Final = 5.0
"""A turn has its own deadline, which is shorter."""
STOP_S: Final = 9.0
"""All of it, closing included. Service managers kill after 10 s or more."""


async def drain(runner: web.AppRunner, admission: Admission, log: Log) -> None:
    """Stop a runner whose `shutdown_timeout` is `DRAIN_S`."""
    log.notice(Notice.DRAINING, number=admission.under_way)
    began = time.monotonic()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_S):
            await runner.cleanup()
    left = admission.cut_off + admission.under_way
    log.notice(Notice.CUT_OFF if left else Notice.STOPPED, number=left, seconds=time.monotonic() - began)
