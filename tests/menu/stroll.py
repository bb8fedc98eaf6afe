"""Random walks: a caller without a plan, who types what stands on the screen and what does not."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from sessions import Outcome, Session
from ussd_engine import machine
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile
from ussd_engine.registry import ACTIONS
from ussd_engine.render import render
from ussd_engine.screens.base import Screen

TEXTS = ["tanesco", "maji dodoma", "bahi", "qqqq zzzz", "umeme hakuna wiki nzima", "PIN 1234 ni yangu", "a", "9" * 9]
EXTRA = {"code": "*152*00*9*2#", "minutes": "10", "pin": "4821"}
PROFILE = Profile()
KEYS = ["0", "98", "00", "", "7", "abc"]


class Stroll:
    """One caller. `keys` are typed on every screen, now and then."""

    def __init__(self, edition: Edition, seed: int, keys: Sequence[str] = KEYS) -> None:
        self.keys = keys
        self.edition = edition
        self.random = random.Random(seed)
        wants = [(), ("place",), ("date",), ("place", "date")]
        reached = frozenset({"be_reached"} if self.random.random() < 0.8 else ())
        self.facts = {"can": reached, "core_wants": frozenset(self.random.choice(wants))}
        self.locale = self.random.choice(["", *next(iter(edition.languages.values()))])
        self.steps: list[tuple[str, str]] = []

    def walk(self, steps: int) -> Iterator[Session]:
        """The session after each of some steps, over redials."""
        session = self.dial([])
        for _ in range(steps):
            yield session
            screen = self.edition.services[session.service].screen(session.screen)
            if screen.kind == "end":
                session = self.dial(session.drafts)
                continue
            text = self.reply(screen)
            self.steps.append((screen.name, text))
            found = machine.step(self.edition, session, self.facts, text, PROFILE)
            session = self.act(found) if found.intent else found.session

    def dial(self, drafts: list[object]) -> Session:
        root = next(iter(self.edition.codes.values()))
        start = self.edition.services[root].service.start
        session = Session(b"d", self.edition.version, root, start, self.locale, msisdn=255700000001, drafts=drafts)
        digits = self.random.choice([(), *(path for _, path in self.edition.paths.values())])
        return machine.enter(self.edition, session, self.facts, PROFILE, digits).session

    def reply(self, screen: Screen) -> str:
        numbers = [line.number for line in screen.lines] or ["1"]
        if screen.kind == "list":
            numbers += ["1", "2", "3", "5", "17"]
        if screen.kind == "input":
            numbers = [*TEXTS, "neno " * 40]
        return self.random.choice([*numbers * 4, *self.keys])

    def act(self, found: machine.Step) -> Session:
        intent = found.intent
        assert intent
        name = self.random.choice(list(ACTIONS[intent.do].outcomes))
        result = Outcome(0, {"ref": "482173659", "due": "01/01/2027"}, b"case")
        self.steps.append((intent.action, name))
        return machine.outcome(self.edition, found.session, self.facts, PROFILE, intent.action, name, result).session

    def show(self, session: Session) -> str:
        return render(self.edition, session, self.facts, PROFILE, EXTRA).text
