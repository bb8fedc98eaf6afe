"""One run of a form: its answers, the changes under way, and which question is next.

Everything follows from the answers: what is asked is the first question that applies and has none. A change or an
addition is an overlay on the answers (`Edit`), merged when it is answered and dropped by going back past its start.
"""

from __future__ import annotations

from collections.abc import Mapping

from sessions import Draft, Edit
from ussd_engine.menu.course import grounds
from ussd_engine.menu.plan import Plan
from ussd_engine.model import Answers, Value
from ussd_engine.scope import Scope


class Run:
    """The draft of a scope, on its form's plan. Changes the draft in place and keeps the scope in step with it."""

    __slots__ = ("draft", "plan", "scope")

    def __init__(self, scope: Scope) -> None:
        assert scope.draft is not None
        assert scope.plan is not None
        self.scope = scope
        self.draft: Draft = scope.draft
        self.plan: Plan = scope.plan

    # answers

    @property
    def latest(self) -> Answers:
        """Where a new answer goes: to the change under way, else to the draft."""
        return self.draft.edits[-1].fresh if self.draft.edits else self.draft.answers

    def put(self, answers: Mapping[str, Value]) -> None:
        """Keep her answers, and forget what was chosen on the ground of an answer that is now another one."""
        self._keep(answers, self._others(answers))

    def _others(self, answers: Mapping[str, Value]) -> set[str]:
        """Of these answers those that stand with another value."""
        return {name for name, value in answers.items() if self.scope.answers.get(name) not in (None, value)}

    def _keep(self, answers: Mapping[str, Value], changed: set[str]) -> None:
        self.latest.update(answers)
        if not self.draft.edits:
            self.draft.given = [name for name in self.draft.given if name not in answers]
        self.scope.renew()
        # What is forgotten on the way may change what applies further on.
        for index in self.plan.applicable(lambda name: self.scope.look(name)) if changed else ():
            item = self.plan.items[index]
            if item.asks or answers.keys() >= set(item.saves):
                continue
            if changed & grounds(self.scope.menu.screen(item.name)):
                self.forget(item.saves)
                changed.update(item.saves)

    def forget(self, names: tuple[str, ...]) -> None:
        """Forget answers. Beneath a change they are laid aside with it, so that going back brings them back."""
        for name in names:
            given = name in self.latest
            self.latest.pop(name, None)
            if not given and self.draft.edits and name in self.scope.answers:
                self.draft.edits[-1].masked.append(name)
        self.scope.renew()

    # the next question

    def next(self) -> int:
        """The question to ask: first within the changes under way, else in the whole form."""
        while self.draft.edits:
            span = self.span(self.draft.edits[-1])
            index = self.first_unanswered(*span) if span else None
            if index is not None:
                return index
            self.merge()
        last = self.pruned()
        assert last is not None, "a form ends with a question that saves nothing"
        return last

    def pruned(self) -> int | None:
        """Forget each answer whose question no longer applies, and what fell with it; then the first unanswered one."""
        while True:
            kept, first = self.plan.survey(self.scope.look, self.scope.answers)
            gone = self.draft.answers.keys() - kept
            if not gone:
                return first
            for name in gone:
                del self.draft.answers[name]
            self.scope.renew()

    def first_unanswered(self, start: int, end: int) -> int | None:
        return self.plan.first_unanswered(self.scope.look, self.scope.answers, start, end)

    # changes

    def span(self, edit: Edit) -> tuple[int, int] | None:
        """The part of the form that a change asks again; `None` where its item no longer applies."""
        items = self.plan.items
        for index in self.plan.applicable(self.scope.look):
            if items[index].name == edit.item:
                return index, items[index].end
        return None

    def change(self, name: str, screen: str) -> int:
        """Ask `name` again; what it had saved is laid aside until it is answered."""
        index = self.plan.meant_by(name, self.scope.look)
        assert index is not None, f"check proves that {name} is asked"
        return self.again(index, screen)

    def restart(self, anchor: int, screen: str) -> int:
        """Ask the sub-form of a question again from its first one; without a sub-form, the form."""
        within = self.plan.items[anchor].within
        if within:
            return self.again(within[-1], screen)
        for name in self.draft.answers.keys() - set(self.draft.given):
            del self.draft.answers[name]
        self.draft.edits.clear()
        self.scope.renew()
        return self.next()

    def again(self, index: int, screen: str) -> int:
        """Lay aside what an item saved and ask its first question. A change of the same item begins anew."""
        item = self.plan.items[index]
        same = next((at for at, edit in enumerate(self.draft.edits) if edit.item == item.name and not edit.add), None)
        if same is None:
            masked = [name for name in self.plan.saved_by(index, self.scope.look) if name in self.own()]
            self.draft.edits.append(Edit(item.name, screen, masked))
        else:
            del self.draft.edits[same + 1 :]
            self.draft.edits[same].fresh.clear()
        self.scope.renew()
        first = self.first_unanswered(index, item.end)
        if first is not None:
            return first
        self.draft.edits.pop()
        self.scope.renew()
        return self.next()

    def own(self) -> Answers:
        """Her answers, without those that the form itself sets."""
        return {name: value for name, value in self.scope.answers.items() if name not in self.plan.sets}

    def add(self, name: str, screen: str) -> int:
        """Ask for more of a text; what is typed is joined to it."""
        index = self.plan.meant_by(name, self.scope.look)
        assert index is not None, f"check proves that {name} is asked"
        self.draft.edits.append(Edit(self.plan.items[index].name, screen, add=True))
        return index

    def added(self) -> None:
        """The addition was accepted; the whole text is an answer like any other."""
        self.draft.edits.pop()
        self.scope.renew()

    def merge(self) -> None:
        """A change is answered: its answers take the place of those that were laid aside.

        What a question outside the change is answered by too stays, so that nothing is asked twice. A change whose item
        no longer applies leaves nothing.
        """
        edit = self.draft.edits[-1]
        span = self.span(edit)
        if span is None:
            self.draft.edits.pop()
            self.scope.renew()
            return
        gone = [name for name in edit.masked if name in edit.fresh or not self.shared(name, *span)]
        self.draft.edits.pop()
        self.scope.renew()
        changed = self._others(edit.fresh)
        below = self.draft.edits[-1] if self.draft.edits else None
        for name in gone:
            if below and name not in below.fresh and name not in edit.fresh:
                below.masked.append(name)
            self.latest.pop(name, None)
        self._keep(edit.fresh, changed)

    def shared(self, name: str, start: int, end: int) -> bool:
        """Whether a question outside this part of the form is answered by `name` too."""
        outside = (index for index in self.plan.applicable(self.scope.look) if not start <= index < end)
        return any(name in self.plan.items[index].saves for index in outside)

    def gather(self) -> None:
        """Merge every change under way, answered or not: what has no answer is asked by the form's rule."""
        while self.draft.edits:
            self.merge()

    # back

    def back(self) -> int | str | None:
        """Un-answer the question asked last and give it; past the first of a change the screen that she left.

        `None` where she stands at the form's first question.
        """
        edit = self.draft.edits[-1] if self.draft.edits else None
        last = None if edit and edit.add else self.asked_last(edit)
        if last is not None:
            index, names = last
            for name in names:
                self.latest.pop(name, None)
            self.scope.renew()
            return index
        if edit is None:
            return None
        self.draft.edits.pop()
        self.scope.renew()
        return edit.screen

    def asked_last(self, edit: Edit | None) -> tuple[int, set[str]] | None:
        """The last question before hers, in the form's order, that she answered herself, with what she answered by it.

        Of two that save the same, who is asked first has answered for both. The screen after a full reply is beside
        the question that it was the reply to.
        """
        start, end = (edit and self.span(edit)) or (0, -1)
        here = self.first_unanswered(start, end)
        end = end if here is None else here
        kept, given = self.latest.keys(), set() if edit else set(self.draft.given)
        last: tuple[int, set[str]] | None = None
        for index in self.plan.applicable(self.scope.look, start, end):
            item = self.plan.items[index]
            saves = set(item.saves)
            if saves and not item.asks and saves <= kept and not saves <= given:
                last = index, saves - given
                given |= saves
                if self.scope.menu.screen(item.name).full == self.scope.session.screen:
                    break
        return last

    @property
    def empty(self) -> bool:
        """Whether she has answered nothing herself."""
        return self.draft.answers.keys() <= set(self.draft.given)
