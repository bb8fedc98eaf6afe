"""The ledger: what a citizen confirmed, on the disk before it is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, select

from ussd_engine import reference
from ussd_engine.keys import Keyring
from ussd_engine.ledger.acts import Acts, Plan
from ussd_engine.ledger.database import Database, upsert
from ussd_engine.ledger.faults import Faults
from ussd_engine.ledger.group import Group
from ussd_engine.ledger.outbox import Outbox
from ussd_engine.ledger.rows import Scribe
from ussd_engine.ledger.schema import check, connect
from ussd_engine.ledger.tables import cases, languages, limits, submissions
from ussd_engine.model import Act, CaseState, Committed, Mode, Quiet, Submission, Submit

Clock = Callable[[], int]
"""The time in Unix milliseconds."""

CASES_A_DAY = 5
PROBE = "probe"
"""What a row of `limits` counts that belongs to nobody."""
LANGUAGE_KEPT = timedelta(days=365)


_LANGUAGE = (
    select(languages.c.locale)
    .where(languages.c.tag.in_(bindparam("tags", expanding=True)), languages.c.touched >= bindparam("since"))
    .order_by(languages.c.touched.desc())
    .limit(1)
)


_UNPROBE = delete(limits).where(limits.c.what == PROBE)


class Case(Quiet, frozen=True, kw_only=True):
    """The projection of a case: what lists, status and HALI read. No word of the citizen stands in it."""

    reference: str
    case: bytes
    handle: str | None
    service: str
    type: str
    mode: Mode
    institution: str
    state: CaseState
    submitted: date
    due: date | None
    sequence: int
    core_reference: str | None


class Ledger:
    """Effects, submissions, contacts, cases and the outbox of one database."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, zone: tzinfo, acts: Acts) -> None:
        self.database = database
        self.outbox = Outbox(database, keyring)
        self._keyring = keyring
        self._clock = clock
        self._zone = zone
        self._scribe = Scribe(keyring)
        self._group: Group[Plan, Committed] = Group(
            lambda plans: database.write(lambda conn: acts.write(conn, plans)),
        )

    @classmethod
    async def open(
        cls,
        url: str,
        keyring: Keyring,
        clock: Clock,
        *,
        draw_reference: Callable[[], str] = reference.draw,
        zone: tzinfo = UTC,
        cases_a_day: int = CASES_A_DAY,
        faults: Faults | None = None,
    ) -> Ledger:
        """A ledger on `sqlite:///PATH` or `postgresql://…`; `zone` says when a day begins.

        `ConfigError` where the tables are not of this version, `LedgerUnavailable` where the database does not answer.
        """
        database = connect(url, faults)
        try:
            await check(database)
        except BaseException:
            await database.close()
            raise
        return cls(database, keyring, clock, zone, Acts(Scribe(keyring), draw_reference, cases_a_day))

    async def close(self) -> None:
        """Finish what is under way, then give the database back."""
        await self._group.close()
        await self.outbox.close()
        await self.database.close()

    async def act(self, act: Act) -> Committed:
        """Write an act and return what its key holds: the first effect that came with it, whatever this one is.

        `Committed("limit")` where the caller's day is full and nothing was written. `RolledBack` where it is known that
        nothing was, `Unknown` where that is not known. A caller who is cancelled stops nothing.
        """
        committed = await self._group.add(self._plan(act))
        if committed.kind == "submit":
            self.outbox.added.set()
        return committed

    async def probe(self) -> None:
        """Write something, and take it away. `EngineError` where the database takes no writing."""
        row = {"tag": b"", "what": PROBE, "day": self._day(self._clock()), "count": 0}
        await self.database.write(lambda conn: _probe(conn, row))

    async def language(self, msisdn: str) -> str | None:
        """The locale that a caller chose in the last 12 months."""
        tags, since = self._scribe.language_tags(msisdn), self._day(self._clock()) - LANGUAGE_KEPT
        return await self.database.read(lambda conn: conn.scalar(_LANGUAGE, {"tags": tags, "since": since}))

    async def case(self, reference: str) -> Case | None:
        """The case of a reference."""
        query = select(cases).where(cases.c.reference == reference)
        found = await self.database.read(lambda conn: conn.execute(query).one_or_none())
        return None if found is None else _projected(found)

    async def cases(
        self, institution: str | None = None, state: CaseState | None = None, limit: int = 50
    ) -> list[Case]:
        """Cases, the newest first; of one institution, in one state, where these are given."""
        query = select(cases).order_by(cases.c.submitted.desc(), cases.c.reference).limit(limit)
        if institution is not None:
            query = query.where(cases.c.institution == institution)
        if state is not None:
            query = query.where(cases.c.state == state.value)
        return [_projected(row) for row in await self.database.read(lambda conn: conn.execute(query).all())]

    async def submission(self, reference: str) -> Submission | None:
        """What was sent under a reference, opened; never the number. `CannotOpen` where the data key is not held."""
        query = select(submissions).join(cases, cases.c.case == submissions.c.case)
        mine = query.where(cases.c.reference == reference)
        found = await self.database.read(lambda conn: conn.execute(mine).one_or_none())
        if found is None:
            return None
        plain = self._keyring.open("submission", found.case, found.sealed)
        return msgspec.msgpack.decode(plain, type=Submission)

    async def purge(self) -> None:
        """Drop the limit tags of days past and the languages that nobody used for 12 months."""
        await self.database.write(lambda conn: _purge(conn, self._day(self._clock())))

    def _plan(self, act: Act) -> Plan:
        day = self._day(act.at_ms)
        counted = isinstance(act, Submit) and act.caller
        return Plan(act, day, self._keyring.limit_tag(counted, day) if counted else None)

    def _day(self, at_ms: int) -> date:
        return datetime.fromtimestamp(at_ms / 1000, self._zone).date()


def _projected(row: Row[tuple[object, ...]]) -> Case:
    return msgspec.convert({str(column): value for column, value in row._mapping.items()}, Case)


def _probe(conn: Connection, row: dict[str, object]) -> None:
    upsert(conn, limits, [row], "day")
    conn.execute(_UNPROBE)


def _purge(conn: Connection, today: date) -> None:
    conn.execute(delete(limits).where(limits.c.day < today))
    conn.execute(delete(languages).where(languages.c.touched < today - LANGUAGE_KEPT))
