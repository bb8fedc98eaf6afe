"""The throw-away model that one turn leads through the shared machine of its menu version."""

from __future__ import annotations

from collections.abc import Mapping

from sessions import Draft, Outcome, Session
from ussd_engine import doorway
from ussd_engine.actions import ACTIONS
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Answers, Profile, Value
from ussd_engine.registry import key_of
from ussd_engine.run import Run
from ussd_engine.scope import Facts, Scope, own
from ussd_engine.screens.base import Dest, Line, Screen, Target, passes
from ussd_engine.steps import Intent, Step

FORGET = "forget"
"""The act behind the verb `forget`; no action of a menu has this name, for it is a verb."""
MOST_DRAFTS = 2
SMS = "onoff"
"""Whether this phone gets SMS: what an action told of it is known until she goes home."""


class Walk:
    """A session under way. Its `state` is what the machine's transitions move."""

    __slots__ = ("edition", "intent", "profile", "scope", "secret", "session", "state", "taken")

    def __init__(self, edition: Edition, session: Session, facts: Facts, profile: Profile) -> None:
        self.edition = edition
        self.profile = profile
        self.session = own(session)
        self.intent: Intent | None = None
        self.secret: dict[str, str] = {}
        self.taken: list[str] = []
        self.state: str = session.screen
        self.scope = Scope(edition, self.session, facts)

    def done(self) -> Step:
        arrives = self.scope.screen.slow is not None and not self.session.rows
        return Step(self.session, self.intent, tuple(self.taken), arrives)

    @property
    def run(self) -> Run:
        """The form that she is in."""
        return Run(self.scope)

    def fire(self, verb: str, dest: str) -> None:
        """One transition of the shared machine."""
        event = self.scope.menu.machine.events.get(f"{verb} {dest}")
        if event is None or (verb in ("ask", "back") and self.state not in event.transitions):
            self.state = dest  # answers of another version may stand, which this one's own order cannot give
        else:
            event.trigger(self)
        self.stand(self.state)

    def stand(self, screen: str) -> None:
        """Be at a screen, without a transition: at a door, or on another version of the menu."""
        self.state = self.session.screen = screen
        self.session.rows = []
        self.scope.renew()

    # answers

    def shows(self, line: Line) -> bool:
        return passes(line.tests, self.scope.look)

    def took(self, screen: Screen, number: str) -> None:
        self.taken.append(f"line {self.scope.menu.name}/{screen.name} {number}")

    def accept(self, page: int = 0) -> None:
        """An answer or a key was taken: no line stands above, nothing is counted against her."""
        self.session.wrong = 0
        self.session.line = ""
        self.session.page = page

    def save(self, screen: Screen, answers: Answers, full: str | None = None) -> None:
        """Keep the answers and go on: by the form's rule inside a form, by `then` outside."""
        self.accept()
        if self.scope.inside:
            self.run.put(answers)
            if full:
                self.show("full", full)
            else:
                self.ask("ask", self.run.next())
            return
        self.session.locale = answers.pop("language", None) or self.session.locale
        self.session.values.update(answers)
        self.scope.renew()
        if screen.name == self.scope.menu.service.first:
            self.open("open")
        else:
            self.follow(screen.then)

    # targets

    def follow(self, target: Target) -> None:
        """Go where the first case that holds leads."""
        case = next(case for case in target if passes(case.tests, self.scope.look))
        enters = case.dest.verb == "to" and case.dest.name in self.scope.menu.plans
        if case.set and self.scope.inside:
            self.run.put(case.set)
        elif case.set and not enters:
            self.session.values.update(case.set)
            self.scope.renew()
        self.go(case.dest, case.set)

    def go(self, dest: Dest, sets: Mapping[str, Value]) -> None:
        service = self.scope.menu.service
        if dest.verb != "to":
            self.verb(dest)
        elif dest.name in service.actions:
            self.intent = Intent(dest.name, service.actions[dest.name].do, self.secret)
        elif dest.name in self.scope.menu.plans:
            self.enter_form(dest.name, sets)
        else:
            self.screen(dest.name)

    def verb(self, dest: Dest) -> None:
        match dest.verb:
            case "change":
                self.ask("change", self.run.change(dest.name, self.state))
            case "add":
                self.ask("add", self.run.add(dest.name, self.state))
            case "restart":
                plan = self.run.plan
                self.ask("change", self.run.restart(self.scope.menu.homes[self.state][plan.form], self.state))
            case "accept":
                self.keep_offer()
            case "next":
                self.ask("ask", self.run.next())
            case "service":
                self.service(dest.name)
            case "continue":
                self.resume()
            case "forget":
                self.forget()
            case "back":
                self.back()
            case _:
                self.home(dest.verb)

    def ask(self, verb: str, index: int) -> None:
        self.show(verb, self.run.plan.items[index].name)

    def show(self, verb: str, name: str) -> None:
        """Go to a screen, or to the one that stands for it where its list or its offer finds nothing."""
        self.fire(verb, self.standing_for(name))

    def standing_for(self, name: str) -> str:
        screen = self.scope.menu.screen(name)
        while screen.none and self.finds_nothing(screen):
            screen = self.scope.menu.screen(screen.none)
        return screen.name

    def finds_nothing(self, screen: Screen) -> bool:
        if screen.offer:
            return self.scope.offered(screen.offer) is None
        return screen.source is not None and screen.slow is None and not self.scope.rows(screen)

    def keep_offer(self) -> None:
        screen = self.scope.screen
        assert screen.offer is not None
        row = self.scope.offered(screen.offer)
        assert row is not None, "an offer that finds nothing is not shown"
        self.save(screen, {screen.offer.answer: key_of(row)})

    # outside a form

    def screen(self, name: str) -> None:
        """Another screen: a text that is read inside a form, or one outside of it. The way back is kept, without
        loops; what was open stays where she left it."""
        if not self.scope.menu.homes[name]:
            self.leave_form()
            if self.scope.menu.screen(name).kind != "end":
                trail = self.trail
                self.session.trail = trail[: trail.index(name)] if name in trail else trail
        self.show("to", name)

    @property
    def trail(self) -> list[str]:
        """The screens behind what comes next outside a form; a question of a form is none of them, nor is a door that
        shuts behind her."""
        service = self.scope.menu.service
        shut = self.scope.menu.homes[self.state] or self.state in (service.first, service.resume, service.last)
        return [*self.session.trail, *([] if shut else [self.state])]

    def home(self, verb: str = "home") -> None:
        """The service's start. The draft stays until another form is entered; `start` drops it: another dialog."""
        self.leave_form()
        self.session.trail = []
        self.session.values = {}
        self.session.about = None
        if verb == "start":
            self.session.dialog = b""
            self.end_run()
        self.fire(verb, self.scope.menu.service.start)

    def leave_form(self) -> None:
        """The draft stays where she left it."""
        if self.scope.draft is not None and self.scope.inside:
            self.scope.draft.left, self.scope.draft.page = self.state, self.session.page

    def back(self) -> None:
        """One step back: the question asked last, the screen before a change, the screen before the form."""
        if self.scope.inside and self.state in self.scope.menu.aside:
            self.ask("back", self.run.next())
            return
        found = self.run.back() if self.scope.inside else None
        if isinstance(found, int):
            self.ask("back", found)
        elif found is not None:
            self.fire("back", found)
        else:
            self.back_outside()

    def back_outside(self) -> None:
        """A form left at its first question is no draft while nothing was answered."""
        if self.scope.inside and self.run.empty:
            self.end_run()
        self.leave_form()
        if self.session.trail:
            self.fire("back", self.session.trail.pop())
        else:
            self.fire("home", self.scope.menu.service.start)

    # services and their doors

    def service(self, name: str) -> None:
        self.session.trail = []
        self.session.service = name
        self.stand(self.edition.services[name].service.start)
        self.open("")

    def open(self, verb: str) -> None:
        """A service's own door: where it opens the language, an unfinished form, the alias that was dialled, the
        start."""
        service = self.scope.menu.service
        if barred := doorway.barred(service, self.scope.facts):
            screen, self.session.outcome = barred
            self.session.waiting = ""
            self.stand(screen)
            return
        if service.first and not self.session.locale:
            dest = service.first
        elif service.resume and self.scope.draft is not None:
            dest = service.resume
        else:
            dest = self.session.waiting or service.start
            self.session.trail = [] if dest == service.start else [service.start]
        if dest != service.first:
            self.session.waiting = ""
        if verb:
            self.fire(verb, dest)
        else:
            self.stand(dest)

    # forms

    def enter_form(self, name: str, sets: Mapping[str, Value]) -> None:
        """A new run of a form: empty but for what the line set; an older draft of the service gives way."""
        self.session.trail = self.trail
        others = [draft for draft in self.session.drafts if draft.service != self.scope.menu.name]
        draft = Draft(self.scope.menu.name, name, b"", dict(sets), given=list(sets), about=self.session.about)
        self.session.drafts = [*others[-(MOST_DRAFTS - 1) :], draft]
        self.scope.renew()
        self.ask("ask", self.run.next())

    def resume(self) -> None:
        """Back to the screen that she left."""
        draft = self.run.draft
        dest, page = draft.left, draft.page
        draft.left, draft.page = "", 0
        self.session.trail = [self.scope.menu.service.start]
        self.scope.renew()
        self.fire("continue", dest)
        self.session.page = page

    def place(self) -> None:
        """Put the draft on its first unanswered question: a dialog that changes its edition is placed, not led."""
        run = self.run
        run.gather()
        screen = self.standing_for(run.plan.items[run.next()].name)
        if run.draft.left:
            run.draft.left, run.draft.page = screen, 0
        else:
            self.session.trail = [self.scope.menu.service.start]
            self.stand(screen)

    def end_run(self) -> None:
        """The run of the form is over: sent, left, or nothing was ever in it."""
        self.session.drafts = [draft for draft in self.session.drafts if draft.service != self.scope.menu.name]
        self.scope.renew()

    # acts

    def forget(self) -> None:
        """Drop the draft, by the same act as leaving the review."""
        if self.scope.draft is None:
            self.home("start")
        else:
            self.intent = Intent(FORGET, "cancel")

    def outcome(self, name: str, outcome: str, result: Outcome) -> None:
        """Go where the outcome of the action `name` leads."""
        service = self.scope.menu.service
        self.taken.append(f"outcome {service.name}/{name} {outcome}")
        self.accept()
        pending, self.session.pending = self.session.pending, None
        self.session.locale = result.values.pop("language", None) or self.session.locale
        self.session.values.update({name: value for name, value in result.values.items() if name == SMS})
        self.session.outcome = result
        self.scope.renew()
        if name == FORGET and outcome == "ok":
            self.session.outcome = None
            self.home("start")
            return
        actions = service.actions
        action = next(one for one in actions.values() if one.do == "cancel") if name == FORGET else actions[name]
        case = next(case for case in action.outcomes[outcome] if passes(case.tests, self.scope.look))
        done = ACTIONS[action.do]
        draft = self.scope.draft
        # What is done outside a form leaves the draft of one alone.
        if outcome in done.closes and (pending is None or draft is None or pending.key == draft.run):
            self.session.about = draft.about if draft and draft.about else self.scope.about
            self.end_run()
        elif done.acts and outcome == "ok":
            self.session.values = {name: value for name, value in self.session.values.items() if name not in done.needs}
            self.scope.renew()
        self.go(case.dest, case.set)

    # what stands elsewhere

    def fetched(self, rows: list[list[str]] | None) -> None:
        """What a screen shows has come from elsewhere; `None` where it did not come in time."""
        screen = self.scope.screen
        beside = screen.slow if rows is None else screen.none if not rows else None
        if beside:
            if self.scope.menu.screen(beside).kind == "end":
                self.leave_form()
            self.fire("none", beside)
        elif rows is not None:
            self.session.rows = rows
            self.scope.renew()
