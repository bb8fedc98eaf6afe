"""The senders of two processes on a route that has a bind in each, and an operator who may allow one; time leaps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest

from tests.sms.leaping import LeapingLoop
from tests.sms.sms_provider import Office, Provider, Tell, notice_to, run_for
from ussd_engine.channels.sms import Limits
from ussd_engine.ledger.smsroutes import HOLD_MS
from ussd_engine.sms.hold import RENEW_MS
from ussd_engine.sms.message import Outgoing
from ussd_engine.sms.sender import POLL_S

REFUSED = "it refuses the bind (status 0x0D)"


class Line:
    """As much of a bind as its sender looks at."""

    def __init__(self, stands: bool) -> None:
        self._up = asyncio.Event()
        self.turn(stands)

    @property
    def stands(self) -> bool:
        return self._up.is_set()

    @property
    def reason(self) -> str:
        return "" if self.stands else REFUSED

    def turn(self, stands: bool) -> None:
        (self._up.set if stands else self._up.clear)()

    async def up(self) -> None:
        await self._up.wait()


class Carried(Provider):
    """A provider behind a bind: a call that is under way when it breaks goes on when it stands, as `submit` does."""

    def __init__(self, loop: LeapingLoop, stands: bool, slow_s: float = 0.0, most: int = 5) -> None:
        super().__init__(loop, self.submit, limits=Limits(most, 1, ""))
        self.bind = Line(stands)
        self.began_down = 0
        self.left: list[float] = []
        self._slow_s = slow_s

    def kind(self, octets: bytes) -> None:
        """Nothing comes here."""

    async def submit(self, call: int, batch: Sequence[Outgoing]) -> None:
        self.began_down += not self.bind.stands
        await asyncio.sleep(self._slow_s)
        await self.bind.up()
        self.left.append(self._loop.time())


def test_the_process_sends_whose_bind_stands_though_another_holds_the_route(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        refused, bound = Carried(loop, stands=False), Carried(loop, stands=True)
        await office.queue(*(notice_to(at) for at in range(10)))
        first = asyncio.create_task(run_for(600, office.sender(refused)))
        await asyncio.sleep(1)
        (held,) = await office.ledger.sms_routes.all()
        assert (held.holder, held.unbound) == ("a", REFUSED)
        other = asyncio.create_task(run_for(590, office.sender(bound, "b")))
        await asyncio.sleep(RENEW_MS / 1000)
        assert (len(refused.seen), len(bound.seen)) == (0, 10)
        # The operator's one bind changes hands, and the route with it; nobody waits for a lease to run out.
        bound.bind.turn(stands=False)
        refused.bind.turn(stands=True)
        await office.queue(*(notice_to(at) for at in range(10, 20)))
        await asyncio.sleep(2 * POLL_S + 3)
        assert 2 * POLL_S + 3 < HOLD_MS / 1000
        assert (len(refused.seen), len(bound.seen)) == (10, 10)
        assert refused.began_down == bound.began_down == 0
        await asyncio.gather(first, other)

    tell(story)


def test_where_no_bind_stands_one_looks_after_the_route_and_says_since_when(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        both = [Carried(loop, stands=False) for _ in range(2)]
        await office.queue(notice_to(1))
        running = asyncio.create_task(
            run_for(300, *(office.sender(one, holder) for one, holder in zip(both, "ab", strict=True)))
        )
        await asyncio.sleep(200)
        (held,) = await office.ledger.sms_routes.all()
        assert (held.unbound, held.token) == (REFUSED, 1)
        assert held.unbound_s(office.clock()) >= 200 - RENEW_MS / 1000
        both[0].bind.turn(stands=True)
        await running
        assert [len(one.seen) for one in both] == [1, 0]

    tell(story)


@pytest.mark.parametrize("seed", range(12))
def test_however_binds_come_and_go_each_message_leaves_once_and_at_the_route_s_pace(tell: Tell, seed: int) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        chance = random.Random(seed)
        both = [Carried(loop, stands, slow_s=chance.choice([0.0, 0.7, 4.0])) for stands in (True, False)]
        await office.queue(*(notice_to(at) for at in range(200)))
        running = asyncio.create_task(
            run_for(1200, *(office.sender(one, holder) for one, holder in zip(both, "ab", strict=True)))
        )
        for _ in range(60):
            await asyncio.sleep(chance.choice([0.1, 0.9, 3.0, 6.0]))
            both[chance.randrange(2)].bind.turn(stands=chance.random() < 0.5)
        for one in both:
            one.bind.turn(stands=True)
        await running
        seen = [seen.id for one in both for seen in one.seen]
        assert len(seen) == len(set(seen)) == 200
        left = sorted(at_s for one in both for at_s in one.left)
        assert all(later - early >= 1.0 for early, later in zip(left, left[5:], strict=False))
        assert sum(one.began_down for one in both) == 0

    tell(story)
