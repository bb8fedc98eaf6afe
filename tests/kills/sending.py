"""A worker that sends SMS on one route, in time that is moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ussd_engine import config, engine
from ussd_engine.config import Config
from ussd_engine.editions import Editions
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.messages import View
from ussd_engine.sms.sender import Sender
from ussd_engine.sms.wording import Wording

MOVES_S = 2.0
"""More than the second in which whoever comes to hold a route sends nothing."""


class Sending:
    """The sender of a route; `leap` moves its time."""

    def __init__(self, sender: Sender, ledger: Ledger, leap: Callable[[float], None]) -> None:
        self.ledger = ledger
        self.leap = leap
        self._sender = sender

    async def round(self) -> None:
        """Hold the route; a moment later claim what may go, and see it through."""
        await self._sender.step()
        self.leap(MOVES_S)
        await self._sender.step()
        await self._sender.settled()


@asynccontextmanager
async def sending(
    settings: Config, route: str, begins_ms: int, holder: str, count: Callable[[str], None]
) -> AsyncIterator[Sending]:
    """A sender on what a ledger holds; `count` is told what it counts."""
    edition, seconds = engine.read_menus(settings), [0.0]
    gateways = config.open_gateways(settings, edition.country.msisdn)
    zone, keyring = edition.country.time_zone, Keyring.load(settings.keys)

    def clock() -> int:
        return begins_ms + round(seconds[0] * 1000)

    def leap(by_s: float) -> None:
        seconds[0] += by_s

    ledger = await Ledger.open(settings.database.reveal(), keyring, clock, zone=zone, routes=tuple(gateways))
    sender = Sender(
        ledger.sms,
        ledger.sms_routes,
        gateways[route],
        Wording(Editions(edition), _no_core).of_lent,
        clock,
        holder=holder,
        now_s=lambda: seconds[0],
        count=count,
    )
    try:
        yield Sending(sender, ledger, leap)
    finally:
        await ledger.close()
        for gateway in gateways.values():
            await gateway.close()


async def _no_core(reference: str) -> View | None:
    return None
