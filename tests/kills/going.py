"""SMS that leave: a worker killed at one point, from the claim to what it writes of its provider's answer."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from typing import Final

from tests.kills.place import Files
from tests.kills.post import Answers, Carrier, Post, Texted, channels, now_ms
from ussd_engine.ledger.smsqueue import LEASE_MS
from ussd_engine.sms.message import Notice, Priority
from ussd_engine.testing.provider import playing

AT_ONCE: Final = 3
"""What may leave in a second, and in one call: so much is claimed, and the rest is left alone."""
PHONES: Final = tuple(f"2557000000{at:02}" for at in range(1, 6))
FIRST, BUSY, BLOCKED = PHONES[:AT_ONCE]


def one_by_one(call: int, msisdn: str, time: int) -> str:
    """One is refused for now, one for good."""
    return "busy" if msisdn == BUSY and time == 1 else "blocked" if msisdn == BLOCKED else "taken"


def dropped_at_first(call: int, msisdn: str, time: int) -> str:
    """The line breaks after the first yes."""
    return "dropped" if call == 1 else "taken"


OUT: Final[dict[str, Answers]] = {
    "its provider takes one, and refuses two": one_by_one,
    "the line breaks after its provider's yes": dropped_at_first,
}
LEFT: Final = {story: {"waiting", "lent", "taken", "done"} for story in OUT}
"""What the dead leave: all as it was, claimed and not asked for, asked for and not written, all written."""


class Going:
    """The queue of five SMS, and who sends them."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._scene: Files = {}
        self._begins_ms = 0
        self._carrier = Carrier()

    async def prepare(self) -> None:
        """Queue them."""
        self._begins_ms = now_ms()
        await self._post.empty()
        async with self._post.ledger() as ledger:
            some = [_reply(at, msisdn, self._begins_ms) for at, msisdn in enumerate(PHONES)]
            await ledger.database.write(lambda conn: ledger.sms.put(conn, some))
        self._scene = self._post.place.files

    async def play(self, story: str, kill: str) -> Texted:
        """As `Stories.play`."""
        self._carrier = Carrier(OUT[story])
        self._post.place.put(self._scene)
        async with playing(self._carrier.play) as provider:
            settings, begins_ms = channels(provider.url, AT_ONCE), self._begins_ms
            self._post.children.start("send", kill, settings, route="loopback", begins_ms=begins_ms)
            return await self._post.ended()

    async def lives_on(self, story: str, run: Texted) -> str:
        """Another worker takes over what a dead one left, once its leases are over; what that was."""
        carrier, left = self._carrier, self._left()
        async with playing(carrier.play) as provider:
            later_ms = self._begins_ms + LEASE_MS + 5_000
            counts = run.counts + await self._post.all_sent("loopback", provider, later_ms)
        wanted = set(PHONES) - ({BLOCKED} if carrier.answers is one_by_one else set())
        assert set(carrier.taken) == wanted, "something was lost"
        repeated = {msisdn for msisdn, times in carrier.taken.items() if times > 1}
        assert repeated <= set(PHONES[:AT_ONCE]), "what was not under way came twice"
        repeats = carrier.taken.total() - len(wanted)
        assert repeats <= min(AT_ONCE, counts["perhaps_twice"]), "what came twice is not counted"
        states = Counter({"accepted": len(wanted)}) + Counter({"rejected": len(PHONES) - len(wanted)})
        assert Counter(row[0] for row in self._rows()) == states
        if carrier.answers is one_by_one:
            under_way = AT_ONCE if left in ("lent", "taken") else 0
            assert counts["perhaps_twice"] == under_way, "what was not under way is counted"
        return left

    def _left(self) -> str:
        """How the first of them stands, and whether its provider was asked."""
        state, sending, attempts = self._rows()[0]
        if sending:
            return "taken" if self._carrier.calls else "lent"
        return "done" if attempts or state != "queued" else "waiting"

    def _rows(self) -> list[tuple[str, int, int]]:
        """State, whether it is being sent, and tries of each, in their order."""
        with closing(sqlite3.connect(self._post.place.ledger_file)) as found:
            return found.execute("SELECT state, sending, attempts FROM sms ORDER BY id").fetchall()


def _reply(at: int, msisdn: str, at_ms: int) -> Notice:
    """One text for all: a call takes several."""
    return Notice(
        key=at.to_bytes(16, "big"),
        service="emrejesho",
        template="quiet_change",
        values={"ref": "482173659"},
        locale="sw",
        priority=Priority.REPLY,
        push=False,
        at_ms=at_ms,
        msisdn=msisdn,
    )
