"""What leaves, by what happened and by mode: the table, word by word."""

from __future__ import annotations

from itertools import combinations

import pytest

from ussd_engine.facts import FACTS
from ussd_engine.model import Mode, Told
from ussd_engine.sms.matrix import REPLIES, TABLE, USSD_ALONE, Anyway, Happening, say, say_anyway
from ussd_engine.sms.message import Priority
from ussd_engine.sms.templates import PREFIXED, SMS, truthful

# what happened | confidential | named; p a push, r a reply, ! at once by day and night
OF_CASES = """
sent_by_ussd       | p! received_quiet | p! received
sent_by_sms        | r received_quiet  | -
opened             | p quiet_change    | p opened
compliment_read    | p quiet_change    | p compliment_read
in_progress        | p quiet_change    | p in_progress
transferred        | p quiet_change    | p transferred
due_changed        | p quiet_change    | p due_changed
overdue            | p quiet_change    | p overdue
need_info          | p quiet_change    | p need_info
answered           | p quiet_change    | p answered
appeal_decided     | p quiet_change    | p appeal_decided
leader_answered    | p quiet_change    | p leader_answered
leader_directive   | p quiet_change    | p leader_directive
not_accepted       | p quiet_change    | p not_accepted
closed             | p quiet_change    | p closed
not_rated          | -                 | p rate_ask
rated              | r rate_thanks     | r rate_thanks
rated_no           | r rate_no         | r rate_no
status             | r status_quiet    | r status
read               | r status_locked   | r answer_part
read_too_early     | r status_locked   | r no_answer
added              | r added           | r added
nothing_to_add     | r add_ask         | r add_ask
withdrawn          | r status_locked   | r withdrawn
withdrawn_too_late | r status_locked   | r status
appealed           | r act_quiet       | r appeal_received
appeal_refused     | r status_locked   | r appeal_refused
leak_reported      | r act_quiet       | r leak_received
pin_asked          | p! pin_asked      | p! pin_asked
pin_ready          | p pin_ready       | p pin_ready
to_be_finished     | p! finish_ask     | p! finish_ask
finished_by        | r finish_more     | r finish_more
erased             | p! erased         | p! erased
"""

WITHOUT_A_CASE = """
first_use         | first_use
status_list       | status_list
status_none       | status_none
not_hers          | status_locked
no_reference      | unknown_ref
withdraw_which    | withdraw_which
which_case        | which_ref
which_institution | sms_which
no_institution    | sms_no_inst
no_text           | sms_no_text
too_long          | sms_long
help              | help
unknown           | unknown
stopped           | stopped
started           | started
language          | language
erase             | erase_ask
limit             | limit
fault             | error
shut              | maint
"""


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in row.split("|")] for row in table.strip().splitlines()]


def happened(name: str) -> Told | Happening:
    return Told(name) if name in list(Told) else Happening(name)


def told(what: Told | Happening, mode: Mode) -> str:
    found = say(what, mode)
    if found is None:
        return "-"
    if not found.push:
        assert found.priority is Priority.REPLY
        return f"r {found.template}"
    return f"p{'!' if found.priority is Priority.REPLY else ''} {found.template}"


@pytest.mark.parametrize(("what", "confidential", "named"), rows(OF_CASES))
def test_what_leaves_of_a_case(what: str, confidential: str, named: str) -> None:
    assert told(happened(what), Mode.CONFIDENTIAL) == confidential
    assert told(happened(what), Mode.NAMED) == named
    assert told(happened(what), Mode.ANONYMOUS) == "-"


@pytest.mark.parametrize(("what", "template"), rows(WITHOUT_A_CASE))
def test_what_is_said_to_a_number_without_a_case(what: str, template: str) -> None:
    found = say_anyway(Anyway(what))
    assert (found.template, found.push, found.priority) == (template, False, Priority.REPLY)


def test_the_tables_are_whole() -> None:
    assert [happened(row[0]) for row in rows(OF_CASES)] == list(TABLE)
    assert set(TABLE) == {*Told, *Happening}
    assert [Anyway(row[0]) for row in rows(WITHOUT_A_CASE)] == list(REPLIES) == list(Anyway)


def test_every_template_is_said_of_something_and_nothing_else_is() -> None:
    said = {one.template for pair in TABLE.values() for one in pair if one} | set(REPLIES.values())
    said |= {truthful(name, {lack}) for name in said for lack in FACTS["core_can"]} - {""}
    assert said | {PREFIXED[name] for name in said if name in PREFIXED} == set(SMS)


LACKS = [frozenset(some) for size in range(7) for some in combinations(sorted(FACTS["core_can"]), size)]


@pytest.mark.parametrize("template", SMS)
def test_whatever_is_lacking_nothing_of_it_is_promised(template: str) -> None:
    for lacks in LACKS:
        name = truthful(template, lacks)
        assert not name or not SMS[name].promises & lacks
        assert not name or set(SMS[name].values) <= set(SMS[template].values), "what it shows is known"
        assert name == template or SMS[template].promises & lacks


def test_a_question_that_cannot_be_answered_is_not_asked() -> None:
    assert truthful("rate_ask", {"rate"}) == ""
    assert truthful("answered", {"rate"}) == "answered_read"
    assert truthful("answered", {"read"}) == "answered_told"


@pytest.mark.parametrize("what", [what for what, (one, _) in TABLE.items() if one and one.push])
def test_a_push_of_a_confidential_case_shows_at_most_its_reference(what: Told | Happening) -> None:
    found = say(what, Mode.CONFIDENTIAL)
    assert found is not None
    assert set(SMS[found.template].values) <= {"ref", "hours"}


def test_what_is_done_on_ussd_alone_is_told_so() -> None:
    assert {told(what, Mode.CONFIDENTIAL) for what in USSD_ALONE} == {"r status_locked"}
