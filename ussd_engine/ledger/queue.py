"""What waits in the outbox: a message of any kind, sealed, with its turn among the messages of its case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select, union_all

from ussd_engine.keys import Keyring
from ussd_engine.ledger.tables import cases, dead_letters, outbox
from ussd_engine.messages import Addition, Appeal, Erasure, Message, Rating, Withdrawal
from ussd_engine.model import Submission

KINDS: Final[dict[str, type[Message]]] = {
    "submission": Submission,
    "addition": Addition,
    "rating": Rating,
    "withdrawal": Withdrawal,
    "appeal": Appeal,
    "erasure": Erasure,
}
"""What a sealed message begins with, so that a reader knows what follows."""
_KIND_OF: Final = {type_: kind for kind, type_ in KINDS.items()}
_PAIR: Final = b"\x92"
"""MessagePack's array of two. A row of the time when submissions alone were carried is a map."""

_INSERT = insert(outbox)
_these: BindParameter[Any] = bindparam("references", expanding=True)
_waiting = union_all(
    *(select(table.c.reference, table.c.turn).where(table.c.reference.in_(_these)) for table in (outbox, dead_letters))
).subquery()
_SERVICES = select(cases.c.reference, cases.c.service).where(cases.c.reference.in_(_these))
_LAST = select(_waiting.c.reference, func.max(_waiting.c.turn)).group_by(_waiting.c.reference)


def kind_of(message: Message) -> str:
    """The name of a message's kind, of `KINDS`."""
    return _KIND_OF[type(message)]


def encoded(message: Message) -> bytes:
    """A message as MessagePack: the pair of its kind and itself."""
    return msgspec.msgpack.encode((kind_of(message), message))


def decoded(plain: bytes) -> Message:
    """What `encoded` made; a bare map is a submission. `KeyError` for a kind that this version does not know."""
    if not plain.startswith(_PAIR):
        return msgspec.msgpack.decode(plain, type=Submission)
    kind, raw = msgspec.msgpack.decode(plain, type=tuple[str, msgspec.Raw])
    return msgspec.msgpack.decode(raw, type=KINDS[kind])


def outbox_row(keyring: Keyring, message: Message, at_ms: int, undo: bytes = b"") -> dict[str, Any]:
    """The row of a message that was accepted at a time; `enqueue` gives it its turn, and the service of its case.
    `undo`: see `ledger.undo`."""
    key = bytes.fromhex(message.idempotency_key)
    return {
        "key": key,
        "reference": message.reference,
        "turn": 0 if isinstance(message, Submission) else None,
        "sealed": keyring.seal("outbox", key, encoded(message)),
        "queued_ms": at_ms,
        "attempts": 0,
        "next_ms": 0,
        "lease_ms": 0,
        "token": 0,
        "passes": isinstance(message, Erasure),
        "undo": undo,
        "service": message.service if isinstance(message, Submission) else None,
    }


def enqueue(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, in the order in which their acts were decided.

    A case's row must be held by this transaction where one is not a submission: nobody else then gives out its turns.
    """
    if not rows:
        return
    later = sorted({row["reference"] for row in rows if row["turn"] is None})
    last, services = dict[str, int](), dict[str, str]()
    if later:
        last |= dict(map(tuple, conn.execute(_LAST, {"references": later})))
        services |= dict(map(tuple, conn.execute(_SERVICES, {"references": later})))
    numbered = []
    for row in rows:
        reference = row["reference"]
        turn = row["turn"] if row["turn"] is not None else last.get(reference, 0) + 1
        last[reference] = turn
        service = row["service"] if row["service"] is not None else services.get(reference, "")
        numbered.append({**row, "turn": turn, "service": service})
    conn.execute(_INSERT, numbered)
