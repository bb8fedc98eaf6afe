"""Whatever a core tells, how often, in whatever order, and whatever she wants meanwhile: she is sent exactly the
distinct changes that she may see, in order, and none after STOP."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as listens

from ussd_engine import lifecycle
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.smsqueue import LEASE_MS
from ussd_engine.messages import CaseEvent
from ussd_engine.model import Case, CaseState, Mode
from ussd_engine.sms.matrix import say
from ussd_engine.sms.templates import ASKS, NEWS
from ussd_engine.testing.sms_specimens import EAST, ROUTES, event, outcome, said
from ussd_engine.testing.specimens import DAY, MSISDN, NOON_MS, StoppedClock, submit
from ussd_engine.tracking import SetSms

MODES = (Mode.NAMED, Mode.CONFIDENTIAL, Mode.ANONYMOUS)
STATES = [CaseState.OPENED, CaseState.IN_PROGRESS, CaseState.NEED_INFO, CaseState.ANSWERED, CaseState.CLOSED, ""]


class Told(NamedTuple):
    """An event of a case, by its place; the same sequence is the same event."""

    case: int
    sequence: int


Step = Literal["stop", "start", "send", "send and die"] | list[Told]

told = st.builds(Told, st.integers(0, 2), st.integers(1, 7))
steps = st.lists(
    st.one_of(st.lists(told, min_size=1, max_size=4), st.sampled_from(["stop", "start", "send", "send and die"])),
    max_size=14,
)
events = st.lists(
    st.tuples(st.sampled_from(STATES), st.sampled_from(["", "", "EGA", "DUWASA"]), st.booleans()),
    min_size=7,
    max_size=7,
)
Kind = tuple[str, str, bool]


class World:
    """A citizen with a case of each mode, what her core tells, and a model of what she must be sent."""

    def __init__(self, ledger: Ledger, clock: StoppedClock, kinds: Sequence[Kind]) -> None:
        self.ledger = ledger
        self.clock = clock
        self.kinds = kinds
        self.references: list[str] = []
        self.model: dict[str, Case] = {}
        self.known: set[str] = set()
        self.stopped = False
        self.waiting: list[tuple[str, str]] = []
        self.expected: dict[str, list[str]] = defaultdict(list)
        self.sent: dict[str, list[str]] = defaultdict(list)

    async def begin(self) -> None:
        for mode in MODES:
            act = submit(mode=mode, caller=None, msisdn=None if mode is Mode.ANONYMOUS else MSISDN)
            await self.ledger.act(act)
            case = await self.ledger.case(act.reference)
            assert case is not None
            self.references.append(act.reference)
            self.model[act.reference] = case
        await self.send(die=False)
        self.sent.clear()

    async def tell(self, some: Sequence[Told]) -> None:
        events = [self._event(one) for one in some]
        await self.ledger.tell(events, "core")
        for one in events:
            if one.id in self.known:
                continue
            self.known.add(one.id)
            applied = lifecycle.apply(self.model[one.reference], one, DAY, lambda *_: None)
            self.model[one.reference] = applied.case
            says = applied.told and say(applied.told, applied.case.mode)
            if says and not self.stopped:
                self.waiting.append((one.reference, says.template))

    def _event(self, one: Told) -> CaseEvent:
        state, institution, directive = self.kinds[one.sequence - 1]
        made = event(self.references[one.case], one.sequence, state)
        return msgspec.structs.replace(made, institution=institution, directive=directive)

    async def choose(self, on: bool) -> None:
        key = secrets.token_bytes(12)
        await self.ledger.act(SetSms(key=key, msisdn=MSISDN, on=on, locale="sw", at_ms=self.clock()))
        if not on:
            self.waiting.clear()
        self.stopped = not on

    async def send(self, *, die: bool) -> None:
        """All that waits is sent; a sender that dies has not told of it, and another sends it once more."""
        again: dict[bytes, int] = {}
        while lent := (await self.ledger.sms.take("first", self.clock(), 10)).lent:
            for one in lent:
                if die and one.id not in again:
                    again[one.id] = 1
                    continue
                assert await self.ledger.sms.settle(outcome(one, "first", self.clock(), said())) == "accepted"
                self.sent[one.values["ref"]].append(one.template)
            if die:
                self.clock.move(LEASE_MS)
        for reference, template in self.waiting:
            state = self.model[reference].state
            stands = ASKS.get(template, state) == state  # an office's words are told only while they are its last
            self.expected[reference].append(template if stands else NEWS)
        self.waiting.clear()

    async def walk(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if isinstance(step, list):
                await self.tell(step)
            elif step.startswith("send"):
                await self.send(die=step.endswith("die"))
            else:
                await self.choose(step == "start")
        await self.send(die=False)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, events)
@example(
    [[Told(0, 1)], "stop", [Told(0, 2)], "start", [Told(0, 3), Told(0, 1), Told(0, 3)], "send and die"],
    [(state, "", False) for state in (*STATES[:5], STATES[0], STATES[0])],
)
@example([[Told(0, 1), Told(0, 2)]], [(state, "", False) for state in (STATES[2], STATES[1], *STATES[:5])])
def test_she_is_sent_the_distinct_changes_that_she_may_see_in_order_and_none_after_stop(
    sqlite_template: bytes, tmp_path: Path, steps: list[Step], events: list[Kind]
) -> None:
    file = tmp_path / f"{secrets.token_hex(8)}.db"
    file.write_bytes(sqlite_template)
    asyncio.run(walked(f"sqlite:///{file}", steps, events))


async def walked(url: str, steps: list[Step], kinds: list[Kind]) -> None:
    clock = StoppedClock()
    ledger = await Ledger.open(url, Keyring.random(DAY), clock, zone=EAST, routes=ROUTES)
    listens.listen(ledger.database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    try:
        world = World(ledger, clock, kinds)
        await world.begin()
        await world.walk(steps)
        assert dict(world.sent) == {
            reference: templates for reference, templates in world.expected.items() if templates
        }
        assert clock() - NOON_MS < 5 * 3_600_000
    finally:
        await ledger.close()
