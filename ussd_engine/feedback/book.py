"""The built-in core's tables inside one transaction: a case is read, changed, spoken about, and all of it recorded."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, func, select

from ussd_engine import lifecycle
from ussd_engine.errors import EngineError
from ussd_engine.feedback.case import COLUMNS, CoreCase, case_of, kept, row_of, seats
from ussd_engine.feedback.figures import count, moved
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.record import Record
from ussd_engine.feedback.tables import core_cases, core_events, core_record, core_seats, core_words
from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import insert_new
from ussd_engine.lifecycle import TRANSFERRED, Verdict
from ussd_engine.messages import CaseEvent

SPOKEN: Final = ("question", "answer", "reason", "decision")
"""The words of an institution that the citizen reads."""
_PLACE = "core_words"


class Actor(NamedTuple):
    """Whose act it is."""

    role: str
    office: str = ""


CITIZEN: Final = Actor("citizen")
CORE: Final = Actor("core")
"""What time does, and the core by itself."""


class Words(NamedTuple):
    """What was said on a case."""

    day: date
    author: str
    office: str
    kind: str
    """`question`, `answer`, `reason`, `decision`, `directive` of officers; `addition`, `appeal` of the citizen."""
    text: str
    reason: str = ""
    """Of an appeal."""


class Book:
    """Holds the record's head locked, so nobody else changes a case meanwhile."""

    def __init__(self, conn: Connection, keyring: Keyring, offices: Offices, at_ms: int) -> None:
        self.conn = conn
        self.offices = offices
        self.at_ms = at_ms
        self.today = offices.day(at_ms)
        self._keyring = keyring
        self._record = Record(conn, keyring)

    def case(self, reference: str) -> CoreCase | None:
        """The case of a reference."""
        found = self.conn.execute(select(*COLUMNS).where(core_cases.c.reference == reference)).one_or_none()
        return None if found is None else case_of(found)

    def note(self, case: CoreCase, actor: Actor, act: str, purpose: str = "") -> int:
        """Record an act, or a read; returns the number of its row."""
        return self._record.add(self.at_ms, actor.role, actor.office, act, purpose, case.case)

    def last(self, case: CoreCase, act: str) -> date | None:
        """The day of the last act of a name; `None` where there was none."""
        query = select(func.max(core_record.c.at_ms)).where(core_record.c.key == case.case, core_record.c.act == act)
        at_ms = self.conn.scalar(query)
        return None if at_ms is None else self.offices.day(at_ms)

    def holders(self, case: CoreCase) -> frozenset[str]:
        """Every office at which a case lay: now, when it was sent, and before each transfer and each appeal."""
        query = select(core_record.c.office).where(
            core_record.c.key == case.case, core_record.c.act == TRANSFERRED.value
        )
        # Who passed it on held it, or acted for who did.
        return frozenset({case.institution, case.addressed, *case.passed, *self.conn.scalars(query)})

    def happen(self, case: CoreCase, actor: Actor, act: str, **event: Any) -> CoreCase:
        """An event of the office or of time: it does to the case here what it does at the gateway, which is told."""
        number = self.note(case, actor, act)
        told = CaseEvent(
            reference=case.reference, id=str(number), at_ms=self.at_ms, sequence=case.sequence + 1, **event
        )
        applied = lifecycle.apply(case, told, self.today, self.offices.due)
        if applied.verdict is not Verdict.APPLIED:
            raise EngineError(f"the step from {case.state} by {act} is none: {applied.verdict}")
        return self._told(case, kept(applied.case), number, told)

    def become(self, case: CoreCase, after: CoreCase, act: str) -> CoreCase:
        """What the citizen did; the gateway knows it, and is told all the same: it may have been set back."""
        number = self.note(case, CITIZEN, act)
        held = after.institution if after.institution != case.institution else ""
        told = CaseEvent(
            reference=case.reference,
            id=str(number),
            at_ms=self.at_ms,
            sequence=case.sequence + 1,
            state=after.state,
            institution=held,
            due=after.due if held else None,
        )
        return self._told(case, msgspec.structs.replace(after, sequence=case.sequence + 1), number, told)

    def report(self, case: CoreCase) -> CoreCase:
        """Tell who holds a case that was received above the office that it reports; its due date stays as promised."""
        number = self.note(case, CORE, "reported")
        told = CaseEvent(
            reference=case.reference,
            id=str(number),
            at_ms=self.at_ms,
            sequence=case.sequence + 1,
            state=case.state,
            institution=case.institution,
            due=case.due,
        )
        return self._told(case, msgspec.structs.replace(case, sequence=case.sequence + 1), number, told)

    def change(self, before: CoreCase, after: CoreCase) -> CoreCase:
        """Write a case as it is now; returns it."""
        self.conn.execute(core_cases.update().where(core_cases.c.reference == before.reference).values(row_of(after)))
        count(self.conn, moved(before, after))
        if added := seats(after) - seats(before):
            insert_new(
                self.conn, core_seats, [{"office": office, "reference": after.reference} for office in sorted(added)]
            )
        return after

    def say(self, case: CoreCase, actor: Actor, kind: str, text: str, reason: str = "") -> None:
        """Keep words, sealed and bound to their case and their place in it."""
        query = select(func.max(core_words.c.number)).where(core_words.c.key == case.case)
        number = (self.conn.scalar(query) or 0) + 1
        sealed = self._keyring.seal(_PLACE, _row(case.case, number), msgspec.msgpack.encode((text, reason)))
        row = {"key": case.case, "number": number, "day": self.today, "kind": kind, "sealed": sealed}
        self.conn.execute(core_words.insert().values(row | {"author": actor.role, "office": actor.office}))

    def _told(self, before: CoreCase, after: CoreCase, number: int, event: CaseEvent) -> CoreCase:
        row = {name: getattr(event, name) for name in ("reference", "sequence", "at_ms", "institution", "due")}
        row |= {"number": number, "state": str(event.state), "directive": event.directive}
        self.conn.execute(core_events.insert().values(row))
        return self.change(before, after)


def words_of(conn: Connection, keyring: Keyring, key: bytes, last_spoken: bool = False) -> list[Words]:
    """What was said on a case, the oldest first; or the institution's last word alone. `CannotOpen` without the key."""
    query = select(core_words).where(core_words.c.key == key).order_by(core_words.c.number)
    if last_spoken:
        spoken = query.where(core_words.c.kind.in_(SPOKEN))
        query = spoken.order_by(None).order_by(core_words.c.number.desc()).limit(1)
    found = []
    for row in conn.execute(query):
        text, reason = msgspec.msgpack.decode(keyring.open(_PLACE, _row(key, row.number), row.sealed))
        found.append(Words(row.day, row.author, row.office, row.kind, text, reason))
    return found


def _row(key: bytes, number: int) -> bytes:
    return key + number.to_bytes(4)
