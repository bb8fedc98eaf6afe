"""Promises about menus that change while people are on them."""

from __future__ import annotations

from collections.abc import Iterator

from sessions import Draft, Session
from tests.world.editions import by_version
from tests.world.promise import Broken, promise, writes
from tests.world.run import Run
from tests.world.witness import Copy
from ussd_engine.menu.plan import Item
from ussd_engine.scope import effective


@promise
def a_dialog_stays_on_its_menus(run: Run) -> Broken:
    """A dialog goes on on the edition on which it runs while that is at hand; a new one begins on the current one."""
    for copy, base, new in _steps(run):
        tells = new.pending is not None or (base is not None and base.pending is not None)
        begins = copy.seen.kind == "new" or (copy.seen.kind == "redial" and not tells)
        if begins and new.menu not in copy.current:
            yield f"{copy} began a dialog on menus that are not current"
        if not begins and base and new.menu != base.menu and base.menu in copy.at_hand:
            yield f"{copy} left the menus of {base.screen}, which were at hand"


@promise
def an_answer_belongs_to_the_menus_that_asked(run: Run) -> Broken:
    """No answer is applied to the screen of another edition than the one that she read."""
    for copy, base, new in _moves(run):
        if new.step > base.step:
            yield f"{copy} was given to {base.screen} of other menus, and applied at {new.screen}"


@promise
def other_menus_lose_no_answer(run: Run) -> Broken:
    """Where a dialog goes on on other menus, every answer stands whose question is still there."""
    for copy, base, new in _moves(run):
        for draft in base.drafts:
            asked = {name for item in _items(new, draft) for name in item.saves}
            kept = {name: value for one in new.drafts if one.run == draft.run for name, value in one.answers.items()}
            for name, value in effective(draft.answers, draft.edits).items():
                if name in asked and kept.get(name) != value:
                    yield f"{copy} lost the answer {name} when the menus changed"


@promise
def other_menus_ask_nothing_again(run: Run) -> Broken:
    """Where a dialog goes on on other menus, no question is asked that was answered."""
    for copy, base, new in _moves(run):
        for draft in base.drafts:
            given = effective(draft.answers, draft.edits).keys()
            for left in [one.left for one in new.drafts if one.run == draft.run and not new.pending]:
                stands = left or (new.screen if new.service == draft.service else "")
                if any(item.name == stands and item.saves and given >= set(item.saves) for item in _items(new, draft)):
                    yield f"{copy} asks {stands} again"


def _steps(run: Run) -> Iterator[tuple[Copy, Session | None, Session]]:
    """Each write of a turn that was answered: what the turn had read, and what it wrote."""
    for _, one in writes(run):
        if one.copy.answered_s is not None:
            yield one.copy, run.witness.written[one.base].session if one.base else None, one.session


def _moves(run: Run) -> Iterator[tuple[Copy, Session, Session]]:
    """The writes that took a dialog to other menus; a dial after a last screen begins anew."""
    for copy, base, new in _steps(run):
        if base is not None and base.menu != new.menu and copy.seen.kind != "new":
            yield copy, base, new


def _items(session: Session, draft: Draft) -> tuple[Item, ...]:
    """What the form of a draft asks on the session's menus; nothing where there is no such form."""
    menu = by_version()[session.menu].services.get(draft.service)
    plan = menu.plans.get(draft.form) if menu else None
    return plan.items if plan else ()
