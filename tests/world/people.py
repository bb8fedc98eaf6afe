"""What a citizen does with the screen that she reads."""

from __future__ import annotations

import asyncio
import random
import re
from typing import TYPE_CHECKING

from tests.world.editions import IDENTITIES
from tests.world.plan import Person
from tests.world.witness import Copy, Leg

if TYPE_CHECKING:
    from tests.world.provider import Provider

TEXT, ROW, LINE, REF, PIN = "TEXT", "ROW", "LINE", "REF", "PIN"
"""What is made up when it is typed: words, a line of a list, a line of a menu that changes, a reference, a PIN."""
REDIAL, AWAY = "REDIAL", "AWAY"
MOVES: dict[str, tuple[str, ...]] = {
    "root": ("1", "5"),
    "gmp_root": ("9",),
    "gmp_feedback": ("2",),
    "lang": ("1",),
    "home": ("1", "7", "8", "5"),
    "settings": ("1", "0", "4"),
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
    "identity_no_sms": ("1", "3", "0"),
    "who": ("1", "3", "0"),
    "review": ("1", "2", "3", "4", "9", "0", "00"),
    "last_look": ("1", "2", "3", "4", "9", "0", "00"),
    "track_how": ("1", "2", "1", "0"),
    "track_list": (ROW,),
    "track_none": ("1", "1", "0"),
    "track_ref": (REF,),
    "track_pin": (PIN,),
    "track_bad": ("1", "1", "2"),
    "pin_lost": ("1", "2"),
    "case": (LINE,),
    "answer": (LINE, "0"),
    "asked": (LINE, LINE, "0"),
    "reply": (TEXT, TEXT, "0"),
    "handlers": ("0", "98"),
    "add": (TEXT, TEXT, TEXT, "0", " "),
    "withdraw": ("1", "2", "1", "0"),
    "rate": ("1", "2", "3", "0"),
    "rate_no": ("1", "2"),
    "appeal_why": ("1", "3", "4"),
    "appeal_text": (TEXT, TEXT, "0"),
    "appeal_confirm": ("1", "1", "2", "0", "9"),
    "appeal_not_yet": ("0", "0", "1"),
    "erase": ("1", "0"),
    "erase_ref": (ROW,),
    "erase_pin": (PIN,),
    "erase_bad": ("1", "9", "2"),
}
"""What can be answered on each screen; the first goes straight on."""
FOLLOWING = {"home": ("5", "5", "1", "5", "6", "5", "7", "5", "5", "1")}
"""The same, of who has sent something and follows it."""
LEAVING = (REDIAL, AWAY)
SETTLED = ("done", "done_anon", "cancelled", "limit")
RECEIPT = re.compile(r"Namba: (\d{9})\nPIN: (\d{4})")
ROWS = re.compile(r"^(\d+)\. (\d{9}) ", re.MULTILINE)
LINES = re.compile(r"^([1-9]\d*)\. ", re.MULTILINE)
WANTED = "31452"
"""The lines of a case, the most wanted first: more words, the answer, an appeal, taking back, who handled it."""
NOBODYS = "634011274"
"""A reference that no case has."""
MOST_DIALS, MOST_LEGS = 12, 60
READ_S = (1.3, 8.0)
WAITS_S, FOLLOWS_S = (2.0, 15.0), (5.0, 60.0)
"""Between two dials; of who waits for what becomes of her case."""
GIVE_UP_S = 10.0
STARTS_AGAIN_S = 20.0
"""A provider that uses an id again leaves so long between two dialogues of it."""


class Citizen:
    """One person with her phone, acting on nothing but what it shows."""

    def __init__(self, person: Person, provider: Provider, seed: str, shown: dict[str, str]) -> None:
        """`shown`: the references that everybody was shown, with their PINs; who has which is in the air."""
        self.person = person
        self._provider = provider
        self._chance = random.Random(seed)
        self._moves = list(person.script)
        self.typed: list[str] = []
        self._shown = shown
        self._pins: dict[str, str] = {}
        self._asks = ""
        """The reference of which she asks."""
        self._follows = person.follows
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
                if shown and self._is_settled(shown):
                    return
                if self.dials == MOST_DIALS:
                    return
                waits_s = FOLLOWS_S if self._follows else WAITS_S
                shown = await self._dial(self._chance.uniform(*waits_s) if self.dials else 0.0)
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
        self._moves, self._follows = [], False
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

    def _is_settled(self, shown: Copy) -> bool:
        """Whether she has what she wanted; who follows her case goes on as long as she has a mind to."""
        if self._follows:
            return not self._moves
        return shown.screen in SETTLED and not self._next()

    def _next(self) -> int:
        return self._moves.pop(0) if self._moves else 0

    def _away(self) -> float:
        return self._chance.choice((30.0, 100.0, 240.0, 700.0))

    def _choose(self, shown: Copy, number: int) -> str:
        if number in (10, 11):
            return LEAVING[number - 10]
        moves = MOVES.get(shown.screen, ("0",))
        if self._follows and self._pins:
            moves = FOLLOWING.get(shown.screen, moves)
        if self.person.guest and shown.screen == "resume":
            moves = ("3", "2")
        move = moves[number % len(moves)]
        if shown.screen in IDENTITIES and move == "1" and "1." not in shown.text:
            return "3"
        return self._made_up(move, shown.text, number)

    def _made_up(self, move: str, text: str, number: int) -> str:
        if move == TEXT:
            return self._text()
        if move == REF:
            self._asks = self._reference()
            return self._asks
        if move == PIN:
            return self._pin()
        if move == ROW:
            rows = ROWS.findall(text)
            row, self._asks = rows[number % len(rows)] if rows else ("0", "")
            return row
        if move == LINE and not self._follows:
            return "00"
        if move == LINE:
            lines = sorted(LINES.findall(text), key=WANTED.find)
            return lines[number % len(lines)] if lines else "0"
        return move

    def _reference(self) -> str:
        """One of hers, else of anybody, else of nobody."""
        chance = self._chance.random()
        if self._pins and chance < 0.8:
            return self._chance.choice(list(self._pins))
        return self._chance.choice(list(self._shown)) if self._shown and chance < 0.95 else NOBODYS

    def _pin(self) -> str:
        """That of the case of which she asks, else one of hers, else any."""
        mine = self._pins.get(self._asks)
        if mine and self._chance.random() < 0.85:
            return mine
        return self._chance.choice([*self._pins.values(), "4321"])

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
        shown = await self._provider.ask(leg)
        for reference, pin in RECEIPT.findall(shown.text if shown else ""):
            self._pins[reference] = self._shown[reference] = pin
        return shown
