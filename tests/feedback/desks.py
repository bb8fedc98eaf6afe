"""The built-in core with its officers and a gateway's projection beside it, driven by steps written as words.

A step is `open`, `progress`, `due:DD/MM/YYYY`, `direct`, `ask`, `answer`, `transfer:CODE`, `refuse`, `decide`, `close`
of an officer, by default one of the office that holds the case, else as `ROLE@OFFICE/step`; `append`, `rate:yes`,
`withdraw`, `appeal:REASON` (`appeal:REASON@CODE` to another office than the next higher) of the citizen; `tick`; or
`+N`, so many days that pass.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from ussd_engine import config, lifecycle
from ussd_engine.country import Country
from ussd_engine.deadlines import Deadlines
from ussd_engine.feedback.access import Officer, Refused
from ussd_engine.feedback.case import CoreCase
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.handling import ACTS, DIRECTS, MOVES_DUE
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.feedback.tables import core_record
from ussd_engine.institutions import Institutions
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Database
from ussd_engine.ledger.schema import connect
from ussd_engine.messages import Addition, Appeal, CaseEvent, Rating, Withdrawal
from ussd_engine.model import Case, CaseState, Submission, Told
from ussd_engine.testing.feedback_contract import submission
from ussd_engine.testing.specimens import DAY, DAY_MS, StoppedClock

SERVICE = "emrejesho"
WORDS = "Bomba litatengenezwa kesho"
TOP = Officer("national", "KMK")
KINDS: dict[str, dict[str, Any]] = {
    "complaint": {},
    "question": {"type": "question"},
    "opinion": {"type": "opinion"},
    "compliment": {"type": "compliment"},
    "bribery": {"institution": "LGA-BAHI-DC", "answers": {"message": WORDS, "nature": "bribery"}},
    "desk": {"institution": "UTUMISHI", "answers": {"message": WORDS, "nature": "bribery"}},
    "council": {"institution": "LGA-BAHI-DC"},
    "unsure": {"institution": "RS-DODOMA", "answers": {"message": WORDS, "topic": "health", "region": "Dodoma"}},
    "minister": {"institution": "MAJI", "answers": {"message": WORDS, "to": "leader", "level": "minister"}},
    "region": {"institution": "RS-DODOMA", "answers": {"message": WORDS, "to": "leader", "level": "region"}},
    "district": {
        "institution": "RS-DODOMA",
        "answers": {"message": WORDS, "to": "leader", "level": "district", "council": "LGA-BAHI-DC"},
    },
}


@cache
def shipped_offices() -> Offices:
    settings = config.load({})
    data = Institutions.load(settings.menus / SERVICE)
    deadlines = Deadlines.load(settings.menus / SERVICE / "deadlines.csv", data)
    return Offices({SERVICE: data}, {SERVICE: deadlines}, Country.load(settings.country))


class House:
    """One core on one database; time stands still until it is moved."""

    def __init__(self, database: Database, keyring: Keyring | None = None) -> None:
        self.database = database
        self.keyring = keyring or Keyring.random(DAY)
        self.clock = StoppedClock()
        self.offices = shipped_offices()
        self.store = SqlStore(database, self.keyring, lambda: self.offices, self.clock)
        self.desk = Desk(database, self.keyring, self.offices, self.clock)
        self.projected: dict[str, Case] = {}
        self.mark = ""

    async def submit(self, kind: str = "complaint", **changes: Any) -> str:
        """A case of a kind, due by the table of deadlines; its reference."""
        made = submission(**{**KINDS[kind], **changes})
        due = self.offices.due(SERVICE, made.institution, made.type, made.submitted)
        sent: Submission = msgspec.structs.replace(made, due=due)
        fields = {name: getattr(sent, name) for name in ("reference", "service", "type", "mode", "institution", "due")}
        self.projected[sent.reference] = Case(
            **fields,
            case=secrets.token_bytes(16),
            handle=sent.handle,
            state=CaseState.QUEUED,
            submitted=DAY,
            changed=DAY,
            sequence=0,
            leader=(sent.answers.get("level") or "") if sent.answers.get("to") else "",
        )
        await self.store.submit(sent)
        self._received(sent.reference)
        return sent.reference

    async def case(self, reference: str) -> CoreCase:
        """As the highest level sees it."""
        return (await self.desk.look(TOP, reference))[0]

    async def play(self, steps: str, reference: str) -> None:
        """Steps, one after the other, separated by blanks."""
        for step in steps.split():
            await self.step(step, reference)

    async def step(self, step: str, reference: str) -> None:
        officer, name, value = await self.parsed(step, reference)
        if name.startswith("+"):
            self.clock.move(int(name) * DAY_MS)
        elif name == "tick":
            await self.store.tick(self.offices.day(self.clock()))
        elif name in ("append", "rate", "withdraw", "appeal"):
            await self.citizen(name, value, reference)
        else:
            await self.officer(officer, name, value, reference)

    async def parsed(self, step: str, reference: str) -> tuple[Officer, str, str]:
        """Who takes a step, its name, and what stands behind that."""
        who, _, what = step.rpartition("/") if "@" in step.partition("/")[0] and "/" in step else ("", "", step)
        name, _, value = what.partition(":")
        role, _, office = who.partition("@")
        return Officer(role or "officer", office or (await self.case(reference)).institution), name, value

    async def offers(self, step: str, reference: str) -> bool | None:
        """Whether an officer is offered what a step asks; `None` where it is no officer's."""
        officer, name, _ = await self.parsed(step, reference)
        command = {"due": MOVES_DUE, "direct": DIRECTS}.get(name, name)
        if command not in (*ACTS, MOVES_DUE, DIRECTS):
            return None
        try:
            return command in self.desk.offers(*await self.desk.look(officer, reference))
        except Refused:
            return False

    async def officer(self, officer: Officer, name: str, value: str, reference: str) -> CoreCase:
        if name == "due":
            return await self.desk.progress(officer, reference, datetime.strptime(value, "%d/%m/%Y").date())
        args = {"transfer": [value]}.get(
            name, [WORDS] if name in ("ask", "answer", "refuse", "decide", "direct") else []
        )
        done: CoreCase = await getattr(self.desk, name)(officer, reference, *args)
        return done

    async def citizen(self, name: str, value: str, reference: str, key: str = "") -> None:
        """What she does, in the projection as the ledger does it, then in the core."""
        today, case = self.offices.day(self.clock()), self.projected[reference]
        by: dict[str, Any] = {"idempotency_key": key or secrets.token_hex(16), "reference": reference}
        by["at_ms"] = self.clock()
        if name == "append":
            await self.store.append(Addition(**by, text=WORDS))
        elif name == "rate":
            if lifecycle.may_rate(case):
                self.projected[reference] = lifecycle.rated(case, value, today)
            elif case.state is CaseState.CLOSED and not case.rating:
                # She said it while it was closed.
                self.projected[reference] = msgspec.structs.replace(case, rating=value)
            await self.store.rate(Rating(**by, rating=value))  # type: ignore[arg-type]
        elif name == "withdraw":
            if lifecycle.may_withdraw(case):
                self.projected[reference] = lifecycle.withdrawn(case, today)
            await self.store.withdraw(Withdrawal(**by))
        else:
            reason, _, office = value.partition("@")
            higher = office or self.offices.higher(SERVICE, case.institution)
            due = self.offices.due(SERVICE, higher, "appeal", today)
            asked = Appeal(**by, reason=reason, text=WORDS, institution=higher, due=due)  # type: ignore[arg-type]
            await self.store.appeal(asked)
            self.projected[reference] = lifecycle.appealed(self.projected[reference], higher, due, today)

    async def hear(self) -> list[tuple[CaseEvent, Told | None]]:
        """Everything that the core told since the last time, applied to the projection."""
        batch = await self.store.events(self.mark, 1000)
        self.mark = batch.mark
        found = []
        for event in batch.events:
            day = self.offices.day(event.at_ms)
            applied = lifecycle.apply(self.projected[event.reference], event, day, self.offices.due)
            self.projected[event.reference] = applied.case
            found.append((event, applied.told))
        return found

    async def record(self) -> list[str]:
        """Role and act of every row, in order."""
        query = select(core_record.c.role, core_record.c.act).order_by(core_record.c.number)
        return [" ".join(row) for row in await self.database.read(lambda conn: conn.execute(query).all())]

    def _received(self, reference: str) -> None:
        """What the ledger does when the core has taken a submission."""
        case = self.projected[reference]
        self.projected[reference] = msgspec.structs.replace(case, state=CaseState.RECEIVED)


@pytest.fixture(params=["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def house(url: str) -> AsyncIterator[House]:
    database = connect(url)
    yield House(database)
    await database.close()
