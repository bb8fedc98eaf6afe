"""What arrives by SMS, how often is answered, what a phone has open."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.smsinbox import Arrival, Guards, SmsInbox, Unsaid
from ussd_engine.ledger.smstables import conversations, sms_in
from ussd_engine.ledger.talks import Kind, Talk
from ussd_engine.model import CaseState, Mode
from ussd_engine.sms.message import Incoming, Way
from ussd_engine.testing.databases import dump
from ussd_engine.testing.sms_specimens import HOUR_MS, SmsFixtures, event, outcome, said
from ussd_engine.testing.specimens import DAY, DAY_MS, MSISDN, SPELLINGS, StoppedClock, rows
from ussd_engine.tracking import Append, Erase, Rate

REFERENCE = "482173659"
REPEAT, NEW = Arrival.REPEAT, Arrival.NEW


def incoming(text: str = "HALI 482173659", **changes: Any) -> Incoming:
    """An SMS of the owner of `MSISDN`, without an id."""
    made = Incoming(channel="first", id="", msisdn=MSISDN, to="15555", text=text)
    return msgspec.structs.replace(made, **changes)


class SmsInboxContract(SmsFixtures):
    """The suite; a part of `SmsLedgerContract`."""

    @pytest.fixture
    def inbox(self, keyring: Keyring) -> SmsInbox:
        return self.guarded(keyring)

    def guarded(self, keyring: Keyring, **guards: Any) -> SmsInbox:
        """An inbox with some other bounds."""
        return SmsInbox(keyring, Guards(calling_code="255", **guards), lambda at_ms: DAY)

    async def arrive(self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock, *messages: Incoming) -> list[Arrival]:
        """What becomes of SMS that come one after another, at one moment."""
        return [
            await ledger.database.write(lambda conn, one=one: inbox.arrived(conn, one, clock()))  # type: ignore[misc]  # a default binds it
            for one in messages
        ]

    async def ask(self, ledger: Ledger, job: Callable[[Connection], Any]) -> Any:
        """The answer of a job in a transaction of its own."""
        return await ledger.database.write(job)

    async def test_an_id_is_known_for_30_days_on_its_route(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        one, other = incoming(id="x1"), incoming(id="x1", channel="second")
        assert await self.arrive(ledger, inbox, clock, one, one, other) == [NEW, REPEAT, NEW]
        clock.move(30 * DAY_MS - 1)
        assert await self.arrive(ledger, inbox, clock, incoming("else", id="x1")) == [REPEAT]
        clock.move(1)
        assert await self.arrive(ledger, inbox, clock, one) == [NEW]

    async def test_copies_at_once_are_one(self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock) -> None:
        for one in (incoming(id="x2"), incoming()):
            arrived = await asyncio.gather(*(self.arrive(ledger, inbox, clock, one) for _ in range(5)))
            assert sorted(one for some in arrived for one in some) == [NEW, *[REPEAT] * 4]

    async def test_without_an_id_what_is_equal_within_two_seconds_is_a_copy(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        one = incoming()
        assert await self.arrive(ledger, inbox, clock, one, one, incoming("HALI"), incoming(msisdn="255700000002")) == [
            NEW,
            REPEAT,
            NEW,
            NEW,
        ]
        clock.move(1_999)
        assert await self.arrive(ledger, inbox, clock, one) == [REPEAT]
        clock.move(10_000)
        assert await self.arrive(ledger, inbox, clock, one) == [NEW]

    async def test_a_copy_is_known_after_a_key_was_changed(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock, keyring: Keyring
    ) -> None:
        assert await self.arrive(ledger, inbox, clock, incoming(id="x3")) == [NEW]
        later = self.guarded(keyring.rotate("vault_tag"))
        assert await self.arrive(ledger, later, clock, incoming(id="x3"), incoming(id="x4")) == [REPEAT, NEW]

    async def test_what_was_rolled_back_has_not_arrived(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        def broken(conn: Connection) -> None:
            inbox.arrived(conn, incoming(id="x5"), clock())
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await ledger.database.write(broken)
        assert await self.arrive(ledger, inbox, clock, incoming(id="x5")) == [NEW]

    async def test_a_day_has_its_end_for_a_number_a_block_and_a_route(
        self, ledger: Ledger, keyring: Keyring, clock: StoppedClock
    ) -> None:
        inbox = self.guarded(keyring, number=2, block=5, route=7)
        mine = [incoming(str(at)) for at in range(4)]
        assert await self.arrive(ledger, inbox, clock, *mine) == [NEW, NEW, Arrival.LIMIT, Arrival.OVER]
        block = [incoming(msisdn=f"25570000010{at}") for at in range(4)]
        assert await self.arrive(ledger, inbox, clock, *block) == [NEW, NEW, NEW, Arrival.OVER]
        far = [incoming(msisdn=f"2557100{at}0001") for at in range(3)]
        assert (await self.arrive(ledger, inbox, clock, *far))[-1] == Arrival.OVER

    async def test_only_the_country_is_read_unless_it_is_wanted(
        self, ledger: Ledger, keyring: Keyring, clock: StoppedClock
    ) -> None:
        away = incoming(msisdn="254700000001")
        assert await self.arrive(ledger, self.guarded(keyring), clock, away) == [Arrival.ABROAD]
        clock.move(10_000)
        let_in = self.guarded(keyring, abroad=("256", "254"))
        further = incoming(msisdn="447700900123")
        assert await self.arrive(ledger, let_in, clock, away, further, incoming(msisdn="")) == [
            NEW,
            Arrival.ABROAD,
            Arrival.ABROAD,
        ]

    async def test_what_comes_by_callback_and_from_the_inbox_is_one_whatever_its_ids(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        called = incoming(id="ATXid_1", at_ms=clock(), came=Way.CALLED)
        fetched = incoming(id="7", at_ms=clock() + 999, came=Way.FETCHED)
        for first, second in ((called, fetched), (fetched, called)):
            assert await self.arrive(ledger, inbox, clock, first, second, first, second) == [NEW, *[REPEAT] * 3]
            clock.move(30 * DAY_MS)

    async def test_two_equal_sms_that_came_the_same_way_are_two(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        for way in Way:
            both = [incoming(id=f"{way} {n}", at_ms=clock(), came=way) for n in range(2)]
            assert await self.arrive(ledger, inbox, clock, *both) == [NEW, NEW]
            clock.move(1_000)

    async def test_what_differs_in_its_time_or_its_words_or_its_number_came_twice(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        called = incoming(id="1", at_ms=clock(), came=Way.CALLED)
        others: list[dict[str, Any]] = [
            {"at_ms": clock() + 1_000},
            {"text": "HALI"},
            {"msisdn": "255700000002"},
            {"at_ms": None},
        ]
        same: dict[str, Any] = {"at_ms": clock(), "came": Way.FETCHED}
        fetched = [incoming(**(same | {"id": str(n)} | other)) for n, other in enumerate(others, 2)]
        assert await self.arrive(ledger, inbox, clock, called, *fetched) == [NEW] * 5

    async def test_both_ways_at_once_are_one(self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock) -> None:
        both = [incoming(id=str(way), at_ms=clock(), came=way) for way in Way]
        arrived = await asyncio.gather(*(self.arrive(ledger, inbox, clock, one) for one in both))
        assert sorted(one for some in arrived for one in some) == [NEW, REPEAT]

    async def test_copies_of_an_sms_get_its_reply_again_a_few_times(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        def may(conn: Connection, id: str) -> bool:
            return inbox.may_repeat(conn, incoming(id=id), clock())

        assert [await self.ask(ledger, lambda conn: may(conn, "m1")) for _ in range(6)] == [True] * 5 + [False]
        assert await self.ask(ledger, lambda conn: may(conn, "m2"))
        clock.move(DAY_MS)
        assert await self.ask(ledger, lambda conn: may(conn, "m1"))

    async def test_a_machine_is_answered_once(self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock) -> None:
        machine = [incoming(f"This is an automatic reply {at}") for at in range(3)]
        assert await self.arrive(ledger, inbox, clock, *machine) == [
            Arrival.AUTOMATIC,
            Arrival.MACHINE,
            Arrival.MACHINE,
        ]

    async def test_the_same_reply_goes_to_a_number_twice_an_hour(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        async def may(template: str, words: str = "", msisdn: str = MSISDN) -> bool:
            return await why(template, words, msisdn) is None

        async def why(template: str, words: str = "", msisdn: str = MSISDN) -> Unsaid | None:
            held = await self.ask(ledger, lambda conn: inbox.unsaid(conn, msisdn, template, words, clock()))
            return None if held is None else Unsaid(held)

        assert [await may("help") for _ in range(3)] == [True, True, False]
        assert [await may("help", "other"), await may("help", msisdn="255700000002")] == [True, True]
        assert [await may("unknown"), await may("unknown", "other")] == [True, False]
        assert [await why("help"), await why("unknown", "another")] == [Unsaid.SAME, Unsaid.OFTEN]
        clock.move(HOUR_MS)
        assert [await may("help"), await may("unknown")] == [True, True]

    async def test_where_a_case_stands_is_told_once_in_ten_minutes_and_five_times_a_day(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        async def may(reference: str = REFERENCE) -> bool:
            return bool(await self.ask(ledger, lambda conn: inbox.may_ask(conn, MSISDN, reference, clock())))

        assert [await may(), await may(), await may("719384252")] == [True, False, True]
        told = 1
        for _ in range(12):
            clock.move(10 * 60_000)
            told += await may()
        assert told == 5

    async def test_a_phone_is_told_once_what_its_number_is_kept_for(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        async def first(msisdn: str) -> bool:
            return bool(await self.ask(ledger, lambda conn: inbox.first_use(conn, msisdn, clock())))

        await self.submitted(ledger)
        assert [await first(MSISDN), await first("255700000002"), await first("255700000002")] == [False, True, False]
        await ledger.act(Erase(key=secrets.token_bytes(8), msisdn="255700000002", at_ms=clock()))
        assert await first("255700000002")

    async def test_nothing_that_arrived_can_be_read_without_keys(
        self, ledger: Ledger, inbox: SmsInbox, clock: StoppedClock
    ) -> None:
        await self.arrive(ledger, inbox, clock, incoming(id="x6"), incoming("Siri kubwa"))
        await self.ask(ledger, lambda conn: inbox.unsaid(conn, MSISDN, "status", REFERENCE, clock()))
        assert len(await rows(ledger, sms_in)) == 2
        seen = await dump(ledger.database)
        assert all(secret not in seen for secret in (*SPELLINGS, "Siri kubwa", REFERENCE))

    async def opened(
        self, ledger: Ledger, clock: StoppedClock, kind: Kind, reference: str = "", content: bytes = b""
    ) -> None:
        """A question, asked of the owner of `MSISDN` now."""
        talks = ledger.notices.talks
        await ledger.database.write(
            lambda conn: talks.open(conn, MSISDN, kind, "emrejesho", clock(), reference=reference, content=content)
        )

    async def open_now(self, ledger: Ledger, clock: StoppedClock) -> list[Talk]:
        """What she has open."""
        found: list[Talk] = await self.ask(ledger, lambda conn: ledger.notices.talks.of(conn, MSISDN, clock()))
        return found

    async def test_the_newest_which_one_comes_before_all_other_questions(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        asked: list[tuple[Kind, str]] = [
            ("which", ""),
            ("which", ""),
            ("finish", ""),
            ("finish", ""),
            ("need_info", REFERENCE),
        ]
        for at, (kind, reference) in enumerate(asked, 1):
            await self.opened(ledger, clock, kind, reference, b"%d" % at)
            clock.move(1)
        found = await self.open_now(ledger, clock)
        assert [talk.content for talk in found] == [b"2", b"1", b"5", b"4"]
        talks = ledger.notices.talks
        await ledger.database.write(lambda conn: talks.change(conn, found[3], b"more"))
        ended = [await self.ask(ledger, lambda conn: talks.end(conn, found[0])) for _ in range(2)]
        assert ended == [True, False]
        assert [talk.content for talk in await self.open_now(ledger, clock)] == [b"1", b"5", b"more"]

    async def test_a_question_has_its_own_end(self, ledger: Ledger, clock: StoppedClock) -> None:
        asked: list[tuple[Kind, str]] = [("which", ""), ("finish", ""), ("need_info", REFERENCE)]
        for kind, reference in asked:
            await self.opened(ledger, clock, kind, reference)
        clock.move(DAY_MS)
        assert [(talk.kind, talk.reference) for talk in await self.open_now(ledger, clock)] == [
            ("need_info", REFERENCE)
        ]
        clock.move(89 * DAY_MS)
        assert await self.open_now(ledger, clock) == []

    async def test_a_question_opens_when_its_sms_went_out_and_ends_when_it_is_answered(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        act = await self.submitted(ledger, mode=Mode.NAMED)
        await ledger.tell(
            [event(act.reference, 1, CaseState.OPENED), event(act.reference, 2, CaseState.NEED_INFO)], "c"
        )
        await self._sent(ledger, clock)
        assert [(talk.kind, talk.reference) for talk in await self.open_now(ledger, clock)] == [
            ("need_info", act.reference)
        ]
        more = Append(key=secrets.token_bytes(8), reference=act.reference, msisdn=MSISDN, text="Ndiyo", at_ms=clock())
        await ledger.act(more)
        assert await self.open_now(ledger, clock) == []
        await ledger.tell([event(act.reference, 3, CaseState.ANSWERED)], "c")
        await self._sent(ledger, clock)
        assert [talk.kind for talk in await self.open_now(ledger, clock)] == ["rate"]
        key = secrets.token_bytes(8)
        await ledger.act(Rate(key=key, reference=act.reference, msisdn=MSISDN, rating="yes", at_ms=clock()))
        assert await rows(ledger, conversations) == []

    async def test_a_question_ends_with_the_state_that_asked_it_and_with_the_number(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        act = await self.submitted(ledger, mode=Mode.NAMED)
        await ledger.tell([event(act.reference, 1, CaseState.NEED_INFO)], "c")
        await self._sent(ledger, clock)
        await self.opened(ledger, clock, "finish")
        await ledger.tell([event(act.reference, 2, CaseState.IN_PROGRESS)], "c")
        assert [talk.kind for talk in await self.open_now(ledger, clock)] == ["finish"]
        await ledger.act(Erase(key=secrets.token_bytes(8), msisdn=MSISDN, at_ms=clock()))
        assert await rows(ledger, conversations) == []

    async def _sent(self, ledger: Ledger, clock: StoppedClock) -> None:
        while lent := (await self.take(ledger, clock)).lent:
            for one in lent:
                await ledger.sms.settle(outcome(one, "first", clock(), said()))
