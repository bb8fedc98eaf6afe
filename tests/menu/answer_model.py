"""The model of a form under way: a set of answers, and for each change that is begun the answers as they were before.

Everything follows from the set: the screen is that of the first question that applies and has no answer. A change
keeps the whole state that it began from, so going back out of it is that state again. Nothing is changed in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tests.menu.answer_form import Form, Item
from ussd_engine.model import Answers, Value


class Change(NamedTuple):
    """A `change` or an `add` that is not answered yet."""

    item: Item
    before: State
    """What stood when it was begun; its screen is the one that she left."""
    add: bool = False


class State(NamedTuple):
    """Where she stands in a form."""

    answers: Mapping[str, Value]
    own: frozenset[str] = frozenset()
    """The answers that she gave herself since the last change was begun, or since the form was."""
    changes: tuple[Change, ...] = ()
    screen: str = ""


class Model:
    """What the language says of one form: from a state and what is done to the next state."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def known(self, state: State) -> Answers:
        """The answers with those that the form itself sets."""
        return {**self.form.sets, **state.answers}

    def begin(self, given: Mapping[str, Value]) -> State:
        """A run of the form, with what the line that led here gave."""
        return self.go_on(State(dict(given)))

    def asked(self, state: State) -> Item | None:
        """The question that is open: of the change under way, else of the form; `None` where the change is answered."""
        change = state.changes[-1] if state.changes else None
        if change and change.add:
            return change.item
        if change and not self.form.passes(change.item.tests, self.known(state)):
            return None
        return self.form.first(self.known(state), change.item if change else None)

    def go_on(self, state: State) -> State:
        """To the first question that applies and has no answer; a change without one is over."""
        while state.changes and self.asked(state) is None:
            state = self._over(state)
        if not state.changes:
            state = self._pruned(state)
        question = self.asked(state)
        assert question, "the review is never answered"
        return state._replace(screen=self.form.standing_for(question.name, self.known(state)))

    def _pruned(self, state: State) -> State:
        """An answer whose question no longer applies is forgotten at once."""
        while gone := state.answers.keys() - self.form.kept(self.known(state)):
            state = _without(state, gone)
        return state

    # answers

    def tell(self, state: State, told: Mapping[str, Value]) -> State:
        """Answers are given; the screen stays, until she goes on."""
        before = self.known(state)
        state = state._replace(answers={**state.answers, **told}, own=state.own | told.keys())
        return self._ungrounded(state, before, told)

    def _ungrounded(self, state: State, before: Mapping[str, Value], told: Mapping[str, Value]) -> State:
        """What was chosen on the ground of another answer is forgotten when that one changes."""
        changed = {name for name, value in told.items() if before.get(name) not in (None, value)}
        for question in self.form.applicable(self.known(state)):
            if self.form.grounds(question) & changed and not told.keys() >= set(question.saves):
                state = _without(state, question.saves)
                changed.update(question.saves)
        return state

    def add(self, state: State, told: Mapping[str, Value]) -> State:
        """A text was joined to the one that stands: the whole is an answer like any other."""
        return self.tell(state.changes[-1].before, told)

    # changes

    def change(self, state: State, name: str) -> State:
        return self._again(state, self.form.meant(name, self.known(state)))

    def add_to(self, state: State, name: str) -> State:
        item = self.form.meant(name, self.known(state))
        return State(state.answers, frozenset(), (*state.changes, Change(item, state, add=True)), item.name)

    def restart(self, state: State) -> State:
        """The sub-form again; without one the form, empty but for what it was given."""
        item = self.form.around(state.screen)
        if item:
            return self._again(state, item)
        bottom = state.changes[0].before if state.changes else state
        return self.go_on(State({name: value for name, value in bottom.answers.items() if name not in bottom.own}))

    def _again(self, state: State, item: Item) -> State:
        """Lay aside what the item's questions saved and ask its first one; inside a change of itself it begins anew."""
        same = next((change for change in state.changes if change.item.name == item.name and not change.add), None)
        if same:
            return self._again(same.before, same.item)
        aside = self.form.saved_by(item, self.known(state)) - self.form.sets.keys()
        left = {name: value for name, value in state.answers.items() if name not in aside}
        return self.go_on(State(left, frozenset(), (*state.changes, Change(item, state))))

    def _over(self, state: State) -> State:
        """The change is answered: what was laid aside is dropped, but for what another question needs too."""
        *_, (item, before, _) = state.changes
        if not self.form.passes(item.tests, self.known(state)):
            return before
        aside = before.answers.keys() - state.answers.keys()
        outside = self._needed_outside(item, state)
        kept = {name: before.answers[name] for name in aside & outside}
        answers = {**state.answers, **kept}
        own = (before.own | state.own) & answers.keys()
        told = {name: value for name, value in state.answers.items() if name in state.own}
        return self._ungrounded(State(answers, own, before.changes), self.known(before), told)

    def _needed_outside(self, item: Item, state: State) -> set[str]:
        applicable = self.form.applicable(self.known(state))
        return {name for one in applicable if not item.begin <= one.begin < item.end for name in one.saves}

    # back

    def back(self, state: State) -> State | None:
        """Un-answer the question asked last, in the form's order; past the first of a change, what stood before it.

        `None` where she stands at the form's first question.
        """
        last = self.answered_last(state)
        if not last:
            return state.changes[-1].before if state.changes else None
        state = _without(state, last)
        question = self.asked(state)
        assert question, "one has no answer now"
        return state._replace(screen=self.form.standing_for(question.name, self.known(state)))

    def answered_last(self, state: State) -> set[str]:
        """What she answered last, in the form's order and before the question that is open; none where nothing.

        What two questions save was answered by the first of them. Behind a full reply it is that reply.
        """
        change = state.changes[-1] if state.changes else None
        if change and change.add:
            return set()
        open_, names = self.asked(state), set[str]()
        covered = state.answers.keys() - state.own
        for question in self.form.applicable(self.known(state)):
            inside = change is None or change.item.begin <= question.begin < change.item.end
            saves = set(question.saves)
            if not inside or question == open_ or not saves or not saves <= state.answers.keys():
                continue
            if open_ and question.begin > open_.begin:
                break
            names = saves - covered or names
            covered |= saves
            if self.form.service.screens[question.name].full == state.screen:
                break
        return names


def _without(state: State, names: Iterable[str]) -> State:
    gone = set(names)
    left = {name: value for name, value in state.answers.items() if name not in gone}
    return state._replace(answers=left, own=state.own - gone)
