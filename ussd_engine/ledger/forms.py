"""Forms that were collected elsewhere, and come without an id: the same answers of the same number are one for a time.

They stand beside the SMS that arrived, under tags of the day's key, which link to no other day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from hashlib import blake2b

import msgspec
from sqlalchemy import Connection, select

from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import hold, upsert
from ussd_engine.ledger.smstables import sms_in
from ussd_engine.ledger.tables import effects
from ussd_engine.model import Committed

_decode = msgspec.msgpack.Decoder(Committed).decode


class FormInbox:
    """Knows them again. `day_of` is the country's day of a time in Unix milliseconds."""

    def __init__(self, keyring: Keyring, day_of: Callable[[int], date]) -> None:
        self._keyring = keyring
        self._day_of = day_of

    def key(self, what: Sequence[str], now_ms: int, span_ms: int) -> bytes:
        """The key of the act that a form is which came now, unless it is known."""
        return _key(self._tags(what, now_ms)[0], now_ms + span_ms)

    def known(self, conn: Connection, what: Sequence[str], now_ms: int) -> Committed | None:
        """What became of the same form, where it came a moment ago. Whoever brings it at the same time waits."""
        tags = self._tags(what, now_ms)
        hold(conn, tags)
        row = conn.execute(
            select(sms_in.c.tag, sms_in.c.until_ms).where(sms_in.c.tag.in_(tags), sms_in.c.until_ms > now_ms).limit(1)
        ).one_or_none()
        if row is None:
            return None
        result = conn.scalar(select(effects.c.result).where(effects.c.key == _key(row.tag, row.until_ms)))
        return None if result is None else _decode(result)

    def keep(self, conn: Connection, what: Sequence[str], now_ms: int, span_ms: int) -> None:
        """The form is taken, in this transaction."""
        row = {"tag": self._tags(what, now_ms)[0], "until_ms": now_ms + span_ms}
        upsert(conn, sms_in, [row], "until_ms")

    def _tags(self, what: Sequence[str], now_ms: int) -> list[bytes]:
        day, whole = self._day_of(now_ms), "\0".join(("form", *what))
        return [self._keyring.limit_tag(whole, one) for one in (day, day - timedelta(days=1))]


def _key(tag: bytes, until_ms: int) -> bytes:
    return blake2b(tag + until_ms.to_bytes(8, "big"), digest_size=16, person=b"form act").digest()
