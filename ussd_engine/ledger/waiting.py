"""What waits in the outbox, row by row, and for what: as an operator may see it, without a word of the citizen's."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Row, Select, and_, exists, select

from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger.queue import decoded, kind_of
from ussd_engine.ledger.tables import dead_letters, outbox


class Waiting(msgspec.Struct, frozen=True):
    """A row that the core has not got yet."""

    key: bytes
    service: str
    """Of its case; empty where that is gone."""
    kind: str
    """Of `queue.KINDS`; empty where the data key is not held."""
    attempts: int
    queued_ms: int
    next_ms: int
    """When it may be tried; in the past where it is due."""
    lease_ms: int
    """Until when a worker has it in hand; in the past where none has."""
    error: str
    """The kind of error at its last try; empty where there was none."""
    paused: bool
    """It was given back because its addressee's route stopped."""
    behind: bool
    """An earlier message of its case waits too."""
    orphaned: bool
    """The submission of its case was given up."""


_other = outbox.alias("earlier")
_behind = exists().where(_other.c.reference == outbox.c.reference, _other.c.turn < outbox.c.turn)
_given_up = exists().where(dead_letters.c.reference == outbox.c.reference, dead_letters.c.turn == 0)
_orphaned = and_(outbox.c.turn > 0, ~outbox.c.passes, _given_up)
_SHOWN: Final = ("key", "service", "attempts", "queued_ms", "next_ms", "lease_ms", "error", "paused")
_WAITING: Select[Any] = select(
    *(outbox.c[name] for name in _SHOWN), outbox.c.sealed, _behind.label("behind"), _orphaned.label("orphaned")
).order_by(outbox.c.queued_ms, outbox.c.turn, outbox.c.key)


def query(most: int | None) -> Select[Any]:
    """The rows, the oldest first."""
    return _WAITING.limit(most)


def waiting(keyring: Keyring, row: Row[Any]) -> Waiting:
    """A row of `query`, with its kind opened and nothing else."""
    try:
        kind = kind_of(decoded(keyring.open("outbox", row.key, row.sealed)))
    except (EngineError, KeyError):
        kind = ""
    shown = {name: row._mapping[name] for name in _SHOWN}
    return Waiting(kind=kind, behind=bool(row.behind), orphaned=bool(row.orphaned), **shown)
