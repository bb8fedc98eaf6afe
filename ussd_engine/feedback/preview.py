"""What the citizen will read of an officer's words, screen by screen."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sessions import Session
from ussd_engine import gsm
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.template import template
from ussd_engine.model import Profile
from ussd_engine.registry import SPOKEN
from ussd_engine.render import Frame
from ussd_engine.scope import Scope, plain

PAGE: Final = 120
"""Septets of a page where a service has no screen for the words; the rest of one is for lines and an error line."""


def screens(edition: Edition, service: str, words: str, can: Collection[str]) -> list[str]:
    """The screens on which a phone of 160 letters shows the words, with their lines, in the service's own language."""
    menu = edition.services.get(service)
    shown = menu.service.screens.values() if menu else ()
    for screen in shown:
        if screen.kind == "read" and [slot.name for slot in template(screen.text).slots] == [SPOKEN]:
            session = Session(b"", edition.version, service, screen.name, "")
            facts = {"can": frozenset(can), "core_can": frozenset(can)}
            frame = Frame(Scope(edition, session, facts, {SPOKEN: plain(words)}), Profile())
            return [_screen(frame, session, page) for page in range(len(frame.pages()))]
    return pages(words)


def pages(words: str) -> list[str]:
    """The words in GSM-7, as a screen shows them, cut at word ends; a word longer than a page is cut all the same."""
    found, page = list[str](), ""
    for word in plain(words).split(" "):
        longer = f"{page} {word}" if page else word
        if page and not gsm.fits(longer, PAGE):
            found.append(page)
            longer = word
        while not gsm.fits(longer, PAGE):
            head = gsm.cut(longer, PAGE)
            found.append(head)
            longer = longer[len(head) :]
        page = longer
    return [*found, page] if page else found


def lost(words: str) -> str:
    """The letters that a phone cannot show, each once: a question mark stands for them."""
    folded = gsm.fold(" ".join(words.split()))
    return "".join(dict.fromkeys(letter for letter in folded if gsm.culprit(letter)))


def _screen(frame: Frame, session: Session, page: int) -> str:
    session.page = page
    return frame.text()
