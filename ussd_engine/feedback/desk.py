"""The officer's side of the built-in core: find, read, act. Every act and every read of a text leaves a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec

from sqlalchemy import Connection, Select, select

from ussd_engine.errors import did_you_mean
from ussd_engine.feedback import handling, inbox
from ussd_engine.feedback.access import PURPOSES, ROLES, Officer, Refused, Sight, sight
from ussd_engine.feedback.book import Actor, Book, Words, words_of
from ussd_engine.feedback.case import COLUMNS, CoreCase, case_of
from ussd_engine.feedback.figures import By, Figures, figures
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.sql import opened
from ussd_engine.feedback.tables import core_cases, core_record
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Database
from ussd_engine.lifecycle import ANSWERED, APPEAL_DECIDED, CLOSED, NEED_INFO, NOT_ACCEPTED, RECEIVED
from ussd_engine.model import CaseState, Submission

P = ParamSpec("P")

_DONE = select(core_record.c.at_ms, core_record.c.role, core_record.c.office, core_record.c.act, core_record.c.purpose)
SAID_BY: Final = {
    **{to.value: kind for to, kind in handling.SPEAKS.items()},
    "directive": "directive",
    "addition": "addition",
    "appealed": "appeal",
}
"""The kind of words that each act leaves, one each time."""
UNKNOWN: Final = (
    "there is no case of that reference, or it is none of yours; what was sent this minute may be on its way still"
)
"""The same words for all, so that nobody learns what is hidden from him."""


class Done(NamedTuple):
    """A row of the record, as officers see it, with the words that go with it.

    Of what a citizen did the day alone is told, and of what followed by itself: with an operator's records the minute
    would lead to whoever dialled then.
    """

    day: date
    hour: str
    """Empty where it was no officer."""
    role: str
    office: str
    act: str
    purpose: str
    words: Words | None = None


class File(NamedTuple):
    """A case with its texts, as an officer reads it."""

    case: CoreCase
    submission: Submission
    done: Sequence[Done]
    """The oldest first."""


class Desk:
    """All that an officer does. Who acts is given with every call; a case that he may not see is `UNKNOWN` to him."""

    def __init__(self, database: Database, keyring: Keyring, offices: Offices, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._offices = offices
        self._clock = clock

    # looking

    async def inbox(
        self, officer: Officer, states: Sequence[CaseState] = inbox.WAITING, most: int = 50
    ) -> list[CoreCase]:
        """What the office is to act on, the oldest first."""
        return await self._database.read(lambda conn: inbox.inbox(conn, officer, self._offices, states, most))

    async def newest(
        self, officer: Officer, institution: str | None = None, state: CaseState | None = None, most: int = 50
    ) -> list[CoreCase]:
        """What he may see the state of, the newest first."""
        return await self._database.read(
            lambda conn: inbox.newest(conn, officer, self._offices, institution, state, most)
        )

    async def look(self, officer: Officer, reference: str) -> tuple[CoreCase, Sight]:
        """The state of a case, and what he may do with it. `Refused` where he sees nothing of it."""
        query = select(*COLUMNS).where(core_cases.c.reference == reference)
        row = await self._database.read(lambda conn: conn.execute(query).one_or_none())
        return self._visible(officer, None if row is None else case_of(row))

    async def read(self, officer: Officer, reference: str, purpose: str) -> File:
        """The texts of a case; leaves a row with the purpose. Who holds a case opens it before he reads it."""
        return await self._database.write(lambda conn: self._read(conn, officer, reference, purpose))

    async def figures(self, officer: Officer, by: By) -> list[Figures]:
        """How many cases stand where, of the offices that he sees. `Refused` for a district, which holds none."""
        if officer.role == "district":
            raise Refused(
                "figures are told by institution, and a district holds no case: `case list` shows what it sees"
            )
        return await self._database.read(lambda conn: figures(conn, officer, self._offices, by))

    # acting

    async def open(self, officer: Officer, reference: str) -> CoreCase:
        """He begins with it; a compliment ends here, and its writer is thanked."""
        return await self._act(officer, reference, handling.begin)

    async def progress(self, officer: Officer, reference: str, due: date | None = None) -> CoreCase:
        """The case is worked on; or it is already, and its due date moves."""
        return await self._act(officer, reference, handling.progress, due)

    async def direct(self, officer: Officer, reference: str, text: str) -> CoreCase:
        """A leader's directions, which the citizen is told of; the state stays."""
        return await self._act(officer, reference, handling.direct, text)

    async def ask(self, officer: Officer, reference: str, text: str) -> CoreCase:
        """A question to the citizen; the case waits for her."""
        return await self._act(officer, reference, handling.step, NEED_INFO, text)

    async def answer(self, officer: Officer, reference: str, text: str) -> CoreCase:
        """The answer."""
        return await self._act(officer, reference, handling.step, ANSWERED, text)

    async def refuse(self, officer: Officer, reference: str, text: str) -> CoreCase:
        """It is outside what institutions may take; with the reason."""
        return await self._act(officer, reference, handling.step, NOT_ACCEPTED, text)

    async def decide(self, officer: Officer, reference: str, text: str) -> CoreCase:
        """The decision on an appeal."""
        return await self._act(officer, reference, handling.step, APPEAL_DECIDED, text)

    async def transfer(self, officer: Officer, reference: str, to: str) -> CoreCase:
        """To another institution, which receives it anew; after three moves to the desk of last resort."""
        return await self._act(officer, reference, handling.transfer, to)

    async def close(self, officer: Officer, reference: str) -> CoreCase:
        """An answered case whose time is over: until then its citizen says whether she is content, or appeals."""
        return await self._act(officer, reference, handling.step, CLOSED)

    def offers(self, case: CoreCase, seen: Sight) -> tuple[str, ...]:
        """What may be done with a case now, as `ussd-engine case` names it."""
        return handling.offers(case, seen, self._offices.day(self._clock()))

    async def may_step(self, officer: Officer, reference: str, to: CaseState) -> CoreCase:
        """The case; `Refused` in words where he may not take it to a state now. Writes nothing."""
        case, seen = await self.look(officer, reference)
        handling.may_step(case, seen, to, self._offices.day(self._clock()))
        return case

    # inside a transaction

    def _book(self, conn: Connection) -> Book:
        return Book(conn, self._keyring, self._offices, self._clock())

    async def _act(
        self,
        officer: Officer,
        reference: str,
        work: Callable[Concatenate[Book, CoreCase, Sight, Officer, P], CoreCase],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> CoreCase:
        def act(conn: Connection) -> CoreCase:
            book = self._book(conn)
            case, seen = self._visible(officer, book.case(reference))
            return work(book, case, seen, officer, *args, **kwargs)

        return await self._database.write(act)

    def _visible(self, officer: Officer, case: CoreCase | None) -> tuple[CoreCase, Sight]:
        seen = sight(officer, case, self._offices) if case else Sight()
        if case is None or not seen.state:
            raise Refused(UNKNOWN)
        return case, seen

    def _may_read(self, officer: Officer, case: CoreCase, purpose: str) -> Sight:
        if purpose not in PURPOSES:
            raise Refused(f'"{purpose}" is no purpose{did_you_mean(purpose, PURPOSES)}: {", ".join(PURPOSES)}')
        _, seen = self._visible(officer, case)
        if not seen.text:
            raise Refused(f"{officer} sees the state of this case and not its text: `case list` shows it")
        return seen

    def _read(self, conn: Connection, officer: Officer, reference: str, purpose: str) -> File:
        book = self._book(conn)
        case, _ = self._visible(officer, book.case(reference))
        seen = self._may_read(officer, case, purpose)
        if seen.acts and case.state is RECEIVED:
            raise Refused("nobody has opened the case yet: `case open` comes first, then you read it")
        query: Select[Any] = select(core_cases.c.key.label("case"), core_cases.c.sealed, core_cases.c.identity)
        row = conn.execute(query.where(core_cases.c.reference == reference)).one()
        book.note(case, Actor(*officer), "read", purpose)
        rows = conn.execute(_DONE.where(core_record.c.key == case.case).order_by(core_record.c.number))
        said = words_of(conn, self._keyring, case.case)
        return File(case, opened(self._keyring, row), [self._done(said, *row) for row in rows])

    def _done(self, said: list[Words], at_ms: int, role: str, office: str, act: str, purpose: str) -> Done:
        """A row of the record with its words, which are taken from those that were said."""
        words = next((one for one in said if one.kind == SAID_BY.get(act)), None)
        if words is not None:
            said.remove(words)
        hour = self._offices.hour(at_ms) if role in ROLES else ""
        return Done(self._offices.day(at_ms), hour, role, office, act, purpose, words)
