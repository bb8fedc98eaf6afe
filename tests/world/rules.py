"""The rules of the turn, and for each a switch that leaves it out of the real code.

`docs/turn-rules.md` says them; a rule stands here by its number there. With its switch on, the world must find a run
that breaks a promise: so each rule is needed, and each is seen.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec

from ussd_engine import acts, dialog, gateway, leg, machine, place, view
from ussd_engine.commits import Commits
from ussd_engine.errors import RolledBack, Unknown
from ussd_engine.gateway import Gateway
from ussd_engine.leg import Kind, Leg, Teller
from ussd_engine.ledger.group import Group
from ussd_engine.model import Cancel, Phase, Submit
from ussd_engine.place import Places

from .plan import Climate, Person, Plan, draw
from .weather import Fault

Switch = Callable[[], AbstractContextManager[Any]]
MOST_SEEDS = 400


class Rule(NamedTuple):
    """A rule, how it is left out, and where that shows."""

    number: str
    switch: Switch
    climate: Climate = Climate(people=(1, 2), shipped=0.0)
    plans: tuple[Plan, ...] = ()
    """Stories to try first."""

    def tries(self) -> Iterator[Plan]:
        yield from self.plans
        yield from (draw(seed, self.climate) for seed in range(MOST_SEEDS))


RULES: dict[str, Rule] = {}


def rule(number: str, *plans: Plan, **climate: Any) -> Callable[[Callable[[], Any]], Switch]:
    """The switch of a rule; what is drawn for it, by the fields of `Climate`."""

    def add(function: Callable[[], Any]) -> Switch:
        switch: Switch = contextlib.contextmanager(function)
        RULES[number] = Rule(number, switch, Climate(**{"people": (1, 2), "shipped": 0.0, **climate}), plans)
        return switch

    return add


def story(
    channel: Any, *script: int, faults: tuple[tuple[str, int, str], ...] = (), **person: Any
) -> Plan:
    """One person's story, for what a seed would seldom draw."""
    one = Person("A", 1, channel, script, **person)
    return Plan(7, (one,), tuple(Fault(*fault) for fault in faults), brief=True)


def changed(owner: Any, name: str, **fields: Any) -> Any:
    """`owner.name` as it is, but that these fields of the result are changed."""
    before = getattr(owner, name)

    def after(*args: Any, **options: Any) -> Any:
        found = before(*args, **options)
        for field, value in fields.items():
            setattr(found, field, value)
        return found

    return patch.object(owner, name, after)


# 1 parse

COPIES = {"places": ("leg",), "faults": (2, 6)}


@rule("1.1", people=(1, 1), places=("leg",), whats=("closed",), faults=(3, 8), bold=0.6)
def closed_notices_are_obeyed() -> Iterator[None]:
    take = Gateway.take_turn

    async def turn(self: Gateway, turn: Any, profile: Any, seen: Any = None) -> Any:
        if turn.phase is Phase.CLOSED:
            work = place.Work(turn, profile, seen, self.editions.current, self.now_ms(), 1e12)
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


# 3 load


@rule("3.1", story("numbered", 0, 0, 0, faults=(("leg", 4, "drop"),)))
def sessions_are_keyed_by_dialogue() -> Iterator[None]:
    def own_key(self: Places, work: Any) -> bytes:
        return place.dialogue_key(self._teller.secret, work.turn.channel, work.turn.dialogue)

    async def locate(self: Places, work: Any) -> bytes:
        return own_key(self, work)

    with patch.object(Places, "_own_key", own_key), patch.object(Places, "locate", locate):
        yield


@rule("3.2", people=(1, 1), places=("leg",), whats=("late", "stale"), faults=(4, 9), bold=0.6, numbers=("always",))
def left_dialogues_are_not_remembered() -> Iterator[None]:
    with patch.object(dialog, "left", changed_session(dialog.left, left=[])):
        yield


def changed_session(function: Any, **fields: Any) -> Any:
    def after(*args: Any) -> Any:
        session = function(*args)
        for name, value in fields.items():
            setattr(session, name, value)
        return session

    return after


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
        with contextlib.suppress(gateway.StoreUnavailable):
            await adopt(self, work)

    with patch.object(Places, "adopt", perhaps):
        yield


@rule("3.7", people=(2, 3), numbers=("never",), ids=("pool",), faults=(0, 1), bold=0.7)
def a_start_without_number_meets_what_stands() -> Iterator[None]:
    def tell(self: Teller, turn: Any, arrived_ms: int, *found: Any) -> Leg:
        return self.tell(found[0], turn, gateway.Profile(), arrived_ms)

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
        with patch.object(gateway, "KEPT_S", 0.001 if ends else gateway.KEPT_S):
            return await commit(self, work, session)

    with patch.object(Gateway, "_commit", gone):
        yield


@rule("4.2", channels=("cumulative",), quirks=("",))
def the_text_is_split_at_stars() -> Iterator[None]:
    with patch.object(Teller, "cumulative", _cumulative(lambda found, turn: found._replace(text=turn.text.split("*")[-1]))):
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


# 5 step


@rule("5.1", people=(2, 3), faults=(0, 2))
def turns_share_their_work() -> Iterator[None]:
    shared: list[Any] = []

    def work(*args: Any) -> Any:
        fresh = place.Work(*args)
        if not shared:
            shared.append(fresh)
        for name in fresh.__dataclass_fields__:
            setattr(shared[0], name, getattr(fresh, name))
        return shared[0]

    with patch.object(gateway, "Work", work):
        yield


# 6 acts


@rule("6.1", story("numbered", 0, 0, 0, faults=(("sql", 0, "unanswered"),)))
def an_act_is_not_written_down_first() -> Iterator[None]:
    async def pend(self: Gateway, work: Any, session: Any) -> Any:
        return await self._perform(work, session)

    with patch.object(Gateway, "_pend", pend):
        yield


@rule("6.2", faults=(2, 7), places=("redis", "sql"), whats=("forget1", "forget3", "unanswered"))
def the_key_is_dialog_and_step() -> Iterator[None]:
    begin = acts.begin

    def begun(session: Any, *args: Any) -> Any:
        found = begin(session, *args)
        return msgspec.structs.replace(found, key=session.dialog + session.step.to_bytes(4, "big"))

    with patch.object(acts, "begin", begun):
        yield


@rule("6.3", faults=(3, 7), places=("redis", "leg", "sql"), bold=0.5, script=(4, 10))
def leaving_has_a_key_of_its_own() -> Iterator[None]:
    effect = acts.effect

    def kept_apart(*args: Any) -> Any:
        found = effect(*args)
        return msgspec.structs.replace(found, key=b"x" + found.key) if isinstance(found, Cancel) else found

    with patch.object(acts, "effect", kept_apart):
        yield


@rule("6.4", places=("leg",), whats=("twice", "slow", "late"), faults=(4, 9), channels=("cumulative",))
def who_loses_a_race_is_applied_all_the_same() -> Iterator[None]:
    do, load = Gateway._do, Places.load

    async def again(self: Gateway, work: Any, found: Leg, again: bool) -> Any:
        return await do(self, work, work.first if again else found, False)

    async def loaded(self: Places, work: Any) -> Leg:
        found = await load(self, work)
        work.first = getattr(work, "first", found)
        return found

    with patch.object(Gateway, "_do", again), patch.object(Places, "load", loaded):
        yield


@rule("6.5", places=("sql",), whats=("unanswered", "late", "slow"), faults=(1, 3))
def a_repeat_does_not_get_the_first_result() -> Iterator[None]:
    effect = acts.effect

    def salted(edition: Any, session: Any, *args: Any) -> Any:
        found = effect(edition, session, *args)
        salt = bytes([session.pending.attempt])
        return msgspec.structs.replace(found, key=found.key + salt, **_anew(found, salt)) if found else None

    with patch.object(acts, "effect", salted):
        yield


def _anew(act: Any, salt: bytes) -> dict[str, Any]:
    return {"case": act.case[1:] + salt} if isinstance(act, Submit) else {}


@rule("6.6", places=("redis",), whats=("down", "oom", "readonly", "slow"), faults=(3, 8))
def a_commit_is_not_shown_where_the_session_is_not_written() -> Iterator[None]:
    settle = Gateway._settle

    async def doubted(self: Gateway, work: Any, session: Any) -> bool:
        if not await settle(self, work, session):
            raise gateway.StoreUnavailable("not written")
        return True

    with patch.object(Gateway, "_settle", doubted):
        yield


@rule("6.7", places=("sql",), whats=("unanswered", "lost"), faults=(2, 5))
def failed_is_said_at_any_attempt() -> Iterator[None]:
    failed = Gateway._failed

    async def said(self: Gateway, work: Any, session: Any, do: str) -> Any:
        session.pending = msgspec.structs.replace(session.pending, attempt=1)
        return await failed(self, work, session, do)

    with patch.object(Gateway, "_failed", said):
        yield


@rule("6.8", places=("sql",), whats=("unanswered",), faults=(1, 3))
def failed_is_said_where_it_is_not_known() -> Iterator[None]:
    run = Commits.run

    async def told(self: Commits, *args: Any) -> Any:
        try:
            return await run(self, *args)
        except Unknown:
            raise RolledBack("perhaps") from None

    with patch.object(Commits, "run", told):
        yield


@rule("6.9", places=("sql", "leg"), whats=("lost", "unknown_rolled", "twice"), faults=(3, 7))
def failed_is_said_though_the_session_went_on() -> Iterator[None]:
    settle = Gateway._settle

    async def settled(self: Gateway, work: Any, session: Any) -> bool:
        return await settle(self, work, session) or session.screen == "fail"

    with patch.object(Gateway, "_settle", settled):
        yield


@rule("6.10", story("numbered", 0, 0, 0, faults=(("sql", 0, "unanswered"),)))
def doubt_ends_the_pending() -> Iterator[None]:
    doubt = Gateway._in_doubt

    def ended(self: Gateway, work: Any, session: Any) -> Any:
        reply = doubt(self, work, session)
        self.commits._tasks.add(
            asyncio.ensure_future(self._commit(work, msgspec.structs.replace(session, pending=None)))
        )
        return reply

    with patch.object(Gateway, "_in_doubt", ended):
        yield


@rule("6.11", places=("sql", "leg"), whats=("unanswered", "slow", "late", "stale"), faults=(3, 8))
def an_older_leg_runs_what_is_pending() -> Iterator[None]:
    async def older(self: Gateway, work: Any, session: Any, leg: Leg) -> Any:
        return await (self._claim(work, session) if session.pending else self._not_applied(work, session, leg))

    with patch.object(Gateway, "_older", older):
        yield


@rule("6.12", places=("sql", "leg"), whats=("unanswered", "lost", "twice"), faults=(2, 6))
def a_pending_is_run_without_a_claim() -> Iterator[None]:
    async def claim(self: Gateway, work: Any, session: Any) -> Any:
        return await self._perform(work, machine.own(session))

    with patch.object(Gateway, "_claim", claim):
        yield


@rule("6.13", places=("sql",), whats=("late",), faults=(1, 3))
def the_commit_ends_with_the_turn() -> Iterator[None]:
    async def run(self: Commits, act: Any, until: float) -> Any:
        async with asyncio.timeout_at(until):
            return await self._ledger.act(act)

    async def add(self: Any, item: Any) -> Any:
        return (await self._write([item]))[0]

    with patch.object(Commits, "run", run), patch.object(Group, "add", add):
        yield
