"""What the gateway keeps for a core that is told by webhook: its words for the citizen, and what it has yet to read.

Both are sealed with the data key. Words are shown only where the ledger took the event that brought them: a refused one
changes nothing that a citizen reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Column, Connection, LargeBinary, MetaData, Row, Table, Text, delete, select, update

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Database
from ussd_engine.ledger.database import insert_new
from ussd_engine.ledger.tables import news
from ussd_engine.lifecycle import Verdict
from ussd_engine.messages import CaseEvent, Handled, View

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


class Word(msgspec.Struct, frozen=True, array_like=True):
    """What stands sealed in a row of words."""

    words: str
    line: tuple[date, str, str] | None

    def __repr__(self) -> str:
        return "Word(…)"


class Kept:
    """The two tables."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def keep_words(self, event: CaseEvent, words: str, line: Handled | None) -> None:
        """What came with an event; a repeat changes nothing."""
        plain = Word(words, None if line is None else (line.day, line.role, line.act))
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
        """The newest words, and who handled the case; `None` where the core has told nothing of it."""
        rows = await self._database.read(lambda conn: _told(conn, reference))
        found = [self._opened(row) for row in rows]
        if not found:
            return None
        words = next((one.words for one in reversed(found) if one.words), "")
        return View(words, tuple(Handled(*one.line) for one in found if one.line))

    async def keep_message(self, key: str, reference: str, body: bytes) -> None:
        """What the core is to read under an id; a repeat changes nothing."""
        id = bytes.fromhex(key)
        row = {"key": id, "reference": reference, "sealed": self._keyring.seal("webhook_messages", id, body)}
        await self._database.write(lambda conn: insert_new(conn, webhook_messages, [row]))

    async def message(self, key: str, now_ms: int) -> bytes | None:
        """What the core reads under an id; `None` where there is none, or it was read `READ_FOR_MS` ago."""
        id = bytes.fromhex(key)
        sealed = await self._database.write(lambda conn: _read(conn, id, now_ms))
        return None if sealed is None else self._keyring.open("webhook_messages", id, sealed)

    async def change_messages(self, reference: str, change: Callable[[bytes], bytes]) -> None:
        """Write what waits of a case in another way."""

        def rewrite(conn: Connection) -> None:
            mine = webhook_messages.c.reference == reference
            for key, sealed in conn.execute(
                select(webhook_messages.c.key, webhook_messages.c.sealed).where(mine)
            ).all():
                body = change(self._keyring.open("webhook_messages", key, sealed))
                again = self._keyring.seal("webhook_messages", key, body)
                conn.execute(update(webhook_messages).where(webhook_messages.c.key == key).values(sealed=again))

        await self._database.write(rewrite)

    def _opened(self, row: Row[Any]) -> Word:
        plain = self._keyring.open("webhook_words", _row(row.reference, row.id), row.sealed)
        return msgspec.msgpack.decode(plain, type=Word)


def _told(conn: Connection, reference: str) -> Sequence[Row[Any]]:
    mine = webhook_words
    query = (
        select(mine)
        .join(news, (news.c.reference == mine.c.reference) & (news.c.id == mine.c.id))
        .where(mine.c.reference == reference, news.c.verdict.not_in(REFUSED))
        .order_by(mine.c.order, mine.c.id)
    )
    return conn.execute(query).all()


def _read(conn: Connection, key: bytes, now_ms: int) -> bytes | None:
    conn.execute(delete(webhook_messages).where(webhook_messages.c.read_ms <= now_ms - READ_FOR_MS))
    this = webhook_messages.c.key == key
    unread = this & webhook_messages.c.read_ms.is_(None)
    conn.execute(update(webhook_messages).where(unread).values(read_ms=now_ms))
    return conn.scalar(select(webhook_messages.c.sealed).where(this))


def _row(reference: str, id: str) -> bytes:
    return f"{reference}/{id}".encode()
