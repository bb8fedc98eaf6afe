"""Where SMS come and go: a place whose channels carry them, and the providers behind them."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.kills.nursery import settings_of
from tests.kills.place import Place
from tests.kills.scene import ROOT, Nursery, menus_read_once, nursery
from tests.kills.sending import sending
from ussd_engine.ledger import Ledger, upgrade
from ussd_engine.ledger.smsqueue import LEASE_MS
from ussd_engine.sms.message import Progress
from ussd_engine.testing.provider import Asked, Provider, Says

SHORT: Final = "15200"
COUNTRY: Final = "menus/countries/tanzania.yaml"
ROUNDS: Final = 20
"""After so many nothing may wait any longer."""
Answers = Callable[[int, str, int], str]
"""What is said of an SMS of a call of this number, to a phone, asked for the so-manieth time."""


@dataclass
class Texted:
    """A run of a child: whether it was killed, which points it reached, what it counted, and what it answered."""

    killed: bool
    points: list[str]
    counts: Counter[str] = field(default_factory=Counter)
    answer: dict[str, object] | None = None


class Carrier:
    """The provider of all channels. Of each SMS it says what `answers` says: `taken`, `busy`, `blocked`; or `dropped`,
    and then the line of the whole call breaks once all of it is taken."""

    def __init__(self, answers: Answers = lambda *_: "taken") -> None:
        self.answers = answers
        self.texts: list[tuple[str, str]] = []
        """What was taken: the number, and what it is told."""
        self.asked: Counter[str] = Counter()
        """How often each number was asked for."""
        self.calls = 0

    def play(self, asked: Asked) -> Says | None:
        """The answer to a call."""
        sent = json.loads(asked.body)
        self.calls += 1
        if "recipients" in sent:
            self._said(sent["recipients"], sent["message"])
            return Says(200, b'{"success":true}')
        said = {one["id"]: self._said(one["msisdn"], sent["text"]) for one in sent["to"]}
        if "dropped" in said.values():
            return None
        rows = [
            {"id": id, "progress": "failed" if word == "busy" else "rejected", "reason": word, "again": word == "busy"}
            for id, word in said.items()
            if word != "taken"
        ]
        return Says(200, json.dumps({"to": rows}).encode())

    @property
    def taken(self) -> Counter[str]:
        """How many SMS it took for each number."""
        return Counter(msisdn for msisdn, _ in self.texts)

    def _said(self, msisdn: str, text: str) -> str:
        self.asked[msisdn] += 1
        word = self.answers(self.calls, msisdn, self.asked[msisdn])
        if word in ("taken", "dropped"):
            self.texts.append((msisdn, text))
        return word


class Post:
    """The place, the process that forks children, and what both kinds of stories do there."""

    def __init__(self, place: Place, children: Nursery) -> None:
        self.place = place
        self.children = children

    async def empty(self) -> None:
        """Nothing was ever sent."""
        self.place.put({})
        await upgrade(self.place.settings.database.reveal())

    @asynccontextmanager
    async def ledger(self) -> AsyncIterator[Ledger]:
        """The ledger as it stands, for whoever writes into it or looks."""
        ledger = await Ledger.open(
            self.place.settings.database.reveal(), self.place.keyring, now_ms, routes=("loopback", "mgov")
        )
        try:
            yield ledger
        finally:
            await ledger.close()

    async def all_sent(self, route: str, provider: Provider, begins_ms: int) -> Counter[str]:
        """A worker of this process sends all that waits, from a time on, and nothing of it again; what it counted."""
        counts = Counter[str]()
        settings = settings_of({**self.place.given, **channels(provider.url)})
        async with sending(settings, route, begins_ms, "alive", lambda word: counts.update([word])) as found:
            for _ in range(ROUNDS):
                await found.round()
                if not await found.ledger.sms_view.messages([Progress.QUEUED]):
                    calls = len(provider.asked)
                    found.leap(LEASE_MS / 1000)
                    await found.round()
                    assert len(provider.asked) == calls, "what was done is done again"
                    return counts
        raise AssertionError("something waits on and on")

    async def ended(self) -> Texted:
        """What a child says until it ends, while this process answers it."""
        counts, killed, points = Counter[str](), False, list[str]()
        while True:
            words = await asyncio.to_thread(self.children.hear)
            if "ended" in words:
                assert words["ended"] == (-9 if killed else 0), f"the child ended with {words['ended']}"
                return Texted(killed, points, counts)
            counts.update([words["counted"]] if "counted" in words else [])
            killed, points = killed or "killed" in words, words.get("points", points)


def now_ms() -> int:
    return int(time.time() * 1000)


def after_leases_ms() -> int:
    """A time at which a dead process holds nothing any longer."""
    return now_ms() + LEASE_MS + 1_000


def channels(url: str = "", per_call: int = 1) -> dict[str, str]:
    """The settings of the channels, for a provider at an address; without one all is taken and nobody hears of it."""
    fast = {"per_second": 3}
    mgov = {"account": "em", "api_key": "K", "service_id": "9", "sender": SHORT, **fast}
    loopback = {"sender": SHORT, "per_call": per_call, **fast}
    given = {"mgov": {"sms": mgov}, "loopback": {"sms": loopback}}
    for one in given.values() if url else ():
        one["sms"]["url"] = url
    return {"channels": "loopback mgov africastalking", "channel_settings": json.dumps(given)}


@contextmanager
def post_office(folder: Path) -> Iterator[Post]:
    """A place in a folder of its own, in the shipped country with a number that takes SMS."""
    country, shipped = folder / "country.yaml", (ROOT / COUNTRY).read_text()
    assert 'sc: ""' in shipped
    country.write_text(shipped.replace('sc: ""', f"sc: {SHORT}"))
    given = {"country": str(country), **channels()}
    with menus_read_once(given):
        place = Place(folder, **given)
        with nursery(place) as children:
            yield Post(place, children)
