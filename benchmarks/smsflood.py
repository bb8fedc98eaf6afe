"""`make smsflood`: 10,000 notices against a provider that answers 429, 500, slowly, or takes them and drops the line.

The provider is an HTTP server on loopback, the sender and the ledger are the product's own, on SQLite. Exit code 1
where a notice was not accepted, more came twice than were counted, a sliding second held more than the limit, or a
message was asked for before one that was to go first.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, upgrade
from ussd_engine.ledger.smsqueue import Lent
from ussd_engine.sms.message import Notice, Outgoing, Priority, Progress, RouteFault, Sent
from ussd_engine.sms.sender import Sender
from ussd_engine.testing.specimens import DAY, NOON_MS

ON_DISK = Path("/var/tmp")
NOTICES, PER_SECOND = 10_000, 400
SHARES: Final = {"429": 0.005, "500": 0.03, "slow": 0.05, "dropped": 0.02}
LATE_S: Final = 2.0
"""What is claimed together is asked for at once, and what was put off a moment comes in the next claim."""
LONGEST_S: Final = 900.0


class Asked(NamedTuple):
    """One SMS of a request, as the provider saw it."""

    at_s: float
    id: str
    taken: bool


class Provider:
    """Takes SMS over HTTP, with trouble."""

    def __init__(self, seed: int) -> None:
        self.asked: list[Asked] = []
        self.answers: Counter[str] = Counter()
        self.at_once = self._now = 0
        self._chance = random.Random(seed)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        at_s, ids = time.perf_counter(), (await request.json())["ids"]
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        try:
            return await self._answer(request, at_s, ids)
        finally:
            self._now -= 1

    async def _answer(self, request: web.Request, at_s: float, ids: Sequence[str]) -> web.StreamResponse:
        (trouble,) = self._chance.choices([*SHARES, "taken"], [*SHARES.values(), 1 - sum(SHARES.values())])
        self.answers[trouble] += 1
        taken = trouble not in ("429", "500")
        self.asked += [Asked(at_s, one, taken) for one in ids]
        if trouble == "429":
            return web.Response(status=429, headers={"Retry-After": "1"})
        if trouble == "500":
            return web.Response(status=500)
        if trouble == "dropped":
            assert request.transport is not None
            request.transport.abort()
        if trouble == "slow":
            await asyncio.sleep(self._chance.uniform(0.5, 2.0))
        return web.json_response({"ids": [secrets.token_hex(8) for _ in ids]})


class Limits(NamedTuple):
    """What the provider bears."""

    per_second: float
    per_call: int
    sender: str = ""


class Line:
    """A gateway to it."""

    name = "flood"
    replies_in_band = False

    def __init__(self, session: ClientSession, url: str, limits: Limits) -> None:
        self.limits = limits
        self._session = session
        self._url = url

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        body = {"ids": [one.id.hex() for one in batch], "text": batch[0].text}
        try:
            async with self._session.post(self._url, json=body) as answer:
                if answer.status == 429:
                    raise RouteFault("429", after_s=float(answer.headers["Retry-After"]))
                if answer.status != 200:
                    raise RouteFault(str(answer.status))
                ids = (await answer.json())["ids"]
        except (ClientError, TimeoutError) as error:
            raise RouteFault(type(error).__name__, perhaps_taken=True) from None
        pairs = zip(batch, ids, strict=True)
        return [Sent(id=one.id, progress=Progress.ACCEPTED, provider_id=theirs) for one, theirs in pairs]


async def words(lent: Lent) -> list[str]:
    """One text a message."""
    return [f"Namba {lent.values['ref']}: kuna taarifa mpya."]


def notice(at: int) -> Notice:
    """Every tenth is a reply, every tenth bulk."""
    priority = {0: Priority.REPLY, 1: Priority.BULK}.get(at % 10, Priority.NOTICE)
    return Notice(
        key=at.to_bytes(8, "big"),
        service="emrejesho",
        template="quiet_change",
        values={"ref": f"{at:09}"},
        locale="sw",
        priority=priority,
        push=True,
        at_ms=NOON_MS,
        msisdn=f"2557{at:08}",
    )


class Run(NamedTuple):
    """What came of it."""

    provider: Provider
    counts: Counter[str]
    seconds: float
    priorities: dict[str, int]
    """Of each SMS, by its id at the provider."""


async def flooded(folder: Path, notices: int, limits: Limits, seed: int) -> Run:
    """Queue them all, then send."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    await upgrade(url)
    began = time.perf_counter()
    clock = lambda: NOON_MS + round((time.perf_counter() - began) * 1000)  # noqa: E731  # noon, wherever this runs
    ledger = await Ledger.open(url, Keyring.random(DAY), clock, routes=["flood"])
    for at in range(0, notices, 500):
        some = [notice(one) for one in range(at, min(at + 500, notices))]
        await ledger.database.write(lambda conn, some=some: ledger.sms.put(conn, some))  # type: ignore[misc]  # a default binds it
    provider, counts, priorities = Provider(seed), Counter[str](), dict[str, int]()
    over = asyncio.Event()

    def counted(happening: str) -> None:
        counts[happening] += 1
        if counts["accepted"] + counts["dead"] >= notices:
            over.set()

    app = web.Application()
    app.router.add_post("/", provider)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with ClientSession(timeout=ClientTimeout(total=20, connect=5)) as session:
        line = _Noting(Line(session, f"http://127.0.0.1:{port}/", limits), priorities)
        sender = Sender(
            ledger.sms,
            ledger.sms_routes,
            line,
            line.words,
            clock,
            holder="flood",
            count=counted,
        )
        task, began_s = asyncio.create_task(sender.run()), time.perf_counter()
        await asyncio.wait([task, asyncio.create_task(over.wait())], timeout=LONGEST_S, return_when="FIRST_COMPLETED")
        seconds = time.perf_counter() - began_s
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await runner.cleanup()
    await ledger.close()
    return Run(provider, counts, seconds, priorities)


class _Noting:
    """A line that notes which priority the SMS of its calls have: the provider knows of none."""

    def __init__(self, line: Line, priorities: dict[str, int]) -> None:
        self._line = line
        self._by_number: dict[str, int] = {}
        self._priorities = priorities

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    async def words(self, lent: Lent) -> list[str]:
        self._by_number[lent.msisdn] = lent.priority
        return await words(lent)

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        for one in batch:
            self._priorities[one.id.hex()] = self._by_number[one.msisdn]
        return await self._line.send(batch)


def most_in_a_second(times: Sequence[float]) -> int:
    """Of the requests' SMS, in any sliding second."""
    ordered = sorted(times)
    return max((bisect_left(ordered, one + 1.0) - at for at, one in enumerate(ordered)), default=0)


def out_of_order_s(run: Run) -> float:
    """By how much a message was first asked for before one that was to go first."""
    first: dict[str, float] = {}
    for one in run.provider.asked:
        first.setdefault(one.id, one.at_s)
    late = 0.0
    for priority in (Priority.REPLY, Priority.NOTICE):
        these = [at_s for one, at_s in first.items() if run.priorities[one] == priority]
        later = [at_s for one, at_s in first.items() if run.priorities[one] > priority]
        late = max(late, max(these, default=0.0) - min(later, default=float("inf")))
    return late


def report(run: Run, notices: int, limits: Limits) -> bool:
    """Print the figures; whether all is as it must be."""
    provider = run.provider
    taken = Counter(one.id for one in provider.asked if one.taken)
    repeats, counted = sum(taken.values()) - len(taken), run.counts["perhaps_twice"]
    most, late_s = most_in_a_second([one.at_s for one in provider.asked]), out_of_order_s(run)
    verdicts = [
        (f"accepted at least once: {len(taken):,} of {notices:,}", len(taken) == notices),
        (f"came twice: {repeats}; counted as perhaps: {counted}", repeats <= counted),
        (f"most in a sliding second: {most}; limit {limits.per_second:g}", most <= limits.per_second),
        (f"asked for before what was to go first: by {late_s * 1000:,.0f} ms at most", late_s <= LATE_S),
        (f"given up: {run.counts['dead']}", run.counts["dead"] == 0),
    ]
    answers = ", ".join(f"{name} {count:,}" for name, count in sorted(provider.answers.items()))
    print(f"{notices:,} notices, {limits.per_second:g} a second, {limits.per_call} a call; the provider: {answers}")
    print(
        f"{run.seconds:.1f} s, {len(provider.asked) / run.seconds:,.0f} SMS a second, {provider.at_once} calls at once"
    )
    for words, holds in verdicts:
        print(f"{'ok    ' if holds else 'MISSED'} {words}")
    return all(holds for _, holds in verdicts)


def main(arguments: list[str] | None = None) -> int:
    """Flood, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notices", type=int, default=NOTICES)
    parser.add_argument("--per-second", type=float, default=PER_SECOND)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    limits = Limits(asked.per_second, 1)
    with tempfile.TemporaryDirectory(prefix="ussd-engine-flood-", dir=ON_DISK) as folder:
        run = asyncio.run(flooded(Path(folder), asked.notices, limits, asked.seed))
    return 0 if report(run, asked.notices, limits) else 1


if __name__ == "__main__":
    sys.exit(main())
