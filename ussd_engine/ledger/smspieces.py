"""Parts of long SMS, until all of one are there.

A part that comes again is known. Another text under a number that is taken begins another SMS: phones count their
references to 255 and begin anew, and some do not count at all. What came of the one before waits on for its time.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from ussd_engine.keys import CannotOpen, Keyring
from ussd_engine.ledger.database import hold
from ussd_engine.ledger.smsinbox import MINUTE_MS
from ussd_engine.ledger.smstables import sms_pieces
from ussd_engine.model import Quiet
from ussd_engine.sms.message import Incoming, Piece

PLACE: Final = "sms_pieces"
WAITS_MS: Final = 10 * MINUTE_MS
"""How long the parts of one SMS wait for those that are missing; and for how long a whole one is known."""
MISSING: Final = "..."
"""Stands where a part never came."""


class _Inside(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed of a part: enough to make the SMS of it."""

    channel: str
    msisdn: str
    to: str
    text: bytes
    """In UTF-16, for half a character may stand in it."""
    total: int


class Whole(Quiet, frozen=True, kw_only=True):
    """A long SMS that can be taken. Its `incoming` has an id of ours, the same however often it is put together."""

    incoming: Incoming
    tag: bytes
    words: tuple[bytes, ...]
    """Of its parts."""


class SmsPieces:
    """Keeps parts, inside a transaction."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def put(self, conn: Connection, incoming: Incoming, piece: Piece, now_ms: int) -> Whole | None:
        """Keep a part that came now; the whole SMS where this was the last of it, or it came again and the whole is not
        known to be taken. Raises `CannotOpen` where parts stand here whose key is held by nobody."""
        tags, words = self._tags(incoming, piece), self._words(incoming.text)
        hold(conn, tags[:1])
        rows = self._rows(conn, tags)
        if rows and self._is_another(rows, piece.number, words, now_ms):
            self._make_room(conn, rows)
            rows = []
        tag = rows[0].tag if rows else tags[0]
        if all(row.number != piece.number for row in rows):
            row = self._row(tag, incoming, piece, words[0], now_ms)
            conn.execute(insert(sms_pieces).values(**row))
            rows = self._rows(conn, tags)
        return self._whole(rows) if len(rows) == piece.total and all(row.sealed for row in rows) else None

    def overdue(self, conn: Connection, now_ms: int, most: int) -> list[Whole]:
        """Those that have waited in vain, as far as they came."""
        waits = select(sms_pieces.c.tag).where(sms_pieces.c.sealed.is_not(None)).group_by(sms_pieces.c.tag)
        late = waits.having(func.max(sms_pieces.c.at_ms) < now_ms - WAITS_MS).limit(most)
        found = []
        for tag in conn.scalars(late).all():
            try:
                found.append(self._whole(self._rows(conn, [tag])))
            except CannotOpen:
                continue  # another process holds the key, or nobody does
        return found

    @staticmethod
    def taken(conn: Connection, whole: Whole) -> None:
        """Nothing of what it said is kept here any longer. Another SMS may have begun in its place meanwhile."""
        its = (sms_pieces.c.tag == whole.tag) & sms_pieces.c.words.in_(whole.words)
        conn.execute(update(sms_pieces).where(its).values(sealed=None))

    def _is_another(self, rows: Sequence[Row[Any]], number: int, words: Sequence[bytes], now_ms: int) -> bool:
        """Whether what stands here is an SMS of before."""
        if any(row.number == number and row.words not in words for row in rows):
            return True
        return all(row.sealed is None for row in rows) and max(row.at_ms for row in rows) < now_ms - WAITS_MS

    def _make_room(self, conn: Connection, rows: Sequence[Row[Any]]) -> None:
        """Let another SMS begin where parts of one before stand. Those were acknowledged: what nobody has taken yet
        waits on for its time, under a tag that no part will have."""
        tag = secrets.token_bytes(len(rows[0].tag))
        if any(row.sealed is not None for row in rows):
            moved = [row._asdict() | {"tag": tag, "sealed": self._moved(row, tag)} for row in rows]
            conn.execute(insert(sms_pieces), moved)
        conn.execute(delete(sms_pieces).where(sms_pieces.c.tag.in_({row.tag for row in rows})))

    def _moved(self, row: Row[Any], tag: bytes) -> bytes | None:
        if row.sealed is None:
            return None
        opened = self._keyring.open(PLACE, _row_id(row.tag, row.number), row.sealed)
        return self._keyring.seal(PLACE, _row_id(tag, row.number), opened)

    def _whole(self, rows: Sequence[Row[Any]]) -> Whole:
        """What the parts say, with a sign where one is missing. Raises `CannotOpen`."""
        said = {row.number: self._inside(row) for row in rows if row.sealed is not None}
        first = next(iter(said.values()))
        gap = MISSING.encode("utf-16-be")
        octets = b"".join(said[n].text if n in said else gap for n in range(1, first.total + 1))
        began = min(row.at_ms for row in rows).to_bytes(8)
        named = self._keyring.tag("vault_tag", "sms whole", began + b"".join(row.words for row in rows))
        incoming = Incoming(
            channel=first.channel,
            id=f"parts-{named.hex()}",
            msisdn=first.msisdn,
            to=first.to,
            text=octets.decode("utf-16-be", "replace"),
        )
        return Whole(incoming=incoming, tag=rows[0].tag, words=tuple(row.words for row in rows))

    def _row(self, tag: bytes, incoming: Incoming, piece: Piece, words: bytes, now_ms: int) -> dict[str, Any]:
        text = incoming.text.encode("utf-16-be", "surrogatepass")
        inside = _Inside(incoming.channel, incoming.msisdn, incoming.to, text, piece.total)
        sealed = self._keyring.seal(PLACE, _row_id(tag, piece.number), msgspec.msgpack.encode(inside))
        return {"tag": tag, "number": piece.number, "words": words, "sealed": sealed, "at_ms": now_ms}

    def _inside(self, row: Row[Any]) -> _Inside:
        opened = self._keyring.open(PLACE, _row_id(row.tag, row.number), row.sealed)
        return msgspec.msgpack.decode(opened, type=_Inside)

    @staticmethod
    def _rows(conn: Connection, tags: Sequence[bytes]) -> list[Row[Any]]:
        return list(conn.execute(select(sms_pieces).where(sms_pieces.c.tag.in_(tags)).order_by("number")).all())

    def _tags(self, incoming: Incoming, piece: Piece) -> list[bytes]:
        """By what all parts of one SMS have in common; under every key."""
        shared = f"{incoming.channel}\0{incoming.msisdn}\0{incoming.to}\0{piece.reference}\0{piece.total}"
        return self._keyring.tags("vault_tag", "sms piece", shared.encode())

    def _words(self, text: str) -> list[bytes]:
        return self._keyring.tags("vault_tag", "sms piece words", text.encode("utf-8", "surrogatepass"))


def _row_id(tag: bytes, number: int) -> bytes:
    return tag + number.to_bytes(2)
