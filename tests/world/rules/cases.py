"""Switches of the rules 10 and 11: a case that is looked up and acted on, and its way to the core and back."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import msgspec
from sqlalchemy import bindparam, select, update

from tests.world.plan import Errand, Plan
from tests.world.rules.rule import rule, story
from ussd_engine import lifecycle
from ussd_engine.delivery import Delivery
from ussd_engine.errors import DeliveryError
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.feedback.tables import core_taken
from ussd_engine.ledger import acts, followups, lookup, outbox, projection, tables
from ussd_engine.ledger.database import insert_new, inserting
from ussd_engine.ledger.tables import cases, news
from ussd_engine.news import News
from ussd_engine.reference import Pin

FOLLOWED: dict[str, Any] = {"core": 1.0, "follows": 1.0, "faults": (0, 1), "numbers": ("always",), "ids": ("own",)}
TROUBLED: dict[str, Any] = {**FOLLOWED, "trouble": (4, 9)}

SENDS = (0, 0, 0, 0)
"""What she does until her submission is sent; and then as she opens it by her list."""
OPENS = (0, 0, 0, 0, 0)


def _told(
    seed: int, *script: int, faults: tuple[tuple[str, int, str], ...] = (), errands: tuple[Errand, ...] = ()
) -> Plan:
    """A story of somebody who follows her case."""
    plan = story("numbered", *SENDS, *script, faults=faults, follows=True)
    return plan._replace(seed=seed, core=True, errands=errands)


# 10 her case


@rule("10.1", **FOLLOWED)
def any_pin_opens() -> Iterator[None]:
    with patch.object(Pin, "matches", lambda self, typed: bool(typed)):
        yield


@rule("10.2", **FOLLOWED | {"people": (2, 3), "guests": 0.0})
def every_phone_lists_all() -> Iterator[None]:
    with patch.object(lookup, "_OWN", select(cases)):
        yield


@rule("10.3", **FOLLOWED)
def a_look_is_remembered() -> Iterator[None]:
    first: dict[str, Any] = {}
    case_of = projection.case_of

    def remembered(row: Any) -> Any:
        # One run after the other: a reference belongs to one of them.
        return first.setdefault(row.reference, case_of(row))

    with patch.object(lookup, "case_of", remembered):
        yield


# She is about to take her case back, and it is answered meanwhile.
ANSWERED = tuple(_told(at_s, *OPENS, 2, 0, errands=(Errand(40.0 + at_s, "answer", 0),)) for at_s in range(60))


@rule("10.4", *ANSWERED, **FOLLOWED)
def an_act_does_not_look_again() -> Iterator[None]:
    lenient = SimpleNamespace(**vars(lifecycle))
    lenient.may_add = lenient.may_rate = lenient.may_withdraw = lambda case: True
    with patch.object(followups, "lifecycle", lenient):
        yield


ERASED = tuple(_told(seed, 0, 4, 0, 0, 0, *OPENS) for seed in range(20))


@rule("10.5", *ERASED, **FOLLOWED)
def an_erasure_leaves_the_contacts() -> Iterator[None]:
    with patch.object(acts, "forget", lambda *_: []):
        yield


# 11 to the core and back


@rule("11.1", **TROUBLED, troubles=("carry",))
def what_the_core_did_not_take_is_let_go() -> Iterator[None]:
    async def put_off(self: Delivery, failure: Any) -> None:
        await self._settle(self._outbox.done(failure.claim, None), "delivered")

    with patch.object(Delivery, "_put_off", put_off):
        yield


@rule("11.2", **TROUBLED, troubles=("carry", "core"))
def the_core_takes_a_key_as_often_as_it_comes() -> Iterator[None]:
    def once(self: SqlStore, conn: Any, message: Any, work: Any) -> None:
        book = self._book(conn)
        case = book.case(message.reference)
        if case is None:
            raise DeliveryError("no case yet")
        work(book, case, message)
        row = {"key": bytes.fromhex(message.idempotency_key), "reference": message.reference}
        insert_new(conn, core_taken, [row])

    with patch.object(SqlStore, "_once", once):
        yield


# She adds twice, and the core is down when the first is carried.
DOWN = tuple(("carry", at, "down") for at in range(1, 6))
ADDED = tuple(_told(seed, *OPENS, 0, 0, *OPENS, 0, 0, faults=DOWN) for seed in range(60))


@rule("11.3", *ADDED, **TROUBLED, troubles=("carry", "core"))
def every_message_of_a_case_is_lent() -> Iterator[None]:
    rows = tables.outbox
    free = select(rows.c.key).where(rows.c.next_ms <= bindparam("now"), rows.c.lease_ms <= bindparam("now"))
    claim = (
        update(rows)
        .where(rows.c.key.in_(free.order_by(rows.c.next_ms, rows.c.queued_ms).limit(bindparam("most"))))
        .values(lease_ms=bindparam("until"), token=rows.c.token + 1, attempts=rows.c.attempts + 1)
        .returning(*(rows.c[name] for name in outbox.Claim.__struct_fields__))
    )
    with patch.object(outbox, "_CLAIM", claim):
        yield


# The core has what she sent, and the ledger does not answer when that is to be noted.
UNSETTLED = tuple(_told(7, *OPENS, 0, 0, faults=(("core", at, "lost"),)) for at in range(40))


@rule("11.4", *UNSETTLED, **TROUBLED, troubles=("core",))
def a_claim_is_for_ever() -> Iterator[None]:
    with patch.object(outbox, "LEASE_MS", 10**12):
        yield


# Her case is moved, and again and again the ledger does not say that it has heard so.
UNHEARD = tuple(
    _told(
        seed,
        *OPENS,
        faults=tuple(("core", at, "unanswered") for at in range(8, 60)),
        errands=(Errand(60.0, "transfer", 0),),
    )
    for seed in range(20)
)


@rule("11.5", *UNHEARD, **TROUBLED, troubles=("core", "news"))
def what_is_heard_again_is_news() -> Iterator[None]:
    heard = projection._heard
    again = SimpleNamespace(insert=lambda: inserting("sqlite", news).on_conflict_do_nothing())

    def applied(event: Any, known: dict[str, Any], _: Any, *more: Any) -> Any:
        if event.reference in known:
            known[event.reference] = msgspec.structs.replace(known[event.reference], sequence=0, event="")
        return heard(event, known, set(), *more)

    with patch.object(projection, "_heard", applied), patch.object(projection, "news", again):
        yield


@rule("11.6", **TROUBLED, troubles=("core",))
def how_far_was_read_is_noted_first() -> Iterator[None]:
    async def step(self: News) -> bool:
        mark = await self._ledger.mark(self._source)
        batch = await self._store.events(mark, 200)
        if batch.events:
            await self._ledger.tell([], self._source, batch.mark)
            await self._ledger.tell(batch.events, self._source)
        return False

    with patch.object(News, "step", step):
        yield
