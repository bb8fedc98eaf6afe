"""What an act changed in the projection, kept with its message, so that it is taken back where the core never takes it.

A case that has gone on since stays where it is: what the core told is newer than what it refused.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from ussd_engine.ledger.projection import change, standing
from ussd_engine.ledger.queue import kind_of
from ussd_engine.messages import Message
from ussd_engine.model import Case

STANDS: Final = ("state", "institution", "rating", "appeals")
"""By these is told whether the case still stands where the act left it."""


class Undo(msgspec.Struct, frozen=True):
    """The kind of the message, and each value that its act changed, as it was and as it became."""

    act: str
    changes: dict[str, tuple[Any, Any]]


def undo_of(message: Message, before: Case, after: Case) -> bytes:
    """What brings a case back to where it was before an act, and there again; as MessagePack."""
    was, became = msgspec.to_builtins(before), msgspec.to_builtins(after)
    changes = {name: (was[name], became[name]) for name in became if was[name] != became[name] and name != "refused"}
    return msgspec.msgpack.encode(Undo(kind_of(message), changes))


def take_back(conn: Connection, reference: str, undo: bytes) -> None:
    """The core never takes the act: the case is as it was before, and says so."""
    _turn(conn, reference, undo, back=True)


def give_again(conn: Connection, reference: str, undo: bytes) -> None:
    """The act goes to the core once more: the case is as the act left it."""
    _turn(conn, reference, undo, back=False)


def _turn(conn: Connection, reference: str, undo: bytes, *, back: bool) -> None:
    """Nothing for a message of which no case is changed."""
    case = standing(conn, [reference], lock=True).get(reference) if undo else None
    if case is None:
        return
    known = msgspec.msgpack.decode(undo, type=Undo)
    values = msgspec.to_builtins(case)
    here = {name: pair[back] for name, pair in known.changes.items()}
    if all(values[name] == here[name] for name in STANDS if name in here):
        values |= {name: pair[not back] for name, pair in known.changes.items()}
    change(conn, [msgspec.convert(values | {"refused": known.act if back else ""}, Case)])
