"""Switches of the rules 1 and 2: what a request is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import msgspec

from tests.world.rules.rule import rule, story
from ussd_engine import dialog, gateway, place
from ussd_engine.gateway import Gateway
from ussd_engine.leg import Kind, Leg, Teller
from ussd_engine.model import Phase

# 1 parse

COPIES = {"places": ("leg",), "faults": (2, 6)}


@rule("1.1", people=(1, 1), places=("leg",), whats=("closed",), faults=(3, 8), bold=0.6)
def closed_notices_are_obeyed() -> Iterator[None]:
    take = Gateway.take_turn

    async def turn(self: Gateway, turn: Any, profile: Any, seen: Any = None) -> Any:
        if turn.phase is Phase.CLOSED:
            work = place.Work(turn, profile, seen, self.editions.current, self.now_ms(), self.places.teller, 1e12)
            work.key = await self.places.locate(work)
            await self.places.load(work)
            if work.session:
                await self._dialled(work, Leg(Kind.NEW))
        return await take(self, turn, profile, seen)

    with patch.object(Gateway, "take_turn", turn):
        yield


@rule("1.2", people=(2, 3), script=(0, 2))
def runs_are_not_drawn() -> Iterator[None]:
    draw_ids = dialog.draw

    def drawn(session: Any, random: Any) -> None:
        for draft in session.drafts:
            draft.run = draft.run or b"\0" * 8
        draw_ids(session, random)

    with patch.object(dialog, "draw", drawn):
        yield


@rule("1.3", people=(2, 3), script=(2, 5), bold=0.9)
def dialogs_are_not_drawn() -> Iterator[None]:
    with patch.object(dialog, "dialled", _same_dialog(dialog.dialled)):
        yield


def _same_dialog(dialled: Any) -> Any:
    def same(edition: Any, code: Any, locale: Any, msisdn: Any, random: Any) -> Any:
        session = dialled(edition, code, locale, msisdn, random)
        session.dialog = b"\0" * 8
        return session

    return same


# 2 leg identity


@rule("2.1", channels=("cumulative",), whats=("twice", "again", "mute"), **COPIES)
def a_whole_text_that_comes_again_is_an_answer() -> Iterator[None]:
    tell = Teller.cumulative

    def cumulative(self: Teller, session: Any, turn: Any) -> Leg:
        found = tell(self, session, turn)
        return Leg(Kind.ANSWER, turn.text.split("*")[-1], found.hash) if found.kind is Kind.REPEAT else found

    with patch.object(Teller, "cumulative", cumulative):
        yield


@rule("2.2", channels=("numbered",), whats=("twice", "again", "mute"), **COPIES)
def a_number_that_comes_again_is_an_answer() -> Iterator[None]:
    with patch.object(Teller, "sequence", _sequence(Kind.REPEAT)):
        yield


@rule("2.3", channels=("numbered",), whats=("late", "stale"), **COPIES)
def a_lower_number_is_an_answer() -> Iterator[None]:
    with patch.object(Teller, "sequence", _sequence(Kind.OLDER)):
        yield


def _sequence(passed_over: Kind) -> Any:
    tell = Teller.sequence

    def sequence(self: Teller, session: Any, turn: Any) -> Leg:
        found = tell(self, session, turn)
        taken = Leg(Kind.ANSWER, turn.text, self.hash(turn.text), max(turn.sequence, session.leg_length))
        return taken if found.kind is passed_over else found

    return sequence


@rule("2.4", channels=("window",), whats=("twice", "again", "mute"), **COPIES)
def there_is_no_repeat_window() -> Iterator[None]:
    tell = Teller.window

    def window(self: Teller, session: Any, turn: Any, profile: Any, arrived_ms: int) -> Leg:
        return tell(self, session, turn, msgspec.structs.replace(profile, repeat_window_s=-1.0), arrived_ms)

    with patch.object(Teller, "window", window):
        yield


@rule("2.5", channels=("window",), whats=("late",), places=("leg",), faults=(3, 8), script=(0, 3))
def nothing_is_held_for_an_equal_answer() -> Iterator[None]:
    with patch.object(gateway, "equals_recent", lambda *_: False):
        yield


# She types fast, a late copy of her first answer stands for the next one, and she takes her time to give it.
HASTY = tuple(story("window", faults=(("leg", 1, "late"),))._replace(seed=seed) for seed in range(300))


@rule("2.6", *HASTY)
def nothing_is_held_once() -> Iterator[None]:
    answered = Gateway._answered

    async def never(self: Gateway, work: Any, session: Any, leg: Leg) -> Any:
        return await answered(self, work, msgspec.structs.replace(session, held=False), leg)

    with patch.object(Gateway, "_answered", never):
        yield
