"""Switches of the rules 5 and 6: the step and the acts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import msgspec

from sessions import StoreUnavailable
from tests.world.rules.rule import rule, story
from ussd_engine import acts, gateway, machine, place
from ussd_engine.commits import Commits
from ussd_engine.errors import RolledBack, Unknown
from ussd_engine.gateway import Gateway
from ussd_engine.ledger.group import Group
from ussd_engine.leg import Leg
from ussd_engine.model import Cancel, Submit
from ussd_engine.place import Places

# 5 step


@rule("5.1", people=(2, 3), faults=(0, 2))
def turns_share_their_work() -> Iterator[None]:
    shared: list[Any] = []

    def work(*args: Any) -> Any:
        fresh = place.Work(*args)
        if not shared:
            shared.append(fresh)
        for name in fresh.__dataclass_fields__:
            setattr(shared[0], name, getattr(fresh, name))
        return shared[0]

    with patch.object(gateway, "Work", work):
        yield


# 6 acts


@rule("6.1", story("numbered", 0, 0, 0, faults=(("sql", 0, "unanswered"),)))
def an_act_is_not_written_down_first() -> Iterator[None]:
    async def pend(self: Gateway, work: Any, session: Any) -> Any:
        return await self._perform(work, session)

    with patch.object(Gateway, "_pend", pend):
        yield


@rule("6.2", faults=(2, 7), places=("redis", "sql"), whats=("forget1", "forget3", "unanswered"))
def the_key_is_dialog_and_step() -> Iterator[None]:
    begin = acts.begin

    def begun(session: Any, *args: Any) -> Any:
        found = begin(session, *args)
        return msgspec.structs.replace(found, key=session.dialog + session.step.to_bytes(4, "big"))

    with patch.object(acts, "begin", begun):
        yield


# She sends and is not answered, Redis forgets that, and she leaves.
FORGOTTEN = tuple(
    story("numbered", 0, 0, 0, 0, 0, 4, faults=(("sql", 0, "unanswered"), ("redis", index, "forget1")))
    for index in range(8, 24)
)


@rule("6.3", *FORGOTTEN)
def leaving_has_a_key_of_its_own() -> Iterator[None]:
    effect = acts.effect

    def kept_apart(*args: Any) -> Any:
        found = effect(*args)
        return msgspec.structs.replace(found, key=b"x" + found.key) if isinstance(found, Cancel) else found

    with patch.object(acts, "effect", kept_apart):
        yield


@rule("6.4", places=("leg",), whats=("twice", "slow", "late"), faults=(4, 9), channels=("cumulative",))
def who_loses_a_race_is_applied_all_the_same() -> Iterator[None]:
    do, load = Gateway._do, Places.load

    async def again(self: Gateway, work: Any, found: Leg, again: bool) -> Any:
        return await do(self, work, work.first if again else found, False)

    async def loaded(self: Places, work: Any) -> Leg:
        found = await load(self, work)
        work.first = getattr(work, "first", found)
        return found

    with patch.object(Gateway, "_do", again), patch.object(Places, "load", loaded):
        yield


@rule("6.5", places=("sql",), whats=("unanswered", "late", "slow"), faults=(1, 3))
def a_repeat_does_not_get_the_first_result() -> Iterator[None]:
    effect = acts.effect

    def salted(edition: Any, session: Any, *args: Any) -> Any:
        found = effect(edition, session, *args)
        salt = bytes([session.pending.attempt])
        return msgspec.structs.replace(found, key=found.key + salt, **_anew(found, salt)) if found else None

    with patch.object(acts, "effect", salted):
        yield


def _anew(act: Any, salt: bytes) -> dict[str, Any]:
    return {"case": act.case[1:] + salt} if isinstance(act, Submit) else {}


@rule("6.6", places=("redis",), whats=("down", "oom", "readonly", "slow"), faults=(3, 8))
def a_commit_is_not_shown_where_the_session_is_not_written() -> Iterator[None]:
    settle = Gateway._settle

    async def doubted(self: Gateway, work: Any, session: Any) -> bool:
        if not await settle(self, work, session):
            raise StoreUnavailable("not written")
        return True

    with patch.object(Gateway, "_settle", doubted):
        yield


# Her first attempt is still on its way when a redial's is rolled back, and is written after that.
OVERTAKEN = tuple(
    story("numbered", faults=(("sql", 0, "late"), ("sql", 1, "lost")))._replace(seed=seed) for seed in range(200)
)


@rule("6.7", *OVERTAKEN)
def failed_is_said_at_any_attempt() -> Iterator[None]:
    failed = Gateway._failed

    async def said(self: Gateway, work: Any, session: Any, do: str) -> Any:
        session.pending = msgspec.structs.replace(session.pending, attempt=1)
        return await failed(self, work, session, do)

    with patch.object(Gateway, "_failed", said):
        yield


@rule("6.8", places=("sql",), whats=("unanswered",), faults=(1, 3))
def failed_is_said_where_it_is_not_known() -> Iterator[None]:
    run = Commits.run

    async def told(self: Commits, *args: Any) -> Any:
        try:
            return await run(self, *args)
        except Unknown:
            raise RolledBack("perhaps") from None

    with patch.object(Commits, "run", told):
        yield


@rule("6.9", places=("sql", "leg"), whats=("lost", "unknown_rolled", "twice"), faults=(3, 7))
def failed_is_said_though_the_session_went_on() -> Iterator[None]:
    settle = Gateway._settle

    async def settled(self: Gateway, work: Any, session: Any) -> bool:
        return await settle(self, work, session) or session.screen == "fail"

    with patch.object(Gateway, "_settle", settled):
        yield


@rule("6.10", story("numbered", 0, 0, 0, faults=(("sql", 0, "unanswered"),)))
def doubt_ends_the_pending() -> Iterator[None]:
    doubt = Gateway._in_doubt

    async def ended(self: Gateway, work: Any, session: Any) -> Any:
        reply = await doubt(self, work, session)
        more: Any = asyncio.ensure_future(self._commit(work, msgspec.structs.replace(session, pending=None)))
        self.commits._tasks.add(more)
        return reply

    with patch.object(Gateway, "_in_doubt", ended):
        yield


@rule("6.11", places=("sql", "leg"), whats=("unanswered", "slow", "late", "stale"), faults=(3, 8))
def an_older_leg_runs_what_is_pending() -> Iterator[None]:
    async def older(self: Gateway, work: Any, session: Any, leg: Leg) -> Any:
        return await (self._claim(work, session) if session.pending else self._not_applied(work, session, leg))

    with patch.object(Gateway, "_older", older):
        yield


@rule("6.12", places=("sql", "leg"), whats=("unanswered", "lost", "twice"), faults=(2, 6))
def a_pending_is_run_without_a_claim() -> Iterator[None]:
    async def claim(self: Gateway, work: Any, session: Any) -> Any:
        return await self._perform(work, machine.own(session))

    with patch.object(Gateway, "_claim", claim):
        yield


@rule("6.13", places=("sql",), whats=("late",), faults=(1, 3))
def the_commit_ends_with_the_turn() -> Iterator[None]:
    async def run(self: Commits, act: Any, until: float) -> Any:
        async with asyncio.timeout_at(until):
            return await self._ledger.act(act)

    async def add(self: Any, item: Any) -> Any:
        return (await self._write([item]))[0]

    with patch.object(Commits, "run", run), patch.object(Group, "add", add):
        yield
