"""A provider that is asked for reports, or for what came, and wants to be left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.sms.leaping import LeapingLoop
from tests.sms.sms_provider import Office, Tell, notice_to
from ussd_engine.channels.sms import Fetched
from ussd_engine.sms.answering import Answered
from ussd_engine.sms.clockwork import PULL_S, InboxReader, Puller
from ussd_engine.sms.message import Incoming, Progress, Report, RouteFault
from ussd_engine.testing.sms_specimens import outcome, said


class Asked:
    """A gateway that says how it is to be asked: the first time it wants to be left alone."""

    reads_inbox = True

    def __init__(self, loop: LeapingLoop, after_s: float | None) -> None:
        self.at_s: list[float] = []
        self._loop = loop
        self._after_s = after_s

    def _ask(self) -> None:
        self.at_s.append(self._loop.time())
        if len(self.at_s) == 1:
            raise RouteFault("not now", after_s=self._after_s)

    async def pull(self, pending: Sequence[tuple[str, str]]) -> list[Report]:
        self._ask()
        return []

    async def fetch(self, after: str) -> list[Fetched]:
        self._ask()
        return []


async def take(incoming: Incoming) -> Answered:
    raise AssertionError("nothing came")


@pytest.mark.parametrize(("after_s", "next_s"), [(None, PULL_S), (5.0, PULL_S), (600.0, 600.0)])
@pytest.mark.parametrize("inbox", [True, False])
def test_who_asks_waits_for_as_long_as_the_provider_wants(
    tell: Tell, inbox: bool, after_s: float | None, next_s: float
) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        ledger, told = office.ledger, list[str]()
        await office.queue(notice_to(1))
        (lent,) = (await ledger.sms.take("first", office.clock(), 1)).lent
        await ledger.sms.settle(outcome(lent, "first", office.clock(), said(Progress.ACCEPTED, "p1")))
        await ledger.sms_routes.hold("first", "a", office.clock())
        asked = Asked(loop, after_s)

        def tell_of(error: Exception) -> None:
            assert isinstance(error, RouteFault)
            told.append(f"{error.channel}: {error}")

        work: Puller | InboxReader
        if inbox:
            work = InboxReader(ledger, "first", asked, office.clock, "a", take, count=told.append, told=tell_of)
        else:
            work = Puller(ledger, "first", asked, office.clock, "a", count=told.append, told=tell_of)
        running = asyncio.create_task(work.run())
        await asyncio.sleep(PULL_S + next_s + PULL_S / 2)
        running.cancel()
        assert asked.at_s == [PULL_S, PULL_S + next_s]
        assert told == ["first: not now"]

    tell(story)
