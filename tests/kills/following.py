"""What she does about a case that was sent, killed at one point: five acts, and their way to the core."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import NamedTuple

import aiohttp

from simulator.phone import Line, Phone
from tests.kills.scene import CODE, Ground, Scene
from tests.kills.story import DOOR, Run, Stories, redial, repeat
from ussd_engine import engine
from ussd_engine.delivery import Delivery
from ussd_engine.feedback import Surroundings
from ussd_engine.feedback.access import Officer
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.sql import SqlStore, open_store
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.outbox import LEASE_MS
from ussd_engine.menu.edition import Edition
from ussd_engine.model import CaseState, Reply
from ussd_engine.news import News
from ussd_engine.reference import derive_pin
from ussd_engine.testing.specimens import cases_of

OFFICER = Officer("officer", "TANESCO")
MINE = ("5", "1", "1")
"""From the service's first screen to the one case of this phone, which is named and opens without PIN."""
RESUMED = "Endelea ulipoishia"
PIN = "the PIN"
"""Stands for what she types from her paper."""


class Act(NamedTuple):
    """What she does: what an officer has done before, her way to the last screen, her last answer, what she reads."""

    answered: bool
    way: Sequence[str]
    last: str
    told: str
    state: CaseState


ACTS = {
    "she adds": Act(False, (*MINE, "3"), "Na jana pia", "Tumeongeza maelezo", CaseState.IN_PROGRESS),
    "she takes it back": Act(False, (*MINE, "5"), "1", "umeondolewa", CaseState.WITHDRAWN),
    "she rates": Act(True, (*MINE, "1", "1"), "2", "Asante kwa kutuambia", CaseState.CLOSED),
    "she appeals": Act(True, (*MINE, "4", "1", "Si kweli kabisa"), "1", "Rufaa imepokelewa", CaseState.APPEALED),
    "she erases": Act(False, ("7", "4", "1", "1"), PIN, "imefutwa", CaseState.IN_PROGRESS),
}
CARRYING = {name: f"the worker carries it: {name}" for name in ACTS}


class Rows(NamedTuple):
    """What a ledger's file holds that an act adds to."""

    effects: int
    outbox: int
    taken: int
    """Messages that the core has taken, submissions apart."""


class Following:
    """The scenes of these acts, on the ground of other stories."""

    def __init__(self, stories: Stories) -> None:
        self._stories = stories
        self.ground: Ground = stories.ground
        self.scenes: dict[str, Scene] = {}
        self._before: dict[str, Rows] = {}

    async def prepare(self) -> None:
        """Lead each story to the screen on which she acts, and to the act that waits for the worker."""
        sent = self._stories.scenes["sent"]
        for name, act in ACTS.items():
            self.ground.lay(sent)
            self.ground.forget()
            await self._handled(act.answered)
            async with self.ground.survivor() as url, aiohttp.ClientSession() as client:
                phone = self.ground.phone(client, url)
                screen = await self._walk(phone, act)
            self.scenes[name] = self.ground.take(phone, screen.text)
            self._before[name] = self.rows()
            run = await self.play(name, "")
            assert run.seen is not None
            assert act.told in run.seen.text, run.seen.text
            self.scenes[CARRYING[name]] = self.ground.take(phone, "")

    async def play(self, story: str, kill: str) -> Run:
        """As `Stories.play`."""
        if story not in ACTS:
            return self._stories.deliver(self.scenes[story], kill)

        async def answer(phone: Phone) -> Reply:
            return await phone.type(self._typed(ACTS[story].last))

        return await self._stories.turn(self.scenes[story], answer, kill)

    async def lives_on(self, name: str, run: Run, repeats: bool) -> str:
        """She redials a new gateway on what a dead one left, perhaps after the provider has repeated the leg.

        Returns what the dead one left: nothing yet (`draft`), an act `begun`, one `written`, or all of it `done`.
        """
        act, before, left = ACTS[name], self._before[name], self._left(name)
        assert run.phone is not None
        async with self.ground.survivor() as url, aiohttp.ClientSession() as client:
            phone = run.phone
            phone.line = Line(client, url)
            told = [run.seen] if run.seen else []
            if repeats:
                told.append(await repeat(phone))
            screen = await redial(phone)
            if left in ("begun", "written") and not repeats:
                told.append(screen)
            elif left == "draft" and not repeats:
                told.append(await self._again(phone, act))
            for one in told:
                assert act.told in one.text, one.text
        assert self.rows() == before._replace(effects=before.effects + 1, outbox=before.outbox + 1)
        await self.carried(name)
        return left

    async def carried(self, name: str) -> None:
        """A worker takes up what a dead one had or had not done; what the core has then, once and whole."""
        before = self._before[name]
        async with self._core(0) as (ledger, store):
            await Delivery(ledger.outbox, store, _in(0)).step()
        async with self._core(LEASE_MS) as (ledger, store):
            await Delivery(ledger.outbox, store, _in(LEASE_MS)).step()
            await News(ledger, store, "sql", self._today).step()
            (case,) = await cases_of(ledger)
        assert case.state is ACTS[name].state
        assert self.rows() == Rows(before.effects + 1, 0, before.taken + 1)

    def rows(self) -> Rows:
        """How many there are for whoever opens the file now."""
        tables = ("effects", "outbox", "core_taken")
        with contextlib.closing(sqlite3.connect(self.ground.ledger_file)) as found:
            return Rows(*(found.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables))

    def _left(self, name: str) -> str:
        """A part of an act is never written."""
        before, found, session = self._before[name], self.rows(), self.ground.session()
        written = found.effects - before.effects
        assert found == before._replace(effects=before.effects + written, outbox=before.outbox + written)
        assert session is not None
        if session.pending is not None:
            return "written" if written else "begun"
        return "done" if written else "draft"

    async def _walk(self, phone: Phone, act: Act) -> Reply:
        screen = await phone.dial(CODE)
        for text in (*DOOR, *act.way):
            screen = await phone.type(text)
        return screen

    async def _again(self, phone: Phone, act: Act) -> Reply:
        """From the root once more, or on with the form that was begun, to her last answer."""
        for text in DOOR:
            screen = await phone.type(text)
        for text in ("1",) if RESUMED in screen.text else act.way:
            screen = await phone.type(text)
        return await phone.type(self._typed(act.last))

    def _typed(self, text: str) -> str:
        if text != PIN:
            return text
        (case,) = self.ground.books().cases
        return derive_pin(self.ground.keyring.pin, case, 0).reveal()

    async def _handled(self, answered: bool) -> None:
        """The core has it, and an officer works on it, or has answered."""
        async with self._core(0) as (ledger, store):
            await Delivery(ledger.outbox, store, _in(0)).step()
            desk = Desk(ledger.database, self.ground.keyring, self._offices, _in(0))
            (reference,) = self.ground.books().references
            await desk.open(OFFICER, reference)
            await desk.progress(OFFICER, reference)
            if answered:
                await desk.answer(OFFICER, reference, "Nguzo imerekebishwa.")
            await News(ledger, store, "sql", self._today).step()

    @contextlib.asynccontextmanager
    async def _core(self, ahead_ms: int) -> AsyncIterator[tuple[Ledger, SqlStore]]:
        clock = _in(ahead_ms)
        ledger = await Ledger.open(self.ground.settings.database.reveal(), self.ground.keyring, clock)
        surroundings = Surroundings(ledger.database, self.ground.keyring, clock, menus=self._menus)
        store: SqlStore = await open_store("sql", surroundings)
        try:
            yield ledger, store
        finally:
            await store.close()
            await ledger.close()

    def _menus(self) -> Edition:
        return engine.read_menus(self.ground.settings)

    @property
    def _offices(self) -> Offices:
        return Offices.of(self._menus())

    def _today(self) -> date:
        return self._menus().country.today(_in(0)())


def _in(ms: int) -> Callable[[], int]:
    return lambda: int(time.time() * 1000) + ms
