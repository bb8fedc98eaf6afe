"""One answer, one step: pure, synchronous, without a clock and without a log.

`step` and `outcome` take a session and give a new one; they never touch the one they were given. What must happen in
the world is handed back as an `Intent`. Ids that must be random are left empty for the gateway to draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from sessions import Draft, Edit, Outcome, Session
from ussd_engine import gsm
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.graph import grounds
from ussd_engine.model import Answers, Profile, Value
from ussd_engine.registry import ACTIONS, OFFERS, RULES, WARNINGS, key_of
from ussd_engine.render import position
from ussd_engine.scope import Facts, Scope, draft_of
from ussd_engine.screens import TYPES
from ussd_engine.screens.base import Chosen, Dest, Row, Screen, Skipped, Target, Typed, Wrong, passes

FORGET = "forget"
"""The act behind the verb `forget`; no action of a menu has this name, for it is a verb."""
MOST_DRAFTS = 2


class Intent(NamedTuple):
    """What the step asks the gateway to do. The session stays where it is until the outcome is known."""

    action: str
    """The action of the menu, or `forget`."""
    do: str
    """The registered action."""


class Step(NamedTuple):
    """What came of an answer."""

    session: Session
    intent: Intent | None = None
    taken: tuple[str, ...] = ()
    """The lines and outcomes of the menu that were taken."""


def step(edition: Edition, session: Session, facts: Facts, text: str, profile: Profile) -> Step:
    """Take one answer on the screen where the session stands."""
    walk = Walk(edition, session, facts, profile)
    walk.answer(gsm.clean(text).strip())
    return walk.done()


def feed(edition: Edition, session: Session, facts: Facts, text: str, profile: Profile) -> Step:
    """Take what a cumulative text holds beyond the last leg.

    On a menu an answer holds no `*`: where one stands, legs were lost, and the answers are taken one by one. In free
    text it stays text.
    """
    found = Step(session)
    while True:
        screen = edition.services[found.session.service].screen(found.session.screen)
        head, star, rest = text.partition("*") if screen.kind != "input" else (text, "", "")
        before = found.taken
        found = step(edition, found.session, facts, head, profile)
        found = found._replace(taken=(*before, *found.taken))
        if not star or found.intent or found.session.wrong:
            return found
        text = rest


def outcome(
    edition: Edition,
    session: Session,
    facts: Facts,
    profile: Profile,
    action: str,
    name: str,
    result: Outcome,
) -> Step:
    """Go where an action's outcome leads, with the values that its screen shows."""
    walk = Walk(edition, session, facts, profile)
    walk.outcome(action, name, result)
    return walk.done()


def enter(
    edition: Edition, session: Session, facts: Facts, profile: Profile, digits: tuple[str, ...] = ()
) -> Step:
    """Begin a dialog at the root service on which the session stands, taking the digits that were dialled with it.

    The digits on the way to a service are its path. What is left must be one alias of that service, else it is ignored.
    """
    walk = Walk(edition, session, facts, profile)
    walk.enter(digits)
    return walk.done()


def move(edition: Edition, session: Session, facts: Facts, profile: Profile) -> Session:
    """Bring a dialog of another edition to this one: to the first unanswered question of the same form."""
    walk = Walk.moved(edition, session, facts, profile)
    return walk.done().session


class Walk:
    """The throw-away model that one turn leads through the shared machine."""

    __slots__ = ("edition", "facts", "intent", "profile", "scope", "session", "state", "taken")

    def __init__(self, edition: Edition, session: Session, facts: Facts, profile: Profile) -> None:
        self.edition = edition
        self.facts = facts
        self.profile = profile
        self.session = own(session)
        self.intent: Intent | None = None
        self.taken: list[str] = []
        self.state: str = session.screen
        self.scope = Scope(edition, self.session, facts)

    def done(self) -> Step:
        self.session.screen = self.state
        return Step(self.session, self.intent, tuple(self.taken))

    def refresh(self) -> None:
        self.session.screen = self.state
        self.scope = Scope(self.edition, self.session, self.facts)

    @property
    def menu(self):  # type: ignore[no-untyped-def]
        return self.scope.menu

    @property
    def draft(self) -> Draft:
        assert self.scope.draft is not None
        return self.scope.draft

    # answers

    def answer(self, text: str) -> None:
        """A key for navigation, or an answer to the screen."""
        screen = self.scope.screen
        if screen.kind == "end":
            return
        if self.navigate(screen, text):
            return
        rows = position(self.edition, self.session, self.facts, self.profile).rows if screen.kind == "list" else 0
        more = self.menu.service.more
        taken = TYPES[screen.kind].take(screen, text, rows, more.number if more else "", self.shows)
        if isinstance(taken, Wrong):
            self.wrong(taken.error)
        elif isinstance(taken, Typed):
            self.typed(screen, taken.text)
        elif isinstance(taken, Row):
            row = self.scope.rows(screen)[taken.index]
            self.save(screen, self.scope.keep(screen, row))
        elif isinstance(taken, Skipped):
            self.took(screen, screen.skip.number if screen.skip else "")
            self.save(screen, dict.fromkeys(screen.answers))
        else:
            self.chosen(screen, taken)

    def took(self, screen: Screen, number: str) -> None:
        self.taken.append(f"line {self.menu.name}/{screen.name} {number}")

    def shows(self, line) -> bool:  # type: ignore[no-untyped-def]
        return passes(line.tests, self.scope.look)

    def navigate(self, screen: Screen, text: str) -> bool:
        """The keys that hold everywhere; false where the text is none of them here."""
        service = self.menu.service
        if text == service.home:
            self.accept()
            self.home()
        elif service.back and text == service.back.number and self.may_go_back(screen):
            self.accept()
            self.back()
        elif service.more and text == service.more.number and TYPES[screen.kind].PAGED:
            if not position(self.edition, self.session, self.facts, self.profile).more:
                return False
            self.accept(page=self.session.page + 1)
        else:
            return False
        return True

    def may_go_back(self, screen: Screen) -> bool:
        service = self.menu.service
        return screen.name not in (service.start, service.first, service.resume, service.last)

    def accept(self, page: int = 0) -> None:
        """An answer or a key was taken: no line stands above, nothing is counted against her."""
        self.session.wrong = 0
        self.session.line = ""
        self.session.page = page

    def wrong(self, error: str) -> None:
        self.session.wrong += 1
        self.session.line = error
        if self.session.wrong >= self.menu.service.tries:
            self.leave_form()
            self.accept()
            self.fire("too_many", self.menu.service.too_many)

    def chosen(self, screen: Screen, taken: Chosen) -> None:
        line = taken.line
        self.took(screen, line.number)
        if line.value is None:
            self.accept()
            self.follow(line.target)
        else:
            (name,) = screen.save
            self.save(screen, {name: line.value})

    def typed(self, screen: Screen, text: str) -> None:
        """A text: checked as a whole where it is added to an older one, kept, warned of once."""
        (name,) = screen.answers or ("",)
        adding = self.adding(screen)
        whole = f"{self.scope.answers.get(name) or ''} {text}".strip() if adding else text
        for rule, bounds in screen.checks.items():
            error = RULES[rule].run(whole, bounds)
            if error:
                self.wrong(error)
                return
        full = screen.full if len(text) >= self.profile.reply_full else None
        line = self.warning(screen, whole)
        if adding:
            self.draft.edits.pop()
        self.save(screen, {name: whole}, full)
        if self.menu.screen(self.state).kind != "end":
            self.session.line = line

    def warning(self, screen: Screen, text: str) -> str:
        national = self.edition.country.national(str(self.session.msisdn or ""))
        return next((f"!{name}" for name in screen.warn if WARNINGS[name].run(text, national)), "")

    def adding(self, screen: Screen) -> bool:
        draft = self.scope.draft
        return bool(self.scope.inside and draft and draft.edits and draft.edits[-1].add and draft.edits[-1].item == screen.name)

    # saving

    def save(self, screen: Screen, answers: Answers, full: str | None = None) -> None:
        """Keep the answers and go on: by the form's rule inside a form, by `then` outside."""
        self.accept()
        if self.scope.inside:
            self.put(answers)
            if full:
                self.show("full", full)
            else:
                self.proceed()
            return
        if "language" in answers:
            self.session.locale = answers.pop("language") or ""
        self.session.values.update(answers)
        self.refresh()
        if screen.name == self.menu.service.first:
            self.open("open")
        else:
            self.follow(screen.then)

    def put(self, answers: Mapping[str, Value]) -> None:
        """Keep answers, and forget what was chosen on the ground of an answer that is now another one."""
        changed = {name for name, value in answers.items() if self.scope.answers.get(name) not in (None, value)}
        self.kept().update(answers)
        self.refresh()
        plan = self.scope.plan
        assert plan is not None
        for index in plan.applicable(self.scope.look) if changed else ():
            item = plan.items[index]
            if not item.asks and changed & grounds(self.menu.screen(item.name)) and not answers.keys() >= set(item.saves):
                changed |= self.forget_answers(item.saves)

    def forget_answers(self, names: tuple[str, ...]) -> set[str]:
        """Forget answers; beneath a change they are laid aside with it, so that going back brings them back."""
        for name in names:
            if self.kept().pop(name, self) is self and name in self.scope.answers:
                self.draft.edits[-1].masked.append(name)
        self.refresh()
        return set(names)

    def kept(self) -> Answers:
        """Where a new answer goes: to the change under way, else to the draft."""
        return self.draft.edits[-1].fresh if self.draft.edits else self.draft.answers

    # targets

    def follow(self, target: Target) -> None:
        """Go where the first case that holds leads."""
        case = next(case for case in target if passes(case.tests, self.scope.look))
        if case.dest.verb == "next" or (case.dest.verb == "to" and case.dest.name in self.menu.service.actions):
            if case.set and self.scope.inside:
                self.put(case.set)
        elif case.set and not (case.dest.verb == "to" and case.dest.name in self.menu.plans):
            self.session.values.update(case.set)
            self.refresh()
        self.go(case.dest, case.set)

    def go(self, dest: Dest, sets: Mapping[str, Value]) -> None:
        service = self.menu.service
        if dest.verb == "to" and dest.name in service.actions:
            self.intent = Intent(dest.name, service.actions[dest.name].do)
        elif dest.verb == "to" and dest.name in self.menu.plans:
            self.enter_form(dest.name, sets)
        elif dest.verb == "to":
            self.screen(dest.name)
        elif dest.verb == "service":
            self.service(dest.name)
        else:
            self.verb(dest)

    def verb(self, dest: Dest) -> None:
        if dest.verb == "change":
            self.change(dest.name)
        elif dest.verb == "add":
            self.add(dest.name)
        elif dest.verb == "restart":
            self.restart()
        elif dest.verb == "accept":
            self.keep_offer()
        elif dest.verb == "next":
            self.proceed()
        elif dest.verb == "continue":
            self.resume()
        elif dest.verb == FORGET:
            self.forget()
        elif dest.verb == "back":
            self.back()
        else:
            if dest.verb == "start":
                self.session.dialog = b""
            self.home(dest.verb)

    def fire(self, verb: str, dest: str) -> None:
        """One transition of the shared machine."""
        self.menu.machine.events[f"{verb} {dest}"].trigger(self)
        self.refresh()

    # outside a form

    def screen(self, name: str) -> None:
        """Another screen outside a form; the way back is kept, without loops. An end closes what was open."""
        if self.menu.screen(name).kind == "end":
            self.leave_form()
        elif not self.scope.inside:
            self.session.trail = [*self.session.trail, self.state]
            if name in self.session.trail:
                self.session.trail = self.session.trail[: self.session.trail.index(name)]
        self.show("to", name)

    def home(self, verb: str = "home") -> None:
        self.leave_form()
        self.session.trail = []
        self.session.values = {}
        self.fire(verb, self.menu.service.start)

    def leave_form(self) -> None:
        """The draft stays where she left it."""
        if self.scope.inside:
            self.draft.left = self.state
            self.draft.page = self.session.page

    def service(self, name: str) -> None:
        self.session.trail = []
        self.session.service = name
        self.state = self.edition.services[name].service.start
        self.refresh()
        self.open("")

    def open(self, verb: str) -> None:
        """A service's own door: the language, an unfinished form, the alias that was dialled, the start."""
        service = self.menu.service
        waiting = self.session.waiting
        if service.first and not self.session.locale:
            dest = service.first
        else:
            self.session.waiting = ""
            if service.resume and self.scope.draft is not None:
                dest = service.resume
            else:
                dest = waiting or service.start
                self.session.trail = [service.start] if waiting and waiting != service.start else []
        if verb:
            self.fire(verb, dest)
        else:
            self.state = dest
            self.refresh()

    def enter(self, digits: tuple[str, ...]) -> None:
        """Follow the dialled digits through the root's lines; the rest must be an alias."""
        self.open("")
        for index, digit in enumerate(digits):
            line = next((line for line in self.scope.screen.lines if line.number == digit and self.shows(line)), None)
            dest = line.target[0].dest if line and line.target else None
            if dest is None or dest.verb not in ("to", "service"):
                return
            if dest.verb == "service":
                rest = "*".join(digits[index + 1 :])
                alias = self.edition.services[dest.name].service.dial.get(rest, "")
                self.session.waiting = alias
                self.service(dest.name)
                return
            if dest.name not in self.menu.service.screens:
                return
            self.screen(dest.name)

    # forms

    def enter_form(self, name: str, sets: Mapping[str, Value]) -> None:
        """A new run of a form: empty but for what the line set; an older draft of the service gives way."""
        if not self.scope.inside:
            self.session.trail = [*self.session.trail, self.state]
        others = [draft for draft in self.session.drafts if draft.service != self.menu.name]
        draft = Draft(self.menu.name, name, b"", dict(sets), given=list(sets))
        self.session.drafts = [*others[-(MOST_DRAFTS - 1) :], draft]
        self.refresh()
        self.proceed()

    def proceed(self) -> None:
        """Show the first question that applies and has no answer, first within the changes under way."""
        while self.draft.edits:
            start, end = self.span(self.draft.edits[-1])
            index = self.first_unanswered(start, end)
            if index is not None:
                self.ask(index, "ask")
                return
            self.merge()
        self.prune()
        index = self.first_unanswered(0, -1)
        assert index is not None, "a form ends with a question that saves nothing"
        self.ask(index, "ask")

    def first_unanswered(self, start: int, end: int) -> int | None:
        assert self.scope.plan is not None
        return self.scope.plan.first_unanswered(self.scope.look, self.scope.answers, start, end)

    def ask(self, index: int, verb: str) -> None:
        assert self.scope.plan is not None
        self.show(verb, self.scope.plan.items[index].name)

    def show(self, verb: str, name: str) -> None:
        """Go to a screen, or to the one that stands for it where its list or its offer finds nothing."""
        screen = self.menu.screen(name)
        while screen.none and self.finds_nothing(screen):
            screen = self.menu.screen(screen.none)
        self.fire(verb, screen.name)

    def finds_nothing(self, screen: Screen) -> bool:
        if screen.offer:
            return self.scope.offered(screen.offer) is None
        return screen.source is not None and not self.scope.rows(screen)

    def keep_offer(self) -> None:
        screen = self.scope.screen
        assert screen.offer is not None
        row = self.scope.offered(screen.offer)
        assert row is not None, OFFERS[screen.offer.function].help
        self.save(screen, {screen.offer.answer: key_of(row)})

    # changes

    def span(self, edit: Edit) -> tuple[int, int]:
        """The part of the form that a change asks again: from its item to behind it."""
        plan = self.scope.plan
        assert plan is not None
        items = plan.items
        index = next(index for index in plan.applicable(self.scope.look) if items[index].name == edit.item)
        return index, items[index].end

    def change(self, name: str) -> None:
        """Ask `name` again; what it had saved is laid aside until it is answered."""
        plan = self.scope.plan
        assert plan is not None
        index = plan.meant_by(name, self.scope.look)
        assert index is not None, f"check proves that {name} is asked"
        self.again(index)

    def restart(self) -> None:
        """Ask the sub-form of this screen again from its first question; without one, the form."""
        plan = self.scope.plan
        assert plan is not None
        index = self.menu.homes[self.state][plan.form]
        within = plan.items[index].within
        if within:
            self.again(within[-1])
        else:
            self.draft.answers = {}
            self.draft.edits = []
            self.refresh()
            self.proceed()

    def again(self, index: int) -> None:
        plan = self.scope.plan
        assert plan is not None
        item = plan.items[index]
        same = next((at for at, edit in enumerate(self.draft.edits) if edit.item == item.name and not edit.add), None)
        if same is None:
            masked = [name for name in plan.saved_by(index, self.scope.look) if name in self.own_answers()]
            self.draft.edits.append(Edit(item.name, self.state, masked))
        else:
            del self.draft.edits[same + 1 :]
            self.draft.edits[same].fresh = {}
        self.refresh()
        first = self.first_unanswered(index, item.end)
        self.ask(index if first is None else first, "change")

    def own_answers(self) -> Answers:
        """Her answers without those that the form itself sets."""
        sets = self.scope.plan.sets if self.scope.plan else {}
        return {name: value for name, value in self.scope.answers.items() if name not in sets}

    def add(self, name: str) -> None:
        plan = self.scope.plan
        assert plan is not None
        index = plan.meant_by(name, self.scope.look)
        assert index is not None
        item = plan.items[index]
        self.draft.edits.append(Edit(item.name, self.state, add=True))
        self.refresh()
        self.ask(index, "add")

    def merge(self) -> None:
        """A change is answered: its answers take the place of those that were laid aside."""
        edit = self.draft.edits.pop()
        below = self.draft.edits[-1] if self.draft.edits else None
        target = below.fresh if below else self.draft.answers
        for name in [*edit.masked, *edit.fresh]:
            if name in edit.fresh or not self.shared(name, edit):
                if below and name not in target and name not in edit.fresh:
                    below.masked.append(name)
                target.pop(name, None)
        target.update(edit.fresh)
        self.draft.given = [name for name in self.draft.given if name not in edit.masked]
        self.refresh()

    def shared(self, name: str, edit: Edit) -> bool:
        """Whether a question outside the change is answered by `name` too."""
        plan = self.scope.plan
        assert plan is not None
        start, end = self.span(edit)
        outside = (index for index in plan.applicable(self.scope.look) if not start <= index < end)
        return any(name in plan.items[index].saves for index in outside)

    def prune(self) -> None:
        """Forget each answer whose question no longer applies."""
        plan = self.scope.plan
        assert plan is not None
        while True:
            kept = plan.kept(self.scope.look)
            gone = [name for name in self.draft.answers if name not in kept]
            if not gone:
                return
            for name in gone:
                del self.draft.answers[name]
            self.refresh()

    # back

    def back(self) -> None:
        """Un-answer the question asked last; past the first of a change its old answers stand again."""
        if not self.scope.inside:
            self.back_outside()
            return
        edit = self.draft.edits[-1] if self.draft.edits else None
        index = None if edit and edit.add else self.asked_last(edit)
        if index is not None:
            for name in self.item_saves(index):
                self.kept().pop(name, None)
            self.refresh()
            self.ask(index, "back")
        elif edit:
            self.draft.edits.pop()
            self.refresh()
            self.fire("back", edit.screen)
        else:
            self.back_out()

    def item_saves(self, index: int) -> tuple[str, ...]:
        assert self.scope.plan is not None
        return self.scope.plan.items[index].saves

    def asked_last(self, edit: Edit | None) -> int | None:
        """The last question, in the form's order, that she answered herself."""
        plan = self.scope.plan
        assert plan is not None
        start, end = self.span(edit) if edit else (0, -1)
        kept = edit.fresh if edit else self.draft.answers
        last = None
        given = set(self.draft.given)
        for index in plan.applicable(self.scope.look, start, end):
            saves = set(plan.items[index].saves)
            if saves and not plan.items[index].asks and saves <= kept.keys() and not saves <= given:
                last = index
                given |= saves
        return last

    def back_out(self) -> None:
        """Back past the first question of a form leaves it; a draft without an answer is none."""
        if self.draft.answers.keys() <= set(self.draft.given):
            self.session.drafts = [draft for draft in self.session.drafts if draft.service != self.menu.name]
        else:
            self.leave_form()
        self.refresh()
        self.back_outside()

    def back_outside(self) -> None:
        dest = self.session.trail[-1] if self.session.trail else self.menu.service.start
        self.session.trail = self.session.trail[:-1]
        self.fire("back" if dest != self.state else "home", dest)

    # drafts and acts

    def resume(self) -> None:
        """Back to the screen that she left."""
        draft = self.draft
        dest, page = draft.left, draft.page
        draft.left, draft.page = "", 0
        self.session.trail = [self.menu.service.start]
        self.refresh()
        self.fire("continue", dest)
        self.session.page = page

    def forget(self) -> None:
        """Drop the draft, by the same act as leaving the review."""
        if self.scope.draft is None:
            self.session.dialog = b""
            self.home("start")
        else:
            self.intent = Intent(FORGET, "cancel")

    def outcome(self, action: str, name: str, result: Outcome) -> None:
        service = self.menu.service
        self.taken.append(f"outcome {service.name}/{action} {name}")
        self.accept()
        do = "cancel" if action == FORGET else service.actions[action].do
        self.session.outcome = result
        self.session.pending = None
        if "language" in result.values:
            self.session.locale = result.values.pop("language") or self.session.locale
        self.refresh()
        if action == FORGET and name == "ok":
            self.end_run()
            self.session.dialog = b""
            self.session.outcome = None
            self.home("start")
            return
        named = next(each for each in service.actions.values() if each.do == do) if action == FORGET else service.actions[action]
        case = next(case for case in named.outcomes[name] if passes(case.tests, self.scope.look))
        if name in ACTIONS[do].closes:
            self.end_run()
        self.go(case.dest, case.set)

    def end_run(self) -> None:
        self.session.drafts = [draft for draft in self.session.drafts if draft.service != self.menu.name]
        self.refresh()

    # another edition

    @classmethod
    def moved(cls, edition: Edition, session: Session, facts: Facts, profile: Profile) -> Walk:
        """A walk on `edition` with a session of another one, at the first unanswered question of its form."""
        session = own(session)
        session.menu = edition.version
        session.page, session.line, session.trail, session.snapshot = 0, "", [], []
        if session.service not in edition.services:
            session.service = next(iter(edition.codes.values()))
        session.drafts = [draft for draft in session.drafts if _known(edition, draft)]
        menu = edition.services[session.service]
        draft = draft_of(session)
        placed = session.screen if session.screen in menu.service.screens else menu.service.start
        session.screen = placed
        walk = cls(edition, session, facts, profile)
        if draft is not None:
            walk.gather(walk.draft)
        if walk.scope.inside or (draft is not None and placed == menu.service.resume):
            walk.place()
        return walk

    def gather(self, draft: Draft) -> None:
        """Merge the changes under way: what they asked and has no answer yet is asked by the form's rule."""
        while draft.edits:
            self.merge()

    def place(self) -> None:
        """Put the draft on its first unanswered question: a dialog that changes its edition is placed, not led."""
        self.prune()
        index = self.first_unanswered(0, -1)
        assert index is not None and self.scope.plan is not None
        screen = self.menu.screen(self.scope.plan.items[index].name)
        while screen.none and self.finds_nothing(screen):
            screen = self.menu.screen(screen.none)
        if self.draft.left:
            self.draft.left, self.draft.page = screen.name, 0
        else:
            self.state = screen.name
            self.session.trail = [self.menu.service.start]
        self.refresh()


def _known(edition: Edition, draft: Draft) -> bool:
    return draft.service in edition.services and draft.form in edition.services[draft.service].plans


def own(session: Session) -> Session:
    """A copy that a step may change; what lies deeper than a draft's answers is never changed in place."""
    drafts = [
        msgspec.structs.replace(
            draft,
            answers=dict(draft.answers),
            edits=[msgspec.structs.replace(edit, masked=list(edit.masked), fresh=dict(edit.fresh)) for edit in draft.edits],
        )
        for draft in session.drafts
    ]
    return msgspec.structs.replace(session, drafts=drafts, values=dict(session.values))
