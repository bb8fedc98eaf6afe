"""Who is let in where, as this process knows it: the switches are read every few seconds, and no turn asks for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, tzinfo
from typing import Final

from ussd_engine import doorway, until
from ussd_engine.background import Told, at_work
from ussd_engine.editions import Editions
from ussd_engine.errors import LedgerUnavailable
from ussd_engine.facts import PILOT, shut
from ussd_engine.ledger.switches import Kind, Stop, Switches
from ussd_engine.menu.edition import Edition
from ussd_engine.scope import Facts

LOOK_S: Final = 2.0
_NOTHING: Final[Facts] = {}


class Doors:
    """Runs in every process. `clock` gives Unix milliseconds, `zone` the country's time zone.

    Where the ledger does not answer, what was read last holds on. Without switches all is open, and nobody in a pilot.
    """

    def __init__(
        self,
        switches: Switches | None = None,
        clock: Callable[[], int] = lambda: 0,
        zone: Callable[[], tzinfo] = lambda: UTC,
    ) -> None:
        self._switches = switches
        self._clock = clock
        self._zone = zone
        self.everybody: Callable[[], Iterable[str]] = tuple
        """The services to whose pilots every phone belongs; a gateway of a tester's own names all of them."""
        self._stops: Mapping[tuple[Kind, str], Stop] = {}
        self._listed: Mapping[str, frozenset[bytes]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(LedgerUnavailable):
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Read the switches. `LedgerUnavailable` where they cannot be read."""
        if self._switches is None:
            return
        stopped = await self._switches.stopped(self._clock())
        self._listed = await self._switches.listed()
        self._stops = {(one.kind, one.name): one for one in stopped}

    @property
    def stopped(self) -> int:
        """How much is stopped now."""
        return sum(self._ends(*one) is not None for one in self._stops)

    def facts(self, msisdn: int) -> Facts:
        """What is shut, with its end, and to which pilots a phone belongs; 0 for one whose number did not reach us."""
        if not self._stops and not self._listed and not self.everybody():
            return _NOTHING
        facts: dict[str, str | frozenset[str]] = {PILOT: self._pilots(msisdn)}
        for kind, name in self._stops:
            ends = self._ends(kind, name) if kind is Kind.SERVICE else None
            if ends is not None:
                facts[shut(name)] = ends
        return facts

    def dialled(self, channel: str, root: str) -> Facts:
        """What a dial over a channel meets at the root that answers: where the channel is stopped, so is the root."""
        ends = self._ends(Kind.CHANNEL, channel)
        return _NOTHING if ends is None else {shut(root): ends}

    def turns_away(self, edition: Edition, service: str, msisdn: str) -> str | None:
        """Until when a service takes nothing from a phone: empty for no end, `None` where it does."""
        facts = self.facts(int(msisdn) if msisdn.isdecimal() else 0)
        found = doorway.barred(edition.services[service].service, facts)
        return None if found is None else found[1].values["date"] if found[1] else ""

    def _pilots(self, msisdn: int) -> frozenset[str]:
        everybody = frozenset(self.everybody())
        if not msisdn or not self._listed or self._switches is None:
            return everybody
        tags = self._switches.tags(str(msisdn))
        return everybody.union(name for name, listed in self._listed.items() if not listed.isdisjoint(tags))

    def _ends(self, kind: Kind, name: str) -> str | None:
        stop, now = self._stops.get((kind, name)), self._clock()
        if stop is None or (stop.until_ms is not None and stop.until_ms <= now):
            return None
        return "" if stop.until_ms is None else until.shown(stop.until_ms, now, self._zone())


ALL_OPEN: Final = Doors()


@contextlib.asynccontextmanager
async def open_doors(
    switches: Switches, editions: Editions, clock: Callable[[], int], told: Told
) -> AsyncIterator[Doors]:
    """The doors as they stand now and are looked at from now on. Raises as `Doors.look`."""
    doors = Doors(switches, clock, lambda: editions.current.country.time_zone)
    await doors.look()
    async with at_work(doors.run, told=told):
        yield doors
