"""Acts on cases that stand: more words, a rating, an appeal, a withdrawal, another PIN. Inside one transaction.

What was opened a moment ago may have changed since: each act looks again, and is refused where its time is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from ussd_engine import lifecycle
from ussd_engine.keys import Keyring
from ussd_engine.ledger.lookup import NEW_PIN_MS, owns
from ussd_engine.ledger.tables import cases, languages
from ussd_engine.lifecycle import MayAppeal
from ussd_engine.messages import Addition, Appeal, Message, Rating, Withdrawal
from ussd_engine.model import Case, Committed
from ussd_engine.tracking import Append, AskHigher, AskNewPin, OnCase, Rate, ShowPin, Withdraw
from ussd_engine.vault import Vault

REFUSED = Committed("refused")
_ASKS: Final[dict[type, str]] = {Append: "append", Rate: "rate", Withdraw: "withdraw", AskHigher: "appeal"}
"""What the core must be able to do."""

_PINS = select(cases.c.touched, cases.c.generation, cases.c.pin_seen, cases.c.pin_asked_ms).where(
    cases.c.reference == bindparam("reference")
)
_MUTED = select(languages.c.muted).where(languages.c.tag.in_(bindparam("tags", expanding=True)), languages.c.muted)
_TOUCH = update(cases).where(cases.c.reference == bindparam("this")).values(touched=bindparam("day"))
_ASK = update(cases).where(cases.c.reference == bindparam("this")).values(pin_asked_ms=bindparam("at"))
_SHOW = (
    update(cases)
    .where(cases.c.reference == bindparam("this"))
    .values(generation=bindparam("next"), pin_seen=True, pin_asked_ms=None)
)


class Decided(NamedTuple):
    """What an act comes to: what its key holds, the case afterwards, what the core is told."""

    committed: Committed
    case: Case
    messages: Sequence[Message] = ()


class FollowUps:
    """Decides them. `sends`: SMS leave, so that who asks for another PIN can be warned."""

    def __init__(self, keyring: Keyring, *, sends: bool = False) -> None:
        self._keyring = keyring
        self._vault = Vault(keyring)
        self._sends = sends
        self.lacks = frozenset[str]()
        """What the core cannot do, by the words of `core_can`; whoever opens the core sets it. It is refused here too:
        what she began while it still could, or before it was another."""

    def decide(self, conn: Connection, act: OnCase, case: Case, today: date) -> Decided:
        """The outcome of an act on a case whose row this transaction holds."""
        pins = conn.execute(_PINS, {"reference": act.reference}).one()
        own = owns(conn, self._vault, act.msisdn, case.handle, pins.touched, today)
        if _ASKS.get(type(act)) in self.lacks:
            return Decided(REFUSED, case)
        decided = self._decide(conn, act, case, pins if own else None, today)
        if own and decided.committed is not REFUSED:
            conn.execute(_TOUCH, {"this": case.reference, "day": today})
        return decided

    def _decide(self, conn: Connection, act: OnCase, case: Case, pins: Any, today: date) -> Decided:
        key = act.key.hex()
        match act:
            case Append() if lifecycle.may_add(case):
                addition = Addition(idempotency_key=key, reference=act.reference, text=act.text, at_ms=act.at_ms)
                return Decided(_done("append", case), lifecycle.added(case, today), [addition])
            case Rate() if lifecycle.may_rate(case):
                return _rated(act, case, today)
            case Withdraw() if lifecycle.may_withdraw(case):
                told = Withdrawal(idempotency_key=key, reference=act.reference, at_ms=act.at_ms)
                return Decided(_done("withdraw", case), lifecycle.withdrawn(case, today), [told])
            case AskHigher():
                return _appealed(act, case, today)
            case AskNewPin() | ShowPin() if pins is not None:
                return self._pin(conn, act, case, pins)
        return Decided(REFUSED, case)

    def _pin(self, conn: Connection, act: AskNewPin | ShowPin, case: Case, row: Any) -> Decided:
        if isinstance(act, AskNewPin):
            if not row.pin_seen or not self._sends or muted(conn, self._tags(act.msisdn or "")):
                return Decided(REFUSED, case)
            if row.pin_asked_ms is None:
                conn.execute(_ASK, {"this": act.reference, "at": act.at_ms})
            return Decided(_done("ask_pin", case), case)
        ready = row.pin_asked_ms is not None and act.at_ms - row.pin_asked_ms >= NEW_PIN_MS
        if row.pin_seen and not ready:
            return Decided(REFUSED, case)
        generation = row.generation + row.pin_seen
        conn.execute(_SHOW, {"this": act.reference, "next": generation})
        return Decided(Committed("show_pin", case.reference, case.case, generation=generation), case)

    def _tags(self, msisdn: str) -> list[bytes]:
        return self._keyring.tags("vault_tag", "language", msisdn.encode())


def muted(conn: Connection, tags: Sequence[bytes]) -> bool:
    """Whether the caller of these language tags wants no SMS."""
    return conn.scalar(_MUTED, {"tags": tags}) is not None


def _done(kind: str, case: Case) -> Committed:
    return Committed(kind, case.reference, case.case)  # type: ignore[arg-type]  # one of its kinds, by whoever calls


def _rated(act: Rate, case: Case, today: date) -> Decided:
    told = Rating(idempotency_key=act.key.hex(), reference=act.reference, rating=act.rating, at_ms=act.at_ms)
    after = lifecycle.rated(case, act.rating, today)
    committed = Committed("rate", case.reference, case.case, until=lifecycle.appeal_until(after))
    return Decided(committed, after, [told])


def _appealed(act: AskHigher, case: Case, today: date) -> Decided:
    if lifecycle.may_appeal(case, today, act.higher, leak=act.reason == "leak") is not MayAppeal.OK:
        return Decided(REFUSED, case)
    told = Appeal(
        idempotency_key=act.key.hex(),
        reference=act.reference,
        reason=act.reason,
        text=act.text,
        institution=act.higher,
        due=act.due,
        at_ms=act.at_ms,
    )
    committed = Committed("appeal", case.reference, case.case, due=act.due)
    return Decided(committed, lifecycle.appealed(case, act.higher, act.due, today), [told])
