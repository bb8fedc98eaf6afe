"""What must be true after a death: nothing is lost, nothing is there twice, and what was shown is so."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import aiohttp

from simulator.phone import Line
from tests.kills.place import Books, Place
from tests.kills.scene import Ground
from tests.kills.story import DOOR, HOME, SEND, WORDS, Run, redial, repeat
from ussd_engine.delivery import Delivery
from ussd_engine.feedback.access import Officer
from ussd_engine.feedback.case import CoreCase
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.outbox import LEASE_MS
from ussd_engine.model import CaseState, Reply, Submission
from ussd_engine.reference import derive_pin

ONCE = {"effects": 1, "submissions": 1, "cases": 1, "outbox": 1, "core_cases": 0, "dead_letters": 0}
NEVER = dict.fromkeys(ONCE, 0)
GONE = {**NEVER, "effects": 1}
"""She left, which is an act too."""
TOLD_GONE = "Umeacha. Hakuna kilichotumwa"
UNFINISHED = "Endelea ulipoishia"
OFFICER = Officer("officer", "TANESCO")
SHOWN = re.compile(r"Namba: ([0-9]{9})\nPIN: ([0-9]{4})")


def shown(reply: Reply) -> tuple[str, str] | None:
    """Reference and PIN on a screen; `None` where it shows none."""
    found = SHOWN.search(reply.text)
    return (found[1], found[2]) if found else None


async def turn_lives_on(ground: Ground, run: Run, repeats: bool) -> str:
    """She redials a new gateway on what a dead one left, perhaps after the provider has repeated the leg.

    Returns what the dead one left: a `draft`, an act `begun`, one `written`, or all of it `done`.
    """
    books = ground.books()
    left = _left(ground, books)
    assert run.phone is not None
    async with ground.survivor() as url, aiohttp.ClientSession() as client:
        phone = run.phone
        phone.line = Line(client, url)
        told = shown(await repeat(phone)) if repeats else None
        assert told or not repeats, "the repeated leg does not show the reference"
        screen = await redial(phone)
        if shown(screen) is None:
            assert (left, told) == ("draft", None), "her redial does not show what was sent or begun"
            assert ground.books().rows == NEVER, "her redial shows her draft, and it was sent"
            for text in HOME:
                screen = await phone.type(text)
            assert WORDS in screen.text
            screen = await phone.type(SEND)
        told = told or shown(screen)
        assert told is not None
        for seen in (screen, await redial(phone), *([run.seen] if run.seen else [])):
            assert shown(seen) == told, "reference and PIN are not those that were shown before"
    _once(ground, ground.books(), *told)
    return left


async def leaving_lives_on(ground: Ground, run: Run, repeats: bool) -> str:
    """As `turn_lives_on`, where she was leaving: nothing is sent, and her draft is gone once it is told so."""
    books, session = ground.books(), ground.session()
    assert session is not None
    left = "draft" if session.drafts else "done"
    if session.pending is not None:
        left = "written" if books.rows["effects"] else "begun"
    assert books.rows == (NEVER if left in ("draft", "begun") else GONE)
    assert run.phone is not None
    async with ground.survivor() as url, aiohttp.ClientSession() as client:
        phone = run.phone
        phone.line = Line(client, url)
        if repeats:
            assert TOLD_GONE in (await repeat(phone)).text
        screen = await redial(phone)
        if left in ("begun", "written") and not repeats:
            assert TOLD_GONE in screen.text
            await redial(phone)
        for text in DOOR:
            screen = await phone.type(text)
        stays = left == "draft" and not repeats
        assert (UNFINISHED in screen.text) == stays
    assert ground.books().rows == (NEVER if stays else GONE)
    return left


def _left(ground: Ground, books: Books) -> str:
    assert books.rows == (ONCE if books.references else NEVER), "a part of a submission was written"
    session = ground.session()
    assert session is not None
    if session.pending is not None:
        return "written" if books.references else "begun"
    if session.outcome and session.outcome.case:
        assert books.references, "her session says that it was sent, and it was not"
        return "done"
    assert not books.references, "it was sent, and her session knows nothing of it"
    return "draft"


def _once(ground: Ground, books: Books, reference: str, pin: str) -> None:
    assert books.rows == ONCE
    assert books.references == [reference]
    (case,) = books.cases
    sent = books.sent[case]
    assert (sent.reference, sent.institution, sent.answers["message"]) == (reference, "TANESCO", WORDS)
    assert derive_pin(ground.keyring.pin, case, 0).reveal() == pin


async def carried(place: Place) -> tuple[CoreCase, Submission]:
    """A worker takes up what a dead one had or had not done; what an officer opens then, once and whole."""
    before = place.books()
    (reference,) = before.references
    ledger = await Ledger.open(place.settings.database.reveal(), place.keyring, _in(0))
    store = SqlStore(ledger.database, place.keyring)
    await Delivery(ledger.outbox, store, _in(0)).step()
    await Delivery(ledger.outbox, store, _in(LEASE_MS)).step()
    assert place.books().rows == {**ONCE, "outbox": 0, "core_cases": 1}
    assert await Delivery(ledger.outbox, store, _in(2 * LEASE_MS)).step() == 0
    case = await ledger.case(reference)
    assert case is not None
    assert (case.state, case.core_reference) == (CaseState.RECEIVED, reference)
    desk = Desk(ledger.database, place.keyring, Offices(), _in(0))
    held = await desk.open(OFFICER, reference)
    file = await desk.read(OFFICER, reference, "handling")
    await ledger.close()
    assert file.submission.answers["message"] == WORDS
    return held, file.submission


def _in(ms: int) -> Callable[[], int]:
    """A clock that is so much ahead."""
    return lambda: int(time.time() * 1000) + ms
