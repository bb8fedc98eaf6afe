"""A phone at a gateway elsewhere, of a provider that has its screens posted: they are taken where its settings say."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.dialog import gateway_at
from simulator.local import wire
from simulator.phone import NoAnswer, Phone
from simulator.posted import NotTaken, Posted
from simulator.speech import Note, Speech
from ussd_engine import config
from ussd_engine.app import create_app, running
from ussd_engine.channels.base import Response
from ussd_engine.config import Config
from ussd_engine.logs import Log

NUMBER, CODE = "255700000001", "*152*00#"


def settings(folder: Path, port: int, channel: str = "halotel", url: str = "http://127.0.0.1:{port}/ussdgw") -> Config:
    options = {channel: {"url": url.format(port=port)}}
    names = {"VAR": str(folder), "CHANNELS": channel, "CHANNEL_SETTINGS": json.dumps(options)}
    return config.load({f"USSD_ENGINE_{name}": value for name, value in names.items()})


@pytest.fixture
def port() -> int:
    """One on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
async def url(tmp_path: Path, port: int) -> AsyncIterator[str]:
    """A gateway that posts to `port`."""
    app = create_app(settings(tmp_path, port), log=Log("CRITICAL"), proven=True)
    async with running(app) as found:
        yield found


async def test_screens_are_taken_at_the_port_of_the_settings(url: str, tmp_path: Path, port: int) -> None:
    async with gateway_at(url, "") as (line, clock):
        phone = Phone(wire("halotel", settings(tmp_path, port)), line, clock, NUMBER)
        assert (await phone.dial(CODE)).text.startswith("Huduma za Serikali")
        assert (await phone.type("9")).text.startswith("Maoni na mrejesho")
        await phone.hang_up()


async def test_a_port_that_is_taken_is_named(url: str, tmp_path: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        async with gateway_at(url, "") as (line, clock):
            phone = Phone(wire("halotel", settings(tmp_path, port)), line, clock, NUMBER)
            with pytest.raises(NotTaken, match=f"screens are posted to port {port}"):
                await phone.dial(CODE)


async def test_a_gateway_that_posts_elsewhere_is_no_answer(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_: Posted, __: str) -> Response:
        raise TimeoutError

    monkeypatch.setattr(Posted, "next", nothing)
    async with gateway_at(url, "") as (line, clock):
        phone = Phone(wire("halotel", settings(tmp_path, 0)), line, clock, NUMBER)
        with pytest.raises(NoAnswer, match="posted no screen"):
            await phone.dial(CODE)


async def test_a_gateway_that_is_to_bind_is_waited_for_and_that_is_said(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.smsc.Smsc.bound.__defaults__", (1, 0.0))  # who has no patience has none at all
    given = settings(tmp_path, port, "smpp", "smpp://127.0.0.1:{port}")
    told = asyncio.Queue[Note]()
    async with gateway_at("http://127.0.0.1:1", "", patient=told.put_nowait) as (line, clock):
        phone = Phone(wire("smpp", given), line, clock, NUMBER)
        dialling = asyncio.create_task(phone.dial(CODE))
        words = Speech("en").note(await told.get())
        assert words.startswith(f"Waiting until a running gateway binds to smpp://127.0.0.1:{port}: it tries ")
        assert not dialling.done()
        async with running(create_app(given, log=Log("CRITICAL"), proven=True)):
            assert (await dialling).text.startswith("Huduma za Serikali")
        assert told.empty()


async def test_a_gateway_that_is_to_bind_over_tls_is_not_waited_for(tmp_path: Path, port: int) -> None:
    given = settings(tmp_path, port, "smpp", "smpps://127.0.0.1:{port}")
    async with gateway_at("http://127.0.0.1:1", "", patient=print) as (line, clock):
        with pytest.raises(NotTaken, match="has no TLS: set url to smpp:"):
            await Phone(wire("smpp", given), line, clock, NUMBER).dial(CODE)
