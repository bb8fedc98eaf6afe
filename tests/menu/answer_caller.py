"""A caller whose every answer is taken twice, by the engine and by the model of answers, and compared."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import NamedTuple

import msgspec

from sessions import Outcome, Session
from tests.menu.answer_form import Form
from tests.menu.answer_model import Model, State
from ussd_engine import dialog, machine
from ussd_engine.actions import ACTIONS, Action
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Answers, Profile, Value
from ussd_engine.registry import RULES
from ussd_engine.render import render
from ussd_engine.scope import Facts, draft_of, effective
from ussd_engine.screens.base import Line, Screen

PROFILE = Profile()
EXTRA = {"code": "*152*00*9*2#", "minutes": "10", "pin": "4821"}
RECEIPT = Outcome(0, {"ref": "482173659", "due": "01/01/2027"}, b"case")
WAYS = ("change", "add", "restart", "accept", "next", "continue")
TEXTS = ("umeme hakuna wiki nzima", "tanesco", "qqqq zzzz aaaa", "98", "neno " * 40)
WRONG = ("a", "", "777")


class Leg(NamedTuple):
    """One answer, with the session and the model's state around it."""

    before: Session
    stood: State | None
    """Where she stood in the form; `None` outside it."""
    text: str
    after: Session


class Caller:
    """One caller of a service. Her story is told where the two differ."""

    def __init__(self, edition: Edition, service: str, digits: tuple[str, ...], facts: Facts) -> None:
        self.edition = edition
        self.service = edition.services[service].service
        self.digits = digits
        """What leads through the root to the service."""
        self.facts = facts
        forms = edition.services[service].plans
        self.models = {name: Model(Form(self.service, name, edition.data[service], facts)) for name in forms}
        self.model = next(iter(self.models.values()))
        """Of the form that was entered last."""
        self.state: State | None = None
        """Of that form, while there is a draft."""
        self.outside = self.service.start
        """The screen outside the form on which she stands; empty while she is inside it."""
        self.wrong = 0
        self.story = [f"facts: { ({name: sorted(values) for name, values in facts.items()}) }"]
        self.legs: list[Leg] = []
        """Since the dialog or the last act began."""
        root = dialog.root_of(edition, None)
        self.session = Session(b"d", edition.version, root, "", "sw", msisdn=255700000001)
        self.dial()

    # what she does

    def dial(self) -> None:
        """The line breaks, if it stood, and she dials anew."""
        session = machine.own(self.session)
        dialog.closed(session)
        session.service = dialog.root_of(self.edition, None)
        session.screen = self.edition.services[session.service].service.start
        self.session = machine.enter(self.edition, session, self.facts, PROFILE, self.digits).session
        self.outside = self.service.resume if self.state else self.service.start
        self.wrong, self.legs = 0, []
        self.story.append(f"dials -> {self.session.screen}")
        self.check()

    def type(self, text: str, outcome: str = "ok") -> None:
        """One answer. `outcome` is what comes of the act, where the answer acts."""
        before, sealed = self.session, msgspec.msgpack.encode(self.session)
        stood, screen = self.inside, self.screen
        shown = render(self.edition, before, self.facts, PROFILE, EXTRA).text.split("\n")
        found = machine.step(self.edition, before, self.facts, text, PROFILE)
        self.session = found.session
        action = self.expect(screen, text, shown)
        self.legs.append(Leg(before, stood, text, self.session))
        self.story.append(f"{before.screen} <- {text[:30]!r} -> {self.session.screen} {_cut(self.answers)}")
        assert msgspec.msgpack.encode(before) == sealed, self.fault("the session that was given has changed")
        assert (found.intent.action if found.intent else "") == action, self.fault(f"the act should be {action!r}")
        if action:
            self.act(action, outcome)
        self.check()

    def act(self, action: str, outcome: str) -> None:
        found = machine.outcome(self.edition, self.session, self.facts, PROFILE, action, outcome, RECEIPT)
        self.session, self.legs = found.session, []
        self.story.append(f"{action}: {outcome} -> {self.session.screen}")
        if outcome in self.outcomes(action).closes:
            self.state = None
        self.outside = self.session.screen

    def outcomes(self, action: str) -> Action:
        """What is registered of an action of the menu."""
        return ACTIONS["cancel" if action == machine.FORGET else self.service.actions[action].do]

    def fork(self) -> Caller:
        """Another caller, who stands where this one does."""
        found = copy(self)
        found.story, found.legs = [*self.story, "and from there:"], list(self.legs)
        return found

    # what she can do

    @property
    def inside(self) -> State | None:
        """Where she stands inside the form."""
        return None if self.outside else self.state

    @property
    def screen(self) -> Screen:
        return self.service.screens[self.inside.screen if self.inside else self.outside]

    @property
    def known(self) -> Answers:
        """The answers that stand while she is inside the form."""
        return self.model.known(self.inside) if self.inside else {}

    @property
    def form(self) -> Form:
        return self.model.form

    def replies(self) -> list[str]:
        """What answers the question."""
        screen = self.screen
        numbers = [screen.skip.number] if screen.skip else []
        if screen.kind == "input":
            return [*(text for text in TEXTS if self.told(screen, text)), *numbers]
        if screen.source:
            return [self.number(index) for index in range(len(self.form.rows(screen, self.known)))]
        return [*(line.number for line in self.lines() if line.value is not None), *numbers]

    def ways(self) -> list[str]:
        """The lines that lead on in a form, or into one."""
        found = [(line.number, line.target[0].dest) for line in self.lines() if line.value is None]
        return [number for number, (verb, name) in found if verb in WAYS or (verb == "to" and name in self.models)]

    def ends(self) -> dict[str, str]:
        """The lines that may end the run of a form, each with the action that it takes, if it does."""
        found = [(line.number, line.target[0].dest) for line in self.lines() if line.value is None]
        actions = self.service.actions
        named = {number: name for number, (verb, name) in found if verb == "to" and name in actions}
        acts = {number: name for number, name in named.items() if ACTIONS[actions[name].do].acts}
        drops = {number: {"start": "", "forget": machine.FORGET}.get(verb) for number, (verb, _) in found}
        return acts | {number: action for number, action in drops.items() if action is not None}

    def lines(self) -> list[Line]:
        return [line for line in self.screen.lines if self.form.passes(line.tests, self.known)]

    def number(self, index: int) -> str:
        """The printed number of a row; the key for more is passed over."""
        more = int(self.service.more.number) if self.service.more else 0
        return str(index + 1 if index + 1 < more else index + 2)

    # what the model says

    def expect(self, screen: Screen, text: str, shown: list[str]) -> str:
        """Lead the model on; gives the action that should be taken, if one is."""
        service = self.service
        wrong, self.wrong = self.wrong, 0
        if text == service.home:
            self.outside = service.start
        elif service.back and text == service.back.number and screen.name not in (service.start, service.resume):
            self.back()
        elif service.more and text == service.more.number and f"{text}. {service.more.label}" in shown:
            pass
        elif (told := self.told(screen, text)) is not None:
            self.tell(screen, text, told)
        elif line := next((line for line in self.lines() if line.number == text), None):
            return self.take(line)
        else:
            self.wrong = wrong + 1
            if self.wrong == service.tries:
                self.wrong, self.outside = 0, service.too_many
        return ""

    def back(self) -> None:
        assert self.inside
        state = self.model.back(self.inside)
        if state is None:
            self.outside = self.service.start
            state = self.state if self.state and self.state.own else None
        self.state = state

    def told(self, screen: Screen, text: str) -> Answers | None:
        """The answers that a text gives on a screen; `None` where it is no answer."""
        if screen.skip and text == screen.skip.number:
            return dict.fromkeys(screen.answers)
        if screen.kind == "input":
            whole = self.whole(screen, text)
            passed = all(RULES[rule].run(whole, bounds) is None for rule, bounds in screen.checks.items())
            return {screen.answers[0]: whole} if passed and text else None
        rows = self.form.rows(screen, self.known) if screen.source else []
        index = next((index for index in range(len(rows)) if self.number(index) == text), None)
        if index is not None:
            return self.form.saved(screen, rows[index])
        line = next((line for line in self.lines() if line.number == text), None)
        if line and line.value is not None:
            return {next(iter(screen.save)): line.value}
        if line and screen.offer and line.target[0].dest.verb == "accept":
            return {screen.offer.answer: self.form.offered(screen, self.known)}
        return None

    def whole(self, screen: Screen, text: str) -> str:
        text = text.strip()
        return f"{self.known.get(screen.answers[0]) or ''} {text}".strip() if self.adding else text

    @property
    def adding(self) -> bool:
        return bool(self.inside and self.inside.changes and self.inside.changes[-1].add)

    def tell(self, screen: Screen, text: str, told: Answers) -> None:
        assert self.inside
        self.state = (self.model.add if self.adding else self.model.tell)(self.inside, told)
        if screen.kind == "input" and screen.full and len(text.strip()) >= PROFILE.reply_full:
            self.state = self.state._replace(screen=screen.full)
        else:
            self.state = self.model.go_on(self.state)

    def take(self, line: Line) -> str:
        """A line that leads elsewhere; gives the action that it takes, if it does."""
        case = next(case for case in line.target if self.form.passes(case.tests, self.known))
        verb, name = case.dest
        if verb == "to" and name in self.models:
            self.model, self.outside = self.models[name], ""
            self.state = self.model.begin(case.set)
        elif verb == "continue":
            self.outside = ""
        elif verb == "start":
            self.outside, self.state = self.service.start, None
        elif verb in ("to", "forget"):
            return name or machine.FORGET
        else:
            self.go(verb, name, case.set)
        return ""

    def go(self, verb: str, name: str, sets: Mapping[str, Value]) -> None:
        """A verb inside the form."""
        assert self.inside
        state = self.model.tell(self.inside, sets)
        if verb == "change":
            self.state = self.model.change(state, name)
        elif verb == "add":
            self.state = self.model.add_to(state, name)
        elif verb == "restart":
            self.state = self.model.restart(state)
        else:
            assert verb == "next", verb
            self.state = self.model.go_on(state)

    # what must hold

    @property
    def answers(self) -> Answers | None:
        """The answers of the engine's session, with the changes under way; `None` without a draft."""
        draft = draft_of(self.session)
        return dict(effective(draft.answers, draft.edits)) if draft else None

    def check(self) -> None:
        """The engine stands where the model does, on the same answers."""
        expected = dict(self.state.answers) if self.state else None
        error = bool(self.session.line) and not self.session.line.startswith("!")
        assert self.session.screen == self.screen.name, self.fault(f"the screen should be {self.screen.name}")
        assert self.answers == expected, self.fault(f"the answers should be {_cut(expected)}")
        assert self.session.wrong == self.wrong, self.fault(f"there were {self.wrong} wrong answers in a row")
        assert error == bool(self.wrong), self.fault(f"{self.session.line!r} stands above")

    def fault(self, words: str) -> str:
        """What is wrong, after the whole story."""
        return "\n".join(["", *self.story, f"=> {words}"])


def _cut(answers: Answers | None) -> dict[str, str | None] | None:
    """Answers short enough to be read in a row."""
    return answers and {name: value and value[:16] for name, value in answers.items()}
