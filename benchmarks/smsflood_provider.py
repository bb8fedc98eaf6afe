"""The provider of `make smsflood`, an HTTP server with trouble, and the gateway that speaks to it."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, NamedTuple

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from ussd_engine.sms.message import Outgoing, Progress, RouteFault, Sent

SHARES: Final = {"429": 0.005, "500": 0.03, "slow": 0.05, "dropped": 0.02}
"""Of the calls."""
BUSY: Final = 0.02
"""Of the numbers of a call that is taken, those that are refused for now."""
BLOCKED: Final = 55
"""The last two digits of numbers that are refused for good."""
NOW: Final = ("429", "500")

Said = Literal["taken", "busy", "blocked", "nothing"]
"""Of one SMS. `nothing`: its whole call was refused."""


class Asked(NamedTuple):
    """One SMS of a request, as the provider saw it."""

    at_s: float
    id: str
    said: Said


class Limits(NamedTuple):
    """What the provider bears."""

    per_second: float
    per_call: int
    sender: str = ""


def is_blocked(number: int) -> bool:
    """Whether a number is refused for good."""
    return number % 100 == BLOCKED


def text_of(number: int, texts: int) -> str:
    """What a number is told, where there are so many texts in all."""
    return f"Namba {number % texts:09}: kuna taarifa mpya."


class Provider:
    """Takes SMS over HTTP, with trouble. `texts`: how many there are in all."""

    def __init__(self, seed: int, texts: int = 1) -> None:
        self.asked: list[Asked] = []
        self.answers: Counter[str] = Counter()
        self.at_once = self._now = 0
        self.mixed_up = 0
        """SMS that came with another number's text."""
        self._texts = texts
        self._chance = random.Random(seed)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        at_s, body = time.perf_counter(), await request.json()
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        try:
            return await self._answer(request, at_s, body)
        finally:
            self._now -= 1

    async def _answer(self, request: web.Request, at_s: float, body: dict[str, Any]) -> web.StreamResponse:
        (trouble,) = self._chance.choices([*SHARES, "taken"], [*SHARES.values(), 1 - sum(SHARES.values())])
        self.answers[trouble] += 1
        said = [self._said(trouble, int(one["msisdn"][4:]), body["text"]) for one in body["to"]]
        self.asked += [Asked(at_s, one["id"], word) for one, word in zip(body["to"], said, strict=True)]
        if trouble == "429":
            return web.Response(status=429, headers={"Retry-After": "1"})
        if trouble == "500":
            return web.Response(status=500)
        if trouble == "dropped":
            assert request.transport is not None
            request.transport.abort()
        if trouble == "slow":
            await asyncio.sleep(self._chance.uniform(0.5, 2.0))
        return web.json_response([{"said": word, "id": secrets.token_hex(8)} for word in said])

    def _said(self, trouble: str, number: int, text: str) -> Said:
        if trouble in NOW:
            return "nothing"
        self.mixed_up += text != text_of(number, self._texts)
        if is_blocked(number):
            return "blocked"
        return "busy" if self._chance.random() < BUSY else "taken"


class Line:
    """A gateway to it."""

    name = "flood"
    replies_in_band = False

    def __init__(self, session: ClientSession, url: str, limits: Limits) -> None:
        self.limits = limits
        self._session = session
        self._url = url

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        body = {"to": [{"id": one.id.hex(), "msisdn": one.msisdn} for one in batch], "text": batch[0].text}
        try:
            async with self._session.post(self._url, json=body) as answer:
                if answer.status == 429:
                    raise RouteFault("429", after_s=float(answer.headers["Retry-After"]))
                if answer.status != 200:
                    raise RouteFault(str(answer.status))
                rows = await answer.json()
        except (ClientError, TimeoutError) as error:
            raise RouteFault(type(error).__name__, perhaps_taken=True) from None
        return [_sent(one, row) for one, row in zip(batch, rows, strict=True)]


def _sent(one: Outgoing, row: dict[str, str]) -> Sent:
    match row["said"]:
        case "taken":
            return Sent(id=one.id, progress=Progress.ACCEPTED, provider_id=row["id"])
        case "busy":
            return Sent(id=one.id, progress=Progress.FAILED, reason="busy", again=True)
        case said:
            return Sent(id=one.id, progress=Progress.REJECTED, reason=said)


@asynccontextmanager
async def connected(provider: Provider, limits: Limits) -> AsyncIterator[Line]:
    """The provider on a port of loopback, and a line to it."""
    app = web.Application()
    app.router.add_post("/", provider)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with ClientSession(timeout=ClientTimeout(total=20, connect=5)) as session:
            yield Line(session, f"http://127.0.0.1:{runner.addresses[0][1]}/", limits)
    finally:
        await runner.cleanup()
