"""A run: both servers started, warmed, and loaded in turn, round by round."""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec
from redis import Redis

from benchmarks import machine
from benchmarks.client import Line, Phones
from benchmarks.complaint import PROVIDER, Leg, Proof, answered, callers, complaint
from benchmarks.servers import LEDGER, CannotMeasure, Server, engine, floor, new_token, on_cores, redis_server
from sessions.keys import SESSION
from ussd_engine import config
from ussd_engine.channels.base import path

HOST = "gateway.example"
FLOOR_PATH = "/ussd"
TRIAL_S = 2.0
"""Of load before the first round: it warms both servers, and finds the pool with which the floor is faster."""

Tell = Callable[[str], None]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int = 9
    seconds: float = 5.0
    dialogs: int = 32


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One server under load for a while. Shares are of one core, 1.0 being all of it."""

    number: int
    requests: int
    rate: float
    """Requests a second."""
    cpu_us: float
    """CPU a request, with what the server did afterwards for them."""
    p50_ms: float
    p99_ms: float
    server_share: float
    """Near 1.0 unless something else wanted its core: then `rate` and `p99_ms` say little."""
    client_share: float
    redis_share: float


class Pair(msgspec.Struct, frozen=True):
    """The two sides of one round."""

    engine: Round
    floor: Round


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What both servers were given."""

    server_cores: list[int]
    other_cores: list[int]
    """Those of the client and of Redis."""
    session_octets: list[int]
    """Of the sealed session after each reply of the complaint."""
    floor_value: int
    """Octets that the floor stores: their mean."""
    floor_screen: int
    """Octets of the floor's answer: the mean of the screens."""
    floor_rates: dict[int, float]
    """Requests a second of the floor, by the connections of its pool; tried before the first round."""
    floor_pool: int
    """The faster one."""
    http_share: float
    """Of the floor's CPU a request what HTTP and the form take alone: the floor without its Redis."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All that a run has found."""

    plan: Plan
    machine: dict[str, object]
    settings: Settings
    rounds: list[Pair]
    complaints: int
    """Submitted over the run, trials included; every one stands in the ledger."""


class Side:
    """One of the two servers, with its requests and its callers."""

    def __init__(self, server: Server, cache: Server, legs: Sequence[Leg], dialogs: int) -> None:
        self.proof = Proof()
        self._server = server
        self._cache = cache
        self._legs = legs
        self._callers = callers()
        self._dialogs = dialogs

    def rehearse(self) -> Iterator[None]:
        """One dialog alone; yields after each reply."""
        with closing(Line(self._server.url, self._legs, self._callers, self.proof)) as line:
            for _ in self._legs:
                line.ask()
                yield

    def measure(self, number: int, seconds: float) -> Round:
        """Load it for so long. Raises `WrongReply` at the first reply that is not as it must be."""
        with Phones(self._server.url, self._legs, self._callers, self.proof, self._dialogs) as phones:
            phones.spread()
            self._server.settle()
            cpu, cache_cpu = self._server.cpu_s(), self._cache.cpu_s()
            load = phones.run(seconds)
            cache_cpu = self._cache.cpu_s() - cache_cpu
            busy_cpu = self._server.cpu_s() - cpu
            self._server.settle()
            cpu = self._server.cpu_s() - cpu
        found = sorted(load.latencies)
        return Round(
            number=number,
            requests=load.requests,
            rate=len(found) / load.seconds,
            cpu_us=cpu / load.requests * 1e6,
            p50_ms=percentile(found, 0.50) * 1000,
            p99_ms=percentile(found, 0.99) * 1000,
            server_share=busy_cpu / load.whole_s,
            client_share=load.client_cpu_s / load.whole_s,
            redis_share=cache_cpu / load.whole_s,
        )


def run(plan: Plan, folder: Path, tell: Tell) -> Result:
    """Measure. What the servers write goes to `folder`. Raises `CannotMeasure`, `WrongReply`, `Silent`."""
    with ExitStack() as stack:
        one, others = cores()
        stack.enter_context(on_cores(others))
        cache = stack.enter_context(redis_server(folder, others))
        facts = machine.facts(folder)
        tell(f"server on core {min(one)}, client and Redis on {sorted(others)}, ledger on {facts['filesystem']}")
        token = new_token()
        with engine(folder, one, f"{cache.url}/0", token) as gateway:
            legs = complaint(config.load({}), HOST, path(PROVIDER, token=token))
            engine_side = Side(gateway, cache, legs, plan.dialogs)
            octets = list(_session_octets(engine_side, f"{cache.url}/0"))
            engine_side.measure(0, TRIAL_S)
            bare = Bare(one, cache, folder, legs, plan.dialogs, value=_mean(octets))
            rates = bare.tried()
            pool = max(rates, key=rates.__getitem__)
            http_share = bare.http_share(pool)
            tell(f"floor: {_words(rates)}; it gets the faster")
            with bare.started(pool) as floor_side:
                floor_side.measure(0, TRIAL_S)
                pairs = [_pair(number, plan.seconds, engine_side, floor_side, tell) for number in _numbers(plan)]
        _check_ledger(folder, engine_side.proof)
        return Result(
            plan=plan,
            machine=facts,
            settings=Settings(
                server_cores=sorted(one),
                other_cores=sorted(others),
                session_octets=octets,
                floor_value=bare.value,
                floor_screen=bare.screen,
                floor_rates=rates,
                floor_pool=pool,
                http_share=http_share,
            ),
            rounds=pairs,
            complaints=len(engine_side.proof.references),
        )


class Bare:
    """The floor, to be started with one pool or another."""

    def __init__(
        self, cores: Set[int], cache: Server, folder: Path, legs: Sequence[Leg], dialogs: int, *, value: int
    ) -> None:
        self.value = value
        self.screen = _mean([len(leg.reply) for leg in legs])
        self._cores = cores
        self._cache = cache
        self._folder = folder
        self._legs = answered(legs, HOST, FLOOR_PATH, b"x" * self.screen)
        self._dialogs = dialogs

    def tried(self) -> dict[int, float]:
        """Requests a second with one connection, as the gateway has it, and with one for each dialog."""
        rates = {}
        for pool in sorted({1, self._dialogs}):
            rates[pool] = self._warm(pool).rate
        return rates

    def http_share(self, pool: int) -> float:
        """What HTTP takes alone of the floor's CPU a request: without Redis, between two tries with it."""
        before, alone, after = (self._warm(size).cpu_us for size in (pool, 0, pool))
        return 2 * alone / (before + after)

    def _warm(self, pool: int) -> Round:
        """A try, after half of one that warms."""
        with self.started(pool) as side:
            side.measure(0, TRIAL_S / 2)
            return side.measure(0, TRIAL_S)

    @contextmanager
    def started(self, pool: int) -> Iterator[Side]:
        url = f"{self._cache.url}/1"
        with floor(self._folder, self._cores, url, pool=pool, value=self.value, screen=self.screen) as server:
            yield Side(server, self._cache, self._legs, self._dialogs)


def cores() -> tuple[Set[int], Set[int]]:
    """The core of the servers, which are loaded one at a time, and the others. Raises `CannotMeasure`."""
    *others, one = sorted(os.sched_getaffinity(0))
    if not others:
        raise CannotMeasure("there is one core here, and the server must have one that it shares with nobody")
    return {one}, set(others)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least value that so many of `ordered` do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _numbers(plan: Plan) -> range:
    return range(1, plan.rounds + 1)


def _pair(number: int, seconds: float, engine_side: Side, floor_side: Side, tell: Tell) -> Pair:
    """One round; who comes first changes each time."""
    if number % 2:
        pair = Pair(engine_side.measure(number, seconds), floor_side.measure(number, seconds))
    else:
        second = floor_side.measure(number, seconds)
        pair = Pair(engine_side.measure(number, seconds), second)
    tell(f"round {number}: {_line('engine', pair.engine)}; {_line('floor', pair.floor)}")
    return pair


def _line(name: str, found: Round) -> str:
    return (
        f"{name} {found.rate:,.0f} req/s, {found.cpu_us:.0f} us CPU, p99 {found.p99_ms:.1f} ms, "
        f"core {found.server_share:.0%}"
    )


def _words(rates: dict[int, float]) -> str:
    return ", ".join(f"{rate:,.0f} req/s with a pool of {pool}" for pool, rate in rates.items())


def _mean(values: Sequence[int]) -> int:
    return round(sum(values) / len(values))


def _session_octets(side: Side, url: str) -> Iterator[int]:
    """How long the one session in the Redis at `url` is after each reply."""
    with Redis.from_url(url) as client:
        for _ in side.rehearse():
            (key,) = client.scan_iter(match=SESSION + b"*")
            yield int(client.strlen(key))


def _check_ledger(folder: Path, proof: Proof) -> None:
    """Every reference that was shown is a case, and there is no other."""
    with closing(sqlite3.connect(folder / LEDGER)) as ledger:
        stored = {row[0] for row in ledger.execute("SELECT reference FROM cases")}
    if stored != proof.references:
        raise CannotMeasure(f"{len(proof.references)} references were shown, {len(stored)} cases are in the ledger")
