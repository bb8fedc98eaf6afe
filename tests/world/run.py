"""One run of the world, from a plan to what was seen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import patch

import redis.utils

from sessions import Seal
from sessions import chance as octets
from sessions.redis import RedisSessions
from tests.world.books import Books, Desk
from tests.world.cache import Cache
from tests.world.editions import edition
from tests.world.files import Files
from tests.world.loop import Stuck, WorldLoop
from tests.world.office import Core, Office
from tests.world.people import Citizen
from tests.world.plan import Change, Plan
from tests.world.provider import Provider
from tests.world.weather import Weather
from tests.world.wire import Node
from tests.world.witness import Witness
from ussd_engine import reference
from ussd_engine.editions import Editions
from ussd_engine.gateway import Gateway
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Committed, Submission

START_S = 1_764_072_000.0
"""2025-11-25, 12:00 UTC."""
MOST_WORKERS = 3
CHANGING_S = 2.0
"""What may lie between two workers when menus change."""
CARRIES, CARRIES_S = 720, 10.0
"""How often is looked whether the core has everything, and how long after each other."""
FIRST = "first"


@dataclass
class Run:
    """What came of a plan."""

    plan: Plan
    witness: Witness
    weather: Weather
    cache: Cache
    citizens: list[Citizen]
    finished: dict[str, bool]
    effects: dict[bytes, Committed]
    submissions: dict[str, Submission]
    begun: dict[bytes, float]
    """When the act of each key was begun, in Unix seconds."""
    escaped: list[str]
    files: Files = field(default_factory=Files)
    quiet_at: int = 0
    """The number of legs before everybody dialled once more, with nothing going wrong."""
    quiet_s: float = 0.0
    settled: frozenset[bytes] = frozenset()
    """The keys that were written when everything had come to rest."""
    ended_s: float = 0.0


@cache
def books() -> Books:
    return Books(MOST_WORKERS)


@cache
def menus(name: str) -> Edition:
    """An edition. What is drawn where it is read is not of the run that first needs it."""
    with chance(0):
        return edition(name)


@cache
def keyring() -> Keyring:
    with chance(0):
        return Keyring.random(menus(FIRST).country.today(int(START_S * 1000)))


@contextlib.contextmanager
def chance(seed: int) -> Iterator[None]:
    """Draw all that is random from a seed: nonces, ids, references, the client's pauses."""
    source = random.Random(f"chance {seed}")
    before = os.urandom, secrets.token_bytes, reference.draw.__defaults__, random.getstate()
    os.urandom = source.randbytes
    secrets.token_bytes = lambda nbytes=None: source.randbytes(nbytes or 32)
    reference.draw.__defaults__ = (source.randrange,)
    random.seed(f"pauses {seed}")
    try:
        # The client reads its own version from the disk whenever it connects; octets in stock are of another run.
        with (
            patch.object(redis.utils, "get_lib_version", lambda: "0"),
            patch.object(octets, "draw", source.randbytes),
        ):
            yield
    finally:
        os.urandom, secrets.token_bytes, reference.draw.__defaults__ = before[:3]
        random.setstate(before[3])


class World:
    """Everything of one run, on one loop."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.books = books()
        self.books.empty()
        self.loop = WorldLoop(plan.seed, START_S)
        self.witness = Witness(self.loop.time, START_S)
        self.weather = Weather(plan.faults, self.witness.note, self.loop.time)
        self.cache = Cache(self.loop.time)
        self.chance = random.Random(f"menus {plan.seed}")
        self.loop.connect = Node(self.loop, self.cache, self.weather, plan.seed).connect
        self.loop.job = Desk(self.loop, self.books, self.weather, plan.seed).job

    async def run(self) -> Run:
        """Let everybody live, let everything come to rest, and then let each dial once more in fair weather."""
        edition_ = menus("shipped" if self.plan.shipped else FIRST)
        ledgers = [self._ledger(index, edition_) for index in range(self.plan.workers)]
        office = Office(ledgers, keyring(), edition_, self.weather, self.witness, self.loop) if self.plan.core else None
        cores = office.cores if office else [None] * self.plan.workers
        workers = [self._worker(index, edition_, *of) for index, of in enumerate(zip(ledgers, cores, strict=True))]
        gateways = [gateway for gateway, _ in workers]
        provider = Provider(gateways, self.weather, self.witness, edition_.country, self.plan.seed)
        shown: dict[str, str] = {}
        people = [Citizen(one, provider, f"{self.plan.seed} {one.name}", shown) for one in self.plan.people]
        run = Run(self.plan, self.witness, self.weather, self.cache, people, {}, {}, {}, {}, self.loop.escaped)
        async with office.at_work() if office else contextlib.nullcontext():
            acting = office.clerk(self.books, self.witness, self.plan.seed).live(self.plan.errands) if office else None
            await self._live(run, provider, gateways, [acting] if acting else [])
            await self._carried()
        for _, sessions in workers:
            await sessions.close()
        run.effects, run.begun = self.books.effects(), self.books.begun()
        run.submissions = self.books.submissions(keyring())
        run.files = self.books.files(keyring())
        run.ended_s = self.loop.time()
        return run

    async def _carried(self) -> None:
        """With nothing going wrong: until the core has every message, and the ledger has heard every event."""
        for _ in range(CARRIES if self.plan.core else 0):
            if not self.books.under_way():
                return
            await asyncio.sleep(CARRIES_S)

    async def _live(
        self, run: Run, provider: Provider, gateways: list[Gateway], beside: list[Coroutine[Any, Any, None]]
    ) -> None:
        shared: dict[str, asyncio.Lock] = {}
        acting = [asyncio.create_task(one) for one in beside]
        changing = [asyncio.create_task(self._change(gateways, change)) for change in self.plan.changes]
        await asyncio.gather(*(_in_turn(shared, citizen) for citizen in run.citizens))
        await provider.settle()
        await asyncio.gather(*acting)
        for one in changing:
            one.cancel()
        await asyncio.gather(*changing, return_exceptions=True)
        self.weather.calm = True
        for gateway in gateways:
            await gateway.drain()
        run.settled = frozenset(self.books.effects())
        run.quiet_at, run.quiet_s = len(self.witness.legs), self.loop.time()
        self.witness.note("-- nothing goes wrong from here on")
        for citizen in run.citizens:
            run.finished[citizen.person.name] = await citizen.finish(self.plan.brief)

    async def _change(self, gateways: list[Gateway], change: Change) -> None:
        """Every worker reads the menus, and then one after the other begins dialogs on them."""
        await asyncio.sleep(change.at_s)
        new = menus(change.edition)
        self.witness.note(f"== the menus become {change.edition!r}{', those before are gone' if change.gone else ''}")
        for gateway in gateways:
            gateway.editions.keep(new)
        for gateway in gateways:
            await asyncio.sleep(self.chance.uniform(0.0, CHANGING_S))
            if change.gone:
                gateway.editions = gateway.places.editions = Editions(new)
            else:
                gateway.editions.swap(new)

    def _ledger(self, index: int, edition_: Edition) -> Ledger:
        zone = edition_.country.time_zone
        ledger = self.books.ledger(index, keyring(), lambda: int(self.loop.time() * 1000), zone)
        self.witness.watch_ledger(ledger)
        return ledger

    def _worker(
        self, index: int, edition_: Edition, ledger: Ledger, core: Core | None
    ) -> tuple[Gateway, RedisSessions]:
        ring = keyring().ring("session")
        sessions = RedisSessions.from_url("redis://world:6379", Seal(ring.keys, ring.write, self.loop.time))
        source = random.Random(f"ids {self.plan.seed} {index}")
        gateway = Gateway(
            Editions(edition_),
            sessions,
            ledger,
            keyring(),
            random=source.randbytes,
            clock=self.loop.time,
            core_can=core.capabilities if core else frozenset(),
            ask_core=core.view if core else None,
        )
        self.witness.watch_sessions(sessions)
        self.witness.watch_view(gateway.view)
        return gateway, sessions


async def _in_turn(shared: dict[str, Any], citizen: Citizen) -> None:
    """Who shares a phone or a pool of ids comes after whoever has it."""
    person = citizen.person
    key = "pool" if person.ids == "pool" else f"phone {person.phone}"
    async with shared.setdefault(key, asyncio.Lock()):
        await citizen.live()
        if person.ids == "pool":
            await asyncio.sleep(30.0)


def play(plan: Plan) -> Run:
    """Run a plan to its end."""
    with chance(plan.seed):
        world = World(plan)
        try:
            return world.loop.run_until_complete(world.run())
        except Stuck as error:
            world.witness.note(f"stuck: {error}")
            raise StuckRun(world.witness.trace, str(error)) from None
        finally:
            _close(world.loop)


class StuckRun(Exception):
    """A run that did not come to its end."""

    def __init__(self, trace: list[str], why: str) -> None:
        super().__init__(why)
        self.trace = trace


def _close(loop: WorldLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
