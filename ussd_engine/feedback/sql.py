"""The built-in core: cases in the ledger's own database, every text sealed with the data key.

Institution, type, mode, state and dates stay readable; words, names and numbers do not. In `named` the number and the
name stand sealed in a column of their own, so that they can be erased alone. This is the side that the gateway sees;
officers have `feedback.desk`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import cache, partial
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Row, bindparam, select
from sqlalchemy.sql.dml import ReturningInsert

from ussd_engine.errors import ConfigError, DeliveryError, Rejected, RolledBack, Unknown
from ussd_engine.feedback.base import CAPABILITIES, Batch, Surroundings
from ussd_engine.feedback.book import Book, words_of
from ussd_engine.feedback.case import CoreCase, received, row_of, seats
from ussd_engine.feedback.citizen import add, appeal, erase, rate, withdraw
from ussd_engine.feedback.clockwork import close_by_time, mark_overdue
from ussd_engine.feedback.figures import cell_of, count
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.tables import core_cases, core_events, core_record, core_seats, core_taken, metadata
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Database
from ussd_engine.ledger.database import insert_new, inserting
from ussd_engine.ledger.group import Group
from ussd_engine.messages import SHOWN_ACTS, Addition, Appeal, CaseEvent, Erasure, Handled, Rating, View, Withdrawal
from ussd_engine.model import Mode, Submission

__all__ = ["SqlStore", "core_cases", "metadata", "open_store"]

M = TypeVar("M", Addition, Rating, Withdrawal, Appeal, Erasure)

_HELD = select(core_cases.c.key, core_cases.c.reference).where(core_cases.c.key.in_(bindparam("keys", expanding=True)))
_HANDLED = (
    select(core_record.c.at_ms, core_record.c.role, core_record.c.office, core_record.c.act)
    .join(core_cases, core_cases.c.key == core_record.c.key)
    .where(core_cases.c.reference == bindparam("reference"), core_record.c.role != "citizen")
    .order_by(core_record.c.number)
)
_EVENTS = (
    select(core_events)
    .where(core_events.c.number > bindparam("mark"))
    .order_by(core_events.c.number)
    .limit(bindparam("most"))
)


def _no_offices() -> Offices:
    return Offices()


def _now_ms() -> int:
    return int(time.time() * 1000)


class SqlStore:
    """The core that is always there. Its reference of a case is ours."""

    capabilities = CAPABILITIES

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        offices: Callable[[], Offices] = _no_offices,
        clock: Clock = _now_ms,
        wants: frozenset[str] = frozenset(),
    ) -> None:
        """`offices` gives the institutions as they are now."""
        self._database = database
        self._keyring = keyring
        self._offices = offices
        self._clock = clock
        self.wants = wants
        self._taking: Group[Submission, str | None] = Group(self._take)

    async def submit(self, submission: Submission) -> str:
        """Take a submission once. `Rejected` where another case has its reference."""
        try:
            taken = await self._taken(submission)
        except (RolledBack, Unknown) as error:
            raise DeliveryError("the built-in core's database did not take it") from error
        if taken is None:
            raise Rejected("the built-in core has another case under this reference")
        return taken

    async def append(self, addition: Addition) -> None:
        """More words; the answer to an officer's question takes the case up again."""
        await self._act(addition, add)

    async def rate(self, rating: Rating) -> None:
        """Content or partly closes; not content leaves it answered. A rating that comes late changes nothing."""
        await self._act(rating, rate)

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """Taken back, unless it was answered meanwhile."""
        await self._act(withdrawal, withdraw)

    async def appeal(self, appealed: Appeal) -> None:
        """To the next higher level. `Rejected` where there is none, or not in time."""
        await self._act(appealed, appeal)

    async def erase(self, erasure: Erasure) -> None:
        """Number and name go; the case stays."""
        await self._act(erasure, erase)

    async def view(self, reference: str) -> View | None:
        """The last word and who handled it, by role and day."""
        return await self._database.read(lambda conn: self._view(conn, reference))

    async def events(self, mark: str, most: int) -> Batch:
        """Events behind the number of the last one."""
        asked = {"mark": int(mark or 0), "most": most}
        rows = await self._database.read(lambda conn: conn.execute(_EVENTS, asked).all())
        return Batch([_event(row) for row in rows], str(rows[-1].number) if rows else mark)

    async def tick(self, today: date, progress: Callable[[int], None] = lambda done: None) -> int:
        """What time does: cases past their due date are counted so, answers without reaction are closed.

        To be called once a day, and as often as one likes; returns how many cases changed. `progress` is told so many.
        """
        done = 0
        for work in (mark_overdue, close_by_time):
            while changed := await self._database.write(partial(self._timed, work, today)):
                done += changed
                progress(done)
        return done

    async def close(self) -> None:
        """Finish what is under way; the database is the ledger's."""
        await self._taking.close()

    # submissions

    async def _taken(self, submission: Submission) -> str | None:
        try:
            return await self._taking.add(submission)
        except RolledBack:
            # What was refused may have been the row of another.
            return (await self._take([submission]))[0]  # type: ignore[return-value]  # no error is among them

    async def _take(self, submissions: list[Submission]) -> list[str | Exception | None]:
        cases = [received(submission, self._offices()) for submission in submissions]
        rows = [self._row(case, sent) for case, sent in zip(cases, submissions, strict=True)]
        return [*await self._database.write(lambda conn: self._insert(conn, cases, rows))]

    def _insert(self, conn: Connection, cases: list[CoreCase], rows: list[dict[str, object]]) -> list[str | None]:
        """The reference that each case's key holds afterwards; `None` where another case has the one asked for."""
        new = set(conn.scalars(_taking(conn.dialect.name), sorted(rows, key=itemgetter("reference"))))
        held = dict(map(tuple, conn.execute(_HELD, {"keys": [case.case for case in cases]})))
        fresh = {case.case: case for case in cases if case.case in new}.values()
        if reports := [case for case in fresh if case.hidden and case.institution not in case.hidden]:
            book = self._book(conn)
            for case in reports:
                book.report(case)
        stakes = sorted((office, case.reference) for case in fresh for office in seats(case))
        insert_new(conn, core_seats, [{"office": office, "reference": reference} for office, reference in stakes])
        count(conn, Counter(map(cell_of, fresh)))
        return [held.get(case.case) for case in cases]

    def _row(self, case: CoreCase, submission: Submission) -> dict[str, object]:
        plain = msgspec.structs.replace(submission, number=None, name=None)
        return row_of(case) | {
            "sealed": self._keyring.seal("core", case.case, msgspec.msgpack.encode(plain)),
            "identity": self._identity(submission, case.case),
        }

    def _identity(self, submission: Submission, key: bytes) -> bytes | None:
        if submission.mode != Mode.NAMED:
            return None
        return self._keyring.seal("core_identity", key, msgspec.msgpack.encode((submission.number, submission.name)))

    # everything after

    def _book(self, conn: Connection) -> Book:
        return Book(conn, self._keyring, self._offices(), self._clock())

    def _timed(self, work: Callable[[Book, date], int], today: date, conn: Connection) -> int:
        return work(self._book(conn), today)

    async def _act(self, message: M, work: Callable[[Book, CoreCase, M], None]) -> None:
        try:
            await self._database.write(lambda conn: self._once(conn, message, work))
        except (RolledBack, Unknown) as error:
            raise DeliveryError("the built-in core's database did not take it") from error

    def _once(self, conn: Connection, message: M, work: Callable[[Book, CoreCase, M], None]) -> None:
        book = self._book(conn)
        key = bytes.fromhex(message.idempotency_key)
        if conn.scalar(select(core_taken.c.key).where(core_taken.c.key == key)) is not None:
            return
        case = book.case(message.reference)
        if case is None:
            raise DeliveryError("the built-in core has no case of this reference yet")
        work(book, case, message)
        conn.execute(core_taken.insert().values(key=key, reference=message.reference))

    def _view(self, conn: Connection, reference: str) -> View | None:
        key = conn.scalar(select(core_cases.c.key).where(core_cases.c.reference == reference))
        if key is None:
            return None
        words = words_of(conn, self._keyring, key, last_spoken=True)
        handled, known = [], set()
        for at_ms, role, office, act in conn.execute(_HANDLED, {"reference": reference}):
            if act in SHOWN_ACTS or (act == "read" and (role, office) not in known):
                handled.append(Handled(self._offices().day(at_ms), role, "opened" if act == "read" else act, office))
                known.add((role, office))
        return View(words[0].text if words else "", tuple(handled))


async def open_store(setting: str, surroundings: Surroundings) -> SqlStore:
    """The built-in core. Its setting is the word `sql`."""
    if setting != "sql":
        raise ConfigError("feedback: the built-in core is set as `sql`, without an address: it uses the ledger's")
    if surroundings.settings:
        raise ConfigError("feedback_settings: the built-in core has none")
    menus = surroundings.menus
    offices = Offices.current(menus) if menus else _no_offices
    return SqlStore(surroundings.database, surroundings.keyring, offices, surroundings.clock)


@cache
def _taking(dialect: str) -> ReturningInsert[bytes]:
    """The statement, built once: building one costs as much as carrying it out."""
    return inserting(dialect, core_cases).on_conflict_do_nothing().returning(core_cases.c.key)


def _event(row: Row[Any]) -> CaseEvent:
    values = {name: row._mapping[name] for name in CaseEvent.__struct_fields__ if name != "id"}
    return CaseEvent(id=str(row.number), **values)


def opened(keyring: Keyring, row: Row[Any]) -> Submission:
    """What was sent, from a row with its sealed columns. `CannotOpen` where the data key is not held."""
    key = row._mapping["case"]
    submission = msgspec.msgpack.decode(keyring.open("core", key, row.sealed), type=Submission)
    if row.identity is None:
        return submission
    number, name = msgspec.msgpack.decode(keyring.open("core_identity", key, row.identity))
    return msgspec.structs.replace(submission, number=number, name=name)
