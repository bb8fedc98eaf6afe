"""Switches of the rules 3 and 4: where a session is found, and what of a text is new."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import msgspec

from sessions import StoreUnavailable, dialogue_key
from tests.world.rules.rule import changed_session, rule, story
from ussd_engine import dialog, gateway, leg, machine, view
from ussd_engine.gateway import Gateway
from ussd_engine.leg import Kind, Leg, Teller
from ussd_engine.model import Phase, Profile
from ussd_engine.place import Places

# 3 load


@rule("3.1", story("numbered", 0, 0, 0, faults=(("leg", 4, "drop"),)))
def sessions_are_keyed_by_dialogue() -> Iterator[None]:
    def own_key(self: Places, work: Any) -> bytes:
        return dialogue_key(work.teller.secret, work.turn.channel, work.turn.dialogue)

    async def locate(self: Places, work: Any) -> bytes:
        return own_key(self, work)

    with patch.object(Places, "_own_key", own_key), patch.object(Places, "locate", locate):
        yield


@rule("3.2", people=(1, 1), places=("leg",), whats=("late", "stale"), faults=(4, 9), bold=0.6, numbers=("always",))
def left_dialogues_are_not_remembered() -> Iterator[None]:
    with patch.object(dialog, "left", changed_session(dialog.left, left=[])):
        yield


@rule("3.3", people=(1, 1), places=("leg",), whats=("late",), faults=(4, 9), channels=("numbered", "window"))
def a_repeated_start_is_a_redial() -> Iterator[None]:
    with patch.object(leg, "_lately", lambda *_: False):
        yield


@rule("3.4", people=(1, 1), ids=("same",), bold=0.6, script=(4, 9), faults=(0, 1))
def a_start_of_the_running_id_is_a_repeat() -> Iterator[None]:
    with patch.object(leg, "_lately", lambda *_: True):
        yield


@rule("3.5", numbers=("first",))
def no_small_key_is_written() -> Iterator[None]:
    async def adopt(self: Places, work: Any) -> None:
        return None

    with patch.object(Places, "adopt", adopt):
        yield


@rule("3.6", numbers=("first",), places=("redis",), whats=("down", "oom", "readonly"), faults=(3, 8))
def the_small_key_may_come_late() -> Iterator[None]:
    adopt = Places.adopt

    async def perhaps(self: Places, work: Any) -> None:
        with contextlib.suppress(StoreUnavailable):
            await adopt(self, work)

    with patch.object(Places, "adopt", perhaps):
        yield


@rule("3.7", people=(2, 3), numbers=("never",), ids=("pool",), faults=(0, 1), bold=0.7)
def a_start_without_number_meets_what_stands() -> Iterator[None]:
    def tell(self: Teller, turn: Any, arrived_ms: int, *found: Any) -> Leg:
        return self.tell(found[0], turn, Profile(), arrived_ms)

    with patch.object(Teller, "nameless", tell):
        yield


@rule("3.8", numbers=("never",))
def without_a_number_one_can_be_reached() -> Iterator[None]:
    with patch.object(view.View, "facts", lambda *_: {"can": frozenset({"be_reached"}), "core_wants": frozenset()}):
        yield


@rule("3.9", people=(1, 2), places=("redis", "leg"), whats=("empty", "stale", "late"), faults=(4, 8), bold=0.5)
def an_input_of_an_unknown_dialogue_is_applied() -> Iterator[None]:
    tell = Teller.tell

    def applied(self: Teller, session: Any, turn: Any, profile: Any, arrived_ms: int) -> Leg:
        found = tell(self, session, turn, profile, arrived_ms)
        unknown = found.kind is Kind.REDIAL and turn.phase is Phase.INPUT and "*" in turn.text + "*"
        return found._replace(kind=Kind.ANSWER, text=turn.text.split("*")[-1]) if unknown else found

    with patch.object(Teller, "tell", applied):
        yield


@rule("3.10", story("window", 0, 0, 0, faults=(("leg", 4, "drop"),)), places=("leg",), whats=("drop",), faults=(1, 4))
def the_last_screen_is_not_shown_again() -> Iterator[None]:
    with patch.object(dialog, "shows_last", lambda *_: False):
        yield


@rule("3.11", story("numbered", 0, 0, 0, faults=(("sql", 0, "unanswered"),)))
def a_redial_passes_over_a_pending() -> Iterator[None]:
    with patch.object(dialog, "left", changed_session(dialog.left, pending=None)):
        yield


# 4 the same leg, cumulative text


@rule("4.1", places=("leg",), whats=("mute", "again", "twice"), faults=(3, 8))
def a_last_screen_does_not_stand() -> Iterator[None]:
    commit = Gateway._commit

    async def gone(self: Gateway, work: Any, session: Any) -> bool:
        ends = session.screen in ("done", "cancelled")
        with patch.object(gateway, "KEPT_S", 0.001 if ends else view.KEPT_S):
            return await commit(self, work, session)

    with patch.object(Gateway, "_commit", gone):
        yield


@rule("4.2", channels=("cumulative",), quirks=("",))
def the_text_is_split_at_stars() -> Iterator[None]:
    with patch.object(
        Teller, "cumulative", _cumulative(lambda found, turn: found._replace(text=turn.text.split("*")[-1]))
    ):
        yield


@rule("4.3", channels=("cumulative",), places=("leg",), whats=("late", "stale"), faults=(3, 8), quirks=("",))
def a_shorter_text_is_an_answer() -> Iterator[None]:
    def older(found: Leg, turn: Any) -> Leg:
        answer = found._replace(kind=Kind.ANSWER, text=turn.text.split("*")[-1])
        return answer if found.kind is Kind.OLDER else found

    with patch.object(Teller, "cumulative", _cumulative(older)):
        yield


@rule("4.4", channels=("cumulative",), quirks=("trims",))
def a_changed_text_is_an_older_leg() -> Iterator[None]:
    def strict(found: Leg, turn: Any) -> Leg:
        return found._replace(kind=Kind.OLDER) if "prefix_mismatch" in found.counts else found

    with patch.object(Teller, "cumulative", _cumulative(strict)):
        yield


@rule("4.5", channels=("cumulative",), quirks=("bare",))
def dialled_digits_are_expected_in_later_texts() -> Iterator[None]:
    tell = Teller.cumulative

    def cumulative(self: Teller, session: Any, turn: Any) -> Leg:
        return tell(self, msgspec.structs.replace(session, predialled=False), turn)

    with patch.object(Teller, "cumulative", cumulative):
        yield


def _cumulative(change: Callable[[Leg, Any], Leg]) -> Any:
    tell = Teller.cumulative

    def cumulative(self: Teller, session: Any, turn: Any) -> Leg:
        return change(tell(self, session, turn), turn)

    return cumulative


@rule("4.6", story("numbered", 0, 0, 0, 10, predials="1*1*1"))
def a_complaint_can_be_sent_by_dialling() -> Iterator[None]:
    enter = Gateway._enter

    async def fed(self: Gateway, work: Any, session: Any, leg: Leg) -> Any:
        path, *more = leg.text.split("*")
        reply = await enter(self, work, session, leg._replace(text=path))
        for digit in more:
            reply = await self._answered(work, work.session, leg._replace(kind=Kind.ANSWER, text=digit))
        return reply

    with patch.object(Gateway, "_enter", fed):
        yield


@rule("4.7", channels=("cumulative",), places=("redis",), whats=("forget1", "forget3"), faults=(2, 5), quirks=("",))
def lost_answers_are_not_fed_one_by_one() -> Iterator[None]:
    with patch.object(machine, "feed", machine.step):
        yield
