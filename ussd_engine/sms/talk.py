"""What is done about an SMS: from what it says and what is open with this phone to `Act`, `AskBack` or `Help`. Pure.

    decide(heard, state) -> Act | AskBack | Help

`State` is what is known of the phone: its conversations, the newest first, and its cases, the newest first. Whoever
performs the decision does this:

- `Act`: does what `name` says. With a `reference` (or a `core_reference`, which must be of this phone) on that case;
  with an `open` conversation in answer to it, which ends unless it is a text that goes on; `choice` counts from 1 into
  what was offered. What cannot be done is told by the table of texts (`matrix`).
- `AskBack`: says `template`. `references` or `institutions` are its rows. With `holds` what came is kept under a new
  `WHICH`, as its text (`heard.whole`), which is heard again and done once she has chosen; `plain` text is added to the
  case. With `wants` there is nothing to choose from: her next text is what is missing. Without `holds` `open` is only
  asked again, as if it had not been asked before, and nothing is kept. What `ends` is over then.
- `Help`: says `unknown`.

Nothing is guessed: an answer belongs to what is open only where that is one thing and wants such an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

from ussd_engine.menu.keywords import Entry
from ussd_engine.model import Quiet
from ussd_engine.sms.keywords import CHOICE, PLAIN, Heard
from ussd_engine.words import split

MOST: Final = 3
"""Numbers that are offered."""


class Kind(StrEnum):
    """What can be open with a phone."""

    RATE = "rate"
    """An answer that she may rate: of a `named` case once its SMS went out, else once she read it."""
    ASKED = "asked"
    """An officer's question, likewise."""
    WHICH = "which"
    """We asked which case or which institution, or what is missing; what she wants is kept."""
    TEXT = "text"
    """A text that she finishes by SMS."""


class Wants(StrEnum):
    """What is missing of a new message."""

    INSTITUTION = "sms_no_inst"
    MESSAGE = "sms_no_text"


class Open(Quiet, frozen=True, kw_only=True):
    """One conversation."""

    id: bytes
    kind: Kind
    reference: str = ""
    """Of the case, in `RATE` and `ASKED`."""
    offered: tuple[str, ...] = ()
    """In `WHICH`: what 1, 2 and 3 stand for: references, or codes of institutions."""
    institutions: bool = False
    """In `WHICH`: institutions were offered."""
    wants: Wants | None = None
    """In `WHICH`: nothing was offered, and words are wanted."""
    stale: bool = False
    """It was asked so long ago that words which come now may be about something else."""


class State(Quiet, frozen=True, kw_only=True):
    """What is known of a phone. Everything stands newest first."""

    open: tuple[Open, ...] = ()
    """Of `WHICH` the newest alone counts; of `TEXT` there is one at most."""
    cases: tuple[str, ...] = ()
    """References of its cases that still take something, without anonymous ones."""
    answered: tuple[str, ...] = ()
    """Those of them with something to read."""


class Act(Quiet, frozen=True, kw_only=True):
    """Something is done."""

    name: str
    """`form`, `status`, `status_list`, `read`, `add`, `rate`, `appeal`, `leak`, `withdraw`, `help`, `stop`, `start`,
    `language`, `erase`; `choose` (of a `WHICH`), `fill` (a `WHICH` gets what it wants), `continue` (a text gets one
    more part), `send` (a text is sent)."""
    heard: Heard
    reference: str = ""
    open: Open | None = None
    choice: int = 0


class AskBack(Quiet, frozen=True, kw_only=True):
    """It is not clear: a question goes back."""

    template: str
    heard: Heard
    references: tuple[str, ...] = ()
    """The rows of `which_ref`; of `rate_ask` the one case."""
    institutions: tuple[str, ...] = ()
    """The rows of `sms_which`, as codes."""
    open: Open | None = None
    """The conversation that is asked about again."""
    holds: bool = False
    """What came is kept until she has chosen."""
    wants: Wants | None = None
    """What is missing of what is kept."""
    ends: Open | None = None
    """The conversation of which this takes the place."""


class Help(Quiet, frozen=True, kw_only=True):
    """It was not understood."""

    heard: Heard


Decision = Act | AskBack | Help


def decide(heard: Heard, state: State) -> Decision:
    """What is done about an SMS."""
    if heard.guessed and _answers(heard, state):
        return _plain(heard, state)
    if heard.wrong:
        return AskBack(template="unknown_ref", heard=heard)
    if heard.alone and _choice(heard, state):
        return _chosen(heard, state)
    if heard.action == "form":
        return _form(heard)
    if heard.numbered and heard.sure:
        return Act(name=heard.action, heard=heard, reference=heard.reference)
    if not heard.sure and heard.action not in _ASKED_BACK:
        known = heard.numbered  # a word that nobody knows, with a number, asks where it stands
        return Act(name="status", heard=heard, reference=heard.reference) if known else _plain(heard, state)
    if heard.action in _WHATEVER_IS_OPEN:
        return Act(name=heard.action, heard=heard)
    return _BY_ACTION[heard.action](heard, state)


_WHATEVER_IS_OPEN: Final = frozenset({"help", "stop", "start", "language", "erase"})
"""Done whatever is open, without a case."""
_ASKED_BACK: Final = frozenset({"rate", "send", "withdraw"})
"""What has a question of its own where it is not sure; of the rest a word that is not sure is a word."""


def _answers(heard: Heard, state: State) -> bool:
    """Whether a text with a number in it answers what is open, and is not a question about that number."""
    one = _one(state)
    wanted = one is not None and one.kind in (Kind.ASKED, Kind.TEXT)
    return (wanted or _fills(heard, state) is not None) and not (heard.alone and heard.reference in state.cases)


# a new message


def _form(heard: Heard) -> Decision:
    """What is missing is asked back: first the institution, then the message."""
    if not heard.institutions:
        return missing(heard, Wants.INSTITUTION)
    if not heard.text:
        return missing(heard, Wants.MESSAGE)
    if not heard.named or not heard.sure:
        return AskBack(template="sms_which", heard=heard, institutions=heard.institutions, holds=True)
    return Act(name="form", heard=heard)


def repeats(heard: Heard, entry: Entry | None, text: str) -> bool:
    """Whether a new message says again what an earlier one of a form said: it has most of its words."""
    words = set(split(text))
    return heard.entry == entry and 2 * len(words.intersection(split(heard.whole))) > len(words)


def missing(heard: Heard, wants: Wants) -> AskBack:
    """Something of a new message is missing: what there is of it is kept."""
    return AskBack(template=wants, heard=heard, holds=True, wants=wants)


def _fills(heard: Heard, state: State) -> Open | None:
    """The "which one?" that a text answers: the newest, where it wants words, was asked a while ago at most, and
    nothing else that is open may; or a text that is nothing but the name of the institution that it wants."""
    which = _newest(state, Kind.WHICH)
    if which is None or which.wants is None or heard.polite:
        return None
    named = which.wants is Wants.INSTITUTION and heard.action == PLAIN and bool(heard.institutions)
    alone = all(one.kind is Kind.WHICH for one in state.open)
    return which if named or (alone and not which.stale) else None


# the rows of the table: what a message means by what is open


def _status(heard: Heard, state: State) -> Decision:
    return Act(name="status_list", heard=heard)


def _read(heard: Heard, state: State) -> Decision:
    """Alone: the one case with something to read."""
    wanted = state.answered or state.cases
    if len(wanted) == 1:
        return Act(name="read", heard=heard, reference=wanted[0])
    return _which_case(heard, wanted)


def _rate(heard: Heard, state: State) -> Decision:
    one = _one(state)
    if heard.numbered:
        rated = (*state.answered, *(one.reference for one in state.open if one.kind is Kind.RATE))
        if heard.reference in rated:
            return AskBack(template="rate_ask", heard=heard, references=(heard.reference,))
        return Act(name="status", heard=heard, reference=heard.reference)
    if not state.open:
        return Help(heard=heard)
    if heard.sure and one and one.kind is Kind.RATE:
        return Act(name="rate", heard=heard, reference=one.reference, open=one)
    return _again(heard, state, Kind.RATE)


def _add(heard: Heard, state: State) -> Decision:
    one = _one(state)
    if heard.text and one and one.kind is Kind.ASKED:
        return Act(name="add", heard=heard, reference=one.reference, open=one)
    return _which_case(heard, state.cases)


def _on_a_case(heard: Heard, state: State) -> Decision:
    """An appeal, or the report of a leak: never without its number."""
    return _which_case(heard, state.cases)


def _withdraw(heard: Heard, state: State) -> Decision:
    return AskBack(template="withdraw_which" if state.cases or heard.numbered else "status_none", heard=heard)


def _chosen(heard: Heard, state: State) -> Decision:
    """1, 2, 3, or a number that was offered."""
    if not state.open:
        return Help(heard=heard)
    which, choice = _newest(state, Kind.WHICH), _choice(heard, state)
    if which and choice:
        return Act(name="choose", heard=heard, open=which, choice=choice)
    return _again(heard, state, Kind.ASKED)


def _send(heard: Heard, state: State) -> Decision:
    text, one = _newest(state, Kind.TEXT), _one(state)
    if text and heard.sure:
        return Act(name="send", heard=heard, open=text)
    if text or (one and one.kind is Kind.WHICH):
        return _again(heard, state, Kind.TEXT)
    return Help(heard=heard)


def _plain(heard: Heard, state: State) -> Decision:
    one, lacking = _one(state), _fills(heard, state)
    if not state.open:
        return Help(heard=heard)
    if heard.stopping:
        return AskBack(template="withdraw_which", heard=heard)
    if lacking:
        return Act(name="fill", heard=heard, open=lacking)
    if one and one.kind is Kind.ASKED:
        return Act(name="add", heard=heard, reference=one.reference, open=one)
    if one and one.kind is Kind.TEXT and not heard.polite:
        return Act(name="continue", heard=heard, open=one)
    return _again(heard, state, Kind.ASKED)


_BY_ACTION: Final[dict[str, Callable[[Heard, State], Decision]]] = {
    "status": _status,
    "read": _read,
    "rate": _rate,
    "add": _add,
    "appeal": _on_a_case,
    "leak": _on_a_case,
    CHOICE: _chosen,
    "send": _send,
    PLAIN: _plain,
    "withdraw": _withdraw,
}


# what is asked back


def _again(heard: Heard, state: State, wanted: Kind) -> AskBack:
    """The open question once more: the newest "which one?", else the one that the message may be meant for."""
    which = _newest(state, Kind.WHICH)
    if which:
        return which_again(heard, which)
    same = [one for one in state.open if one.kind is wanted]
    text = _newest(state, Kind.TEXT)
    if text and (wanted is Kind.TEXT or not same):
        return AskBack(template="finish_more", heard=heard, open=text)
    rated = [one for one in state.open if one.kind is Kind.RATE]
    if len(rated) == 1 and (wanted is Kind.RATE or not same):
        return AskBack(template="rate_ask", heard=heard, references=(rated[0].reference,), open=rated[0])
    return _which_case(heard, [one.reference for one in same or state.open])


def which_again(heard: Heard, which: Open) -> AskBack:
    """A "which one?" once more."""
    if which.wants:
        return AskBack(template=which.wants, heard=heard, open=which)
    if which.institutions:
        return AskBack(template="sms_which", heard=heard, institutions=which.offered, open=which)
    return AskBack(template="which_ref", heard=heard, references=which.offered, open=which)


def _which_case(heard: Heard, references: Iterable[str]) -> AskBack:
    """For which case: what came is kept until she says it."""
    found = tuple(dict.fromkeys(references))[:MOST]
    if not found:
        return AskBack(template="status_none", heard=heard)
    return AskBack(template="which_ref", heard=heard, references=found, holds=True)


def _one(state: State) -> Open | None:
    """What is open, where it is one thing."""
    return state.open[0] if len(state.open) == 1 else None


def _newest(state: State, kind: Kind) -> Open | None:
    return next((one for one in state.open if one.kind is kind), None)


def _choice(heard: Heard, state: State) -> int:
    """Which of what was offered, from 1; 0 for none."""
    which = _newest(state, Kind.WHICH)
    if which is None or which.wants:
        return 0
    if heard.action == CHOICE:
        return int(heard.value) if 1 <= int(heard.value) <= len(which.offered) else 0
    return which.offered.index(heard.reference) + 1 if heard.reference in which.offered else 0
