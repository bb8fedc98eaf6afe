"""A form filled by an SMS: what it gave are answers, and the menu's own rule says what is missing."""

from __future__ import annotations

from typing import Final, NamedTuple

from sessions import Draft, Pending, Session
from ussd_engine import acts
from ussd_engine.institutions import Institution
from ussd_engine.ledger.notices import BY_SMS
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.keywords import MESSAGE
from ussd_engine.model import Submit
from ussd_engine.registry import RULES
from ussd_engine.run import Run
from ussd_engine.scope import Facts, Scope
from ussd_engine.screens.base import Screen
from ussd_engine.sms.keywords import Heard, answers
from ussd_engine.sms.matrix import Anyway

FACTS: Final[Facts] = {"can": frozenset({"be_reached"})}
"""What is known of whoever writes. What a core would like to know besides is not asked by SMS."""
ACTION: Final = "submit"


class Lacking(NamedTuple):
    """It cannot be taken as it is: what is said of it."""

    say: Anyway
    most: int = 0
    """Letters that a text may have, where it has more."""


class Sender(NamedTuple):
    """Who wrote, and what stands for her message."""

    msisdn: str
    channel: str
    locale: str
    """In which the case is kept."""
    key: bytes
    at_ms: int
    reference: str
    case: bytes
    """Drawn for the case that may come of it."""


def fill(edition: Edition, service: str, heard: Heard, row: Institution, sender: Sender) -> Submit | Lacking:
    """The act that an SMS is, or what is missing."""
    menu = edition.services[service]
    draft = Draft(service, heard.value, sender.key, dict(answers(heard, row)))
    session = Session(b"", edition.version, service, menu.service.start, sender.locale, msisdn=int(sender.msisdn))
    session.drafts = [draft]
    scope = Scope(edition, session, FACTS)
    run = Run(scope)
    item = run.plan.items[run.next()]
    if item.saves:
        return Lacking(Anyway.NO_TEXT if MESSAGE in item.saves else Anyway.NO_INSTITUTION)
    asked = (run.plan.items[index].name for index in run.plan.applicable(scope.look))
    screens = [menu.screen(name) for name in asked if name in menu.service.screens]
    screen = next((screen for screen in screens if MESSAGE in screen.answers), None)
    lacking = wrong(screen, heard.text) if screen else None
    if lacking is not None:
        return lacking
    session.screen = item.name
    drawn: dict[str, str | None] = {"ref": sender.reference, "case": sender.case.hex()}
    session.pending = Pending(ACTION, "submit", sender.key, 1, sender.at_ms, drawn)
    act = acts.effect(edition, session, "submit", BY_SMS + sender.channel)
    assert isinstance(act, Submit)
    return act


def checked(menu: Menu, answer: str, text: str) -> Lacking | None:
    """What is wrong with a text, by the screens on which it is typed."""
    for screen in menu.service.screens.values():
        if screen.kind == "input" and answer in screen.answers:
            return wrong(screen, text)
    return None


def wrong(screen: Screen, text: str) -> Lacking | None:
    """What is wrong with a text by the checks of a screen."""
    for rule, bounds in screen.checks.items():
        error = RULES[rule].run(text, bounds)
        if error == "letters":
            return Lacking(Anyway.TOO_LONG, bounds["max"])
        if error:
            return Lacking(Anyway.NO_TEXT)
    return None
