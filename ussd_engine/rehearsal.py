"""What a changed menu would do to a dialog that is under way: it is brought there as the gateway does it, and compared.

    fate = fate_of(edition, session, facts, profile, before)

Nothing is written, and nothing of a dialog but its fate is told.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from sessions import Draft, Session
from ussd_engine import dialog
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile
from ussd_engine.scope import Facts, effective


class Fate(StrEnum):
    """What becomes of a dialog, and what is said of that."""

    help: str

    def __new__(cls, value: str, help: str = "") -> Fate:
        member = str.__new__(cls, value)
        member._value_ = value
        member.help = help
        return member

    UNCHANGED = "unchanged", "began on this very version"
    OVER = "over", "are over: a last screen stands, and nothing is kept of a form"
    ACTS = "acts", "have an act under way, which is carried through, and its outcome told"
    STAYS = "stays", "go on where they are"
    ELSEWHERE = "elsewhere", "go on at another question, with all that was answered"
    DROPPED = "dropped", "go on where they are, without an answer that nobody asks for any more"
    ASKED_AGAIN = "asked_again", "are asked one question again: one answer has no place any more"
    ASKED_MORE = "asked_more", "are asked several questions again"
    STARTS = "starts", "stood outside a form on a screen that is gone, and see the start"
    ANEW = "anew", "start anew: their form is gone, and what was written in it"


LOSES_NOTHING = frozenset(Fate) - {Fate.DROPPED, Fate.ASKED_AGAIN, Fate.ASKED_MORE, Fate.ANEW}


def fate_of(
    edition: Edition,
    session: Session,
    facts: Callable[[Edition, Session], Facts],
    profile: Profile,
    before: Edition | None = None,
) -> Fate:
    """The fate of a dialog that is brought to `edition`. `before`: the menus that run now, which know their ends."""
    if session.menu == edition.version:
        return Fate.UNCHANGED
    after = dialog.brought(edition, session, facts, profile)
    if after.pending is not None:
        return Fate.ACTS
    if not session.drafts and _ended(session, before, edition):
        return Fate.OVER
    if not session.drafts:
        return Fate.STAYS if _place(after) == _place(session) else Fate.STARTS
    drafts = {draft.service: draft for draft in after.drafts}
    if any(_form(drafts.get(draft.service)) != _form(draft) for draft in session.drafts):
        return Fate.ANEW
    lost = sum(len(_given(draft) - _given(drafts[draft.service])) for draft in session.drafts)
    left = all(drafts[draft.service].left == draft.left for draft in session.drafts)
    there = left and _place(after) == _place(session)
    if lost:
        return Fate.DROPPED if there else Fate.ASKED_AGAIN if lost == 1 else Fate.ASKED_MORE
    return Fate.STAYS if there else Fate.ELSEWHERE


def _ended(session: Session, *editions: Edition | None) -> bool:
    """Whether the first of these menus that knows the screen has it as an end."""
    for edition in editions:
        menu = edition.services.get(session.service) if edition else None
        if menu and session.screen in menu.service.screens:
            return menu.screen(session.screen).kind == "end"
    return False


def _place(session: Session) -> tuple[str, str]:
    return session.service, session.screen


def _form(draft: Draft | None) -> str:
    return draft.form if draft else ""


def _given(draft: Draft) -> set[str]:
    """What she answered herself, with the changes under way."""
    return effective(draft.answers, draft.edits).keys() - set(draft.given)
