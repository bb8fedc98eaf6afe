"""Engines with one fault each in how a form goes on, goes back and is changed: the model must find out each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sessions import Edit
from ussd_engine.menu.plan import Plan
from ussd_engine.model import Value
from ussd_engine.run import Run
from ussd_engine.scope import Scope
from ussd_engine.walk import Walk


class Fault(NamedTuple):
    """A method that does something else."""

    owner: type
    method: str
    instead: Any


_back, _merge, _again, _asked_last, _keep = Run.back, Run.merge, Run.again, Run.asked_last, Run._keep
_first, _saved_by, _leave_form = Plan.first_unanswered, Plan.saved_by, Walk.leave_form
_survey = Plan.survey
_enter_form, _accept, _home = Walk.enter_form, Walk.accept, Walk.home


def back_keeps_the_answer(run: Run) -> int | str | None:
    kept, edits = dict(run.latest), len(run.draft.edits)
    found = _back(run)
    if len(run.draft.edits) == edits:
        run.latest.update(kept)
        run.scope.renew()
    return found


def back_out_of_a_change_keeps_what_was_typed(run: Run) -> int | str | None:
    edits = list(run.draft.edits)
    found = _back(run)
    if len(run.draft.edits) < len(edits):
        for name in edits[-1].masked:
            run.latest.pop(name, None)
        run.scope.renew()
    return found


def back_un_answers_two(run: Run) -> int | str | None:
    found = _back(run)
    return _back(run) if isinstance(found, int) and run.asked_last(None) and not run.draft.edits else found


def back_goes_past_what_was_given(run: Run, edit: Edit | None) -> Any:
    given, run.draft.given = run.draft.given, []
    found = _asked_last(run, edit)
    run.draft.given = given
    return found


def back_takes_the_first_answer(run: Run, edit: Edit | None) -> Any:
    found = _asked_last(run, edit)
    first = run.first_unanswered(0, -1)
    for index in run.plan.applicable(run.scope.look, 0, first if found and first is not None and not edit else 0):
        item = run.plan.items[index]
        if item.saves and not item.asks and set(item.saves) <= run.draft.answers.keys() - set(run.draft.given):
            return index, set(item.saves)
    return found


def back_takes_what_another_question_answered(run: Run, edit: Edit | None) -> Any:
    found = _asked_last(run, edit)
    return found and (found[0], set(run.plan.items[found[0]].saves))


def back_behind_a_full_reply_takes_a_later_answer(run: Run, edit: Edit | None) -> Any:
    session = run.scope.session
    screen, session.screen = session.screen, ""
    found = _asked_last(run, edit)
    session.screen = screen
    return found


def what_was_given_stays_given(run: Run, answers: Mapping[str, Value], changed: set[str]) -> None:
    given = run.draft.given
    _keep(run, answers, changed)
    run.draft.given = given


def a_change_loses_its_answers(run: Run) -> None:
    run.draft.edits[-1].fresh.clear()
    _merge(run)


def a_change_is_dropped_with_what_lies_under_it(run: Run) -> None:
    _merge(run)
    run.draft.edits.clear()
    run.scope.renew()


def a_change_forgets_what_others_need(run: Run, name: str, start: int, end: int) -> bool:
    return False


def a_change_leaves_what_stood_on_its_ground(run: Run, answers: Mapping[str, Value], changed: set[str]) -> None:
    _keep(run, answers, set())


def a_change_inside_itself_is_another_one(run: Run, index: int, screen: str) -> int:
    name = run.plan.items[index].name
    below = [edit for edit in run.draft.edits if edit.item == name]
    for edit in below:
        edit.item = f"{name} "
    found = _again(run, index, screen)
    for edit in below:
        edit.item = name
    return found


def a_change_asks_the_form_again(plan: Plan, index: int, look: Any) -> list[str]:
    return [name for item in plan.items for name in item.saves]


def a_change_of_a_sub_form_asks_its_first_question(plan: Plan, index: int, look: Any) -> list[str]:
    return _saved_by(plan, index, look)[:2]


def answers_stay_whose_question_is_gone(run: Run) -> int | None:
    return run.first_unanswered(0, -1)


def conditions_count_for_nothing(plan: Plan, look: Any, answers: Any, start: int = 0, end: int = -1) -> int | None:
    whole = plan._replace(items=tuple(item._replace(tests=()) for item in plan.items))
    return _first(whole, look, answers, start, end)


def the_last_of_two_answers_is_enough(
    plan: Plan, look: Any, answers: Any, start: int = 0, end: int = -1
) -> tuple[set[str], int | None]:
    half = plan._replace(items=tuple(item._replace(saves=item.saves[-1:]) for item in plan.items))
    return _survey(plan, look, answers, start, end)[0], _survey(half, look, answers, start, end)[1]


def a_skipped_question_is_asked_again(plan: Plan, look: Any, answers: Any, start: int = 0, end: int = -1) -> int | None:
    return _first(plan, look, {name: value for name, value in answers.items() if value is not None}, start, end)


def an_addition_takes_the_place_of_the_text(scope: Scope) -> bool:
    return False


def a_restart_asks_the_whole_form(run: Run, anchor: int, screen: str) -> int:
    run.draft.edits.clear()
    run.draft.answers.clear()
    run.scope.renew()
    return run.next()


def the_start_forgets_the_change(walk: Walk) -> None:
    if walk.scope.draft is not None:
        walk.scope.draft.edits.clear()
    _leave_form(walk)


def the_start_forgets_the_draft(walk: Walk, verb: str = "home") -> None:
    _home(walk, verb)
    walk.end_run()


def a_form_begins_with_older_answers(walk: Walk, name: str, sets: Mapping[str, Value]) -> None:
    older = walk.scope.draft.answers if walk.scope.draft else {}
    _enter_form(walk, name, {**older, **sets})


def wrong_answers_are_counted_together(walk: Walk, page: int = 0) -> None:
    wrong = walk.session.wrong
    _accept(walk, page)
    walk.session.wrong = wrong


def a_list_that_finds_nothing_is_shown(walk: Walk, name: str) -> str:
    return name


FAULTS = (
    Fault(Run, "back", back_keeps_the_answer),
    Fault(Run, "back", back_out_of_a_change_keeps_what_was_typed),
    Fault(Run, "back", back_un_answers_two),
    Fault(Run, "asked_last", back_goes_past_what_was_given),
    Fault(Run, "asked_last", back_takes_the_first_answer),
    Fault(Run, "asked_last", back_takes_what_another_question_answered),
    Fault(Run, "_keep", what_was_given_stays_given),
    Fault(Run, "merge", a_change_loses_its_answers),
    Fault(Run, "merge", a_change_is_dropped_with_what_lies_under_it),
    Fault(Run, "_keep", a_change_leaves_what_stood_on_its_ground),
    Fault(Plan, "saved_by", a_change_asks_the_form_again),
    Fault(Plan, "saved_by", a_change_of_a_sub_form_asks_its_first_question),
    Fault(Run, "pruned", answers_stay_whose_question_is_gone),
    Fault(Plan, "first_unanswered", conditions_count_for_nothing),
    Fault(Plan, "survey", the_last_of_two_answers_is_enough),
    Fault(Plan, "first_unanswered", a_skipped_question_is_asked_again),
    Fault(Scope, "adding", an_addition_takes_the_place_of_the_text),
    Fault(Run, "restart", a_restart_asks_the_whole_form),
    Fault(Walk, "leave_form", the_start_forgets_the_change),
    Fault(Walk, "home", the_start_forgets_the_draft),
    Fault(Walk, "enter_form", a_form_begins_with_older_answers),
    Fault(Walk, "accept", wrong_answers_are_counted_together),
    Fault(Walk, "standing_for", a_list_that_finds_nothing_is_shown),
)
"""Found out by chance, within some hundred stories."""

RARE = {
    "full": Fault(Run, "asked_last", back_behind_a_full_reply_takes_a_later_answer),
    "shared": Fault(Run, "shared", a_change_forgets_what_others_need),
    "anew": Fault(Run, "again", a_change_inside_itself_is_another_one),
}
"""Found out by a story of their own."""
