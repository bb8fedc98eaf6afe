"""What a step costs does not depend on how many screens and how many institutions there are."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable
from functools import cache
from inspect import unwrap
from pathlib import Path
from types import CodeType
from typing import NamedTuple

import pytest
import transitions
from babel.messages import pofile as babel_pofile

from sessions import MemorySessions, Seal, chance
from tests.scale.journey import FORM, NUMBER, Caller, Counts, calls, costs, down, instructions
from tests.scale.large import CODE, ROOT, SMALLEST, edition, name_of
from ussd_engine import pofile, roster
from ussd_engine.catalog import Catalog
from ussd_engine.editions import Editions
from ussd_engine.gateway import Gateway
from ussd_engine.institutions import Institutions
from ussd_engine.menu import compile, load, schema, template
from ussd_engine.menu import edition as editions
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.lint import prove
from ussd_engine.model import Case, Committed, LegKind, Phase, Profile, Turn
from ussd_engine.registry import KINDS
from ussd_engine.search import Index
from ussd_engine.tracking import Effect, LookedUp, LookUp

SCREENS = [1_000, pytest.param(10_000, marks=pytest.mark.long)]
INSTITUTIONS = [5_000, pytest.param(50_000, marks=pytest.mark.long)]
NOON_S = 1_768_467_600.0
FEW = 500
"""Institutions of the smallest service."""
ENGINE = (ROOT / "ussd_engine", ROOT / "sessions", *map(ROOT.joinpath, transitions.__path__))
BUILDERS: list[Callable[..., object]] = [
    transitions.Machine.__init__,
    transitions.Machine.add_transition,
    compile.compile_service,
    editions.load_edition,
    load.load_text,
    schema.read_service,
    unwrap(template.template),
    Catalog.load,
    pofile.read_po,
    babel_pofile.PoFileParser.parse,
    Institutions.load,
    roster.read,
    Index.__init__,
]
"""What makes machines, menus, catalogues, templates and tables: at load, and never while a citizen waits."""
BLANKS = itertools.count(1)
"""So many behind a query change nothing but that nobody asked it before."""
QUERIES = [
    name_of(7),
    name_of(7)[1:],
    name_of(7).replace("h", "x", 1),
    "agency",
    f"{name_of(9)} agency",
    "borough RegionC",
]


@pytest.fixture(autouse=True)
def _draws_cost_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Now and then a draw fetches for those to come, which has nothing to do with the size of anything."""
    monkeypatch.setattr(chance, "draw", os.urandom)


class Way(NamedTuple):
    """A journey's steps: what was answered, and what that cost."""

    answers: list[str]
    costs: list[Counts]

    @classmethod
    def through(cls, edition: Edition, *folders: Path) -> Way:
        caller = Caller(edition)
        answers = [*down(caller.edition), *FORM]
        return cls(answers, costs(answers, caller.answer, *folders))


class CountedRows:
    """Counts the columns of institutions that are read for a screen."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        kind = KINDS["institution"]
        columns = {name: column._replace(read=self.counted(column.read)) for name, column in kind.columns.items()}
        patch.setitem(KINDS, "institution", kind._replace(columns=columns))

    def counted(self, read: Callable[..., str]) -> Callable[..., str]:
        def counting(*args: object) -> str:
            self.count += 1
            return read(*args)

        return counting


class Sized(NamedTuple):
    """An edition and the first two journeys through it: the first makes what the edition remembers."""

    edition: Edition
    first: Way
    second: Way
    rows: int
    """The columns of institutions that the first journey put into words."""


@cache
def at(screens: int, institutions: int) -> Sized:
    """A service of that size, none of whose texts was seen before.

    Of the first journey the engine's own work is counted: what the libraries remember, any other test may have asked.
    """
    template.template.cache_clear()
    found = edition(screens, institutions)
    with pytest.MonkeyPatch.context() as patch:
        rows = CountedRows(patch)
        first = Way.through(found, *ENGINE)
    return Sized(found, first, Way.through(found), rows.count)


def differences(few: Counts, many: Counts) -> dict[str, tuple[int, int]]:
    """The functions that did not execute as many instructions at both sizes."""
    return {name: (few[name], many[name]) for name in few.keys() | many.keys() if few[name] != many[name]}


def unequal(few: Way, many: Way) -> list[tuple[str, dict[str, tuple[int, int]]]]:
    """The steps that both took whose costs differ; the branches that only the larger has are left out."""
    more = len(many.answers) - len(few.answers)
    assert many.answers == few.answers[:1] + ["1"] * more + few.answers[1:]
    pairs = zip(few.answers, few.costs, [many.costs[0], *many.costs[1 + more :]], strict=True)
    return [(answer, found) for answer, *pair in pairs if (found := differences(*pair))]


@pytest.mark.parametrize("screens", SCREENS)
def test_a_step_is_as_much_work_whatever_the_number_of_screens(screens: int) -> None:
    few, many = at(SMALLEST, FEW), at(screens, FEW)
    assert len(many.second.answers) > len(few.second.answers)
    assert unequal(few.second, many.second) == []


@pytest.mark.parametrize("screens", SCREENS)
def test_a_branch_of_the_tree_is_as_much_work_however_deep_it_lies(screens: int) -> None:
    way = at(screens, FEW).second
    between = way.costs[1 : -len(FORM) - 1]
    assert len(between) >= 2
    assert [differences(between[0], one) for one in between[1:]] == [{}] * (len(between) - 1)


@pytest.mark.parametrize("institutions", INSTITUTIONS)
def test_a_step_is_as_much_work_whatever_the_number_of_institutions(institutions: int) -> None:
    assert unequal(at(SMALLEST, FEW).second, at(SMALLEST, institutions).second) == []


@pytest.mark.parametrize("screens", SCREENS)
def test_a_first_look_is_as_much_work_whatever_the_number_of_screens(screens: int) -> None:
    assert unequal(at(SMALLEST, FEW).first, at(screens, FEW).first) == []


@pytest.mark.parametrize("institutions", INSTITUTIONS)
def test_a_first_look_is_as_much_work_whatever_the_number_of_institutions(institutions: int) -> None:
    assert unequal(at(SMALLEST, FEW).first, at(SMALLEST, institutions).first) == []


@pytest.mark.parametrize("institutions", INSTITUTIONS)
@pytest.mark.parametrize("query", QUERIES)
def test_a_search_is_as_much_work_whatever_the_number_of_institutions(query: str, institutions: int) -> None:
    counts, found = [], []
    unseen = query + " " * next(BLANKS)
    for size in (FEW, institutions):
        data = at(SMALLEST, size).edition.data["large"]
        with instructions() as count:
            found.append([row.code for row in data.search(unseen, "sw")])
        counts.append(count)
    assert found[0] == found[1] != []
    assert differences(*counts) == {}


@pytest.mark.parametrize("institutions", INSTITUTIONS)
def test_as_many_rows_are_put_into_words_whatever_the_number_of_institutions(institutions: int) -> None:
    assert at(SMALLEST, FEW).rows == at(SMALLEST, institutions).rows > 0


class InstantLedger:
    """A ledger that commits at once, so that a turn is the engine's own work alone."""

    async def act(self, act: Effect) -> Committed:
        return Committed("submit", "482173659", b"case", mode="anonymous")

    async def language(self, msisdn: str) -> str | None:
        return None

    async def sms_on(self, msisdn: str) -> bool:
        return True

    async def own_cases(self, msisdn: str) -> list[Case]:
        return []

    async def look_up(self, ask: LookUp) -> LookedUp:
        return LookedUp("pin_needed")

    async def case(self, reference: str) -> Case | None:
        return None

    async def seen(self, reference: str, msisdn: str) -> None:
        return None


class FixedKeys(NamedTuple):
    dialogue: bytes = bytes(32)
    pin: bytes = bytes(32)

    def dialogues(self, now_s: float) -> list[bytes]:
        return [self.dialogue]


class Phone:
    """A handset on a gateway of its own, whose channel numbers the legs."""

    def __init__(self, screens: int, institutions: int) -> None:
        self.edition = at(screens, institutions).edition
        self.legs, self.ids = itertools.count(1), itertools.count(1)
        sessions = MemorySessions(Seal({1: bytes(32)}, 1, lambda: NOON_S), lambda: NOON_S)
        self.gateway = Gateway(
            Editions(self.edition), sessions, InstantLedger(), FixedKeys(), random=self.draw, clock=lambda: NOON_S
        )

    def draw(self, size: int) -> bytes:
        return next(self.ids).to_bytes(size, "big")

    async def turn(self, text: str, phase: Phase = Phase.INPUT) -> str:
        turn = Turn("test", "D1", phase, text, CODE, str(NUMBER), LegKind.SEQUENCE, next(self.legs))
        return (await self.gateway.take_turn(turn, Profile(hold_s=0.0, complete=True))).text


async def turns(screens: int, institutions: int) -> Way:
    """A whole dialog from the dial, which is counted with the first answer, to the act. An equal one went before."""
    for _ in "cold", "warm":
        phone = Phone(screens, institutions)
        answers = [*down(phone.edition), *FORM[:-3], "1"]
        with instructions(*ENGINE) as counts:
            await phone.turn("", Phase.START)
        found = [counts]
        for text in answers:
            with instructions(*ENGINE) as counts:
                shown = await phone.turn(text)
            found.append(counts)
        assert shown.startswith("Namba ")
    return Way(answers, [found[0] + found[1], *found[2:]])


@pytest.mark.parametrize("screens", SCREENS)
async def test_a_whole_turn_is_as_much_work_whatever_the_number_of_screens(screens: int) -> None:
    assert unequal(await turns(SMALLEST, FEW), await turns(screens, FEW)) == []


@pytest.mark.parametrize("institutions", INSTITUTIONS)
async def test_a_whole_turn_is_as_much_work_whatever_the_number_of_institutions(institutions: int) -> None:
    assert unequal(await turns(SMALLEST, FEW), await turns(SMALLEST, institutions)) == []


def built(counts: Counter[CodeType]) -> dict[str, int]:
    """How often each builder was called."""
    return {one.__qualname__: counts[one.__code__] for one in BUILDERS}


async def test_no_turn_builds_a_machine_a_menu_a_catalogue_or_a_table() -> None:
    await turns(1_000, FEW)  # the texts that this dialog shows have their templates
    phone = Phone(1_000, FEW)
    with calls() as counts:
        await phone.turn("", Phase.START)
        for text in [*down(phone.edition), *FORM[:-3], "1"]:
            await phone.turn(text)
    assert counts[Gateway.take_turn.__code__] >= len(FORM)
    assert built(counts) == dict.fromkeys(built(counts), 0)


def test_the_service_that_is_made_holds() -> None:
    assert prove(edition(SMALLEST, FEW), {"generic": Profile()}) == []


def test_what_a_load_builds_is_counted() -> None:
    template.template.cache_clear()
    with calls() as counts:
        caller = Caller(edition.__wrapped__(SMALLEST, FEW))
        caller.show()
    assert [name for name, count in built(counts).items() if not count] == []
