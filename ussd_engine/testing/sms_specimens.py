"""Messages, cases and a ledger that sends SMS, for the contract suites."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta, timezone
from typing import Any, Final

import msgspec
import pytest

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.smsoutcome import Outcome
from ussd_engine.ledger.smsqueue import Lent, Taken
from ussd_engine.ledger.smstables import sms
from ussd_engine.messages import CaseEvent
from ussd_engine.model import CaseState, Submit
from ussd_engine.sms.message import Notice, Priority, Progress, Sent
from ussd_engine.testing.specimens import MSISDN, NOON_MS, LedgerFixtures, StoppedClock, rows, submit

EAST: Final = timezone(timedelta(hours=3))
"""`NOON_MS` is three in the afternoon there."""
ROUTES: Final = ("first", "second")
HOUR_MS: Final = 3_600_000


def notice(**changes: Any) -> Notice:
    """A push to a number; any field may be given."""
    made = Notice(
        key=secrets.token_bytes(16),
        service="emrejesho",
        template="opened",
        values={"ref": "482173659"},
        locale="sw",
        priority=Priority.NOTICE,
        push=True,
        at_ms=NOON_MS,
        msisdn=MSISDN,
    )
    return msgspec.structs.replace(made, **changes)


def event(reference: str, sequence: int, state: CaseState | str, **changes: Any) -> CaseEvent:
    """What a core tells; its id follows from reference and sequence."""
    told = CaseEvent(reference=reference, id=f"{reference}-{sequence}", at_ms=NOON_MS, sequence=sequence, state=state)
    return msgspec.structs.replace(told, **changes)


def outcome(lent: Lent, route: str, now_ms: int, *said: Sent, **changes: Any) -> Outcome:
    """What came of a message: what was said of each of its parts."""
    made = Outcome(
        id=lent.id,
        token=lent.token,
        attempts=lent.attempts,
        route=route,
        now_ms=now_ms,
        later_ms=now_ms,
        said=dict(enumerate(said)),
        parts=len(said),
        opens=(lent.template, lent.msisdn, lent.service, lent.values.get("ref", "")),
    )
    return msgspec.structs.replace(made, **changes)


def said(progress: Progress = Progress.ACCEPTED, provider_id: str = "", **changes: Any) -> Sent:
    """What a gateway says of one SMS."""
    return msgspec.structs.replace(Sent(id=b"", progress=progress, provider_id=provider_id), **changes)


class SmsFixtures(LedgerFixtures):
    """A ledger with two routes, in the east of Africa."""

    @pytest.fixture
    async def ledger(self, url: str, keyring: Keyring, clock: StoppedClock) -> AsyncIterator[Ledger]:
        ledger = await Ledger.open(url, keyring, clock, zone=EAST, routes=ROUTES)
        yield ledger
        await ledger.close()

    async def queue(self, ledger: Ledger, *notices: Notice, route: str | None = None) -> None:
        """Queue them, in one transaction."""
        await ledger.database.write(lambda conn: ledger.sms.put(conn, notices, route))

    async def take(self, ledger: Ledger, clock: StoppedClock, route: str = "first", most: int = 100) -> Taken:
        """What the sender of a route gets now."""
        return await ledger.sms.take(route, clock(), most)

    async def submitted(self, ledger: Ledger, **changes: Any) -> Submit:
        """A case whose receipt is out of the way."""
        act = submit(caller=None, **changes)
        await ledger.act(act)
        await ledger.database.write(lambda conn: conn.execute(sms.delete()).rowcount)
        return act

    async def waiting(self, ledger: Ledger) -> list[tuple[str, dict[str, str]]]:
        """Template and values of what is queued, in the order of queueing."""
        found = [row for row in await rows(ledger, sms) if row.state == Progress.QUEUED]
        opened = [(row.id, row.template, ledger.notices.scribe.content(row.id, row.sealed)) for row in found]
        return [(template, content.values) for _, template, content in sorted(opened, key=lambda one: one[0])]

    async def states(self, ledger: Ledger) -> list[str]:
        """The states of all rows, in the order of queueing."""
        return [row.state for row in sorted(await rows(ledger, sms), key=lambda row: row.id)]
