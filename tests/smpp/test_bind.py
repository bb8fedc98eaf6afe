"""A bind that is kept up, whatever its SMSC does: opened again, slower each time, and closed with a word."""

from __future__ import annotations

import asyncio
import socket
import struct
from pathlib import Path

import msgspec
import pytest

from simulator.smsc import Smsc, smsc_anywhere
from tests.feedback.certificates import Authority
from tests.smpp.kept import BODY, PASSWORD, WAIT_S, Kept, bound, come, kept, raw
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.bind import LASTED_S, SLOWLY_S, Change, NotSent
from ussd_engine.smpp.pdu import Pdu
from ussd_engine.smpp.session import Broken, Unanswered


async def test_it_binds_as_a_transceiver_with_its_account() -> None:
    async with smsc_anywhere() as smsc, kept(smsc.url) as found:
        await found.until(bound())
        assert smsc.tried == [("us", PASSWORD)]
        assert [mode for mode, _ in smsc.binds] == [p.BIND_TRANSCEIVER]
        assert found.bind.stands
        assert found.bind.reason == ""


async def test_nobody_reads_its_password() -> None:
    found = Kept("smpp://127.0.0.1:9")
    assert PASSWORD not in repr(found.account) + repr(found.bind) + str(
        msgspec.to_builtins(found.account, enc_hook=str)
    )


async def test_who_only_sends_binds_as_a_transmitter_and_unbinds() -> None:
    async with smsc_anywhere() as smsc:
        bind = Kept(smsc.url).bind
        assert (await bind.submit(BODY, WAIT_S)).status == p.OK
        assert [mode for mode, _ in smsc.binds] == [p.BIND_TRANSMITTER]
        ((_, session),) = smsc.binds
        await bind.close()
        await come(lambda: not (smsc.binds))
        assert not session.bound


async def test_who_sent_before_it_was_served_has_one_bind_in_the_end() -> None:
    async with smsc_anywhere() as smsc:
        found = Kept(smsc.url)
        assert (await found.bind.submit(BODY, WAIT_S)).status == p.OK
        serving = asyncio.create_task(found.bind.serve(found.take, found.tell))
        await found.until(bound())
        await come(lambda: [mode for mode, _ in smsc.binds] == [p.BIND_TRANSCEIVER])
        serving.cancel()
        await asyncio.wait({serving})


async def test_each_rest_is_twice_as_long_and_has_an_end() -> None:
    async with smsc_anywhere() as smsc:
        pass
    async with kept(smsc.url) as found:
        await found.until(lambda changes: changes.count(Change.UNREACHED) >= 9)
        assert found.rests[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
        assert "not reached" in found.bind.reason


async def test_a_rest_is_drawn_between_the_half_and_the_whole() -> None:
    drawn: list[tuple[float, float]] = []
    found = Kept("smpp://127.0.0.1:9")

    def uniform(least: float, most: float) -> float:
        drawn.append((least, most))
        return most

    found.bind._uniform = uniform
    serving = asyncio.create_task(found.bind.serve(found.take, found.tell))
    await found.until(lambda changes: len(changes) >= 3)
    serving.cancel()
    await asyncio.wait({serving})
    assert drawn[:3] == [(0.5, 1), (1, 2), (2, 4)]


async def test_a_bind_that_breaks_is_opened_again_and_one_that_lasted_begins_with_a_short_rest() -> None:
    async with smsc_anywhere() as smsc, kept(smsc.url) as found:
        for times in range(1, 4):
            await found.until(bound(times))
            smsc.drop()
        await found.until(bound(4))
        assert found.rests == [1, 2, 4]
        found.now += LASTED_S
        smsc.drop()
        await found.until(bound(5))
        assert found.rests == [1, 2, 4, 1]
        assert found.changes == [Change.BOUND, Change.LOST] * 4 + [Change.BOUND]
        assert found.bind.line.opened == 5


@pytest.mark.parametrize(
    ("status", "words"), [(0x0D, "it refuses the bind"), (0x0E, "the password is wrong"), (0x0F, "system_id is wrong")]
)
async def test_a_refused_account_is_told_and_tried_again_slowly(status: int, words: str) -> None:
    async with smsc_anywhere() as smsc:
        smsc.admit = lambda _: status if len(smsc.tried) < 3 else p.OK
        async with kept(smsc.url) as found:
            await found.until(bound())
            assert found.changes == [Change.REFUSED, Change.REFUSED, Change.BOUND]
            assert found.rests == [SLOWLY_S, SLOWLY_S]
            assert found.bind.reason == ""
        smsc.admit = lambda _: status
        async with kept(smsc.url) as found:
            await found.until(lambda changes: Change.REFUSED in changes)
            assert words in found.bind.reason
            assert PASSWORD not in found.bind.reason
            with pytest.raises(NotSent, match=words):
                await found.bind.up(WAIT_S)


async def test_another_status_is_tried_again_like_a_line_that_broke() -> None:
    async with smsc_anywhere() as smsc:
        smsc.admit = lambda _: 0x05 if len(smsc.tried) < 3 else p.OK
        async with kept(smsc.url) as found:
            await found.until(bound())
            assert found.rests == [1, 2]


async def test_it_is_opened_over_tls_and_the_authority_is_looked_at(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    smsc = Smsc()
    url = await smsc.open(tls=authority.server("127.0.0.1"))
    async with kept(url, ca=str(authority.file)) as found:
        await found.until(bound())
        assert (await found.bind.submit(BODY, WAIT_S)).status == p.OK
    for wrong in (str(other.file), ""):
        async with kept(url, ca=wrong) as found:
            await found.until(lambda changes: Change.UNREACHED in changes)
            assert "SSLCertVerificationError" in found.bind.reason
    await smsc.close()


async def test_a_silent_line_is_asked_whether_it_stands_and_given_up_where_it_does_not() -> None:
    asked: list[int] = []

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            length, command, _, sequence = struct.unpack(">IIII", await reader.readexactly(16))
            await reader.readexactly(length - 16)
            asked.append(command)
            if command == p.BIND_TRANSCEIVER:
                writer.write(p.dump(p.Pdu(command | p.ANSWER, p.OK, sequence, p.text("x"))))

    async with raw(mute) as url, kept(url, enquire_s=0.01, answer_s=0.02) as found:
        await found.until(bound(2))
        assert found.changes[:3] == [Change.BOUND, Change.LOST, Change.BOUND]
    assert asked[:3] == [p.BIND_TRANSCEIVER, p.ENQUIRE_LINK, p.BIND_TRANSCEIVER]


async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Binds, asks without end, and reads nothing more."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    length, command, _, sequence = struct.unpack(">IIII", await reader.readexactly(16))
    await reader.readexactly(length - 16)
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport for reading too
    writer.write(p.dump(p.Pdu(command | p.ANSWER, p.OK, sequence, p.text("x"))))
    while True:
        writer.write(p.dump(p.Pdu(p.ENQUIRE_LINK, p.OK, 1)) * 1000)
        await writer.drain()


async def stuffed(found: Kept) -> None:
    """Return once it stands, with little room for what is not read."""
    await found.until(bound())
    session = found.bind._session
    assert session is not None
    session._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)


async def test_an_smsc_that_never_reads_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ussd_engine.smpp.session.CLOSE_S", 0.05)
    async with raw(deaf) as url, kept(url, enquire_s=0.01, answer_s=0.05) as found:
        await stuffed(found)
        await found.until(bound(2))
        assert found.changes[:3] == [Change.BOUND, Change.LOST, Change.BOUND]


async def test_nothing_is_sent_on_a_line_that_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ussd_engine.smpp.session.CLOSE_S", 3600.0)
    async with raw(deaf) as url, kept(url, enquire_s=0.01, answer_s=0.05) as found:
        await stuffed(found)
        await come(lambda: not found.bind.stands)
        assert found.changes == [Change.BOUND]
        with pytest.raises(NotSent, match="the connection broke"):
            await found.bind.up(0.01)
        monkeypatch.setattr("ussd_engine.smpp.session.CLOSE_S", 0.05)


async def test_a_silent_line_that_answers_stands() -> None:
    async with smsc_anywhere() as smsc, kept(smsc.url, enquire_s=0.001) as found:
        await found.until(bound())
        ((_, session),) = smsc.binds
        asked: list[int] = []
        real = session._heed

        def heed(found: Pdu, octets: bytes) -> bool:
            asked.append(found.command)
            return real(found, octets)

        session._heed = heed  # type: ignore[method-assign]  # it is listened to
        await come(lambda: not (asked.count(p.ENQUIRE_LINK) < 3))
        assert found.changes == [Change.BOUND]


async def test_an_smsc_that_unbinds_is_bound_to_again() -> None:
    async with smsc_anywhere() as smsc, kept(smsc.url) as found:
        await found.until(bound())
        ((_, session),) = smsc.binds
        assert (await session.ask(p.UNBIND)).status == p.OK
        await found.until(bound(2))


# the end


async def test_at_the_end_nothing_new_is_taken_what_is_under_way_is_answered_and_it_is_unbound() -> None:
    free = asyncio.Event()

    async def wait() -> int:
        await free.wait()
        return p.OK

    async with smsc_anywhere() as smsc:
        found = Kept(smsc.url)
        serving = asyncio.create_task(found.bind.serve(found.take, found.tell))
        found.answer = lambda _: wait()
        await smsc.bound()
        ((_, session),) = smsc.binds
        heard: list[int] = []
        real = session._heed

        def heed(found: Pdu, octets: bytes) -> bool:
            heard.append(found.command)
            return real(found, octets)

        session._heed = heed  # type: ignore[method-assign]  # it is listened to
        first = asyncio.create_task(session.ask(p.DELIVER_SM, BODY))
        await come(lambda: bool(found.took))
        serving.cancel()
        await asyncio.sleep(0)
        assert (await session.ask(p.DELIVER_SM, BODY)).status == p.NOT_NOW
        free.set()
        assert (await first).status == p.OK
        await asyncio.wait({serving})
        assert heard[-1] == p.UNBIND
        assert len(found.took) == 1


async def test_who_never_answers_does_not_keep_it_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ussd_engine.smpp.bind.CLOSE_S", 0.05)
    async with smsc_anywhere() as smsc:
        found = Kept(smsc.url)
        serving = asyncio.create_task(found.bind.serve(found.take, found.tell))
        found.answer = lambda _: asyncio.sleep(60, p.OK)
        await smsc.bound()
        ((_, session),) = smsc.binds
        asking = asyncio.create_task(session.ask(p.DELIVER_SM, BODY))
        await come(lambda: bool(found.took))
        serving.cancel()
        await asyncio.wait({serving})
        with pytest.raises((Broken, Unanswered)):
            await asking
