"""Random walks: a caller without a plan, who types what stands on the screen and what does not."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from sessions import About, Draft, Outcome, Session
from ussd_engine import machine
from ussd_engine.actions import ACTIONS
from ussd_engine.facts import FACTS
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile
from ussd_engine.render import render
from ussd_engine.screens.base import Screen

TEXTS = ["tanesco", "maji dodoma", "bahi", "qqqq zzzz", "umeme hakuna wiki nzima", "PIN 1234 ni yangu", "a", "9" * 9]
TYPED = {"reference": ["482173657", "482173659"], "pin": ["0007", "007"]}
"""What is typed where a rule wants something of one shape."""
EXTRA = {"code": "*152*00*9*2#", "minutes": "10", "pin": "4821"}
PROFILE = Profile()
WORDS = "Fundi wetu alifika mtaani kwenu na kubadili transfoma iliyoungua. " * 4
ROWS = [["482173657", state, "answered"] for state in ("received", "in_progress", "answered", "closed", "appealed")] * 4
MAY = (
    "read",
    "add",
    "rate",
    "withdraw",
    "appeal",
    "higher",
    "leak",
    "be_late",
    "new_pin",
    "use_sms",
    "set_sms",
    "appeal_over",
)
CASE = About(
    "482173657",
    True,
    [*MAY],
    {
        "type": "complaint",
        "status": "answered",
        "says": "answer",
        "refused": "appeal",
        "institution": "TANESCO",
        "higher": "NISHATI",
        "date": "15/01/2026",
        "appeal_until": "14/02/2026",
    },
)
KEYS = ["0", "98", "00", "", "7", "abc"]


class Stroll:
    """One caller. `keys` are typed on every screen, now and then; `dials` are the digits that she dials, else any."""

    def __init__(
        self, edition: Edition, seed: int, keys: Sequence[str] = KEYS, dials: tuple[str, ...] | None = None
    ) -> None:
        self.keys = keys
        self.dials = dials
        self.edition = edition
        self.random = random.Random(seed)
        wants = [(), ("place",), ("date",), ("place", "date")]
        reached = frozenset({"be_reached"} if self.random.random() < 0.8 else ())
        may = frozenset(name for name in MAY if self.random.random() < 0.8)
        asked = frozenset({"reply"} if self.random.random() < 0.2 else ())
        asked |= {"finish_by_sms"} if self.random.random() < 0.5 else set()
        can = frozenset(name for name in FACTS["core_can"] if self.random.random() < 0.8)
        self.facts = {"can": reached | may | asked, "core_can": can, "core_wants": frozenset(self.random.choice(wants))}
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
            while found.intent or found.arrives:
                found = self.act(found) if found.intent else self.fetch(found)
            session = found.session

    def dial(self, drafts: list[Draft]) -> Session:
        root = next(iter(self.edition.codes.values()))
        start = self.edition.services[root].service.start
        session = Session(b"d", self.edition.version, root, start, self.locale, msisdn=255700000001, drafts=drafts)
        paths = [path for _, path in self.edition.paths.values()]
        aliases = [(*path, *alias.split("*")) for path in paths for alias in self.aliases()]
        digits = self.random.choice([self.dials] if self.dials else [(), *paths, *aliases])
        found = machine.enter(self.edition, session, self.facts, PROFILE, digits)
        assert not found.arrives
        return found.session

    def aliases(self) -> list[str]:
        return [alias for menu in self.edition.services.values() for alias in menu.service.dial]

    def reply(self, screen: Screen) -> str:
        numbers = [line.number for line in screen.lines] or ["1"]
        if screen.kind == "list":
            numbers += ["1", "2", "3", "5", "17"]
        if screen.kind == "input":
            numbers = TYPED.get(next(iter(screen.checks), ""), [*TEXTS, "neno " * 40])
        return self.random.choice([*numbers * 4, *self.keys])

    def act(self, found: machine.Step) -> machine.Step:
        intent, session = found.intent, machine.own(found.session)
        assert intent
        name = self.outcome(intent.do)
        self.steps.append((intent.action, name))
        if name in ACTIONS[intent.do].opens:
            session.about = self.about()
        result = self.result()
        return machine.outcome(self.edition, session, self.facts, PROFILE, intent.action, name, result)

    def outcome(self, do: str) -> str:
        first, *others = ACTIONS[do].outcomes
        return self.random.choice([first, first, first, *others])

    def result(self) -> Outcome:
        return Outcome(0, {"ref": "482173659", "due": "01/01/2027"}, b"case")

    def about(self) -> About:
        """What she may know of a case that she has opened."""
        return CASE

    def fetch(self, found: machine.Step) -> machine.Step:
        """What a screen shows of what stands elsewhere comes, is nothing, or does not come in time."""
        edition, session = self.edition, found.session
        screen = edition.services[session.service].screen(session.screen)
        comes = self.random.random() < 0.8
        if screen.kind == "read":
            return machine.spoken(edition, session, self.facts, PROFILE, WORDS if comes else None)
        rows = self.random.choice([[], ROWS[:1], ROWS]) if comes else None
        return machine.fetched(edition, session, self.facts, PROFILE, rows)

    def show(self, session: Session) -> str:
        return render(self.edition, session, self.facts, PROFILE, {**EXTRA, "answer": WORDS}).text
