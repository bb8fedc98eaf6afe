"""A form filled by an SMS: what it gave are answers, and the menu's own rule says what is missing."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, NamedTuple

from sessions import Draft, Pending, Session
from ussd_engine import acts
from ussd_engine.answer import warning_of
from ussd_engine.institutions import Institution
from ussd_engine.ledger.notices import BY_SMS
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.keywords import MESSAGE
from ussd_engine.menu.plan import Item
from ussd_engine.model import Answers, Submit
from ussd_engine.registry import RULES
from ussd_engine.run import Run
from ussd_engine.scope import Facts, Scope
from ussd_engine.screens.base import Screen
from ussd_engine.sms.keywords import Heard, answers
from ussd_engine.sms.matrix import Anyway
from ussd_engine.unfinished import Unfinished

FACTS: Final[Facts] = {"can": frozenset({"be_reached"})}
"""What is known of whoever writes. What a core would like to know besides is not asked by SMS."""
ACTION: Final = "submit"
ENOUGH: Final = 2
"""Words of an SMS that are a message, where a screen asks for more: behind a keyword and a name nothing is typed by
chance, and `hakuna umeme` says what is the matter."""
TYPED: Final = {"form": MESSAGE, "continue": MESSAGE, "add": "extra", "appeal": "appeal_text", "leak": "appeal_text"}
"""By what an SMS does: the answer of the menu that its text is."""


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
    link: str = ""
    """As in `Incoming`."""

    def reply_key(self, number: int) -> bytes:
        """What a reply tells: the SMS that it answers, and its place among the replies to it."""
        return blake2b(self.key + number.to_bytes(2, "big"), digest_size=16, person=b"sms reply").digest()


def fill(edition: Edition, service: str, heard: Heard, row: Institution, sender: Sender) -> Submit | Lacking:
    """The act that an SMS is, or what is missing."""
    return _filled(begun(edition, service, heard.value, answers(heard, row), sender), sender)


def finish(edition: Edition, service: str, kept: Unfinished, sender: Sender) -> Submit | Lacking:
    """The act that a text comes to which was finished by SMS, or what is missing."""
    if kept.form not in edition.services[service].plans:
        return Lacking(Anyway.NO_INSTITUTION)
    return _filled(begun(edition, service, kept.form, kept.answers, sender), sender)


def too_long(edition: Edition, service: str, kept: Unfinished, sender: Sender) -> Lacking | None:
    """Whether a text has grown too long, by the screen on which its form asks for it."""
    if kept.form not in edition.services[service].plans:
        return None
    scope = begun(edition, service, kept.form, kept.answers, sender)
    lacking = _wrong_text(scope, Run(scope), kept.text)
    return lacking if lacking and lacking.most else None


def begun(edition: Edition, service: str, form: str, given: Answers, sender: Sender, facts: Facts = FACTS) -> Scope:
    """A form with what is given of it."""
    start = edition.services[service].service.start
    session = Session(b"", edition.version, service, start, sender.locale, msisdn=int(sender.msisdn or 0))
    session.drafts = [Draft(service, form, sender.key, dict(given))]
    return Scope(edition, session, facts)


def asked(scope: Scope, run: Run) -> Item:
    """The first question without an answer that must have one: what she may skip is not asked where nobody can ask."""
    while True:
        item = run.plan.items[run.next()]
        screen = scope.menu.service.screens.get(item.name)
        if screen is None or screen.skip is None:
            return item
        run.draft.answers.update(dict.fromkeys(screen.answers))
        scope.renew()


def _filled(scope: Scope, sender: Sender) -> Submit | Lacking:
    run = Run(scope)
    item = asked(scope, run)
    if item.saves:
        return Lacking(Anyway.NO_TEXT if MESSAGE in item.saves else Anyway.NO_INSTITUTION)
    lacking = _wrong_text(scope, run, run.draft.answers.get(MESSAGE) or "")
    return act_of(scope, item, sender, BY_SMS + sender.channel) if lacking is None else lacking


def act_of(scope: Scope, last: Item, sender: Sender, channel: str) -> Submit:
    """The act of a form that is complete: it stands at its last question, which saves nothing."""
    session = scope.session
    session.screen = last.name
    drawn: dict[str, str | None] = {"ref": sender.reference, "case": sender.case.hex()}
    session.pending = Pending(ACTION, "submit", sender.key, 1, sender.at_ms, drawn)
    act = acts.effect(scope.edition, session, "submit", channel)
    assert isinstance(act, Submit)
    return act


def _wrong_text(scope: Scope, run: Run, text: str) -> Lacking | None:
    names = (run.plan.items[index].name for index in run.plan.applicable(scope.look))
    screens = [scope.menu.screen(name) for name in names if name in scope.menu.service.screens]
    screen = next((screen for screen in screens if MESSAGE in screen.answers), None)
    return wrong(screen, text) if screen else None


def warning(edition: Edition, service: str, act: str, text: str, msisdn: str) -> str:
    """The warning that a text asks for, by the screens on which it is typed; empty for none."""
    answer, screens = TYPED.get(act), edition.services[service].service.screens.values()
    typed = (screen for screen in screens if screen.kind == "input" and answer in screen.answers)
    return next(filter(None, (warning_of(screen, text, msisdn, edition.country) for screen in typed)), "")


def checked(menu: Menu, answer: str, text: str) -> Lacking | None:
    """What is wrong with a text, by the screens on which it is typed."""
    for screen in menu.service.screens.values():
        if screen.kind == "input" and answer in screen.answers:
            return wrong(screen, text)
    return None


def wrong(screen: Screen, text: str) -> Lacking | None:
    """What is wrong with a text by the checks of a screen."""
    for rule, asked in screen.checks.items():
        bounds = {**asked, "n": min(asked["n"], ENOUGH)} if rule == "words" else asked
        error = RULES[rule].run(text, bounds)
        if error == "letters":
            return Lacking(Anyway.TOO_LONG, bounds["max"])
        if error:
            return Lacking(Anyway.NO_TEXT)
    return None
