"""Long SMS that a gateway brings part by part: kept until they are whole, then taken like any other.

Each part is acknowledged once it is kept. A whole SMS has an id of ours, so it is one thing however often its last part
comes, and in whichever process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ussd_engine.background import Told
from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.ledger.smsinbox import Arrival
from ussd_engine.ledger.smspieces import SmsPieces, Whole
from ussd_engine.sms.answering import WAIT_S, Answered
from ussd_engine.sms.message import Incoming, Piece

LOOK_S: Final = 60.0
MOST: Final = 100
"""Of one look."""

TakeWhole = Callable[[Incoming], Awaitable[Answered]]


class Joining:
    """Joins parts. `take` takes a whole SMS."""

    def __init__(self, ledger: Ledger, keyring: Keyring, clock: Clock, take: TakeWhole, told: Told) -> None:
        self._ledger = ledger
        self._clock = clock
        self._take = take
        self._told = told
        self._pieces = SmsPieces(keyring)

    async def put(self, incoming: Incoming, piece: Piece) -> Answered:
        """Take a part, within `WAIT_S`; where that is not kept by then, it is as if it had not come. Never raises."""
        try:
            async with asyncio.timeout(WAIT_S):
                whole = await self._ledger.database.write(
                    lambda conn: self._pieces.put(conn, incoming, piece, self._clock())
                )
        except (EngineError, TimeoutError) as error:
            self._told(error)
            return Answered(False)
        return Answered(True, Arrival.PART) if whole is None else await self._taken(whole)

    async def _taken(self, whole: Whole) -> Answered:
        answered = await self._take(whole.incoming)
        if answered.kept:
            try:
                await self._ledger.database.write(lambda conn: self._pieces.taken(conn, whole))
            except EngineError as error:
                self._told(error)  # it is looked at again, and known
        return answered

    async def run(self) -> None:
        """Until cancelled: what lacks a part for too long is read as far as it came."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.step()
            except EngineError as error:
                self._told(error)

    async def step(self) -> None:
        """Once. Raises as the ledger does."""
        for whole in await self._ledger.database.read(lambda conn: self._pieces.overdue(conn, self._clock(), MOST)):
            await self._taken(whole)
