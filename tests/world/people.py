"""What a citizen does with the screen that she reads."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from .editions import IDENTITIES
from .plan import Person
from .witness import Copy, Leg

if TYPE_CHECKING:
    from .provider import Provider

TEXT, ADDED = "TEXT", "ADDED"
REDIAL, AWAY = "REDIAL", "AWAY"
MOVES: dict[str, tuple[str, ...]] = {
    "root": ("1", "5"),
    "gmp_root": ("9",),
    "gmp_feedback": ("2",),
    "lang": ("1",),
    "home": ("1", "7", "8", "5"),
    "settings": ("1", "0"),
    "help": ("0", "98", "1"),
    "resume": ("1", "2", "3", "5"),
    "last": ("1",),
    "inst_how": ("1", "0"),
    "inst_query": ("TANESCO",),
    "inst_results": ("1", "0"),
    "nature": ("1", "2"),
    "message": (TEXT, "0", "00", " "),
    "story": (TEXT, "0", "00", " "),
    "kind": ("1", "2"),
    "text_more": ("1", "2"),
    "identity": ("1", "3", "0"),
    "who": ("1", "3", "0"),
    "review": ("1", "2", "3", "4", "9", "0", "00"),
    "last_look": ("1", "2", "3", "4", "9", "0", "00"),
}
"""What can be answered on each screen; the first goes straight on."""
LEAVING = (REDIAL, AWAY)
SETTLED = ("done", "done_anon", "cancelled", "limit")
MOST_DIALS, MOST_LEGS = 12, 60
READ_S = (1.3, 8.0)
GIVE_UP_S = 10.0
STARTS_AGAIN_S = 20.0
"""A provider that uses an id again leaves so long between two dialogues of it."""


class Citizen:
    """One person with her phone, acting on nothing but what it shows."""

    def __init__(self, person: Person, provider: Provider, seed: str) -> None:
        self.person = person
        self._provider = provider
        self._chance = random.Random(seed)
        self._moves = list(person.script)
        self.typed: list[str] = []
        self.dials = 0
        self._dialogue = ""
        self._inputs: tuple[str, ...] = ()
        self._index = 0

    async def live(self) -> None:
        """Until she has what she wanted, or is tired of it."""
        await asyncio.sleep(self.person.start_s)
        shown: Copy | None = None
        for _ in range(MOST_LEGS):
            if shown is None or shown.ends:
                if shown and shown.screen in SETTLED and not self._next():
                    return
                if self.dials == MOST_DIALS:
                    return
                shown = await self._dial(self._chance.uniform(2.0, 15.0) if self.dials else 0.0)
                continue
            move = self._choose(shown, self._next())
            if move in LEAVING:
                shown = await self._dial(self._chance.uniform(1.0, 5.0) if move == REDIAL else self._away())
            else:
                shown = await self._answer(shown, move)

    async def finish(self, brief: bool) -> bool:
        """With nothing going wrong any more: dial, and send a complaint. Whether that can be done.

        `brief`: it is enough that the dial, or the one after it, leads to a screen that can be answered.
        """
        self._moves = []
        shown = await self._dial(3.0)
        for _ in range(MOST_LEGS):
            if shown is None:
                return False
            if shown.screen in ("done", "done_anon") or (brief and not shown.ends):
                return True
            if shown.ends:
                shown = await self._dial(3.0)
            else:
                shown = await self._answer(shown, self._choose(shown, 0))
        return False

    def _next(self) -> int:
        return self._moves.pop(0) if self._moves else 0

    def _away(self) -> float:
        return self._chance.choice((30.0, 100.0, 240.0, 700.0))

    def _choose(self, shown: Copy, number: int) -> str:
        if number in (10, 11):
            return LEAVING[number - 10]
        moves = MOVES.get(shown.screen, ("0",))
        if self.person.guest and shown.screen == "resume":
            moves = ("3", "2")
        move = moves[number % len(moves)]
        if shown.screen in IDENTITIES and move == "1" and "1." not in shown.text:
            return "3"
        return self._text() if move == TEXT else move

    def _text(self) -> str:
        """Something that nobody else types, and she not twice."""
        token = f"{self.person.name}{len(self.typed)}q"
        text = self._chance.choice(("{} maji yamekatika", "{} maji*2*1 mtaani", "{} café 1*1", "{} barabara mbovu  "))
        self.typed.append(text.format(token))
        return self.typed[-1]

    async def _dial(self, after_s: float) -> Copy | None:
        if self.person.ids != "own":
            after_s = after_s and max(after_s, STARTS_AGAIN_S)
        await asyncio.sleep(after_s)
        self.dials += 1
        own = f"{self.person.name}{self.dials}" if self.person.ids == "own" else self.person.name
        self._dialogue = "pool" if self.person.ids == "pool" else own
        self._inputs, self._index = (), 0
        return await self._ask("", None)

    async def _answer(self, shown: Copy, text: str) -> Copy | None:
        await asyncio.sleep(self._chance.uniform(*READ_S))
        self._inputs, self._index = (*self._inputs, text), self._index + 1
        return await self._ask(text, shown)

    async def _ask(self, text: str, read: Copy | None) -> Copy | None:
        leg: Leg = self._provider.leg(self.person, self._dialogue, self._index, text, self._inputs, read)
        return await self._provider.ask(leg)
