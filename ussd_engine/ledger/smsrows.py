"""A message as a row: what it is made of, how it is sealed, when nothing of it is kept any longer."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, or_, select, update

from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import insert_new
from ussd_engine.ledger.pushhours import earliest_ms
from ussd_engine.ledger.smstables import sms
from ussd_engine.sms.message import Notice, Progress
from ussd_engine.vault import Vault

PLACE: Final = "sms"
"""What values and numbers are sealed for."""
EMPTIED: Final[Mapping[str, None]] = {"sealed": None, "number": None, "tag": None}
"""What goes of a row as soon as it is not needed."""
_turns = itertools.count()


class Content(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed."""

    values: dict[str, str]
    locale: str
    link: str = ""


class SmsScribe:
    """Makes rows of notices, and opens them again. `zone` is the country's."""

    def __init__(self, keyring: Keyring, zone: tzinfo) -> None:
        self._keyring = keyring
        self._vault = Vault(keyring)
        self._zone = zone

    def row(self, notice: Notice, route: str | None = None) -> dict[str, Any]:
        """The row of a notice. `route`: by which it goes, where that is not for the order of routes to say."""
        row_id = _id(notice.at_ms)
        content = msgspec.msgpack.encode(Content(dict(notice.values), notice.locale, notice.link))
        number = notice.msisdn
        return {
            "id": row_id,
            "key": notice.key,
            "service": notice.service,
            "template": notice.template,
            "sealed": self._keyring.seal(PLACE, row_id, content),
            "handle": notice.handle,
            "number": self._vault.seal(number, row_id, PLACE) if number else None,
            "tag": self.tags(number)[0] if number else None,
            "priority": int(notice.priority),
            "push": notice.push,
            "state": Progress.QUEUED.value,
            "sending": False,
            "route": route,
            "attempts": 0,
            "rounds": 0,
            "not_before_ms": self.earliest(notice.at_ms, notice.priority, notice.at_ms),
            "queued_ms": notice.at_ms,
            "changed_ms": notice.at_ms,
            "lease_ms": 0,
            "token": 0,
            "reason": "",
        }

    def earliest(self, wanted_ms: int, priority: int, queued_ms: int) -> int:
        """When a row may leave that wants to at a time."""
        return earliest_ms(wanted_ms, priority, queued_ms, self._zone)

    def day(self, at_ms: int) -> date:
        """The country's date."""
        return datetime.fromtimestamp(at_ms / 1000, self._zone).date()

    def content(self, row_id: bytes, sealed: bytes) -> Content:
        """What a row holds. `CannotOpen` where the key is not held."""
        return msgspec.msgpack.decode(self._keyring.open(PLACE, row_id, sealed), type=Content)

    def number(self, row_id: bytes, number: bytes) -> str:
        """The number of a row that has one of its own. `CannotOpen` as above."""
        return self._vault.open(number, row_id, PLACE)

    def contact(self, handle: str, sealed: bytes) -> str:
        """The number of a case's contact. `CannotOpen` as above."""
        return self._vault.open(sealed, bytes.fromhex(handle))

    def tags(self, msisdn: str) -> list[bytes]:
        """The tags under which rows of a number may stand, the newest first."""
        return self._keyring.tags("vault_tag", "sms", msisdn.encode())

    def language_tags(self, msisdn: str) -> list[bytes]:
        """The tags under which the choices of a number may stand, the newest first."""
        return self._keyring.tags("vault_tag", "language", msisdn.encode())


def enqueue(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; of two that tell the same the first is kept."""
    insert_new(conn, sms, rows)


def withhold(
    conn: Connection, handles: Sequence[str], tags: Sequence[bytes], now_ms: int, reason: str, *, pushes: bool
) -> int:
    """What waits for these contacts and numbers never leaves; `pushes`: only what they did not ask for. How many.

    A row whose request is under way is left to its sender: where that ends without a word, it is decided again.
    """
    mine = or_(sms.c.handle.in_(list(handles)), sms.c.tag.in_(list(tags)))
    waits = select(sms.c.id).where(sms.c.state == Progress.QUEUED.value, sms.c.sending.is_(False), mine)
    if pushes:
        waits = waits.where(sms.c.push)
    ids = list(conn.scalars(waits.order_by(sms.c.id).with_for_update()))
    settle(conn, ids, Progress.WITHHELD, now_ms, reason)
    return len(ids)


def settle(conn: Connection, ids: Sequence[bytes], state: Progress, now_ms: int, reason: str) -> None:
    """These rows have come to an end, and nothing of what they held is kept."""
    if ids:
        values = {"state": state.value, "changed_ms": now_ms, "reason": reason, "sending": False, "lease_ms": 0}
        conn.execute(update(sms).where(sms.c.id.in_(sorted(ids))).values(**values, **EMPTIED))


def _id(at_ms: int) -> bytes:
    """16 octets that sort as they were drawn here: time, a count, chance."""
    turn = next(_turns) & 0xFF_FF_FF
    return at_ms.to_bytes(6, "big") + turn.to_bytes(3, "big") + secrets.token_bytes(7)
