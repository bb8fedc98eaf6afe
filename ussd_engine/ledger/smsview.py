"""What an operator sees of SMS: no number, no word, no reference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import ColumnElement, and_, case, func, not_, or_, select, update

from ussd_engine.ledger.database import Database
from ussd_engine.ledger.smspurge import VALUES_KEPT_MS
from ussd_engine.ledger.smsqueue import FIRST
from ussd_engine.ledger.smsrows import SmsScribe
from ussd_engine.ledger.smstables import sms, sms_parts, sms_reports
from ussd_engine.ledger.tables import contacts
from ussd_engine.sms.message import Progress

_T = TypeVar("_T")
LONG_ACCEPTED_MS: Final = 3_600_000
"""A gateway that has had a message for so long has lost it, or does not report."""
ID_DIGITS: Final = 32
"""Of a message's id in hexadecimal."""
GIVEN_UP: Final = (Progress.FAILED, Progress.EXPIRED, Progress.REJECTED)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message, as an operator may see it."""

    id: bytes
    service: str
    template: str
    priority: int
    push: bool
    state: Progress
    sending: bool
    route: str | None
    attempts: int
    rounds: int
    """After how many reports of a failure it goes again by this route, with its attempts counted anew."""
    not_before_ms: int
    queued_ms: int
    changed_ms: int
    lease_ms: int
    reason: str
    behind: bool
    """It waits for an earlier message to the same addressee."""

    @property
    def tries(self) -> int:
        """How often it was given to its route, at the least: what was reported as failed had been."""
        return self.attempts + self.rounds


class Part(msgspec.Struct, frozen=True):
    """One SMS of it, as its gateway knows it."""

    part: int
    route: str
    provider_id: str
    state: Progress
    status: str
    changed_ms: int


class Pending(msgspec.Struct, frozen=True):
    """One SMS of a message, of which its gateway may know more by now."""

    message: bytes
    provider_id: str


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts for metrics."""

    states: dict[tuple[str, str], int]
    """Of the last 72 hours, by route (empty: not sent yet) and state."""
    oldest_ms: int | None
    """When the oldest of those was queued that may leave by now."""
    long_accepted: dict[str, int]
    """Of these, by route: what its gateway has had for more than an hour, without a word."""
    unknown_statuses: int
    """Kinds of reports whose status nobody knows."""


_TURN = case((sms.c.state == Progress.QUEUED.value, 0), (sms.c.state.in_([one.value for one in GIVEN_UP]), 1), else_=2)
"""What somebody can still do something about stands first: a list has an end."""
_BEHIND = and_(sms.c.state == Progress.QUEUED.value, not_(FIRST))
_MESSAGE = [*(sms.c[name] for name in Message.__struct_fields__ if name != "behind"), _BEHIND.label("behind")]
_PART = [sms_parts.c[name] for name in Part.__struct_fields__]


class SmsView:
    """Asks one database."""

    def __init__(self, database: Database, scribe: SmsScribe) -> None:
        self._database = database
        self._scribe = scribe

    async def messages(
        self, states: Collection[Progress] = (), routes: Collection[str | None] = (), most: int = 50
    ) -> list[Message]:
        """In these states and of these routes (all, where none is named; `None` is the route of what has none yet):
        what waits, then what was given up, then the rest; of each the newest."""
        order = (_TURN, sms.c.id.desc())
        first = select(sms.c.id).where(*_among(states, routes)).order_by(*order).limit(most)
        return [
            _read(row, Message)
            for row in await self._all(select(*_MESSAGE).where(sms.c.id.in_(first)).order_by(*order))
        ]

    async def count(self, states: Collection[Progress] = (), routes: Collection[str | None] = ()) -> int:
        """How many there are of those of `messages`."""
        ((found,),) = await self._all(select(func.count()).select_from(sms).where(*_among(states, routes)))
        return int(found)

    async def named(self, digits: str, most: int = 2) -> list[Message]:
        """Those whose id begins with these hexadecimal digits."""
        first, last = (bytes.fromhex(digits.ljust(ID_DIGITS, filler)) for filler in "0f")
        query = select(*_MESSAGE).where(sms.c.id >= first, sms.c.id <= last).order_by(sms.c.id).limit(most)
        return [_read(row, Message) for row in await self._all(query)]

    async def at_provider(self, provider_id: str, most: int = 2) -> list[Message]:
        """Those of which a gateway knows an SMS under this id."""
        here = select(sms_parts.c.sms).where(sms_parts.c.provider_id == provider_id)
        query = select(*_MESSAGE).where(sms.c.id.in_(here)).order_by(sms.c.id).limit(most)
        return [_read(row, Message) for row in await self._all(query)]

    async def given_up(self, most: int = 50) -> list[Message]:
        """What no route could send."""
        return await self.messages(GIVEN_UP, most=most)

    async def long_accepted(self, now_ms: int, most: int = 50) -> list[Message]:
        """What stays with a gateway for an hour without another word, the oldest first."""
        waits = (sms.c.state == Progress.ACCEPTED.value, sms.c.changed_ms <= now_ms - LONG_ACCEPTED_MS)
        return [
            _read(row, Message) for row in await self._all(select(*_MESSAGE).where(*waits).order_by("id").limit(most))
        ]

    async def leaving(self, now_ms: int) -> int:
        """How many are being sent, or may go by now and wait for none before them."""
        may_go = and_(sms.c.not_before_ms <= now_ms, FIRST)
        query = select(func.count()).where(sms.c.state == Progress.QUEUED.value, or_(sms.c.sending, may_go))
        ((found,),) = await self._all(query)
        return int(found)

    async def parts(self, message: bytes) -> list[Part]:
        """The parts of a message, in their order."""
        rows = await self._all(select(*_PART).where(sms_parts.c.sms == message).order_by("part"))
        return [_read(row, Part) for row in rows]

    async def pending(self, route: str, after: bytes, most: int) -> list[Pending]:
        """What a gateway has taken and told no end of, the oldest first, behind a message."""
        taken = sms_parts.c.state.in_([Progress.ACCEPTED.value, Progress.SENT.value])
        known = (sms_parts.c.route == route, taken, sms_parts.c.provider_id != "", sms_parts.c.sms > after)
        kept = sms.c.sealed.is_not(None)
        query = select(sms_parts.c.sms, sms_parts.c.provider_id).join(sms, sms.c.id == sms_parts.c.sms)
        ordered = query.where(*known, kept).order_by(sms_parts.c.sms, sms_parts.c.part).limit(most)
        return [Pending(*row) for row in await self._all(ordered)]

    async def number(self, message: bytes) -> str | None:
        """To whom it goes, for a place that shows it masked; `None` once its values are dropped, though the case may
        still have a contact. `CannotOpen` without keys."""
        rows = await self._all(
            select(sms.c.id, sms.c.number, sms.c.handle, contacts.c.sealed)
            .join(contacts, contacts.c.handle == sms.c.handle, isouter=True)
            .where(sms.c.id == message, sms.c.sealed.is_not(None))
        )
        for row in rows:
            if row.number is not None:
                return self._scribe.number(row.id, row.number)
            if row.sealed is not None:
                return self._scribe.contact(row.handle, row.sealed)
        return None

    async def retry(self, messages: Sequence[bytes] | None, now_ms: int) -> int:
        """Let those of them that wait go as soon as the hour is one for it, with all attempts anew; how many. `None`:
        whatever waits."""
        again = update(sms).where(sms.c.state == Progress.QUEUED.value, sms.c.sending.is_(False))
        if messages is not None:
            again = again.where(sms.c.id.in_(list(messages)))
        anew = again.values(attempts=0, not_before_ms=now_ms)
        return await self._database.write(lambda conn: conn.execute(anew).rowcount)

    async def figures(self, now_ms: int) -> Figures:
        """How it stands."""
        route, recent = func.coalesce(sms.c.route, ""), sms.c.queued_ms > now_ms - VALUES_KEPT_MS
        by_state = select(route, sms.c.state, func.count()).where(recent).group_by(route, sms.c.state)
        waits = (sms.c.state == Progress.QUEUED.value, sms.c.not_before_ms <= now_ms)
        long = (recent, sms.c.state == Progress.ACCEPTED.value, sms.c.changed_ms <= now_ms - LONG_ACCEPTED_MS)
        unknown = select(func.count()).select_from(sms_reports).where(sms_reports.c.progress.is_(None))
        ((oldest,),) = await self._all(select(func.min(sms.c.queued_ms)).where(*waits))
        ((kinds,),) = await self._all(unknown.where(sms_reports.c.status != ""))
        return Figures(
            states={(name, state): count for name, state, count in await self._all(by_state)},
            oldest_ms=oldest,
            long_accepted=dict(map(tuple, await self._all(select(route, func.count()).where(*long).group_by(route)))),
            unknown_statuses=kinds,
        )

    async def _all(self, query: Any) -> Sequence[Any]:
        return await self._database.read(lambda conn: conn.execute(query).all())


def _among(states: Collection[Progress], routes: Collection[str | None]) -> Iterator[ColumnElement[bool]]:
    if states:
        yield sms.c.state.in_([state.value for state in states])
    if routes:
        named = sms.c.route.in_([route for route in routes if route is not None])
        yield or_(named, sms.c.route.is_(None)) if None in routes else named


def _read(row: Any, type_: type[_T]) -> _T:
    return msgspec.convert({str(column): value for column, value in row._mapping.items()}, type_)
