"""What the gateway keeps for a core that is told by webhook: its words for the citizen, and what it has yet to read.

Both are sealed with the data key. Words are shown only where the ledger took the event that brought them: a refused one
changes nothing that a citizen reads. A message whose sender is erased is given without number and name, whatever comes
first: the erasure, which waits for its turn in the outbox, or one more attempt to send the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from ussd_engine.feedback.wire import nameless
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Database
from ussd_engine.ledger.database import insert_new, upsert
from ussd_engine.ledger.retention import MOST, Job, When
from ussd_engine.ledger.tables import cases, news
from ussd_engine.ledger.terms import over
from ussd_engine.lifecycle import Verdict
from ussd_engine.messages import CaseEvent, Handled, View
from ussd_engine.model import Quiet

READ_FOR_MS: Final = 3 * 86_400_000
"""So long a message stays after the core has first read it."""
REFUSED: Final = tuple(verdict.value for verdict in (Verdict.REFUSED, Verdict.UNKNOWN, Verdict.NO_CASE))

metadata = MetaData()

webhook_words = Table(
    "webhook_words",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("order", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
webhook_messages = Table(
    "webhook_messages",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("reference", Text, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("read_ms", BigInteger),
)


class Line(Quiet, frozen=True, array_like=True):
    """Who handled a case, as it stands sealed in a row of words."""

    day: date
    role: str
    act: str
    office: str = ""


class Word(msgspec.Struct, frozen=True, array_like=True):
    """What stands sealed in a row of words."""

    words: str
    line: Line | None

    def __repr__(self) -> str:
        return "Word(…)"


class Kept:
    """The two tables."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def keep_words(self, event: CaseEvent, words: str, line: Handled | None) -> None:
        """What came with an event; a repeat changes nothing."""
        plain = Word(words, None if line is None else Line(line.day, line.role, line.act, line.office))
        row = {
            "reference": event.reference,
            "id": event.id,
            "order": event.at_ms if event.sequence is None else event.sequence,
            "sealed": self._keyring.seal(
                "webhook_words", _row(event.reference, event.id), msgspec.msgpack.encode(plain)
            ),
        }
        await self._database.write(lambda conn: insert_new(conn, webhook_words, [row]))

    async def view(self, reference: str) -> View | None:
        """The newest words, and who handled the case; nothing of either where the core has told nothing yet, or its
        words are purged: none will come later. `None` where no case has that reference."""
        known, rows = await self._database.read(
            lambda conn: (conn.scalar(select(_case(reference))), _told(conn, reference))
        )
        if not known:
            return None
        found = [self._opened(row) for row in rows]
        words = next((one.words for one in reversed(found) if one.words), "")
        return View(words, tuple(Handled(*msgspec.structs.astuple(one.line)) for one in found if one.line))

    async def keep_message(self, key: str, reference: str, body: bytes) -> None:
        """What the core is to read under an id. A repeat stands in its place: number and name may be gone from it."""
        id = bytes.fromhex(key)

        def keep(conn: Connection) -> None:
            plain = nameless(body) if conn.scalar(select(_erased(reference))) else body
            row = {"key": id, "reference": reference, "sealed": self._keyring.seal("webhook_messages", id, plain)}
            upsert(conn, webhook_messages, [row], "sealed")

        await self._database.write(keep)

    async def message(self, key: str, now_ms: int) -> bytes | None:
        """What the core reads under an id; `None` where there is none, or it was read `READ_FOR_MS` ago."""
        id = bytes.fromhex(key)
        found = await self._database.write(lambda conn: _read(conn, id, now_ms))
        if found is None:
            return None
        body = self._keyring.open("webhook_messages", id, found.sealed)
        return nameless(body) if found.erased else body

    async def erase(self, reference: str) -> None:
        """Take number and name out of what waits of a case."""

        def rewrite(conn: Connection) -> None:
            mine = webhook_messages.c.reference == reference
            for key, sealed in conn.execute(
                select(webhook_messages.c.key, webhook_messages.c.sealed).where(mine)
            ).all():
                body = nameless(self._keyring.open("webhook_messages", key, sealed))
                again = self._keyring.seal("webhook_messages", key, body)
                conn.execute(update(webhook_messages).where(webhook_messages.c.key == key).values(sealed=again))

        await self._database.write(rewrite)

    def _opened(self, row: Row[Any]) -> Word:
        plain = self._keyring.open("webhook_words", _row(row.reference, row.id), row.sealed)
        return msgspec.msgpack.decode(plain, type=Word)


# the purge


def _old_words(conn: Connection, keyring: Keyring, when: When) -> int:
    """Words of cases that are over, which can then be read no more; and of none, for nobody is ever shown these."""
    theirs = exists().where(webhook_words.c.reference == cases.c.reference)
    query = select(cases.c.reference).where(over(when.today), theirs).order_by(cases.c.reference).limit(MOST)
    references = conn.scalars(query.with_for_update(skip_locked=True)).all()
    conn.execute(update(cases).where(cases.c.reference.in_(references)).values(spoken=False))
    old = or_(webhook_words.c.reference.in_(references), ~theirs)
    return conn.execute(delete(webhook_words).where(old)).rowcount


def _old_messages(conn: Connection, keyring: Keyring, when: When) -> int:
    """What was read long enough ago, and what belongs to cases that are over, read or not."""
    read = webhook_messages.c.read_ms <= when.at_ms - READ_FOR_MS
    query = select(webhook_messages.c.key).join(cases, cases.c.reference == webhook_messages.c.reference, isouter=True)
    old = query.where(or_(read, cases.c.reference.is_(None), over(when.today))).limit(MOST)
    return conn.execute(delete(webhook_messages).where(webhook_messages.c.key.in_(old))).rowcount


def _unread_going(conn: Connection, keyring: Keyring, when: When) -> int:
    query = select(func.count()).select_from(webhook_messages)
    mine = query.join(cases, cases.c.reference == webhook_messages.c.reference)
    return conn.scalar(mine.where(webhook_messages.c.read_ms.is_(None), over(when.today))) or 0


PURGES: Final[dict[str, Job]] = {"words of the core": _old_words, "thin messages": _old_messages}
"""What is purged, as `ledger.retention.PURGES`."""
GOING: Final[dict[str, Job]] = {"thin messages that nobody read": _unread_going}
"""As `ledger.retention.GOING`."""


def _told(conn: Connection, reference: str) -> Sequence[Row[Any]]:
    mine = webhook_words
    query = (
        select(mine)
        .join(news, (news.c.reference == mine.c.reference) & (news.c.id == mine.c.id))
        .where(mine.c.reference == reference, news.c.verdict.not_in(REFUSED))
        .order_by(mine.c.order, mine.c.id)
    )
    return conn.execute(query).all()


def _case(reference: str) -> ColumnElement[bool]:
    return exists().where(cases.c.reference == reference)


def _erased(reference: str | ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the ledger has let go of who sent a case."""
    return exists().where(cases.c.reference == reference, cases.c.handle.is_(None))


def _read(conn: Connection, key: bytes, now_ms: int) -> Row[Any] | None:
    conn.execute(delete(webhook_messages).where(webhook_messages.c.read_ms <= now_ms - READ_FOR_MS))
    this = webhook_messages.c.key == key
    unread = this & webhook_messages.c.read_ms.is_(None)
    conn.execute(update(webhook_messages).where(unread).values(read_ms=now_ms))
    erased = _erased(webhook_messages.c.reference).label("erased")
    return conn.execute(select(webhook_messages.c.sealed, erased).where(this)).one_or_none()


def _row(reference: str, id: str) -> bytes:
    return f"{reference}/{id}".encode()
