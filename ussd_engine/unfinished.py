"""A text that a citizen finishes by SMS: which drafts may, and what of one is kept for that."""

from __future__ import annotations

from typing import Final

import msgspec

from sessions import Session
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.keywords import MESSAGE
from ussd_engine.model import Answers, Mode
from ussd_engine.run import Run
from ussd_engine.scope import Scope, draft_of, effective, own

FINISH: Final = "finish_by_sms"
"""The fact and the action."""
IDENTITY: Final = "identity"


class Unfinished(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a draft until its text is sent."""

    form: str
    answers: Answers
    locale: str

    def __repr__(self) -> str:
        return "Unfinished(…)"

    @property
    def text(self) -> str:
        return self.answers.get(MESSAGE) or ""


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Unfinished).decode


def may_finish(edition: Edition, session: Session) -> bool:
    """Whether the draft stands in its text, its service takes SMS, and an SMS reaches her: where she has chosen to stay
    anonymous none does."""
    menu, draft = edition.services.get(session.service), draft_of(session)
    if menu is None or draft is None or not session.msisdn or not edition.settings.get("sc"):
        return False
    if menu.service.keywords is None or not _in_text(menu, draft.left or session.screen):
        return False
    return effective(draft.answers, draft.edits).get(IDENTITY) != Mode.ANONYMOUS


def unfinished(edition: Edition, session: Session) -> Unfinished:
    """The draft of a session that `may_finish`. What comes by SMS is confidential: a name goes."""
    session = own(session)
    scope = Scope(edition, session, {})
    run = Run(scope)
    run.gather()
    run.draft.answers[IDENTITY] = Mode.CONFIDENTIAL.value
    scope.renew()
    run.pruned()
    return Unfinished(run.draft.form, run.draft.answers, scope.locale)


def _in_text(menu: Menu, name: str) -> bool:
    """Whether a screen asks for the text, or stands after a part of it."""
    screens = menu.service.screens
    asking = [screen for screen in screens.values() if screen.full and MESSAGE in screen.answers]
    return any(name in (screen.name, screen.full) for screen in asking)
