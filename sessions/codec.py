"""The stored form of a session: a MessagePack array without its empty end, sealed.

Fields may be added at the end: an older release passes over them, a newer one takes their defaults. Two things are
written shorter than they are held: the time of the last leg counts from the day of the seal, and a draft of the
session's own service does not repeat its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from sessions.keys import KEY_LENGTH
from sessions.seal import DAY_S, NotOurs, Seal, version_of
from sessions.session import Draft, Session
from sessions.store import Sealed

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Session).decode

_FIELDS = {name: index for index, name in enumerate(Session.__struct_fields__)}
_TOUCHED, _DRAFTS, _OUTCOME, _PENDING = (_FIELDS[name] for name in ("touched_ms", "drafts", "outcome", "pending"))
_EDITS = Draft.__struct_fields__.index("edits")


class SessionCodec:
    """Turns sessions into sealed values for one place, and back."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def dump(self, session: Session, key: bytes) -> bytes:
        """`session` sealed for `key`, under a new version."""
        day = self._seal.today()
        return self._seal.seal(_encode(_session_row(session, day)), key, day)

    def load(self, blob: bytes, key: bytes) -> Sealed:
        """The session that was sealed for `key`, with its version. Raises `NotOurs`."""
        plain, day = self._seal.open(blob, key)
        try:
            session = _decode(plain)
        except msgspec.DecodeError:
            raise NotOurs("no session of this release") from None
        _restore(session, day)
        return Sealed(session, version_of(blob))

    def find(self, blob: bytes | None, key: bytes) -> Sealed | None:
        """Like `load`; `None` where nothing stands or it cannot be opened."""
        try:
            return self.load(blob, key) if blob else None
        except NotOurs:
            return None

    def open_all(self, found: Iterable[tuple[bytes, bytes]]) -> list[Session | None]:
        """The sessions of keys and what stands under them; `None` for each that cannot be opened."""
        opened = (self.find(blob, key) for key, blob in found)
        return [sealed.session if sealed else None for sealed in opened]

    def dump_link(self, target: bytes, key: bytes) -> bytes:
        """The key of a session, sealed for a small key: no mistake on the way can lead to another caller."""
        return self._seal.seal(target, key)

    def find_link(self, blob: bytes | None, key: bytes) -> bytes | None:
        """The key that was sealed for a small key; `None` where nothing stands or it cannot be opened."""
        try:
            target = self._seal.open(blob, key).plain if blob else b""
        except NotOurs:
            return None
        return target if len(target) == KEY_LENGTH else None


def _session_row(session: Session, day: int) -> list[Any]:
    row = list(msgspec.structs.astuple(session))
    row[_TOUCHED] -= day * DAY_S * 1000
    row[_DRAFTS] = [_draft_row(draft, session.service) for draft in session.drafts]
    row[_OUTCOME] = session.outcome and _row(session.outcome)
    row[_PENDING] = session.pending and _row(session.pending)
    return _cut(row, session)


def _draft_row(draft: Draft, service: str) -> list[Any]:
    row = list(msgspec.structs.astuple(draft))
    row[0] = "" if draft.service == service else draft.service
    row[_EDITS] = [_row(edit) for edit in draft.edits]
    return _cut(row, draft)


def _row(struct: msgspec.Struct) -> list[Any]:
    return _cut(list(msgspec.structs.astuple(struct)), struct)


def _cut(row: list[Any], struct: msgspec.Struct) -> list[Any]:
    """Leave out the defaults at the end; every default of a session is empty or zero."""
    required = len(row) - len(struct.__struct_defaults__)
    while len(row) > required and not row[-1]:
        row.pop()
    return row


def _restore(session: Session, day: int) -> None:
    session.touched_ms += day * DAY_S * 1000
    for draft in session.drafts:
        draft.service = draft.service or session.service
