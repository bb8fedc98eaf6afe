"""The same stories over the wire: repeats, redials and lost legs change nothing of what the answers alone decide."""

from __future__ import annotations

import asyncio
import os
from datetime import date

import pytest
from hypothesis.stateful import precondition, rule

from sessions import MemorySessions, Seal
from tests.menu.answer_caller import PROFILE, Caller
from tests.menu.answer_machines import ShippedForms, run
from tests.menu.menu_folder import shipped
from ussd_engine.editions import Editions
from ussd_engine.gateway import Gateway
from ussd_engine.keys import Keyring
from ussd_engine.model import Case, Committed, LegKind, Phase, Submit, Turn
from ussd_engine.render import render
from ussd_engine.tracking import Effect, LookedUp, LookUp
from ussd_engine.view import Seen

NOON_S = 1_768_467_600.0
THINKS_S = 8.0
"""Longer than an equal answer is held back."""
AWAY_S = 200.0
"""Longer than a redial shows the receipt again."""


class Ledger:
    """Takes every act, and keeps what was submitted."""

    def __init__(self) -> None:
        self.submitted: list[Submit] = []

    async def act(self, act: Effect) -> Committed:
        if not isinstance(act, Submit):
            return Committed("cancel")
        self.submitted.append(act)
        return Committed("submit", act.reference, act.case, act.due, act.mode)

    async def language(self, msisdn: str) -> str | None:
        return "sw"

    async def sms_on(self, msisdn: str) -> bool:
        return True

    async def own_cases(self, msisdn: str) -> list[Case]:
        return []

    async def look_up(self, ask: LookUp) -> LookedUp:
        return LookedUp("pin_needed")

    async def case(self, reference: str) -> Case | None:
        return None

    async def seen(self, reference: str, msisdn: str) -> None:
        return None


class Wire(ShippedForms):
    """A caller of the model, and the gateway that a handset of one kind reaches with the same inputs."""

    kind: LegKind

    def begin(self, caller: Caller, picks: list[int]) -> None:
        """As her number stands in every request, she can be reached."""
        wants = frozenset(caller.facts["core_wants"])
        facts = {"can": frozenset({"be_reached"}), "core_wants": wants}
        self.caller = Caller(caller.edition, "emrejesho", caller.digits, facts)
        self.now, self.loop, self.ledger = NOON_S, asyncio.Runner(), Ledger()
        sessions = MemorySessions(Seal({1: os.urandom(32)}, 1, self.clock), self.clock)
        keys = Keyring.random(date(2026, 1, 15))
        self.gateway = Gateway(
            Editions(shipped()), sessions, self.ledger, keys, random=os.urandom, clock=self.clock, core_wants=wants
        )
        self.dialogues, self.losing = 0, False
        self.call()
        super().begin(self.caller, picks)

    def clock(self) -> float:
        return self.now

    # the handset

    def call(self) -> None:
        """A new dialogue, the path dialled with the code."""
        self.now += AWAY_S
        self.dialogues += 1
        self.sent = False
        self.inputs = ["*".join(self.caller.digits)]
        self.send(self.turn(Phase.START))

    def turn(self, phase: Phase) -> Turn:
        text = "*".join(self.inputs) if self.kind is LegKind.CUMULATIVE else self.inputs[-1]
        number = len(self.inputs) if self.kind is LegKind.SEQUENCE else 0
        return Turn("test", f"D{self.dialogues}", phase, text, "*152*00#", "255700000001", self.kind, number)

    def send(self, turn: Turn) -> None:
        """One request, and what the phone shows."""
        self.last, self.sent, self.seen = turn, True, Seen()
        reply = self.loop.run(self.gateway.take_turn(turn, PROFILE, self.seen))
        caller = self.caller
        assert reply.ends == (caller.screen.kind == "end"), caller.fault(f"the phone shows {reply}")
        if not caller.session.outcome:
            extra = {"code": "*152*00*9*2#", "minutes": "10" if caller.state else ""}
            shown = render(caller.edition, caller.session, caller.facts, PROFILE, extra)
            assert reply == shown, caller.fault(f"the phone shows {reply.text!r}, not {shown.text!r}")

    def type(self, text: str, outcome: str = "ok") -> None:
        """The ledger takes every act, so each ends well."""
        screen, answers = self.caller.screen, dict(self.caller.known)
        sent, sends = len(self.ledger.submitted), self.caller.ends().get(text) == "send"
        super().type(text, "ok")
        self.now += THINKS_S
        self.inputs.append(text)
        self.sent = False
        numbered = screen.kind != "input" and not self.caller.wrong and bool(self.caller.legs)
        if not (self.losing and numbered):
            self.deliver()
        self.losing = False
        assert len(self.ledger.submitted) == sent + sends, self.caller.fault("sent once, and nothing else is")
        if sends:
            said = self.ledger.submitted[-1].answers
            assert said == answers, self.caller.fault(f"sent were {said}")

    def deliver(self) -> None:
        if not self.sent:
            self.send(self.turn(Phase.INPUT))

    # what only happens on a wire

    @rule()
    def repeat(self) -> None:
        """The provider sends its last request again, at once."""
        self.deliver()
        self.send(self.last)
        assert self.seen.kind == "repeat", self.seen

    def holds_all(self) -> bool:
        return self.kind is LegKind.CUMULATIVE

    @precondition(holds_all)
    @rule()
    def lose(self) -> None:
        """The next request does not arrive; the one after it holds both answers."""
        self.losing = True

    @rule()
    def dial_again(self) -> None:
        self.deliver()
        super().dial_again()
        self.call()

    def teardown(self) -> None:
        if hasattr(self, "gateway"):
            self.deliver()
            self.loop.close()
        super().teardown()


@pytest.mark.parametrize("kind", list(LegKind))
def test_stories_over_the_wire_follow_from_their_answers(kind: LegKind) -> None:
    run(type("Wire", (Wire,), {"kind": kind}), 15 * (5 if os.environ.get("CI") == "true" else 1))
