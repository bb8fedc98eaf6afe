"""What goes over a bind and what comes, in step with its window, what the SMSC asks for and what can be kept."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

import pytest

from simulator.smsc import smsc_anywhere
from tests.smpp.kept import BODY, WAIT_S, Kept, bound, come, kept, raw
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.bind import Bind, Change, NotSent
from ussd_engine.smpp.pdu import Pdu, Sm
from ussd_engine.smpp.session import MOST_TAKEN, Broken

# out


async def test_no_more_is_under_way_than_the_window_holds() -> None:
    free, under_way, most = asyncio.Event(), 0, 0

    async with smsc_anywhere() as smsc:
        honest = smsc._taken

        async def slow(octets: bytes) -> tuple[int, bytes]:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await free.wait()
            under_way -= 1
            return await honest(octets)

        smsc._taken = slow  # type: ignore[method-assign]  # an SMSC that takes its time
        async with kept(smsc.url, window=3) as found:
            await found.until(bound())
            sending = [asyncio.create_task(found.bind.submit(BODY, WAIT_S)) for _ in range(10)]
            await come(lambda: not (under_way < 3))
            with pytest.raises(NotSent, match="window is full"):
                await found.bind.submit(BODY, 0.01)
            free.set()
            assert {said.status for said in await asyncio.gather(*sending)} == {p.OK}
    assert most == 3


async def test_what_is_sent_while_it_is_down_waits_for_it() -> None:
    async with smsc_anywhere() as smsc:
        smsc.admit = lambda _: 0x05 if len(smsc.tried) < 5 else p.OK
        async with kept(smsc.url) as found:
            await found.until(lambda changes: Change.UNREACHED in changes)
            assert (await found.bind.submit(BODY, WAIT_S)).status == p.OK


async def test_what_waits_in_vain_was_not_sent() -> None:
    async with smsc_anywhere() as smsc:
        pass
    bind = Bind(Kept(smsc.url).account)
    with pytest.raises(NotSent, match="not reached"):
        await bind.submit(BODY, 0.05)
    await bind.close()


@pytest.mark.parametrize("status", [p.THROTTLED, p.QUEUE_FULL, p.SYSTEM_ERROR])
async def test_after_a_word_of_too_much_nothing_is_sent_for_a_while_and_then_it_is_sent_again(status: int) -> None:
    async with smsc_anywhere() as smsc:
        said = iter([status] * 3)
        smsc.play = lambda _: (next(said, p.OK), "1")
        async with kept(smsc.url) as found:
            await found.until(bound())
            found.bind._resume_s = float("-inf")
            rested: list[float] = []
            real = found.bind._passed

            async def passed() -> None:
                rested.append(found.bind.rests_s)
                found.now += found.bind.rests_s
                await real()

            found.bind._passed = passed  # type: ignore[method-assign]  # its clock is moved
            assert (await found.bind.submit(BODY, WAIT_S)).status == p.OK
            assert rested == [0, 0.5, 1, 2]
            assert found.changes.count(Change.BUSY) == 3
            await found.bind.submit(BODY, WAIT_S)
            assert found.bind._pause_s == 0


async def test_where_there_is_no_time_to_wait_the_word_is_handed_on() -> None:
    async with smsc_anywhere() as smsc:
        smsc.play = lambda _: (p.THROTTLED, "")
        async with kept(smsc.url) as found:
            await found.until(bound())
            assert (await found.bind.submit(BODY, 0.1)).status == p.THROTTLED
            assert found.bind.rests_s == 0.5


async def test_an_smsc_of_5_0_that_is_congested_is_given_time() -> None:
    async with smsc_anywhere() as smsc:

        async def congested(octets: bytes) -> tuple[int, bytes]:
            return p.OK, p.text("1") + p.dump_options({p.CONGESTION_STATE: b"\x5a"})

        smsc._taken = congested  # type: ignore[method-assign]  # its answers say more
        async with kept(smsc.url) as found:
            await found.until(bound())
            assert (await found.bind.submit(BODY, WAIT_S)).status == p.OK
            assert found.bind.rests_s == 0.5


async def test_what_was_under_way_when_the_line_broke_may_have_arrived() -> None:
    async with smsc_anywhere() as smsc:

        def drop(_: Sm) -> tuple[int, str]:
            smsc.drop()
            return p.OK, "1"

        smsc.play = drop
        async with kept(smsc.url) as found:
            await found.until(bound())
            with pytest.raises(Broken):
                await found.bind.submit(BODY, WAIT_S)
            await found.until(bound(2))


# in


async def test_what_is_delivered_is_taken_and_answered_with_what_is_said_of_it() -> None:
    async with smsc_anywhere() as smsc, kept(smsc.url) as found:
        found.answer = lambda octets: p.NEVER if b"no" in octets else p.OK
        assert await smsc.deliver(BODY) == p.OK
        assert await smsc.deliver(p.dump_sm(Sm(short=b"no"))) == p.NEVER
        assert p.parse(found.took[0]).body == BODY


async def test_what_is_delivered_right_behind_the_answer_to_the_bind_is_taken() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(16)
        answer = p.dump(p.Pdu(p.BIND_TRANSCEIVER | p.ANSWER, p.OK, 1, p.text("x")))
        writer.write(answer + p.dump(p.Pdu(p.DELIVER_SM, p.OK, 9, BODY)))
        await reader.read()

    async with raw(serve) as url, kept(url, answer_s=0.05) as found:
        await come(lambda: bool(found.took))


async def test_more_than_can_be_taken_at_once_is_to_come_again() -> None:
    free = asyncio.Event()

    async def wait() -> int:
        await free.wait()
        return p.OK

    async with smsc_anywhere() as smsc, kept(smsc.url) as found:
        found.answer = lambda _: wait()
        await smsc.bound()
        ((_, session),) = smsc.binds
        asking = [asyncio.create_task(session.ask(p.DELIVER_SM, BODY)) for _ in range(MOST_TAKEN + 5)]
        await come(lambda: not (sum(one.done() for one in asking) < 5))
        free.set()
        said = [(await one).status for one in asking]
    assert said == [p.OK] * MOST_TAKEN + [p.QUEUE_FULL] * 5
    assert len(found.took) == MOST_TAKEN


# the numbers


async def test_numbers_begin_anew_behind_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ussd_engine.smpp.pdu.LAST_SEQUENCE", 3)
    async with smsc_anywhere() as smsc, kept(smsc.url) as found:
        await found.until(bound())
        ((_, session),) = smsc.binds
        numbers: list[int] = []
        real = session._heed

        def heed(found: Pdu, octets: bytes) -> bool:
            numbers.append(found.sequence)
            return real(found, octets)

        session._heed = heed  # type: ignore[method-assign]  # it is listened to
        for _ in range(4):
            await found.bind.submit(BODY, WAIT_S)
        assert numbers == [2, 3, 1, 2]


async def test_what_was_asked_and_answered_is_kept_nowhere() -> None:
    async with smsc_anywhere() as smsc, kept(smsc.url) as found:
        await found.until(bound())
        ((_, session),) = smsc.binds

        async def asks(times: int) -> None:
            for _ in range(times):
                assert (await session.ask(p.ENQUIRE_LINK)).status == p.OK
            gc.collect()

        await asks(300)  # numbers up to 256 are there anyway
        tracemalloc.start()
        try:
            await asks(100)
            before, _ = tracemalloc.get_traced_memory()
            await asks(1000)
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert after - before < 1000 * 8
