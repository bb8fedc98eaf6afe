"""What must hold of a caller's dialog besides: there and back, what a change alters, the whole and its steps."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sessions import Session
from tests.menu.answer_caller import PROFILE, Caller, Leg
from tests.menu.answer_model import State
from ussd_engine import machine
from ussd_engine.model import Answers, Value


def there_and_back(caller: Caller) -> None:
    """Back and the same answer again is nothing; back out of a change that was just begun is nothing but the change."""
    state, back = caller.inside, caller.service.back
    if state is None or back is None:
        return
    there = caller.fork()
    last = caller.legs[-1] if caller.legs else None
    if last and last.stood and len(state.changes) > len(last.stood.changes):
        there.type(back.number)
        assert _bare(there.session) == _bare(last.before), there.fault("the change has left something behind")
    elif names := caller.model.answered_last(state):
        there.type(back.number)
        again = _text_for(there, names, state.answers)
        if again:
            there.type(again)
            assert _bare(there.session) == _bare(caller.session), there.fault("back and the same again is not the same")


def _text_for(caller: Caller, names: set[str], answers: Mapping[str, Value]) -> str | None:
    """What to type on this screen to give these answers of `answers`; `None` where no one text does just that."""
    screen, words = caller.screen, [answers[name] or "" for name in names]
    if screen.full and len(words[0]) >= PROFILE.reply_full:
        return None
    texts = [*(words if screen.kind == "input" else ()), *caller.replies(), *caller.ways()]
    told = {text: caller.told(screen, text) or {} for text in texts}
    return next((text for text in texts if names <= told[text].keys() and told[text].items() <= answers.items()), None)


def _bare(session: Session) -> Session:
    """A session without what only tells how its screen is shown."""
    return msgspec.structs.replace(session, page=0, line="", wrong=0)


class Alteration:
    """What the changes under way may alter, from the first one that was begun until none is."""

    def __init__(self) -> None:
        self.before: Answers = {}
        self.touched: set[str] = set()

    def watch(self, caller: Caller, before: State | None) -> None:
        """After each answer: a change alters what it names, and what depends on that, and nothing else."""
        after = caller.inside
        if before is None or after is None:
            return
        if len(after.changes) > len(before.changes):
            if not before.changes:
                self.before, self.touched = dict(before.answers), set()
            item = after.changes[-1].item
            inner = caller.form.questions[item.begin : item.end]
            names = {name for question in inner for name in question.saves} | set(item.saves)
            self.touched |= caller.form.touched(names)
        elif before.changes and not after.changes:
            now = caller.answers or {}
            altered = {name for name in {*now, *self.before} if now.get(name, "") != self.before.get(name, "")}
            assert altered <= self.touched, caller.fault(f"the change has altered {sorted(altered - self.touched)} too")


def whole_equals_steps(caller: Caller) -> None:
    """Legs that were lost: what was typed on menus, and at last anywhere, comes as one text, to the same session."""
    for start, first in enumerate(caller.legs):
        text = ""
        for leg in caller.legs[start:]:
            text = f"{text}*{leg.text}" if leg is not first else leg.text
            whole = machine.feed(caller.edition, first.before, caller.facts, text, PROFILE)
            assert whole.session == leg.after, caller.fault(
                f"{text!r} on {first.before.screen} leads elsewhere at once"
            )
            if leg.after.wrong or not _numbered(caller, leg):
                break


def _numbered(caller: Caller, leg: Leg) -> bool:
    """Whether the text was typed where no text is taken as it stands."""
    return caller.edition.services[leg.before.service].screen(leg.before.screen).kind != "input"
