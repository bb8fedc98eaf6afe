"""Who may take a turn now: decided in this process alone, before a session or the ledger is asked.

Each worker keeps its own counts, and a restart forgets them. What is kept of a caller stands under a keyed hash whose
key is drawn at the start and never written: her steps, her dials of the day, her last two dialogues, her language.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Container
from datetime import date
from hashlib import blake2b
from secrets import token_bytes
from typing import Final, NamedTuple

from ussd_engine.counts import Count
from ussd_engine.model import LegKind, Phase, Turn

MINUTE_S: Final = 60.0
MOST_CALLERS: Final = 1 << 16
"""Remembered at most, in about 3 MB that are taken at the start."""
MOST_DIALS: Final = 0xFFFF
FREE_REPEATS: Final = 3
"""So often a leg may come again and be no step; a provider that repeats more often is stuck, or no provider."""
LINES_A_SECOND: Final = 10
"""Refusals that get a line of their own in the log; all are counted."""


class Limits(NamedTuple):
    """What one process and one caller may do; 0 for steps and dials: as much as they like."""

    turns: int
    """Under way at once, in this process."""
    steps: int
    """Of a caller in a minute."""
    dials: int
    """Of a caller in a day."""


class Refusal(NamedTuple):
    """Why a turn is not taken: the system screen to show, what is counted, what the screen says."""

    screen: str
    reason: Count
    locale: str = ""
    """The caller's language, where this process has heard it."""
    minutes: int = 1
    """Until it is worth another try."""


class Callers:
    """Those heard of lately, in a table that never grows. Each has two places; who finds both taken pushes out the one
    who has been silent for longer. A place holds 0 everywhere while nobody has it."""

    def __init__(self, most: int = MOST_CALLERS) -> None:
        room = 1 << max(1, (most - 1).bit_length())
        self.key = array("Q", bytes(8 * room))
        self.at_s = array("d", bytes(8 * room))
        """When her tokens were counted last."""
        self.tokens = array("f", bytes(4 * room))
        """Steps that she may take now."""
        self.day = array("H", bytes(2 * room))
        self.dials = array("H", bytes(2 * room))
        """On that day."""
        self.dialogue = array("Q", bytes(8 * room))
        self.before = array("Q", bytes(8 * room))
        """Hashes of the last two that were admitted: their legs are no dials."""
        self.leg = array("Q", bytes(8 * room))
        """Hash of the last leg that was admitted."""
        self.repeats = array("B", bytes(room))
        """How often it came again: the first few times are no steps."""
        self.locale = array("B", bytes(room))
        self._mask = room - 1

    def find(self, key: int, tokens: float, now_s: float) -> int:
        """The place of the caller under `key`; a new one has all her `tokens`."""
        keys, first = self.key, key & self._mask
        second = first ^ 1
        if keys[first] == key:
            return first
        if keys[second] == key:
            return second
        place = first if self.at_s[first] <= self.at_s[second] else second
        keys[place], self.at_s[place], self.tokens[place] = key, now_s, tokens
        self.day[place] = self.dials[place] = self.dialogue[place] = self.before[place] = 0
        self.leg[place] = self.repeats[place] = self.locale[place] = 0
        return place


class Admission:
    """The door of one process. `codes` are those that a service answers, as a turn spells them; `clock` gives Unix
    seconds, `today` the country's day."""

    def __init__(
        self,
        limits: Limits,
        codes: Container[str],
        clock: Callable[[], float],
        today: Callable[[], date],
        most_callers: int = MOST_CALLERS,
    ) -> None:
        self.limits = limits
        self.codes = codes
        self.under_way = 0
        """Admitted turns that have no answer yet; who takes them counts them."""
        self.cut_off = 0
        """Admitted turns that got none, for the process was stopped."""
        self.callers = Callers(most_callers)
        self._clock = clock
        self._today = today
        self._key = token_bytes(32)
        self._locales = [""]
        self._lines_of = 0
        self._lines = 0

    def refuse(self, turn: Turn) -> Refusal | None:
        """Why `turn` may not be taken; `None` where it may, and is counted."""
        if turn.phase is Phase.CLOSED:
            return None
        now_s = self._clock()
        callers, at = self.callers, self._place(turn, now_s)
        locale = self._locales[callers.locale[at]]
        if turn.service_code and turn.service_code not in self.codes:
            return Refusal("not_served", Count.CODE_NOT_SERVED, locale)
        if self.under_way >= self.limits.turns:
            return Refusal("busy", Count.SHED_LOAD, locale)
        dialogue, leg = _hash(turn.dialogue), _hash((turn.dialogue, turn.phase, turn.text, turn.sequence))
        unknown = dialogue not in (callers.dialogue[at], callers.before[at])
        begins = unknown and (turn.phase is Phase.START or turn.leg_kind is LegKind.CUMULATIVE)
        if begins and self.limits.dials and self._dials(at) >= self.limits.dials:
            return Refusal("limit", Count.SHED_DIALS, locale)
        if callers.leg[at] == leg and callers.repeats[at] < FREE_REPEATS:
            callers.repeats[at] += 1
            return None
        wait_s = self._wait_s(at, now_s)
        if wait_s > 0:
            return Refusal("steps", Count.SHED_STEPS, locale, max(1, math.ceil(wait_s / MINUTE_S)))
        callers.tokens[at] -= 1
        if unknown:
            callers.dialogue[at], callers.before[at] = dialogue, callers.dialogue[at]
        if callers.leg[at] != leg:
            callers.leg[at], callers.repeats[at] = leg, 0
        callers.dials[at] = min(callers.dials[at] + begins, MOST_DIALS)
        return None

    def heard(self, turn: Turn, locale: str) -> None:
        """The language in which the caller was answered."""
        if locale not in self._locales:
            self._locales.append(locale)  # there are as many as the menus have languages
        self.callers.locale[self._place(turn, self._clock())] = self._locales.index(locale)

    def may_log(self) -> bool:
        """Whether this refusal gets a line: under overload the log must not cost more than the refusal."""
        second = int(self._clock())
        if second != self._lines_of:
            self._lines_of, self._lines = second, 0
        self._lines += 1
        return self._lines <= LINES_A_SECOND

    def _place(self, turn: Turn, now_s: float) -> int:
        """The place of who calls; without a number the dialogue stands for her."""
        name = turn.msisdn or f"{turn.channel} {turn.dialogue}"
        # Surrogates: a provider's form may carry what is no Unicode text.
        digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest()
        return self.callers.find(int.from_bytes(digest, "big"), self.limits.steps, now_s)

    def _dials(self, at: int) -> int:
        """How often she has dialled today."""
        today = self._today().toordinal() & 0xFFFF
        if self.callers.day[at] != today:
            self.callers.day[at], self.callers.dials[at] = today, 0
        return self.callers.dials[at]

    def _wait_s(self, at: int, now_s: float) -> float:
        """Until her next step is free; 0 where one is."""
        steps, callers = self.limits.steps, self.callers
        if not steps:
            callers.at_s[at] = now_s
            return 0.0
        # A clock that was set back brings nothing and takes nothing.
        gained = max(0.0, now_s - callers.at_s[at]) * steps / MINUTE_S
        tokens = min(float(steps), callers.tokens[at] + gained)
        callers.tokens[at], callers.at_s[at] = tokens, now_s
        return 0.0 if tokens >= 1 else (1 - tokens) * MINUTE_S / steps


def _hash(value: object) -> int:
    return hash(value) & 0xFFFF_FFFF_FFFF_FFFF
