"""What the ledger and the core hold when a run is over, beside what was queued between them, in its order."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from ussd_engine.keys import Keyring
from ussd_engine.reference import derive_pin

TABLES = """
CREATE TABLE world_queue (number INTEGER PRIMARY KEY, reference, turn, key);
CREATE TRIGGER world_queued AFTER INSERT ON outbox BEGIN
  INSERT INTO world_queue (reference, turn, key) VALUES (new.reference, new.turn, new.key); END;
CREATE TABLE world_steps (number INTEGER PRIMARY KEY, reference, state, sequence);
CREATE TRIGGER world_sent AFTER INSERT ON cases BEGIN
  INSERT INTO world_steps (reference, state, sequence) VALUES (new.reference, new.state, new.sequence); END;
CREATE TRIGGER world_stepped AFTER UPDATE ON cases BEGIN
  INSERT INTO world_steps (reference, state, sequence) VALUES (new.reference, new.state, new.sequence); END;
"""
"""Written by the transactions themselves, so that what was rolled back is not there."""
AGREED = ("state", "institution", "due", "sequence", "moves", "appeals", "ended", "spoken", "rating")
"""What projection and core hold of a case alike."""


class Stood(NamedTuple):
    """A case in the projection, since a moment."""

    at_s: float
    state: str
    sequence: int
    """The core's count of it."""


@dataclass
class Files:
    """By reference, unless said otherwise."""

    queued: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Keys of the messages behind the submission, in the order in which she did what they carry."""
    taken: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Keys of what the core has taken behind the submission, in the order in which it did."""
    words: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What the citizen said afterwards, as the core has it."""
    done: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """How often the core's record has each act of the citizen."""
    steps: defaultdict[str, list[Stood]] = field(default_factory=lambda: defaultdict(list))
    """How the projection had the case, one after the other."""
    projected: dict[str, dict[str, Any]] = field(default_factory=dict)
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The cases of the core, as `projected` has the ledger's: what of them is `AGREED`."""
    pins: dict[str, str] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)
    """What was given up: the reference, by key."""


def read(conn: sqlite3.Connection, keyring: Keyring, stepped: list[tuple[float, int]]) -> Files:
    """Everything that stands there. `stepped` says when the steps up to a number were taken."""
    files = Files()
    for reference, key in _rows(conn, "reference, key FROM world_queue WHERE turn > 0 ORDER BY number"):
        files.queued[reference].append(key.hex())
    for reference, key in _rows(conn, "reference, key FROM core_taken ORDER BY rowid"):
        files.taken[reference].append(key.hex())
    said = "reference, core_words.key, core_words.number, core_words.sealed FROM core_words JOIN core_cases USING (key)"
    for reference, key, number, sealed in _rows(conn, f"{said} WHERE author = 'citizen' ORDER BY core_words.number"):
        plain = keyring.open("core_words", key + number.to_bytes(4), sealed)
        files.words[reference].append(msgspec.msgpack.decode(plain)[0])
    for reference, act in _rows(
        conn, "reference, act FROM core_record JOIN core_cases USING (key) WHERE role = 'citizen'"
    ):
        files.done[reference][act] += 1
    for number, reference, state, sequence in _rows(conn, "* FROM world_steps ORDER BY number"):
        at_s = stepped[bisect_left(stepped, number, key=itemgetter(1))][0]
        files.steps[reference].append(Stood(at_s, state, sequence))
    for table, cases in (("cases", files.projected), ("core_cases", files.held)):
        for reference, *values in _rows(conn, f"reference, {', '.join(AGREED)} FROM {table}"):
            cases[reference] = dict(zip(AGREED, values, strict=True))
    for reference, case, generation in _rows(conn, 'reference, "case", generation FROM cases'):
        files.pins[reference] = derive_pin(keyring.pin, case, generation).reveal()
    files.dead = {key.hex(): reference for key, reference in _rows(conn, "key, reference FROM dead_letters")}
    return files


def _rows(conn: sqlite3.Connection, what: str) -> list[Any]:
    return conn.execute(f"SELECT {what}").fetchall()
