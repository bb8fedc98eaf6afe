"""Conversations: the questions that a phone has open, each with an end, sealed; and in which language it writes."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from ussd_engine.keys import CannotOpen, Keyring
from ussd_engine.ledger.smstables import conversations
from ussd_engine.ledger.terms import HOUR_MS
from ussd_engine.model import Quiet
from ussd_engine.tracking import FINISH_HOURS

Kind = Literal["rate", "need_info", "which", "finish", "speaks"]

LASTS_MS: Final[dict[Kind, int]] = {
    "which": 24 * HOUR_MS,
    "finish": FINISH_HOURS * HOUR_MS,
    "speaks": 24 * HOUR_MS,
    "need_info": 90 * 24 * HOUR_MS,
    "rate": 90 * 24 * HOUR_MS,
}
"""A question about a case stays until it is answered or the case goes on, but never longer than a silent phone counts
as the case's own."""
OPENS: Final[dict[str, Kind]] = {"need_info": "need_info", "answered": "rate", "rate_ask": "rate"}
"""What an SMS asks that went out, by its template."""
PLACE: Final = "conversation"


class Talk(Quiet, frozen=True, kw_only=True):
    """One open question. `content` is for whoever opened it; `reference` is empty where it is about no case."""

    id: bytes
    kind: Kind
    service: str
    reference: str
    content: bytes
    opened_ms: int
    until_ms: int


class _Inside(msgspec.Struct, frozen=True, array_like=True):
    reference: str
    content: bytes


class Talks:
    """Opens, finds and ends them, inside a transaction."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def open(
        self,
        conn: Connection,
        msisdn: str,
        kind: Kind,
        service: str,
        now_ms: int,
        *,
        reference: str = "",
        content: bytes = b"",
        lasts_ms: int | None = None,
    ) -> None:
        """Ask a phone something. The same question about the same case is one, and begins anew; so is `finish`.
        `lasts_ms` stands for what a question of its kind has (`LASTS_MS`).

        Each "which one?" stands for itself.
        """
        if kind != "which":
            self._end(conn, self._tags(msisdn), kind, reference)
        row_id = secrets.token_bytes(16)
        plain = msgspec.msgpack.encode(_Inside(reference, content))
        row = {
            "id": row_id,
            "tag": self._tags(msisdn)[0],
            "about": self._abouts(reference)[0] if reference else None,
            "kind": kind,
            "service": service,
            "sealed": self._keyring.seal(PLACE, row_id, plain),
            "opened_ms": now_ms,
            "until_ms": now_ms + (LASTS_MS[kind] if lasts_ms is None else lasts_ms),
        }
        conn.execute(insert(conversations).values(row))

    def of(self, conn: Connection, msisdn: str, now_ms: int) -> list[Talk]:
        """What a phone has open, the newest first, and any "which one?" before all others."""
        found = [talk for talk in self._all(conn, msisdn, now_ms) if talk.kind != "speaks"]
        return sorted(found, key=lambda talk: (talk.kind != "which", -talk.opened_ms))

    def speaks(self, conn: Connection, msisdn: str, service: str, locale: str, now_ms: int) -> None:
        """A phone wrote a keyword of this language."""
        self.open(conn, msisdn, "speaks", service, now_ms, content=locale.encode())

    def spoken(self, conn: Connection, msisdn: str, now_ms: int) -> str:
        """The language of the last keyword that a phone wrote within a day; empty where it wrote none."""
        found = (talk for talk in self._all(conn, msisdn, now_ms) if talk.kind == "speaks")
        return next((talk.content.decode() for talk in found), "")

    def change(self, conn: Connection, talk: Talk, content: bytes) -> None:
        """Keep more of what she said; its end stays where it was."""
        plain = msgspec.msgpack.encode(_Inside(talk.reference, content))
        sealed = self._keyring.seal(PLACE, talk.id, plain)
        conn.execute(update(conversations).where(conversations.c.id == talk.id).values(sealed=sealed))

    def again(self, conn: Connection, talk: Talk, now_ms: int) -> None:
        """It was asked once more; its end stays where it was."""
        conn.execute(update(conversations).where(conversations.c.id == talk.id).values(opened_ms=now_ms))

    def end(self, conn: Connection, talk: Talk) -> bool:
        """It is answered. False where it was already: of two answers at once one counts."""
        return conn.execute(delete(conversations).where(conversations.c.id == talk.id)).rowcount == 1

    def moved_on(self, conn: Connection, references: Collection[str], kinds: Collection[Kind]) -> None:
        """The cases do not ask this any longer."""
        tags = [tag for reference in references for tag in self._abouts(reference)]
        if tags and kinds:
            about, asked = conversations.c.about.in_(sorted(tags)), conversations.c.kind.in_(sorted(kinds))
            conn.execute(delete(conversations).where(about, asked))

    def forget(self, conn: Connection, msisdn: str) -> None:
        """The phone has nothing open any longer, of whatever kind."""
        conn.execute(delete(conversations).where(conversations.c.tag.in_(self._tags(msisdn))))

    def _all(self, conn: Connection, msisdn: str, now_ms: int) -> list[Talk]:
        mine = conversations.c.tag.in_(self._tags(msisdn))
        rows = conn.execute(select(conversations).where(mine, conversations.c.until_ms > now_ms)).all()
        return [talk for row in rows if (talk := self._talk(row)) is not None]

    def _end(self, conn: Connection, tags: list[bytes], kind: Kind, reference: str) -> None:
        about = conversations.c.about
        same = about.in_(self._abouts(reference)) if reference else about.is_(None)
        mine = conversations.c.tag.in_(tags)
        conn.execute(delete(conversations).where(mine, conversations.c.kind == kind, same))

    def _talk(self, row: Any) -> Talk | None:
        """`None` where it does not open any longer: it is as if it had ended."""
        try:
            plain = self._keyring.open(PLACE, row.id, row.sealed)
        except CannotOpen:
            return None
        inside = msgspec.msgpack.decode(plain, type=_Inside)
        return Talk(
            id=row.id,
            kind=row.kind,
            service=row.service,
            reference=inside.reference,
            content=inside.content,
            opened_ms=row.opened_ms,
            until_ms=row.until_ms,
        )

    def _tags(self, msisdn: str) -> list[bytes]:
        return self._keyring.tags("vault_tag", "talk", msisdn.encode())

    def _abouts(self, reference: str) -> list[bytes]:
        return self._keyring.tags("vault_tag", "talk about", reference.encode())
